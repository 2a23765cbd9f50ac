"""What the neighbouring theories say of the finite world of an audit, as text, HTML and JSON.

The views of this world are features: two views that the encoder does not tell apart are one view.
"""

import textwrap
from dataclasses import asdict
from typing import Any

import numpy as np

from empirical.audit.table import text
from empirical.rounding import shown
from theory.neighbours import VIEWS_IN_ALL, Finding, Findings

INDENT = 21
LEFT_OUT = f"Neighbouring theories are left out beyond {VIEWS_IN_ALL} views."


def lines(findings: Findings, width: int) -> list[str]:
    """One entry for each finding, wrapped at `width`."""
    if not findings:
        return [LEFT_OUT]
    return [
        line
        for title, own in findings.items()
        for finding in own
        for line in textwrap.wrap(f"{title:<{INDENT}}{sentence(finding)}", width, subsequent_indent=" " * INDENT)
    ]


def section(findings: Findings) -> str:
    """The content of the page's section."""
    if not findings:
        return f"<p>{LEFT_OUT}</p>"
    entries = "".join(
        f"<dt>{text(title)}</dt>" + "".join(f"<dd>{text(sentence(finding))}</dd>" for finding in own)
        for title, own in findings.items()
    )
    return (
        "<p>What other theories say of the same finite world, in which two views of one feature are one view. Silent: "
        f"nothing follows for this encoder.</p><dl>{entries}</dl>"
    )


def sentence(finding: Finding) -> str:
    """The bound, the quantity itself, and why nothing follows where that is so."""
    numbers = []
    if bounds(finding):
        sign = {"upper": "<=", "lower": ">="}[finding.direction]
        numbers.append(f"{sign} {shown(finding.bound, finding.direction)}")
    if finding.measured is not None:
        numbers.append(f"measured {shown(finding.measured, 'exact')}")
    said = ": ".join(filter(None, [finding.quantity, ", ".join(numbers)]))
    return f"{said}; silent, {finding.silence}" if finding.silence else said


def bounds(finding: Finding) -> bool:
    """Whether there is a bound: the hypotheses are met, and it is finite."""
    return not finding.unmet and bool(np.isfinite(finding.bound))


def as_json(findings: Findings) -> list[dict[str, Any]]:
    """Plain JSON types; where there is no bound it is null, and "silence" is "" where something follows."""
    return [
        {
            "theory": title,
            **asdict(finding),
            "bound": finding.bound if bounds(finding) else None,
            "silence": finding.silence,
        }
        for title, own in findings.items()
        for finding in own
    ]

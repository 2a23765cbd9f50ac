"""The encoders audited: certified error by every form, in exact and in population mode."""

from collections.abc import Sequence
from html import escape
from typing import Any

from empirical.rounding import NOTHING, shown
from figures.evidence import EvidenceFiles
from figures.figure import Passage, Section
from figures.markup import table
from theory.theorem1 import FORMS, POPULATION_FORMS


def html(audit: dict[str, Any]) -> str:
    """One audit, the content of audit-*.json: one row for each form, one column for each mode."""
    rows = [
        [form, *(_cell(audit[mode].get(form), audit["classes"]) for mode in ("exact", "population"))]
        for form in dict.fromkeys([*FORMS, *POPULATION_FORMS])
    ]
    rows.append(["measured, any view", shown(audit["true_error_any_view"], "exact"), ""])
    head = ["certified error (classes met)", "exact mode", f"population, level {audit['level']:g}"]
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in audit["says"])
    return (
        f'<h3>{escape(audit["encoder"])} on {escape(audit["data"])}</h3><p class="soft">Head: {escape(audit["head"])}. '
        f"Weights {audit['weights_sha256'][:12]}. Its own page: <code>{escape(audit['page'])}</code>.</p>{sentences}"
        + table("Certified error of each form, and how many classes meet it", head, rows, 1)
    )


def _cell(certificate: dict[str, Any] | None, classes: int) -> str:
    if certificate is None:
        return "&ndash;"
    return f"{shown(certificate['error'], 'upper')} ({certificate['met']}/{classes})" if certificate["met"] else NOTHING


def _points(audits: Sequence[dict[str, Any]]) -> list[str]:
    return [f"Audit of {audit['encoder']}: {sentence}" for audit in audits for sentence in audit["says"][:2]]


AUDITS = EvidenceFiles(pattern="audit-*.json", command="python -m empirical.audit", required=False)
SECTION = Section(order=50, inputs=AUDITS, opening=lambda _: "<h2>Encoders audited</h2>", points=_points)
PART = Passage(section=SECTION, order=10, html=html)

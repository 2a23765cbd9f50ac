"""Tables in ASCII and plain dictionaries of the results, and the options that the commands share."""

import math
from collections.abc import Sequence
from typing import Any

from simulate.comparison import CheckedQuantity, Rule, Suite
from theory.command import OneLineParser, number

SUITE_HEAD = ("quantity", "closed form", "Monte Carlo", "low", "high", "draws", "power")


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Lines of a table: the first `left` columns flush left, the others flush right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def suite_table(suite: Suite) -> list[str]:
    """Every quantity of `suite` on a line, and below them its summary."""
    return [*aligned(SUITE_HEAD, [_row(c) for c in suite.comparisons]), "", *suite.summary.split("; ")]


def suite_json(suite: Suite) -> dict[str, Any]:
    """The suite as plain dicts, lists and finite floats."""
    return {
        "false_alarm": suite.rule.false_alarm,
        "planted": suite.rule.planted,
        "power": suite.rule.power,
        "least_power": suite.least_power,
        "missed": suite.missed,
        "disagreeing": list(suite.disagreeing),
        "comparisons": [
            {
                "name": c.name,
                "closed_form": c.closed,
                "estimate": c.estimate.estimate,
                "low": c.estimate.low,
                "high": c.estimate.high,
                "level": c.estimate.level,
                "samples": c.estimate.samples,
                "power": c.power,
                "agrees": c.agrees,
            }
            for c in suite.comparisons
        ],
    }


def finite(value: float) -> float | None:
    """The value for JSON, which has no infinity: None stands for it."""
    return value if math.isfinite(value) else None


def _row(c: CheckedQuantity) -> tuple[str, ...]:
    mark = "" if c.agrees else "  OUTSIDE"
    return (
        c.name,
        f"{c.closed:.6f}",
        f"{c.estimate.estimate:.6f}",
        f"{c.estimate.low:.6f}",
        f"{c.estimate.high:.6f}",
        f"{c.estimate.samples}",
        f"{c.power:.4f}{mark}",
    )


def add_suite_options(parser: OneLineParser) -> None:
    """The options of a command that compares closed forms with Monte Carlo."""
    parser.add_argument(
        "--false-alarm",
        type=number,
        default=Rule.false_alarm,
        help="probability that some right closed form is turned down (default %(default)g)",
    )
    parser.share("seed", "jobs", "json", "quiet")

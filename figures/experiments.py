"""The lecture's experiments, as repeated here: tables, and whether the order it asserts holds."""

from collections.abc import Sequence
from html import escape
from typing import Any

from figures.evidence import EvidenceFiles
from figures.figure import Passage, Section
from figures.markup import table


def html(experiment: dict[str, Any]) -> str:
    """One experiment, the content of experiment-*.json: means and spreads, then each step of the asserted order."""
    metrics, summaries = experiment["metrics"], experiment["summaries"]
    rows = [[escape(s["group"]), escape(s["row"]), *(_cell(s, metric) for metric in metrics)] for s in summaries]
    head = ["held fixed", "varied", *map(escape, metrics)]
    steps = [
        [
            f"{escape(c['group'])}: {escape(c['step']['metric'])} at {escape(c['step']['lower'])} &lt; "
            f"{escape(c['step']['higher'])}",
            f"{c['difference']:+.3f}",
            _interval(c),
            c["verdict"],
        ]
        for c in experiment["comparisons"]
    ]
    asserted = (
        table(
            "Each step of the asserted order",
            ["asserted", "difference", "interval, paired by seed", "verdict"],
            steps,
            1,
        )
        if steps
        else ""
    )
    return (
        f"<h3>{escape(experiment['title'])}</h3><p>Scale {escape(experiment['scale'])}, {summaries[0]['seeds']} seeds, mean "
        f"and spread. {escape(experiment['says'])}</p>"
        + table("Means and spreads over seeds", head, rows, 2)
        + asserted
    )


def _cell(summary: dict[str, Any], metric: str) -> str:
    spread = summary["spreads"][metric]
    return f"{summary['means'][metric]:.3f}" + ("" if spread is None else f" &plusmn; {spread:.3f}")


def _interval(comparison: dict[str, Any]) -> str:
    low, high = comparison["low"], comparison["high"]
    return "&ndash;" if low is None else f"[{low:+.3f}, {high:+.3f}]"


def _opening(experiments: Sequence[dict[str, Any]]) -> str:
    return (
        "<h2>The lecture's experiments, repeated</h2><p>On embedded data and a small network, unless the scale says "
        "otherwise: what is compared with the lecture is the order, not the numbers. Intervals are Student's at level "
        f"{experiments[0]['level']:g}, each by itself.</p>"
    )


EXPERIMENTS = EvidenceFiles(pattern="experiment-*.json", command="python -m empirical experiment", required=False)
PART = Passage(section=Section(order=60, inputs=EXPERIMENTS, opening=_opening), order=10, html=html)

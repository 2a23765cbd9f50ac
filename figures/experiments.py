"""The lecture's experiments, as repeated here: tables, and whether the order it asserts holds."""

from html import escape
from typing import Any

from figures.tables import table


def _cell(summary: dict[str, Any], metric: str) -> str:
    spread = summary["spreads"][metric]
    return f"{summary['means'][metric]:.3f}" + ("" if spread is None else f" &plusmn; {spread:.3f}")


def _interval(comparison: dict[str, Any]) -> str:
    low, high = comparison["low"], comparison["high"]
    return "&ndash;" if low is None else f"[{low:+.3f}, {high:+.3f}]"


def section(found: dict[str, Any]) -> str:
    """One experiment; `found` is what `empirical.experiments.tables.as_json` wrote."""
    seeds = found["summaries"][0]["seeds"]
    rows = [
        [escape(s["group"]), escape(s["row"]), *(_cell(s, metric) for metric in found["metrics"])]
        for s in found["summaries"]
    ]
    head = ["held fixed", "varied", *map(escape, found["metrics"])]
    verdicts = [
        [
            f"{escape(c['group'])}: {escape(c['step']['metric'])} at {escape(c['step']['lower'])} &lt; "
            f"{escape(c['step']['higher'])}",
            f"{c['difference']:+.3f}",
            _interval(c),
            c["verdict"],
        ]
        for c in found["comparisons"]
    ]
    asserted = table(["asserted", "difference", "interval, paired by seed", "verdict"], verdicts, 1) if verdicts else ""
    return (
        f"<h3>{escape(found['title'])}</h3><p>Scale {escape(found['scale'])}, {seeds} seeds, mean and spread. "
        f"{escape(found['says'])}</p>{table(head, rows, 2)}{asserted}"
    )


def sections(experiments: list[dict[str, Any]]) -> str:
    """All experiments that were run; empty where none was."""
    if not experiments:
        return ""
    return (
        "<h2>The lecture's experiments, repeated</h2><p>On embedded data and a small network, unless the scale says "
        "otherwise: what is compared with the lecture is the order, not the numbers. Intervals are Student's at level "
        f"{experiments[0]['level']:g}, each by itself.</p>" + "".join(map(section, experiments))
    )

"""From runs to what people read: means, paired differences with intervals, and a verdict on the order asserted."""

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import numpy as np
from scipy.special import stdtrit

from empirical.experiments.design import Experiment, Step

LEVEL = 0.95


@dataclass(frozen=True)
class Summary:
    """One row of one group: mean and standard deviation over seeds (divisor n - 1; NaN for one seed), per metric."""

    group: str
    row: str
    seeds: int
    means: dict[str, float]
    spreads: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """One asserted step in one group: the mean over seeds of metric(higher) - metric(lower), with its interval.

    low, high: Student's interval at `LEVEL` for the mean of paired differences (normal over seeds); infinite for one seed.
    verdict: "holds" if the interval is above 0, "reversed" if below, else "open".
    """

    group: str
    step: Step
    difference: float
    low: float
    high: float
    verdict: str


def paired_interval(differences: Sequence[float], level: float = LEVEL) -> tuple[float, float, float]:
    """Mean, low, high of Student's interval for independent normal differences; infinite ends for a single one."""
    values = np.asarray(differences, dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
        return mean, -math.inf, math.inf
    half = float(stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / math.sqrt(len(values)))
    return mean, mean - half, mean + half


def summaries(experiment: Experiment, found: Sequence[dict[str, Any]]) -> list[Summary]:
    """Every row, in the order of the grid."""
    keys = list(dict.fromkeys((r["group"], r["row"]) for r in found))
    summary = []
    for group, row in keys:
        of_row = [r["values"] for r in found if (r["group"], r["row"]) == (group, row)]
        columns = {metric: np.array([values[metric] for values in of_row]) for metric in experiment.metrics}
        summary.append(
            Summary(
                group,
                row,
                len(of_row),
                {metric: float(column.mean()) for metric, column in columns.items()},
                {m: float(column.std(ddof=1)) if len(column) > 1 else math.nan for m, column in columns.items()},
            )
        )
    return summary


def comparisons(experiment: Experiment, found: Sequence[dict[str, Any]]) -> list[Comparison]:
    """Every asserted step in every group that has both rows, paired by seed."""
    values = {(r["group"], r["row"], r["seed"]): r["values"] for r in found}
    compared = []
    for group in dict.fromkeys(r["group"] for r in found):
        for step in experiment.order:
            seeds = sorted(s for g, row, s in values if (g, row) == (group, step.lower))
            differences = [
                values[group, step.higher, s][step.metric] - values[group, step.lower, s][step.metric]
                for s in seeds
                if (group, step.higher, s) in values
            ]
            if differences:
                mean, low, high = paired_interval(differences)
                verdict = "holds" if low > 0 else "reversed" if high < 0 else "open"
                compared.append(Comparison(group, step, mean, low, high, verdict))
    return compared


def reference(name: str) -> tuple[str, list[dict[str, str]]]:
    """The source, and the rows, of a table of the lecture kept in empirical/reference."""
    text = (resources.files("empirical.reference") / name).read_text(encoding="utf-8")
    source, _, body = text.partition("\n")
    return source.removeprefix("# "), list(csv.DictReader(body.splitlines()))


def verdict_sentence(compared: Sequence[Comparison]) -> str:
    """How many of the asserted steps hold, in words."""
    if not compared:
        return "The lecture asserts no order here."
    counts = {v: sum(c.verdict == v for c in compared) for v in ("holds", "open", "reversed")}
    named = [
        f"{c.group}: {c.step.lower} < {c.step.higher} in {c.step.metric}" for c in compared if c.verdict == "reversed"
    ]
    sentence = (
        f"Of {len(compared)} asserted steps {counts['holds']} hold, {counts['open']} are open and "
        f"{counts['reversed']} are reversed at level {LEVEL:g} each"
    )
    return sentence + (f" ({'; '.join(named)})." if named else ".")


def text(experiment: Experiment, scale: str, found: Sequence[dict[str, Any]]) -> str:
    """The tables, aligned, at most 160 columns."""
    summary, compared = summaries(experiment, found), comparisons(experiment, found)
    wide = max(len(s.row) for s in summary) + 2
    lines = [f"{experiment.title} ({experiment.name}, scale {scale}, {summary[0].seeds} seeds; mean +- spread)", ""]
    lines.append(f"{'group':<14}{'views or method':<{wide}}" + "".join(f"{m:>22}" for m in experiment.metrics))
    for s in summary:
        cells = [
            f"{s.means[m]:>12.4f}" + (f" +- {s.spreads[m]:.3f}" if s.seeds > 1 else " " * 9) for m in experiment.metrics
        ]
        lines.append(f"{s.group:<14}{s.row:<{wide}}" + "".join(f"{cell:>22}" for cell in cells))
    if compared:
        lines += ["", f"{'asserted':<60}{'difference':>11}  {'interval, paired':<22}verdict"]
        for c in compared:
            what = f"{c.group}: {c.step.metric} at {c.step.lower} < {c.step.higher}"
            lines.append(f"{what:<60}{c.difference:>+11.4f}  [{c.low:+.4f}, {c.high:+.4f}]  {c.verdict}")
    lines += ["", verdict_sentence(compared)]
    if experiment.reference is not None:
        source, rows = reference(experiment.reference)
        lines += ["", f"The lecture's numbers ({source}):"]
        lines += [f"  {row}" for row in _pivot(rows)]
    return "\n".join(lines)


def _pivot(rows: Sequence[dict[str, str]]) -> list[str]:
    """The lecture's table, one line per combination of all columns but the last label and the numbers."""
    labels = [name for name in rows[0] if name not in ("accuracy", "spread")]
    across = labels[-1]
    heads = list(dict.fromkeys(row[across] for row in rows))
    keys = list(dict.fromkeys(tuple(row[name] for name in labels[:-1]) for row in rows))
    table = {(tuple(row[name] for name in labels[:-1]), row[across]): row["accuracy"] for row in rows}
    width = max(len("  ".join(key)) for key in keys) + 2
    lines = [" " * width + "".join(f"{head:>14}" for head in heads)]
    return lines + [f"{'  '.join(key):<{width}}" + "".join(f"{table[key, head]:>14}" for head in heads) for key in keys]


def as_json(experiment: Experiment, scale: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Plain JSON types; an infinite end or a spread over one seed is null."""

    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    compared = comparisons(experiment, found)
    return {
        "name": experiment.name,
        "title": experiment.title,
        "scale": scale,
        "metrics": list(experiment.metrics),
        "level": LEVEL,
        "summaries": [
            {**asdict(s), "spreads": {m: finite(v) for m, v in s.spreads.items()}} for s in summaries(experiment, found)
        ],
        "comparisons": [{**asdict(c), "low": finite(c.low), "high": finite(c.high)} for c in compared],
        "says": verdict_sentence(compared),
        "reference": None if experiment.reference is None else reference(experiment.reference)[0],
        "runs": list(found),
    }

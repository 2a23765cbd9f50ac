"""Tables of an experiment: means, paired differences with intervals, and a verdict on the order asserted.

A run is a record {"group", "row", "seed", "values"}, as `running.run_cell` returns it.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import numpy as np
from scipy.special import stdtrit
from scipy.stats import spearmanr

from empirical.experiments.design import Experiment, Step

LEVEL = 0.95
TABLE_METRICS = 6
"""Columns that are printed side by side."""


@dataclass(frozen=True)
class Summary:
    """One row of one group: mean and standard deviation over seeds (divisor n - 1; NaN for one seed), per metric."""

    group: str
    row: str
    seeds: int
    means: dict[str, float]
    spreads: dict[str, float]


@dataclass(frozen=True)
class PairedDifference:
    """One asserted step in one group (a trend: in one row): the mean over seeds of metric(higher) - metric(lower).

    low, high   Student's interval at `LEVEL` for the mean of paired differences (normal over seeds); infinite for one seed
    verdict     "holds" if the interval is above 0, "reversed" if below, else "open"
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


def summaries(experiment: Experiment, runs: Sequence[dict[str, Any]]) -> list[Summary]:
    """Every row, in the order of the grid."""
    keys = list(dict.fromkeys((r["group"], r["row"]) for r in runs))
    summary = []
    for group, row in keys:
        of_row = [r["values"] for r in runs if (r["group"], r["row"]) == (group, row)]
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


def paired_differences(experiment: Experiment, runs: Sequence[dict[str, Any]]) -> list[PairedDifference]:
    """Every asserted step in every group that has both rows, then every trend in every row, paired by seed."""
    values = {(r["group"], r["row"], r["seed"]): r["values"] for r in runs}
    compared = []
    for group in dict.fromkeys(r["group"] for r in runs):
        for step in experiment.order:
            seeds = sorted(s for g, row, s in values if (g, row) == (group, step.lower))
            differences = [
                values[group, step.higher, s][step.metric] - values[group, step.lower, s][step.metric]
                for s in seeds
                if (group, step.higher, s) in values
            ]
            if differences:
                compared.append(_paired_difference(group, step, differences))
    for group, row in dict.fromkeys((r["group"], r["row"]) for r in runs):
        of_row = [v for (g, name, _), v in values.items() if (g, name) == (group, row)]
        for step in experiment.trends:
            ends = [(v[f"{step.metric} {step.lower}"], v[f"{step.metric} {step.higher}"]) for v in of_row]
            compared.append(_paired_difference(row, step, [high - low for low, high in ends]))
    return compared


def _paired_difference(group: str, step: Step, differences: Sequence[float]) -> PairedDifference:
    mean, low, high = paired_interval(differences)
    return PairedDifference(group, step, mean, low, high, "holds" if low > 0 else "reversed" if high < 0 else "open")


def rank_correlation(experiment: Experiment, summary: Sequence[Summary]) -> float:
    """Spearman's correlation of the experiment's `ranked` pair of metrics, over the means of all rows."""
    first, second = ([s.means[metric] for s in summary] for metric in experiment.ranked or ())
    return float(spearmanr(first, second).statistic)


def reference(name: str) -> tuple[str, list[dict[str, str]]]:
    """The source, and the rows, of a table of the lecture kept in empirical/reference."""
    text = (resources.files("empirical.experiments.reference") / name).read_text(encoding="utf-8")
    source, _, body = text.partition("\n")
    return source.removeprefix("# "), list(csv.DictReader(body.splitlines()))


def verdict_sentence(compared: Sequence[PairedDifference]) -> str:
    """How many of the asserted steps hold; then, one a line, the steps whose mean difference has the opposite sign."""
    if not compared:
        return "No order is asserted here."
    counts = {v: sum(c.verdict == v for c in compared) for v in ("holds", "open", "reversed")}
    lines = [
        f"Of {len(compared)} asserted steps {counts['holds']} hold, {counts['open']} are open and "
        f"{counts['reversed']} are reversed at level {LEVEL:g} each."
    ]
    for c in compared:
        if c.verdict != "holds" and c.difference <= 0:
            how = "the opposite holds" if c.verdict == "reversed" else "not seen"
            step = f"{c.group}: {c.step.metric} at {c.step.lower} < {c.step.higher}"
            lines.append(f"  {how}: {step} (mean difference {c.difference:+.4f}).")
    return "\n".join(lines)


def text(experiment: Experiment, scale: str, runs: Sequence[dict[str, Any]]) -> str:
    """The tables, aligned, at most 160 columns."""
    summary, compared = summaries(experiment, runs), paired_differences(experiment, runs)
    lines = [f"{experiment.title} ({experiment.name}, scale {scale}, {summary[0].seeds} seeds; mean +- spread)"]
    for start in range(0, len(experiment.metrics), TABLE_METRICS):
        lines += ["", *_table(summary, experiment.metrics[start : start + TABLE_METRICS])]
    if compared:
        labels = [f"{c.group}: {c.step.metric} at {c.step.lower} < {c.step.higher}" for c in compared]
        wide = max(map(len, labels)) + 2
        lines += ["", f"{'asserted':<{wide}}{'difference':>11}  {'interval, paired':<22}verdict"]
        for label, c in zip(labels, compared, strict=True):
            lines.append(f"{label:<{wide}}{c.difference:>+11.4f}  [{c.low:+.4f}, {c.high:+.4f}]  {c.verdict}")
    lines += ["", verdict_sentence(compared)]
    if experiment.ranked is not None:
        first, second = experiment.ranked
        rho = rank_correlation(experiment, summary)
        lines.append(f"Rank correlation of {first} with {second} over the {len(summary)} rows' means: {rho:+.2f}.")
    if experiment.reference is not None:
        source, rows = reference(experiment.reference)
        lines += ["", f"The lecture's numbers ({source}):"]
        lines += [f"  {row}" for row in _pivot(rows)]
    return "\n".join(lines)


def _table(summary: Sequence[Summary], metrics: Sequence[str]) -> list[str]:
    """A heading and one line per row of the grid."""
    wide = max(len("views or method"), *(len(s.row) for s in summary)) + 2
    each = max(18, *(len(m) + 2 for m in metrics))
    lines = [f"{'group':<14}{'views or method':<{wide}}" + "".join(f"{m:>{each}}" for m in metrics)]
    for s in summary:
        cells = [f"{s.means[m]:.4f}" + (f" +- {s.spreads[m]:.3f}" if s.seeds > 1 else "") for m in metrics]
        lines.append(f"{s.group:<14}{s.row:<{wide}}" + "".join(f"{cell:>{each}}" for cell in cells))
    return lines


def _pivot(rows: Sequence[dict[str, str]]) -> list[str]:
    """The lecture's table, one line per combination of all columns but the last label and the numbers."""
    labels = [name for name in rows[0] if name not in ("accuracy", "spread")]
    across = labels[-1]
    heads = list(dict.fromkeys(row[across] for row in rows))
    keys = list(dict.fromkeys(tuple(row[name] for name in labels[:-1]) for row in rows))
    table = {(tuple(row[name] for name in labels[:-1]), row[across]): row["accuracy"] for row in rows}
    width, each = max(len("  ".join(key)) for key in keys) + 2, max(len(head) for head in heads) + 2
    lines = [" " * width + "".join(f"{head:>{each}}" for head in heads)]
    return lines + [
        f"{'  '.join(key):<{width}}" + "".join(f"{table[key, head]:>{each}}" for head in heads) for key in keys
    ]


def as_json(experiment: Experiment, scale: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Plain JSON types; an infinite end or a spread over one seed is null."""

    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    compared = paired_differences(experiment, runs)
    return {
        "name": experiment.name,
        "title": experiment.title,
        "scale": scale,
        "metrics": list(experiment.metrics),
        "level": LEVEL,
        "summaries": [
            {**asdict(s), "spreads": {m: finite(v) for m, v in s.spreads.items()}} for s in summaries(experiment, runs)
        ],
        "comparisons": [{**asdict(c), "low": finite(c.low), "high": finite(c.high)} for c in compared],
        "rank_correlation": None
        if experiment.ranked is None
        else rank_correlation(experiment, summaries(experiment, runs)),
        "says": verdict_sentence(compared),
        "reference": None if experiment.reference is None else reference(experiment.reference)[0],
        "runs": list(runs),
    }

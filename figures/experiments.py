"""The lecture's experiments, as repeated here: what they wrote, and their tables beside the lecture's own numbers."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import escape
from statistics import mean, stdev
from typing import Any

from empirical.experiments.design import EXPERIMENTS
from empirical.experiments.tables import reference
from figures.evidence import EvidenceFiles, how_made
from figures.figure import Part, Row, Section, Table
from figures.grids import Grid

Experiment = dict[str, Any]
"""The content of experiment-*.json."""


def _files(name: str, minutes: float) -> EvidenceFiles:
    """The results of one experiment; minutes for three seeds on two cores."""
    command = f"contrastive-theory experiment {name} --jobs 2"
    return EvidenceFiles(
        pattern=f"experiment-{name}*.json", command=command, minutes=minutes, required=False, kept=name
    )


def _section(order: float, files: EvidenceFiles) -> Section:
    return Section(order=order, inputs=files, opening=_opening)


def _opening(documents: Sequence[Experiment]) -> str:
    """The title of the experiment, and how each asserted step fared at each scale."""
    says = "".join(f"<p>{escape(origin(d))} {escape(d['says'])}</p>" for d in documents)
    return f"<h2>{escape(documents[0]['title'])}</h2>{says}"


def origin(experiment: Experiment) -> str:
    """Where the numbers come from: computed on this machine, or kept, and then how they were made."""
    seeds = len({run["seed"] for run in experiment["runs"]})
    return f"Scale {experiment['scale']}, {seeds} seed{'s' * (seeds > 1)}, {how_made(experiment)}."


def values(experiment: Experiment, group: str, row: str, metric: str) -> dict[int, float]:
    """The measured numbers of one cell of the grid, by seed."""
    return {
        run["seed"]: run["values"][metric]
        for run in experiment["runs"]
        if (run["group"], run["row"]) == (group, row) and metric in run["values"]
    }


def groups(experiment: Experiment) -> list[str]:
    """What is held fixed, in the order of the grid."""
    return list(dict.fromkeys(run["group"] for run in experiment["runs"]))


def levels(experiment: Experiment, group: str) -> list[str]:
    """The levels of the factor that varies in one group."""
    return list(dict.fromkeys(run["row"] for run in experiment["runs"] if run["group"] == group))


def spread(numbers: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation over seeds; 0 for one seed."""
    return mean(numbers), stdev(numbers) if len(numbers) > 1 else 0.0


def per_cent(numbers: dict[int, float]) -> tuple[float, float]:
    """Mean and standard deviation over seeds, in per cent."""
    return spread([100 * number for number in numbers.values()])


def lecture(name: str, **chosen: str) -> list[dict[str, str]]:
    """The rows of the lecture's table with these entries."""
    return [row for row in reference(name)[1] if all(row[key] == value for key, value in chosen.items())]


def points(experiment: Experiment) -> Iterator[Row]:
    """Every measured number, one row for each run."""
    for run in experiment["runs"]:
        yield {
            "scale": experiment["scale"],
            "group": run["group"],
            "row": run["row"],
            "seed": run["seed"],
            **run["values"],
        }


def _cell(summary: dict[str, Any], metric: str) -> str:
    deviation = summary["spreads"][metric]
    return f"{summary['means'][metric]:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")


def grid(experiment: Experiment, beside: Callable[[str, str], dict[str, str]]) -> Grid:
    """Means and spreads, and to the right the lecture's numbers of the same cell; beside: (group, row) -> column, number."""
    summaries, metrics = experiment["summaries"], experiment["metrics"]
    theirs = [beside(s["group"], s["row"]) for s in summaries]
    columns = list(dict.fromkeys(name for row in theirs for name in row))
    rows = [
        [s["group"], s["row"], *(_cell(s, m) for m in metrics), *(row.get(c, "–") for c in columns)]
        for s, row in zip(summaries, theirs, strict=True)
    ]
    ruled = [i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0]]
    return Grid(["held fixed", "varied", *metrics, *columns], rows, 2, ruled)


def _accuracy(row: dict[str, str]) -> str:
    return row["accuracy"] + (f" ± {row['spread']}" if "spread" in row else "")


def _ladder(name: str, column: str, group: str, row: str) -> dict[str, str]:
    """The lecture's accuracies of one method at one level."""
    rows = lecture(name, method=group, **{column: row})
    return {f"lecture, {r['dataset']}": _accuracy(r) for r in rows}


def _domains(_: str, row: str) -> dict[str, str]:
    rows = lecture("domains.csv", method=lecture_method(row), batch_size="512")
    by_data: dict[str, list[float]] = {}
    for r in rows:
        if r["domain"] != "Original":
            by_data.setdefault(r["dataset"], []).append(float(r["accuracy"]))
    return {f"lecture, {data}, mean of domains": f"{mean(numbers):.2f}" for data, numbers in by_data.items()}


def lecture_method(row: str) -> str:
    """The lecture's name of a row of `domains`."""
    return re.sub(r"ArCL, (\d) views", r"SimCLR + ArCL (\1 views)", row)


def _transfer(_: str, row: str) -> dict[str, str]:
    rows = lecture("transfer.csv", method=row, target="Avg")
    return {f"lecture, {r['protocol']}, average of 9": r["accuracy"] for r in rows}


def _nothing(*_: str) -> dict[str, str]:
    return {}


def caption(experiment: Experiment) -> str:
    """What the cells are."""
    beside = " To the right the lecture's numbers, in per cent." if experiment.get("reference") else ""
    return f"{experiment['title']}. {origin(experiment)} Mean and standard deviation over seeds.{beside}"


METHODS, RICHNESS, STRENGTH, PAIRS, FACTORS, DOMAINS, TRANSFER, MASKING = (
    _files(name, minutes)
    for name, minutes in (
        ("methods", 2), ("richness", 9), ("strength", 7), ("pairs", 5), ("factors", 2), ("domains", 8), ("transfer", 5),
        ("masking", 4),
    )
)  # fmt: skip
SECTIONS = {
    files.kept: _section(60 + number, files)
    for number, files in enumerate((METHODS, FACTORS, RICHNESS, STRENGTH, PAIRS, DOMAINS, TRANSFER, MASKING))
}
BESIDE: dict[str, Callable[[str, str], dict[str, str]]] = {
    "richness": partial(_ladder, "richness.csv", "views"),
    "strength": partial(_ladder, "strength.csv", "strength"),
    "domains": _domains,
    "transfer": _transfer,
}


def _table(name: str, section: Section) -> Table:
    return Table(
        name=f"{name}-table",
        title=f"Experiment {name}: the numbers" + (" beside the lecture's" if name in BESIDE else ""),
        section=section,
        order=50,
        caption=caption,
        grid=partial(grid, beside=BESIDE.get(name, _nothing)),
    )


def _order(name: str, section: Section) -> Table:
    return Table(
        name=f"{name}-order",
        title=f"Experiment {name}: whether the asserted order holds",
        section=section,
        order=60,
        caption=order_caption,
        grid=order_grid,
        shows=lambda experiment: bool(experiment["comparisons"]),
    )


def order_grid(experiment: Experiment) -> Grid:
    """Every asserted step with its paired difference."""
    rows = []
    for c in experiment["comparisons"]:
        step = c["step"]
        interval = "–" if c["low"] is None else f"{c['low']:+.3f} to {c['high']:+.3f}"
        asserted = f"{step['metric']} at {step['lower']} < {step['higher']}"
        rows.append([c["group"], asserted, f"{c['difference']:+.3f}", interval, c["verdict"]])
    return Grid(["held fixed", "asserted", "difference", "interval", "verdict"], rows, 2)


def order_caption(experiment: Experiment) -> str:
    """What the intervals are."""
    return (
        f"{experiment['title']}: the order that the lecture asserts. {origin(experiment)} Student's interval at level "
        f"{experiment['level']:g} for the mean difference, paired by seed, each by itself."
    )


PARTS: list[Part] = [
    make(str(name), section)
    for name, section in SECTIONS.items()
    for make in (_table, *[_order] * bool(EXPERIMENTS[str(name)].order or EXPERIMENTS[str(name)].trends))
]

"""A ladder of views: accuracy by level, one panel for each method, the lecture's points hollow beside ours."""

from collections.abc import Iterator
from typing import Any

from figures.experiments import Experiment, groups, lecture, levels, origin, per_cent, values
from figures.figure import Row
from figures.style import BLACK, METHODS, Canvas, canvas, colour

THEIRS = {"CIFAR-10": "o", "CIFAR-100": "s"}


def draw(experiment: Experiment, file: str, column: str, xlabel: str) -> Canvas:
    """Ours: kNN, mean and standard deviation over seeds, filled. The lecture's: hollow, by data set.

    file, column   the lecture's table, and the column of the level
    """
    figure, panels = canvas(len(groups(experiment)), 1.15, least=1.3, sharey=True)
    for axes, group in zip(panels, groups(experiment), strict=True):
        rows = levels(experiment, group)
        fill = METHODS[group][0] if group in METHODS else colour({}, group)
        ours = [per_cent(values(experiment, group, row, "kNN")) for row in rows]
        at, deviation = zip(*ours, strict=True)
        axes.errorbar(
            range(len(rows)), at, deviation, color=fill, ls="-", marker="D", ms=4, capsize=2, label="here, kNN"
        )
        for data, mark in THEIRS.items():
            theirs = [_number(lecture(file, method=group, dataset=data, **{column: row}), "accuracy") for row in rows]
            axes.plot(
                range(len(rows)), theirs, mark, ls="none", mfc="none", mec=BLACK, ms=4.5, label=f"lecture, {data}"
            )
        axes.set(xticks=range(len(rows)), xticklabels=rows, xlabel=xlabel, ylabel="accuracy, %", title=group)
        axes.tick_params(axis="x", rotation=45)
        axes.set_xlim(-0.4, len(rows) - 0.6)
        axes.label_outer()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _number(rows: list[dict[str, str]], name: str) -> float:
    return float(rows[0][name]) if rows else float("nan")


def caption(experiment: Experiment, what: str) -> str:
    """What is compared."""
    verdicts = [c["verdict"] for c in experiment["comparisons"]]
    return (
        f"{what} {origin(experiment)} Filled: kNN accuracy of the backbone here, mean and standard deviation over seeds. "
        "Hollow: the lecture's numbers, on other data and a larger network, so the order is compared, not the height. Of "
        f"{len(verdicts)} asserted steps up {verdicts.count('holds')} hold, {verdicts.count('open')} are open and "
        f"{verdicts.count('reversed')} are reversed here."
    )


def data(experiment: Experiment, file: str, column: str) -> Iterator[Row]:
    """Ours, then the lecture's."""
    for group in groups(experiment):
        for row in levels(experiment, group):
            at, deviation = per_cent(values(experiment, group, row, "kNN"))
            yield _row(f"here, {experiment['scale']}", group, row, at, deviation)
            for theirs in lecture(file, method=group, **{column: row}):
                yield _row(f"lecture, {theirs['dataset']}", group, row, theirs["accuracy"], theirs["spread"])


def _row(source: str, group: str, row: str, accuracy: Any, deviation: Any) -> Row:
    return {"source": source, "method": group, "level": row, "accuracy": accuracy, "deviation": deviation}

"""Curves over training, four methods with a band over seeds: what `alignment` and `divergence` share."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from figures.experiments import Experiment, groups, levels
from figures.figure import Row
from figures.style import METHODS, colour, small


def recorded(experiment: Experiment) -> bool:
    """Whether the runs kept their history."""
    return all("history" in run for run in experiment["runs"])


def curves(experiment: Experiment, quantity: str) -> Iterator[tuple[str, Any, Any]]:
    """(method, epochs (E,), values (S, E)) for every method."""
    for group in groups(experiment):
        for row in levels(experiment, group):
            histories = [r["history"] for r in experiment["runs"] if (r["group"], r["row"]) == (group, row)]
            epochs = np.array([record["epoch"] for record in histories[0]])
            yield row, epochs, np.array([[record[quantity] for record in history] for history in histories])


def draw(axes: Any, experiment: Experiment, quantity: str, least: float | None = None) -> None:
    """Mean and range over seeds, named at the end of each line; least: the lower end of the axis."""
    ends = []
    for method, epochs, runs in curves(experiment, quantity):
        fill, line, mark = METHODS.get(method, (colour({}, method), "-", "o"))
        every = max(1, len(epochs) // 10)
        axes.fill_between(epochs, runs.min(axis=0), runs.max(axis=0), color=fill, alpha=0.2, lw=0)
        axes.plot(epochs, runs.mean(axis=0), ls=line, marker=mark, ms=3, markevery=every, color=fill, label=method)
        ends.append((float(runs.mean(axis=0)[-1]), method, fill, float(epochs[-1])))
    axes.set_ylim(bottom=least)
    low, high = axes.get_ylim()
    place = -np.inf
    for value, method, fill, epoch in sorted(ends):
        place = max(value, place + 0.075 * (high - low))
        axes.annotate(
            method, (epoch, value), (1.02, (place - low) / (high - low)), textcoords=("axes fraction", "axes fraction"),
            color=fill, fontsize=small(), va="center", annotation_clip=False,
        )  # fmt: skip
    axes.set(xlabel="epoch", ylim=(low, high))


def data(experiment: Experiment, quantity: str) -> list[Row]:
    """One row for each run and epoch."""
    return [
        {"method": run["row"], "seed": run["seed"], "epoch": record["epoch"], quantity: record[quantity]}
        for run in experiment["runs"]
        for record in run["history"]
    ]

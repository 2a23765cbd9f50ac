"""sigma(delta) of whole classes under the lecture's pairs and under random masking, and whether the asserted order holds."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from empirical.experiments.design import PAIRS
from empirical.experiments.view_sets import ASSERTED
from figures.evidence import EvidenceFiles, how_made
from figures.figure import Figure, Row, Section, Table
from figures.grids import Grid
from figures.style import BLACK, BLUE, GREEN, GREY, LINES, ORANGE, RED, SKY, Canvas, canvas
from theory.setting import Array

CLASS_FRONTIERS = EvidenceFiles(
    pattern="class-frontiers*.json",
    command="contrastive-theory class-frontiers --path CIFAR --n 500 --n-views 16 --nodes 400000",
    minutes=12,
    required=False,
    kept="class-frontiers",
)
CURVES = {"d": SKY, "a": BLUE, "ad": GREEN, "f 0.25": GREY, "f 0.5": ORANGE, "f 0.75": RED}
"""The view sets whose mean over the classes is drawn, and in which colour."""
AT = 0.35
"""Share of a class's largest plain distance at which the pairs are compared."""


def sigmas(document: dict[str, Any], letters: str, end: str) -> Array:
    """(K, T) bounds on sigma_k at each share of the class's largest plain distance; end: low, high."""
    counts = [of_class["sets"][letters][end] for of_class in document["classes"].values()]
    return np.asarray(np.array(counts) / int(document["setting"]["n"]))


def shares(document: dict[str, Any]) -> Array:
    """(T,) of delta in the class's largest plain distance: the same for all classes."""
    steps = len(next(iter(document["classes"].values()))["deltas"])
    return np.linspace(0, 1, steps)


def names(document: dict[str, Any]) -> list[str]:
    """The view sets that every class has."""
    per_class = [of_class["sets"] for of_class in document["classes"].values()]
    return [name for name in per_class[0] if all(name in of_class for of_class in per_class)]


def draw(document: dict[str, Any]) -> Canvas:
    """Left: the mean over classes, by view set. Right: every class at one delta, by pair, the mean as a bar."""
    figure, (left, right) = canvas(2, 1.3)
    share = shares(document)
    for (letters, colour), line in zip(CURVES.items(), LINES * 2, strict=False):
        low, high = (sigmas(document, letters, end).mean(axis=0) for end in ("low", "high"))
        left.fill_between(share, low, high, color=colour, alpha=0.3, lw=0)
        left.plot(share, low, color=colour, ls=line, label=letters)
    left.legend(loc="lower right")
    left.set(
        xlabel=r"$\delta$ / largest plain distance", ylabel=r"$\sigma_k(\delta)$, mean over classes", ylim=(0, 1.02)
    )
    at = int(np.abs(share - AT).argmin())
    outside = {letters: 1 - sigmas(document, letters, "low")[:, at] for letters in PAIRS}
    ordered = sorted(PAIRS, key=lambda letters: float(outside[letters].mean()))
    for place, letters in enumerate(ordered):
        points = outside[letters]
        right.plot(np.full(len(points), place), points, "o", color=BLUE if "a" in letters else GREY, ms=2.5)
        right.plot([place - 0.35, place + 0.35], [points.mean()] * 2, color=BLACK, lw=1.2)
    right.set_xticks(range(len(ordered)), ordered)
    right.set(ylabel=rf"$1-\sigma_k(\delta)$ at {AT:g} of it", ylim=(0, 1.02))
    return figure


def caption(document: dict[str, Any]) -> str:
    """The world, and how wide the certified bands are."""
    setting = document["setting"]
    data_name = "CIFAR-10" if document["kept"] else setting["data"]
    widths = [one["mean_width"] for of_class in document["classes"].values() for one in of_class["sets"].values()]
    return (
        f"Main parts in input space: {data_name}, {len(document['classes'])} classes of {setting['n']} training images, "
        f"{setting['views']} views each, exact augmented distances; f: patches masked at random, with the share masked. "
        f"Bands are certified; their mean width is {np.mean(widths):.1e} of a class, {max(widths):.1e} at most; "
        f"{how_made(document)}. Left: mean over the classes. Right: the upper end of each class (points) and the mean "
        "(bars) for the ten pairs, those with the crop in blue."
    )


def data(document: dict[str, Any]) -> Iterator[Row]:
    """One row for each class, view set and delta."""
    for name, of_class in document["classes"].items():
        for letters, bounds in of_class["sets"].items():
            for delta, low, high in zip(of_class["deltas"], bounds["low"], bounds["high"], strict=True):
                yield {"class": name, "set": letters, "delta": delta, "low": low, "high": high}


def verdicts(document: dict[str, Any], lower: str, higher: str) -> dict[str, int]:
    """At how many classes and deltas 1 - sigma of `lower` lies below, equals or exceeds that of `higher`, surely; else open.

    A delta at which both view sets have no main part beyond one image, or both have the whole class, says nothing and is
    not counted.
    """
    first, second = ([sigmas(document, letters, end) for end in ("low", "high")] for letters in (lower, higher))
    single = 1 / document["setting"]["n"]
    says = ~((np.maximum(first[1], second[1]) <= single) | (np.minimum(first[0], second[0]) >= 1))
    holds, reverse = first[0] > second[1], first[1] < second[0]
    equal = (first[0] == first[1]) & (second[0] == second[1]) & (first[0] == second[0])
    return {
        "holds": int((holds & says).sum()),
        "equal": int((equal & says).sum()),
        "reversed": int((reverse & says).sum()),
        "open": int((~(holds | reverse | equal) & says).sum()),
    }


def order(document: dict[str, Any]) -> Grid:
    """One row for each step that the lecture asserts, and for masking beside crops and colour."""
    present = names(document)
    asserted = [(low, high) for low, high in ASSERTED if low in present and high in present]
    beside = [(other, f"f {mask:g}") for other in ("a", "d") for mask in (0.25, 0.5, 0.75)]
    rows = []
    for low, high in (*asserted, *beside):
        counts = verdicts(document, low, high)
        total = max(sum(counts.values()), 1)
        rows.append([f"{low} below {high}", *(f"{100 * count / total:.1f}" for count in counts.values()), str(total)])
    head = ["1 - sigma of", "holds, %", "equal, %", "reversed, %", "open, %", "classes x deltas"]
    return Grid(head, rows, 1, (len(asserted),) if asserted else ())


SECTION = Section(
    order=72, inputs=CLASS_FRONTIERS, opening=lambda _: "<h2>Concentration of whole classes, and masking</h2>"
)
PARTS = (
    Figure(
        name="class-frontiers",
        title="sigma(delta) of whole classes: pairs and masking",
        section=SECTION,
        order=10,
        draw=draw,
        caption=caption,
        data=lambda document: list(data(document)),
        shows=lambda document: {*CURVES, *PAIRS} <= set(names(document)),
        alt="share of the main part by threshold for view sets, and share outside by pair and class",
    ),
    Table(
        name="class-frontiers-order",
        title="sigma(delta) of whole classes: whether the asserted order holds",
        section=SECTION,
        order=20,
        caption=lambda _: (
            "Whether 1 - sigma of the first view set lies below that of the second, surely, over classes and deltas at which "
            "the two can differ. Above the rule: what the lecture asserts; below it: random masking (f, share masked), of "
            "which the lecture asks whether it fits the framework."
        ),
        grid=order,
    ),
)

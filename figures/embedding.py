"""The embedding before and after training, by t-SNE. Source: lecture, Figure: Embedding Space."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from figures.figure import Figure, Row
from figures.records import Study
from figures.study import SECTION
from figures.style import CLASS_COLOURS, MARKERS, Canvas, canvas, plain, small


def draw(study: Study) -> Canvas:
    """Test images by their centred unit backbone features; each panel has a map of its own."""
    labels, names = np.array(study["embedding"]["labels"]), study["class_names"]
    figure, panels = canvas(2, 0.95)
    for axes, when in zip(panels, ("before", "after"), strict=True):
        marks = scatter(axes, np.array(study["embedding"][when]), labels)
        axes.set_title(f"{when} training")
    class_legend(figure, marks, names)
    return figure


def scatter(axes: Any, points: Any, labels: Any) -> list[Any]:
    """One map: a colour and a marker for each class; returns what a legend needs."""
    marks = []
    for k in range(labels.max() + 1):
        x, y = points[labels == k].T
        mark, fill = MARKERS[k % len(MARKERS)], CLASS_COLOURS[k % 10]
        marks.append(axes.scatter(x, y, s=7, marker=mark, color=fill, alpha=0.75, linewidths=0, rasterized=True))
    axes.set_axis_off()
    return marks


def class_legend(figure: Canvas, marks: Sequence[Any], names: Sequence[str]) -> None:
    """The names of the classes, below the panels."""
    columns = 5 if max(map(len, names)) < 14 else 3
    figure.legend(
        marks, [plain(n) for n in names], loc="outside lower center", ncols=columns, markerscale=1.8, fontsize=small(),
        handletextpad=0.2, columnspacing=1,
    )  # fmt: skip


def points(labels: Sequence[int], names: Sequence[str], maps: dict[str, Sequence[Sequence[float]]]) -> list[Row]:
    """One row for each image and map."""
    return [
        {"map": name, "class": names[label], "x": x, "y": y}
        for name, shown in maps.items()
        for label, (x, y) in zip(labels, shown, strict=True)
    ]


def data(study: Study) -> list[Row]:
    """The coordinates."""
    embedding = study["embedding"]
    maps = {when: embedding[when] for when in ("before", "after")}
    return points(embedding["labels"], study["class_names"], maps)


def caption(study: Study) -> str:
    """What is shown, and what it must not be read as."""
    before, after = study["evaluation"]["before"][0], study["evaluation"]["after"][0]
    return (
        f"t-SNE of the backbone features of {len(study['embedding']['labels'])} test images of {study['dataset']} before and "
        f"after training with {study['config']['method']['name']}; for the eye only: each map is of its own, and distances "
        f"between clusters mean nothing. kNN({study['evaluation']['k']}) accuracy {before['knn']:.3f} before, "
        f"{after['knn']:.3f} after."
    )


PART = Figure(
    name="embedding",
    title="Embedding before and after training",
    section=SECTION,
    order=20,
    draw=draw,
    caption=caption,
    data=data,
    alt="two maps of test images by their features, before and after training",
)

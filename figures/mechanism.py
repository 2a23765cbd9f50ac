"""How alignment clusters, on the same world in the plane. Source: lecture, Intuition."""

from typing import Any

import numpy as np
from matplotlib.collections import LineCollection

from figures.figure import Figure, Row
from figures.schematic import CLASSES, SECTION, samples
from figures.style import GREY, Canvas, canvas


def draw(simulation: dict[str, Any]) -> Canvas:
    """Two panels for each set of views: samples with their links, and the features of the encoder that aligns best."""
    worlds = simulation["plane"]
    figure, panels = canvas(2 * len(worlds), 1.1, least=1.35)
    for number, world in enumerate(worlds):
        left, right = panels[2 * number : 2 * number + 2]
        points = np.array(world["points"])
        left.add_collection(
            LineCollection(list(points[np.array(world["links"])]), colors=GREY, linewidths=0.4, alpha=0.6)
        )
        samples(left, world, views=False)
        left.set_title(f"{world['views']} views: links")
        features, labels = np.array(world["features"]), np.array(world["labels"])
        for k, (fill, mark) in enumerate(CLASSES):
            right.plot(*features[labels == k].T, mark, color=fill, ms=7 - 2 * k, alpha=0.7, mew=0, ls="none")
        right.set_title("features")
        right.set(xticks=[], yticks=[])
        right.spines[:].set_visible(True)
        right.spines[:].set_color(GREY)
        right.margins(0.12)
    return figure


def links(world: dict[str, Any]) -> tuple[int, int]:
    """(links within a class, links between classes)."""
    labels = np.array(world["labels"])[np.array(world["links"])]
    within = int((labels[:, 0] == labels[:, 1]).sum())
    return within, len(labels) - within


def nearest_mean_error(world: dict[str, Any]) -> float:
    """Share of samples whose features are nearest to the mean of another class."""
    features, labels = np.array(world["features"]), np.array(world["labels"])
    means = np.array([features[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    nearest = np.linalg.norm(features[:, None] - means, axis=-1).argmin(axis=1)
    return float((nearest != labels).mean())


def caption(simulation: dict[str, Any]) -> str:
    """The links and what they do, in numbers."""
    says = [
        f"{world['views']} views make {links(world)[0]} links within classes and {links(world)[1]} between, and leave "
        f"{100 * nearest_mean_error(world):.0f}% of the samples nearer to another class's mean"
        for world in simulation["plane"]
    ]
    return (
        f"Why alignment clusters. Two samples are linked where views of them lie within {simulation['plane'][0]['link']:g} "
        "of one another: there alignment pulls them together, and from link to link whole classes, though no label is used. "
        "Features: the minimiser of alignment among all centred and white ones, which is what a divergence term asks for. "
        f"Computed: {'; '.join(says)}."
    )


def data(simulation: dict[str, Any]) -> list[Row]:
    """One row for each sample."""
    return [
        {"views": world["views"], "sample": i, "class": label, "x": x, "y": y, "feature_1": f, "feature_2": g}
        for world in simulation["plane"]
        for i, (label, (x, y), (f, g)) in enumerate(
            zip(world["labels"], world["points"], world["features"], strict=True)
        )
    ]


PART = Figure(
    name="mechanism",
    title="Why aligning views clusters classes",
    section=SECTION,
    order=20,
    draw=draw,
    caption=caption,
    data=data,
    shows=lambda simulation: "plane" in simulation,
    alt="links between samples whose views are near, and the features that align best",
)

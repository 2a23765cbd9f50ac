"""What (sigma, delta) means, on a world in the plane. Source: lecture, Definition 1 and Intuition."""

from typing import Any

import numpy as np

from figures.evidence import SIMULATION
from figures.figure import Figure, Row, Section
from figures.style import BLUE, GREEN, GREY, ORANGE, Canvas, canvas, small

CLASSES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))


def draw(simulation: dict[str, Any]) -> Canvas:
    """One panel for each set of views. Small: views. Filled: samples of main parts; hollow: the others."""
    figure, panels = canvas(len(simulation["plane"]), 0.92, least=2.0, sharey=True, sharex=True)
    for axes, world in zip(panels, simulation["plane"], strict=True):
        samples(axes, world)
        axes.set_title(f"{world['views']} views: $\\sigma$ = {world['sigma']:g} at $\\delta$ = {world['delta']:g}")
        i, j, a, b, distance = widest(world)
        ends = np.array([a, b])
        axes.plot(*ends.T, color="black", lw=1.2, zorder=4)
        axes.annotate(
            f"$d_A$ = {distance:.2f}", ends.mean(axis=0), (0.5, 0.5), textcoords="axes fraction", ha="center",
            fontsize=small(), arrowprops={"arrowstyle": "-", "lw": 0.5, "color": GREY},
        )  # fmt: skip
        points = np.array(world["points"])
        axes.plot(*points[[i, j]].T, "o", mfc="none", mec="black", ms=8, mew=0.9, ls="none")
    return figure


def samples(axes: Any, world: dict[str, Any], *, views: bool = True) -> None:
    """The samples of one world with their views; those in main parts are filled."""
    points, labels, shown = np.array(world["points"]), np.array(world["labels"]), np.array(world["displaced"])
    for k, (part, (fill, mark)) in enumerate(zip(world["main_parts"], CLASSES, strict=True)):
        members = labels == k
        if views:
            axes.plot(*shown[members].reshape(-1, 2).T, ".", color=fill, ms=1.6, alpha=0.45, mew=0, ls="none")
        axes.plot(*points[members].T, mark, mfc="white", mec=fill, ms=4, ls="none")
        axes.plot(*points[part].T, mark, color=fill, ms=4, ls="none")
    axes.set_aspect("equal")
    axes.set_axis_off()


def widest(world: dict[str, Any]) -> tuple[int, int, Any, Any, float]:
    """Of all pairs within a main part the one farthest apart: samples, their nearest views, and d_A."""
    shown = np.array(world["displaced"])
    best = (0, 0, shown[0, 0], shown[0, 0], -1.0)
    for part in world["main_parts"]:
        for i in part:
            for j in part:
                between = np.linalg.norm(shown[i][:, None] - shown[j][None], axis=-1)
                at = np.unravel_index(between.argmin(), between.shape)
                if between[at] > best[4]:
                    best = (i, j, shown[i][at[0]], shown[j][at[1]], float(between[at]))
    return best


def caption(simulation: dict[str, Any]) -> str:
    """What is drawn, and how the main parts were found."""
    poor, rich = simulation["plane"]
    exact = "exact" if poor["exact"] and rich["exact"] else "lower bounds"
    return (
        f"(σ, δ)-augmentation on a world of {len(poor['points'])} samples in three classes, with {len(poor['displaced'][0])} "
        f"views each (dots). A main part (filled) is the largest set of samples of one class that are pairwise within "
        f"d_A ≤ δ = {poor['delta']:g}, where d_A is the distance of the nearest views; the sizes are {exact}. The line joins "
        "the nearest views of the pair of a main part (circled) that is farthest apart. With richer views (radius "
        f"{rich['radius']:g} in place of {poor['radius']:g}) the least share of a class in its main part rises from σ = "
        f"{poor['sigma']:g} to {rich['sigma']:g}."
    )


def data(simulation: dict[str, Any]) -> list[Row]:
    """One row for each view; view 0 is the sample itself."""
    return [
        {
            "views": world["views"],
            "sample": i,
            "class": world["labels"][i],
            "in_main_part": i in world["main_parts"][world["labels"][i]],
            "view": v,
            "x": x,
            "y": y,
        }
        for world in simulation["plane"]
        for i, of_sample in enumerate(world["displaced"])
        for v, (x, y) in enumerate(of_sample)
    ]


SECTION = Section(
    order=15, inputs=SIMULATION, opening=lambda _: "<h2>What concentration means, and why it clusters</h2>"
)
PART = Figure(
    name="sigma-delta",
    title="Main parts at (σ, δ), with poor and with rich views",
    section=SECTION,
    order=10,
    draw=draw,
    caption=caption,
    data=data,
    shows=lambda simulation: "plane" in simulation,
    alt="samples in the plane with their views; the main part of each class is filled",
)

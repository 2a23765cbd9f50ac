"""Alignment over training. Source: lecture, How Alignment and Divergence Change During Training Process, (a)."""

from figures import histories
from figures.experiments import SECTIONS, Experiment, origin
from figures.figure import Figure
from figures.style import Canvas, canvas


def draw(experiment: Experiment) -> Canvas:
    """L_align of the unit head features on test images; epoch 0 is the untrained encoder."""
    figure, (axes,) = canvas(1, 0.42)
    histories.draw(axes, experiment, "alignment", 0)
    axes.set_ylabel("$L_{align}$, lower aligns")
    return figure


def caption(experiment: Experiment) -> str:
    """How it moved, in numbers."""
    moved = [
        f"{method} {runs.mean(axis=0)[0]:.3f}, {runs.mean(axis=0).max():.3f}, {runs.mean(axis=0)[-1]:.3f}"
        for method, _, runs in histories.curves(experiment, "alignment")
    ]
    return (
        "Alignment of positive samples over training, mean and range over seeds, unit head features of test images; epoch 0 "
        f"is the untrained encoder, whose features hardly differ at all. {origin(experiment)} L_align before training, at "
        f"its peak and at the end: {'; '.join(moved)}."
    )


PART = Figure(
    name="alignment",
    title="Alignment over training, four methods",
    section=SECTIONS["factors"],
    order=10,
    draw=draw,
    caption=caption,
    data=lambda experiment: histories.data(experiment, "alignment"),
    shows=histories.recorded,
    alt="alignment loss over training for four methods",
)

"""Divergence over training. Source: lecture, How Alignment and Divergence Change During Training Process, (b)."""

from figures import histories
from figures.experiments import SECTIONS, Experiment, origin
from figures.figure import Figure, Row
from figures.style import Canvas, canvas

QUANTITIES = {"largest_product": "largest pair", "mean_product": "mean over pairs"}


def draw(experiment: Experiment) -> Canvas:
    """mu_k.mu_l of the unit head features on test images, the largest pair and the mean over pairs."""
    figure, panels = canvas(len(QUANTITIES), 0.85, least=2.4)
    for axes, (quantity, title) in zip(panels, QUANTITIES.items(), strict=True):
        histories.draw(axes, experiment, quantity)
        axes.set(ylabel=r"$\mu_k\cdot\mu_\ell$, lower diverges", title=title)
    return figure


def caption(experiment: Experiment) -> str:
    """How it moved, in numbers."""
    moved = [
        f"{method} {runs.mean(axis=0)[0]:.3f} to {runs.mean(axis=0)[-1]:.3f}"
        for method, _, runs in histories.curves(experiment, "largest_product")
    ]
    return (
        "Divergence of class centres over training, mean and range over seeds, unit head features of test images; epoch 0 is "
        f"the untrained encoder. {origin(experiment)} The largest μ_k·μ_ℓ goes from its value before training to its last: "
        f"{'; '.join(moved)}."
    )


def data(experiment: Experiment) -> list[Row]:
    """One row for each run and epoch."""
    first, second = (histories.data(experiment, quantity) for quantity in QUANTITIES)
    return [{**one, **other} for one, other in zip(first, second, strict=True)]


PART = Figure(
    name="divergence",
    title="Divergence over training, four methods",
    section=SECTIONS["factors"],
    order=20,
    draw=draw,
    caption=caption,
    data=data,
    shows=histories.recorded,
    alt="products of class means over training for four methods",
)

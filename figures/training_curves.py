"""One encoder over its training: alignment, divergence and loss.

Source: lecture, How Alignment and Divergence Change During Training.
"""

from figures.figure import Figure, Row
from figures.records import Study
from figures.study import SECTION
from figures.style import BLUE, GREEN, ORANGE, RED, Canvas, canvas


def draw(study: Study) -> Canvas:
    """Alignment, divergence and loss by epoch; epoch 0 is the untrained encoder, features are the unit head features."""
    history = study["history"]
    epochs = [record["epoch"] for record in history]
    figure, (left, middle, right) = canvas(3, 0.95)
    left.plot(epochs, [r["alignment"] for r in history], "-", color=BLUE, label="$L_{align}$")
    left.plot(epochs, [r["robust_alignment"] for r in history], "--", color=ORANGE, label="$L_{AR}$, worst pair")
    left.set(xlabel="epoch", ylabel="squared distance of views", ylim=(0, None))
    middle.plot(epochs, [r["largest_product"] for r in history], "-", color=RED, label="largest pair")
    middle.plot(epochs, [r["mean_product"] for r in history], "--", color=GREEN, label="mean over pairs")
    middle.set(xlabel="epoch", ylabel=r"$\mu_k\cdot\mu_\ell$, lower diverges")
    trained = [r for r in history if "loss" in r]
    right.plot([r["epoch"] for r in trained], [r["loss"] for r in trained], "-", color=BLUE, label="training loss")
    right.set(xlabel="epoch", ylabel="loss")
    for axes in (left, middle, right):
        axes.legend()
    return figure


def caption(study: Study) -> str:
    """How the two factors moved, in numbers."""
    history = study["history"]
    first, last = history[0], history[-1]
    peak = max(history, key=lambda r: r["alignment"])
    return (
        f"{study['config']['method']['name']} on {study['dataset']}, unit head features of test images; epoch 0 is the "
        f"untrained encoder. L_align goes from {first['alignment']:.3f} over {peak['alignment']:.3f} (epoch "
        f"{peak['epoch']:.0f}) to {last['alignment']:.3f}; the largest μ_k·μ_ℓ from {first['largest_product']:.3f} to "
        f"{last['largest_product']:.3f}."
    )


def data(study: Study) -> list[Row]:
    """One row for each epoch."""
    return list(study["history"])


PART = Figure(
    name="training",
    title="Alignment, divergence and loss of one encoder over training",
    section=SECTION,
    order=30,
    draw=draw,
    caption=caption,
    data=data,
    alt="alignment and divergence over training",
)

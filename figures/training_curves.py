"""Alignment and divergence over training. Source: lecture, How Alignment and Divergence Change During Training."""

from figures.figure import Figure
from figures.records import Study
from figures.study import SECTION
from figures.style import BLUE, GREEN, ORANGE, RED, Canvas, canvas


def draw(study: Study) -> Canvas:
    """Alignment, divergence and loss by epoch; epoch 0 is the untrained encoder, features are the unit head features."""
    history = study["history"]
    epochs = [record["epoch"] for record in history]
    figure, (left, middle, right) = canvas(3, width=9.2, height=2.9)
    left.plot(epochs, [r["alignment"] for r in history], ".-", color=BLUE, label=r"$L_{align}$")
    left.plot(epochs, [r["robust_alignment"] for r in history], ".-", color=ORANGE, label=r"$L_{AR}$ (worst pair)")
    left.set(xlabel="epoch", ylabel="squared distance of views", ylim=(0, None))
    middle.plot(epochs, [r["largest_product"] for r in history], ".-", color=RED, label="largest pair")
    middle.plot(epochs, [r["mean_product"] for r in history], ".-", color=GREEN, label="mean over pairs")
    middle.set(xlabel="epoch", ylabel=r"$\mu_k\cdot\mu_l$, lower diverges")
    trained = [r for r in history if "loss" in r]
    right.plot([r["epoch"] for r in trained], [r["loss"] for r in trained], ".-", color=BLUE, label="training loss")
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
        "Unit head features of test images; epoch 0 is the untrained encoder. "
        f"L_align goes from {first['alignment']:.3f} over {peak['alignment']:.3f} (epoch {peak['epoch']:.0f}) to "
        f"{last['alignment']:.3f}; the largest mu_k.mu_l from {first['largest_product']:.3f} to "
        f"{last['largest_product']:.3f}."
    )


PART = Figure(
    name="training",
    section=SECTION,
    order=30,
    draw=draw,
    caption=caption,
    alt="alignment and divergence over training",
)

"""sigma(delta) of view sets from both sides, and what the paper's 2-approximation says of it."""

from collections.abc import Iterator
from typing import Any

from empirical.experiments.design import LADDER
from figures.concentration import SECTION
from figures.evidence import how_made
from figures.figure import Figure, Row
from figures.style import BLACK, BLUE, GREEN, GREY, LINES, ORANGE, RED, SKY, Canvas, canvas

COLOURS = (GREY, ORANGE, GREEN, BLUE, RED, SKY, BLACK)
BESIDE = ("a", "abcd")
"""The view sets that are drawn with their 2-approximation."""


def ladder(concentration: dict[str, Any]) -> list[dict[str, Any]]:
    """The view sets of the ladder, the poorest first."""
    by_letters = {s["letters"]: s for s in concentration["sets"]}
    return [by_letters[letters] for letters in LADDER if letters in by_letters]


def draw(concentration: dict[str, Any]) -> Canvas:
    """Left: the ladder. Others: one view set each, the certified band and the interval of the 2-approximation."""
    figure, (left, *others) = canvas(1 + len(BESIDE), 1.05, sharey=True)
    for number, one in enumerate(ladder(concentration)):
        curve = one["curve"]
        fill, line = COLOURS[number % len(COLOURS)], LINES[number % len(LINES)]
        left.fill_between(curve["deltas"], curve["low"], curve["high"], color=fill, alpha=0.3, lw=0, step="post")
        left.plot(curve["deltas"], curve["low"], color=fill, ls=line, drawstyle="steps-post", label=one["letters"])
    left.set(title="the ladder", ylabel=r"$\sigma(\delta)$, least class")
    for axes, letters in zip(others, BESIDE, strict=True):
        curve = next(s for s in concentration["sets"] if s["letters"] == letters)["curve"]
        axes.fill_between(
            curve["deltas"], curve["cover_low"], curve["cover_high"], color=ORANGE, alpha=0.35, lw=0, step="post",
            hatch="///", edgecolor=ORANGE, label="2-approximation",
        )  # fmt: skip
        axes.fill_between(curve["deltas"], curve["low"], curve["high"], color=BLUE, alpha=0.6, lw=0.8, step="post")
        axes.plot(curve["deltas"], curve["low"], color=BLUE, lw=1.3, drawstyle="steps-post", label="certified")
        axes.set_title(f"views {letters}")
    lines = [mark for axes in (left, others[-1]) for mark in axes.get_legend_handles_labels()[0]]
    figure.legend(handles=lines, loc="outside lower center", ncols=4)
    for axes in (left, *others):
        axes.set(xlabel=r"$\delta$", ylim=(0, 1.02))
    return figure


def caption(concentration: dict[str, Any]) -> str:
    """How wide the intervals are."""
    setting = concentration["setting"]
    widths = []
    for letters in BESIDE:
        curve = next(s for s in concentration["sets"] if s["letters"] == letters)["curve"]
        own, cover = (
            sum(h - l for l, h in zip(curve[low], curve[high], strict=True)) / len(curve["deltas"])
            for low, high in (("low", "high"), ("cover_low", "cover_high"))
        )
        widths.append(f"{letters} {own:.3f} certified, {cover:.3f} by the 2-approximation")
    return (
        f"σ(δ) of the class with least, in input space: {setting['data']}, {setting['samples_per_class']} images a class "
        f"with {setting['views']} views each; {how_made(concentration)}. Left: richer views concentrate more sharply. "
        "Others: the certified interval (a line where it has closed) and the interval that a 2-approximation of vertex "
        f"cover gives, which the paper used. Mean width over δ: {'; '.join(widths)}."
    )


def data(concentration: dict[str, Any]) -> Iterator[Row]:
    """One row for each view set and delta."""
    for one in ladder(concentration):
        curve = one["curve"]
        for at, delta in enumerate(curve["deltas"]):
            yield {"letters": one["letters"], "delta": delta, **{k: v[at] for k, v in curve.items() if k != "deltas"}}


PART = Figure(
    name="frontiers",
    title="Frontiers sigma(delta) with certified bands and the 2-approximation",
    section=SECTION,
    order=20,
    draw=draw,
    caption=caption,
    data=lambda concentration: list(data(concentration)),
    shows=lambda concentration: all("curve" in one for one in concentration["sets"]),
    alt="share of the main part by threshold for the ladder of views",
)

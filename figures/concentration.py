"""1 - sigma(delta) of pairs of augmentations against the error.

Source: lecture, The Effect of Concentration Factor (plots).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from empirical.experiments.view_sets import GROUPS
from figures.evidence import EvidenceFiles, how_made
from figures.figure import Figure, Row, Section
from figures.style import BLACK, BLUE, GREY, Canvas, canvas, small

CONCENTRATION = EvidenceFiles(
    pattern="concentration.json",
    command="contrastive-theory experiment pairs --jobs 2 && contrastive-theory concentration",
    minutes=7,
    required=False,
    kept="concentration",
    scale="fashion",
)
PAIRS = GROUPS["the ten pairs"]
DRAWN = (0.1, 0.5)
"""Quantiles of the distance between plain images that are drawn, the nearest there are."""
LINE, BESIDE = 0.09, 0.2
"""Shares of a panel: the height of a line of letters, and the distance of points whose letters would lie on each other."""


def pairs(concentration: dict[str, Any]) -> list[dict[str, Any]]:
    """The view sets that are pairs, as far as their error is known."""
    return [s for s in concentration["sets"] if s["letters"] in PAIRS and s["error"] is not None]


def rank_correlation(concentration: dict[str, Any], at: int) -> float:
    """Spearman's correlation of 1 - sigma at delta number `at` (upper ends) with the error over the pairs.

    NaN if all shares are equal.
    """
    share = [s["outside_high"][at] for s in pairs(concentration)]
    if len(set(share)) < 2:
        return float("nan")
    return float(spearmanr(share, [s["error"] for s in pairs(concentration)]).statistic)


def draw(concentration: dict[str, Any]) -> Canvas:
    """Two values of delta with the pairs by their letters, and the rank correlation at every delta."""
    quantiles = np.array(concentration["setting"]["quantiles"])
    figure, (*panels, last) = canvas(len(DRAWN) + 1, 1.05)
    for axes, quantile in zip(panels, DRAWN, strict=True):
        at = int(np.abs(quantiles - quantile).argmin())
        for one in pairs(concentration):
            with_a = "a" in one["letters"]
            low, high, error = one["outside_low"][at], one["outside_high"][at], one["error"]
            axes.errorbar(
                [high], [error], [one["error_spread"] or 0], [[high - low], [0]], fmt="o" if with_a else "s",
                color=BLUE if with_a else GREY, ms=4, lw=0.8, capsize=1.5,
            )  # fmt: skip
        axes.set(xlabel=r"$1-\sigma(\delta)$", ylabel="error of the nearest mean")
        axes.set_title(
            f"$\\delta$ = {concentration['deltas'][at]:.2f}: rank corr. {rank_correlation(concentration, at):+.2f}"
        )
        axes.margins(0.15)
        _name(axes, [(one["letters"], one["outside_high"][at], one["error"]) for one in pairs(concentration)])
    correlations = [rank_correlation(concentration, at) for at in range(len(quantiles))]
    last.axhline(0, color=BLACK, lw=0.7)
    last.plot(concentration["deltas"], correlations, "o-", color=BLUE)
    last.set(xlabel=r"$\delta$", ylabel="rank correlation", ylim=(-1.05, 1.05), title=r"at every $\delta$")
    return figure


def _name(axes: Any, points: list[tuple[str, float, float]]) -> None:
    """Letters at the right of each point, from the lowest up, each above those beside it; a line leads to what was moved."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    placed: list[tuple[float, float]] = []
    for letters, x, y in sorted(points, key=lambda point: point[2]):
        beside = [
            height + LINE * (top - bottom) for other, height in placed if abs(other - x) < BESIDE * (right - left)
        ]
        height = max([y, *beside])
        placed.append((x, height))
        lead = {"arrowstyle": "-", "lw": 0.5, "color": GREY, "shrinkA": 0, "shrinkB": 2} if height > y else None
        axes.annotate(
            letters, (x, y), (x + 0.045 * (right - left), height), fontsize=small(), va="center", arrowprops=lead
        )


def caption(concentration: dict[str, Any]) -> str:
    """The world, and the order asserted."""
    setting = concentration["setting"]
    asserted = [a for a in concentration["asserted"] if a["lower"] in PAIRS and a["higher"] in PAIRS]
    orders = ", ".join(f"{a['lower']} < {a['higher']} {a['verdicts'].count('holds')}" for a in asserted)
    errors = "; the errors are kept results" if any(one.get("error_kept") for one in pairs(concentration)) else ""
    return (
        f"Share outside main parts against the error of the nearest class mean, for {len(pairs(concentration))} pairs of "
        f"augmentations ({setting['method']} on {setting['data']}; circles: pairs with the crop). Exact where no bar lies "
        f"beside the point, on {setting['samples_per_class']} images a class with {setting['views']} views each; "
        f"{how_made(concentration)}{errors}. "
        f"At how many of {len(concentration['deltas'])} values of δ the asserted order of 1 − σ holds: {orders}."
    )


def data(concentration: dict[str, Any]) -> Iterator[Row]:
    """One row for each pair and delta."""
    for one in pairs(concentration):
        for at, delta in enumerate(concentration["deltas"]):
            yield {
                "letters": one["letters"],
                "delta": delta,
                "outside_low": one["outside_low"][at],
                "outside_high": one["outside_high"][at],
                "error": one["error"],
                "error_spread": one["error_spread"],
            }


SECTION = Section(order=70, inputs=CONCENTRATION, opening=lambda _: "<h2>Concentration of the lecture's view sets</h2>")
PART = Figure(
    name="concentration",
    title="1 - sigma(delta) against the error, ten pairs of augmentations",
    section=SECTION,
    order=10,
    draw=draw,
    caption=caption,
    data=lambda concentration: list(data(concentration)),
    shows=lambda concentration: len(pairs(concentration)) > 2,
    alt="share outside main parts against error for pairs of augmentations",
)

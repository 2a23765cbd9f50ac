"""Bilinear interpolation less an affine function has its extremes over a rectangle where the pixel grid cuts it.

On each square of the grid, interpolation is a + b p + c q + d p q, affine in p at every q and in q at every p. So over the
rectangle low <= (p, q) <= high the residual is largest, and least, at one of the points whose coordinates are an end of the
rectangle or a whole number between.
"""

from dataclasses import dataclass

import numpy as np
import sympy
import z3

from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array


def bilinear(image: Array, p: Array, q: Array) -> Array:
    """The image (H, W), whose pixels lie at whole columns p and rows q, between them, black beyond the border; any shape."""
    height, width = image.shape
    padded = np.pad(image, 2)
    column, row = np.clip(p, -2, width), np.clip(q, -2, height)  # the padding is black two pixels deep
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    across, down = column - left, row - top
    corners = [padded[top + 2 + i, left + 2 + j] for i in (0, 1) for j in (0, 1)]
    upper, lower = ((1 - across) * corners[2 * i] + across * corners[2 * i + 1] for i in (0, 1))
    return np.asarray((1 - down) * upper + down * lower)


def cuts(low: float, high: float) -> Array:
    """low, the whole numbers between, and high."""
    return np.unique([low, *np.arange(np.ceil(low), high), high])


def _one_square() -> Evidence:
    whole, low, high = z3.Reals("whole low high")
    return implication(
        "whole <= low < whole + 1, and no cut, hence not whole + 1, lies between low and high: both lie within one square",
        [whole <= low, low < whole + 1, low < high, z3.Not(z3.And(low < whole + 1, whole + 1 < high))],
        z3.And(whole <= low, high <= whole + 1),
        example={whole: 0, low: 0, high: 1},
    )


def _affine() -> Evidence:
    a, b, c, d, low, high, t, q, x, y, z = sympy.symbols("a b c d low high t q x y z", real=True)

    def residual(p: sympy.Expr) -> sympy.Expr:
        return a + b * p + c * q + d * p * q - (x + y * p + z * q)

    return identity(
        "at a fixed q the residual at (1 - t) low + t high is the mean of those at low and high; likewise at a fixed p",
        sympy.expand(residual((1 - t) * low + t * high)),
        sympy.expand((1 - t) * residual(low) + t * residual(high)),
    )


def _between() -> Evidence:
    t, low, high, most, least = z3.Reals("t low high most least")
    return implication(
        "a mean lies between the two: in p, then in q at either end",
        [t >= 0, t <= 1, low <= most, high <= most, low >= least, high >= least],
        z3.And((1 - t) * low + t * high <= most, (1 - t) * low + t * high >= least),
        example={t: 0, low: 0, high: 0, most: 0, least: 0},
    )


def _joined() -> Evidence:
    first, second, third, fourth, p, q = z3.Reals("first second third fourth p q")
    return implication(
        "at a whole p both sides interpolate the column there, and at a whole q the row: the squares agree on their edges",
        [p == 1],
        (1 - q) * ((1 - p) * first + p * second) + q * ((1 - p) * third + p * fourth) == (1 - q) * second + q * fourth,
        example={first: 0, second: 0, third: 0, fourth: 0, p: 1, q: 0},
    )


@dataclass(frozen=True)
class Rectangle:
    """An image (H, W), a rectangle from low to high, each (p, q), slopes (2,) of an affine function, and shares (points, 2).

    The shares say where within the rectangle the points lie.
    """

    image: Array
    low: Array
    high: Array
    slopes: Array
    shares: Array

    def residual(self, p: Array, q: Array) -> Array:
        """Interpolation less the affine function."""
        return np.asarray(bilinear(self.image, p, q) - self.slopes[0] * p - self.slopes[1] * q)


POINTS = 40


def _worlds(rng: Rng) -> Start:
    """Images of 1 to 5 pixels a side, rectangles from a hundredth of a pixel to several, over the border too."""
    height, width = rng.integers(1, 6, 2)
    image = rng.normal(size=(height, width)) * rng.choice([1.0, 0.1])
    low = rng.uniform(-2.5, max(height, width) + 1, 2)
    point = np.concatenate([image.ravel(), low, rng.choice([0.01, 0.5, 3.0]) * rng.random(2), rng.normal(size=2)])
    shares = rng.random((POINTS, 2))

    def build(point: Array) -> Rectangle:
        image, low, size, slopes = np.split(point, np.cumsum([height * width, 2, 2]))
        return Rectangle(image.reshape(height, width), low, low + abs(size) + 1e-9, slopes, shares)

    return point, build


def _read(of: Rectangle) -> Reading:
    """The residual at points of the rectangle, between the extremes at its cuts."""
    p, q = (of.low + of.shares * (of.high - of.low)).T
    inside = of.residual(p, q)
    corners = of.residual(
        *np.meshgrid(cuts(float(of.low[0]), float(of.high[0])), cuts(float(of.low[1]), float(of.high[1])))
    )
    return Reading(
        hypotheses={},
        left=np.append(inside, -inside),
        right=np.append(np.full(len(inside), corners.max()), np.full(len(inside), -corners.min())),
    )


CLAIMS = (
    Claim(
        id="continuous-corners",
        title="A bilinear residual has its extremes where the grid cuts the rectangle",
        source="derived; the interpolation of affine distortions",
        statement=r"r(p,q)=I(p,q)-x-yp-zq,\ I\ \mathrm{bilinear\ between\ pixels}:\quad "
        r"\max_{[p_0,p_1]\times[q_0,q_1]}r=\max_{P\times Q}r,\ \min r=\min_{P\times Q}r,\quad "
        r"P=\{p_0,p_1\}\cup(\mathbb{Z}\cap[p_0,p_1]),\ Q=\{q_0,q_1\}\cup(\mathbb{Z}\cap[q_0,q_1])",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="The cuts divide the rectangle into rectangles, each within one square of the grid (`one square`, for "
        "columns and for rows; `joined`: it does not matter to which of two squares an edge belongs). In each, the residual "
        "is affine in p at every q (`affine`), so it lies between its values at the two ends (`between`), and there likewise "
        "in q: between those at the four corners. Beyond the border the image is 0, which is bilinear too.",
        steps={
            "one square": _one_square,
            "affine": _affine,
            "between": _between,
            "joined": _joined,
        },
    ),
)

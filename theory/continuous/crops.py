"""How far the map of a crop is from affine over a cell of its parameters, and where it reads.

A crop that leaves out the share c of a width of W pixels, at place v from -1, the left border, to 1, the right one, reads the
image for the pixel at x, from the middle, at p = (1 - c) x + W c v/2. Down the columns' axis it is the same with H.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import z3

from theory.falsification import Predicate, Reading, Rng, Start, used
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array


def remainder(width: Any, half_left_out: Any, half_place: Any) -> Any:
    """W h g/2, for c within h and v within g of the centre: pixels by which p is off the affine function, at most."""
    return width * half_left_out * half_place / 2


def reading(width: Any, left_out: Any, place: Any, x: Any) -> Any:
    """p of the pixel at x."""
    return (1 - left_out) * x + width * left_out * place / 2


def tangent(width: Any, left_out: Any, place: Any, change: tuple[Any, Any], x: Any) -> Any:
    """The affine part of `reading` at left_out + change[0] and place + change[1]."""
    slopes = width * place / 2 - x, width * left_out / 2
    return reading(width, left_out, place, x) + slopes[0] * change[0] + slopes[1] * change[1]


def _product() -> Evidence:
    w, c, v, d, e, x = sympy.symbols("w c v d e x", real=True)
    return identity(
        "what the tangent lacks is W d e/2 for changes d of c and e of v, wherever the pixel",
        sympy.expand(reading(w, c + d, v + e, x) - tangent(w, c, v, (d, e), x)),
        w * d * e / 2,
    )


def _largest() -> Evidence:
    w, d, e, h, g = z3.Reals("w d e h g")
    lacking = w * d * e / 2
    return implication(
        "a product is largest at the corners",
        [w > 0, -h <= d, d <= h, -g <= e, e <= g],
        z3.And(lacking <= remainder(w, h, g), -lacking <= remainder(w, h, g)),
        example={w: 1, d: 0, e: 0, h: 1, g: 1},
    )


def _inside() -> Evidence:
    w, c, v, x = z3.Reals("w c v x")
    p = reading(w, c, v, x)
    return implication(
        "p is a mean of x and W v/2, weighed 1 - c and c, and neither lies further than W/2 from the middle",
        [w > 0, c >= 0, c <= 1, v >= -1, v <= 1, 2 * x <= w - 1, 2 * x >= 1 - w],
        z3.And(2 * p <= w, -2 * p <= w),
        example={w: 2, c: 0, v: 0, x: 0},
    )


@dataclass(frozen=True)
class Cell:
    """A cell of parameters of crops of an image of so many pixels across, and a pixel.

    centre, half  (2,) of what is left out and of the place: the cell is centre + half z, z in [-1, 1]^2
    x             from the middle
    z             (points, 2)
    """

    width: int
    centre: Array
    half: Array
    x: float
    z: Array


def _worlds(rng: Rng) -> Start:
    """Cells within the box of all crops, small and large; images of 1 to 40 pixels; the points at corners or between."""
    width = int(rng.integers(1, 41))
    point = np.concatenate([rng.random(2), rng.choice([1e-3, 0.1, 1.0], 2) * rng.random(2), rng.uniform(-1, 1, 1)])
    z = np.concatenate([rng.choice([-1.0, 1.0], (6, 2)), rng.uniform(-1, 1, (6, 2))])

    def build(point: Array) -> Cell:
        low, high = np.clip(point[:2], 0, 1), np.clip(point[:2] + abs(point[2:4]), 0, 1)
        centre, half = (low + high) / 2, (high - low) / 2
        unit = np.array([1.0, 2.0])  # what is left out lies in [0, 1], the place in [-1, 1]
        x = float(np.clip(point[4], -1, 1)) * (width - 1) / 2
        return Cell(width, unit * centre - [0, 1], unit * half, x, z)

    return point, build


def _read(of: Cell) -> Reading:
    """The share of the remainder that is used, and how far from the middle each point reads, in half widths."""
    left_out, place = of.centre
    changes = (of.half * of.z).T
    p = reading(of.width, left_out + changes[0], place + changes[1], of.x)
    apart = abs(p - tangent(of.width, left_out, place, (changes[0], changes[1]), of.x))
    shares = used(apart, remainder(of.width, *of.half), 10.0 * of.width)
    return Reading(hypotheses={}, left=np.concatenate([shares, 2 * abs(p) / of.width]), right=1.0)


CLAIMS = (
    Claim(
        id="continuous-crop",
        title="The map of a crop lacks one product to be affine, and reads no further than half a pixel beyond the image",
        source="derived; the resized crops of the audit",
        statement=r"p=(1-c)x+\frac{Wcv}{2};\quad |\Delta c|\leq h,\ |\Delta v|\leq g:\ "
        r"|p-p_0-\nabla p\cdot\Delta|\leq\frac{Whg}{2};\quad "
        r"0\leq c\leq1,\ |v|\leq1,\ |x|\leq\frac{W-1}{2}:\ |p|\leq\frac{W}{2}",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="`product`: p is affine in c and in v, so that the tangent lacks the product of both changes alone, which "
        "`largest` bounds. `inside`: between the outermost pixels and half a pixel beyond them lies nothing but the pixel "
        "of the edge again, so that one more pixel on each side is all that a crop sees of an edge that repeats.",
        steps={
            "product": _product,
            "largest": _largest,
            "inside": _inside,
        },
    ),
)

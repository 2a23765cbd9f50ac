"""How far the map of a warp is from affine over a cell of its parameters.

A warp of rotation a, log scales s across and t down, a shear and shifts reads the image at

    p = x exp(s) cos a - y exp(t) sin a + y shear + right,    q = x exp(s) sin a + y exp(t) cos a + below,

for the pixel at (x, y). Shear and shifts enter affinely; the rest are real and imaginary parts of x exp(w) and i y exp(w),
w = s + i a or t + i a, and exp is as far from its tangent at w0 as Taylor's formula says.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import z3

from theory.averages import triangle
from theory.continuous.formulas import remainder
from theory.falsification import Predicate, Reading, Rng, Start, used
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array


def reading(parameters: Array, x: Any, y: Any) -> Array:
    """(p, q) of pixel (x, y) under parameters (6,): angle, log scales across and down, shear, shifts right and below."""
    angle, across, down, shear, right, below = parameters
    first, second = x * np.exp(across + 1j * angle), 1j * y * np.exp(down + 1j * angle)
    return np.array([(first + second).real + y * shear + right, (first + second).imag + below])


def tangent(parameters: Array, change: Array, x: Any, y: Any) -> Array:
    """The affine part of `reading` at parameters + change, (2,)."""
    angle, across, down, _, _, _ = parameters
    d_angle, d_across, d_down, d_shear, d_right, d_below = change
    first = x * np.exp(across + 1j * angle) * (d_across + 1j * d_angle)
    second = 1j * y * np.exp(down + 1j * angle) * (d_down + 1j * d_angle)
    moved = np.array([(first + second).real + y * d_shear + d_right, (first + second).imag + d_below])
    return np.asarray(reading(parameters, x, y) + moved)


def _derivative() -> Evidence:
    a, s, g, h, t = sympy.symbols("a s g h t", real=True)
    return identity(
        "exp(w), w = s + i a, along the way from w to w + v, v = h + i g: the second derivative is v^2 exp(w + t v)",
        sympy.expand(
            sympy.diff(sympy.exp(s + t * h) * (sympy.cos(a + t * g) + sympy.I * sympy.sin(a + t * g)), t, 2)
            * sympy.exp(-s - t * h)
        ),
        sympy.expand((h + sympy.I * g) ** 2 * (sympy.cos(a + t * g) + sympy.I * sympy.sin(a + t * g))),
    )


def _modulus() -> Evidence:
    h, g, c, e = sympy.symbols("h g c e", real=True)
    whole = sympy.expand((h + sympy.I * g) ** 2 * (c + sympy.I * e))
    return identity(
        "|(h + i g)^2 (c + i e)|^2 = (h^2 + g^2)^2 (c^2 + e^2), and c^2 + e^2 = 1 for cos and sin",
        sympy.expand(sympy.re(whole) ** 2 + sympy.im(whole) ** 2),
        sympy.expand((h**2 + g**2) ** 2 * (c**2 + e**2)),
    )


def _part() -> Evidence:
    real, imaginary, modulus = z3.Reals("real imaginary modulus")
    return implication(
        "neither the real nor the imaginary part exceeds the modulus",
        [modulus >= 0, real**2 + imaginary**2 == modulus**2],
        z3.And(real <= modulus, -real <= modulus, imaginary <= modulus, -imaginary <= modulus),
        example={real: 0, imaginary: 1, modulus: 1},
    )


def _cell() -> Evidence:
    h, g, half_scale, half_angle, grown, most = z3.Reals("h g half_scale half_angle grown most")
    return implication(
        "on the cell exp(s + t h) <= exp(s + half_scale), and h^2 + g^2 is largest at its corners",
        [
            -half_scale <= h,
            h <= half_scale,
            -half_angle <= g,
            g <= half_angle,
            grown >= 0,
            grown <= most,
        ],
        grown * (h * h + g * g) <= most * (half_scale * half_scale + half_angle * half_angle),
        example={h: 0, g: 0, half_scale: 1, half_angle: 1, grown: 1, most: 1},
    )


def _formula() -> Evidence:
    s, t, f0, slope, most = sympy.symbols("s t f0 slope most", real=True)
    path = f0 + slope * t + most * t**2 / 2
    return identity(
        "f(1) - f(0) - f'(0) is the integral of (1 - t) f''(t): the weight has integral 1/2",
        path.subs(t, 1) - path.subs(t, 0) - sympy.diff(path, t).subs(t, 0),
        sympy.integrate((1 - s) * most, (s, 0, 1)),
    )


@dataclass(frozen=True)
class Cell:
    """A cell of parameters and a pixel.

    centre, half  (6,) the cell is centre + half z, z in [-1, 1]^6
    place         (2,) x and y
    z             (points, 6)
    """

    centre: Array
    half: Array
    place: Array
    z: Array


def _worlds(rng: Rng) -> Start:
    """Cells from a thousandth of a radian to half a turn, pixels near and far; the points at corners as often as not."""
    half = rng.choice([1e-3, 0.03, 0.3, 1.5]) * rng.random(6) * (rng.random(6) < rng.choice([1.0, 0.6]))
    point = np.concatenate([rng.normal(size=6), half, rng.choice([1.0, 10.0]) * rng.normal(size=2)])
    z = np.concatenate([rng.choice([-1.0, 1.0], (12, 6)), rng.uniform(-1, 1, (8, 6))])

    def build(point: Array) -> Cell:
        return Cell(np.clip(point[:6], -3, 3), np.clip(abs(point[6:12]), 0, 3), point[12:], z)

    return point, build


def _read(of: Cell) -> Reading:
    """The share of the remainder that is used at each point, in p and in q."""
    x, y = of.place
    angle, across, down = of.half[:3]
    allowed = remainder(of.centre[1], across, angle) * abs(x) + remainder(of.centre[2], down, angle) * abs(y)
    changes = of.half * of.z
    apart = np.array([reading(of.centre + change, x, y) - tangent(of.centre, change, x, y) for change in changes])
    size = float(
        np.exp(np.maximum(of.centre[1] + across, of.centre[2] + down)) * (abs(x) + abs(y)) + abs(of.centre).sum()
    )
    return Reading(hypotheses={}, left=used(abs(apart), allowed, size * 10), right=1.0)


CLAIMS = (
    Claim(
        id="continuous-taylor",
        title="The map of a warp is nearly affine in its parameters",
        source="derived from Taylor's formula; the affine distortions of the audit",
        statement=r"p+iq=xe^{s+ia}+iye^{t+ia}+y\,shear+right+i\,below;\quad |\Delta s|\leq h_s,\ |\Delta t|\leq h_t,\ "
        r"|\Delta a|\leq g:\quad |p-p_0-\nabla p\cdot\Delta|,\ |q-q_0-\nabla q\cdot\Delta|\leq "
        r"|x|\frac{e^{s+h_s}(h_s^2+g^2)}{2}+|y|\frac{e^{t+h_t}(h_t^2+g^2)}{2}",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="Along the way from the centre to a point of the cell the second derivative of x exp(s + i a) is bounded "
        "by `derivative`, `modulus`, `part` and `cell`; multiplied by 1 - t and integrated from 0 to 1 it is what the "
        "tangent lacks (`formula`). i y exp(t + i a) likewise, with t and y; `triangle` adds them. Shear and shifts enter "
        "affinely.",
        trusted=("Taylor's formula with the remainder as an integral", "exp rises"),
        steps={
            "derivative": _derivative,
            "modulus": _modulus,
            "part": _part,
            "cell": _cell,
            "formula": _formula,
            "triangle": triangle,
        },
    ),
)

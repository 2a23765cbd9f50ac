"""Phase pictures: over a plane of circles, where each form of Theorem 1 certifies, and the true error there.

Source: the planes are ours; the forms are those of `theory.theorem1`, the worlds those of `simulate.circle`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulate import theorem1
from simulate.circle.world import Circle
from simulate.sweep import DELTAS
from theory.setting import Array
from theory.theorem1 import FORMS

CAP = 9.0
"""Margins are cut to [-CAP, CAP] for the picture, which draws where they change sign."""


@dataclass(frozen=True)
class Plane:
    """A grid of worlds, X columns and Y rows.

    name, title     of the plane
    x_name, y_name  what the axes are
    x (X,), y (Y,)  the values
    error           (Y, X) Err(G_f)
    margin          by form, (Y, X): the best margin over (eps, delta) of the class that meets the form least; positive
                    where every class is certified
    certified       by form, (Y, X): the least certified error over (eps, delta)
    """

    name: str
    title: str
    x_name: str
    y_name: str
    x: Array
    y: Array
    error: Array
    margin: dict[str, Array]
    certified: dict[str, Array]


def plane(
    name: str, title: str, x_name: str, y_name: str, x: Array, y: Array, model: Callable[[float, float], Circle]
) -> Plane:
    """The plane of model(x, y), lever local."""
    shape = (len(y), len(x))
    error = np.empty(shape)
    margin: dict[str, Array] = {form: np.empty(shape) for form in FORMS}
    certified: dict[str, Array] = {form: np.empty(shape) for form in FORMS}
    for i, j in np.ndindex(shape):
        factors = theorem1.factors_of(model(float(x[j]), float(y[i])), DELTAS, "local")
        error[i, j] = factors.error
        for form, held in theorem1.hold_all(factors).items():
            margin[form][i, j] = np.clip(held.margins.min(axis=1).max(), -CAP, CAP)
            certified[form][i, j] = held.bound.min()
    return Plane(name, title, x_name, y_name, x, y, error, margin, certified)


def share_and_spread(points: int = 21) -> Plane:
    """(sigma, s): two opposite classes, each nearly a point, a share 1 - sigma at the other; views spread f by s."""

    def model(sigma: float, s: float) -> Circle:
        a = math.asin(s / 4)  # views 2 a apart are eps = 2 r sin(a) apart, and delta = 0 will do: s = 2 eps
        return Circle((0.0, math.pi), (0.5, 0.5), (1e-3, 1e-3), (a,), (1.0,), 1 - sigma)

    return plane(
        "share-spread",
        "two opposite classes",
        "share sigma of a class in its main part",
        "spread s = 2 eps / r of the views",
        np.linspace(0.51, 1.0, points),
        np.linspace(0.0, 2.0, points),
        model,
    )


def spread_and_strength(points: int = 21) -> Plane:
    """(s_k, a): three classes at equal angles, 1% of each at another one; spread within a class and strength of views."""

    def model(spread: float, a: float) -> Circle:
        centres = (0.0, 2 * math.pi / 3, -2 * math.pi / 3)
        return Circle(centres, (1 / 3,) * 3, (spread,) * 3, (a,), (1.0,), 0.01)

    return plane(
        "spread-strength",
        "three classes, 1% of each at another",
        "spread of a class (radians)",
        "strength a of the views (radians)",
        np.geomspace(0.003, 0.8, points),
        np.linspace(0.0, 0.6, points),
        model,
    )


def planes() -> list[Plane]:
    """All planes of the report."""
    return [share_and_spread(), spread_and_strength()]


def as_json(found: Plane) -> dict[str, Any]:
    """The plane as plain lists, margins and errors to five digits."""

    def short(values: Array) -> list[Any]:
        return [[float(f"{value:.5g}") for value in row] for row in values]

    return {
        "name": found.name,
        "title": found.title,
        "x_name": found.x_name,
        "y_name": found.y_name,
        "x": found.x.tolist(),
        "y": found.y.tolist(),
        "error": short(found.error),
        "margin": {form: short(values) for form, values in found.margin.items()},
        "certified": {form: short(values) for form, values in found.certified.items()},
    }

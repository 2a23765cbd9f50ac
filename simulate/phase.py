"""Phase pictures: over a plane of worlds, where each form of Theorem 1 certifies every class, and the true error there.

Source: the planes are ours and belong to their model; the forms are those of `theory.theorem1`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulate.theorem1 import Factors, evaluate_all
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
    name: str, title: str, x_name: str, y_name: str, x: Array, y: Array, factors_at: Callable[[float, float], Factors]
) -> Plane:
    """The plane of the worlds whose factors are factors_at(x, y)."""
    shape = (len(y), len(x))
    error = np.empty(shape)
    margin: dict[str, Array] = {form: np.empty(shape) for form in FORMS}
    certified: dict[str, Array] = {form: np.empty(shape) for form in FORMS}
    for i, j in np.ndindex(shape):
        factors = factors_at(float(x[j]), float(y[i]))
        error[i, j] = factors.error
        for form, values in evaluate_all(factors).items():
            margin[form][i, j] = np.clip(values.margins.min(axis=1).max(), -CAP, CAP)
            certified[form][i, j] = values.bound.min()
    return Plane(name, title, x_name, y_name, x, y, error, margin, certified)


def as_json(plane: Plane) -> dict[str, Any]:
    """The plane as plain lists, margins and errors to five digits."""

    def short(values: Array) -> list[Any]:
        return [[float(f"{value:.5g}") for value in row] for row in values]

    return {
        "name": plane.name,
        "title": plane.title,
        "x_name": plane.x_name,
        "y_name": plane.y_name,
        "x": plane.x.tolist(),
        "y": plane.y.tolist(),
        "error": short(plane.error),
        "margin": {form: short(values) for form, values in plane.margin.items()},
        "certified": {form: short(values) for form, values in plane.certified.items()},
    }

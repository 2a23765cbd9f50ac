"""A main part is no ball: samples pairwise within delta need not lie in a ball of diameter delta."""

from fractions import Fraction
from typing import Any

import numpy as np

from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.setting import Array
from theory.worlds import nearest_views


def square_radius(points: Array) -> Any:
    """mean ||x - mean x||^2 of samples (n, D): the square of the radius of any ball that holds them is no smaller.

    max_i ||x_i - c||^2 >= mean_i ||x_i - c||^2 = mean_i ||x_i - mean||^2 + ||c - mean||^2.
    """
    centred = points - points.sum(axis=0) / len(points)
    return (centred**2).sum() / len(points)


def _triangle() -> Evidence:
    corners = np.array([[Fraction(int(i == j)) for j in range(3)] for i in range(3)], dtype=object)
    squares = [((corners[i] - corners[j]) ** 2).sum() for i in range(3) for j in range(i)]
    diameter, radius = max(squares), square_radius(corners)
    return Evidence(
        kind="witness",
        summary=f"an equilateral triangle under the identity: delta^2 = {diameter}, and a ball that holds it has a squared "
        f"radius of {radius} > {diameter / 4} = (delta/2)^2 or more",
        direction="against",
        holds=bool(radius > diameter / 4),
        claimed=f"squared radius <= {diameter / 4}",
        computed=f"squared radius >= {radius}",
        slack=float(diameter / 4 - radius),
    )


def _worlds(rng: Rng) -> Start:
    """Three or four samples, each its own only view."""
    points = rng.normal(size=(int(rng.integers(3, 5)), 2))
    return points.ravel(), lambda point: point.reshape(points.shape)


def _read(points: Array) -> Reading:
    """The left side is a lower bound on the radius of any ball; its centre may be any point of the space."""
    return Reading(hypotheses={}, left=np.sqrt(square_radius(points)), right=nearest_views(points[:, None]).max() / 2)


CLAIMS = (
    Claim(
        id="main-part-ball",
        title="A main part lies in a ball of diameter delta",
        source="Huang et al., ICLR 2023, words after the definition of (sigma, delta)-augmentation",
        statement=r"\sup_{x_1,x_2\in C_k^0}d_A(x_1,x_2)\leq\delta\ \Rightarrow\ \exists c:\ "
        r"\min_{x^\prime\in A(x)}\|x^\prime-c\|\leq\delta/2\ \forall x\in C_k^0",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.REFUTED,
        other={
            "triangle": _triangle,
        },
    ),
)

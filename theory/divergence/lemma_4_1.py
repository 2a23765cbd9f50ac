"""Lemma 4.1 of Huang et al. (ICLR 2023): L_1 of the cross-correlation loss bounds the alignment loss.

Notation: C = E f(x1) f(x2)^T with E f_i^2 = 1, L_1 = sum_i (1 - C_ii)^2.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.families import FeatureWorld, normalised_features
from theory.divergence.losses import LINEAR, cross_correlation, diagonal_distance
from theory.elementary import sqrt
from theory.falsification import Point, Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.moments import expectation
from theory.prove import identity, implication
from theory.setting import Array


def correlation_alignment(C: Array) -> Any:
    """L_align = 2 sum_i (1 - C_ii) where E f_i^2 = 1; C (d, d). Huang et al., Lemma 4.1."""
    return 2 * (1 - np.diagonal(C)).sum()


def alignment_limit(d: Any, L_1: Any) -> Any:
    """2 sqrt(d L_1) >= L_align where E f_i^2 = 1. Huang et al., Lemma 4.1."""
    return 2 * sqrt(d * L_1)


def _expansion() -> Evidence:
    x, y, mean, square = sympy.symbols("x y mean square", real=True)
    law = (mean, square)
    C = np.array([[expectation(x * y, (x, law), (y, law))]])
    return identity(
        "given x, E (f_i(x1) - f_i(x2))^2 = 2 (1 - C_ii) + 2 (E f_i^2 - 1), for every law of the views",
        expectation((x - y) ** 2, (x, law), (y, law)),
        correlation_alignment(C) + 2 * (square - 1),
    )


def _cauchy_schwarz_step() -> Evidence:
    n, total, squares, y = z3.Reals("n total squares y")
    return implication(
        "(y_1 + .. + y_n)^2 <= n (y_1^2 + .. + y_n^2) is inherited by n + 1 coordinates",
        [n >= 1, total * total <= n * squares],
        (total + y) * (total + y) <= (n + 1) * (squares + y * y),
        example={n: 1, total: 1, squares: 1, y: 2},
    )


def _limit() -> Evidence:
    d, L_1 = sympy.symbols("d L_1", positive=True)
    return identity(
        "(2 sqrt(d L_1))^2 = 4 d L_1: the bound on (2 sum y_i)^2", alignment_limit(d, L_1) ** 2, 4 * d * L_1
    )


def _worlds(rng: Rng) -> Start:
    """Features with E f_i^2 = 1; half of them hold one coordinate several times, so that all C_ii agree: equality."""
    point, build = normalised_features(rng)
    copies = int(rng.choice([0, 0, 1, 3]))

    def copied(moved: Point) -> FeatureWorld:
        drawn: FeatureWorld = build(moved)
        return replace(drawn, features=np.repeat(drawn.features[:, :, :1], copies, axis=2)) if copies else drawn

    return point, copied


def _reading(drawn: FeatureWorld) -> Reading:
    """The equality and the bound; L_align from the distances of all pairs of views."""
    apart = ((drawn.features[:, :, None] - drawn.features[:, None]) ** 2).sum(axis=3).mean()
    C = cross_correlation(drawn.features)
    limit = alignment_limit(len(C), diagonal_distance(C))
    return Reading(
        hypotheses={}, left=np.array([abs(apart - correlation_alignment(C)), apart]), right=np.array([0.0, limit])
    )


CLAIMS = (
    Claim(
        id="lemma-4.1",
        title="L_1 bounds alignment: L_align <= 2 sqrt(d L_1)",
        source="Huang et al., ICLR 2023, Lemma 4.1",
        statement=r"E f_i^2=1\ \forall i\ \Rightarrow\ L_{align}=2\sum_i(1-C_{ii})\leq 2\sqrt{d\,L_1}",
        predicate=Predicate(worlds=_worlds, read=_reading),
        expected=Verdict.PROVED,
        reduction="Coordinate by coordinate, E (f_i(x1) - f_i(x2))^2 = 2 E f_i^2 - 2 C_ii (`expansion` given x; then "
        "the mean over x), which is 2 (1 - C_ii). With y_i = 1 - C_ii, (sum y_i)^2 <= d sum y_i^2 holds for d = 1 "
        "and passes from n to n + 1 coordinates; so L_align^2 = (2 sum y_i)^2 <= 4 d L_1 (`limit`). Equality where all "
        "C_ii agree.",
        trusted=(LINEAR,),
        steps={
            "expansion": _expansion,
            "one more coordinate": _cauchy_schwarz_step,
            "limit": _limit,
        },
    ),
)

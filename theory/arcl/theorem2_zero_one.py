"""Theorem 2 of ArCL, even corrected, with the 0-1 loss that Example 1 has: refuted, since a loss that jumps has no c.

Source: Theorem 2 of ArCL (Zhao et al., ICLR 2023, arXiv 2303.01092) as the lecture states it. Notation as in
`theorem2_corrected`.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import z3

from theory.arcl.augmentation_robust import robust_displacement
from theory.arcl.linear_heads import head_norm, head_risk, zero_one_loss
from theory.arcl.theorem2_corrected import LECTURE, transfer_bound, transfer_excess
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array


def _sign_sample(d: Any) -> tuple[Array, Array]:
    """Y = 1, f(A X) = d/2, f(A' X) = -d/2. Features (1, 2, 1) and targets (1,)."""
    return np.array([[[d / 2], [-d / 2]]]), np.array([1])


def _sign_witness() -> Evidence:
    """The pinned worlds, exactly."""
    d, bounds, holds = Fraction(1, 2), [], True
    for c in (Fraction(1), Fraction(10) ** 3, Fraction(10) ** 6):
        t = 1 / (4 * c * d)
        features, targets = _sign_sample(d)
        own, other = np.array([t]), np.array([-t])
        errors = [head_risk(h, features[:, view], targets, zero_one_loss) for view, h in enumerate((own, other))]
        left = transfer_excess(own, other, features[:, 0], targets, zero_one_loss)
        bounds.append(transfer_bound(c, t, t, robust_displacement(features)))
        holds = holds and errors == [0, 0] and left == 1 > bounds[-1]
    return Evidence(
        kind="witness",
        summary=f"Y = 1, f(A X) = 1/4, f(A' X) = -1/4, heads +-1/(2 c), both without error on their domains: left 1 > "
        f"{bounds[0]} = right, for c = 1, 10^3, 10^6",
        direction="against",
        holds=holds,
        claimed="R(h_A' o f; D_A) - R(h_A o f; D_A) <= 1/2",
        computed="1",
        slack=float(max(bounds) - 1),
    )


def _every_constant() -> Evidence:
    c, d, t = z3.Reals("c d t")
    fails = implication(
        "for EVERY c: heads +-t with 2 c t d < 1 are without error on their domains, and the left side, 1, exceeds the right",
        [c > 0, d > 0, t > 0, 2 * c * t * d < 1],
        z3.And(t * (d / 2) >= 0, -t * (-d / 2) >= 0, -t * (d / 2) < 0, transfer_bound(c, t, t, d) < 1),
        example={c: 1, d: "1/2", t: "1/2"},
    )
    return replace(fails, direction="against")


@dataclass(frozen=True)
class Signs:
    """`_sign_sample` of d > 0, heads +-t of t > 0, and a constant c > 0."""

    d: float
    t: float
    c: float


def _signs(rng: Rng) -> Start:
    """Constants of every size; heads of any norm, or small enough."""
    d, c = 10.0 ** rng.uniform(-3, 1), 10.0 ** rng.uniform(0, 6)
    t = 1 / (4 * c * d) if rng.random() < 0.5 else 10.0 ** rng.uniform(-3, 3)
    return np.log([d, t, c]), lambda point: Signs(*np.exp(np.clip(point, -30, 30)).tolist())


def _zero_one(world: Signs) -> Reading:
    """The excess against the bound, for the c of the world; `every c` says that no c will do."""
    features, targets = _sign_sample(world.d)
    own, other = np.array([world.t]), np.array([-world.t])
    errors = sum(head_risk(h, features[:, view], targets, zero_one_loss) for view, h in enumerate((own, other)))
    bound = transfer_bound(world.c, head_norm(own), head_norm(other), robust_displacement(features))
    left = transfer_excess(own, other, features[:, 0], targets, zero_one_loss)
    return Reading(hypotheses={"both heads without error": 0.5 - errors}, left=left, right=bound)


CLAIMS = (
    Claim(
        id="arcl-2-zero-one",
        title="Corrected Theorem 2 of ArCL with the 0-1 loss",
        source="derived from " + LECTURE,
        statement=r"\exists c:\ 0\leq R(h_{A'}\circ f;D_A)-R(h_A\circ f;D_A)\leq c\,(\|h_A\|+\|h_{A'}\|)\,"
        r"E_X\sup_{A_1,A_2}\|f(A_1X)-f(A_2X)\|,\quad R\ \mathrm{with\ the\ 0{-}1\ loss\ of\ Example\ 1}",
        expected=Verdict.REFUTED,
        reduction="The lecture states Theorem 2 beside Example 1, which has the 0-1 loss, and does not say what c is. One "
        "sample with Y = 1, f(A X) = d/2, f(A' X) = -d/2: 1(h f >= 0) with h = t is right on D_A, with h = -t on D_A', both "
        "without error, and h_A' is wrong on D_A. The left side is 1, the right one 2 c t d, as small as we like: by the "
        "scale t of the heads, or, at heads of any norm, by d. A loss that jumps has no c.",
        predicate=Predicate(worlds=_signs, read=_zero_one),
        other={
            "one sample": _sign_witness,
            "every c": _every_constant,
        },
    ),
)

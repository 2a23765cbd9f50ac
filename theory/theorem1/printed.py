"""Theorem 1 as printed: its proof is broken (see `lemmas`), its conclusion is proved here by another one.

Notation: units of r; u = f(x0) for x0 in C_l^0 and S_eps; p = mu_l = alpha v + (1 - alpha) b with v a mean of unit vectors
within s of u and ||b|| <= 1; q = mu_k with ||q|| <= 1; x0 misclassified as k means ||u - q|| <= ||u - p||.
With b = 1 - alpha <= rho and s <= rho - b, p lies in the ball of radius E = b + (1 - b)(rho - b) about (1 - b) u; with
w = ||p|| and D = ||u - p|| that ball reads b w^2 + (1 - b) D^2 <= E^2 + b (1 - b) (Stewart).
"""

from fractions import Fraction
from typing import Any

import flint
import sympy
import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication, positive_on_box, rational
from theory.theorem1.forms import rho_printed, threshold
from theory.theorem1.lemmas import AVERAGES, PAPER, cauchy_schwarz, union_bound
from theory.theorem1.search import searched


def _reach(b: Any, rho: Any) -> Any:
    return b + (1 - b) * (rho - b)


def _parameters() -> Evidence:
    sigma, q, s, rho = z3.Reals("sigma q s rho")
    b = 1 - (sigma - q)
    return implication(
        "parameters",
        "rho <= 1 and alpha = sigma - R/p_l imply 0 <= b := 1 - alpha <= rho and s <= rho - b",
        [sigma >= 0, sigma <= 1, q >= 0, s >= 0, rho == rho_printed(sigma, q, 1, s), rho <= 1],
        z3.And(b >= 0, b <= rho, s <= rho - b),
        example={sigma: 1, q: "1/10", s: "1/10", rho: "1/5"},
    )


def _stewart() -> Evidence:
    up, b, x = sympy.symbols("up b w2")
    D2 = 1 - 2 * up + x
    centred = x - 2 * (1 - b) * up + (1 - b) ** 2
    return identity(
        "Stewart",
        "||p - (1-b) u||^2 = b ||p||^2 + (1-b) ||u - p||^2 - b (1-b)",
        centred,
        b * x + (1 - b) * D2 - b * (1 - b),
    )


def _small_rho() -> Evidence:
    rho, root, b, up, w, D = z3.Reals("rho root b up w D")
    return implication(
        "rho <= 2/9",
        "D <= b + E <= 2 rho and p.q >= u.p - ||p|| D >= 1 - 2 D >= 1 - 4 rho >= 1 - rho - sqrt(2 rho)",
        [
            rho >= 0,
            rho <= rational("2/9"),
            root >= 0,
            root * root == 2 * rho,
            b >= 0,
            b <= rho,
            D >= 0,
            D <= b + _reach(b, rho),
            up >= 1 - D,
            w >= 0,
            w <= 1,
        ],
        up - w * D >= threshold(rho, root),
        example={rho: 0, root: 0, b: 0, up: 1, w: 1, D: 0},
    )


def _middle_rho() -> Evidence:
    def margin(root: flint.arb, fraction: flint.arb, w: flint.arb) -> flint.arb:
        rho = root * root / 2
        b = fraction * rho
        E = _reach(b, rho)
        widest = b + (E * E - b * w * w) / (1 - b)  # D^2 is at most this
        tau = -threshold(rho, root)
        # p.q >= -w settles w < tau; else u.p - w D >= -tau asks w + D <= sqrt(1 + 2 w^2 + 2 tau)
        room = (1 + 2 * w * w + 2 * tau).sqrt() - w
        return (tau - w).max(room.min(room * room - widest))

    return positive_on_box(
        "2/9 <= rho <= 25/32",
        "max(-||p||, u.p - ||p|| D) > 1 - rho - sqrt(2 rho) on the whole compact parameter set",
        margin,
        ((Fraction(2, 3), Fraction(5, 4)), (Fraction(0), Fraction(1)), (Fraction(0), Fraction(1))),
    )


def _large_rho() -> Evidence:
    rho, root = z3.Reals("rho root")
    return implication(
        "rho >= 25/32",
        "the threshold is at most -1 <= p.q, so the condition is never met",
        [rho >= rational("25/32"), root >= 0, root * root == 2 * rho],
        threshold(rho, root) <= -1,
        example={rho: 2, root: 2},
    )


CLAIMS = (
    Claim(
        id="thm-1-printed",
        title="Theorem 1 as printed, by another proof",
        source=PAPER,
        statement=r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k"
        r"\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        steps=(
            "parameters",
            "Stewart",
            "Cauchy-Schwarz",
            "rho <= 2/9",
            "2/9 <= rho <= 25/32",
            "rho >= 25/32",
            "union bound",
        ),
        reduction="The printed proof fails (lemma-3.2-printed-step), the conclusion stands, even without Delta_mu/2 >= 0. "
        "rho := rho_l <= rho_max. For rho >= 25/32 the condition cannot be met. Else `parameters` gives b = 1 - alpha <= rho "
        "and s <= rho - b, so p = (1-b) v + b b' with ||v - u|| <= s lies within E = b + (1-b)(rho-b) of (1-b) u, which by "
        "`Stewart` bounds D = ||u - p|| in terms of w = ||p||. Misclassified means ||u - q|| <= D, so p.q >= u.p - w D "
        "(`Cauchy-Schwarz`) and p.q >= -w. For rho <= 2/9, D <= b + E and u.p >= 1 - D suffice; in between, branch and "
        "bound in ball arithmetic shows that one of the two bounds exceeds the threshold. If sigma < R/p_l then alpha = 0 "
        "serves, and rho >= 2 - sigma >= 1.",
        trusted=(AVERAGES,),
        checks=(
            _parameters,
            _stewart,
            cauchy_schwarz,
            _small_rho,
            _middle_rho,
            _large_rho,
            union_bound,
            lambda: searched("printed"),
        ),
    ),
)

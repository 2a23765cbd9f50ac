"""Steps that the proofs of Theorem 2 and of its sharpened forms share.

Notation: a sample x outside S_eps has two views at distance D > eps in feature space, D the sup over its views. Lengths are
nonnegative reals; `cube` is the volume h^n of a cube of parameters, `atom` the share 1/m of a discrete view.
"""

import sympy
import z3

from theory.ledger import Evidence
from theory.prove import identity, implication
from theory.theorem2.bounds import free_side, objective

MONOTONE = (
    "a differentiable function on an interval rises where its derivative is positive and falls where it is negative"
)
ATTAINED = "the sup over the views is attained: theta -> f(A_theta(x)) is continuous on the compact [0,1]^n"


def markov() -> Evidence:
    """Two atoms: the samples outside S_eps, and the rest."""
    share, t, outside, inside = z3.Reals("share t outside inside")
    return implication(
        "a nonnegative quantity that is >= t on a share R of the samples has mean >= R t",
        [share >= 0, share <= 1, t >= 0, outside >= t, inside >= 0],
        share * outside + (1 - share) * inside >= share * t,
        example={share: "1/2", t: 1, outside: 2, inside: 0},
    )


def jensen() -> Evidence:
    """Two atoms; a general mean follows by induction and in the limit."""
    w, a, b = z3.Reals("w a b")
    return implication(
        "(E Y)^2 <= E Y^2, so E||f1 - f2|| <= sqrt(L_align)",
        [w >= 0, w <= 1],
        (w * a + (1 - w) * b) ** 2 <= w * a * a + (1 - w) * b * b,
        example={w: "1/2", a: 1, b: 0},
    )


def cube() -> Evidence:
    """One coordinate of the cube around a parameter, pushed inside [0, 1] where it would stick out."""
    t, h = z3.Reals("t h")
    low = z3.If(t + h <= 1, t, 1 - h)
    return implication(
        "every t in [0,1] lies in an interval of length h <= 1 inside [0,1]: "
        "a cube of volume h^n around theta fits in [0,1]^n",
        [t >= 0, t <= 1, h > 0, h <= 1],
        z3.And(low >= 0, low + h <= 1, low <= t, t <= low + h),
        example={t: "9/10", h: "1/2"},
    )


def side() -> Evidence:
    """The derivative of log(h^p (eps - c h)^q), for all p and q."""
    h, eps, rate, p, q = sympy.symbols("h epsilon c p q", positive=True)
    logarithm = p * sympy.log(h) + q * sympy.log(eps - rate * h)
    return identity(
        "d/dh log(h^p (eps - c h)^q) = (p+q) c (h* - h)/(h (eps - c h)): the product rises up to h* and falls beyond",
        sympy.diff(logarithm, h),
        (p + q) * rate * (free_side(eps, rate, p, q) - h) / (h * (eps - rate * h)),
    )


def clip(power: int) -> Evidence:
    """The objective where its weight no longer grows with h; eps = c g + gap exceeds c g, at the larger side g."""
    weight, h, g, gap, rate = z3.Reals("weight h g gap c")
    eps = rate * g + gap
    return implication(
        "beyond h = m^(-1/n) the weight is constant and the objective rises: the minimiser is min(h*, m^(-1/n)) <= 1",
        [weight > 0, rate > 0, h > 0, h <= g, gap > 0],
        objective(weight, h, eps, rate, power) <= objective(weight, g, eps, rate, power),
        example={weight: 1, rate: 1, h: "1/4", g: "1/2", gap: "1/2"},
    )


def at_most(summary: str) -> Evidence:
    """Induction over the terms of a sum, each at most t."""
    k, t, total, term = z3.Reals("k t total term")
    return implication(
        summary,
        [k >= 0, total <= k * t, term <= t],
        total + term <= (k + 1) * t,
        example={k: 1, t: 1, total: 1, term: 1},
    )

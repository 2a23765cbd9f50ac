"""Steps that the proofs of Theorem 2 and of its sharpened forms share.

Notation: a sample x outside S_eps has two views at distance D > eps in feature space, D the sup over its views. Lengths are
nonnegative reals; `cube` is the volume h^n of a cube of parameters, `atom` the share 1/m of a discrete view.
"""

from collections.abc import Callable
from typing import Any

import sympy
import z3

from theory.ledger import Evidence
from theory.prove import identity, implication
from theory.theorem2.bounds import free_side, objective

MONOTONE = (
    "a differentiable function on an interval rises where its derivative is positive and falls where it is negative"
)
ATTAINED = "the sup over the views is attained: theta -> f(A_theta(x)) is continuous on the compact [0,1]^n"


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


def far() -> Evidence:
    """The two views, or the means over their neighbourhoods, against the features that attain D."""
    D, c, h, eps, first, second, distance = z3.Reals("D c h eps first second distance")
    return implication(
        "within c h/2 of the two features at distance D > eps: further apart than eps - c h > 0 (`triangle`, twice)",
        [
            D > eps,
            c > 0,
            h > 0,
            c * h < eps,
            first >= 0,
            first <= c * h / 2,
            second >= 0,
            second <= c * h / 2,
            D <= first + distance + second,
        ],
        z3.And(distance > eps - c * h, distance * distance >= (eps - c * h) * (eps - c * h)),
        example={D: 2, eps: 1, c: 1, h: "1/2", first: 0, second: 0, distance: 2},
    )


def lost(parameters: Callable[[Any], Any], rate: Callable[[Any, Any, Any], Any]) -> Evidence:
    """parameters: bound on ||theta - theta*||^2 per coordinate from h; rate: c from n, L, M."""
    n, L, M, h = sympy.symbols("n L M h", positive=True)
    return identity(
        "two displacements of at most L M ||theta - theta*|| each lose the rate times h together",
        2 * L * M * sympy.sqrt(n * parameters(h)),
        rate(n, L, M) * h,
    )

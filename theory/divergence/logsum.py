"""log(e^a + e^b): the term of InfoNCE, its tangent planes, and with them Jensen's inequality in any number of atoms."""

from typing import Any

import flint
import numpy as np
import sympy
import z3

from theory.ledger import Evidence
from theory.prove import identity, implication

EXPONENTIAL = "e^x >= 1 + x, and exp and log increase"


def exp(x: Any) -> Any:
    """e^x of a float, an array, a SymPy expression or a ball."""
    if isinstance(x, sympy.Basic):
        return sympy.exp(x)
    return x.exp() if isinstance(x, flint.arb) else np.exp(x)


def log(x: Any) -> Any:
    """Natural logarithm of a float, an array, a SymPy expression or a ball."""
    if isinstance(x, sympy.Basic):
        return sympy.log(x)
    return x.log() if isinstance(x, flint.arb) else np.log(x)


def log_sum(a: Any, b: Any) -> Any:
    """log(e^a + e^b); arrays broadcast, and floats do not overflow."""
    if isinstance(a, sympy.Basic) or isinstance(b, sympy.Basic) or isinstance(a, flint.arb):
        return log(exp(a) + exp(b))
    return np.logaddexp(a, b)


def first_weight(a: Any, b: Any) -> Any:
    """e^a / (e^a + e^b), the derivative of `log_sum` in a, in (0, 1)."""
    return 1 / (1 + exp(b - a))


def ratio() -> Evidence:
    """What the step `tangent` is about."""
    a, b, a0, b0 = sympy.symbols("a b a0 b0", real=True)
    q = first_weight(a0, b0)
    return identity(
        "(e^a + e^b)/(e^a0 + e^b0) = q e^(a-a0) + (1-q) e^(b-b0) with q = e^a0/(e^a0 + e^b0)",
        exp(log_sum(a, b) - log_sum(a0, b0)),
        q * exp(a - a0) + (1 - q) * exp(b - b0),
    )


def tangent() -> Evidence:
    """Tangent planes lie below, from e^x >= 1 + x at two points."""
    q, u, v, grown, fallen = z3.Reals("q u v grown fallen")
    rise = q * u + (1 - q) * v
    return implication(
        "q e^u + (1-q) e^v >= e^(q u + (1-q) v): log(e^a + e^b) lies above its tangent plane at (a0, b0), u = a-a0, v = b-b0",
        [q >= 0, q <= 1, grown >= 1 + (u - rise), fallen >= 1 + (v - rise)],
        q * grown + (1 - q) * fallen >= 1,
        example={q: "1/2", u: 1, v: 0, grown: 2, fallen: 1},
    )


def hessian() -> Evidence:
    """Convexity by calculus, beside the tangent planes."""
    a, b, s, t = sympy.symbols("a b s t", real=True)
    second = sympy.hessian(log_sum(a, b), (a, b))
    direction = sympy.Matrix([s, t])
    q = first_weight(a, b)
    return identity(
        "the second derivative of log(e^a + e^b) along (s, t) is q (1-q) (s-t)^2 >= 0: jointly convex",
        (direction.T * second * direction)[0],
        q * (1 - q) * (s - t) ** 2,
    )


JENSEN = (
    "By `ratio` and `tangent`, log(e^a + e^b) >= log(e^a0 + e^b0) + q (a - a0) + (1-q) (b - b0) at every point; the "
    "mean of both sides at a0 = E a, b0 = E b is Jensen's inequality for any distribution (no induction over atoms "
    "is needed; `Hessian` shows the same convexity by calculus)."
)

"""sqrt, max(x, 0), atan and the normal tail for whatever a formula is fed: floats, NumPy arrays, Fractions, SymPy symbols.

A formula of `theory` is written once and both proved (symbols, exact numbers) and run (floats, arrays).
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
import z3
from scipy import special


def _exact_sqrt(x: Fraction) -> Fraction:
    p, q = math.isqrt(x.numerator), math.isqrt(x.denominator)
    if p * p != x.numerator or q * q != x.denominator:
        raise ValueError(f"x={x}: its root is not rational, as distances of an exact world must be; change the witness")
    return Fraction(p, q)


def sqrt(x: Any) -> Any:
    """Square root; exact on Fractions (ValueError where it is irrational), symbolic on SymPy expressions."""
    if isinstance(x, sympy.Basic):
        return sympy.sqrt(x)
    if isinstance(x, Fraction):
        return _exact_sqrt(x)
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.frompyfunc(sqrt, 1, 1)(x)
    if isinstance(x, float | int):
        return math.sqrt(x)
    return np.sqrt(x)


def positive_part(x: Any) -> Any:
    """max(x, 0) of a number, an array, a SymPy expression or a Z3 term."""
    if isinstance(x, sympy.Basic):
        return sympy.Max(x, 0)
    if isinstance(x, z3.ExprRef):
        return z3.If(x >= 0, x, 0)
    return np.maximum(x, 0) if isinstance(x, np.ndarray) else max(x, 0)


def atan(x: Any) -> Any:
    """Arctangent of a float, an array or a SymPy expression."""
    return sympy.atan(x) if isinstance(x, sympy.Basic) else np.arctan(x)


def normal_tail(x: Any) -> Any:
    """P[N(0,1) >= x] of a float, an array or a SymPy expression."""
    if isinstance(x, sympy.Basic):
        return sympy.erfc(x / sympy.sqrt(2)) / 2
    return special.ndtr(-x)

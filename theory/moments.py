"""Expectations of polynomials in independent random variables by their moments: identities for every law."""

import math
from collections.abc import Sequence
from typing import Any

import sympy

Law = tuple[sympy.Symbol, Sequence[Any]]
"""A random variable x with its moments (E x, E x^2, ...)."""


def expectation(polynomial: Any, *laws: Law) -> Any:
    """E of a polynomial in independent random variables; its other symbols are constants.

    By linearity, monomial by monomial: E x^a y^b = E x^a E y^b.
    """
    terms = sympy.Poly(polynomial, *(x for x, _ in laws)).terms()
    return sum(
        coefficient * math.prod(moments[k - 1] for k, (_, moments) in zip(powers, laws, strict=True) if k)
        for powers, coefficient in terms
    )

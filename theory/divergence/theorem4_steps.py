"""Steps that the proofs of Theorem 4 and of its sharper forms share. Formulas and notation: `crosscorrelation`.

X = M - I_d, Y = U^T U - I_K, U = [sqrt(p_k) mu_k], C - I = X + S.
"""

from typing import Any

import sympy
import z3

from theory.divergence.crosscorrelation import correlations, least_block, lopsided_square
from theory.ledger import Evidence
from theory.moments import expectation
from theory.prove import identity, implication
from theory.setting import Array

THEOREM_4 = "Huang et al., ICLR 2023, Theorem 4"
TAU = r",\quad\tau'\geq\|C-\sum_kp_k\mu_k\mu_k^\top\|_F^2"
SPECTRUM = "spectral theorem; U U^T and U^T U have the same non-zero eigenvalues"
PEIERLS = (
    "Peierls: a convex function sums to no more over a diagonal, in any orthonormal basis, than over the eigenvalues"
)
CENTRED = (
    "sqrt(p) is a unit vector, and E f = sum_l p_l mu_l = 0 makes it an eigenvector of Y = U^T U - I with eigenvalue -1 "
    "(`centred`). "
)
SPECTRAL = (
    "Write S in an eigenbasis of X: its diagonal s_i is >= 0, and dropping what is off the diagonal, L_2 + theta "
    "||S||^2 >= sum_i (x_i + s_i)^2 + theta s_i^2 >= sum_i f(x_i) by `eigenvalue`. X has the eigenvalues of Y and d "
    "- K times -1 beside them (K - d fewer if K > d), and f(-1) = kappa: sum_i f(x_i) = kappa (d - K) + sum "
    "f(eigenvalues of Y). f is `convex`, so the diagonal of Y in any orthonormal basis, whose entries average the "
    "eigenvalues with weights that sum to 1 both ways, has the smaller sum. "
)


def pair_of(features: Array, labels: Array) -> tuple[Any, Any, Any, Any, Any]:
    """mu_1.mu_2, L_2, ||S||_F^2, p_1 p_2 and d - K of an exact world."""
    moments = correlations(features, labels)
    return moments.gram[0, 1], moments.loss, moments.scatter, moments.share[0, 1], moments.excess


def split() -> Evidence:
    """C = M + S, with S a mean of z z^T."""
    y, mean, square = sympy.symbols("y mean square", real=True)
    law = (y, (mean, square))
    return identity(
        "along every v, y = v.E_x1 f(x1) has E y^2 = (E y)^2 + E (y - E y)^2 in every class",
        expectation(y**2, law),
        mean**2 + expectation((y - mean) ** 2, law),
    )


def centred() -> Evidence:
    """An eigenvalue of Y that E f = 0 forces."""
    p_k, p_l = sympy.symbols("p_k p_l", positive=True)
    product = sympy.Symbol("m_kl", real=True)
    return identity(
        "the term l of (U^T U sqrt(p))_k is sqrt(p_k) p_l mu_k.mu_l, so that their sum is sqrt(p_k) mu_k.(E f)",
        sympy.sqrt(p_k * p_l) * product * sympy.sqrt(p_l),
        sympy.sqrt(p_k) * (p_l * product),
    )


def eigenvalue() -> Evidence:
    """What one eigenvalue of M - I costs."""
    x, s, theta, kappa = z3.Reals("x s theta kappa")
    return implication(
        "s >= 0 imply (x + s)^2 + theta s^2 >= f(x), kappa = theta/(1 + theta)",
        [s >= 0, theta > 0, kappa * (1 + theta) == theta],
        (x + s) ** 2 + theta * s**2 >= lopsided_square(x, kappa),
        example={x: -1, s: "1/2", theta: 1, kappa: "1/2"},
    )


def convex() -> Evidence:
    """Convexity of f by its tangents."""
    y, y0, kappa = z3.Reals("y y0 kappa")
    slope = z3.If(y0 >= 0, 2 * y0, 2 * kappa * y0)
    return implication(
        "f(y) >= f(y0) + f'(y0) (y - y0): tangents lie below",
        [kappa >= 0, kappa <= 1],
        lopsided_square(y, kappa) >= lopsided_square(y0, kappa) + slope * (y - y0),
        example={y: 1, y0: -1, kappa: "1/2"},
    )


def directions() -> Evidence:
    """Y along the sum and the difference of two unit vectors."""
    a, b, x = sympy.symbols("y_kk y_ll y_kl", real=True)
    block = sympy.Matrix([[a, x], [x, b]])
    plus, minus = sympy.Matrix([1, 1]) / sympy.sqrt(2), sympy.Matrix([1, -1]) / sympy.sqrt(2)
    t = sympy.Symbol("t")
    return identity(
        "Y along (e_k + e_l)/sqrt(2) and (e_k - e_l)/sqrt(2) is (y_kk + y_ll)/2 + y_kl and (y_kk + y_ll)/2 - y_kl",
        (plus.T * block * plus)[0] + t * (minus.T * block * minus)[0],
        (a + b) / 2 + x + t * ((a + b) / 2 - x),
    )


def no_centre() -> Evidence:
    """The least of f(c + y) + f(c - y) over c."""
    c, y, kappa = z3.Reals("c y kappa")
    return implication(
        "f(c + y) + f(c - y) >= 4 kappa y^2/(1 + kappa) for every c, y = y_kl",
        [kappa > 0, kappa <= 1],
        lopsided_square(c + y, kappa) + lopsided_square(c - y, kappa) >= least_block(y, kappa),
        example={c: 0, y: 1, kappa: "1/2"},
    )

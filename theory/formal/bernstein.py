"""The coefficients of `end_1`, `end_0` and `end_tau` in Lemma32.v: polynomials in the Bernstein basis of an interval.

A polynomial of degree n that is sum_i c_i A^i B^(n-i) with c_i > 0 is nonnegative wherever A, B >= 0. Coq checks the
identity by itself; this file says where the numbers come from. `python -m theory.formal.bernstein` prints them.
"""

from dataclasses import dataclass

import sympy

root = sympy.Symbol("r")
"""r = sqrt(2 rho)."""


@dataclass(frozen=True)
class Certificate:
    """scale * polynomial = sum_i coefficients[i] * left^i * right^(n-i): nonnegative where left, right >= 0.

    polynomial    in r, of degree n
    left, right   linear in r, nonnegative on the interval
    scale         least common denominator of the coefficients
    coefficients  n + 1 positive integers
    """

    polynomial: sympy.Expr
    left: sympy.Expr
    right: sympy.Expr
    scale: int
    coefficients: tuple[int, ...]


def certificate(polynomial: sympy.Expr, left: sympy.Expr, right: sympy.Expr) -> Certificate:
    """The coefficients of `polynomial` in the basis left^i right^(n-i).

    Raises  ValueError where one of them is not positive, so that they prove nothing.
    """
    n = int(sympy.degree(polynomial, root))
    unknown = sympy.symbols(f"c0:{n + 1}")
    total = sum(c * left**i * right ** (n - i) for i, c in enumerate(unknown))
    solution = sympy.solve(sympy.Poly(sympy.expand(polynomial - total), root).coeffs(), unknown, dict=True)[0]
    values = [solution[c] for c in unknown]
    if min(values) <= 0:
        raise ValueError(f"polynomial={polynomial}: coefficient {min(values)} is not positive; take a shorter interval")
    scale = int(sympy.ilcm(*(value.q for value in values)))
    return Certificate(sympy.expand(polynomial), left, right, scale, tuple(int(value * scale) for value in values))


def certificates() -> dict[str, Certificate]:
    """The certificate of each lemma by its name in Lemma32.v, in units where the polynomials are integral."""
    r, five, three = root, 5 - 4 * root, 3 * root - 2
    fall = r**2 / 2 + r - 1  # minus the threshold
    spread = sympy.Rational(5, 12) * r**4
    end_1 = 12 * ((1 + r) ** 2 - sympy.Rational(5, 2) - spread)
    end_0 = 12 * ((2 - r**2) * ((1 + r) ** 2 - 2 - spread) - sympy.Rational(5, 3) * r**2)
    end_tau = 24 * (
        (2 - r**2) * ((1 + r) ** 2 - 2 - fall**2 / 2 - spread) - sympy.Rational(5, 3) * r**2 * (1 - fall**2)
    )
    return {
        "end_1": certificate(end_1, three, five),
        "end_0": certificate(end_0, three, 3 - 4 * r),
        "end_tau": certificate(end_tau, 4 * r - 3, five),
    }


if __name__ == "__main__":
    for name, proof in certificates().items():
        print(f"{name}: {proof.polynomial} >= 0 where {proof.left} >= 0 and {proof.right} >= 0:")
        print(f"    times {proof.scale} it has the coefficients {', '.join(map(str, proof.coefficients))}")

"""How far alignment bounds R_eps: the formulas of Theorem 2 of Huang et al. (ICLR 2023), as printed and sharpened.

Views of a sample: with probability 1/2 one of m discrete ones, each as likely; with probability 1/2 a continuous one,
A_theta(x), theta uniform in [0,1]^n, M-Lipschitz in theta. f is L-Lipschitz, so ||f(A_s(x)) - f(A_t(x))|| <= L M ||s - t||.
L_align and R_eps as in `theory.factors`, over these views. Lengths are in the features' own units.

    form      R_eps <=                  where
    printed   eta sqrt(L_align)         eta = inf_h 4 max{1, m^2 h^{2n}} / (h^{2n} (eps - c h)),    c = 2 sqrt(n) L M
    sharp     eta_sharp L_align         eta_sharp = inf_h 2 max{m, h^-n} / (eps - c' h)^2,          c' = 2 sqrt(n/3) L M
    optimal   eta_optimal L_align       for eps <= L M; the constant is attained while K eps^n <= 1/m
    discrete  m L_align / eps^2         for m uniform views and no continuous ones; see `discrete_gain`

h is the side of a cube of parameters around each of two far views; the infima run over 0 < h < eps/c and 0 < h < eps/c'.
A formula that divides by no cube is written as a gain: the least alignment of a sample that lies outside S_eps.
"""

import math
from typing import Any

import numpy as np
import sympy
import z3

from theory.checks import check_integer, check_nonnegative, check_positive
from theory.elementary import sqrt

SMALLEST, DIMENSIONS = 1e-100, 1000
"""The bounds square eps and raise 2 to the power n: within these limits no float under- or overflows unnoticed."""


def least(x: Any, y: Any) -> Any:
    """min(x, y) of floats, arrays, exact numbers, SymPy or Z3 expressions."""
    if z3.is_expr(x) or z3.is_expr(y):
        return z3.If(x <= y, x, y)
    if isinstance(x, sympy.Basic) or isinstance(y, sympy.Basic):
        return sympy.Min(x, y)
    return np.minimum(x, y)


def rate_printed(n: Any, L: Any, M: Any) -> Any:
    """c = 2 sqrt(n) L M: how fast two cubes of side h lose distance in h, corner to corner. [H], Theorem 2."""
    return 2 * sqrt(n) * L * M


def rate_sharp(n: Any, L: Any, M: Any) -> Any:
    """c' = 2 sqrt(n/3) L M: the same for the means over the cubes. Derived."""
    return 2 * sqrt(n / 3) * L * M


def printed_weight(cube: Any, atom: Any) -> Any:
    """Probability of a pair of views near two given ones, at least: (1/4) min(h^n, 1/m)^2. [H], Theorem 2."""
    return least(cube, atom) ** 2 / 4


def group_weight(alpha: Any, beta: Any) -> Any:
    """2 alpha beta/(alpha + beta): E||f1 - f2||^2 per squared distance of the means over two events of these masses."""
    return 2 * alpha * beta / (alpha + beta)


def sharp_weight(cube: Any, atom: Any) -> Any:
    """`group_weight` of two events of masses h^n/2 or 1/(2m), at least: (1/2) min(h^n, 1/m). Derived."""
    return least(cube, atom) / 2


def objective(weight: Any, h: Any, eps: Any, rate: Any, power: int) -> Any:
    """1 / (weight (eps - rate h)^power), what Markov's inequality gives at the side h; power 1 printed, 2 sharp."""
    return 1 / (weight * (eps - rate * h) ** power)


def free_side(eps: Any, rate: Any, p: Any, q: Any) -> Any:
    """h* = p/(p+q) eps/rate, where h^p (eps - rate h)^q is greatest."""
    return p * eps / ((p + q) * rate)


def best_side(eps: Any, rate: Any, p: int, q: int, n: int, m: int) -> Any:
    """The minimiser of the objective, whose weight stops growing at h = m^(-1/n): min(h*, m^(-1/n))."""
    return least(free_side(eps, rate, p, q), m ** (-1 / n))


def eta_small(eps: Any, n: Any, rate: Any) -> Any:
    """eta where m h*^n <= 1: 4 (2n+1)^(2n+1) c^(2n) / ((2n)^(2n) eps^(2n+1)); everywhere a lower bound on eta. Derived."""
    return 4 * (2 * n + 1) ** (2 * n + 1) * rate ** (2 * n) / ((2 * n) ** (2 * n) * eps ** (2 * n + 1))


def eta_large(eps: Any, m: Any, side: Any, rate: Any) -> Any:
    """eta where m h*^n >= 1, at the side h = m^(-1/n): 4 m^2 / (eps - c m^(-1/n)). Derived."""
    return 4 * m**2 / (eps - rate * side)


def eta(eps: Any, n: int, m: int, L: float, M: float) -> Any:
    """eta(eps) of Theorem 2, R_eps <= eta sqrt(L_align): the infimum over h, at its minimiser. Per unit of length.

    eps: float or array.

    Raises ValueError where eps, L or M is not positive and finite, or n or m not an integer >= 1.
    Source: Huang et al., ICLR 2023, Theorem 2; minimiser derived (claim thm-2).
    """
    n, m = _checked(eps, n, m, L, M)
    c = rate_printed(n, L, M)
    h = best_side(eps, c, 2 * n, 1, n, m)
    with np.errstate(divide="ignore"):  # a cube too small for a float: no bound, infinity
        return objective(printed_weight(h**n, 1 / m), h, eps, c, 1)


def eta_sharp(eps: Any, n: int, m: int, L: float, M: float) -> Any:
    """inf over h of 2 max{m, h^-n} / (eps - c' h)^2, R_eps <= eta_sharp L_align. Per unit of squared length.

    8 eta_sharp <= eta^2 always, so this bound is below the printed one by a factor 2 sqrt(2) or more wherever that one is
    below 1. Arguments and errors as for `eta`.

    Source: derived (claim thm-2-sharp).
    """
    n, m = _checked(eps, n, m, L, M)
    c = rate_sharp(n, L, M)
    h = best_side(eps, c, n, 2, n, m)
    with np.errstate(divide="ignore"):  # as in eta
        return objective(sharp_weight(h**n, 1 / m), h, eps, c, 2)


def orthant_volume(n: Any) -> Any:
    """V_n / 2^n = pi^(n/2) / (2^n Gamma(n/2 + 1)): volume of the unit ball in one orthant of R^n."""
    if isinstance(n, sympy.Basic):
        return sympy.pi ** (n / 2) / (2**n * sympy.gamma(n / 2 + 1))
    return math.exp(n / 2 * math.log(math.pi) - n * math.log(2) - math.lgamma(n / 2 + 1))


def corner_gain(t: Any, n: Any, rate: Any) -> Any:
    """E (t - rate ||U||)_+^2, U uniform in [0,1]^n, 0 <= t <= rate: K t^(n+2), K = 2 V_n / ((n+1)(n+2) (2 rate)^n)."""
    return 2 * orthant_volume(n) / ((n + 1) * (n + 2)) * (t / rate) ** n * t**2


def optimal_gain(eps: Any, n: Any, m: Any, rate: Any) -> Any:
    """eps^2 min(K eps^n, 1/m) / 2^(n+1), rate = L M >= eps: the least alignment of a sample outside S_eps. Derived."""
    return least(corner_gain(eps, n, rate), eps**2 / m) / 2 ** (n + 1)


def eta_optimal(eps: Any, n: int, m: int, L: float, M: float) -> Any:
    """1 / `optimal_gain`, R_eps <= eta_optimal L_align for eps <= L M; attained while K eps^n <= 1/m.

    There it is 4^n (n+1)(n+2) (L M)^n / (V_n eps^(n+2)). Arguments and errors as for `eta`, and ValueError where eps > L M.

    Source: derived (claim thm-2-optimal).
    """
    n, m = _checked(eps, n, m, L, M)
    if np.any(np.asarray(eps) > L * M):
        raise ValueError(f"eps={eps}: exceeds L M = {L * M}, where this form is not proved; use eta_sharp")
    with np.errstate(divide="ignore"):  # as in eta
        return 1 / optimal_gain(eps, n, m, L * M)


def misaligned_bound(alignment: float, eps: float, n: int, m: int, L: float, M: float) -> float:
    """Upper bound on R_eps from L_align >= 0, in [0, 1]: the least of the sharp and, for eps <= L M, the optimal form.

    The printed form is never below it (claim thm-2-sharp). An upper bound on L_align, L or M serves as well as the number.

    Raises ValueError as for `eta`, and where L_align is negative, infinite or NaN.
    """
    check_nonnegative("L_align", alignment)
    factor = eta_sharp(eps, n, m, L, M)
    if eps <= L * M:
        factor = min(factor, eta_optimal(eps, n, m, L, M))
    return min(1.0, float(factor * alignment)) if alignment > 0 else 0.0


def pair_weight(m: Any) -> Any:
    """2/m^2: probability that two independent views are a given pair of different ones, in either order."""
    return 2 / (m * m)


def discrete_gain(eps: Any, m: Any) -> Any:
    """eps^2/m: least alignment E||f1 - f2||^2 of a sample outside S_eps, m uniform views. Derived (thm-2-disc-sharp)."""
    return eps * eps / m


def sphere_gap(eps: Any, radius: Any) -> Any:
    """min over ||c|| = r of ||a - c||^2 + ||b - c||^2, where ||a|| = ||b|| = r and ||a - b|| = eps <= 2 r.

    2 r (2 r - sqrt(4 r^2 - eps^2)), written as 2 r eps^2/(2 r + sqrt(4 r^2 - eps^2)) to avoid its cancellation.
    """
    return 2 * radius * eps * eps / (2 * radius + sqrt(4 * radius * radius - eps * eps))


def discrete_gain_sphere(eps: Any, m: Any, radius: Any) -> Any:
    """(2/m^2) (eps^2 + (m-2) `sphere_gap`): the same where all features have norm r >= eps/2. Derived (thm-2-disc-sphere)."""
    return pair_weight(m) * (eps * eps + (m - 2) * sphere_gap(eps, radius))


def discrete_distance(eps: Any, m: Any) -> Any:
    """2 (m-1) eps/m^2: least E||f1 - f2|| of a sample outside S_eps, m uniform views. Derived (thm-2-disc-sharp)."""
    return pair_weight(m) * (m - 1) * eps


def misaligned_bound_discrete(alignment: float, eps: float, m: int, radius: float | None = None) -> float:
    """Upper bound on R_eps from L_align >= 0 for m >= 2 uniform views, in [0, 1]; the smaller one on a sphere of `radius`.

    Raises ValueError where L_align is negative or not finite, eps not positive and finite, m < 2, or 2 radius < eps
    (no two features are then further apart, and R_eps = 0).
    Source: derived (claims thm-2-disc-sharp, thm-2-disc-sphere).
    """
    check_nonnegative("L_align", alignment)
    _check_eps(eps)
    m = check_integer("m", m, 2)
    if radius is None:
        return min(1.0, float(alignment / discrete_gain(eps, m)))
    if not 2 * radius >= eps:
        raise ValueError(
            f"eps={eps}: exceeds the diameter of a sphere of radius {radius}, where R_eps = 0; give eps <= 2 r"
        )
    return min(1.0, float(alignment / discrete_gain_sphere(eps, m, radius)))


def misaligned_bound_distance(distance: float, eps: float, m: int) -> float:
    """Upper bound on R_eps from E||f1 - f2|| >= 0 for m >= 2 uniform views, in [0, 1]: m^2 E||f1 - f2|| / (2 (m-1) eps).

    Raises ValueError as for `misaligned_bound_discrete`.
    Source: derived (claim thm-2-disc-sharp).
    """
    check_nonnegative("E||f1 - f2||", distance)
    _check_eps(eps)
    m = check_integer("m", m, 2)
    return min(1.0, float(distance / discrete_distance(eps, m)))


def _check_eps(eps: Any) -> None:
    values = np.asarray(check_positive("eps", eps), dtype=float)
    if not ((values >= SMALLEST) & (values <= 1 / SMALLEST)).all():
        raise ValueError(f"eps={eps}: its powers leave the range of floats; measure features in other units")


def _checked(eps: Any, n: int, m: int, L: float, M: float) -> tuple[int, int]:
    """(n, m) as Python's integers, whose powers do not overflow."""
    _check_eps(eps)
    n, m = check_integer("n", n, 1), check_integer("m", m, 1)
    if n > DIMENSIONS:
        raise ValueError(f"n={n}: 2^n is no float beyond {DIMENSIONS}; give the views' own number of parameters")
    for name, value in (("L", L), ("M", M)):
        check_positive(name, value, f"give a Lipschitz constant, a finite {name} > 0")
    return n, m

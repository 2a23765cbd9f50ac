"""Theorem 1: the conditions under which Err(G_f) <= (1 - sigma) + R_eps: printed, corrected, sharp and chord.

Source: lecture, Theorem 1; Huang et al., ICLR 2023, Theorem 1 and Lemma 3.2. All lengths are in units of r:
s = (L delta + 2 eps)/r bounds ||f(x0) - f(x')||/r for x0, x in a main part and any view x' of x, and
alpha_l = P[C_l^0 and S_eps]/p_l >= sigma - R_eps/p_l is the share of class l that this reaches.

The first three forms are a `rho`; the condition is mu_l.mu_k/r^2 < threshold(rho) for all k != l (printed: minus
Delta_mu/2). Each rho is the sum of named terms, so that a report can say which one blocks a certificate. The chord
form asks ||mu_l - mu_k|| > 2 D r instead; it and the sharp form are incomparable.
"""

from typing import Any

from theory.elementary import sqrt

Terms = dict[str, Any]


def printed_terms(sigma: Any, R: Any, p: Any, s: Any) -> Terms:
    """rho_max(sigma, delta, eps) of the lecture, with p = min_l p_l (there misprinted as min_l rho_l)."""
    return {"2 (1 - sigma)": 2 * (1 - sigma), "R / min p": R / p, "sigma s": sigma * s}


def corrected_terms(alpha: Any, s: Any) -> Terms:
    """rho' = 2 (1 - alpha) + alpha s: what the printed proof gives once the expectation is split correctly. Derived."""
    return {"2 (1 - alpha)": 2 * (1 - alpha), "alpha s": alpha * s}


def sharp_terms(alpha: Any, s: Any) -> Terms:
    """rho'' = 2 (1 - alpha) + alpha s^2/2: unit vectors within s have inner product >= 1 - s^2/2. Derived."""
    return {"2 (1 - alpha)": 2 * (1 - alpha), "alpha s^2 / 2": alpha * s**2 / 2}


def chord(alpha: Any, s: Any) -> Any:
    """D = (1 - alpha) + sqrt((1 - alpha)^2 + alpha s^2) >= ||u - mu_l||/r for u in the main part and S_eps. Derived."""
    return (1 - alpha) + sqrt(chord_square(alpha, s))


def chord_square(alpha: Any, s: Any) -> Any:
    """(1 - alpha)^2 + alpha s^2 >= ||u - alpha v||^2 for v a mean of unit vectors within s of the unit vector u."""
    return (1 - alpha) ** 2 + alpha * s**2


def rho_printed(sigma: Any, R: Any, p: Any, s: Any) -> Any:
    """The sum of `printed_terms`."""
    return sum(printed_terms(sigma, R, p, s).values())


def rho_corrected(alpha: Any, s: Any) -> Any:
    """The sum of `corrected_terms`."""
    return sum(corrected_terms(alpha, s).values())


def rho_sharp(alpha: Any, s: Any) -> Any:
    """The sum of `sharp_terms`."""
    return sum(sharp_terms(alpha, s).values())


def threshold(rho: Any, root: Any = None) -> Any:
    """1 - rho - sqrt(2 rho), in units of r^2; `root` stands for sqrt(2 rho) where a prover carries it as a variable."""
    return 1 - rho - (sqrt(2 * rho) if root is None else root)


def alpha_lower(sigma: Any, R: Any, p: Any) -> Any:
    """sigma - R/p_l <= alpha_l: the share of a class that is sure to be in its main part and in S_eps."""
    return sigma - R / p

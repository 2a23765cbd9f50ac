"""Theorem 1: the six conditions under which Err(G_f) <= (1 - sigma) + R_eps, from printed to exact.

Source: lecture, Theorem 1; Huang et al., ICLR 2023, Theorem 1 and Lemma 3.2. All lengths are in units of r:
s = (L delta + 2 eps)/r bounds ||f(x0) - f(x')||/r for x0, x in a main part and any view x' of x, and
alpha_l = P[C_l^0 and S_eps]/p_l >= sigma - R_eps/p_l is the share of class l that this reaches.

    printed, corrected, sharp   mu_l.mu_k/r^2 < threshold(rho) for all k != l; in the theorem as printed, less Delta_mu/2
    chord                       ||mu_l - mu_k|| > 2 D r
    cap, exact                  every unit u within an angle of mu_l is nearer to mu_l than to mu_k

corrected => sharp, chord and printed (without Delta_mu); sharp and chord => cap; cap and printed => exact; no other
implication holds (thm-1-nesting). Each rho is the sum of named terms, so that a report can say which one blocks.
"""

from typing import Any, Literal

import numpy as np

from theory.elementary import sqrt
from theory.setting import Array

Terms = dict[str, Any]
Form = Literal["printed", "corrected", "sharp", "chord", "cap", "exact"]
TINY = 1e-150
FORMS: tuple[Form, ...] = ("printed", "corrected", "sharp", "chord", "cap", "exact")


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


def chord_margin(alpha: Any, s: Any, ll: Any, kk: Any, lk: Any) -> Any:
    """Half of ||mu_l - mu_k||^2 - (2 D)^2, in units of r^2; ll = ||mu_l||^2, kk = ||mu_k||^2, lk = mu_l.mu_k."""
    return (ll + kk) / 2 - lk - 2 * chord(alpha, s) ** 2


def _half_angle(sine_square: Any) -> Array:
    """The angle in [0, pi] whose half has this squared sine; 0 below, pi beyond: every u is then meant."""
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(sine_square, 0.0, 1.0))))


def cap_angle(alpha: Any, s: Any, w: Any, guard: float = 0.0) -> Array:
    """Phi of the cap form, in [0, pi]: w cos Phi = max(1 - rho'', (1 + w^2 - D^2)/2), w = ||mu_l||. Arrays broadcast.

    The two are the bounds on u.mu_l that prove the sharp and the chord form. By half angles, sin^2(Phi/2) =
    (w - w cos Phi)/(2 w), so that nothing cancels where Phi is small. guard >= 0 widens the cap: `GUARD` covers rounding.
    """
    w = np.maximum(w, TINY)
    by_chord = (chord(alpha, s) - (1 - w)) * (chord(alpha, s) + (1 - w)) / 2
    by_split = rho_sharp(alpha, s) - (1 - w)
    return _half_angle((np.minimum(by_chord, by_split) + guard) / (2 * w))


def exact_angle(alpha: Any, s: Any, w: Any, guard: float = 0.0) -> Array:
    """Phi of the exact form, in [0, pi], w = ||mu_l||: the largest angle between mu_l and a u compatible with it.

    Compatible: unit u with mu_l = alpha v + (1 - alpha) b, v in the hull of {unit y: u.y >= cos theta}, ||b|| <= 1, where
    cos theta = 1 - s^2/2. That hull is {||v|| <= 1, u.v >= cos theta}, and at the farthest u the distance of mu_l from alpha
    hull is 1 - alpha: from the hull's edge, cos(Phi - theta) = (w^2 + alpha^2 - (1 - alpha)^2)/(2 w alpha), while
    w sin Phi >= alpha sin theta, and else from its flat face, w cos Phi = alpha cos theta - (1 - alpha) = 1 - rho''. Half
    angles and guard as in `cap_angle`.
    """
    alpha, s, w = np.broadcast_arrays(np.asarray(alpha, float), np.asarray(s, float), np.maximum(w, TINY))
    theta = 2 * np.arcsin(np.clip(s / 2, 0.0, 1.0))
    turned = ((1 - w) * (1 + w - 2 * alpha) + guard) / (4 * w * np.maximum(alpha, TINY))
    edge = theta + _half_angle(turned)
    face = _half_angle((rho_sharp(alpha, s) - (1 - w) + guard) / (2 * w))
    at_edge = (alpha > 0) & (turned <= 1) & (edge <= np.pi) & (w * np.sin(edge) >= alpha * np.sin(theta) + guard)
    return np.where(at_edge, edge, face)


def cap_margin(angle: Any, ll: Any, kk: Any, lk: Any, guard: float = 0.0) -> Array:
    """min over unit u with angle(u, mu_l) <= angle of u.(mu_l - mu_k), less (||mu_l||^2 - ||mu_k||^2)/2.

    Positive iff every such u is nearer to mu_l than to mu_k. ll, kk, lk as in `chord_margin`; arrays broadcast. In
    coordinates with mu_l = (w, 0, ...), g = mu_l - mu_k = (along, across): the minimum is -||g|| if -g lies in the cap, else
    along cos(angle) - across sin(angle), at the point (cos(angle), -sin(angle)) of the plane of the two means.
    """
    w = np.maximum(np.sqrt(ll), TINY)
    along = (ll - lk) / w
    size = np.sqrt(np.maximum(ll + kk - 2 * lk, 0.0))
    across = np.sqrt(np.maximum(size**2 - along**2, 0.0) + guard)
    opposite = np.arctan2(across, -along)  # angle between -g and mu_l
    least = np.where(opposite <= angle, -size, along * np.cos(angle) - across * np.sin(angle))
    return np.asarray(least - (ll - kk) / 2)


def margin(form: Form, alpha: Any, s: Any, ll: Any, kk: Any, lk: Any, guard: float = 0.0) -> Array:
    """By how much a form other than the printed one is met, in units of r^2; positive iff it is. Arrays broadcast.

    alpha, s as above; ll, kk, lk are ||mu_l||^2, ||mu_k||^2 and mu_l.mu_k over r^2; guard as in `cap_angle`.
    """
    if form == "cap":
        return cap_margin(cap_angle(alpha, s, np.sqrt(ll), guard), ll, kk, lk, guard)
    if form == "exact":
        return cap_margin(exact_angle(alpha, s, np.sqrt(ll), guard), ll, kk, lk, guard)
    if form == "chord":
        return np.asarray(chord_margin(alpha, s, ll, kk, lk))
    return np.asarray(threshold({"corrected": rho_corrected, "sharp": rho_sharp}[form](alpha, s)) - lk)

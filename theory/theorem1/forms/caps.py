"""Spherical caps about a class mean: what the cap form and the exact form share.

Both confine u, for samples of the main part and S_eps, to the unit vectors within an angle of mu_l, and ask that all of them
are nearer to mu_l than to mu_k. They need ||mu_l|| and the angle of two means, on which the balls that hold the means of a
population give no closed bound: neither form is evaluated there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from theory.setting import Array
from theory.theorem1.forms.form import Form, Pair, Terms, norm_cost

TINY = 1e-150
"""Stands for ||mu_l|| = 0, where the angle from mu_l is anything."""


def half_angle(sine_square: Any) -> Array:
    """The angle in [0, pi] whose half has this squared sine; 0 below, pi beyond: every u is then meant."""
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(sine_square, 0.0, 1.0))))


def cap_margin(angle: Any, ll: Any, kk: Any, lk: Any, guard: float = 0.0) -> Array:
    """min over unit u with angle(u, mu_l) <= angle of u.(mu_l - mu_k), less (||mu_l||^2 - ||mu_k||^2)/2.

    Positive iff every such u is nearer to mu_l than to mu_k. In coordinates with mu_l = (w, 0, ...), g = mu_l - mu_k =
    (along, across): the minimum is -||g|| if -g lies in the cap, else along cos(angle) - across sin(angle), at the point
    (cos(angle), -sin(angle)) of the plane of the two means.

    angle       of the cap, in [0, pi]
    ll, kk, lk  ||mu_l||^2, ||mu_k||^2 and mu_l.mu_k, in units of r^2; all arrays broadcast
    guard       added to across^2, for rounding
    """
    w = np.maximum(np.sqrt(ll), TINY)
    along = (ll - lk) / w
    size = np.sqrt(np.maximum(ll + kk - 2 * lk, 0.0))
    across = np.sqrt(np.maximum(size**2 - along**2, 0.0) + guard)
    opposite = np.arctan2(across, -along)  # angle between -g and mu_l
    least = np.where(opposite <= angle, -size, along * np.cos(angle) - across * np.sin(angle))
    return np.asarray(least - (ll - kk) / 2)


def cap_form(order: int, claim: str, angle: Callable[[Any, Any, Any, float], Array]) -> Form:
    """The form whose cap has the angle angle(alpha, s, ||mu_l||, guard)."""

    def margin(alpha: Any, pair: Pair) -> Array:
        cap = angle(alpha, pair.s, np.sqrt(pair.ll), pair.guard)
        return cap_margin(cap, pair.ll, pair.kk, pair.lk, pair.guard)

    def costs(pair: Pair) -> Terms:
        whole, value = (float(margin(alpha, pair)) for alpha in (1.0, pair.share))
        half_square = (pair.ll + pair.kk) / 2 - pair.lk
        spread = max(half_square - whole, 0.0)
        return norm_cost(pair) | {"spread s": spread, "1 - alpha": half_square - spread - value}

    return Form(
        order=order,
        claim=claim,
        share="alpha",
        margin=lambda pair: margin(pair.share, pair),
        costs=costs,
        by_product=False,
    )

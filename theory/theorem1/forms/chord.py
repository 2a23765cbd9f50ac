"""The chord form: ||mu_l - mu_k|| > 2 D r, where D r bounds the distance of every u in the main part and S_eps from mu_l."""

from typing import Any

import numpy as np

from theory.elementary import sqrt
from theory.theorem1.forms.form import Form, Pair, PopulationForm, Terms, norm_cost


def chord_square(alpha: Any, s: Any) -> Any:
    """(1 - alpha)^2 + alpha s^2 >= ||u - alpha v||^2 for v a mean of unit vectors within s of the unit vector u."""
    return (1 - alpha) ** 2 + alpha * s**2


def chord_bound(alpha: Any, s: Any) -> Any:
    """D = (1 - alpha) + sqrt((1 - alpha)^2 + alpha s^2) >= ||u - mu_l||/r for u in the main part and S_eps. Derived."""
    return (1 - alpha) + sqrt(chord_square(alpha, s))


def chord_margin(alpha: Any, s: Any, ll: Any, kk: Any, lk: Any) -> Any:
    """Half of ||mu_l - mu_k||^2 - (2 D)^2, in units of r^2; ll = ||mu_l||^2, kk = ||mu_k||^2, lk = mu_l.mu_k."""
    return (ll + kk) / 2 - lk - 2 * chord_bound(alpha, s) ** 2


def _costs(pair: Pair) -> Terms:
    return norm_cost(pair) | {"2 D^2": 2 * chord_bound(pair.share, pair.s) ** 2}


FORM = Form(
    order=40,
    claim="thm-1-chord",
    share="alpha",
    margin=lambda pair: np.asarray(chord_margin(pair.share, pair.s, pair.ll, pair.kk, pair.lk)),
    costs=_costs,
    by_product=False,
)
POPULATION_FORM = PopulationForm(
    order=40,
    claim="thm-1-chord",
    share="alpha",
    margin=lambda pair: chord_margin(pair.share, pair.s, pair.apart**2, 0.0, 0.0),
)

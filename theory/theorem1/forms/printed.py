"""The printed form: mu_l.mu_k/r^2 < threshold(rho) - Delta_mu/2, rho = 2 (1 - sigma) + R/p + sigma s.

On a whole world p is min_l p_l, as in rho_max; class by class R/p is R_eps/p_l, and Delta_mu is not charged (thm-1-printed).
"""

from typing import Any

import numpy as np

from theory.setting import Array
from theory.theorem1.forms.form import Form, Pair, PopulationForm, Terms, threshold, with_root


def printed_terms(sigma: Any, R: Any, p: Any, s: Any) -> Terms:
    """rho_max(sigma, delta, eps) of the lecture, with p = min_l p_l (there misprinted as min_l rho_l)."""
    return {"2 (1 - sigma)": 2 * (1 - sigma), "R / min p": R / p, "sigma s": sigma * s}


def rho_printed(sigma: Any, R: Any, p: Any, s: Any) -> Any:
    """The sum of `printed_terms`."""
    return sum(printed_terms(sigma, R, p, s).values())


def _margin(pair: Pair) -> Array:
    product = pair.lk if pair.shortfall is None else pair.lk + pair.shortfall
    return np.asarray(threshold(rho_printed(pair.share, pair.q, 1, pair.s)) - product)


def _costs(pair: Pair) -> Terms:
    terms = with_root(printed_terms(pair.share, pair.q, 1, pair.s))
    return terms if pair.shortfall is None else terms | {"Delta_mu / 2": pair.shortfall}


FORM = Form(order=10, claim="thm-1-printed", share="sigma", margin=_margin, costs=_costs, by_product=True)
POPULATION_FORM = PopulationForm(
    order=10,
    claim="thm-1-printed",
    share="sigma",
    margin=lambda pair: threshold(rho_printed(pair.share, pair.q, 1, pair.s)) - pair.product,
)

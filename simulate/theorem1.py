"""Theorem 1 on a world of an analytic model: every form at every (eps, delta), its certified error beside the true one.

A model says what the theorem speaks of (`Factors`); the forms are those of `theory.theorem1`.
"""

from dataclasses import dataclass

import numpy as np

from theory.factors import mean_shortfall
from theory.setting import Array
from theory.theorem1 import FORMS, margin
from theory.theorem1.certificates.world import GUARD, ROUNDING
from theory.theorem1.forms.form import Pair

CLAIMS = tuple(form.claim for form in FORMS.values())
"""Claims of the ledger, in the order of `FORMS`."""


@dataclass(frozen=True)
class Factors:
    """What Theorem 1 speaks of, at P points (eps, delta) of one world. Lengths in feature units, angles in radians.

    eps, delta, s, R  (P,)
    sigma, alpha      (P, K) shares of each class in its main part, and in its main part and S_eps
    gram              (K, K) mu_k.mu_l / r^2
    priors            (K,)
    wrong             (K,) share of each class of which some view is misclassified
    error             Err(G_f)
    """

    eps: Array
    delta: Array
    s: Array
    R: Array
    sigma: Array
    alpha: Array
    gram: Array
    priors: Array
    wrong: Array
    error: float


@dataclass(frozen=True)
class FormValues:
    """One form at the P points of `Factors`.

    margins  (P, K) by how much each class meets the form; the form is met above `ROUNDING`
    bound    (P,) certified error: (1 - sigma) + R once every class meets the printed form, else 1; for the other forms
             sum over the classes met of p_l (1 - alpha_l) plus the mass of the rest
    excess   by how much the misclassified share of a class exceeds what the form allows it, at most, over the points and
             classes where the form is met; a positive value refutes the form, -inf says that it is never met
    """

    form: str
    margins: Array
    bound: Array
    excess: float

    @property
    def met(self) -> Array:
        """(P,) every class meets the form."""
        return np.asarray((self.margins > ROUNDING).all(axis=1))


def evaluate(form: str, factors: Factors) -> FormValues:
    """One form of Theorem 1 at all points of `factors`."""
    whole = FORMS[form].share == "sigma"
    margins = _whole_world(form, factors) if whole else _per_class(form, factors)
    met = margins > ROUNDING
    if whole:
        everywhere = met.all(axis=1)
        limit = (1 - factors.sigma.min(axis=1)) + factors.R
        bound = np.where(everywhere, np.minimum(limit, 1.0), 1.0)
        excess = (float(factors.priors @ factors.wrong) - limit)[everywhere]
    else:
        bound = 1 - (met * factors.alpha) @ factors.priors
        excess = (factors.wrong - (1 - factors.alpha))[met]
    return FormValues(form, margins, bound, float(excess.max(initial=-np.inf)))


def evaluate_all(factors: Factors) -> dict[str, FormValues]:
    """Every form, from printed to exact."""
    return {form: evaluate(form, factors) for form in FORMS}


def _whole_world(form: str, factors: Factors) -> Array:
    """The margin of a form that takes sigma, one for all classes, as the theorem is stated: (P, K) equal columns."""
    K = len(factors.gram)
    square = factors.gram.diagonal()
    pair = Pair(
        share=factors.sigma.min(axis=1),
        s=factors.s,
        ll=square.min(),
        kk=square.min(),
        lk=np.where(np.eye(K, dtype=bool), -np.inf, factors.gram).max(),
        q=factors.R / factors.priors.min(),
        shortfall=mean_shortfall(factors.gram) / 2,
    )
    return np.repeat(FORMS[form].margin(pair)[:, None], K, axis=1)


def _per_class(form: str, factors: Factors) -> Array:
    """The least margin over the rivals, (P, K)."""
    K = len(factors.gram)
    own = np.arange(K)[:, None]
    rivals = np.array([np.delete(np.arange(K), l) for l in range(K)])  # (K, K - 1)
    square = factors.gram.diagonal()
    margins = margin(
        form,
        factors.alpha[:, :, None],
        factors.s[:, None, None],
        square[own],
        square[rivals],
        factors.gram[own, rivals],
        GUARD,
    )
    return np.asarray(margins.min(axis=2))

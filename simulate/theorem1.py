"""Theorem 1 on an analytic world: every form at every (eps, delta), its certified error beside the true one.

`factors_of` brings a circle to what the theorem speaks of; the forms are those of `theory.theorem1`. Levers:
- lipschitz   s = (L delta + 2 eps)/r with L = r, as printed;
- local       s = (2 r sin(delta/2) + 2 eps)/r: the distance in feature space of the nearest two views, delta <= pi.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulate.circle import world
from simulate.circle.world import Circle
from theory.factors import mean_shortfall
from theory.setting import Array
from theory.theorem1 import FORMS, margin, rho_printed, threshold
from theory.theorem1.certificates.world import GUARD, ROUNDING

Lever = Literal["lipschitz", "local"]
LEVERS: tuple[Lever, ...] = ("lipschitz", "local")


@dataclass(frozen=True)
class Factors:
    """What Theorem 1 speaks of, at P points (eps, delta) of one world. Lengths in feature units, angles in radians.

    eps, delta, s, R   (P,)
    sigma, alpha       (P, K) shares of each class in its main part, and in its main part and S_eps
    gram               (K, K) mu_k.mu_l / r^2
    priors             (K,)
    wrong              (K,) share of each class of which some view is misclassified
    error              Err(G_f)
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
class Held:
    """One form at the P points of `Factors`.

    margins   (P, K) by how much each class meets the form; met when above `ROUNDING`
    bound     (P,) certified error: (1 - sigma) + R once every class meets the printed form, else 1; for the other forms
              sum over the classes met of p_l (1 - alpha_l) plus the mass of the rest
    excess    largest share of a class that is misclassified beyond what the form allows it, over the points and
              classes where it is met; a positive one would refute the form. -inf where it is never met
    """

    form: str
    margins: Array
    bound: Array
    excess: float

    @property
    def met(self) -> Array:
        """(P,) the condition holds for every class."""
        return np.asarray((self.margins > ROUNDING).all(axis=1))


def factors_of(model: Circle, delta: Array, lever: Lever = "lipschitz") -> Factors:
    """The factors of `model` at all delta (T,), and at every eps at which R_eps changes: P = T J' points, J' <= J."""
    steps = np.unique(world.view_diameters(model))
    size = len(delta)
    eps, deltas = np.repeat(steps, size), np.tile(delta, len(steps))
    return Factors(
        eps=eps,
        delta=deltas,
        s=spread(model, deltas, eps, lever),
        R=np.repeat([world.misaligned_share(model, float(eps)) for eps in steps], size),
        sigma=np.tile(world.main_part_shares(model, delta), (len(steps), 1)),
        alpha=np.concatenate([world.main_part_shares(model, delta, float(eps)) for eps in steps]),
        gram=world.divergence(model),
        priors=np.array(model.priors),
        wrong=world.class_errors(model, any_view=True),
        error=world.error(model),
    )


def spread(model: Circle, delta: Array, eps: Array, lever: Lever) -> Array:
    """s = (L delta + 2 eps)/r, or with 2 r sin(delta/2) for L delta; at most 2. All (P,)."""
    r = model.radius
    reach = r * delta if lever == "lipschitz" else 2 * r * np.sin(np.minimum(delta, np.pi) / 2)
    return np.asarray(np.minimum((reach + 2 * eps) / r, 2.0))


def hold(form: str, factors: Factors) -> Held:
    """One form of Theorem 1 at all points of `factors`."""
    margins = _printed(factors) if form == "printed" else _per_class(form, factors)
    met = margins > ROUNDING
    if form == "printed":
        everywhere = met.all(axis=1)
        limit = (1 - factors.sigma.min(axis=1)) + factors.R
        bound = np.where(everywhere, np.minimum(limit, 1.0), 1.0)
        excess = (float(factors.priors @ factors.wrong) - limit)[everywhere]
    else:
        bound = 1 - (met * factors.alpha) @ factors.priors
        excess = (factors.wrong - (1 - factors.alpha))[met]
    return Held(form, margins, bound, float(excess.max(initial=-np.inf)))


def hold_all(factors: Factors) -> dict[str, Held]:
    """Every form, printed to exact."""
    return {form: hold(form, factors) for form in FORMS}


def _printed(factors: Factors) -> Array:
    K = len(factors.gram)
    rho = rho_printed(factors.sigma.min(axis=1), factors.R, factors.priors.min(), factors.s)
    largest = np.where(np.eye(K, dtype=bool), -np.inf, factors.gram).max()
    margins = threshold(rho) - mean_shortfall(factors.gram) / 2 - largest
    return np.repeat(margins[:, None], K, axis=1)


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

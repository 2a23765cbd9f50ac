"""The statements of Theorem 1 as programs: the condition of a form on a world, and what it promises of the error there.

Conditions are met by `ROUNDING` or more, as in a certificate, so that no tie is decided by rounding.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from theory.factors import class_means, mean_shortfall, nearest_mean_error
from theory.falsification import Predicate, Reading
from theory.setting import Array, FiniteWorld
from theory.theorem1.certificates.world import GUARD, ROUNDING
from theory.theorem1.forms import FORMS
from theory.theorem1.forms.form import Form, Pair, alpha_lower
from theory.theorem1.proofs.choice import Choice, Factors, clearances, common
from theory.theorem1.proofs.worlds import choices


def error_reading(world: FiniteWorld, bound: float, hypotheses: Mapping[str, float]) -> Reading:
    """Err(G_f) <= bound; the distance is the clearance of the sample whose error would be one too many."""
    allowed = int(np.floor(bound * len(world.labels) + 1e-9))
    ordered = np.sort(clearances(world, class_means(world)))
    distance = float(ordered[allowed]) if allowed < len(ordered) else np.inf
    error = float(nearest_mean_error(world))
    return Reading(hypotheses=hypotheses, left=error, right=bound, trivial=1.0, distance=distance)


def pair_margins(
    form: Form, of: Factors, share: Any, s: Any, q: Any, shortfall: Any = None, guard: float = GUARD
) -> Array:
    """By how much the form's condition holds for class l against each rival, (K, K - 1), in units of r^2.

    share, s, q  scalars or (K,); shortfall: Delta_mu/2, where it is charged; guard: see `Pair`
    """
    classes = len(of.gram)
    l, k = np.nonzero(~np.eye(classes, dtype=bool))
    share, s, q = (np.broadcast_to(value, classes)[l] for value in (share, s, q))
    norms = of.gram.diagonal()
    pair = Pair(share=share, s=s, ll=norms[l], kk=norms[k], lk=of.gram[l, k], q=q, shortfall=shortfall, guard=guard)
    return form.margin(pair).reshape(classes, classes - 1)


def conditions(form: Form, of: Factors, share: Any, s: Any, q: Any, shortfall: Any = None) -> Array:
    """By how much more than `ROUNDING` the condition holds for every class against its nearest rival, (K,)."""
    return np.asarray(pair_margins(form, of, share, s, q, shortfall).min(axis=1) - ROUNDING)


def spread(choice: Choice, delta: Any, eps: Any) -> Any:
    """s = (L delta + 2 eps)/r."""
    return (choice.lipschitz * delta + 2 * eps) / float(choice.distinct.radius)


def form_condition(form: Form, of: Factors, s: float) -> float:
    """By how much the condition of Theorem 1 in this form holds on the world, all classes at one (sigma, delta, eps).

    A form by alpha may take alpha_l itself or what sigma and R_eps leave of it.
    """
    if form.share == "sigma":
        return float(conditions(form, of, of.sigma.min(), s, of.misaligned / of.shares).min())
    shares = (of.alpha, alpha_lower(of.sigma.min(), of.misaligned, of.shares))
    return max(float(conditions(form, of, share, s, 0.0).min()) for share in shares)


def theorem_1(form: Form) -> Predicate:
    """The condition of the form for all l != k implies Err <= (1 - sigma) + R_eps."""

    def read(choice: Choice) -> Reading:
        of = common(choice)
        s = spread(choice, of.delta.max(), of.eps.max())
        return error_reading(choice.world, of.bound, {"condition": form_condition(form, of, s)})

    return Predicate(worlds=choices, read=read)


def rho_max(
    misaligned_term: Callable[[Factors, float], Any], bound: Callable[[Factors], float] = lambda of: of.bound
) -> Callable[[Choice], Reading]:
    """Theorem 1 with rho_max = 2 (1 - sigma) + misaligned_term + sigma s and Delta_mu: Err(G_f) <= bound.

    The term takes the factors and s; the bound is (1 - sigma) + R_eps unless another reading is tried.
    """

    def read(choice: Choice) -> Reading:
        of = common(choice)
        s = spread(choice, of.delta.max(), of.eps.max())
        shortfall = mean_shortfall(of.gram) / 2
        margins = conditions(FORMS["printed"], of, of.sigma.min(), s, misaligned_term(of, s), shortfall)
        return error_reading(choice.world, bound(of), {"condition": float(margins.min())})

    return read


printed_rho_max = rho_max(lambda of, _: of.misaligned / of.shares.min())
"""Theorem 1 as Huang et al. print it."""

"""Theorems 3 and 4 on analytic worlds: every bound on mu_k.mu_l from the population losses, beside the true product.

The bounds are those of `theory.divergence`; here they are fed closed forms in place of a finite world's sums.
"""

from dataclasses import dataclass

import numpy as np

from simulate import vertices
from simulate.circle import losses, world
from simulate.circle.world import Circle
from simulate.vertices import Vertices
from theory.divergence.crosscorrelation import printed_square, sharp_square
from theory.divergence.infonce import balanced_bounds, printed_bound, sharp_bounds
from theory.divergence.losses import identity_distance
from theory.setting import Array

ROUNDING = 1e-12
"""Added to L_2 and to squared bounds: above `losses.SERIES_ERROR` and the rounding of the sums that they are made of."""


@dataclass(frozen=True)
class Bounded:
    """One theorem on one world.

    claim    id in the ledger
    bound    (pairs,) upper bounds on mu_k.mu_l, k < l
    product  (pairs,) the true mu_k.mu_l
    norms    (pairs,) ||mu_k|| ||mu_l||, which Cauchy-Schwarz gives without a loss
    """

    claim: str
    bound: Array
    product: Array
    norms: Array


def info_nce_bounds(model: Circle | Vertices) -> list[Bounded]:
    """Theorem 3 as printed (at tau = eps = 0, its least right side), sharp and balanced; r = 1."""
    p, means = np.array(model.priors), _means(model)
    if isinstance(model, Circle):
        L_2, agreement = losses.info_nce_regulariser(model), losses.agreement(model)
    else:
        L_2, agreement = vertices.info_nce_regulariser(model), vertices.agreement(model)
    L_2 += ROUNDING
    product = means @ means.T
    a, norms = np.full(len(p), agreement), np.sqrt(product.diagonal())
    mean_square = float(p @ product @ p)
    return [
        _bounded("thm-3", printed_bound(L_2, 0.0, np.outer(p, p), 0.0), product),
        _bounded("thm-3-sharp", sharp_bounds(L_2, p, a, norms), product),
        _bounded("thm-3-balanced", balanced_bounds(L_2, p, a, norms, mean_square), product),
    ]


def correlation_bounds(model: Circle | Vertices) -> list[Bounded]:
    """Theorem 4 as printed (at tau' = ||S||_F^2, its least), and sharp; r = sqrt(d) is meant but not needed."""
    p, means = np.array(model.priors), _means(model)
    if isinstance(model, Circle):
        C, S = losses.view_correlation(model), losses.within_class_covariance(model)
    else:
        C, S = vertices.view_correlation(model), vertices.within_class_covariance(model)
    L_2, tau, excess = float(identity_distance(C)), float((S**2).sum()), len(C) - len(p)
    product = means @ means.T
    printed = printed_square(L_2 + ROUNDING, tau, np.outer(p, p), excess)
    sharp = sharp_square(L_2, tau, float(np.trace(S)), p, product.diagonal(), excess, ROUNDING)
    return [
        _bounded("thm-4", np.sqrt(np.maximum(printed, 0.0)), product),
        _bounded("thm-4-sharp", np.sqrt(np.maximum(sharp, 0.0)), product),
    ]


def _means(model: Circle | Vertices) -> Array:
    return world.class_means(model) if isinstance(model, Circle) else vertices.class_means(model)


def _bounded(claim: str, bound: Array, product: Array) -> Bounded:
    above = np.triu_indices(len(product), 1)
    norms = np.sqrt(product.diagonal())
    return Bounded(claim, bound[above], product[above], np.outer(norms, norms)[above])

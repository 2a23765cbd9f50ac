"""Theorems 3 and 4 on a world of an analytic model: every upper bound on mu_k.mu_l from the population losses.

The bounds are those of `theory.divergence`. There they are fed the sums of a finite world, here closed forms.
"""

from dataclasses import dataclass

import numpy as np

from theory.divergence.crosscorrelation import printed_square, sharp_square
from theory.divergence.infonce import balanced_bounds, printed_bound, sharp_bounds
from theory.divergence.losses import identity_distance
from theory.setting import Array

THEOREM_3 = ("thm-3", "thm-3-sharp", "thm-3-balanced")
"""Claims of the ledger that `info_nce_bounds` speaks of."""
THEOREM_4 = ("thm-4", "thm-4-sharp")
"""Claims of the ledger that `correlation_bounds` speaks of."""
ROUNDING = 1e-12
"""Added to L_2 and to squared bounds: more than the error of a closed form of L_2 and of the sums made from it."""


@dataclass(frozen=True)
class InfoNCEFactors:
    """What Theorem 3 needs to know of one world, whose features have norm r = 1.

    priors       (K,) p_k
    means        (K, d) mu_k
    agreement    (K,) E f(x1).f(x2) over two views of a sample of class k
    regulariser  L_2 = E log(e^{f(x1).f(x2)} + e^{f(x1).f(x-)}), wrong by at most `ROUNDING`
    """

    priors: Array
    means: Array
    agreement: Array
    regulariser: float


@dataclass(frozen=True)
class CorrelationFactors:
    """What Theorem 4 needs to know of one world; features of norm sqrt(d) are meant but not needed.

    priors        (K,) p_k
    means         (K, d) mu_k
    correlation   (d, d) C = E f(x1) f(x2)^T
    within_class  (d, d) S = C - sum_k p_k mu_k mu_k^T
    """

    priors: Array
    means: Array
    correlation: Array
    within_class: Array


@dataclass(frozen=True)
class ProductBounds:
    """One theorem on one world, for each pair of classes k < l.

    claim    id in the ledger
    bound    (pairs,) upper bound on mu_k.mu_l
    product  (pairs,) the true mu_k.mu_l
    norms    (pairs,) ||mu_k|| ||mu_l||, the bound of Cauchy-Schwarz, which needs no loss
    """

    claim: str
    bound: Array
    product: Array
    norms: Array


def info_nce_bounds(factors: InfoNCEFactors) -> list[ProductBounds]:
    """Theorem 3 as printed (at tau = eps = 0, where its right side is least), sharp and balanced."""
    p, a, L_2 = factors.priors, factors.agreement, factors.regulariser + ROUNDING
    product = factors.means @ factors.means.T
    norms, mean_square = np.sqrt(product.diagonal()), float(p @ product @ p)
    return [
        _pairs("thm-3", printed_bound(L_2, 0.0, np.outer(p, p), 0.0), product),
        _pairs("thm-3-sharp", sharp_bounds(L_2, p, a, norms), product),
        _pairs("thm-3-balanced", balanced_bounds(L_2, p, a, norms, mean_square), product),
    ]


def correlation_bounds(factors: CorrelationFactors) -> list[ProductBounds]:
    """Theorem 4 as printed (at tau' = ||S||_F^2, the least that it allows) and sharp."""
    p, C, S = factors.priors, factors.correlation, factors.within_class
    L_2, tau, excess = float(identity_distance(C)), float((S**2).sum()), len(C) - len(p)
    product = factors.means @ factors.means.T
    printed = printed_square(L_2 + ROUNDING, tau, np.outer(p, p), excess)
    sharp = sharp_square(L_2, tau, float(np.trace(S)), p, product.diagonal(), excess, ROUNDING)
    return [
        _pairs("thm-4", np.sqrt(np.maximum(printed, 0.0)), product),
        _pairs("thm-4-sharp", np.sqrt(np.maximum(sharp, 0.0)), product),
    ]


def _pairs(claim: str, bound: Array, product: Array) -> ProductBounds:
    above = np.triu_indices(len(product), 1)
    norms = np.sqrt(product.diagonal())
    return ProductBounds(claim, bound[above], product[above], np.outer(norms, norms)[above])

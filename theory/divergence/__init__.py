"""Divergence of the class means from the losses: InfoNCE (Theorem 3) and cross-correlation (Theorem 4).

Source: Huang et al., ICLR 2023, section 4. `infonce_bounds(world)` and `correlation_bounds(features, labels)` bound mu_k.mu_l
for every pair of classes by each form of the theorems; `info_nce` and `correlation_split` give the losses and their parts.
"""

from theory.divergence.crosscorrelation import Correlations, correlation_bounds, correlations
from theory.divergence.duality import contrastive_criterion, covariance_criterion
from theory.divergence.infonce import infonce_bounds, printed_bound
from theory.divergence.lemma_4_1 import alignment_limit, correlation_alignment
from theory.divergence.losses import (
    Split,
    correlation_split,
    cross_correlation,
    info_nce,
    standardised,
)
from theory.divergence.pairs import PairBounds

__all__ = [
    "Correlations",
    "PairBounds",
    "Split",
    "alignment_limit",
    "contrastive_criterion",
    "correlation_alignment",
    "correlation_bounds",
    "correlation_split",
    "correlations",
    "covariance_criterion",
    "cross_correlation",
    "info_nce",
    "infonce_bounds",
    "printed_bound",
    "standardised",
]

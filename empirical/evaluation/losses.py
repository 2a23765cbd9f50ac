"""What the losses say of the class means of a finite world: Theorems 3 and 4 of Huang et al. as printed."""

from dataclasses import dataclass

import numpy as np

from theory.divergence import correlations, info_nce, infonce_bounds
from theory.divergence.crosscorrelation import printed_square
from theory.divergence.pairs import PairBounds, safe_sqrt
from theory.setting import FiniteWorld


@dataclass(frozen=True)
class LossBound:
    """A theorem at the pair of classes for which its right side is least; products in units of r^2.

    loss         "InfoNCE" or "cross-correlation";  value  L_2, the part of it that the theorem is about
    bound        its right side, at the tau and eps that make it least;  product  mu_k.mu_l of that pair
    informative  pairs for which the right side is below ||mu_k|| ||mu_l||, which holds of any encoder
    """

    loss: str
    value: float
    bound: float
    product: float
    informative: int


def loss_bounds(world: FiniteWorld) -> tuple[LossBound, LossBound]:
    """Theorem 3, and Theorem 4 for features of norm sqrt(d), as section 4.2 has them. ValueError unless ||f|| = 1."""
    printed, *_ = infonce_bounds(world)
    d = world.features.shape[2]
    moments = correlations(np.sqrt(d) * world.features, world.labels)
    square = printed_square(moments.loss, moments.scatter, moments.share, moments.excess)
    correlated = PairBounds.of("printed", safe_sqrt(square) / d, moments.gram / d)
    return (
        _at_best("InfoNCE", info_nce(world).regulariser, printed),
        _at_best("cross-correlation", float(moments.loss), correlated),
    )


def _at_best(loss: str, value: float, pairs: PairBounds) -> LossBound:
    least = np.unravel_index(pairs.bound.argmin(), pairs.bound.shape)
    told = int(pairs.informative.sum()) // 2
    return LossBound(loss, float(value), float(pairs.bound[least]), float(pairs.product[least]), told)

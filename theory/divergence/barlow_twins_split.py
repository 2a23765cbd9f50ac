"""The cross-correlation loss of Barlow Twins splits into (1 - lambda) L_1 + lambda L_2. Formulas: `losses`."""

import numpy as np
import sympy

from theory.divergence.families import FeatureWorld, normalised_features
from theory.divergence.losses import LOSSES, correlation_split, cross_correlation, cross_correlation_loss, symbols
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity


def _entries() -> Evidence:
    lam = sympy.Symbol("lambda", real=True)
    C = symbols("c", 3, 3)
    return identity(
        "sum_i (1-C_ii)^2 + lambda sum_{i != j} C_ij^2 = (1-lambda) L_1 + lambda L_2 for a generic 3x3 matrix",
        cross_correlation_loss(C, lam),
        correlation_split(C, lam).loss,
    )


def _reading(drawn: FeatureWorld) -> Reading:
    """The loss from C as it is defined, over all pairs of views, beside its two parts; lambda is the free number."""
    n, m, _ = drawn.features.shape
    C = np.einsum("xai,xbj->ij", drawn.features, drawn.features) / (n * m * m)
    parts = correlation_split(cross_correlation(drawn.features), drawn.number).loss
    return Reading(hypotheses={}, left=abs(cross_correlation_loss(C, drawn.number) - parts), right=0.0)


CLAIMS = (
    Claim(
        id="bt-split",
        title="Cross-correlation = (1-lambda) L_1 + lambda L_2",
        source=LOSSES,
        statement=r"\sum_i(1-C_{ii})^2+\lambda\sum_{i\neq j}C_{ij}^2=(1-\lambda)L_1+\lambda L_2,\quad "
        r"L_1=\sum_i(1-C_{ii})^2,\ L_2=\|C-I\|_F^2",
        predicate=Predicate(worlds=normalised_features, read=_reading),
        expected=Verdict.PROVED,
        reduction="Both sides are sums over the entries of C, and each entry enters in the same way in every "
        "dimension, so the generic 3x3 matrix stands for all.",
        unchecked={"every size, from the generic 3x3 matrix": "cross_correlation_split"},
        steps={
            "entries": _entries,
        },
    ),
)

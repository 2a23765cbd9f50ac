"""Covariance and contrastive criteria differ by norms only; Gram and covariance of the class means by d - K.

Source: Garrido et al. 2022, "On the duality between contrastive and non-contrastive self-supervised learning", quoted in
the lecture's follow-up. Both facts are the trace identity ||A A^T||_F = ||A^T A||_F.
"""

from typing import Any

import numpy as np

from theory.divergence.losses import identity_distance, symbols
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity
from theory.setting import Array


def off_diagonal(A: Array) -> Any:
    """||A - diag(A)||_F^2; A (n, n)."""
    return (A**2).sum() - (np.diagonal(A) ** 2).sum()


def covariance_criterion(K: Array) -> Any:
    """||K K^T - diag||_F^2 for embeddings in the columns of K (d, N): decorrelates coordinates (Barlow Twins, VICReg)."""
    return off_diagonal(K @ K.T)


def contrastive_criterion(K: Array) -> Any:
    """||K^T K - diag||_F^2 for embeddings in the columns of K (d, N): pushes samples apart (spectral contrastive loss)."""
    return off_diagonal(K.T @ K)


def row_norms(K: Array) -> Any:
    """sum_j ||K_j.||^4 over the coordinates; K (d, N)."""
    return ((K**2).sum(axis=1) ** 2).sum()


def column_norms(K: Array) -> Any:
    """sum_i ||K_.i||^4 over the samples; K (d, N)."""
    return ((K**2).sum(axis=0) ** 2).sum()


def gram_gap(U: Array) -> Any:
    """||U U^T - I_d||_F^2 - ||U^T U - I_K||_F^2, which is d - K; U (d, K)."""
    return identity_distance(U @ U.T) - identity_distance(U.T @ U)


def _generic(rows: int, columns: int) -> Evidence:
    K = symbols("k", rows, columns)
    return identity(
        f"both sides agree for a matrix of {rows * columns} symbols",
        covariance_criterion(K) + row_norms(K),
        contrastive_criterion(K) + column_norms(K),
    )


def gram_gap_checked(rows: int, columns: int) -> Evidence:
    """`gram_gap` on a generic matrix."""
    return identity(
        f"||U U^T - I||^2 - ||U^T U - I||^2 = {rows} - {columns} for a matrix of {rows * columns} symbols",
        gram_gap(symbols("u", rows, columns)),
        rows - columns,
    )


def _matrices(rng: Rng) -> Start:
    """Matrices (d, N) of 1 to 5 rows and columns."""
    shape = tuple(rng.integers(1, 6, 2))
    return rng.normal(size=int(np.prod(shape))), lambda point: point.reshape(shape)


def _reading(K: Array) -> Reading:
    """The statement as it stands."""
    sides = covariance_criterion(K) + row_norms(K), contrastive_criterion(K) + column_norms(K)
    return Reading(hypotheses={}, left=abs(sides[0] - sides[1]), right=0.0)


MONOMIALS = (
    "Every monomial of either side has its entries in at most two rows and two columns, so its coefficient is read "
    "off with all other entries 0: there the generic 2x2 identity decides"
)
ANY_SIZE = "every size, from the coefficients of the generic 2x2 matrix"

CLAIMS = (
    Claim(
        id="duality",
        title="Covariance and contrastive criteria are dual",
        source="Garrido et al. 2022, as the lecture states it; lecture, A Cookbook of Self-Supervised Learning",
        statement=r"\forall K\in R^{d\times N}:\ \|KK^\top-diag\|_F^2+\sum_j\|K_{j\cdot}\|^4="
        r"\|K^\top K-diag\|_F^2+\sum_i\|K_{\cdot i}\|^4",
        predicate=Predicate(worlds=_matrices, read=_reading),
        expected=Verdict.PROVED,
        reduction="The norms add the diagonals back, so the sides are ||K K^T||_F^2 and ||K^T K||_F^2, both the sum "
        "over j, j', i, i' of K_ji K_j'i K_ji' K_j'i'. " + MONOMIALS + " (the larger ones are checked too).",
        unchecked={ANY_SIZE: "duality"},
        steps={
            "generic 2x2": lambda: _generic(2, 2),
            "generic 2x3": lambda: _generic(2, 3),
            "generic 3x2": lambda: _generic(3, 2),
        },
    ),
)

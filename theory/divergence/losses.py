"""InfoNCE and the cross-correlation loss as exact sums over a finite world, and how they split.

Source: lecture, Loss Functions; Huang et al., ICLR 2023, section 4. x and x' are independent uniform samples, x1 and x2
independent uniform views of x, x- a uniform view of x'. E is the mean over all of them: no batch, no temperature.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import sympy

from theory.checks import check_views
from theory.divergence.logsum import exp, log
from theory.elementary import sqrt
from theory.setting import NORM_TOLERANCE, Array, FiniteWorld

LOSSES = "lecture, Loss Functions; Huang et al., ICLR 2023, section 4"
LINEAR = "expectations are linear and monotone; x1 and x2 are independent and have the same law given x"

ENTRIES = 1 << 21
"""Entries of a block of the sum over negatives: 16 MiB of float64."""

FACTORS = 64
"""Views whose terms e^s + e^t, between 2/e and 2e, are multiplied before one logarithm: 64 of them stay in range."""


@dataclass(frozen=True)
class Split:
    """A loss and its two parts: `alignment` (L_1) pulls views of a sample together, `regulariser` (L_2) pushes apart."""

    loss: Any
    alignment: Any
    regulariser: Any


def info_nce_term(positive: Any, negative: Any) -> Any:
    """-log(e^s / (e^s + e^t)) for s = f(x1).f(x2), t = f(x1).f(x-). Lecture, Loss Functions."""
    return -log(exp(positive) / (exp(positive) + exp(negative)))


def info_nce(world: FiniteWorld) -> Split:
    """L_InfoNCE = L_1 + L_2, L_1 = -E f(x1).f(x2) = L_align/2 - 1, L_2 = E log(e^{f(x1).f(x2)} + e^{f(x1).f(x-)}).

    All n m^2 (n m) terms, in blocks of `ENTRIES`.

    Raises ValueError unless ||f|| = 1.
    Source: lecture, Loss Functions; Huang et al., ICLR 2023, section 4.
    """
    features = unit_features(world)
    n, m, d = features.shape
    positives = np.exp(features @ features.transpose(0, 2, 1))  # (n, m, m)
    views = features.reshape(n * m, d)
    samples = max(1, ENTRIES // (n * m * m))
    total = 0.0
    for start in range(0, n, samples):
        own = positives[start : start + samples].reshape(-1, m)
        negatives = np.exp(features[start : start + samples].reshape(-1, d) @ views.T)
        for part in np.array_split(own, ceil(m / FACTORS), axis=1):
            product = np.ones_like(negatives)
            for column in part.T:
                product *= column[:, None] + negatives
            total += float(np.log(product).sum())
    alignment = -float(class_agreement(features, np.zeros(n, dtype=int))[0])
    regulariser = total / (n * m * m * n * m)
    return Split(alignment + regulariser, alignment, regulariser)


def unit_features(world: FiniteWorld) -> Array:
    """The features of `world` as floats.

    Raises ValueError unless ||f|| = 1 to `NORM_TOLERANCE`.
    """
    radius = float(world.radius)
    if abs(radius - 1) > NORM_TOLERANCE:
        raise ValueError(f"||features||={radius:.6g}: InfoNCE is for ||f|| = 1; divide them by {radius:.6g}")
    return np.asarray(world.features.astype(float))


def class_agreement(features: Array, labels: Array) -> Array:
    """a_k = E_{x in C_k} f(x1).f(x2) = 1 - 1/2 E_{x in C_k} ||f(x1) - f(x2)||^2 if ||f|| = 1; features (n, m, d), (K,)."""
    means = features.sum(axis=1) / features.shape[1]
    own = (means**2).sum(axis=1)
    return np.array([own[labels == k].sum() / (labels == k).sum() for k in range(int(labels.max()) + 1)])


def view_correlation(features: Array) -> Array:
    """E f(x1) f(x2)^T for features (n, m, d) of any norm: (d, d), symmetric, positive semidefinite. Exact on Fractions."""
    check_views("features", features)
    means = features.sum(axis=1) / features.shape[1]
    return np.asarray(means.T @ means / len(means))


def cross_correlation(features: Array) -> Array:
    """C_ij = E f_i(x1) f_j(x2), (d, d), of features (n, m, d) with E f_i^2 = 1; they need not have one norm.

    Raises ValueError that names a coordinate where E f_i^2 is not 1.
    Source: lecture, Loss Functions.
    """
    correlation = view_correlation(features)
    moments = second_moments(features)
    off = abs(moments - 1)
    worst = int(off.argmax())
    if off[worst] > (0 if features.dtype == object else NORM_TOLERANCE):
        raise ValueError(
            f"E f_i^2={moments[worst]} in coordinate i = {worst}: the cross-correlation loss needs 1 in each; "
            "pass the features through standardised()"
        )
    return correlation


def second_moments(features: Array) -> Array:
    """E f_i^2 over samples and views, (d,)."""
    return np.asarray((features**2).sum(axis=(0, 1)) / (features.shape[0] * features.shape[1]))


def standardised(features: Array) -> Array:
    """The features, each coordinate divided by (E f_i^2)^(1/2).

    Raises ValueError for a coordinate that is 0 throughout.
    """
    check_views("features", features)
    moments = second_moments(features)
    if not (moments > 0).all():
        raise ValueError(f"E f_i^2=0 in coordinate i = {int(np.argmin(moments))}: 0 in every view; leave it out")
    return np.asarray(features / sqrt(moments))


def diagonal_distance(C: Array) -> Any:
    """L_1 = sum_i (1 - C_ii)^2; C (d, d)."""
    return ((1 - np.diagonal(C)) ** 2).sum()


def identity_distance(C: Array) -> Any:
    """L_2 = ||C - I||_F^2; C (d, d)."""
    return ((C - np.eye(len(C), dtype=int)) ** 2).sum()


def cross_correlation_loss(C: Array, lam: Any) -> Any:
    """sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2; C (d, d). Lecture, Loss Functions."""
    return diagonal_distance(C) + lam * ((C**2).sum() - (np.diagonal(C) ** 2).sum())


def correlation_split(C: Array, lam: Any) -> Split:
    """L_CrossCorr = (1 - lambda) L_1 + lambda L_2 with L_1 = sum_i (1 - C_ii)^2, L_2 = ||C - I||_F^2; C (d, d)."""
    first, second = diagonal_distance(C), identity_distance(C)
    return Split((1 - lam) * first + lam * second, first, second)


def symbols(name: str, rows: int, columns: int) -> Array:
    """A generic real matrix as an array of SymPy symbols, (rows, columns)."""
    return np.array(sympy.symbols(f"{name}:{rows * columns}", real=True), dtype=object).reshape(rows, columns)

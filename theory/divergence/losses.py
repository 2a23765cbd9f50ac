"""InfoNCE and the cross-correlation loss as exact sums over a finite world, and how they split.

Source: lecture, Loss Functions; Huang et al., ICLR 2023, section 4. x and x' are independent uniform samples, x1 and x2
independent uniform views of x, x- a uniform view of x'. E is the mean over all of them: no batch, no temperature.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.logsum import exp, log, log_sum
from theory.elementary import sqrt
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import NORM_TOLERANCE, Array, FiniteWorld, check_views

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

    All n m^2 (n m) terms, in blocks of `ENTRIES`. ValueError unless ||f|| = 1.
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
    """The features of `world` as floats; ValueError unless ||f|| = 1 to `NORM_TOLERANCE`."""
    radius = float(world.radius)
    if abs(radius - 1) > NORM_TOLERANCE:
        raise ValueError(f"the features have norm {radius:.6g}; InfoNCE is for ||f|| = 1: divide them by {radius:.6g}")
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

    Source: lecture, Loss Functions. ValueError, naming the coordinate, where E f_i^2 is not 1.
    """
    correlation = view_correlation(features)
    moments = second_moments(features)
    off = abs(moments - 1)
    worst = int(off.argmax())
    if off[worst] > (0 if features.dtype == object else NORM_TOLERANCE):
        raise ValueError(
            f"E f_i^2 is {moments[worst]} in coordinate i = {worst}; the cross-correlation loss needs 1 in each: "
            "pass the features through standardised()"
        )
    return correlation


def second_moments(features: Array) -> Array:
    """E f_i^2 over samples and views, (d,)."""
    return np.asarray((features**2).sum(axis=(0, 1)) / (features.shape[0] * features.shape[1]))


def standardised(features: Array) -> Array:
    """The features, each coordinate divided by (E f_i^2)^(1/2); ValueError for a coordinate that is 0 throughout."""
    check_views("features", features)
    moments = second_moments(features)
    if not (moments > 0).all():
        raise ValueError(f"coordinate {int(np.argmin(moments))} is 0 in every view: leave it out")
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


def correlation_alignment(C: Array) -> Any:
    """L_align = 2 sum_i (1 - C_ii) where E f_i^2 = 1; C (d, d). Huang et al., Lemma 4.1."""
    return 2 * (1 - np.diagonal(C)).sum()


def alignment_limit(d: Any, L_1: Any) -> Any:
    """2 sqrt(d L_1) >= L_align where E f_i^2 = 1. Huang et al., Lemma 4.1."""
    return 2 * sqrt(d * L_1)


def symbols(name: str, rows: int, columns: int) -> Array:
    """A generic real matrix as an array of SymPy symbols, (rows, columns)."""
    return np.array(sympy.symbols(f"{name}:{rows * columns}", real=True), dtype=object).reshape(rows, columns)


def _logarithm() -> Evidence:
    s, t = sympy.symbols("s t", real=True)
    return identity(
        "-log(e^s/(e^s + e^t)) = -s + log(e^s + e^t)",
        info_nce_term(s, t),
        -s + log_sum(s, t),
    )


def unit_product() -> Evidence:
    """The inner product of unit vectors, by their distance."""
    x1, x2, y1, y2 = z3.Reals("x1 x2 y1 y2")
    return implication(
        "||x|| = ||y|| = 1 imply x.y = 1 - ||x - y||^2/2, in the plane of x and y",
        [x1 * x1 + x2 * x2 == 1, y1 * y1 + y2 * y2 == 1],
        x1 * y1 + x2 * y2 == 1 - ((x1 - y1) ** 2 + (x2 - y2) ** 2) / 2,
        example={x1: 1, x2: 0, y1: "3/5", y2: "4/5"},
    )


def _entries() -> Evidence:
    lam = sympy.Symbol("lambda", real=True)
    C = symbols("c", 3, 3)
    return identity(
        "sum_i (1-C_ii)^2 + lambda sum_{i != j} C_ij^2 = (1-lambda) L_1 + lambda L_2 for a generic 3x3 matrix",
        cross_correlation_loss(C, lam),
        correlation_split(C, lam).loss,
    )


def _expansion() -> Evidence:
    features = symbols("f", 2, 6).reshape(2, 3, 2)
    apart = features[:, :, None, :] - features[:, None, :, :]
    return identity(
        "E ||f(x1) - f(x2)||^2 = 2 sum_i (E f_i^2 - C_ii) for 2 samples, 3 views, 2 coordinates of symbols",
        (apart**2).sum() / 18,
        correlation_alignment(view_correlation(features)) + 2 * (second_moments(features) - 1).sum(),
    )


def _cauchy_schwarz_step() -> Evidence:
    n, total, squares, y = z3.Reals("n total squares y")
    return implication(
        "(y_1 + .. + y_n)^2 <= n (y_1^2 + .. + y_n^2) is inherited by n + 1 coordinates",
        [n >= 1, total * total <= n * squares],
        (total + y) * (total + y) <= (n + 1) * (squares + y * y),
        example={n: 1, total: 1, squares: 1, y: 2},
    )


def _limit() -> Evidence:
    d, L_1 = sympy.symbols("d L_1", positive=True)
    return identity(
        "(2 sqrt(d L_1))^2 = 4 d L_1: the bound on (2 sum y_i)^2", alignment_limit(d, L_1) ** 2, 4 * d * L_1
    )


CLAIMS = (
    Claim(
        id="nce-split",
        title="InfoNCE = (L_align/2 - 1) + L_2",
        source=LOSSES,
        statement=r"\|f\|=1:\ L_{InfoNCE}=(\frac{1}{2}L_{align}-1)+"
        r"E\,\log(e^{f(x_1)^\top f(x_2)}+e^{f(x_1)^\top f(x^-)})",
        expected=Verdict.PROVED,
        reduction="Term by term: `logarithm`, then f(x1).f(x2) = 1 - ||f(x1) - f(x2)||^2/2 (`unit vectors`); then the mean.",
        trusted=(LINEAR,),
        steps={
            "logarithm": _logarithm,
            "unit vectors": unit_product,
        },
    ),
    Claim(
        id="bt-split",
        title="Cross-correlation = (1-lambda) L_1 + lambda L_2",
        source=LOSSES,
        statement=r"\sum_i(1-C_{ii})^2+\lambda\sum_{i\neq j}C_{ij}^2=(1-\lambda)L_1+\lambda L_2,\quad "
        r"L_1=\sum_i(1-C_{ii})^2,\ L_2=\|C-I\|_F^2",
        expected=Verdict.PROVED,
        reduction="Both sides are sums over the entries of C, and each entry enters in the same way in every "
        "dimension, so the generic 3x3 matrix stands for all.",
        steps={
            "entries": _entries,
        },
    ),
    Claim(
        id="lemma-4.1",
        title="L_1 bounds alignment: L_align <= 2 sqrt(d L_1)",
        source="Huang et al., ICLR 2023, Lemma 4.1",
        statement=r"E f_i^2=1\ \forall i\ \Rightarrow\ L_{align}=2\sum_i(1-C_{ii})\leq 2\sqrt{d\,L_1}",
        expected=Verdict.PROVED,
        reduction="Coordinate by coordinate, E (f_i(x1) - f_i(x2))^2 = 2 E f_i^2 - 2 C_ii (`expansion`), which is 2 "
        "(1 - C_ii). With y_i = 1 - C_ii, (sum y_i)^2 <= d sum y_i^2 holds for d = 1 and passes from n to "
        "n + 1 coordinates; so L_align^2 = (2 sum y_i)^2 <= 4 d L_1 (`limit`). Equality where all C_ii "
        "agree.",
        trusted=(LINEAR,),
        steps={
            "expansion": _expansion,
            "one more coordinate": _cauchy_schwarz_step,
            "limit": _limit,
        },
    ),
)

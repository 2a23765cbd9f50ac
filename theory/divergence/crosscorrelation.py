"""Divergence of the class means from the cross-correlation loss: Theorem 4 as printed, its best constant, and a sharp form.

Source: Huang et al., ICLR 2023, Theorem 4. Notation: C = E f(x1) f(x2)^T, L_2 = ||C - I||_F^2,
M = sum_k p_k mu_k mu_k^T, and S = C - M = sum_k p_k Cov_k(E_{x1} f(x1)), positive semidefinite, tau = ||S||_F^2.

With U = [sqrt(p_k) mu_k] (d, K) M = U U^T, and Y = U^T U - I_K has y_kl = sqrt(p_k p_l) mu_k.mu_l, y_kk = p_k ||mu_k||^2 - 1.
For theta > 0, kappa = theta/(1 + theta) and f(y) = y^2 if y >= 0, kappa y^2 if y < 0 (`lopsided_square`), derived here:

    L_2 + theta tau >= sum f(eigenvalues of M - I_d) = kappa (d - K) + sum f(eigenvalues of Y)
                    >= kappa (d - K) + f(both eigenvalues of the block k, l of Y) + sum over the other i of f(y_ii).

Neither ||f|| = sqrt(d) nor E f_i^2 = 1 is used: features of any norm may be held against it. The paper's section 4.2 asks
for E f = 0 too, the lecture does not: then Y sqrt(p) = -sqrt(p), which lowers the constant and gives the bound a floor.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import z3

from theory.checks import check_labels
from theory.divergence.losses import identity_distance, view_correlation
from theory.divergence.pairs import PairBounds, safe_sqrt
from theory.elementary import sqrt
from theory.setting import Array

ROUNDING = 1e-13
"""Relative to ||C||^2 + ||M||^2 + d, added to squared bounds: above the rounding of the float64 sums in them."""

THETAS = np.logspace(-4, 6, 41)
"""The theta tried; each gives a valid bound, and the least is kept."""


@dataclass(frozen=True)
class Correlations:
    """Second moments of features (n, m, d) with labels (n,), exact on Fractions.

    total    (d, d) C = E f(x1) f(x2)^T
    between  (d, d) M = sum_k p_k mu_k mu_k^T
    within   (d, d) S = sum_k p_k Cov_k(E_{x1} f(x1)) = C - M
    shares   (K,) p_k
    gram     (K, K) mu_k.mu_l
    """

    total: Array
    between: Array
    within: Array
    shares: Array
    gram: Array

    @property
    def loss(self) -> Any:
        """L_2 = ||C - I||_F^2."""
        return identity_distance(self.total)

    @property
    def scatter(self) -> Any:
        """||S||_F^2, the least tau'."""
        return (self.within**2).sum()

    @property
    def share(self) -> Array:
        """p_k p_l, (K, K)."""
        return np.outer(self.shares, self.shares)

    @property
    def excess(self) -> int:
        """d - K."""
        return len(self.total) - len(self.shares)


def correlations(features: Array, labels: Array) -> Correlations:
    """The second moments that Theorem 4 is about; features (n, m, d) of any norm, labels (n,) integers 0..K-1."""
    total = view_correlation(features)
    check_labels(labels, len(features))
    n, counts = len(labels), np.bincount(labels)
    samples = features.sum(axis=1) / features.shape[1]
    means = np.array([samples[labels == k].sum(axis=0) / int(count) for k, count in enumerate(counts)])
    between = (means.T * counts) @ means / n
    centred = samples - means[labels]
    one = features.reshape(-1)[0] * 0 + 1  # 1 of the features' own kind: shares of exact worlds are exact
    return Correlations(total, between, centred.T @ centred / n, counts * one / n, means @ means.T)


def printed_square(L_2: Any, tau: Any, share: Any, excess: Any) -> Any:
    """2/(p_k p_l) (L_2 + tau' - (d - K)/2) >= (mu_k.mu_l)^2; share = p_k p_l, excess = d - K, tau' >= ||S||_F^2.

    Huang et al., Theorem 4.
    """
    return (2 * (L_2 + tau) - excess) / share


def constant_square(L_2: Any, tau: Any, share: Any, excess: Any) -> Any:
    """3/8 of `printed_square`: 3/(4 p_k p_l) (L_2 + tau' - (d - K)/2), the least if E f may be any vector. Derived."""
    return 3 * printed_square(L_2, tau, share, excess) / 8


def centred_reach(p_k: Any, p_l: Any) -> Any:
    """sqrt((1 - p_k)(1 - p_l)) - sqrt(p_k p_l), in [0, 1): 0 for two classes, 1 - 2 p where p_k = p_l = p."""
    return sqrt((1 - p_k) * (1 - p_l)) - sqrt(p_k * p_l)


def centred_square(L_2: Any, tau: Any, share: Any, excess: Any, reach: Any) -> Any:
    """reach^2/(2 p_k p_l) (L_2 + tau' - (d - K)/2) >= (mu_k.mu_l)^2 if mu_k.mu_l > 0 and E f = 0: below 1/4 of what is
    printed. `reach` is `centred_reach`. Derived."""
    return reach**2 * printed_square(L_2, tau, share, excess) / 4


def triangle_square(L_2_root: Any, S_norm: Any, share: Any, excess: Any) -> Any:
    """((sqrt(L_2) + ||S||_F)^2 - (d - K))/(2 p_k p_l) >= (mu_k.mu_l)^2, by the triangle inequality alone. Derived."""
    return ((L_2_root + S_norm) ** 2 - excess) / (2 * share)


def unnormed_square(L_2_root: Any, S_norm: Any, share: Any) -> Any:
    """(sqrt(L_2) + ||S||_F/sqrt(2))^2/(2 p_k p_l) >= (mu_k.mu_l)^2 for d >= K: the sharp form without norms. Derived."""
    return (L_2_root + sqrt(S_norm**2 / 2)) ** 2 / (2 * share)


def least_block(y: Any, kappa: Any) -> Any:
    """4 kappa y^2/(1 + kappa) <= f(c + y) + f(c - y) for every c."""
    return 4 * kappa * (y * y) / (1 + kappa)


def lopsided_square(y: Any, kappa: Any) -> Any:
    """f(y) = y^2 for y >= 0, kappa y^2 for y < 0; arrays broadcast."""
    if isinstance(y, z3.ArithRef):
        return z3.If(y >= 0, y * y, kappa * (y * y))
    return np.where(y >= 0, 1.0, kappa) * y**2


def wide_radius(centre: Any, kappa: Any, root: Any) -> Any:
    """The rho >= |c| with f(c + rho) + f(c - rho) = B, given root = sqrt((1 + kappa) B - 4 kappa c^2)."""
    return (root - (1 - kappa) * centre) / (1 + kappa)


def narrow_radius_square(B: Any, centre: Any, slope: Any) -> Any:
    """rho^2 for the rho <= |c| with f(c + rho) + f(c - rho) = B; slope = 1 for c >= 0, kappa for c < 0."""
    return B / (2 * slope) - centre**2


def block_radius(B: Any, centre: Any, kappa: Any) -> Array:
    """The largest rho with f(c + rho) + f(c - rho) <= B; arrays broadcast, B >= 2 f(c)."""
    slope = np.where(centre >= 0, 1.0, kappa)
    wide = wide_radius(centre, kappa, safe_sqrt((1 + kappa) * B - 4 * kappa * centre**2))
    return np.where(B >= 4 * slope * centre**2, wide, safe_sqrt(narrow_radius_square(B, centre, slope)))


def trace_budget(L_2: Any, tau: Any, trace: Any) -> Any:
    """L_2 + 2 tr S - ||S||_F^2 >= ||M - I||_F^2, as <M, S> >= 0. Derived."""
    return L_2 + 2 * trace - tau


def scatter_limit(alpha: Any, s: Any) -> Any:
    """s^2 alpha^2/2 + 2 (1 - alpha^2) >= tr Cov_k / r^2: share alpha of class k in its main part and in S_eps. Derived.

    s = (L delta + 2 eps)/r <= 2 bounds the spread of that part, as in Theorem 1. So tau' = (r^2 sum_k p_k scatter_limit)^2
    will do in Theorem 4: it falls with eps, delta, R_eps and 1 - sigma and is 0 in the ideal case.
    """
    return s**2 * alpha**2 / 2 + 2 * (1 - alpha**2)


def _budgets(L_2: float, tau: float, trace: float) -> tuple[Array, Array]:
    """Bounds on sum f(eigenvalues of M - I) and the kappa of each f, (b,): by theta, and last by the trace.

    The thetas that are best without norms come first.
    """
    best = np.sqrt(L_2) / np.sqrt(tau) * np.array([1.0, 0.5**0.5]) if L_2 > 0 and tau > 0 else []
    thetas = np.concatenate([best, THETAS])
    return np.append(L_2 + thetas * tau, trace_budget(L_2, tau, trace)), np.append(thetas / (1 + thetas), 1.0)


def sharp_square(
    L_2: float, tau: float, trace: float, p: Array, norms_squared: Array, excess: int, slack: float
) -> Array:
    """Upper bounds on (mu_k.mu_l)^2, (K, K), from L_2, tau = ||S||_F^2, tr S, shares p and ||mu_k||^2, each (K,).

    excess = d - K. The block k, l of Y has eigenvalues c +- rho with c = (y_kk + y_ll)/2 and
    rho^2 = (y_kk - y_ll)^2/4 + p_k p_l (mu_k.mu_l)^2. `slack` is added to the budgets for rounding. Derived.
    """
    y = p * norms_squared - 1
    centre, half = (y[:, None] + y[None, :]) / 2, (y[:, None] - y[None, :]) / 2
    budget, kappa = (values[:, None, None] for values in _budgets(L_2, tau, trace))
    own = lopsided_square(y, kappa)  # (b, 1, K)
    B = budget + slack - kappa * excess - (own.sum(axis=2, keepdims=True) - own.transpose(0, 2, 1) - own)
    least = (block_radius(B, centre, kappa) ** 2).min(axis=0)
    return np.asarray((least - half**2) / np.outer(p, p))


def correlation_bounds(features: Array, labels: Array) -> tuple[PairBounds, PairBounds, PairBounds]:
    """The forms printed, constant and sharp on features (n, m, d) of any norm with labels (n,).

    The printed form is taken at tau' = ||S||_F^2, the least value that it admits.
    """
    moments = correlations(features.astype(float), labels)
    L_2, tau, share, excess = moments.loss, moments.scatter, moments.share, moments.excess
    trace = np.trace(moments.within)
    slack = ROUNDING * float((moments.total**2).sum() + (moments.between**2).sum() + len(moments.total))
    printed = printed_square(L_2 + slack, tau, share, excess)
    constant = constant_square(L_2 + slack, tau, share, excess)
    norms_squared = np.diagonal(moments.gram)
    sharp = sharp_square(float(L_2), float(tau), float(trace), moments.shares, norms_squared, excess, slack)
    return (
        PairBounds.of("printed", safe_sqrt(printed), moments.gram),
        PairBounds.of("constant", safe_sqrt(constant), moments.gram),
        PairBounds.of("sharp", safe_sqrt(sharp), moments.gram),
    )

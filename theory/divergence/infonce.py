"""Divergence of the class means from InfoNCE: Theorem 3 as printed, and two bounds that say something.

Source: Huang et al., ICLR 2023, Theorem 3. Notation: ||f|| = 1, m_ij = mu_i.mu_j, L_2 =
E log(e^{f(x1).f(x2)} + e^{f(x1).f(x-)}), a_i = E_{x in C_i} f(x1).f(x2) = 1 - 1/2 E_{x in C_i} ||f(x1) - f(x2)||^2.

All of it rests on Jensen's inequality (derived):  L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}).
- printed   isolates one ordered pair and drops the rest; its right side is never below log(16 - e) = 2.58;
- sharp     isolates (k,l) and (l,k); every other term stands at the least m_ij that the norms allow;
- balanced  also uses sum_ij p_i p_j m_ij = ||sum_i p_i mu_i||^2: the other products cannot all be small at once.
"""

from typing import Any

import numpy as np

from theory.divergence.logsum import exp, first_weight, log, log_sum
from theory.divergence.losses import class_agreement, info_nce, unit_features
from theory.divergence.pairs import PairBounds
from theory.elementary import sqrt
from theory.factors import class_means, class_shares
from theory.setting import Array, FiniteWorld

LOSS_ROUNDING = 1e-12
"""Added to L_2 before it is inverted: above the rounding of its float64 sum, so that a bound errs upwards."""

HALVINGS = 60
"""Bisections of the balanced form: from an interval of a few units down to the last bit."""


def one_pair_bound(L_2: Any, a: Any, share: Any) -> Any:
    """log(exp(L_2 / (p_k p_l)) - e^a) >= mu_k.mu_l for a = a_k, share = p_k p_l. Derived: Theorem 3 without tau.

    Written as q + log(1 - e^{a - q}), q = L_2 / share, which does not overflow for rare classes.
    """
    q = L_2 / share
    return q + log(1 - exp(a - q))


def printed_bound(L_2: Any, tau: Any, share: Any, eps: Any) -> Any:
    """log(exp((L_2 + tau) / (p_k p_l)) - exp(1 - eps)), share = p_k p_l. Huang et al., Theorem 3, with tau >= 0."""
    return one_pair_bound(L_2 + tau, 1 - eps, share)


def agreement_floor(eps: Any, R: Any, p: Any) -> Any:
    """1 - eps^2/2 - 2 R_eps/p_k <= a_k: what eps and R_eps say of the alignment within class k. Derived."""
    return 1 - eps**2 / 2 - 2 * R / p


def pair_root(A: Any, B: Any, root: Any) -> Any:
    """The X with (A + X)(B + X) = E, given root = sqrt((A - B)^2 + 4 E)."""
    return (root - (A + B)) / 2


def pair_bound(a: Any, b: Any, Q: Any) -> Any:
    """The t with log(e^a + e^t) + log(e^b + e^t) = Q, for Q > a + b; arrays broadcast.

    log of `pair_root` at A = e^a, B = e^b, E = e^Q, in units of e^{Q/2} so that large Q do not overflow.
    """
    A, B = exp(a - Q / 2), exp(b - Q / 2)
    return Q / 2 + log(pair_root(A, B, sqrt((A - B) ** 2 + 4)))


def jensen_sum(p: Any, a: Any, gram: Any) -> Any:
    """sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) <= L_2; p, a (K,), gram (K, K). Derived."""
    return (np.outer(p, p) * log_sum(a[:, None], gram)).sum()


def balance(p: Any, norms_squared: Any, mean_square: Any) -> Any:
    """sum_{i != j} p_i p_j m_ij = ||sum_i p_i mu_i||^2 - sum_i p_i^2 ||mu_i||^2; p, norms_squared (K,). Derived."""
    return mean_square - (p**2 * norms_squared).sum()


def mean_of_others(total: Any, share: Any, t: Any, w: Any) -> Any:
    """c = (total - 2 p_k p_l t)/w: the mean m_ij of the pairs, of weight w, that are left without (k,l) and (l,k)."""
    return (total - 2 * share * t) / w


def pair_terms(t: Any, share: Any, a: Any) -> Any:
    """p_k p_l [log(e^{a_k} + e^t) + log(e^{a_l} + e^t)], the terms (k,l) and (l,k); t, share (K, K), a (K,)."""
    return share * (log_sum(a[:, None], t) + log_sum(a[None, :], t))


def others(p: Array, a: Array) -> tuple[Array, Array]:
    """w and a', each (K, K): weight and mean agreement of the pairs i != j other than (k,l) and (l,k); K >= 3."""
    share = np.outer(p, p)
    w = 1 - (p**2).sum() - 2 * share
    return w, ((p * (1 - p) * a).sum() - share * (a[:, None] + a[None, :])) / w


def balanced_sum(t: Array, p: Array, a: Array, norms_squared: Array, mean_square: float) -> Array:
    """F(t) = p_k p_l [log(e^{a_k} + e^t) + log(e^{a_l} + e^t)] + w log(e^{a'} + e^{c(t)}); t (K, K), p, a (K,). Derived.

    c(t) is the `mean_of_others`, their total the `balance`. Two classes have no others.
    """
    share = np.outer(p, p)
    own = np.asarray(pair_terms(t, share, a))
    if len(p) == 2:
        return own
    w, agreement = others(p, a)
    mean = mean_of_others(balance(p, norms_squared, mean_square), share, t, w)
    return np.asarray(own + w * log_sum(agreement, mean))


def _least_terms(p: Array, a: Array, norms: Array) -> Array:
    """p_i p_j log(e^{a_i} + e^{m_ij}) at the least m_ij that the norms allow: ||mu_i||^2, and -||mu_i|| ||mu_j|| off the
    diagonal."""
    least = -np.outer(norms, norms)
    np.fill_diagonal(least, norms**2)
    return np.asarray(np.outer(p, p) * log_sum(a[:, None], least))


def sharp_bounds(L_2: float, p: Array, a: Array, norms: Array) -> Array:
    """Upper bounds on mu_k.mu_l, (K, K), from L_2, shares p, agreements a and norms ||mu_k||, each (K,). Derived.

    The t with p_k p_l [log(e^{a_k} + e^t) + log(e^{a_l} + e^t)] = L_2 - (all other terms at their least).
    """
    terms = _least_terms(p, a, norms)
    Q = (L_2 - (terms.sum() - terms - terms.T)) / np.outer(p, p)
    np.fill_diagonal(Q, 4.0)  # a class with itself is no pair: any Q > a + b
    if not (Q > a[:, None] + a[None, :]).all():
        raise ValueError(f"L_2={L_2}: less than the other terms need; take L_2, p, a and norms of one world")
    return np.asarray(pair_bound(a[:, None], a[None, :], Q))


def balanced_bounds(L_2: float, p: Array, a: Array, norms: Array, mean_square: float) -> Array:
    """Upper bounds on mu_k.mu_l, (K, K), from what `sharp_bounds` takes and ||sum_i p_i mu_i||^2. Derived.

    F(t) = `pair_terms` + rest(t) is convex and at most L_2 - (diagonal terms) at t = mu_k.mu_l. rest(t) is the larger of the
    least terms of `sharp_bounds` and what `balanced_sum` has in their place. Never above `sharp_bounds`, equal to it for two
    classes.
    """
    sharp = sharp_bounds(L_2, p, a, norms)
    if len(p) == 2:
        return sharp
    share, terms = np.outer(p, p), _least_terms(p, a, norms)
    diagonal = np.diagonal(terms).sum()
    apart = terms.sum() - diagonal - terms - terms.T
    w, agreement = others(p, a)
    total = balance(p, norms**2, mean_square)

    def beyond(t: Array) -> Array:
        """F exceeds its limit and increases: so it does at every larger t, and mu_k.mu_l is below t."""
        mean = mean_of_others(total, share, t, w)
        balanced = w * log_sum(agreement, mean)
        F = pair_terms(t, share, a) + np.maximum(balanced, apart)
        rise = first_weight(t, a[:, None]) + first_weight(t, a[None, :])
        fall = np.where(balanced > apart, 2 * first_weight(mean, agreement), 0.0)
        return np.asarray((F > L_2 - diagonal) & (rise > fall))

    low, high = -np.outer(norms, norms), sharp
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        cut = beyond(middle)
        low, high = np.where(cut, low, middle), np.where(cut, middle, high)
    return high


def infonce_bounds(world: FiniteWorld) -> tuple[PairBounds, PairBounds, PairBounds]:
    """The forms printed, sharp and balanced on `world`.

    The printed form is taken at tau = eps = 0, its least right side.

    Raises ValueError unless ||f|| = 1.
    """
    features = unit_features(world)
    L_2 = info_nce(world).regulariser + LOSS_ROUNDING
    p, means = class_shares(world).astype(float), class_means(world).astype(float)
    product = means @ means.T
    a, norms = class_agreement(features, world.labels), np.sqrt(np.diagonal(product))
    return (
        PairBounds.of("printed", printed_bound(L_2, 0.0, np.outer(p, p), 0.0), product),
        PairBounds.of("sharp", sharp_bounds(L_2, p, a, norms), product),
        PairBounds.of("balanced", balanced_bounds(L_2, p, a, norms, float(p @ product @ p)), product),
    )

"""Theorem 4 sharpened: by eigenvalues, with the norms of the means kept. Formulas and notation: `crosscorrelation`."""

from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.crosscorrelation import (
    correlations,
    least_block,
    lopsided_square,
    narrow_radius_square,
    sharp_square,
    trace_budget,
    unnormed_square,
    wide_radius,
)
from theory.divergence.families import FeatureWorld, any_features, mean_products, squares_below
from theory.divergence.losses import LINEAR, symbols
from theory.divergence.theorem4_steps import (
    PEIERLS,
    SPECTRAL,
    SPECTRUM,
    THEOREM_4,
    convex,
    directions,
    eigenvalue,
    no_centre,
    split,
)
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication


def _best_theta() -> Evidence:
    a, b, share = sympy.symbols("a b share", positive=True)
    theta = a / (sympy.sqrt(2) * b)
    kappa = theta / (1 + theta)
    return identity(
        "L_2 = a^2, ||S||_F = b, theta = a/(sqrt(2) b): (L_2 + theta b^2)/(4 kappa/(1 + kappa)) = (a + b/sqrt(2))^2/2",
        (a**2 + theta * b**2) / (least_block(1, kappa) * share),
        unnormed_square(a, b, share),
    )


def _block() -> Evidence:
    a, b, x, t = sympy.symbols("y_kk y_ll y_kl t")
    c, rho_square = (a + b) / 2, (a - b) ** 2 / 4 + x**2
    return identity(
        "c +- rho, rho^2 = (y_kk - y_ll)^2/4 + y_kl^2, are the eigenvalues of the block k, l of Y",
        (t - c) ** 2 - rho_square,
        (a - t) * (b - t) - x**2,
    )


def _inside(rho: Any, c: Any, kappa: Any, B: Any) -> Any:
    return lopsided_square(c + rho, kappa) + lopsided_square(c - rho, kappa) <= B


def _wide() -> Evidence:
    rho, c, kappa, B, root = z3.Reals("rho c kappa B root")
    return implication(
        "f(c + rho) + f(c - rho) <= B with B >= 4 f(c) bounds rho by the root of a quadratic",
        [
            kappa > 0,
            kappa <= 1,
            rho >= 0,
            B >= 4 * lopsided_square(c, kappa),
            _inside(rho, c, kappa, B),
            root >= 0,
            root * root == (1 + kappa) * B - 4 * kappa * (c * c),
        ],
        rho <= wide_radius(c, kappa, root),
        example={rho: 1, c: 0, kappa: 1, B: "9/2", root: 3},
    )


def _narrow() -> Evidence:
    rho, c, kappa, B = z3.Reals("rho c kappa B")
    return implication(
        "f(c + rho) + f(c - rho) <= B < 4 f(c) bounds rho^2 by B/(2 kappa) - c^2, kappa = 1 for c >= 0",
        [kappa > 0, kappa <= 1, rho >= 0, B < 4 * lopsided_square(c, kappa), _inside(rho, c, kappa, B)],
        rho * rho <= narrow_radius_square(B, c, z3.If(c >= 0, z3.RealVal(1), kappa)),
        example={rho: 0, c: -1, kappa: "1/2", B: "3/2"},
    )


def _trace() -> Evidence:
    L_2, cross, tau, trace, CS, MS, X2 = z3.Reals("L_2 cross tau trace CS MS X2")
    return implication(
        "<M, S> >= 0 imply ||X||^2 = L_2 - 2 <C - I, S> + ||S||^2 <= L_2 + 2 tr S - ||S||^2",
        [MS >= 0, CS == MS + tau, cross == CS - trace, X2 == L_2 - 2 * cross + tau],
        X2 <= trace_budget(L_2, tau, trace),
        example={MS: 0, tau: 1, CS: 1, trace: 1, cross: 0, L_2: 0, X2: 1},
    )


def _positive() -> Evidence:
    U, z = symbols("u", 2, 3), symbols("z", 1, 2)[0]
    projected = U.T @ z
    return identity(
        "<U U^T, z z^T> = ||U^T z||^2, and S = E z z^T",
        (U @ U.T * np.outer(z, z)).sum(),
        projected @ projected,
    )


def _reading(drawn: FeatureWorld) -> Reading:
    """The statement at theta = the free number, its eigenvalues computed, and the bound that solves it at many theta."""
    moments = correlations(drawn.features, drawn.labels)
    p, products = moments.shares, mean_products(drawn.features, drawn.labels)
    L_2, tau, excess, theta = moments.loss, moments.scatter, moments.excess, drawn.number
    kappa = theta / (1 + theta)
    Y = np.sqrt(moments.share) * products - np.eye(len(p))
    k, l = np.nonzero(~np.eye(len(p), dtype=bool))
    blocks = np.linalg.eigvalsh(np.stack([[Y[k, k], Y[k, l]], [Y[k, l], Y[l, l]]]).transpose(2, 0, 1))
    own = lopsided_square(np.diagonal(Y), kappa)
    spectrum = kappa * excess + lopsided_square(blocks, kappa).sum(axis=1) + own.sum() - own[k] - own[l]
    pairs = squares_below(
        products, sharp_square(L_2, tau, np.trace(moments.within), p, np.diagonal(products), excess, 0.0)
    )
    return Reading(
        hypotheses={},
        left=np.concatenate([pairs.left, spectrum]),
        right=np.concatenate([pairs.right, np.full(len(k), L_2 + theta * tau)]),
        trivial=np.concatenate([pairs.trivial, np.full(len(k), -np.inf)]),
    )


CLAIMS = (
    Claim(
        id="thm-4-sharp",
        title="Theorem 4 by eigenvalues, norms kept",
        source="derived from " + THEOREM_4,
        statement=r"f(y)=\max(y,0)^2+\kappa\min(y,0)^2,\ \kappa=\frac{\theta}{1+\theta},\ \theta>0,\ "
        r"S=C-UU^\top,\ U=[\sqrt{p_k}\mu_k]:\ L_2+\theta\|S\|_F^2\geq\kappa(d-K)+"
        r"f(\lambda_+)+f(\lambda_-)+\sum_{i\neq k,l}f(p_i\|\mu_i\|^2-1),\quad "
        r"\lambda_\pm\ \mathrm{eigenvalues\ of\ the\ block}\ k,l\ \mathrm{of}\ U^\top U-I",
        predicate=Predicate(worlds=any_features, read=_reading),
        expected=Verdict.PROVED,
        reduction="S = C - M is positive semidefinite (`split`). "
        + SPECTRAL
        + "Take the eigenvectors of the block k, l of Y and e_i for the other i (`block`); `wide` and `narrow` solve "
        "for rho, hence for p_k p_l (mu_k.mu_l)^2 = rho^2 - (y_kk - y_ll)^2/4. Every theta > 0 gives a bound. So "
        "does kappa = 1 with L_2 + 2 tr S - ||S||^2 in place of L_2 + theta ||S||^2 (`<M, S> >= 0`, `trace`). Without "
        "norms and for d >= K, `directions`, `any centre` and `best theta` leave (sqrt(L_2) + ||S||_F/sqrt(2))^2/(2 p_k p_l) "
        "where the triangle inequality gives ((sqrt(L_2) + ||S||_F)^2 - (d-K))/(2 p_k p_l); f(y) >= kappa y^2 and theta = "
        "sqrt(L_2)/||S||_F recover that one, so the form is never above it.",
        trusted=(SPECTRUM, PEIERLS, LINEAR),
        steps={
            "split": split,
            "eigenvalue": eigenvalue,
            "convex": convex,
            "block": _block,
            "wide": _wide,
            "narrow": _narrow,
            "<M, S> >= 0": _positive,
            "trace": _trace,
            "directions": directions,
            "any centre": no_centre,
            "best theta": _best_theta,
        },
    ),
)

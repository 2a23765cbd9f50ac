"""Theorem 4 (the cross-correlation loss bounds the divergence) as printed, its best constant, and a sharp form.

Formulas and notation: `crosscorrelation`. X = M - I_d, Y = U^T U - I_K, U = [sqrt(p_k) mu_k], C - I = X + S.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.crosscorrelation import (
    constant_square,
    correlations,
    least_block,
    lopsided_square,
    narrow_radius_square,
    printed_square,
    scatter_limit,
    trace_budget,
    triangle_square,
    unnormed_square,
    wide_radius,
)
from theory.divergence.duality import MONOMIALS, gram_gap_checked
from theory.divergence.extremal import constant_world, overlapping_classes
from theory.divergence.losses import LINEAR, identity_distance, symbols
from theory.divergence.search import correlation_searched
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication, rational
from theory.setting import Array

THEOREM_4 = "Huang et al., ICLR 2023, Theorem 4"
SPECTRUM = "spectral theorem; U U^T and U^T U have the same non-zero eigenvalues"


def _pair_of(features: Array, labels: Array) -> tuple[Any, Any, Any, Any, Any]:
    """mu_1.mu_2, L_2, ||S||_F^2, p_1 p_2 and d - K of an exact two-class world."""
    found = correlations(features, labels)
    L_2, tau = identity_distance(found.total), (found.within**2).sum()
    return found.gram[0, 1], L_2, tau, found.shares[0] * found.shares[1], len(found.total) - 2


def _without_tau() -> Evidence:
    product, L_2, tau, share, excess = _pair_of(*overlapping_classes())
    square = printed_square(L_2, Fraction(0), share, excess)
    return Evidence(
        kind="witness",
        summary=f"d = K = 2, C = I: L_2 = {L_2}, the bound is {square}, but mu_1.mu_2 = {product}; tau' >= ||S||^2 = {tau}",
        direction="against",
        holds=bool(product > 0 and product**2 > square and product**2 <= printed_square(L_2, tau, share, excess)),
        claimed=f"(mu_1.mu_2)^2 <= {square}",
        computed=f"(mu_1.mu_2)^2 = {product**2}",
        slack=float(square - product**2),
    )


def _split() -> Evidence:
    features, v = symbols("f", 3, 4).reshape(3, 2, 2), symbols("v", 1, 2)[0]
    found = correlations(features, np.array([0, 0, 1]))
    return identity(
        "C = M + S along every v, for 3 samples of 2 views in 2 classes; S = E z z^T with z = E_x1 f(x1) - mu_k",
        v @ found.total @ v,
        v @ (found.between + found.within) @ v,
    )


def _triangle() -> Evidence:
    a1, a2, b1, b2, a, b = z3.Reals("a1 a2 b1 b2 a b")
    return implication(
        "||X||_F <= ||C - I||_F + ||S||_F, in the plane of the two matrices",
        [a >= 0, b >= 0, a * a == a1 * a1 + a2 * a2, b * b == b1 * b1 + b2 * b2],
        (a1 - b1) ** 2 + (a2 - b2) ** 2 <= (a + b) ** 2,
        example={a1: 1, a2: 0, b1: 0, b2: 1, a: 1, b: 1},
    )


def _printed() -> Evidence:
    x, share, rest, X2, root, size, tau, excess = z3.Reals("x share rest X2 root size tau excess")
    return implication(
        "2 p_k p_l (mu_k.mu_l)^2 <= ||Y||^2 = ||X||^2 - (d - K) <= 2 (L_2 + tau') - (d - K): half of what is printed",
        [
            share > 0,
            rest >= 0,
            X2 - excess == 2 * share * x * x + rest,
            root >= 0,
            size >= 0,
            size * size <= tau,
            X2 <= (root + size) * (root + size),
        ],
        z3.And(
            x * x <= printed_square(root * root, tau, share, excess) / 2,
            x * x <= triangle_square(root, size, share, excess),
            x * x <= printed_square(root * root, tau, share, excess),
        ),
        example={x: 1, share: "1/4", rest: 0, X2: "1/2", root: 0, size: 1, tau: 1, excess: 0},
    )


def _rank_one() -> Evidence:
    z = symbols("z", 1, 3)[0]
    return identity(
        "||z z^T||_F^2 = ||z||^4, so ||S||_F <= E ||z||^2 = tr S",
        (np.outer(z, z) ** 2).sum(),
        (z @ z) ** 2,
    )


def _spread() -> Evidence:
    m = symbols("m", 1, 3)[0]
    return identity(
        "the variance is half the mean squared distance of two independent draws (three atoms)",
        ((m - m.sum() / 3) ** 2).sum() / 3,
        ((m[:, None] - m[None, :]) ** 2).sum() / 18,
    )


def _main_part() -> Evidence:
    alpha, s, less, apart = z3.Reals("alpha s less apart")
    return implication(
        "both draws in the main part and S_eps with probability alpha^2, there within s, else within 2 (units of r)",
        [
            less >= 0,
            less <= alpha,
            alpha <= 1,
            s >= 0,
            s <= 2,
            apart <= alpha * alpha * (s * s) + (1 - alpha * alpha) * 4,
        ],
        z3.And(apart / 2 <= scatter_limit(alpha, s), scatter_limit(alpha, s) <= scatter_limit(less, s)),
        example={alpha: 1, less: "9/10", s: "1/2", apart: "1/4"},
    )


def _eigenvalue() -> Evidence:
    x, s, theta, kappa = z3.Reals("x s theta kappa")
    return implication(
        "s >= 0 imply (x + s)^2 + theta s^2 >= f(x), kappa = theta/(1 + theta)",
        [s >= 0, theta > 0, kappa * (1 + theta) == theta],
        (x + s) ** 2 + theta * s**2 >= lopsided_square(x, kappa),
        example={x: -1, s: "1/2", theta: 1, kappa: "1/2"},
    )


def _convex() -> Evidence:
    y, y0, kappa = z3.Reals("y y0 kappa")
    slope = z3.If(y0 >= 0, 2 * y0, 2 * kappa * y0)
    return implication(
        "f(y) >= f(y0) + f'(y0) (y - y0): tangents lie below",
        [kappa >= 0, kappa <= 1],
        lopsided_square(y, kappa) >= lopsided_square(y0, kappa) + slope * (y - y0),
        example={y: 1, y0: -1, kappa: "1/2"},
    )


def _directions() -> Evidence:
    a, b, x = sympy.symbols("y_kk y_ll y_kl", real=True)
    block = sympy.Matrix([[a, x], [x, b]])
    plus, minus = sympy.Matrix([1, 1]) / sympy.sqrt(2), sympy.Matrix([1, -1]) / sympy.sqrt(2)
    t = sympy.Symbol("t")
    return identity(
        "Y along (e_k + e_l)/sqrt(2) and (e_k - e_l)/sqrt(2) is (y_kk + y_ll)/2 + y_kl and (y_kk + y_ll)/2 - y_kl",
        (plus.T * block * plus)[0] + t * (minus.T * block * minus)[0],
        (a + b) / 2 + x + t * ((a + b) / 2 - x),
    )


def _no_centre() -> Evidence:
    c, y, kappa = z3.Reals("c y kappa")
    return implication(
        "f(c + y) + f(c - y) >= 4 kappa y^2/(1 + kappa) for every c, y = y_kl",
        [kappa > 0, kappa <= 1],
        lopsided_square(c + y, kappa) + lopsided_square(c - y, kappa) >= least_block(y, kappa),
        example={c: 0, y: 1, kappa: "1/2"},
    )


def _constant() -> Evidence:
    y, share, L_2, tau, excess = z3.Reals("y share L_2 tau excess")
    half = rational("1/2")
    return implication(
        "theta = 1, kappa = 1/2, y_kl^2 = p_k p_l (mu_k.mu_l)^2: (mu_k.mu_l)^2 <= 3/(4 p_k p_l) (L_2 + tau' - (d-K)/2)",
        [share > 0, L_2 + tau >= half * excess + least_block(y, half)],
        y * y / share <= constant_square(L_2, tau, share, excess),
        example={y: 0, share: "1/4", L_2: 1, tau: 0, excess: 0},
    )


def _best_theta() -> Evidence:
    a, b, share = sympy.symbols("a b share", positive=True)
    theta = a / (sympy.sqrt(2) * b)
    kappa = theta / (1 + theta)
    return identity(
        "L_2 = a^2, ||S||_F = b, theta = a/(sqrt(2) b): (L_2 + theta b^2)/(4 kappa/(1 + kappa)) = (a + b/sqrt(2))^2/2",
        (a**2 + theta * b**2) / (least_block(1, kappa) * share),
        unnormed_square(a, b, share),
    )


def _attained() -> Evidence:
    product, L_2, tau, share, excess = _pair_of(*constant_world())
    return identity(
        f"eight samples, d = K = 2, ||f|| = sqrt(d), E f_i^2 = 1: mu_1.mu_2 = {sympy.simplify(product)} is the bound",
        product**2,
        constant_square(L_2, tau, share, excess),
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


_GAP_STEPS = {
    "gap 2x2": lambda: gram_gap_checked(2, 2),
    "gap 3x2": lambda: gram_gap_checked(3, 2),
    "gap 2x3": lambda: gram_gap_checked(2, 3),
}


_SPECTRAL = (
    "Write S in an eigenbasis of X: its diagonal s_i is >= 0, and dropping what is off the diagonal, L_2 + theta "
    "||S||^2 >= sum_i (x_i + s_i)^2 + theta s_i^2 >= sum_i f(x_i) by `eigenvalue`. X has the eigenvalues of Y and d "
    "- K times -1 beside them (K - d fewer if K > d), and f(-1) = kappa: sum_i f(x_i) = kappa (d - K) + sum "
    "f(eigenvalues of Y). f is `convex`, so the diagonal of Y in any orthonormal basis, whose entries average the "
    "eigenvalues with weights that sum to 1 both ways, has the smaller sum (Peierls). "
)

CLAIMS = (
    Claim(
        id="thm-4",
        title="Cross-correlation bounds mu_k.mu_l (Theorem 4)",
        source="lecture, Loss Functions; " + THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{2}{p_kp_l}(L_2+\tau'-\frac{d-K}{2})},\quad"
        r"\tau'\geq\|C-\sum_kp_k\mu_k\mu_k^\top\|_F^2",
        expected=Verdict.PROVED,
        reduction="||U U^T - I||^2 - ||U^T U - I||^2 = d - K: "
        + MONOMIALS
        + ". M = U U^T = C - S (`split`), so `triangle` bounds ||M - I||; the entries k,l and l,k of U^T U - I are "
        "p_k p_l (mu_k.mu_l)^2 each, and `printed` follows, with 1 in place of 2 already. Neither ||f|| = sqrt(d) "
        "nor E f_i^2 = 1 is used. A tau' in sigma, delta, eps, R: ||S||_F <= tr S (`rank one`; a norm of a mean is "
        "at most the mean norm), tr S is half a mean squared distance (`spread`), and with alpha_k >= sigma - "
        "R/p_k and s = (L delta + 2 eps)/r <= 2, tau' = (r^2 sum_k p_k [alpha_k^2 s^2/2 + 2 (1 - alpha_k^2)])^2 "
        "(`main part`, non-increasing in alpha): 0 in the ideal case.",
        trusted=(LINEAR,),
        steps={
            **_GAP_STEPS,
            "split": _split,
            "triangle": _triangle,
            "printed": _printed,
            "rank one": _rank_one,
            "spread": _spread,
            "main part": _main_part,
        },
        other={
            "nearest world": lambda: correlation_searched("printed"),
        },
    ),
    Claim(
        id="thm-4-tau-0",
        title="Theorem 4 with tau' = 0 for any encoder",
        source="derived from " + THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{2}{p_kp_l}(L_2-\frac{d-K}{2})}",
        expected=Verdict.REFUTED,
        other={
            "two classes with one mean": _without_tau,
        },
    ),
    Claim(
        id="thm-4-constant",
        title="In Theorem 4, 3/4 will do for 2, and no less",
        source="derived from " + THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{3}{4p_kp_l}(L_2+\tau'-\frac{d-K}{2})},\quad\mathrm{attained}",
        expected=Verdict.PROVED,
        reduction="S = C - M is positive semidefinite (`split`). "
        + _SPECTRAL
        + "With theta = 1, kappa = 1/2, keep the two `directions`, which are at least what `any "
        "centre` says: `constant`. `attained` is a world that meets every hypothesis of Theorem 4.",
        trusted=(SPECTRUM, LINEAR),
        steps={
            "split": _split,
            "eigenvalue": _eigenvalue,
            "convex": _convex,
            "directions": _directions,
            "any centre": _no_centre,
            "constant": _constant,
            "attained": _attained,
        },
        other={
            "nearest world": lambda: correlation_searched("constant"),
        },
    ),
    Claim(
        id="thm-4-sharp",
        title="Theorem 4 by eigenvalues, norms kept",
        source="derived from " + THEOREM_4,
        statement=r"f(y)=\max(y,0)^2+\kappa\min(y,0)^2,\ \kappa=\frac{\theta}{1+\theta}:\ L_2+\theta\|S\|_F^2\geq\kappa(d-K)+"
        r"f(\lambda_+)+f(\lambda_-)+\sum_{i\neq k,l}f(p_i\|\mu_i\|^2-1),\quad "
        r"\lambda_\pm\ \mathrm{eigenvalues\ of\ the\ block}\ k,l\ \mathrm{of}\ U^\top U-I",
        expected=Verdict.PROVED,
        reduction="S = C - M is positive semidefinite (`split`). "
        + _SPECTRAL
        + "Take the eigenvectors of the block k, l of Y and e_i for the other i (`block`); `wide` and `narrow` solve "
        "for rho, hence for p_k p_l (mu_k.mu_l)^2 = rho^2 - (y_kk - y_ll)^2/4. Every theta > 0 gives a bound. So "
        "does kappa = 1 with L_2 + 2 tr S - ||S||^2 in place of L_2 + theta ||S||^2 (`<M, S> >= 0`, `trace`). Without "
        "norms and for d >= K, `directions`, `any centre` and `best theta` leave (sqrt(L_2) + ||S||_F/sqrt(2))^2/(2 p_k p_l) "
        "where the triangle inequality gives ((sqrt(L_2) + ||S||_F)^2 - (d-K))/(2 p_k p_l); f(y) >= kappa y^2 and theta = "
        "sqrt(L_2)/||S||_F recover that one, so the form is never above it.",
        trusted=(SPECTRUM, LINEAR),
        steps={
            "split": _split,
            "eigenvalue": _eigenvalue,
            "convex": _convex,
            "block": _block,
            "wide": _wide,
            "narrow": _narrow,
            "<M, S> >= 0": _positive,
            "trace": _trace,
            "directions": _directions,
            "any centre": _no_centre,
            "best theta": _best_theta,
        },
        other={
            "nearest world": lambda: correlation_searched("sharp"),
        },
    ),
)

"""Theorem 1 as printed: its proof is broken (see `lemmas`), its conclusion is proved here by another one.

Notation: units of r; u = f(x0) for x0 in C_l^0 and S_eps; p = mu_l = alpha v + (1 - alpha) b with v a mean of unit vectors
within s of u and ||b|| <= 1; q = mu_k with ||q|| <= 1; x0 misclassified as k means ||u - q|| <= ||u - p||.
With b = 1 - alpha <= rho and s <= rho - b, p lies in the ball of radius E = b + (1 - b)(rho - b) about (1 - b) u; with
w = ||p|| and D = ||u - p|| that ball reads b w^2 + (1 - b) D^2 <= E^2 + b (1 - b) (Stewart).
"""

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import sympy
import z3

from theory.concentration import augmented_distances, main_part
from theory.factors import class_shares, divergence, mean_shortfall, misaligned_share, nearest_mean_error
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication, positive_on_box, rational
from theory.setting import FiniteWorld
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.proofs.lemmas import AVERAGES, PAPER, mixing, union_bound
from theory.theorem1.proofs.search import searched


def _reach(b: Any, rho: Any) -> Any:
    return b + (1 - b) * (rho - b)


def _parameters() -> Evidence:
    sigma, q, s, rho = z3.Reals("sigma q s rho")
    b = 1 - (sigma - q)
    return implication(
        "rho <= 1 and alpha = sigma - R/p_l imply 0 <= b := 1 - alpha <= rho and s <= rho - b",
        [sigma >= 0, sigma <= 1, q >= 0, s >= 0, rho == rho_printed(sigma, q, 1, s), rho <= 1],
        z3.And(b >= 0, b <= rho, s <= rho - b),
        example={sigma: 1, q: "1/10", s: "1/10", rho: "1/5"},
    )


def _stewart() -> Evidence:
    up, b, x = sympy.symbols("up b w2")
    D2 = 1 - 2 * up + x
    centred = x - 2 * (1 - b) * up + (1 - b) ** 2
    return identity(
        "||p - (1-b) u||^2 = b ||p||^2 + (1-b) ||u - p||^2 - b (1-b)",
        centred,
        b * x + (1 - b) * D2 - b * (1 - b),
    )


def _small_rho() -> Evidence:
    rho, root, b, up, w, D = z3.Reals("rho root b up w D")
    return implication(
        "D <= b + E <= 2 rho and p.q >= u.p - ||p|| D >= 1 - 2 D >= 1 - 4 rho >= 1 - rho - sqrt(2 rho)",
        [
            rho >= 0,
            rho <= rational("2/9"),
            root >= 0,
            root * root == 2 * rho,
            b >= 0,
            b <= rho,
            D >= 0,
            D <= b + _reach(b, rho),
            up >= 1 - D,
            w >= 0,
            w <= 1,
        ],
        up - w * D >= threshold(rho, root),
        example={rho: 0, root: 0, b: 0, up: 1, w: 1, D: 0},
    )


def _middle_rho() -> Evidence:
    def margin(root: flint.arb, fraction: flint.arb, w: flint.arb) -> flint.arb:
        rho = root * root / 2
        b = fraction * rho
        E = _reach(b, rho)
        widest = b + (E * E - b * w * w) / (1 - b)  # D^2 is at most this
        tau = -threshold(rho, root)
        # p.q >= -w settles w < tau; else u.p - w D >= -tau asks w + D <= sqrt(1 + 2 w^2 + 2 tau)
        room = (1 + 2 * w * w + 2 * tau).sqrt() - w
        return (tau - w).max(room.min(room * room - widest))

    return positive_on_box(
        "max(-||p||, u.p - ||p|| D) > 1 - rho - sqrt(2 rho) on the whole compact parameter set",
        margin,
        ((Fraction(2, 3), Fraction(5, 4)), (Fraction(0), Fraction(1)), (Fraction(0), Fraction(1))),
    )


def _large_rho() -> Evidence:
    rho, root = z3.Reals("rho root")
    return implication(
        "the threshold is at most -1 <= p.q, so the condition is never met",
        [rho >= rational("25/32"), root >= 0, root * root == 2 * rho],
        threshold(rho, root) <= -1,
        example={rho: 2, root: 2},
    )


def _no_more() -> Evidence:
    sigma, own, total, p, least, s, rho, worst, root, big, shortfall = z3.Reals(
        "sigma own total p least s rho worst root big shortfall"
    )
    return implication(
        "rho_l(sigma, own R/p_l) <= rho_max(sigma, R/min p) and Delta_mu >= 0: the printed threshold is no larger",
        [
            sigma >= 0,
            sigma <= 1,
            s >= 0,
            own >= 0,
            own <= total,
            least > 0,
            p >= least,
            rho == rho_printed(sigma, own, p, s),
            worst == rho_printed(sigma, total, least, s),
            root >= 0,
            root * root == 2 * rho,
            big >= 0,
            big * big == 2 * worst,
            shortfall >= 0,
        ],
        threshold(worst, big) - shortfall / 2 <= threshold(rho, root),
        example={
            sigma: 1, own: 0, total: 1, p: 1, least: "1/2", s: 0, rho: 0, worst: 2, root: 0, big: 2, shortfall: 0,
        },
    )  # fmt: skip


def _ideal_threshold() -> Evidence:
    p = sympy.symbols("p", positive=True)
    zero = sympy.Integer(0)
    return identity(
        "sigma = 1, delta = eps = R = 0 give rho_max = 0 and threshold 1: the condition reads mu_l.mu_k < r^2",
        threshold(rho_printed(sympy.Integer(1), zero, p, zero)),
        sympy.Integer(1),
    )


def _ideal_means() -> Evidence:
    p1, p2, q1, q2 = z3.Reals("p1 p2 q1 q2")
    return implication(
        "every f(x) is its class mean, a unit vector: Delta_mu = 0, and mu_l.mu_k < 1 iff mu_l != mu_k",
        [p1 * p1 + p2 * p2 == 1, q1 * q1 + q2 * q2 == 1],
        (p1 * q1 + p2 * q2 < 1) == z3.Not(z3.And(p1 == q1, p2 == q2)),
        example={p1: 1, p2: 0, q1: 0, q2: 1},
    )


def misprint_world() -> FiniteWorld:
    """The witness against "min_l rho_l" in rho_max: ten classes of five samples with ten views, features +-axes, exact.

    Class 0: one sample sits at e_0 with all views; four keep view 0 there and have the rest at -e_0, so d_A = 0, sigma = 1
    and R/p_0 = 4/5 at delta = eps = 0. Class k > 0 sits at e_k. All of class 0 is misclassified, for its mean is -11/25 e_0.
    """
    K, samples, views = 10, 5, 10
    axes = np.array([[Fraction(int(i == j)) for j in range(K)] for i in range(K)], dtype=object)
    features = np.repeat(np.repeat(axes, samples, axis=0)[:, None, :], views, axis=1)
    features[1:samples, 1:] = -features[1:samples, 1:]
    return FiniteWorld(features, features, np.repeat(np.arange(K), samples))


def _misprint() -> Evidence:
    world, zero = misprint_world(), Fraction(0)
    classes = [world.members(k) for k in range(world.classes)]
    parts = [main_part(augmented_distances(world.views[members]), zero) for members in classes]
    sigma = min(Fraction(part.lower, len(members)) for part, members in zip(parts, classes, strict=True))
    R, shares = misaligned_share(world, zero), class_shares(world)
    rhos = [rho_printed(sigma, R, p, zero) for p in shares]
    rho = rho_printed(sigma, R, min(rhos), zero)
    gram = divergence(world)
    largest = max(gram[l, k] for l in range(len(gram)) for k in range(len(gram)) if l != k)
    room = 1 - rho - mean_shortfall(gram) / 2 - largest  # the condition: sqrt(2 rho) < room
    error = nearest_mean_error(world)
    return Evidence(
        kind="witness",
        summary=f"finite world of ten classes, sigma = {sigma}, R = {R}, rho_l = {min(rhos)}, so rho_max = {rho} as "
        f"misprinted and the condition holds, yet Err = {error} > {(1 - sigma) + R}",
        direction="against",
        holds=bool(room > 0 and room**2 > 2 * rho and error > (1 - sigma) + R),
        claimed=f"Err <= (1 - sigma) + R = {(1 - sigma) + R}",
        computed=f"Err = {error}; mu_l.mu_k <= {largest} < threshold",
        slack=float((1 - sigma) + R - error),
    )


PRINTED_STEPS = {
    "parameters": _parameters,
    "monotone": mixing,
    "Stewart": _stewart,
    "Cauchy-Schwarz": cauchy_schwarz,
    "rho <= 2/9": _small_rho,
    "2/9 <= rho <= 25/32": _middle_rho,
    "rho >= 25/32": _large_rho,
}
"""What shows that no sample of C_l^0 and S_eps is misclassified while mu_l.mu_k < threshold(rho_l) for all k."""

_BY_CAP = (
    "sigma - R/p_l may stand for the true alpha, which is no less (`monotone`). For rho := rho_l >= 25/32 the condition "
    "cannot be met. Else `parameters` gives b = 1 - alpha <= rho and s <= rho - "
    "b, so "
    "p = (1-b) v + b b' with ||v - u|| <= s lies within E = b + (1-b)(rho-b) of (1-b) u, which by `Stewart` bounds D = "
    "||u - p|| in terms of w = ||p||. Misclassified means ||u - q|| <= D, so p.q >= u.p - w D (`Cauchy-Schwarz`) and p.q >= "
    "-w. For rho <= 2/9, D <= b + E and u.p >= 1 - D suffice; in between, branch and bound in ball arithmetic shows that one "
    "of the two bounds exceeds the threshold. If sigma < R/p_l then alpha = 0 serves, and rho >= 2 - sigma >= 1."
)
_CONCLUSION = r"\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon"

CLAIMS = (
    Claim(
        id="lemma-3.2",
        title="Main parts are classified correctly",
        source="Huang et al., ICLR 2023, Lemma 3.2",
        statement=r"\mu_l^\top\mu_k<r^2(1-\rho_l-\sqrt{2\rho_l}-\Delta_\mu/2)\ \forall k\neq l\ \Rightarrow\ "
        r"G_f(x)=l\ \forall x\in C_l^0\cap S_\varepsilon",
        expected=Verdict.PROVED,
        reduction="The printed proof fails (lemma-3.2-printed-step), the conclusion stands. " + _BY_CAP + " Delta_mu/2 "
        "only makes "
        "the condition harder to meet (`rho_max`).",
        trusted=(AVERAGES,),
        steps={
            **PRINTED_STEPS,
            "rho_max": _no_more,
        },
    ),
    Claim(
        id="thm-1",
        title="Theorem 1 with rho_max and Delta_mu",
        source=PAPER + ", Theorem 1",
        statement=r"\rho_{max}=2(1-\sigma)+\frac{R_\varepsilon}{\min_l p_l}+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k" + _CONCLUSION,
        expected=Verdict.PROVED,
        reduction="rho_l <= rho_max and Delta_mu >= 0 (`rho_max`), so the condition of thm-1-printed holds for every "
        "class, and with "
        "sigma common to the classes lemma-3.1 (`union bound`) gives (1 - sigma) + R_eps. " + _BY_CAP,
        trusted=(AVERAGES,),
        steps={
            **PRINTED_STEPS,
            "rho_max": _no_more,
            "union bound": union_bound,
        },
    ),
    Claim(
        id="thm-1-printed",
        title="Theorem 1 as printed, even without Delta_mu",
        source=PAPER + ", Theorem 1; without Delta_mu and per class: derived",
        statement=r"\rho_l=2(1-\sigma)+R_\varepsilon/p_l+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_l-\sqrt{2\rho_l})\ \forall l\neq k" + _CONCLUSION,
        expected=Verdict.PROVED,
        reduction="The printed proof fails (lemma-3.2-printed-step), the conclusion stands, and Delta_mu/2 is superfluous. "
        + _BY_CAP,
        trusted=(AVERAGES,),
        steps={
            **PRINTED_STEPS,
            "union bound": union_bound,
        },
        other={
            "worst configuration": lambda: searched("printed"),
        },
    ),
    Claim(
        id="thm-1-ideal",
        title="Ideal case: distinct means suffice",
        source=PAPER + ", discussion of Theorem 1",
        statement=r"\sigma=1,\ \delta=\varepsilon=R_\varepsilon=0:\quad \mu_l^\top\mu_k<r^2\ \forall l\neq k\ "
        r"\Rightarrow\ Err(G_f)=0",
        expected=Verdict.PROVED,
        reduction="delta = eps = 0 and sigma = 1 make f constant on a class (s = 0), so its mean is a unit vector and "
        "Delta_mu = 0; "
        "thm-1 then asks mu_l.mu_k < r^2 (`ideal threshold`), which says that the means differ (`ideal means`, in the plane "
        "of the two), and gives Err <= 0.",
        steps={
            "ideal threshold": _ideal_threshold,
            "ideal means": _ideal_means,
            "union bound": union_bound,
        },
    ),
    Claim(
        id="thm-1-misprint",
        title="rho_max with min_l rho_l, as the lecture prints",
        source="lecture, Theorem 1 (min_l p_l in Huang et al., ICLR 2023)",
        statement=r"\rho_{max}=2(1-\sigma)+\frac{R_\varepsilon}{\min_l\rho_l}+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k" + _CONCLUSION,
        expected=Verdict.REFUTED,
        other={
            "min_l rho_l": _misprint,
        },
    ),
)

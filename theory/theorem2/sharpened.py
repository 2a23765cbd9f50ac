"""Theorem 2 sharpened: R_eps from L_align itself, by the variance of the features instead of one pair of views.

For a sample with view features X: L_align(x) = E||X1 - X2||^2 = 2 E||X - mu||^2, mu = E X. Notation as in `steps`; a and b
are the features of the two views at distance D > eps; c' = 2 sqrt(n/3) L M.
"""

import numpy as np
import sympy
import z3

from theory.averages import EXPECTATION, at_most, jensen, markov, triangle, variance
from theory.falsification import Predicate, Reading, used
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.theorem2.bounds import (
    eta,
    eta_sharp,
    group_weight,
    objective,
    printed_weight,
    rate_printed,
    rate_sharp,
    sharp_weight,
)
from theory.theorem2.steps import ATTAINED, MONOTONE, clip, cube, far, lost, side
from theory.theorem2.worlds import Level, alignment, levels, misaligned

SOURCE = "derived from Huang et al., ICLR 2023, Theorem 2"


def _two_groups() -> Evidence:
    alpha, beta, both, phi, gap, variance = z3.Reals("alpha beta both phi gap variance")
    return implication(
        "phi = 1_A/alpha - 1_B/beta has E phi = 0 and E phi^2 <= 1/alpha + 1/beta; ||E[X|A] - E[X|B]||^2 = ||E phi "
        "(X - mu)||^2 <= E phi^2 E||X - mu||^2",
        [
            alpha > 0,
            beta > 0,
            both >= 0,
            phi == 1 / alpha + 1 / beta - 2 * both / (alpha * beta),
            variance >= 0,
            gap <= phi * variance,
        ],
        2 * variance >= group_weight(alpha, beta) * gap,
        example={alpha: "1/2", beta: "1/2", both: 0, phi: 4, gap: 1, variance: "1/4"},
    )


def _displacement() -> Evidence:
    t, low, h, x = sympy.symbols("t low h x", real=True)
    return identity(
        "the mean of (x - t)^2 over [low, low + h] is h^2/3 - (t - low)(low + h - t)",
        sympy.integrate((x - t) ** 2, (x, low, low + h)) / h,
        h**2 / 3 - (t - low) * (low + h - t),
    )


def _inside() -> Evidence:
    t, low, h, mean = z3.Reals("t low h mean")
    return implication(
        "which is at most h^2/3 for t in the interval",
        [h > 0, low <= t, t <= low + h, mean == h * h / 3 - (t - low) * (low + h - t)],
        mean <= h * h / 3,
        example={t: 0, low: 0, h: 1, mean: "1/3"},
    )


def _groups() -> Evidence:
    volume, atom = z3.Reals("volume atom")
    weight = sharp_weight(volume, atom)
    return implication(
        "masses 1/(2m) of a discrete view, h^n/2 of a cube: 2 alpha beta/(alpha+beta) >= min(h^n, 1/m)/2 for all three kinds",
        [volume > 0, volume <= 1, atom > 0, atom <= 1],
        z3.And(
            group_weight(atom / 2, atom / 2) >= weight,
            group_weight(atom / 2, volume / 2) >= weight,
            group_weight(volume / 2, volume / 2) >= weight,
        ),
        example={volume: "1/2", atom: "1/3"},
    )


def _slower() -> Evidence:
    n, L, M = sympy.symbols("n L M", positive=True)
    return identity("c' = c/sqrt(3)", rate_sharp(n, L, M) * sympy.sqrt(3), rate_printed(n, L, M))


def _slower_rate() -> Evidence:
    weight, h, eps, c, d = z3.Reals("weight h eps c d")
    return implication(
        "so c' <= c, and the objective at c' is at most that at c",
        [weight > 0, h > 0, d > 0, d <= c, c * h < eps],
        objective(weight, h, eps, d, 2) <= objective(weight, h, eps, c, 2),
        example={weight: 1, h: "1/4", eps: 1, c: 2, d: 1},
    )


def _dominates() -> Evidence:
    volume, atom, h, eps, c = z3.Reals("volume atom h eps c")
    sharp = objective(sharp_weight(volume, atom), h, eps, c, 2)
    printed = objective(printed_weight(volume, atom), h, eps, c, 1)
    return implication(
        "8 eta_sharp <= eta^2 at every h, even with c for c': R_eps <= sqrt(eta_sharp L_align) <= eta sqrt(L_align)/(2 "
        "sqrt 2)",
        [volume > 0, volume <= 1, atom > 0, atom <= 1, h > 0, c > 0, c * h < eps],
        8 * sharp <= printed * printed,
        example={volume: "1/2", atom: "1/3", h: "1/4", eps: 1, c: 2},
    )


def _bounds(level: Level) -> Reading:
    """R_eps against the bound, and the bound against the printed one."""
    share, L_align = misaligned(level.views, level.eps), alignment(level.views)
    sharp, printed = eta_sharp(level.eps, *level.constants), eta(level.eps, *level.constants)
    bound = sharp * L_align
    return Reading(
        hypotheses={},
        left=[used(share, bound), used(8 * sharp, printed**2)],
        right=[1.0, 1.0],
        trivial=[used(1.0, bound), -np.inf],
    )


CLAIMS = (
    Claim(
        id="thm-2-sharp",
        title="Theorem 2 by variance: h^n in place of h^2n",
        source=SOURCE,
        statement=r"R_\varepsilon\leq\eta_{sharp}(\varepsilon)\,L_{align},\quad \eta_{sharp}(\varepsilon)="
        r"\inf_{0<h<\varepsilon/c^\prime}\frac{2\,\max\{m,h^{-n}\}}{(\varepsilon-c^\prime h)^2},\quad c^\prime=2\sqrt{n/3}LM;"
        r"\quad 8\,\eta_{sharp}\leq\eta^2",
        expected=Verdict.PROVED,
        reduction="Neighbourhoods as in thm-2 (`cube`); A, B are the events that a view falls into that of a, of b, "
        "of masses alpha, beta in {1/(2m), h^n/2}. Averaged over its cube, ||theta - theta*||^2 is at most n h^2/3 "
        "(`displacement`, `corner`, `sum`), so by `Jensen` E[f | A] is within L M sqrt(n/3) h of a, likewise for b "
        "(`rate`): the two means are further apart than eps - c' h (`far means`). `Cauchy-Schwarz` in L^2, applied "
        "along the unit vector of their difference, gives `two groups`, whether or not A and B overlap; with "
        "`variance`, coordinate by coordinate, and `kinds`, L_align(x) >= min(h^n, 1/m)/2 "
        "(eps - c' h)^2. `Markov` over x; the infimum as in thm-2 (`side` with powers n and 2, `clip`). Against the "
        "printed form: R = R_eps is at most 1, so R <= sqrt(R) <= sqrt(eta_sharp L_align), and `slower`, "
        "`at the slower rate`, `dominates` compare at every h <= 1. With no continuous motion (L M -> 0) and two of the m "
        "discrete views off the common point it is attained (features of any norm; under ||f|| = r in the limit eps/r -> 0).",
        trusted=(ATTAINED, MONOTONE, EXPECTATION),
        predicate=Predicate(worlds=levels, read=_bounds),
        steps={
            "variance": variance,
            "cube": cube,
            "displacement": _displacement,
            "corner": _inside,
            "sum": lambda: at_most(
                "over n coordinates: the mean of ||theta - theta*||^2 is at most n h^2/3, by induction"
            ),
            "Jensen": lambda: jensen("||E[f | A] - a||^2 <= E[||f - a||^2 | A]: (E Y)^2 <= E Y^2, Y = ||f - a||"),
            "rate": lambda: lost(lambda h: h**2 / 3, rate_sharp),
            "Cauchy-Schwarz": cauchy_schwarz,
            "triangle": triangle,
            "far means": far,
            "two groups": _two_groups,
            "kinds": _groups,
            "Markov": markov,
            "side": side,
            "clip": lambda: clip(2),
            "slower": _slower,
            "at the slower rate": _slower_rate,
            "dominates": _dominates,
        },
    ),
)

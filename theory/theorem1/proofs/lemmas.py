"""Lemma 3.1, the broken step in the proof of lemma 3.2, and the steps that the proofs of Theorem 1 share.

Notation: units of r; u = f(x0) for x0 in C_l^0 and S_eps; p = mu_l = alpha v + (1 - alpha) b with v a mean of unit vectors
within s of u and ||b|| <= 1; q = mu_k with ||q|| <= 1; x0 misclassified as k means ||u - q|| <= ||u - p||.
"""

from fractions import Fraction

import numpy as np
import sympy
import z3

from theory.concentration import augmented_distances, main_part
from theory.factors import class_means, class_shares, misaligned_share
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import FiniteWorld
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.form import alpha_lower
from theory.theorem1.forms.printed import rho_printed

PAPER = "lecture, Theorem 1; Huang et al., ICLR 2023"
AVERAGES = "the class mean and its parts are averages of vectors of norm at most 1"


def union_bound() -> Evidence:
    """Lemma 3.1 for one class, over the masses of its four atoms."""
    p, sigma, main_wide, rest, rest_wide, error = z3.Reals("p sigma main_wide rest rest_wide error")
    return implication(
        "per class: errors outside C_k^0 and S_eps weigh at most (1 - sigma) p_k + P[x in C_k, x not in S_eps]",
        [
            main_wide >= 0,
            rest >= 0,
            rest_wide >= 0,
            rest_wide <= rest,
            p - rest >= sigma * p,
            error <= main_wide + rest,
        ],
        error <= (1 - sigma) * p + main_wide + rest_wide,
        example={p: 1, sigma: "9/10", main_wide: "1/20", rest: "1/10", rest_wide: "1/20", error: "1/10"},
    )


def mixing() -> Evidence:
    """A smaller alpha may stand for the true one, with another v's complement b'."""
    less, alpha, ball, rest = z3.Reals("less alpha ball rest")
    return implication(
        "alpha v + (1 - alpha) b = less v + (1 - less) b' with ||b'|| <= 1: a smaller alpha allows no fewer u",
        [less >= 0, less <= alpha, alpha <= 1, rest <= 1, ball * (1 - less) <= (alpha - less) + (1 - alpha) * rest],
        z3.Implies(less < 1, ball <= 1),
        example={less: "1/2", alpha: "3/4", ball: "1/2", rest: 1},
    )


def lemma_3_2_world(samples: int = 10, bad: int = 3, views: int = 4) -> FiniteWorld:
    """The witness against the proof of lemma 3.2: features are the views, points of {-1, 1} as Fractions.

    Class 0: `samples - bad` samples sit at u = 1 with all views; `bad` samples keep one view at u and the rest at -u.
    All share the view u, so d_A = 0 and sigma = 1 at delta = 0; R_eps/p_0 = bad/samples at eps = 0. Class 1 sits at -u.
    """
    one = Fraction(1)
    aligned, torn = [one] * views, [-one] * (views - 1) + [one]
    points = [aligned] * (samples - bad) + [torn] * bad + [[-one] * views] * samples
    array = np.array(points, dtype=object)[:, :, None]
    return FiniteWorld(array, array, np.repeat([0, 1], samples))


def _broken_step() -> Evidence:
    world = lemma_3_2_world()
    zero = Fraction(0)
    members = world.members(0)
    part = main_part(augmented_distances(world.views[members]), zero)
    sigma = Fraction(part.lower, len(members))
    R, p = misaligned_share(world, zero), class_shares(world)[0]
    u = world.features[0, 0]
    inner = u @ class_means(world)[0]
    promised = 1 - rho_printed(sigma, R, p, zero)
    corrected = 1 - rho_corrected(alpha_lower(sigma, R, p), zero)
    return Evidence(
        kind="witness",
        summary=f"finite world, sigma = {sigma}, delta = eps = 0, R/p_l = {R / p}: "
        f"f(x0).mu_l = {inner} < {promised} = 1 - rho_l",
        direction="against",
        holds=bool(inner < promised and corrected <= inner),
        claimed=f"f(x0).mu_l >= 1 - rho_l = {promised}",
        computed=f"f(x0).mu_l = {inner}; the corrected step promises {corrected}",
        slack=float(inner - promised),
    )


def _printed_against_corrected() -> Evidence:
    sigma, R, p, s = sympy.symbols("sigma R p s", positive=True)
    return identity(
        "rho_printed - rho_corrected = (R/p_l)(s - 1): the printed step is right exactly for s >= 1",
        rho_printed(sigma, R, p, s) - rho_corrected(alpha_lower(sigma, R, p), s),
        (R / p) * (s - 1),
    )


CLAIMS = (
    Claim(
        id="lemma-3.1",
        title="Correct on main parts: Err <= (1-sigma) + R_eps",
        source="Huang et al., ICLR 2023, Lemma 3.1",
        statement=r"G_f\ \mathrm{correct\ on}\ \cup_k C_k^0\cap S_\varepsilon\ \Rightarrow\ "
        r"Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        reduction="Per class, errors lie outside C_k^0 or in C_k^0 minus S_eps (`union bound`, over the masses of the four "
        "atoms of a class). Summing over k: sum_k p_k = 1 and sum_k P[C_k minus S_eps] = R_eps.",
        steps={
            "union bound": union_bound,
        },
    ),
    Claim(
        id="lemma-3.2-printed-step",
        title="Step f(x0).mu_l >= 1 - rho_l of the proof",
        source="Huang et al., ICLR 2023, proof of Lemma 3.2",
        statement=r"x_0\in C_l^0\cap S_\varepsilon\ \Rightarrow\ f(x_0)^\top\mu_l\geq r^2(1-\rho_l),\quad "
        r"\rho_l=2(1-\sigma)+R_\varepsilon/p_l+\sigma s",
        expected=Verdict.REFUTED,
        other={
            "misaligned share counted once": _broken_step,
            "difference": _printed_against_corrected,
        },
    ),
)

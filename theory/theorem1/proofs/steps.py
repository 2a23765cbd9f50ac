"""Steps that the proofs of several forms of Theorem 1 share, and where the theorem stands.

Notation: units of r; u = f(x0) for x0 in C_l^0 and S_eps; p = mu_l = alpha v + (1 - alpha) b with v a mean of unit vectors
within s of u and ||b|| <= 1; q = mu_k with ||q|| <= 1; x0 misclassified as k means ||u - q|| <= ||u - p||.
"""

import z3

from theory.ledger import Evidence
from theory.prove import implication

PAPER = "lecture, Theorem 1; Huang et al., ICLR 2023"
AVERAGES = "the class mean and its parts are averages of vectors of norm at most 1"
ALPHA = r",\quad \alpha_l=P[C_l^0\cap S_\varepsilon]/p_l\ \mathrm{or}\ \max(\sigma-R_\varepsilon/p_l,0)"
"""What the derived forms may take for the share of class l that lies in its main part and in S_eps."""
CONCLUSION = r"\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon"


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


def mass_of_met() -> Evidence:
    """What is left of the error where the samples of some classes are surely classified correctly."""
    error, mass, kept, low, pooled = z3.Reals("error mass kept low pooled")
    return implication(
        "Err <= 1 - sum of mass_l over the met classes: lower bounds of each, or of the sum where all are met, will do",
        [error <= 1 - mass, kept <= mass, z3.Or(low <= kept, low == pooled), pooled <= mass],
        error <= 1 - low,
        example={error: 0, mass: 1, kept: 1, low: 1, pooled: 1},
    )

"""Theorem 1 by the distance of two class means: the chord form.

Notation as in `steps`.
"""

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.forms import FORMS
from theory.theorem1.forms.chord import chord_square
from theory.theorem1.proofs.predicates import theorem_1
from theory.theorem1.proofs.steps import ALPHA, AVERAGES, CONCLUSION, PAPER, union_bound
from theory.theorem1.proofs.thresholds import inner_product, unit_chord


def main_part_ball() -> Evidence:
    """Distance of u from alpha v."""
    uv, v2, alpha, s = z3.Reals("uv v2 alpha s")
    return implication(
        "u.v >= 1 - s^2/2 and ||v|| <= 1 imply ||u - alpha v||^2 <= (1 - alpha)^2 + alpha s^2",
        [alpha >= 0, alpha <= 1, s >= 0, v2 <= 1, uv >= inner_product("sharp", s)],
        1 - 2 * alpha * uv + alpha**2 * v2 <= chord_square(alpha, s),
        example={uv: 1, v2: 1, alpha: "9/10", s: "1/2"},
    )


def monotone_chord() -> Evidence:
    """D falls in alpha."""
    b, c, s, small, large = z3.Reals("b c s small large")
    return implication(
        "a smaller alpha gives a larger D (s <= 2), so max(sigma - R/p_l, 0) may stand for alpha_l",
        [
            b >= 0,
            b <= c,
            c <= 1,
            s >= 0,
            s <= 2,
            small >= 0,
            small * small == chord_square(1 - b, s),
            large >= 0,
            large * large == chord_square(1 - c, s),
        ],
        b + small <= c + large,
        example={b: 0, c: 1, s: 1, small: 1, large: 1},
    )


def never_met_chord() -> Evidence:
    """Spreads beyond the diameter of the sphere."""
    alpha, s, root = z3.Reals("alpha s root")
    return implication(
        "s >= 2 makes D 2 or more at any alpha in [0, 1]: no two means are 2 D apart, and the ball holds the sphere",
        [alpha >= 0, alpha <= 1, s >= 2, root >= 0, root * root == chord_square(alpha, s)],
        1 - alpha + root >= 2,
        example={alpha: 1, s: 2, root: 2},
    )


def main_part_root() -> Evidence:
    """The root of `main_part_ball`."""
    main, square, root = z3.Reals("main square root")
    return implication(
        "||u - alpha v||^2 <= (1 - alpha)^2 + alpha s^2 =: root^2 implies ||u - alpha v|| <= root",
        [main >= 0, main * main <= square, root >= 0, root * root == square],
        main <= root,
        example={main: 1, square: 4, root: 2},
    )


def ball() -> Evidence:
    """Distance of u from the class mean."""
    main, rest, alpha, root, D, up = z3.Reals("main rest alpha root D up")
    return implication(
        "||u - p|| <= ||u - alpha v|| + (1 - alpha) ||b|| <= D",
        [alpha <= 1, main <= root, rest <= 1, up <= main + (1 - alpha) * rest, D == (1 - alpha) + root],
        up <= D,
        example={main: 1, rest: 1, alpha: 0, root: 1, D: 2, up: 1},
    )


def triangle() -> Evidence:
    """Distance of the two means of a misclassified point."""
    D, own, other, apart = z3.Reals("D own other apart")
    return implication(
        "||u - q|| <= ||u - p|| <= D implies ||p - q|| <= 2 D",
        [own <= D, other <= own, apart <= own + other],
        apart <= 2 * D,
        example={own: 1, D: 1, other: 1, apart: 2},
    )


CLAIMS = (
    Claim(
        id="thm-1-chord",
        title="Theorem 1 by the distance of the means",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"D=(1-\alpha_l)+\sqrt{(1-\alpha_l)^2+\alpha_l s^2},\quad \|\mu_l-\mu_k\|>2Dr\ "
        r"\forall l\neq k" + CONCLUSION + ALPHA,
        predicate=theorem_1(FORMS["chord"]),
        expected=Verdict.PROVED,
        reduction="As for thm-1-sharp, v averages unit vectors with u.w >= 1 - s^2/2 (`chord`), so `main part` and "
        "`root` bound ||u - alpha v||; the rest moves the mean by at most (1 - alpha) ||b|| (`ball`). Misclassified as k "
        "means ||u - q|| <= ||u - p|| <= D, and `triangle` gives ||p - q|| <= 2 D. lemma-3.1 counts the rest. "
        "`monotone D` lets max(sigma - R/p_l, 0) stand for alpha_l where s <= 2; beyond, by `wide D`, "
        "the condition is never met.",
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord("sharp"),
            "main part": main_part_ball,
            "root": main_part_root,
            "ball": ball,
            "triangle": triangle,
            "monotone D": monotone_chord,
            "wide D": never_met_chord,
            "union bound": union_bound,
        },
    ),
)

"""Theorem 1 corrected and sharpened: the corrected, sharp and chord conditions, each with its proof.

Notation: units of r; u = f(x0) for x0 in C_l^0 and S_eps; p = mu_l = alpha v + (1 - alpha) b with v a mean of unit vectors
within s of u and ||b|| <= 1; q = mu_k with ||q|| <= 1; x0 misclassified as k means ||u - q|| <= ||u - p||.
"""

from typing import Any

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, implication
from theory.theorem1.forms.chord import chord_square
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.sharp import rho_sharp
from theory.theorem1.proofs.lemmas import AVERAGES, PAPER, union_bound
from theory.theorem1.proofs.search import chord_searched, searched


def _inner(form: str, s: Any) -> Any:
    """What is used of unit u, w within s: u.w >= 1 - s (Cauchy-Schwarz) or u.w >= 1 - s^2/2 (expanding the square)."""
    return 1 - s if form == "corrected" else 1 - s**2 / 2


def unit_chord(form: str) -> Evidence:
    """Inner product of unit vectors within s of each other, in coordinates of their plane."""
    x, y, s = z3.Reals("x y s")
    return implication(
        f"unit u = (1, 0), w with ||u - w|| <= s imply u.w >= {'1 - s' if form == 'corrected' else '1 - s^2/2'}",
        [x * x + y * y == 1, s >= 0, (1 - x) ** 2 + y**2 <= s * s],
        x >= _inner(form, s),
        example={x: "3/5", y: "4/5", s: 1},
    )


def split(form: str) -> Evidence:
    """Inner product of u with the class mean."""
    rho = {"corrected": rho_corrected, "sharp": rho_sharp}[form]
    uv, ub, alpha, s = z3.Reals("uv ub alpha s")
    return implication(
        "p = alpha v + (1 - alpha) b implies u.p >= 1 - rho",
        [alpha >= 0, alpha <= 1, s >= 0, uv >= _inner(form, s), ub >= -1],
        alpha * uv + (1 - alpha) * ub >= 1 - rho(alpha, s),
        example={uv: 1, ub: 0, alpha: "9/10", s: "1/2"},
    )


def plane() -> Evidence:
    """From u.p to the product of the two means."""
    rho, root, up, w, D, e, product = z3.Reals("rho root up w D e product")
    return implication(
        "u.p >= 1 - rho, ||u - q|| <= ||u - p||, p.q >= u.p - ||p|| ||u - q|| imply p.q >= 1 - rho - sqrt(2 rho)",
        [
            rho >= 0,
            root >= 0,
            root * root == 2 * rho,
            up >= 1 - rho,
            w >= 0,
            w <= 1,
            D >= 0,
            D * D == 1 - 2 * up + w * w,
            e >= 0,
            e <= D,
            product >= up - w * e,
        ],
        product >= threshold(rho, root),
        example={rho: "1/2", root: 1, up: 1, w: 1, D: 0, e: 0, product: 1},
    )


def monotone_rho() -> Evidence:
    """Both derived rho fall in alpha."""
    alpha, less, s = z3.Reals("alpha less s")
    return implication(
        "a smaller alpha gives a larger rho (s <= 2), so sigma - R/p_l may stand for alpha_l",
        [0 <= less, less <= alpha, alpha <= 1, s >= 0, s <= 2],
        z3.And(rho_corrected(less, s) >= rho_corrected(alpha, s), rho_sharp(less, s) >= rho_sharp(alpha, s)),
        example={alpha: 1, less: "1/2", s: 1},
    )


def main_part_ball() -> Evidence:
    """Distance of u from alpha v."""
    uv, v2, alpha, s = z3.Reals("uv v2 alpha s")
    return implication(
        "u.v >= 1 - s^2/2 and ||v|| <= 1 imply ||u - alpha v||^2 <= (1 - alpha)^2 + alpha s^2",
        [alpha >= 0, alpha <= 1, s >= 0, v2 <= 1, uv >= _inner("sharp", s)],
        1 - 2 * alpha * uv + alpha**2 * v2 <= chord_square(alpha, s),
        example={uv: 1, v2: 1, alpha: "9/10", s: "1/2"},
    )


def monotone_chord() -> Evidence:
    """D falls in alpha."""
    b, c, s, small, large = z3.Reals("b c s small large")
    return implication(
        "a smaller alpha gives a larger D (s <= 2), so sigma - R/p_l may stand for alpha_l",
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


def ball() -> Evidence:
    """Distance of u from the class mean."""
    main, rest, alpha, s, root, D, up = z3.Reals("main rest alpha s root D up")
    return implication(
        "||u - p|| <= ||u - alpha v|| + (1 - alpha) ||b|| <= D",
        [
            alpha >= 0,
            alpha <= 1,
            s >= 0,
            root >= 0,
            root * root == chord_square(alpha, s),
            main >= 0,
            main * main <= chord_square(alpha, s),
            rest <= 1,
            up <= main + (1 - alpha) * rest,
            D == (1 - alpha) + root,
        ],
        up <= D,
        example={main: 1, rest: 1, alpha: 0, s: 0, root: 1, D: 2, up: 1},
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


_DERIVED = (
    "x0 in C_l^0 and S_eps, x in C_l^0 and S_eps, any view x': ||f(x0) - f(x')|| <= eps + L delta + eps = s r through the "
    "closest pair of views, so v averages unit vectors within s of u (`chord`, in the plane of two vectors) and `split` "
    "gives u.p >= 1 - rho. Misclassified as k means ||u - q|| <= ||u - p|| = D, with D^2 = 1 - 2 u.p + ||p||^2; "
    "p.q = u.p - p.(u - q) >= u.p - ||p|| ||u - q|| by `Cauchy-Schwarz`, and `plane` finishes: p.q >= threshold(rho). "
    "So below the threshold nothing in C_l^0 and S_eps is misclassified, and lemma-3.1 (`union bound`) counts the rest. "
    "`monotone` lets sigma - R/p_l stand for alpha_l. Only norms and inner products enter: any dimension."
)


def _derived(form: str, title: str, statement: str) -> Claim:
    return Claim(
        id=f"thm-1-{form}",
        title=title,
        source="derived from " + PAPER + ", lemma 3.2",
        statement=statement,
        expected=Verdict.PROVED,
        reduction=_DERIVED,
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord(form),
            "split": lambda: split(form),
            "Cauchy-Schwarz": cauchy_schwarz,
            "plane": plane,
            "monotone": monotone_rho,
            "union bound": union_bound,
        },
        other={
            "worst configuration": lambda: searched(form),
        },
    )


CLAIMS = (
    _derived(
        "corrected",
        "Theorem 1, expectation split correctly",
        r"\rho'=2(1-\alpha_l)+\alpha_l s,\quad \mu_l^\top\mu_k<r^2(1-\rho'-\sqrt{2\rho'})\ \forall l\neq k"
        r"\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
    ),
    _derived(
        "sharp",
        "Theorem 1, spread quadratic in s",
        r"\rho''=2(1-\alpha_l)+\alpha_l s^2/2,\quad \mu_l^\top\mu_k<r^2(1-\rho''-\sqrt{2\rho''})\ \forall l\neq k"
        r"\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
    ),
    Claim(
        id="thm-1-chord",
        title="Theorem 1 by the distance of the means",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"D=(1-\alpha_l)+\sqrt{(1-\alpha_l)^2+\alpha_l s^2},\quad \|\mu_l-\mu_k\|>2Dr\ \forall l\neq k"
        r"\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        reduction="As for thm-1-sharp, v averages unit vectors with u.w >= 1 - s^2/2 (`chord`), so `main part` bounds "
        "||u - alpha v||; the rest moves the mean by at most (1 - alpha) ||b|| (`ball`). Misclassified as k means "
        "||u - q|| <= ||u - p|| <= D, and `triangle` gives ||p - q|| <= 2 D. lemma-3.1 counts the rest.",
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord("sharp"),
            "main part": main_part_ball,
            "ball": ball,
            "triangle": triangle,
            "monotone D": monotone_chord,
            "union bound": union_bound,
        },
        other={
            "worst configuration": chord_searched,
        },
    ),
)

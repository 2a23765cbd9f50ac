"""What the corrected and the sharp form share: u.mu_l >= 1 - rho, and mu_l.mu_k >= threshold(rho) where u is misclassified.

Notation: units of r; u = f(x0) for x0 in C_l^0 and S_eps; p = mu_l = alpha v + (1 - alpha) b with v a mean of unit vectors
within s of u and ||b|| <= 1; q = mu_k with ||q|| <= 1; x0 misclassified as k means ||u - q|| <= ||u - p||.
"""

from typing import Any

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, implication
from theory.theorem1.forms import FORMS
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.sharp import rho_sharp
from theory.theorem1.proofs.predicates import theorem_1
from theory.theorem1.proofs.steps import ALPHA, AVERAGES, PAPER, union_bound


def inner_product(form: str, s: Any) -> Any:
    """What is used of unit u, w within s: u.w >= 1 - s (Cauchy-Schwarz) or u.w >= 1 - s^2/2 (expanding the square)."""
    return 1 - s if form == "corrected" else 1 - s**2 / 2


def unit_chord(form: str) -> Evidence:
    """Inner product of unit vectors within s of each other, in coordinates of their plane."""
    x, y, s = z3.Reals("x y s")
    return implication(
        f"unit u = (1, 0), w with ||u - w|| <= s imply u.w >= {'1 - s' if form == 'corrected' else '1 - s^2/2'}",
        [x * x + y * y == 1, s >= 0, (1 - x) ** 2 + y**2 <= s * s],
        x >= inner_product(form, s),
        example={x: "3/5", y: "4/5", s: 1},
    )


def split(form: str) -> Evidence:
    """Inner product of u with the class mean."""
    rho = {"corrected": rho_corrected, "sharp": rho_sharp}[form]
    uv, ub, alpha, s = z3.Reals("uv ub alpha s")
    return implication(
        "p = alpha v + (1 - alpha) b implies u.p >= 1 - rho",
        [alpha >= 0, alpha <= 1, s >= 0, uv >= inner_product(form, s), ub >= -1],
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
        "a smaller alpha gives a larger rho (s <= 2), so max(sigma - R/p_l, 0) may stand for alpha_l",
        [0 <= less, less <= alpha, alpha <= 1, s >= 0, s <= 2],
        z3.And(rho_corrected(less, s) >= rho_corrected(alpha, s), rho_sharp(less, s) >= rho_sharp(alpha, s)),
        example={alpha: 1, less: "1/2", s: 1},
    )


def never_met() -> Evidence:
    """Spreads beyond the diameter of the sphere."""
    alpha, s, root = z3.Reals("alpha s root")
    return implication(
        "s >= 2 makes both derived rho 2 or more at any alpha in [0, 1], so the threshold is at most -1 and never met",
        [alpha >= 0, alpha <= 1, s >= 2, root >= 0],
        z3.And(
            *(z3.And(rho(alpha, s) >= 2, threshold(rho(alpha, s), root) <= -1) for rho in (rho_corrected, rho_sharp))
        ),
        example={alpha: 1, s: 2, root: 2},
    )


BY_SPLIT = (
    "x0 in C_l^0 and S_eps, x in C_l^0 and S_eps, any view x': ||f(x0) - f(x')|| <= eps + L delta + eps = s r through the "
    "closest pair of views, so v averages unit vectors within s of u (`chord`, in the plane of two vectors) and `split` "
    "gives u.p >= 1 - rho. Misclassified as k means ||u - q|| <= ||u - p|| = D, with D^2 = 1 - 2 u.p + ||p||^2; "
    "p.q = u.p - p.(u - q) >= u.p - ||p|| ||u - q|| by `Cauchy-Schwarz`, and `plane` finishes: p.q >= threshold(rho). "
    "So below the threshold nothing in C_l^0 and S_eps is misclassified, and lemma-3.1 (`union bound`) counts the rest. "
    "`monotone` lets max(sigma - R/p_l, 0) stand for alpha_l where s <= 2; beyond, by `wide`, the condition is never met. "
    "Only norms and inner products enter: any dimension."
)


def threshold_claim(form: str, title: str, statement: str) -> Claim:
    """The claim of a form whose condition is mu_l.mu_k < threshold(rho)."""
    return Claim(
        id=f"thm-1-{form}",
        title=title,
        source="derived from " + PAPER + ", lemma 3.2",
        statement=statement + ALPHA,
        predicate=theorem_1(FORMS[form]),
        expected=Verdict.PROVED,
        reduction=BY_SPLIT,
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord(form),
            "split": lambda: split(form),
            "Cauchy-Schwarz": cauchy_schwarz,
            "plane": plane,
            "monotone": monotone_rho,
            "wide": never_met,
            "union bound": union_bound,
        },
    )

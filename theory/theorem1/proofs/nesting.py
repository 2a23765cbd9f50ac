"""Which form of Theorem 1 certifies whatever another one does, and which do not compare.

corrected => sharp, chord and printed; sharp and chord => cap; cap and printed => exact; every other implication fails in the
finite worlds given here. Printed is thm-1-printed: rho_max and Delta_mu only make thm-1 harder to meet.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy
import z3

from theory.concentration import augmented_distances
from theory.factors import class_shares, divergence, misaligned_share
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import FiniteWorld
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms import FORMS
from theory.theorem1.forms.chord import chord_bound, chord_margin, chord_square
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.form import alpha_lower, threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.forms.sharp import rho_sharp
from theory.theorem1.proofs.choice import Choice, common
from theory.theorem1.proofs.chord import ball, main_part_ball, main_part_root, triangle
from theory.theorem1.proofs.lemma_3_2 import PRINTED_STEPS
from theory.theorem1.proofs.predicates import pair_margins, spread
from theory.theorem1.proofs.steps import AVERAGES, PAPER
from theory.theorem1.proofs.thresholds import never_met, plane, split, unit_chord
from theory.theorem1.proofs.worlds import choices

ANGLE = 1e-7
"""What rounding may take off the margin of a cap: a few times the root of a float's, where two means are nearly in line."""

Point = dict[str, Any]
Place = tuple[Fraction, Fraction]


def _cap(x: Point) -> Any:
    """`cap_margin` at `cap_angle`, for means at which -g lies outside the cap."""
    alpha, s, w = _alpha(x), x["s"], sympy.sqrt(x["ll"])
    cosine = sympy.Max(1 - rho_sharp(alpha, s), (1 + x["ll"] - chord_bound(alpha, s) ** 2) / 2) / w
    along = (x["ll"] - x["lk"]) / w
    across = sympy.sqrt(x["ll"] + x["kk"] - 2 * x["lk"] - along**2)
    return along * cosine - across * sympy.sqrt(1 - cosine**2) - (x["ll"] - x["kk"]) / 2


MARGINS: dict[str, Callable[[Point], Any]] = {
    "printed": lambda x: threshold(rho_printed(x["sigma"], x["R"], 1, x["s"])) - x["lk"],
    "sharp": lambda x: threshold(rho_sharp(_alpha(x), x["s"])) - x["lk"],
    "chord": lambda x: chord_margin(_alpha(x), x["s"], x["ll"], x["kk"], x["lk"]),
    "cap": _cap,
}
"""The margins as exact numbers; R is R_eps/p_l, alpha = sigma - R, and the printed form is that of thm-1-printed."""


def _alpha(x: Point) -> Any:
    return alpha_lower(x["sigma"], x["R"], 1)


def _classes(first: list[tuple[Place, Place]], second: Place) -> FiniteWorld:
    """Two classes of equal size in the plane, exact, which are their own encoder: samples of two views, and one place."""
    points = np.array([first, [(second, second)] * len(first)], dtype=object).reshape(2 * len(first), 2, 2)
    return FiniteWorld(points, points, np.repeat([0, 1], len(first)))


def _on_circle(t: Fraction) -> Place:
    """The point of the unit circle at the angle 2 arctan t, which is 2 t/sqrt(1 + t^2) from (1, 0)."""
    return ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))


EAST, ZERO = _on_circle(Fraction(0)), Fraction(0)


def _spread_world() -> FiniteWorld:
    """Class 0 at 66/65 from each other about (1, 0), class 1 opposite."""
    x, y = Fraction(56, 65), Fraction(33, 65)
    return _classes([((x, y),) * 2, ((x, -y),) * 2], (-Fraction(1), ZERO))


def _outlier_world() -> FiniteWorld:
    """Class 0 at (1, 0) but for one sample of ten at 40/101 from there, class 1 at (3/5, 4/5)."""
    return _classes([(EAST, EAST)] * 9 + [(_on_circle(Fraction(-20, 99)),) * 2], (Fraction(3, 5), Fraction(4, 5)))


def _torn_world() -> FiniteWorld:
    """Three samples of five in class 0 have one view at (1, 0), where the others are, and one near it."""
    return _classes([(EAST, EAST)] * 2 + [(EAST, _on_circle(Fraction(1, 10)))] * 3, (-Fraction(4, 5), Fraction(3, 5)))


SEPARATING: dict[tuple[str, str], Callable[[], FiniteWorld]] = {
    ("sharp", "chord"): _spread_world,
    ("chord", "sharp"): _outlier_world,
    ("sharp", "printed"): _spread_world,
    ("chord", "printed"): _outlier_world,
    ("printed", "cap"): _torn_world,
}
"""(met, not met) for class 0 at eps = 0 with all of a class as main part, and the world where it is so. Every other
implication would, chained with the ones proved, contradict one of these five: sharp => corrected would give sharp => chord,
exact => cap would give printed => cap, and so on."""


def _point(world: FiniteWorld) -> Point:
    """What the margins take of class 0, exact; R is R_eps/p_0."""
    gram = divergence(world)
    s = max(augmented_distances(world.features[world.members(k)]).max() for k in range(2))
    values = {"sigma": 1, "R": misaligned_share(world, ZERO) / class_shares(world)[0], "s": s}
    values |= {"ll": gram[0, 0], "kk": gram[1, 1], "lk": gram[0, 1]}
    return {name: sympy.Rational(str(value)) for name, value in values.items()}


def _separated(met: str, failed: str) -> Evidence:
    x = _point(SEPARATING[met, failed]())
    above, below = MARGINS[met](x), MARGINS[failed](x)
    return Evidence(
        kind="symbolic",
        summary=f"{met} is met and {failed} is not in a finite world with "
        + ", ".join(f"{name} = {value}" for name, value in x.items()),
        holds=bool(sympy.simplify(above) > 0) and bool(sympy.simplify(below) < 0),
        computed=f"margins {float(above):+.4f} and {float(below):+.4f}",
    )


def _less_rho() -> Evidence:
    alpha, s = z3.Reals("alpha s")
    return implication(
        "rho'' <= rho' for s <= 2",
        [alpha >= 0, alpha <= 1, s >= 0, s <= 2],
        rho_sharp(alpha, s) <= rho_corrected(alpha, s),
        example={alpha: 1, s: 1},
    )


def _falling_threshold() -> Evidence:
    rho, less, root, small = z3.Reals("rho less root small")
    return implication(
        "a smaller rho has a larger threshold",
        [less >= 0, less <= rho, root >= 0, root * root == 2 * rho, small >= 0, small * small == 2 * less],
        threshold(less, small) >= threshold(rho, root),
        example={rho: 2, less: 0, root: 2, small: 0},
    )


def _near_means() -> Evidence:
    alpha, s, root, D = z3.Reals("alpha s root D")
    return implication(
        "D <= rho' for s <= 2",
        [
            alpha >= 0,
            alpha <= 1,
            s >= 0,
            s <= 2,
            root >= 0,
            root * root == chord_square(alpha, s),
            D == 1 - alpha + root,
        ],
        D <= rho_corrected(alpha, s),
        example={alpha: 1, s: 1, root: 1, D: 1},
    )


def _near_product() -> Evidence:
    rho, root, w, e, product = z3.Reals("rho root w e product")
    return implication(
        "||p|| >= u.p >= 1 - rho', ||p - q|| <= 2 D <= 2 rho' imply p.q = ||p||^2 - p.(p - q) >= threshold(rho')",
        [
            rho >= 0, root >= 0, root * root == 2 * rho, w >= 0, w <= 1, w >= 1 - rho, e >= 0, e <= 2 * rho,
            product >= w * w - w * e, product >= -w,
        ],
        product >= threshold(rho, root),
        example={rho: 0, root: 0, w: 1, e: 0, product: 1},
    )  # fmt: skip


def _printed_rho() -> Evidence:
    sigma, q, s, rho, root = z3.Reals("sigma q s rho root")
    return implication(
        "rho_l <= rho', unless rho' >= 1, whose threshold is below -1 and never met",
        [
            sigma >= 0,
            sigma <= 1,
            q >= 0,
            q <= sigma,
            s >= 0,
            rho == rho_corrected(sigma - q, s),
            root >= 0,
            root * root == 2 * rho,
        ],
        z3.Or(rho_printed(sigma, q, 1, s) <= rho, threshold(rho, root) < -1),
        example={sigma: 1, q: 0, s: 0, rho: 0, root: 0},
    )


NESTED = (
    ("corrected", "sharp"), ("corrected", "chord"), ("corrected", "printed"),
    ("sharp", "cap"), ("chord", "cap"), ("cap", "exact"), ("printed", "exact"),
)  # fmt: skip
"""(weaker, stronger): whatever the first certifies, the second does."""


def _read(choice: Choice) -> Reading:
    """For every pair of classes and implication: where the weaker form is met, 0 is below the margin of the stronger.

    The margins are those of the statement, without the guard of a certificate.
    """
    of = common(choice)
    s, torn = spread(choice, of.delta.max(), of.eps.max()), of.misaligned / of.shares
    shares = {"sigma": of.sigma, "alpha": alpha_lower(of.sigma, torn, 1)}
    margins = {name: pair_margins(form, of, shares[form.share], s, torn, guard=0.0) for name, form in FORMS.items()}
    right = np.array([np.where(margins[weak] > ROUNDING, margins[strong] + ANGLE, np.inf) for weak, strong in NESTED])
    met = max(float(margins[weak].max()) for weak, _ in NESTED)
    return Reading(hypotheses={"some form": met - ROUNDING}, left=np.zeros_like(right), right=right)


CLAIMS = (
    Claim(
        id="thm-1-nesting",
        title="Which form certifies what another one does",
        source="derived from " + PAPER,
        statement=r"corrected\Rightarrow sharp,\ chord,\ printed;\quad sharp,\ chord\Rightarrow cap;\quad "
        r"cap,\ printed\Rightarrow exact;\quad \mathrm{no\ other};\quad \alpha_l=\max(\sigma-R_\varepsilon/p_l,0)",
        predicate=Predicate(worlds=choices, read=_read),
        expected=Verdict.PROVED,
        reduction="Beyond s = 2 corrected is never met (`wide`). "
        "corrected => sharp: `sharper rho`, `falling threshold`. corrected => chord: by `D below rho'` and "
        "`near means` (with u.p >= 1 - rho', `Cauchy-Schwarz`) ||mu_l - mu_k|| <= 2 D would force mu_l.mu_k >= "
        "threshold(rho'). corrected => printed: `printed rho`, `falling threshold`. The cap is the set of unit u with "
        "u.p >= 1 - rho'' and ||u - p|| <= D. sharp => cap: by `plane` a misclassified u of it would force mu_l.mu_k "
        ">= threshold(rho''). chord => cap: by `triangle` it would force ||mu_l - mu_k|| <= 2 D. cap => exact: every "
        "compatible u lies in the cap, by `chord`, `split`, `main part`, `root` and `ball`. printed => exact: the proof of "
        "thm-1-printed (`parameters` to `rho >= 25/32`) takes any compatible u. The last steps are finite worlds in "
        "which one form is met and another not; any further implication would contradict one of them.",
        trusted=(AVERAGES,),
        steps={
            "wide": never_met,
            "sharper rho": _less_rho,
            "falling threshold": _falling_threshold,
            "D below rho'": _near_means,
            "near means": _near_product,
            "printed rho": _printed_rho,
            "plane": plane,
            "triangle": triangle,
            "chord": lambda: unit_chord("sharp"),
            "split": lambda: split("sharp"),
            "main part": main_part_ball,
            "root": main_part_root,
            "ball": ball,
            **PRINTED_STEPS,
            **{f"{met} without {failed}": partial(_separated, met, failed) for met, failed in SEPARATING},
        },
    ),
)

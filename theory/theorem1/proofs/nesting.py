"""Which form of Theorem 1 certifies whatever another one does, and which do not compare.

corrected => sharp, chord and printed; sharp and chord => cap; cap and printed => exact; every other implication fails at the
points given here. Here printed is thm-1-printed: rho_max and Delta_mu only make thm-1 harder to meet.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import sympy
import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.forms import margin
from theory.theorem1.forms.chord import chord_bound, chord_margin, chord_square
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.form import alpha_lower, threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.forms.sharp import rho_sharp
from theory.theorem1.proofs.chord import ball, main_part_ball, main_part_root, triangle
from theory.theorem1.proofs.lemma_3_2 import PRINTED_STEPS
from theory.theorem1.proofs.search import draw
from theory.theorem1.proofs.steps import PAPER
from theory.theorem1.proofs.thresholds import plane, split, unit_chord

Point = dict[str, Any]


def _rational(**values: str) -> Point:
    return {name: sympy.Rational(value) for name, value in values.items()}


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


def _means(lk: str, s: str) -> Point:
    """Means of norm .9 at sigma = .95, R/p = .02: a point of the design's table."""
    return _rational(sigma="19/20", R="1/50", s=s, ll="81/100", kk="81/100", lk=lk)


SEPARATING: dict[tuple[str, str], Point] = {
    ("sharp", "chord"): _means(lk="-81/100", s="1"),
    ("chord", "sharp"): _means(lk="0", s="11/20"),
    ("sharp", "printed"): _means(lk="0", s="1/2"),
    ("chord", "printed"): _means(lk="0", s="1/2"),
    ("printed", "cap"): _rational(sigma="1", R="3/5", s="0", ll="39601/40000", kk="1", lk="-199/250"),
}
"""(met, not met) and the point where it is so. Every other implication would, chained with the ones proved, contradict one of
these five: sharp => corrected would give sharp => chord, exact => cap would give printed => cap, and so on."""


def _separated(met: str, failed: str) -> Evidence:
    x = SEPARATING[met, failed]
    above, below = MARGINS[met](x), MARGINS[failed](x)
    return Evidence(
        kind="symbolic",
        summary=f"{met} is met and {failed} is not at " + ", ".join(f"{name} = {value}" for name, value in x.items()),
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


def nested(alpha: Any, s: Any, ll: Any, kk: Any, lk: Any) -> dict[str, Any]:
    """By how much each derived implication holds: the stronger form's margin where the weaker one is met, else inf."""
    pairs = [("corrected", "sharp"), ("corrected", "chord"), ("sharp", "cap"), ("chord", "cap"), ("cap", "exact")]
    margins = {form: margin(form, alpha, s, ll, kk, lk) for form in ("corrected", "sharp", "chord", "cap", "exact")}
    return {f"{weak} => {strong}": np.where(margins[weak] > 0, margins[strong], np.inf) for weak, strong in pairs}


def _searched() -> Evidence:
    n = 400_000
    drawn, rng = draw(n, seed=0), np.random.default_rng(1)
    kk, turn = rng.random(n) ** 0.5, rng.uniform(0, np.pi, n)
    lk = np.sqrt(drawn.square) * kk * np.cos(turn)
    margins = nested(drawn.alpha, drawn.s, drawn.square, kk**2, lk)
    least = {name: float(values.min()) for name, values in margins.items()}
    met = {name: int(np.isfinite(values).sum()) for name, values in margins.items()}
    return Evidence(
        kind="search",
        summary="; ".join(f"{name} where met, {met[name]} of {n}" for name in margins),
        holds=min(least.values()) > -1e-12 and min(met.values()) > n // 20,
        computed="least margin of the stronger: " + ", ".join(f"{value:.2g}" for value in least.values()),
    )


CLAIMS = (
    Claim(
        id="thm-1-nesting",
        title="Which form certifies what another one does",
        source="derived from " + PAPER,
        statement=r"corrected\Rightarrow sharp,\ chord,\ printed;\quad sharp,\ chord\Rightarrow cap;\quad "
        r"cap,\ printed\Rightarrow exact;\quad \mathrm{no\ other}",
        expected=Verdict.PROVED,
        reduction="corrected => sharp: `sharper rho`, `falling threshold`. corrected => chord: by `D below rho'` and "
        "`near means` (with u.p >= 1 - rho', `Cauchy-Schwarz`) ||mu_l - mu_k|| <= 2 D would force mu_l.mu_k >= "
        "threshold(rho'). corrected => printed: `printed rho`, `falling threshold`. The cap is the set of unit u with "
        "u.p >= 1 - rho'' and ||u - p|| <= D. sharp => cap: by `plane` a misclassified u of it would force mu_l.mu_k "
        ">= threshold(rho''). chord => cap: by `triangle` it would force ||mu_l - mu_k|| <= 2 D. cap => exact: every "
        "compatible u lies in the cap, by `chord`, `split`, `main part`, `root` and `ball`. printed => exact: the proof of "
        "thm-1-printed (`parameters` to `rho >= 25/32`) takes any compatible u. The last steps are points at which one "
        "form is met and another not; any further implication would contradict one of them.",
        steps={
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
        other={
            "nested configurations": _searched,
        },
    ),
)

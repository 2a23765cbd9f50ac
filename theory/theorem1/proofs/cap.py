"""Theorem 1 by a cap about the class mean: the cap form.

Notation as in `steps`; see `caps`.
"""

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, implication
from theory.theorem1.forms import FORMS
from theory.theorem1.proofs.caps import BY_RIM, half_angles, nearer, rim_margin, rim_point
from theory.theorem1.proofs.chord import ball, main_part_ball, main_part_root, monotone_chord, never_met_chord
from theory.theorem1.proofs.predicates import theorem_1
from theory.theorem1.proofs.steps import ALPHA, AVERAGES, CONCLUSION, PAPER, union_bound
from theory.theorem1.proofs.thresholds import monotone_rho, never_met, split, unit_chord


def _by_distance() -> Evidence:
    up, w, D = z3.Reals("up w D")
    return implication(
        "||u - p|| <= D implies u.p >= (1 + ||p||^2 - D^2)/2",
        [D >= 0, 1 - 2 * up + w * w <= D * D],
        2 * up >= 1 + w * w - D * D,
        example={up: 1, w: 1, D: 0},
    )


CLAIMS = (
    Claim(
        id="thm-1-cap",
        title="Theorem 1 by a cap about the class mean",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"r=1:\ \min\{u^\top(\mu_l-\mu_k):\ \|u\|=1,\ u^\top\mu_l\geq\max(1-\rho'',"
        r"\frac{1}{2}(1+\|\mu_l\|^2-D^2))\}>\frac{1}{2}(\|\mu_l\|^2-\|\mu_k\|^2)\ \forall k" + CONCLUSION + ALPHA,
        predicate=theorem_1(FORMS["cap"]),
        expected=Verdict.PROVED,
        reduction="thm-1-sharp gives u.mu_l >= 1 - rho'' (`chord`, `split`), thm-1-chord ||u - mu_l|| <= D (`main "
        "part`, `root`, `ball`), which confines u to a cap (`cap`). Where s <= 2 a smaller alpha gives a "
        "larger cap (`monotone`, `monotone D`), beyond the cap is the whole sphere at any alpha (`wide`, `wide D`). "
        + BY_RIM,
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord("sharp"),
            "split": lambda: split("sharp"),
            "main part": main_part_ball,
            "root": main_part_root,
            "ball": ball,
            "cap": _by_distance,
            "half angles": half_angles,
            "Cauchy-Schwarz": cauchy_schwarz,
            "rim margin": rim_margin,
            "rim": rim_point,
            "nearer": nearer,
            "monotone": monotone_rho,
            "monotone D": monotone_chord,
            "wide": never_met,
            "wide D": never_met_chord,
            "union bound": union_bound,
        },
    ),
)

"""Theorem 1 class by class, in every form.

A form's condition for class l is used for nothing but the samples of class l, so a class whose condition fails loses its own
mass only, and each class may have an (eps, delta) of its own.
"""

import numpy as np
import z3

from theory.factors import nearest_mean_error
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.forms import FORMS
from theory.theorem1.proofs.choice import Choice, factors
from theory.theorem1.proofs.predicates import conditions, spread
from theory.theorem1.proofs.steps import AVERAGES, PAPER, union_bound
from theory.theorem1.proofs.worlds import choices


def _class_bound() -> Evidence:
    p, q, alpha, wrong, others, lost, inside, outside = z3.Reals("p q alpha wrong others lost inside outside")
    return implication(
        "one more class, of mass p: its errors weigh at most p (1 - alpha) if its condition holds, since they lie outside "
        "C_l^0 and S_eps, and at most p if not; the others' bounds add up",
        [
            p >= 0,
            alpha >= 0,
            alpha <= 1,
            inside + outside == p,
            inside == alpha * p,
            wrong <= inside + outside,
            others <= q,
            z3.Or(z3.And(wrong <= outside, lost == p * (1 - alpha)), lost == p),
        ],
        others + wrong <= q + lost,
        example={p: 1, q: 0, alpha: "1/2", inside: "1/2", outside: "1/2", wrong: 0, others: 0, lost: "1/2"},
    )


def _read(choice: Choice) -> Reading:
    """For every form, each class at its own eps_l and delta_l; printed takes P[C_l minus S_eps]/p_l for R_eps/p_l."""
    world, of = choice.world, factors(choice, choice.eps)
    s = spread(choice, of.delta, of.eps)
    shares = {"sigma": of.sigma, "alpha": of.alpha}
    met = np.array([conditions(form, of, shares[form.share], s, of.torn) > 0 for form in FORMS.values()])
    bounds = 1 - met @ (of.shares * of.alpha)
    return Reading(hypotheses={}, left=np.full(len(bounds), nearest_mean_error(world)), right=bounds, trivial=1.0)


CLAIMS = (
    Claim(
        id="thm-1-per-class",
        title="Theorem 1 class by class, every form",
        source="derived from " + PAPER + ", Theorem 1",
        statement=r"Err(G_f)\leq\sum_{l\ met}p_l(1-\alpha_l)+\sum_{l\ not\ met}p_l,\quad (\varepsilon_l,\delta_l)\ free",
        predicate=Predicate(worlds=choices, read=_read),
        expected=Verdict.PROVED,
        reduction="Each form shows, from its condition for the pairs (l, k), k != l, that no sample of C_l^0 and S_eps is "
        "misclassified; neither the other classes' main parts nor their spreads enter (thm-1-printed bounds by R_eps/p_l >= "
        "P[C_l minus S_eps]/p_l, which may stand for it). Induction over the classes by `class bound`; (eps_l, delta_l) is "
        "chosen per class, since the conclusion about C_l names no other class's.",
        trusted=(AVERAGES,),
        unchecked={
            "the proof of each form for the pairs (l, k) uses nothing of the other classes but their means": (
                "theorem_1_per_class"
            )
        },
        steps={
            "union bound": union_bound,
            "class bound": _class_bound,
        },
    ),
)

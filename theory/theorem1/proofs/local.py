"""Theorem 1 without a Lipschitz constant, in every form: the lever "local".

The Lipschitz constant enters every form through s alone, where it bounds the distance in feature space of the closest views
of two samples. That distance can be measured itself.
"""

import numpy as np
import z3

from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.forms import FORMS
from theory.theorem1.proofs.choice import Choice, common, part_diameters
from theory.theorem1.proofs.predicates import error_reading, form_condition
from theory.theorem1.proofs.steps import AVERAGES, PAPER
from theory.theorem1.proofs.worlds import choices
from theory.worlds import nearest_views


def _local() -> Evidence:
    first, between, second, whole, eps, delta = z3.Reals("first between second whole eps delta")
    return implication(
        "||f(x0) - f(x')|| <= ||f(x0) - f(x0*)|| + ||f(x0*) - f(x*)|| + ||f(x*) - f(x')|| <= eps + delta + eps",
        [first <= eps, between <= delta, second <= eps, whole <= first + between + second],
        whole <= delta + 2 * eps,
        example={first: 1, between: 1, second: 1, whole: 3, eps: 1, delta: 1},
    )


def _never_larger() -> Evidence:
    inputs, features, best, L = z3.Reals("inputs features best L")
    return implication(
        "d_{A,f} <= ||f(x1*) - f(x2*)|| <= L ||x1* - x2*|| = L d_A at the closest views in input space",
        [L >= 0, inputs >= 0, best <= features, features <= L * inputs],
        best <= L * inputs,
        example={L: 1, inputs: 1, features: 1, best: 0},
    )


def _own_encoder() -> Evidence:
    apart, image, L = z3.Reals("apart image L")
    return implication(
        "the identity on feature space is Lipschitz with L = 1",
        [image == apart, L == 1],
        image <= L * apart,
        example={apart: 1, image: 1, L: 1},
    )


def _read(choice: Choice) -> Reading:
    """d_{A,f} <= L d_A on all pairs; and Err <= (1 - sigma) + R_eps where some form is met with s = (delta_f + 2 eps)/r."""
    world, of = choice.world, common(choice)
    features = choice.distinct.features
    s = float(part_diameters(features, choice).max() + 2 * of.eps.max()) / float(world.radius)
    met = max(form_condition(form, of, s) for form in FORMS.values())
    error = error_reading(world, of.bound, {"condition of some form": met})
    apart, bound = nearest_views(features), choice.lipschitz * nearest_views(choice.distinct.views)
    return Reading(
        hypotheses=error.hypotheses,
        left=np.append(apart, error.left),
        right=np.append(bound, error.right),
        trivial=np.append(np.full(apart.size, -np.inf), 1.0),
        distance=error.distance,
    )


CLAIMS = (
    Claim(
        id="thm-1-local",
        title="Theorem 1 without a Lipschitz constant",
        source="derived from " + PAPER + ", Lemma 3.2",
        statement=r"d_{A,f}(x_1,x_2)=\min_{x_1'\in A(x_1),x_2'\in A(x_2)}\|f(x_1')-f(x_2')\|\leq L\,d_A(x_1,x_2);"
        r"\quad s=(\delta_f+2\varepsilon)/r\ \mathrm{serves\ every\ form}",
        predicate=Predicate(worlds=choices, read=_read),
        expected=Verdict.PROVED,
        reduction="Every form is proved for every encoder. Take feature space for the space of views, f(A(x)) for A(x), and "
        "the identity for the encoder: its L is 1 (`own encoder`), its augmented distance is d_{A,f}, and p, mu, R_eps, "
        "sigma and Err are what they were, for they are functions of features, labels and main parts. So every form holds "
        "with delta_f in place of L delta. The spread itself, for x0, x in S_eps with closest views x0*, x*: `local "
        "spread`. `never larger`: L delta is an upper bound of the same number, so every main part of the Lipschitz lever "
        "is one here, at no larger s.",
        trusted=("the triangle inequality of the Euclidean norm", AVERAGES),
        unchecked={
            "p, mu, R_eps, sigma and Err stay what they were when features take the place of views": "theorem_1_exact"
        },
        steps={
            "own encoder": _own_encoder,
            "local spread": _local,
            "never larger": _never_larger,
        },
    ),
)

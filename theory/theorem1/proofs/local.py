"""Theorem 1 without a Lipschitz constant, in every form: the lever "local".

The Lipschitz constant enters every form through s alone, where it bounds the distance in feature space of the closest views
of two samples. That distance can be measured itself.
"""

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.proofs.steps import PAPER


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


CLAIMS = (
    Claim(
        id="thm-1-local",
        title="Theorem 1 without a Lipschitz constant",
        source="derived from " + PAPER + ", proof of Lemma 3.2",
        statement=r"d_{A,f}(x_1,x_2)=\min_{x_1'\in A(x_1),x_2'\in A(x_2)}\|f(x_1')-f(x_2')\|\leq L\,d_A(x_1,x_2);"
        r"\quad s=(\delta_f+2\varepsilon)/r\ \mathrm{serves\ every\ form}",
        expected=Verdict.PROVED,
        reduction="With C_l^0 pairwise within delta_f in d_{A,f}, take x0*, x* the views of x0, x that attain the "
        "minimum. Since x0 and x lie in S_eps, the outer two terms are at most eps (`local spread`, over the four norms: "
        "the triangle inequality is an axiom of the norm). Nothing else in any form's proof uses L or delta. `never "
        "larger`: L delta is an upper bound of the same number, so every main part of the Lipschitz lever is one here, "
        "at no larger s.",
        trusted=("the triangle inequality of the Euclidean norm",),
        steps={
            "local spread": _local,
            "never larger": _never_larger,
        },
    ),
)

"""Theorem 1 per class and in feature space: two levers that every form of it has.

Per class: a form's condition for class l is used for nothing but the samples of class l, so a class whose condition fails
loses its own mass only, and each class may have an (eps, delta) of its own. Local: the Lipschitz constant enters every
form through s alone, where it bounds the distance in feature space of the closest views of two samples.
"""

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.proofs.lemmas import PAPER, union_bound


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
        id="thm-1-per-class",
        title="Theorem 1 class by class, every form",
        source="derived from " + PAPER + ", Theorem 1",
        statement=r"Err(G_f)\leq\sum_{l\ met}p_l(1-\alpha_l)+\sum_{l\ not\ met}p_l,\quad (\varepsilon_l,\delta_l)\ free",
        expected=Verdict.PROVED,
        reduction="Each form shows, from its condition for the pairs (l, k), k != l, that no sample of C_l^0 and S_eps is "
        "misclassified; neither the other classes' main parts nor their spreads enter (thm-1-printed bounds by R_eps/p_l >= "
        "P[C_l minus S_eps]/p_l, which may stand for it). Induction over the classes by `class bound`; (eps_l, delta_l) is "
        "chosen per class, since the conclusion about C_l names no other class's.",
        steps={
            "union bound": union_bound,
            "class bound": _class_bound,
        },
    ),
    Claim(
        id="thm-1-local",
        title="Theorem 1 without a Lipschitz constant",
        source="derived from " + PAPER + ", proof of Lemma 3.2",
        statement=r"d_{A,f}(x_1,x_2)=\min_{x_1'\in A(x_1),x_2'\in A(x_2)}\|f(x_1')-f(x_2')\|\leq L\,d_A(x_1,x_2);"
        r"\quad s=(\delta_f+2\varepsilon)/r\ \mathrm{serves\ every\ form}",
        expected=Verdict.PROVED,
        reduction="With C_l^0 pairwise within delta_f in d_{A,f}, take x0*, x* the views of x0, x that attain the "
        "minimum. x0, x "
        "in S_eps bounds the outer two terms by eps (`local spread`, over the four norms: the triangle inequality is an "
        "axiom "
        "of the norm). Nothing else in any form's proof uses L or delta. `never larger`: L delta is an upper bound of the "
        "same number, so every main part of the Lipschitz lever is one here, at no larger s.",
        trusted=("the triangle inequality of the Euclidean norm",),
        steps={
            "local spread": _local,
            "never larger": _never_larger,
        },
    ),
)

"""The ideal case of Theorem 1: perfect alignment and concentration, where distinct means suffice."""

import sympy
import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.proofs.steps import PAPER, union_bound


def _ideal_threshold() -> Evidence:
    p = sympy.symbols("p", positive=True)
    zero = sympy.Integer(0)
    return identity(
        "sigma = 1, delta = eps = R = 0 give rho_max = 0 and threshold 1: the condition reads mu_l.mu_k < r^2",
        threshold(rho_printed(sympy.Integer(1), zero, p, zero)),
        sympy.Integer(1),
    )


def _ideal_means() -> Evidence:
    p1, p2, q1, q2 = z3.Reals("p1 p2 q1 q2")
    return implication(
        "every f(x) is its class mean, a unit vector: Delta_mu = 0, and mu_l.mu_k < 1 iff mu_l != mu_k",
        [p1 * p1 + p2 * p2 == 1, q1 * q1 + q2 * q2 == 1],
        (p1 * q1 + p2 * q2 < 1) == z3.Not(z3.And(p1 == q1, p2 == q2)),
        example={p1: 1, p2: 0, q1: 0, q2: 1},
    )


CLAIMS = (
    Claim(
        id="thm-1-ideal",
        title="Ideal case: distinct means suffice",
        source=PAPER + ", discussion of Theorem 1",
        statement=r"\sigma=1,\ \delta=\varepsilon=R_\varepsilon=0:\quad \mu_l^\top\mu_k<r^2\ \forall l\neq k\ "
        r"\Rightarrow\ Err(G_f)=0",
        expected=Verdict.PROVED,
        reduction="delta = eps = 0 and sigma = 1 make f constant on a class (s = 0), so its mean is a unit vector and "
        "Delta_mu = 0; thm-1 then asks mu_l.mu_k < r^2 (`ideal threshold`), which says that the means differ (`ideal "
        "means`, in the plane of the two), and gives Err <= 0.",
        steps={
            "ideal threshold": _ideal_threshold,
            "ideal means": _ideal_means,
            "union bound": union_bound,
        },
    ),
)

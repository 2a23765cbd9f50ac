"""Theorem 1 as printed, and without its Delta_mu: its conclusion follows from lemma 3.2, proved here by another way."""

from theory.falsification import Predicate
from theory.ledger import Claim, Verdict
from theory.theorem1.forms import FORMS
from theory.theorem1.proofs.lemma_3_2 import BY_BALL, PRINTED_STEPS, rho_max_no_less
from theory.theorem1.proofs.predicates import printed_rho_max, theorem_1
from theory.theorem1.proofs.steps import AVERAGES, CONCLUSION, union_bound
from theory.theorem1.proofs.worlds import choices

CLAIMS = (
    Claim(
        id="thm-1",
        title="Theorem 1 with rho_max and Delta_mu",
        source="Huang et al., ICLR 2023, Theorem 1",
        statement=r"\rho_{max}=2(1-\sigma)+\frac{R_\varepsilon}{\min_l p_l}+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k" + CONCLUSION,
        predicate=Predicate(worlds=choices, read=printed_rho_max),
        expected=Verdict.PROVED,
        reduction="rho_l <= rho_max and Delta_mu >= 0 (`rho_max`), so the condition of thm-1-printed holds for every "
        "class, and with sigma common to the classes lemma-3.1 (`union bound`) gives (1 - sigma) + R_eps. " + BY_BALL,
        trusted=(AVERAGES,),
        steps={
            **PRINTED_STEPS,
            "rho_max": rho_max_no_less,
            "union bound": union_bound,
        },
    ),
    Claim(
        id="thm-1-printed",
        title="Theorem 1 as printed, even without Delta_mu",
        source="derived from Huang et al., ICLR 2023, Theorem 1: without Delta_mu",
        statement=r"\rho_l=2(1-\sigma)+R_\varepsilon/p_l+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_l-\sqrt{2\rho_l})\ \forall l\neq k" + CONCLUSION,
        predicate=theorem_1(FORMS["printed"]),
        expected=Verdict.PROVED,
        reduction="The step from rho_l to f(x0).mu_l is false (lemma-3.2-step), the conclusion stands, and "
        "Delta_mu/2 is superfluous. " + BY_BALL,
        trusted=(AVERAGES,),
        steps={
            **PRINTED_STEPS,
            "union bound": union_bound,
        },
    ),
)

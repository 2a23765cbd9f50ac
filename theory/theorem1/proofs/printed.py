"""Theorem 1 as printed, and without its Delta_mu: its conclusion follows from lemma 3.2, whose printed proof is broken."""

from theory.ledger import Claim, Verdict
from theory.theorem1.proofs.lemma_3_2 import BY_BALL, PRINTED_STEPS, rho_max_no_less
from theory.theorem1.proofs.search import searched
from theory.theorem1.proofs.steps import AVERAGES, CONCLUSION, PAPER, union_bound

CLAIMS = (
    Claim(
        id="thm-1",
        title="Theorem 1 with rho_max and Delta_mu",
        source=PAPER + ", Theorem 1",
        statement=r"\rho_{max}=2(1-\sigma)+\frac{R_\varepsilon}{\min_l p_l}+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k" + CONCLUSION,
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
        source=PAPER + ", Theorem 1; without Delta_mu and per class: derived",
        statement=r"\rho_l=2(1-\sigma)+R_\varepsilon/p_l+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_l-\sqrt{2\rho_l})\ \forall l\neq k" + CONCLUSION,
        expected=Verdict.PROVED,
        reduction="The printed proof fails (lemma-3.2-printed-step), the conclusion stands, and Delta_mu/2 is superfluous. "
        + BY_BALL,
        trusted=(AVERAGES,),
        steps={
            **PRINTED_STEPS,
            "union bound": union_bound,
        },
        other={
            "worst configuration": lambda: searched("printed"),
        },
    ),
)

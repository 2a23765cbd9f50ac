"""Theorem 1 corrected: the expectation over a class is split correctly into its main part and the rest."""

from theory.theorem1.proofs.steps import CONCLUSION
from theory.theorem1.proofs.thresholds import threshold_claim

CLAIMS = (
    threshold_claim(
        "corrected",
        "Theorem 1, expectation split correctly",
        r"\rho'=2(1-\alpha_l)+\alpha_l s,\quad \mu_l^\top\mu_k<r^2(1-\rho'-\sqrt{2\rho'})\ "
        r"\forall l\neq k" + CONCLUSION,
    ),
)

"""Theorem 1 sharpened: the threshold falls quadratically in the spread s."""

from theory.theorem1.proofs.steps import CONCLUSION
from theory.theorem1.proofs.thresholds import threshold_claim

CLAIMS = (
    threshold_claim(
        "sharp",
        "Theorem 1, spread quadratic in s",
        r"\rho''=2(1-\alpha_l)+\alpha_l s^2/2,\quad \mu_l^\top\mu_k<r^2(1-\rho''-\sqrt{2\rho''})\ "
        r"\forall l\neq k" + CONCLUSION,
    ),
)

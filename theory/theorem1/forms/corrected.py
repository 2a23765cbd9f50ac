"""The corrected form, mu_l.mu_k/r^2 < threshold(rho'): a direct proof, with the expectation split correctly."""

from typing import Any

from theory.theorem1.forms.form import Terms, threshold_forms


def corrected_terms(alpha: Any, s: Any) -> Terms:
    """rho' = 2 (1 - alpha) + alpha s. Derived."""
    return {"2 (1 - alpha)": 2 * (1 - alpha), "alpha s": alpha * s}


def rho_corrected(alpha: Any, s: Any) -> Any:
    """The sum of `corrected_terms`."""
    return sum(corrected_terms(alpha, s).values())


FORM, POPULATION_FORM = threshold_forms(order=20, claim="thm-1-corrected", terms=corrected_terms)

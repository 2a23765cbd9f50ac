"""The sharp form: mu_l.mu_k/r^2 < threshold(rho''), since unit vectors within s have inner product >= 1 - s^2/2."""

from typing import Any

from theory.theorem1.forms.form import Terms, threshold_forms


def sharp_terms(alpha: Any, s: Any) -> Terms:
    """rho'' = 2 (1 - alpha) + alpha s^2/2. Derived."""
    return {"2 (1 - alpha)": 2 * (1 - alpha), "alpha s^2 / 2": alpha * s**2 / 2}


def rho_sharp(alpha: Any, s: Any) -> Any:
    """The sum of `sharp_terms`."""
    return sum(sharp_terms(alpha, s).values())


FORM, POPULATION_FORM = threshold_forms(order=30, claim="thm-1-sharp", terms=sharp_terms)

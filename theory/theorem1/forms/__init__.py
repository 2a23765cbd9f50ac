"""Theorem 1: the conditions under which Err(G_f) <= (1 - sigma) + R_eps, from printed to exact. One file is one form.

A module of this package is a form if it declares `FORM` (finite worlds), `POPULATION_FORM` (populations), or both; its file
name is the form's name. Certificates, tables and reports take the forms from `FORMS` and `POPULATION_FORMS`.

All lengths are in units of r: s = (L delta + 2 eps)/r bounds ||f(x0) - f(x')||/r for x0, x in a main part and any view x' of
x, and alpha_l = P[C_l^0 and S_eps]/p_l >= sigma - R_eps/p_l is the share of class l that this reaches.

    printed, corrected, sharp   mu_l.mu_k/r^2 < threshold(rho) for all k != l; in the theorem as printed, less Delta_mu/2
    chord                       ||mu_l - mu_k|| > 2 D r
    cap, exact                  every unit u within an angle of mu_l is nearer to mu_l than to mu_k
    anchored                    every point within t of an anchor is nearer to mu_l than to mu_k; populations only

corrected => sharp, chord and printed (without Delta_mu); sharp and chord => cap; cap and printed => exact; no other
implication among these six holds (thm-1-nesting). Each rho is the sum of named terms, so that a report can say which one
blocks.

Source: lecture, Theorem 1; Huang et al., ICLR 2023, Theorem 1 and Lemma 3.2.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from theory.setting import Array
from theory.theorem1.forms.form import Form, Pair, PopulationForm

_MODULES = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]


def declared(name: str, modules: list[ModuleType]) -> dict[str, Any]:
    """What the modules declare under `name`, by the last part of their own names, in the order that they ask for."""
    forms = {m.__name__.rpartition(".")[2]: getattr(m, name) for m in modules if hasattr(m, name)}
    return dict(sorted(forms.items(), key=lambda item: (item[1].order, item[0])))


FORMS: dict[str, Form] = declared("FORM", _MODULES)
POPULATION_FORMS: dict[str, PopulationForm] = declared("POPULATION_FORM", _MODULES)


def margin(form: str, alpha: Any, s: Any, ll: Any, kk: Any, lk: Any, guard: float = 0.0) -> Array:
    """By how much a form that takes alpha is met, in units of r^2; positive iff it is. Arrays broadcast.

    alpha, s    share and spread, as above
    ll, kk, lk  ||mu_l||^2, ||mu_k||^2 and mu_l.mu_k over r^2
    guard       as in `caps.cap_margin`

    Raises ValueError for a form that takes sigma.
    """
    if FORMS[form].share != "alpha":
        raise ValueError(f"form={form}: its condition needs sigma and R_eps instead of alpha; use certify")
    return FORMS[form].margin(Pair(share=alpha, s=s, ll=ll, kk=kk, lk=lk, guard=guard))

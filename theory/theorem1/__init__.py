"""Theorem 1 of Huang et al. (ICLR 2023): its forms, its claims in the ledger, and certificates on finite worlds."""

from theory.theorem1.certificate import Certificate, ClassVerdict, certify, choose, compare
from theory.theorem1.forms import FORMS, alpha_lower, margin, rho_corrected, rho_printed, rho_sharp, threshold
from theory.theorem1.frontier import LEVERS, Frontier, frontier

__all__ = [
    "FORMS",
    "LEVERS",
    "Certificate",
    "ClassVerdict",
    "Frontier",
    "alpha_lower",
    "certify",
    "choose",
    "compare",
    "frontier",
    "margin",
    "rho_corrected",
    "rho_printed",
    "rho_sharp",
    "threshold",
]

"""Theorem 1 of Huang et al. (ICLR 2023): its forms, its claims in the ledger, and certificates on finite worlds."""

from theory.theorem1.certificate import Certificate, ClassVerdict, Frontier, certify, compare, frontier
from theory.theorem1.forms import alpha_lower, rho_corrected, rho_printed, rho_sharp, threshold

__all__ = [
    "Certificate",
    "ClassVerdict",
    "Frontier",
    "alpha_lower",
    "certify",
    "compare",
    "frontier",
    "rho_corrected",
    "rho_printed",
    "rho_sharp",
    "threshold",
]

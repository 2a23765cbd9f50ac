"""Theorem 1 of Huang et al. (ICLR 2023): its forms, its claims in the ledger, and certificates on finite worlds."""

from theory.theorem1.anchoring import choose_anchors
from theory.theorem1.certificate import Certificate, ClassVerdict, certify, choose, compare
from theory.theorem1.forms import FORMS, alpha_lower, margin, rho_corrected, rho_printed, rho_sharp, threshold
from theory.theorem1.frontier import LEVERS, Frontier, ball_frontier, ball_part_within, frontier, main_part_within
from theory.theorem1.population import (
    POPULATION_FORMS,
    Anchors,
    PopulationCertificate,
    anchored_world,
    certify_population,
)

__all__ = [
    "FORMS",
    "LEVERS",
    "POPULATION_FORMS",
    "Anchors",
    "Certificate",
    "ClassVerdict",
    "Frontier",
    "PopulationCertificate",
    "alpha_lower",
    "anchored_world",
    "ball_frontier",
    "ball_part_within",
    "certify",
    "certify_population",
    "choose",
    "choose_anchors",
    "compare",
    "frontier",
    "main_part_within",
    "margin",
    "rho_corrected",
    "rho_printed",
    "rho_sharp",
    "threshold",
]

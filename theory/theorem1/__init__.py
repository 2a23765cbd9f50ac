"""Theorem 1 of Huang et al. (ICLR 2023): its forms, its claims in the ledger, and certificates on finite worlds."""

from theory.theorem1.certificates.anchors import choose_anchors
from theory.theorem1.certificates.grid import (
    LEVERS,
    Grid,
    ball_grid,
    ball_part_within,
    clique_grid,
    main_part_within,
)
from theory.theorem1.certificates.population import (
    POPULATION_FORMS,
    Anchors,
    PopulationCertificate,
    anchored_world,
    certify_population,
)
from theory.theorem1.certificates.world import Certificate, ClassVerdict, certify, choose, compare
from theory.theorem1.forms import FORMS, alpha_lower, margin, rho_corrected, rho_printed, rho_sharp, threshold

__all__ = [
    "FORMS",
    "LEVERS",
    "POPULATION_FORMS",
    "Anchors",
    "Certificate",
    "ClassVerdict",
    "Grid",
    "PopulationCertificate",
    "alpha_lower",
    "anchored_world",
    "ball_grid",
    "ball_part_within",
    "certify",
    "certify_population",
    "choose",
    "choose_anchors",
    "clique_grid",
    "compare",
    "main_part_within",
    "margin",
    "rho_corrected",
    "rho_printed",
    "rho_sharp",
    "threshold",
]

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
from theory.theorem1.certificates.points import (
    Points,
    PointsCertificate,
    certify_points,
    choose_points,
)
from theory.theorem1.certificates.population import (
    Anchors,
    PopulationCertificate,
    anchored_world,
    certify_population,
)
from theory.theorem1.certificates.vertex import (
    VertexCertificate,
    VertexWorld,
    certify_vertices,
    exact_vertices,
    vertex_anchors,
)
from theory.theorem1.certificates.world import Certificate, ClassCertificate, certify, choose, compare
from theory.theorem1.forms import FORMS, POPULATION_FORMS, margin
from theory.theorem1.forms.cap import cap_angle
from theory.theorem1.forms.chord import chord_bound
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.exact import exact_angle
from theory.theorem1.forms.form import alpha_lower, threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.forms.sharp import rho_sharp

__all__ = [
    "FORMS",
    "LEVERS",
    "POPULATION_FORMS",
    "Anchors",
    "Certificate",
    "ClassCertificate",
    "Grid",
    "Points",
    "PointsCertificate",
    "PopulationCertificate",
    "VertexCertificate",
    "VertexWorld",
    "alpha_lower",
    "anchored_world",
    "ball_grid",
    "ball_part_within",
    "cap_angle",
    "certify",
    "certify_points",
    "certify_population",
    "certify_vertices",
    "choose",
    "choose_anchors",
    "choose_points",
    "chord_bound",
    "clique_grid",
    "compare",
    "exact_angle",
    "exact_vertices",
    "main_part_within",
    "margin",
    "rho_corrected",
    "rho_printed",
    "rho_sharp",
    "threshold",
    "vertex_anchors",
]

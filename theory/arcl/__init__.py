"""Transferability: Example 1, the augmentation-robust loss, Theorem 2 of ArCL (with L_AR, corrected) and its Algorithm 1.

Source: lecture, transferability; Zhao et al., ArCL, ICLR 2023 (arXiv 2303.01092). The claims are in the submodules.
"""

from theory.arcl.algorithm1 import aal_loss, arcl_loss, nt_xent_one_way, similarities
from theory.arcl.augmentation_robust import (
    average_alignment,
    clipped_robust_loss,
    distinct_share,
    robust_displacement,
    robust_loss,
)
from theory.arcl.example1 import (
    LECTURE,
    example_alignment,
    example_risk,
    posterior,
    risk_enclosure,
    risk_given_x1,
    shift_for_gap,
    slope,
)
from theory.arcl.linear_heads import absolute_loss, head_norm, head_risk, hinge_loss, optimal_heads
from theory.arcl.theorem2_corrected import risk_shift, transfer_bound, transfer_excess

__all__ = [
    "LECTURE",
    "aal_loss",
    "absolute_loss",
    "arcl_loss",
    "average_alignment",
    "clipped_robust_loss",
    "distinct_share",
    "example_alignment",
    "example_risk",
    "head_norm",
    "head_risk",
    "hinge_loss",
    "nt_xent_one_way",
    "optimal_heads",
    "posterior",
    "risk_enclosure",
    "risk_given_x1",
    "risk_shift",
    "robust_displacement",
    "robust_loss",
    "shift_for_gap",
    "similarities",
    "slope",
    "transfer_bound",
    "transfer_excess",
]

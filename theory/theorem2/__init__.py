"""Theorem 2 of Huang et al. (ICLR 2023): R_eps from L_align, as printed, sharpened, and for finitely many views."""

from theory.theorem2.bounds import (
    eta,
    eta_optimal,
    eta_sharp,
    misaligned_bound,
    misaligned_bound_discrete,
    misaligned_bound_distance,
)

__all__ = [
    "eta",
    "eta_optimal",
    "eta_sharp",
    "misaligned_bound",
    "misaligned_bound_discrete",
    "misaligned_bound_distance",
]

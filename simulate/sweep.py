"""A theorem over the worlds of a sweep: does it hold, how often is its condition met, how near is its bound to the truth?

A theorem that was false would be caught by a world on which its condition is met and its bound is exceeded; a theorem
that is empty by a sweep in which the condition is never met, or the bound never near. Both are counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from simulate.theorem1 import Factors, evaluate_all
from simulate.theorems3and4 import ProductBounds
from theory.theorem1 import FORMS

NEAR = 1.5
"""A bound is near when it is at most this many times the truth."""
TOLERANCE = 1e-11
"""A bound counts as exceeded beyond this: the rounding of the closed forms is some 1e-15, their sizes at most 10."""


@dataclass(frozen=True)
class Tally:
    """One claim over a sweep.

    points  evaluated: (world, eps, delta) for Theorem 1, pairs of classes of a world for the others
    met     of these, where the condition holds for every class; for the others, where the bound says more than
            Cauchy-Schwarz
    near    of these, where the bound is at most `NEAR` times the (positive) truth
    ratio   the least bound over truth among them; inf where there is none
    excess  largest amount by which the bound is exceeded anywhere; at most rounding if the claim holds
    """

    claim: str
    points: int
    met: int
    near: int
    ratio: float
    excess: float

    @property
    def holds(self) -> bool:
        """The bound was exceeded nowhere."""
        return self.excess <= TOLERANCE


def theorem_1(worlds: Iterable[Factors]) -> list[Tally]:
    """Every form of Theorem 1; near is measured against Err(G_f), excess against the error of any view, per class."""
    tallies: dict[str, list[Tally]] = {form.claim: [] for form in FORMS.values()}
    for factors in worlds:
        for form, values in evaluate_all(factors).items():
            bound = values.bound[values.met]
            ratio = bound / factors.error if factors.error > 1e-12 else np.full(bound.shape, np.inf)
            claim, near, least = FORMS[form].claim, int((ratio <= NEAR).sum()), float(ratio.min(initial=np.inf))
            tallies[claim].append(Tally(claim, len(factors.s), len(bound), near, least, values.excess))
    return [_total(claim, parts) for claim, parts in tallies.items()]


def class_products(worlds: Iterable[Sequence[ProductBounds]]) -> list[Tally]:
    """Every bound on mu_k.mu_l; near is measured against positive products."""
    tallies: dict[str, list[Tally]] = {}
    for bounds in worlds:
        for one in bounds:
            positive = one.product > 1e-9
            ratio = one.bound[positive] / one.product[positive]
            met, near = int((one.bound < one.norms).sum()), int((ratio <= NEAR).sum())
            least, excess = float(ratio.min(initial=np.inf)), float((one.product - one.bound).max())
            tallies.setdefault(one.claim, []).append(Tally(one.claim, len(one.bound), met, near, least, excess))
    return [_total(claim, parts) for claim, parts in tallies.items()]


def robust_excess(worlds: Iterable[tuple[float, float]]) -> float:
    """Largest L_align - L_AR, from (L_align, L_AR) of each world; l-ar says that it is at most 0."""
    return max(alignment - robust for alignment, robust in worlds)


def _total(claim: str, parts: Sequence[Tally]) -> Tally:
    return Tally(
        claim,
        sum(part.points for part in parts),
        sum(part.met for part in parts),
        sum(part.near for part in parts),
        min(part.ratio for part in parts),
        max(part.excess for part in parts),
    )

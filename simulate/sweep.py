"""Every theorem on every analytic world, over a dense grid: does it hold, how often is its condition met, how near is it?

A theorem that was false would be caught by a world on which its condition is met and its bound is exceeded; a theorem
that is empty by a sweep in which the condition is never met, or the bound never near. Both are counted.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulate import theorem1, vertices
from simulate.circle import world
from simulate.circle.world import Circle
from simulate.divergence import Bounded, correlation_bounds, info_nce_bounds
from simulate.theorem1 import LEVERS, Factors
from simulate.vertices import Vertices
from theory.setting import Array
from theory.theorem1 import FORMS

NEAR = 1.5
"""A bound is near when it is at most this many times the truth."""
TOLERANCE = 1e-11
"""A bound counts as exceeded beyond this: the rounding of the closed forms is some 1e-15, their sizes at most 10."""
DELTAS = np.concatenate([[0.0], np.geomspace(0.01, 3.2, 31)])

CENTRES = (
    (0.0, math.pi),
    (0.0, 2.0),
    (0.0, 1.0),
    (0.0, 2 * math.pi / 3, -2 * math.pi / 3),
    (0.0, 1.7, -2.4),
    (0.0, math.pi / 2, math.pi, -math.pi / 2),
)
VIEWS = (
    ((0.0,), (1.0,)),
    ((0.05,), (1.0,)),
    ((0.2,), (1.0,)),
    ((0.05, math.pi), (0.95, 0.05)),
    ((0.02, 0.5), (0.8, 0.2)),
    ((0.0, 3.0), (0.99, 0.01)),
)
SPREADS = (0.005, 0.03, 0.1, 0.2, 0.35, 0.6)
SWAPPED = (0.0, 0.01, 0.05, 0.15)


@dataclass(frozen=True)
class Tally:
    """One claim over a sweep.

    points    evaluated: (world, eps, delta) for Theorem 1, pairs of classes of a world for the others
    met       of these, where the condition holds for every class; for the others, where the bound says more than
              Cauchy-Schwarz
    near      of these, where the bound is at most `NEAR` times the (positive) truth
    ratio     the least bound over truth among them; inf where there is none
    excess    largest amount by which the bound is exceeded anywhere; at most rounding if the claim holds
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


def circles() -> list[Circle]:
    """The circles of the sweep: equal classes, and classes of unequal priors and spreads."""
    found = []
    grid = itertools.product(CENTRES, (False, True), SPREADS, SWAPPED, VIEWS)
    for centres, uneven, spread, swapped, (strengths, weights) in grid:
        K = len(centres)
        shares = tuple(range(2, K + 2)) if uneven else (1,) * K
        priors = tuple(share / sum(shares) for share in shares)
        spreads = (2 * spread, *(spread,) * (K - 1)) if uneven else (spread,) * K
        found.append(Circle(centres, priors, spreads, strengths, weights, swapped))
    return found


def discrete() -> list[Vertices]:
    """The vertex worlds of the sweep: 2 to 10 classes, up to twice as many dimensions."""
    found = []
    for K, extra, swapped, torn, moved in itertools.product(
        (2, 3, 5, 10), (0, 1, 5), (0.0, 0.02, 0.1, 0.3), (0.0, 0.02, 0.1, 0.4), (0.2, 1.0)
    ):
        for shares in ((1,) * K, tuple(range(K, 2 * K))):
            priors = tuple(share / sum(shares) for share in shares)
            found.append(Vertices(priors, K + extra, swapped, torn, moved))
    return found


def vertex_factors(model: Vertices) -> Factors:
    """The factors of Theorem 1 of a vertex world at eps = delta = 0, lever local."""
    K = model.classes
    means = vertices.class_means(model) / model.radius
    return Factors(
        eps=np.zeros(1),
        delta=np.zeros(1),
        s=np.zeros(1),
        R=np.array([model.torn]),
        sigma=np.full((1, K), vertices.sigma(model)),
        alpha=np.full((1, K), vertices.alpha(model)),
        gram=means @ means.T,
        priors=np.array(model.priors),
        wrong=vertices.class_errors(model, any_view=True),
        error=vertices.error(model),
    )


def theorem_1(factors: Iterable[Factors]) -> list[Tally]:
    """Every form of Theorem 1; near is measured against Err(G_f), excess against the error of any view, per class."""
    rows: dict[str, list[tuple[int, int, int, float, float]]] = {form: [] for form in FORMS}
    for one in factors:
        for form, held in theorem1.hold_all(one).items():
            bound = held.bound[held.met]
            ratio = bound / one.error if one.error > 1e-12 else np.full(bound.shape, np.inf)
            near = int((ratio <= NEAR).sum())
            rows[form].append((len(one.s), len(bound), near, float(ratio.min(initial=np.inf)), held.excess))
    return [_tally(f"thm-1-{form}", rows[form]) for form in FORMS]


def theorems_3_and_4(models: Sequence[Circle | Vertices]) -> list[Tally]:
    """The bounds of `simulate.divergence`; near is measured against positive products."""
    rows: dict[str, list[tuple[int, int, int, float, float]]] = {}
    for model in models:
        d = 2 if isinstance(model, Circle) else model.dimension
        for one in [*info_nce_bounds(model), *correlation_bounds(replace(model, radius=math.sqrt(d)))]:
            rows.setdefault(one.claim, []).append(_row(one))
    return [_tally(claim, found) for claim, found in rows.items()]


def factors_of_circles(models: Sequence[Circle], delta: Array = DELTAS) -> Iterable[Factors]:
    """Every circle under both levers."""
    for model in models:
        factors = theorem1.factors_of(model, delta, LEVERS[0])
        for lever in LEVERS:
            yield replace(factors, s=theorem1.spread(model, factors.delta, factors.eps, lever))


def robust_excess(models: Sequence[Circle | Vertices]) -> float:
    """Largest L_align - L_AR over the models; l-ar says that it is at most 0."""
    return max(
        world.alignment(m) - world.robust_alignment(m)
        if isinstance(m, Circle)
        else vertices.alignment(m) - vertices.robust_alignment(m)
        for m in models
    )


def _row(one: Bounded) -> tuple[int, int, int, float, float]:
    positive = one.product > 1e-9
    ratio = one.bound[positive] / one.product[positive]
    met = one.bound < one.norms
    return (
        len(one.bound),
        int(met.sum()),
        int((ratio <= NEAR).sum()),
        float(ratio.min(initial=np.inf)),
        float((one.product - one.bound).max()),
    )


def _tally(claim: str, rows: Sequence[tuple[int, int, int, float, float]]) -> Tally:
    points, met, near, ratio, excess = zip(*rows, strict=True)
    return Tally(claim, sum(points), sum(met), sum(near), min(ratio), max(excess))

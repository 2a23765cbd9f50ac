"""The circle as an analytic model: its worlds, and what each theorem needs to know of one.

Levers of Theorem 1, which bound the spread s of the features of a main part (its members are delta apart, an arc):
- lipschitz   s = (L delta + 2 eps)/r with L = r, as printed;
- local       s = (2 r sin(delta/2) + 2 eps)/r: how far apart the nearest two views lie in feature space, delta <= pi.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from simulate import theorem1
from simulate.circle import losses, sampling, world
from simulate.circle.world import Circle
from simulate.comparison import Quantity
from simulate.models import AnalyticModel, Sweep
from simulate.phase import Plane, plane
from simulate.theorem1 import Factors
from simulate.theorems3and4 import THEOREM_3, THEOREM_4, CorrelationFactors, InfoNCEFactors
from theory.setting import Array
from theory.theorem1.certificates.grid import LEVERS, Lever

DELTAS = np.concatenate([[0.0], np.geomspace(0.01, 3.2, 31)])
"""Angles at which Theorem 1 is tried."""

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


def worlds() -> list[Circle]:
    """The circles of the sweep: equal classes, and classes of unequal priors and spreads."""
    circles = []
    grid = itertools.product(CENTRES, (False, True), SPREADS, SWAPPED, VIEWS)
    for centres, uneven, spread, swapped, (strengths, weights) in grid:
        K = len(centres)
        shares = tuple(range(2, K + 2)) if uneven else (1,) * K
        priors = tuple(share / sum(shares) for share in shares)
        spreads = (2 * spread, *(spread,) * (K - 1)) if uneven else (spread,) * K
        circles.append(Circle(centres, priors, spreads, strengths, weights, swapped))
    return circles


def quantities() -> list[Quantity]:
    """Two worlds with every feature of the model, where errors of 1% need few million draws."""
    three = Circle((0.0, 2.0, -2.2), (0.5, 0.3, 0.2), (0.5, 0.7, 0.6), (0.1, 0.9), (0.6, 0.4), swapped=0.1)
    two = Circle((0.0, math.pi / 2), (0.6, 0.4), (0.5, 0.8), (0.2, math.pi), (0.7, 0.3), 0.1, radius=math.sqrt(2))
    return [
        *sampling.quantities("circle", three, delta=0.6, eps=0.5),
        *sampling.quantities("circle of radius sqrt 2", two, delta=1.0, eps=1.0),
    ]


def factors(model: Circle, delta: Array, lever: Lever = "lipschitz") -> Factors:
    """Those of Theorem 1 at all delta (T,) and every eps at which R_eps changes: P = T J' points, J' <= J strengths."""
    steps = np.unique(world.view_diameters(model))
    size = len(delta)
    eps, deltas = np.repeat(steps, size), np.tile(delta, len(steps))
    return Factors(
        eps=eps,
        delta=deltas,
        s=spread(model, deltas, eps, lever),
        R=np.repeat([world.misaligned_share(model, float(eps)) for eps in steps], size),
        sigma=np.tile(world.main_part_shares(model, delta), (len(steps), 1)),
        alpha=np.concatenate([world.main_part_shares(model, delta, float(eps)) for eps in steps]),
        gram=world.divergence(model),
        priors=np.array(model.priors),
        wrong=world.class_errors(model, any_view=True),
        error=world.error(model),
    )


def spread(model: Circle, delta: Array, eps: Array, lever: Lever) -> Array:
    """s = (L delta + 2 eps)/r, or with 2 r sin(delta/2) for L delta; at most 2. All (P,)."""
    r = model.radius
    reach = r * delta if lever == "lipschitz" else 2 * r * np.sin(np.minimum(delta, np.pi) / 2)
    return np.asarray(np.minimum((reach + 2 * eps) / r, 2.0))


def factors_by_lever(model: Circle) -> Iterator[Factors]:
    """The factors at `DELTAS` under every lever, which changes s alone."""
    first = factors(model, DELTAS, LEVERS[0])
    for lever in LEVERS:
        yield replace(first, s=spread(model, first.delta, first.eps, lever))


def info_nce_factors(model: Circle) -> InfoNCEFactors:
    """What Theorem 3 needs, at radius 1."""
    agreement = np.full(model.classes, losses.agreement(model))
    regulariser = losses.info_nce_regulariser(model)
    return InfoNCEFactors(np.array(model.priors), world.class_means(model), agreement, regulariser)


def correlation_factors(model: Circle) -> CorrelationFactors:
    """What Theorem 4 needs, at radius sqrt(2)."""
    model = replace(model, radius=math.sqrt(2))
    within_class = losses.within_class_covariance(model)
    return CorrelationFactors(
        np.array(model.priors), world.class_means(model), losses.view_correlation(model), within_class
    )


def alignments(model: Circle) -> tuple[float, float]:
    """(L_align, L_AR)."""
    return world.alignment(model), world.robust_alignment(model)


def share_and_spread(points: int = 21) -> Plane:
    """(sigma, s): two opposite classes, each nearly a point, a share 1 - sigma at the other; views spread f by s."""

    def factors_at(sigma: float, s: float) -> Factors:
        a = math.asin(s / 4)  # views 2 a apart are eps = 2 r sin(a) apart, and delta = 0 will do: s = 2 eps
        model = Circle((0.0, math.pi), (0.5, 0.5), (1e-3, 1e-3), (a,), (1.0,), 1 - sigma)
        return factors(model, DELTAS, "local")

    return plane(
        "share-spread",
        "two opposite classes",
        "share sigma of a class in its main part",
        "spread s = 2 eps / r of the views",
        np.linspace(0.51, 1.0, points),
        np.linspace(0.0, 2.0, points),
        factors_at,
    )


def spread_and_strength(points: int = 21) -> Plane:
    """(s_k, a): three classes at equal angles, 1% of each at another one; spread within a class and strength of views."""

    def factors_at(s: float, a: float) -> Factors:
        centres = (0.0, 2 * math.pi / 3, -2 * math.pi / 3)
        return factors(Circle(centres, (1 / 3,) * 3, (s,) * 3, (a,), (1.0,), 0.01), DELTAS, "local")

    return plane(
        "spread-strength",
        "three classes, 1% of each at another",
        "spread of a class (radians)",
        "strength a of the views (radians)",
        np.geomspace(0.003, 0.8, points),
        np.linspace(0.0, 0.6, points),
        factors_at,
    )


def planes() -> list[Plane]:
    """The phase pictures of the report."""
    return [share_and_spread(), spread_and_strength()]


MODEL = AnalyticModel(
    order=1,
    quantities=quantities,
    supports={
        **dict.fromkeys(theorem1.CLAIMS, ("circle",)),
        **dict.fromkeys(THEOREM_3, ("circle: InfoNCE", "circle: mu", "circle: L_align", "circle: p_")),
        **dict.fromkeys(THEOREM_4, ("circle of radius",)),
        "l-ar": ("circle: L_A",),
    },
    theorem_1=Sweep("circles", worlds, factors_by_lever),
    theorem_3=Sweep("pairs of classes on circles", lambda: worlds()[::5], info_nce_factors),
    theorem_4=Sweep("pairs of classes on circles", lambda: worlds()[::5], correlation_factors),
    alignments=Sweep("circles", worlds, alignments),
    planes=planes,
)

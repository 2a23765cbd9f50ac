"""What an audit reports of a finite world beside its measurement: main parts, and the pairs of views that limit them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from empirical.audit.check import MOST_WORK
from empirical.evaluation.world import Measurement, measure
from theory.divergence import infonce_bounds
from theory.factors import view_diameters
from theory.setting import Array, FiniteWorld
from theory.theorem1 import Certificate, ball_grid, ball_part_within, certify, clique_grid, main_part_within
from theory.theorem2 import misaligned_bound_discrete

Search = Literal["cliques", "balls"]
CLIQUES = 10**6
"""Pairs of samples of a class, summed over classes, up to which main parts are searched as cliques (digits: 36 000, ten
classes of 300: 900 000); beyond, and beyond what is checked, balls about anchors, whose cost is linear in n."""
NODES = 20_000
"""Budget of the clique searches of one class at one eps. A search that it stops leaves a lower bound, the safe direction."""
CONTRASTS = 6000
"""Largest number of views for which all pairs are contrasted (InfoNCE); beyond, the divergence bounds are left out."""
WORST, OUTSIDE, REPRESENTATIVES = 2, 2000, 64
"""Pairs shown per class and kind; samples outside a main part, and members of it, that are compared for them."""
EPS = (0.25, 0.5, 1.0)
"""Where R_eps is reported, in units of r."""


@dataclass(frozen=True)
class Misalignment:
    """At eps: the share of samples outside S_eps, and what Theorem 2 (discrete, on a sphere) bounds it by from L_align."""

    eps: float
    misaligned: float
    bound: float


@dataclass(frozen=True)
class WorstPair:
    """Two views, each (sample, view), that break a condition; distance in units of r.

    kind   "alignment": two views of one sample. "concentration": a sample outside the main part and a member of it, by the
           two views that are nearest to each other
    """

    kind: str
    label: int
    first: tuple[int, int]
    second: tuple[int, int]
    distance: float


@dataclass(frozen=True)
class Witness:
    """A main part of one class, inside S_eps and pairwise within `reach` in feature space.

    members   indices of samples
    anchor    (d,) where it is a ball, the vector that each member has a view within reach/2 of
    """

    label: int
    eps: float
    reach: float
    members: Array
    anchor: Array | None


@dataclass(frozen=True)
class Diagnosis:
    """What only an audit reports of a finite world.

    search         how main parts were sought; sigma and alpha of balls are lower bounds
    as_printed     Theorem 1 as stated: one (eps, delta), all classes, with Delta_mu; s from feature space
    misalignment   R_eps and its bound at each of `EPS`
    divergence     (form, pairs for which it says more than Cauchy-Schwarz, least bound - product); empty where left out
    witnesses      main parts of the best form, one per class
    worst_pairs    class by class, the most distant pairs of views of either kind
    """

    search: Search
    as_printed: Certificate
    misalignment: tuple[Misalignment, ...]
    divergence: tuple[tuple[str, int, float], ...]
    witnesses: tuple[Witness, ...]
    worst_pairs: tuple[WorstPair, ...]


def examine(features: Array, labels: Array, layer: str = "", views: str = "") -> tuple[Measurement, Diagnosis]:
    """Measure and diagnose the world of features (n, m, d), unit norm, with labels (n,), class by class.

    layer, views   what is measured, in words
    Raises ValueError as `FiniteWorld`.
    """
    world = FiniteWorld(features, features, labels)
    pairs, (_, m, d) = int((np.bincount(labels) ** 2).sum()), features.shape
    search: Search = "cliques" if pairs <= CLIQUES and pairs * m * m * d <= MOST_WORK else "balls"
    grid = clique_grid(world, "local", nodes=NODES) if search == "cliques" else ball_grid(world)
    measurement = measure(world, layer, views, [grid], ["class"])
    witnesses = tuple(_witness(world, v.label, v.eps, v.reach, search) for v in measurement.best.classes)
    diameters = view_diameters(world.features)
    return measurement, Diagnosis(
        search=search,
        as_printed=certify(world, "printed", "local", "world", grid),
        misalignment=_misalignment(measurement, diameters, float(world.radius)),
        divergence=_divergence(world),
        witnesses=witnesses,
        worst_pairs=_worst_pairs(world, diameters, witnesses),
    )


def _misalignment(measurement: Measurement, diameters: Array, r: float) -> tuple[Misalignment, ...]:
    """diameters (n,): of the views of each sample."""
    aligned, m = measurement.alignment, measurement.views_per_sample
    return tuple(
        Misalignment(eps, float((diameters > eps * r).mean()), misaligned_bound_discrete(aligned, eps, m, 1.0))
        for eps in EPS
    )


def _witness(world: FiniteWorld, label: int, eps: float, reach: float, search: Search) -> Witness:
    if search == "cliques":
        return Witness(label, eps, reach, main_part_within(world, label, eps, reach), None)
    members, anchor = ball_part_within(world, label, eps, reach)
    return Witness(label, eps, reach, members, anchor)


def _divergence(world: FiniteWorld) -> tuple[tuple[str, int, float], ...]:
    if world.features.shape[0] * world.features.shape[1] > CONTRASTS:
        return ()
    return tuple((b.form, int(b.informative.sum()) // 2, b.slack) for b in infonce_bounds(world))


def _worst_pairs(world: FiniteWorld, diameters: Array, witnesses: tuple[Witness, ...]) -> tuple[WorstPair, ...]:
    """Per class: the samples whose views differ most, and the samples farthest from the main part."""
    pairs = []
    r = float(world.radius)
    for w in witnesses:
        members = world.members(w.label)
        for i in members[np.argsort(-diameters[members], kind="stable")[:WORST]]:
            own = world.features[i]
            gaps = np.linalg.norm(own[:, None] - own[None], axis=2)
            a, b = np.unravel_index(int(gaps.argmax()), gaps.shape)
            if gaps[a, b] > 0:
                pairs.append(WorstPair("alignment", w.label, (int(i), int(a)), (int(i), int(b)), float(gaps[a, b]) / r))
        outside = np.setdiff1d(members, w.members)[:OUTSIDE]
        if len(w.members) == 0 or len(outside) == 0:
            continue
        inner, (_, m, d) = w.members[:REPRESENTATIVES], world.features.shape
        rows = world.features[inner].reshape(-1, d)
        products = world.features[outside].reshape(-1, d) @ rows.T  # of one norm: the nearest view has the largest
        a, b = np.divmod(products.reshape(len(outside), -1).argmax(axis=1), len(rows))
        gaps = np.linalg.norm(world.features[outside, a] - rows[b], axis=1) / r
        for t in np.argsort(-gaps, kind="stable")[:WORST]:
            second = int(inner[b[t] // m]), int(b[t] % m)
            pairs.append(WorstPair("concentration", w.label, (int(outside[t]), int(a[t])), second, float(gaps[t])))
    return tuple(pairs)

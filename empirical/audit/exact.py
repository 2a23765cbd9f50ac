"""Exact mode: the finite world of the images and views given, measured and held against every form of Theorem 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theory import factors
from theory.divergence import infonce_bounds
from theory.setting import Array, FiniteWorld
from theory.theorem1 import FORMS, Certificate, ball_grid, ball_part_within, certify, main_part_within
from theory.theorem1.certificates.grid import clique_grid
from theory.theorem2 import misaligned_bound_discrete

CLIQUES = 10**6
"""Pairs of samples of a class, summed over classes, up to which main parts are searched as cliques (digits: 36 000, ten
classes of 300: 900 000); beyond, balls about anchors, whose cost is linear in n."""
NODES = 20_000
"""Budget of the clique searches of one class at one eps; a search that ends there leaves a lower bound, the safe side."""
CONTRASTS = 6000
"""Largest number of views for which all pairs are contrasted (InfoNCE); beyond, the divergence bounds are left out."""
HARDEST, LOOKED_AT, REPRESENTATIVES = 2, 2000, 64
"""Pairs shown per class and kind; samples outside a main part, and members of it, that are compared for them."""
EPS = (0.25, 0.5, 1.0)
"""Where R_eps is reported, in units of r."""


@dataclass(frozen=True)
class Alignment:
    """At eps: the share of samples outside S_eps, and what Theorem 2 (discrete, on a sphere) bounds it by from L_align."""

    eps: float
    misaligned: float
    bound: float


@dataclass(frozen=True)
class Hard:
    """Two views that break a condition. kind: "alignment" (two views of a sample) or "concentration" (a sample's nearest view
    to its main part, against the main part's own sample nearest to that). distance in units of r."""

    kind: str
    label: int
    first: tuple[int, int]
    second: tuple[int, int]
    distance: float


@dataclass(frozen=True)
class Witness:
    """A main part of one class, inside S_eps and pairwise within `reach` in feature space.

    members: indices of samples. anchor: where it is a ball, the vector (d,) that each has a view within reach/2 of.
    """

    label: int
    eps: float
    reach: float
    members: Array
    anchor: Array | None


@dataclass(frozen=True)
class Exact:
    """Everything Theorem 1 speaks of on the finite world; direction "exact", but sigma and alpha of balls are "lower".

    search      "cliques" or "balls": how main parts were found
    shares, mean_norms (K,);  products (K, K) mu_k.mu_l;  all in units of r
    alignment, robust_alignment, displacement   L_align, L_AR, E sup ||f(x1) - f(x2)||
    error, error_any_view       Err(G_f), and the share of samples of which some view is misclassified
    wrong_by_class  (K,) that share within each class
    complete    every search of a main part ended: sigma and alpha are the largest there are
    as_printed  Theorem 1 as stated: one (eps, delta), all classes, with Delta_mu; s from feature space
    certificates    every form, class by class, s from feature space
    divergence  (form, pairs for which it says more than Cauchy-Schwarz, least bound - product); empty where left out
    witnesses   main parts of the best form, one per class
    """

    samples: int
    views: int
    classes: int
    search: str
    shares: Array
    mean_norms: Array
    products: Array
    alignment: float
    robust_alignment: float
    displacement: float
    error: float
    error_any_view: float
    wrong_by_class: Array
    complete: bool
    as_printed: Certificate
    certificates: tuple[Certificate, ...]
    misalignment: tuple[Alignment, ...]
    divergence: tuple[tuple[str, int, float], ...]
    hardest: tuple[Hard, ...]
    witnesses: tuple[Witness, ...]

    @property
    def best(self) -> Certificate:
        """The form that certifies most, of those from alpha; the strongest one where several do."""
        return best_of(self.certificates)


def best_of(certificates: Sequence[Certificate]) -> Certificate:
    """See `Exact.best`."""
    return min((c for c in reversed(certificates) if FORMS[c.form].share == "alpha"), key=lambda c: c.error)


def examine(features: Array, labels: Array) -> Exact:
    """Measure the world of features (n, m, d), unit norm, with labels (n,). ValueError as `FiniteWorld`."""
    world = FiniteWorld(features, features, labels)
    cliques = int((np.bincount(labels) ** 2).sum()) <= CLIQUES
    grid = clique_grid(world, "local", nodes=NODES) if cliques else ball_grid(world)
    certificates = tuple(certify(world, form, "local", "class", grid) for form in FORMS)
    best = best_of(certificates)
    witnesses = tuple(_witness(world, v.label, v.eps, v.reach, cliques) for v in best.classes)
    products, wrong = factors.divergence(world), factors.misclassified(world, any_view=True)
    r = float(world.radius)
    aligned = float(factors.alignment(world)) / r**2
    diameters = factors.view_diameters(world.features)
    return Exact(
        samples=len(labels),
        views=features.shape[1],
        classes=world.classes,
        search="cliques" if cliques else "balls",
        shares=factors.class_shares(world),
        mean_norms=np.sqrt(products.diagonal()),
        products=products,
        alignment=aligned,
        robust_alignment=float((diameters**2).mean()) / r**2,
        displacement=float(diameters.mean()) / r,
        error=float(factors.nearest_mean_error(world)),
        error_any_view=float(wrong.mean()),
        wrong_by_class=np.bincount(labels, wrong) / np.bincount(labels),
        complete=grid.exact,
        as_printed=certify(world, "printed", "local", "world", grid),
        certificates=certificates,
        misalignment=tuple(
            Alignment(
                eps,
                float((diameters > eps * r).mean()),
                misaligned_bound_discrete(aligned, eps, features.shape[1], 1.0),
            )
            for eps in EPS
        ),
        divergence=_divergence(world),
        hardest=_hardest(world, diameters, witnesses),
        witnesses=witnesses,
    )


def _witness(world: FiniteWorld, label: int, eps: float, reach: float, cliques: bool) -> Witness:
    if cliques:
        return Witness(label, eps, reach, main_part_within(world, label, eps, reach), None)
    members, anchor = ball_part_within(world, label, eps, reach)
    return Witness(label, eps, reach, members, anchor)


def _divergence(world: FiniteWorld) -> tuple[tuple[str, int, float], ...]:
    if world.features.shape[0] * world.features.shape[1] > CONTRASTS:
        return ()
    return tuple((b.form, int(b.informative.sum()) // 2, b.slack) for b in infonce_bounds(world))


def _hardest(world: FiniteWorld, diameters: Array, witnesses: tuple[Witness, ...]) -> tuple[Hard, ...]:
    """Per class: the samples whose views differ most, and the samples farthest from the main part."""
    found = []
    r = float(world.radius)
    for w in witnesses:
        members = world.members(w.label)
        for i in members[np.argsort(-diameters[members], kind="stable")[:HARDEST]]:
            own = world.features[i]
            gaps = np.linalg.norm(own[:, None] - own[None], axis=2)
            a, b = np.unravel_index(int(gaps.argmax()), gaps.shape)
            if gaps[a, b] > 0:
                found.append(Hard("alignment", w.label, (int(i), int(a)), (int(i), int(b)), float(gaps[a, b]) / r))
        outside = np.setdiff1d(members, w.members)[:LOOKED_AT]
        if len(w.members) == 0 or len(outside) == 0:
            continue
        inner, (_, m, d) = w.members[:REPRESENTATIVES], world.features.shape
        rows = world.features[inner].reshape(-1, d)
        products = world.features[outside].reshape(-1, d) @ rows.T  # of one norm: the nearest view has the largest
        a, b = np.divmod(products.reshape(len(outside), -1).argmax(axis=1), len(rows))
        gaps = np.linalg.norm(world.features[outside, a] - rows[b], axis=1) / r
        for t in np.argsort(-gaps, kind="stable")[:HARDEST]:
            second = int(inner[b[t] // m]), int(b[t] % m)
            found.append(Hard("concentration", w.label, (int(outside[t]), int(a[t])), second, float(gaps[t])))
    return tuple(found)

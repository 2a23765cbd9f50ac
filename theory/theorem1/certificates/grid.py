"""Concentration and alignment of a finite world over all (eps, delta) that matter to Theorem 1.

A lever is a way to bound the spread s, on which every form depends:
- lipschitz   s = (L d_A + 2 eps)/r, with d_A in input space: the theorem as stated;
- local       s = (d_{A,f} + 2 eps)/r, with d_{A,f} = min over views ||f(x1') - f(x2')||: the proof uses L delta for nothing
              else, and no Lipschitz constant is needed (thm-1-local).

Main parts are cliques (`clique_grid`, to a few thousand samples) or balls about an anchor (`ball_grid`, for any number).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from theory.concentration import Steps, augmented_distances, clique_steps, main_part
from theory.factors import lipschitz_constant, view_diameters
from theory.setting import Array, FiniteWorld

Lever = Literal["lipschitz", "local"]
LEVERS: tuple[Lever, ...] = ("lipschitz", "local")
NODES = 2_000_000
"""Default budget of the clique searches of one class at one eps, in nodes of the search tree."""


@dataclass(frozen=True)
class Grid:
    """sigma, alpha and R of a world for one lever, at E values of eps and T of delta.

    lipschitz  L on the points of the world for the lever "lipschitz", else None
    eps        (E,) distances in feature units
    reach      (T,) the values of L delta or of d_{A,f} where a main part grows, in feature units
    s          (E, T) spread (reach + 2 eps)/r, at most 2: points of a sphere of radius r are no further apart
    sigma      (T, K) share of each class in its main part
    alpha      (E, T, K) share of each class in a main part chosen inside S_eps
    R          (E,) share of samples outside S_eps
    R_class    (E, K) share of each class outside S_eps
    exact      every clique search ended: sigma and alpha are the largest there are, else lower bounds with a witness
    """

    lever: Lever
    lipschitz: float | None
    eps: Array
    reach: Array
    s: Array
    sigma: Array
    alpha: Array
    R: Array
    R_class: Array
    exact: bool


def clique_grid(world: FiniteWorld, lever: Lever, *, eps_values: int = 8, nodes: int = NODES) -> Grid:
    """sigma and alpha on `world`, with cliques for main parts, at every delta at which one grows.

    eps_values  number of values of eps: view diameters, evenly spaced in rank
    nodes       budget of the clique searches of one class at one eps; where it ends, sigma and alpha are lower bounds
    """
    constant = lipschitz_constant(world) if lever == "lipschitz" else None
    diameters = view_diameters(world.features)
    eps = np.unique(np.quantile(diameters, np.linspace(0, 1, eps_values), method="inverted_cdf"))
    classes = [world.members(k) for k in range(world.classes)]

    def gaps(members: Array) -> Array:
        """Upper bounds on d_{A,f}. L d_A alone is none: it is 0 for equal views, whose features may differ by rounding."""
        if len(members) == 1:
            return np.zeros((1, 1))
        local = augmented_distances(world.features[members])
        return np.asarray(
            local if constant is None else np.maximum(local, constant * augmented_distances(world.views[members]))
        )

    def steps_of(members: Array) -> list[Steps]:
        within = gaps(members)
        kept = [np.flatnonzero(diameters[members] <= width) for width in eps]
        return [
            clique_steps(within[np.ix_(inside, inside)], nodes=nodes) for inside in [np.arange(len(members)), *kept]
        ]

    steps = [steps_of(members) for members in classes]  # per class: the whole class, then S_eps for every eps
    reach = np.unique(np.concatenate([step.thresholds for of_class in steps for step in of_class]))
    shares = np.array(
        [
            [step.size(reach) / len(members) for step in of_class]
            for of_class, members in zip(steps, classes, strict=True)
        ]
    )  # (K, 1 + E, T)
    exact = all(step.exact for of_class in steps for step in of_class)
    return _grid(world, lever, constant, eps, reach, shares, diameters, exact)


def _grid(
    world: FiniteWorld,
    lever: Lever,
    constant: float | None,
    eps: Array,
    reach: Array,
    shares: Array,
    diameters: Array,
    exact: bool,
) -> Grid:
    """From shares (K, 1 + E, T): the main parts of whole classes first, then those inside S_eps."""
    wide = diameters[None, :] > eps[:, None]
    return Grid(
        lever=lever,
        lipschitz=constant,
        eps=eps,
        reach=reach,
        s=np.minimum((reach[None, :] + 2 * eps[:, None]) / float(world.radius), 2.0),
        sigma=shares[:, 0].T,
        alpha=shares[:, 1:].transpose(1, 2, 0),
        R=wide.mean(axis=1),
        R_class=np.stack([wide[:, world.members(k)].mean(axis=1) for k in range(world.classes)], axis=1),
        exact=exact,
    )


def ball_grid(world: FiniteWorld, *, eps_values: int = 8, anchors: int = 32, reaches: int = 256) -> Grid:
    """The same for the lever "local" with balls about an anchor for main parts, in O(n m d) per anchor.

    Members of a ball have a view within reach/2 of its anchor, hence are pairwise within reach (population-anchor); larger
    main parts may exist, so sigma and alpha are lower bounds. Anchors of a class are the direction of its mean and some of
    its samples.

    eps_values  number of values of eps, as for `clique_grid`
    anchors     number of samples of a class that are tried as anchors, at most
    reaches     number of values of the reach per class and anchor: quantiles of twice the distances
    """
    diameters = view_diameters(world.features)
    eps = np.unique(np.quantile(diameters, np.linspace(0, 1, eps_values), method="inverted_cdf"))
    classes = [world.members(k) for k in range(world.classes)]
    spans = [2 * anchor_distances(world.features[members], anchors) for members in classes]  # (anchors, n_k) each
    quantiles = np.linspace(0, 1, reaches)
    reach = np.unique(np.concatenate([np.quantile(s, quantiles, method="inverted_cdf") for s in spans]))

    def largest(span: Array, kept: Array) -> Array:
        """Most members among the kept samples, over the anchors, for every reach."""
        rows = np.sort(span[:, kept], axis=1)
        counts = np.array([np.searchsorted(row, reach, side="right") for row in rows])
        return np.asarray(counts.max(axis=0) / span.shape[1])

    every = [
        [largest(span, np.ones(len(members), bool)), *(largest(span, diameters[members] <= width) for width in eps)]
        for span, members in zip(spans, classes, strict=True)
    ]
    return _grid(world, "local", None, eps, reach, np.array(every), diameters, exact=False)


def anchor_points(features: Array, anchors: int) -> Array:
    """Up to `anchors` first views, evenly spaced, and the mean, scaled to the sphere; features (n, m, d) of one class."""
    chosen = features[np.unique(np.linspace(0, len(features) - 1, anchors).round().astype(int)), 0]
    mean = features.mean(axis=(0, 1))
    norm = np.linalg.norm(mean)
    return np.concatenate([chosen, mean[None] * (np.linalg.norm(chosen[0]) / norm)]) if norm > 0 else chosen


def anchor_distances(features: Array, anchors: int) -> Array:
    """Distance of every sample's nearest view to every one of `anchor_points`, (anchors, n); features of one norm.

    One matrix product picks the view, whose distance is evaluated directly: rounding can only make it too large.
    """
    points, (n, m, d) = anchor_points(features, anchors), features.shape
    views = (features.reshape(-1, d) @ points.T).reshape(n, m, -1).argmax(axis=1)
    rows = np.arange(n)
    return np.array([np.linalg.norm(features[rows, v] - p, axis=1) for v, p in zip(views.T, points, strict=True)])


def main_part_within(world: FiniteWorld, label: int, eps: float, reach: float) -> Array:
    """The witness of an entry of `clique_grid` for the lever "local": a main part inside S_eps, as indices of samples.

    They are of class `label`, pairwise within `reach` in feature space, and as many as the search yields.
    """
    members = world.members(label)
    kept = members[view_diameters(world.features[members]) <= eps]
    if len(kept) < 2:
        return kept
    return np.asarray(kept[main_part(augmented_distances(world.features[kept]), reach, nodes=NODES).indices])


def ball_part_within(
    world: FiniteWorld, label: int, eps: float, reach: float, anchors: int = 32
) -> tuple[Array, Array]:
    """The witness of an entry of `ball_grid`: the members, and the anchor (d,) that each has a view within reach/2 of."""
    members = world.members(label)
    features = world.features[members]
    inside = view_diameters(features) <= eps
    within = (2 * anchor_distances(features, anchors) <= reach) & inside
    best = int(within.sum(axis=1).argmax())
    return members[within[best]], anchor_points(features, anchors)[best]

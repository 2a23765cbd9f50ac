"""Theorem 1 for features that take a few values only, such as vertices of a simplex: which class owns which point.

G_f gives a view whose feature is v_j the class whose mean is nearest to v_j: that class owns the point. An image all of whose
views lie at points of its own class is classified correctly, so that, with owners pi(j) named beforehand for some points,

    mass_l   P[C_l, all views at points v_j with pi(j) = l]     >= Clopper-Pearson
    wealth   of a bet that ||v_j - mu_k|| > ||v_j - mu_l||, l = pi(j), for every k != l (population-bets)

and Err(G_f), in any view, is at most 1 - mass_l summed over the classes all of whose bets have won, each at its level. A
class may own several points, and no ball about a mean is needed, which would have to hold in all directions.
"""

from dataclasses import dataclass

import numpy as np

from theory.population import Bound, LevelSplit, clopper_pearson, split_level
from theory.population.bets import bet_rate, log_wealth, squared_distances
from theory.setting import Array
from theory.theorem1.certificates.population import NORM, check_sample

MET = 1e-7
"""ln wealth above ln 1/a by more than this has reached it: V_i errs by less than 1e-12, its logarithm ten times that."""
MOST_POINTS = 256
"""Values that a fitting half may take for its points to be looked for."""
CAUTION = 1.5
"""A point is claimed for its class where the wealth foreseen suffices even so many standard deviations lower."""


@dataclass(frozen=True)
class Points:
    """What is chosen before the counted sample is looked at.

    values  (J, d) v_j, of norm 1
    owners  (J,) the class that is claimed to own v_j, -1 for none
    """

    values: Array
    owners: Array

    def of(self, label: int) -> Array:
        """The points that a class is claimed to own, as a bool (J,)."""
        return np.asarray(self.owners == label)


@dataclass(frozen=True)
class PointsClass:
    """One class of a population.

    points   that it is claimed to own
    mass     P[C_l, all views at these points]
    point    the one of least wealth, and `rival` against which; None where no point is claimed
    margin   ln wealth - ln 1/a there; -inf where no point is claimed
    fullest  the point at which most of the class's own views lie, `share` of them
    taker    the class whose sample mean is the nearest to it
    """

    label: int
    samples: int
    points: tuple[int, ...]
    mass: Bound
    point: int | None
    rival: int | None
    margin: float
    fullest: int
    share: float
    taker: int

    @property
    def met(self) -> bool:
        """Whether all its bets have won."""
        return self.margin > MET


@dataclass(frozen=True)
class PointsCertificate:
    """Err(G_f) <= error for the population, in any view, with probability at least `level`.

    error   1 where no class is met
    split   the union bound, written out
    pooled  P[all views at points claimed for the sample's own class]
    """

    level: float
    samples: int
    split: LevelSplit
    pooled: Bound
    classes: tuple[PointsClass, ...]
    error: float


def points_events(owners: Array, classes: int) -> list[str]:
    """A bet for every claimed point and every other class, a mass for every class with a point, and all of them pooled."""
    claimed = [(j, int(owner)) for j, owner in enumerate(owners) if owner >= 0]
    bets = [f"point {j} against {k}" for j, owner in claimed for k in range(classes) if k != owner]
    return bets + [f"mass {k}" for k in sorted({owner for _, owner in claimed})] + ["pooled"]


def points_error(met: Array, claiming: Array, mass: Array, pooled: float) -> float:
    """1 - the mass that is surely classified correctly: class by class, or pooled where all classes with a point are met.

    met, claiming (K,) bool; mass (K,) and pooled lower bounds.
    """
    together = pooled if claiming.any() and met[claiming].all() else 0.0
    return float(1.0 - max(float(mass[met & claiming].sum()), together))


def choose_points(features: Array, labels: Array, held_out: int, level: float) -> Points:
    """The points of the fitting half and, for each that the class of the nearest mean is foreseen to be proved the owner of,
    that class.

    features  (n, m, d) of unit norm
    labels    (n,) 0..K-1
    held_out  number of samples that will be counted
    level     at which they will be

    Raises ValueError for what `check_sample` and `split_level` refuse, for held_out < 1, and for more than `MOST_POINTS`
    values.
    """
    check_sample(features, labels)
    if held_out < 1:
        raise ValueError(f"held_out={held_out}: too few; leave one sample or more to certify on")
    values = np.unique(features.reshape(-1, features.shape[2]), axis=0)
    if len(values) > MOST_POINTS:
        raise ValueError(f"points={len(values)}: more than {MOST_POINTS} values; give features that are vertices")
    K = int(labels.max()) + 1
    means, squares = _of_classes(features, labels, values)
    nearest = ((values[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    each = split_level(level, points_events(nearest, K)).levels["pooled"]
    pairs = (held_out * np.bincount(labels) / len(labels)).astype(int) // 2
    owners = nearest.copy()
    for j, owner in enumerate(nearest):
        for k in np.delete(np.arange(K), owner):
            n = int(min(pairs[owner], pairs[k]))
            if n == 0 or _foreseen(squares[owner][:, j], squares[k][:, j], n, each) <= MET:
                owners[j] = -1
    return Points(values, owners)


def certify_points(features: Array, labels: Array, points: Points, level: float) -> PointsCertificate:
    """Certify a population from n samples that had no part in choosing the points.

    features   (n, m, d) of unit norm; a view lies at a point where its feature equals it
    labels     (n,) 0..K-1, all present
    level      at which all bounds hold together, in (0, 1)

    Raises ValueError for what `check_sample`, `check_points` and `split_level` refuse.
    Source: claims population-bets, population-binomial, population-points, population-union.
    """
    check_sample(features, labels)
    counts, n = np.bincount(labels), len(labels)
    K = len(counts)
    check_points(points, K, features.shape[2])
    split = split_level(level, points_events(points.owners, K))
    each = split.levels["pooled"]
    means, squares = _of_classes(features, labels, points.values)
    margins = _margins(points.owners, squares, each)
    nearest = ((points.values[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    at = np.stack([np.all(features == value, axis=2) for value in points.values], axis=2)  # (n, m, J)
    inside = np.zeros(n, dtype=bool)
    classes = []
    for k in range(K):
        rows, own = np.flatnonzero(labels == k), points.of(k)
        inside[rows] = np.all(np.any(at[rows][:, :, own], axis=2), axis=1)
        shares = at[rows].mean(axis=(0, 1))
        point, rival = np.unravel_index(margins[own].argmin(), margins[own].shape) if own.any() else (None, None)
        classes.append(
            PointsClass(
                label=k,
                samples=len(rows),
                points=tuple(int(j) for j in np.flatnonzero(own)),
                mass=clopper_pearson(int(inside[rows].sum()), n, each, "lower"),
                point=None if point is None else int(np.flatnonzero(own)[point]),
                rival=None if rival is None else int(rival),
                margin=-np.inf if point is None else float(margins[own].min()),
                fullest=int(shares.argmax()),
                share=float(shares.max()),
                taker=int(nearest[shares.argmax()]),
            )
        )
    pooled = clopper_pearson(int(inside.sum()), n, each, "lower")
    met, claiming = np.array([c.met for c in classes]), np.array([bool(c.points) for c in classes])
    error = points_error(met, claiming, np.array([c.mass.lower for c in classes]), pooled.lower)
    return PointsCertificate(level, n, split, pooled, tuple(classes), error)


def check_points(points: Points, classes: int, dimension: int) -> None:
    """ValueError unless values are (J, d) of norm 1 and owners (J,) integers from -1 to K - 1."""
    J = len(points.values)
    if points.values.shape != (J, dimension) or points.owners.shape != (J,) or J == 0:
        raise ValueError(
            f"points={points.values.shape}, {points.owners.shape}: wrong shapes; give (J, {dimension}) and (J,)"
        )
    norms = np.linalg.norm(points.values, axis=1)
    if not (abs(norms - 1) <= NORM).all():
        raise ValueError(f"points: norms run from {norms.min():.6g} to {norms.max():.6g}; give points of norm 1")
    if (
        not np.issubdtype(points.owners.dtype, np.integer)
        or not ((points.owners >= -1) & (points.owners < classes)).all()
    ):
        raise ValueError(f"owners={points.owners}: no classes; give integers 0..{classes - 1}, or -1 for none")


def _of_classes(features: Array, labels: Array, values: Array) -> tuple[Array, list[Array]]:
    """The sample means of the classes (K, d), and the `squared_distances` of each class from the points."""
    per_sample = features.mean(axis=1)
    parts = [per_sample[labels == k] for k in range(int(labels.max()) + 1)]
    return np.array([part.mean(axis=0) for part in parts]), [squared_distances(part, values) for part in parts]


def _margins(owners: Array, squares: list[Array], level: float) -> Array:
    """ln wealth - ln 1/a of every bet, (J, K); infinite where there is none, since the class is the owner itself."""
    margins = np.full((len(owners), len(squares)), np.inf)
    for j, owner in enumerate(owners):
        for k, rival in enumerate(squares):
            if owner >= 0 and k != owner:
                own = squares[owner][:, j]
                n = min(len(own), len(rival))
                wealth = float(log_wealth(own, rival[:, j], bet_rate(n, level))) if n else 0.0
                margins[j, k] = wealth + np.log1p(-level)
    return margins


def _foreseen(own: Array, rival: Array, n: int, level: float) -> float:
    """The margin of n bets to come, from `squared_distances` (pairs,) of the two classes, `CAUTION` deviations low."""
    size, rate = min(len(own), len(rival)), bet_rate(n, level)
    if size == 0:
        return -np.inf
    growth = np.log1p(rate * (rival[:size] - own[:size]))
    return float(n * growth.mean() - CAUTION * growth.std() * np.sqrt(n) + np.log1p(-level))

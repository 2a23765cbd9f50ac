"""Theorem 1 for features that take a few values only, such as vertices of a simplex: which class owns which point.

G_f gives a view whose feature is v_j the class whose mean is nearest to v_j: that class owns the point. An image all of whose
views lie at points of its own class is classified correctly, so that, with points v_1, ..., v_J in an order and owners pi(j)
named beforehand,

    owners   bets that ||v_j - mu_k|| > ||v_j - mu_l||, l = pi(j), for every k != l (population-bets), one point after the
             other until one does not win: all won before share one level (population-order)
    first j  P[C_l, all views at points of the first j with pi = l, l the sample's class]     >= Clopper-Pearson

and Err(G_f), in any view, is at most 1 - the mass of those that are won. A class may own several points, and no ball about a
mean is needed, which would have to hold in all directions.
"""

from dataclasses import dataclass

import numpy as np

from theory.population import Bound, LevelSplit, clopper_pearson, split_level
from theory.population.bets import bet_rate, log_wealth, squared_distances
from theory.population.order import accepted
from theory.setting import Array
from theory.theorem1.certificates.population import NORM, check_sample

MET = 1e-7
"""ln wealth above ln 1/a by more than this has reached it: V_i errs by less than 1e-12, its logarithm ten times that."""
MOST_POINTS = 256
"""Values that a fitting half may take for its points to be looked for."""


@dataclass(frozen=True)
class Points:
    """What is chosen before the counted sample is looked at.

    values  (J, d) v_j, of norm 1, in the order in which they are tried
    owners  (J,) the class that is claimed to own v_j; -1 for none, after all others
    """

    values: Array
    owners: Array

    @property
    def claims(self) -> int:
        """How many points are claimed for a class."""
        return int((self.owners >= 0).sum())


@dataclass(frozen=True)
class ClaimedPoint:
    """A point claimed for a class.

    rival   of all other classes the one against which the wealth is least
    margin  ln wealth - ln 1/a there
    mass    P[all views at points claimed for the sample's class, of those up to this one]
    """

    owner: int
    rival: int
    margin: float
    mass: Bound

    @property
    def won(self) -> bool:
        """Whether all its bets have won."""
        return self.margin > MET


@dataclass(frozen=True)
class PointsClass:
    """One class of a population.

    points  that it is shown to own
    share   of the class's own views, at the point where most of them lie
    taker   the class whose sample mean is the nearest to that point
    """

    label: int
    samples: int
    points: tuple[int, ...]
    share: float
    taker: int

    @property
    def met(self) -> bool:
        """Whether it is shown to own a point."""
        return bool(self.points)


@dataclass(frozen=True)
class PointsCertificate:
    """Err(G_f) <= error for the population, in any view, with probability at least `level`.

    error    1 where no point is won
    split    the union bound, written out
    claimed  the points claimed, in their order
    won      how many of them, from the first, are shown to belong to their owners
    """

    level: float
    samples: int
    split: LevelSplit
    claimed: tuple[ClaimedPoint, ...]
    won: int
    classes: tuple[PointsClass, ...]
    error: float


def points_events(claims: int) -> list[str]:
    """The owners of all points that are won, and the mass of the first 1, 2, ... of the points claimed."""
    return ["owners", *(f"first {j + 1}" for j in range(claims))]


def points_error(won: Array, masses: Array) -> float:
    """1 - the mass that is surely classified correctly.

    won     (J,) bool, which of the claimed points have won all their bets
    masses  (J,) lower bounds on the mass of the first ones
    """
    count = accepted(won)
    return float(1.0 - masses[count - 1]) if count else 1.0


def choose_points(features: Array, labels: Array, held_out: int, level: float) -> Points:
    """The points of the fitting half, each claimed for the class of the nearest mean where its bets are foreseen to win.

    Those foreseen to win by most are tried first.

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
    means, squares = _of_classes(features, labels, values)
    owners = ((values[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    each = split_level(level, points_events(len(values))).levels["owners"]
    pairs = (held_out * np.bincount(labels) / len(labels)).astype(int) // 2
    foreseen = _margins(owners, squares, pairs, each).min(axis=1)
    order = np.argsort(-foreseen, kind="stable")
    return Points(values[order], np.where(foreseen > MET, owners, -1)[order])


def certify_points(features: Array, labels: Array, points: Points, level: float) -> PointsCertificate:
    """Certify a population from n samples that had no part in choosing the points.

    features   (n, m, d) of unit norm; a view lies at a point where its feature equals it
    labels     (n,) 0..K-1, all present
    level      at which all bounds hold together, in (0, 1)

    Raises ValueError for what `check_sample`, `check_points` and `split_level` refuse.
    Source: claims population-bets, population-order, population-binomial, population-points, population-union.
    """
    check_sample(features, labels)
    counts, n = np.bincount(labels), len(labels)
    K = len(counts)
    check_points(points, K, features.shape[2])
    split = split_level(level, points_events(points.claims))
    each = split.levels["owners"]
    means, squares = _of_classes(features, labels, points.values)
    owners = points.owners[: points.claims]
    margins = _margins(owners, squares, counts // 2, each)
    nearest = ((points.values[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    at = np.stack([np.all(features == value, axis=2) for value in points.values], axis=2)  # (n, m, J)
    needed = _needed(at, labels, points.owners)
    claimed = tuple(
        ClaimedPoint(
            owner=int(owner),
            rival=int(margins[j].argmin()),
            margin=float(margins[j].min()),
            mass=clopper_pearson(int((needed <= j).sum()), n, each, "lower"),
        )
        for j, owner in enumerate(owners)
    )
    won = np.array([point.won for point in claimed], dtype=bool)
    classes = []
    for k in range(K):
        shares = at[labels == k].mean(axis=(0, 1))
        classes.append(
            PointsClass(
                label=k,
                samples=int(counts[k]),
                points=tuple(int(j) for j in np.flatnonzero(owners[: accepted(won)] == k)),
                share=float(shares.max()),
                taker=int(nearest[shares.argmax()]),
            )
        )
    error = points_error(won, np.array([point.mass.lower for point in claimed]))
    return PointsCertificate(level, n, split, claimed, accepted(won), tuple(classes), error)


def check_points(points: Points, classes: int, dimension: int) -> None:
    """ValueError unless values are (J, d) of norm 1 and owners (J,) integers from 0 to K - 1, then -1."""
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
    if (points.owners[points.claims :] >= 0).any():
        raise ValueError(f"owners={points.owners}: a point without an owner before one with; put those of none last")


def _of_classes(features: Array, labels: Array, values: Array) -> tuple[Array, list[Array]]:
    """The sample means of the classes (K, d), and the `squared_distances` of each class from the points."""
    per_sample = features.mean(axis=1)
    parts = [per_sample[labels == k] for k in range(int(labels.max()) + 1)]
    return np.array([part.mean(axis=0) for part in parts]), [squared_distances(part, values) for part in parts]


def _needed(at: Array, labels: Array, owners: Array) -> Array:
    """The last point (n,) that a sample needs for all its views to lie at points of its own class; J where none suffices.

    at (n, m, J) bool: which views lie at which points
    """
    own = at & (owners == labels[:, None])[:, None, :]
    return np.asarray(np.where(own.any(axis=2), own.argmax(axis=2), len(owners)).max(axis=1))


def _margins(owners: Array, squares: list[Array], pairs: Array, level: float) -> Array:
    """ln wealth - ln 1/a of every bet, (J, K); infinite where there is none, since the class is the owner itself.

    squares  of each class, `squared_distances`
    pairs    (K,) how many of each will be bet on; where there are other than so many, the wealth is what they foretell
    """
    margins = np.full((len(owners), len(squares)), np.inf)
    for j, owner in enumerate(owners):
        for k, rival in enumerate(squares):
            if k != owner:
                n, seen = int(min(pairs[owner], pairs[k])), min(len(squares[owner]), len(rival))
                wealth = log_wealth(squares[owner][:, j], rival[:, j], bet_rate(n, level)) if n and seen else 0.0
                margins[j, k] = float(wealth) * n / max(seen, 1) + np.log1p(-level)
    return margins

"""Worlds that the statements of Theorem 1 are tried on, each with the choices that the theorem leaves free.

`clusters` meet the conditions often; `on_circle` has the worst case that the proofs reason about: a point u of the main part,
whatever else the class may have placed against it, and the rival at the place that is worst for u.
"""

from dataclasses import dataclass

import numpy as np

from theory.factors import class_shares, divergence, view_diameters
from theory.falsification import Rng, Start
from theory.setting import Array, FiniteWorld
from theory.worlds import nearest_views, on_sphere


@dataclass(frozen=True)
class Choice:
    """A finite world and the free choices of Theorem 1 on it.

    distinct   the world with every view once: least and largest distances of views are taken on it
    repeats    (m,) how often view j of every sample occurs in A(x); view 0 is the sample itself
    lipschitz  L, a constant that f has
    main       (n,) bool, the samples that make up the main parts C_k^0
    aligned    (n,) bool, samples that are to lie in S_eps: eps is the largest distance of two views of one of them
    """

    distinct: FiniteWorld
    repeats: tuple[int, ...]
    lipschitz: float
    main: Array
    aligned: Array

    @property
    def world(self) -> FiniteWorld:
        """The world with its views repeated: means, shares and errors are those of this one."""
        if set(self.repeats) == {1}:
            return self.distinct
        views, features = (
            np.repeat(rows, self.repeats, axis=1) for rows in (self.distinct.views, self.distinct.features)
        )
        return FiniteWorld(views, features, self.distinct.labels)

    @property
    def eps(self) -> Array:
        """The least eps with which the aligned samples of each class lie in S_eps, (K,)."""
        return largest(view_diameters(self.distinct.features) * self.aligned, self.distinct.labels)


@dataclass(frozen=True)
class Factors:
    """The factors of Theorem 1 at one choice; arrays over the classes.

    kept       (n,) bool, the samples of the main parts that lie in S_eps
    shares     p_k
    gram       (K, K) mu_k.mu_l/r^2
    sigma      P[C_k^0]/p_k
    alpha      P[C_k^0 and S_eps]/p_k
    torn       P[C_k minus S_eps]/p_k
    eps        that S_eps was taken at for class k
    delta      the largest d_A on C_k^0
    """

    kept: Array
    shares: Array
    gram: Array
    sigma: Array
    alpha: Array
    torn: Array
    eps: Array
    delta: Array

    @property
    def misaligned(self) -> float:
        """R_eps."""
        return float(self.shares @ self.torn)

    @property
    def bound(self) -> float:
        """(1 - sigma) + R_eps, sigma common to the classes."""
        return float(1 - self.sigma.min() + self.misaligned)


def factors(choice: Choice, eps: Array) -> Factors:
    """The factors with S_eps taken at a threshold of its own in every class, eps (K,)."""
    labels, world = choice.distinct.labels, choice.world
    aligned = view_diameters(choice.distinct.features) <= eps[labels]
    return Factors(
        kept=choice.main & aligned,
        shares=class_shares(world),
        gram=divergence(world),
        sigma=share_of(choice.main, labels),
        alpha=share_of(choice.main & aligned, labels),
        torn=share_of(~aligned, labels),
        eps=eps,
        delta=part_diameters(choice.distinct.views, choice),
    )


def common(choice: Choice) -> Factors:
    """The factors at the one eps with which all aligned samples lie in S_eps."""
    return factors(choice, np.full(choice.distinct.classes, choice.eps.max()))


def share_of(members: Array, labels: Array) -> Array:
    """Share of every class that the members are, (K,)."""
    return np.asarray(np.bincount(labels, members) / np.bincount(labels))


def largest(values: Array, labels: Array) -> Array:
    """The largest of the nonnegative values in every class, (K,)."""
    out = np.zeros(labels.max() + 1)
    np.maximum.at(out, labels, values)
    return out


def part_diameters(points: Array, choice: Choice) -> Array:
    """The largest `nearest_views` of two samples of one main part, (K,), for views or features as points."""
    labels = choice.distinct.labels
    parts = [points[choice.main & (labels == k)] for k in range(choice.distinct.classes)]
    return np.array([nearest_views(part).max(initial=0.0) for part in parts])


def clearances(world: FiniteWorld, means: Array) -> Array:
    """Half of the least ||f(x) - mu_k||^2 - ||f(x) - mu_l||^2 over the rivals k of x's class l, (n,): positive iff x is right."""
    squares = ((world.features[:, :1] - means) ** 2).sum(axis=2)
    rows = np.arange(len(squares))
    own = squares[rows, world.labels]
    squares[rows, world.labels] = np.inf
    return np.asarray((squares.min(axis=1) - own) / 2)


def clusters(rng: Rng) -> Start:
    """Tight classes about simplex or random centres; some samples lie at another class, some have a view there.

    f forgets the last coordinate of a view, which is 0 or noise, so L = 1; the radius is 1 or 2.
    """
    classes, views = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    sizes = rng.integers(2, 6, classes) if rng.random() < 0.3 else np.full(classes, rng.integers(2, 7))
    labels = np.repeat(np.arange(classes), sizes)
    n = len(labels)
    centres = rng.normal(size=(classes, classes)) if rng.random() < 0.1 else np.eye(classes) - 1 / classes
    wrong = np.append(centres[1:], centres[:1], axis=0)
    role = np.where(rng.random(n) < rng.choice([0.0, 0.0, 0.1]), rng.integers(1, 3, n), 0)  # 1: lost, 2: torn
    features = np.repeat(centres[labels][:, None], views, axis=1)
    features[role == 1] = wrong[labels[role == 1]][:, None]
    features[role == 2, -1] = wrong[labels[role == 2]]
    between, within = rng.choice([0.0, 0.003, 0.01, 0.03, 0.06], 2)
    features += between * rng.normal(size=(n, 1, classes)) + within * rng.normal(size=features.shape)
    nuisance = rng.choice([0.0, 0.02]) * rng.normal(size=(n, views))
    main = (role != 1) & (rng.random(n) < rng.choice([1.0, 0.95]))
    radius = rng.choice([1.0, 2.0])

    def build(point: Array) -> Choice:
        rows = radius * on_sphere(point[: features.size].reshape(features.shape))
        inputs = np.concatenate([rows, point[features.size :].reshape(n, views, 1)], axis=2)
        return Choice(FiniteWorld(inputs, rows, labels), (1,) * views, 1.0, main, role != 2)

    return np.append(features.ravel(), nuisance.ravel()), build


def on_circle(rng: Rng) -> Start:
    """Two classes on the unit circle, which is its own encoder; three free parameters.

    Class 0 has a sample at u, the rest of its main part within an arc of u, samples with one view of 64 at u and the rest at
    a far place b, and samples at b. The rival's samples are where mu_l.mu_k is least among the unit vectors that are as far
    from u as mu_l is (then u is misclassified), or a little farther.

    The parameters are the arc, the angle of b, and the angle by which the rival is farther.
    """
    good, torn, lost = int(rng.integers(1, 5)), int(rng.integers(0, 5)), int(rng.integers(0, 2))
    torn, lost = torn * int(rng.random() < 0.5), lost * int(rng.random() < 0.4)
    n = good + torn + lost
    labels = np.repeat([0, 1], n)
    rank = np.tile(np.arange(n), 2)
    aligned = (labels == 1) | (rank < good) | (rank >= good + torn)
    main = (labels == 1) | (rank < good + torn)
    repeats = (1, 63) if torn else (1, 1)
    arc = rng.uniform(0, 1) * (rng.random() < 0.5)
    retreat = rng.choice([-1e-6, 0.02, rng.uniform(0, 1)])

    def build(point: Array) -> Choice:
        angles = np.zeros((2 * n, 2))
        angles[1:good] = point[0]
        angles[good:n, 1] = angles[good + torn : n, 0] = point[1]
        own = np.average(_unit(angles[:n]).mean(axis=0), axis=0, weights=repeats)
        within = 2 * np.arcsin(min(float(np.hypot(1 - own[0], own[1])) / 2, 1.0)) + point[2]
        angles[n:] = -np.copysign(min(within, np.pi - abs(np.arctan2(own[1], own[0]))), own[1])
        features = _unit(angles)
        return Choice(FiniteWorld(features, features, labels), repeats, 1.0, main, aligned)

    return np.array([arc, rng.uniform(0, np.pi), retreat]), build


def _unit(angles: Array) -> Array:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def choices(rng: Rng) -> Start:
    """Three worlds in four from `clusters`, the others from `on_circle`."""
    return clusters(rng) if rng.random() < 3 / 4 else on_circle(rng)

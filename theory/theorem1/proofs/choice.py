"""A finite world with the choices that Theorem 1 leaves free, and the factors of the theorem there."""

from dataclasses import dataclass

import numpy as np

from theory.factors import class_shares, divergence, view_diameters
from theory.setting import Array, FiniteWorld
from theory.worlds import nearest_views


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
    """Half of the least ||f(x) - mu_k||^2 - ||f(x) - mu_l||^2, k != l, the class of x, (n,): positive iff x is right."""
    squares = ((world.features[:, :1] - means) ** 2).sum(axis=2)
    rows = np.arange(len(squares))
    own = squares[rows, world.labels]
    squares[rows, world.labels] = np.inf
    return np.asarray((squares.min(axis=1) - own) / 2)

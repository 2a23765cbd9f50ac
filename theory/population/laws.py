"""Small populations whose samples can be enumerated: the laws that bounds on means are tried on.

Coverage is exact up to rounding: the probabilities of all outcomes on which a bound holds, added up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from scipy import special

from theory.falsification import Rng, Start
from theory.setting import Array

TIE = 1e-12
"""What rounding may move a distance by."""


@dataclass(frozen=True)
class Law:
    """A law on finitely many vectors, of which n are drawn independently.

    atoms    (N, d) of norm at most radius
    chances  (N,) their probabilities
    a        probability with which the bound on ||m - mu|| may fail
    """

    atoms: Array
    chances: Array
    n: int
    radius: float
    a: float

    def coverage(self, bound: Callable[[Array], Array]) -> float:
        """P[||m - mu|| <= bound(||m||)], the bound in the norms of the sample means, (outcomes,)."""
        counts = occurrences(len(self.atoms), self.n)
        ways = special.gammaln(self.n + 1) - special.gammaln(counts + 1).sum(axis=1)
        chances = np.exp(ways + special.xlogy(counts, self.chances).sum(axis=1))
        means = counts @ self.atoms / self.n
        apart = np.linalg.norm(means - self.chances @ self.atoms, axis=1)
        return float(chances[apart <= bound(np.linalg.norm(means, axis=1)) + TIE].sum())


@cache
def occurrences(atoms: int, n: int) -> Array:
    """How often each atom may be drawn: all (N,) of sum n."""
    rows = [np.bincount(drawn, minlength=atoms) for drawn in combinations_with_replacement(range(atoms), n)]
    return np.array(rows)


def laws(rng: Rng) -> Start:
    """Two or three atoms, anywhere in the ball or opposite each other on the sphere."""
    atoms, d = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    n = int(rng.integers(1, 31 if atoms == 2 else 8))
    radius = rng.choice([1.0, 2.0])
    places = 2 * rng.normal(size=(atoms, d))
    if rng.random() < 0.5:
        places[1] = -places[0]
    rest = np.append(rng.normal(size=atoms), special.logit(rng.uniform(0.01, 0.99)))

    def build(point: Array) -> Law:
        rows = point[: places.size].reshape(places.shape)
        inside = radius * rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
        logits = point[places.size : -1]
        return Law(inside, special.softmax(logits), n, radius, float(np.clip(special.expit(point[-1]), 1e-6, 1 - 1e-6)))

    return np.append(places.ravel(), rest), build

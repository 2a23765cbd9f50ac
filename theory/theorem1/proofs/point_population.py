"""Theorem 1 for features that take a few values, for a population: points claimed in an order, bets on them, and masses."""

from dataclasses import dataclass

import numpy as np
import z3
from scipy import special

from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.population.laws import TIE
from theory.prove import implication
from theory.setting import Array
from theory.theorem1.certificates.points import points_error
from theory.theorem1.proofs.steps import PAPER, mass_of_met


def _won() -> Evidence:
    own, rival, wealth, needed = z3.Reals("own rival wealth needed")
    return implication(
        "where no bet on a false claim wins among the first i, a bet that has won shows ||v - mu_l|| < ||v - mu_k||",
        [z3.Implies(rival <= own, wealth < needed), wealth >= needed],
        own < rival,
        example={own: 0, rival: 1, wealth: 1, needed: 1},
    )


@dataclass(frozen=True)
class Placed:
    """A population whose samples have two views, each at one of J points.

    points  (J, d) of norm 1
    masses  (K, J, J) of class l with views at points i and j
    owners  (J,) the class that each is claimed for
    slack   (J,) by which share the lower bound on the mass of the first points is below it
    """

    points: Array
    masses: Array
    owners: Array
    slack: Array

    @property
    def nearer(self) -> Array:
        """Whether point j is nearer to the mean of class l than to that of class k, by more than a tie, (J, l, k)."""
        of_class = self.masses.sum(axis=(1, 2))
        shares = (self.masses.sum(axis=1) + self.masses.sum(axis=2)) / (2 * of_class[:, None])
        away = np.linalg.norm(self.points[:, None] - (shares @ self.points)[None], axis=2)
        return np.asarray(away[:, :, None] < away[:, None, :] - TIE)

    @property
    def error(self) -> float:
        """Err(G_f) with any view counted, a tie as an error."""
        K = len(self.masses)
        right: Array = np.all(self.nearer | np.eye(K, dtype=bool), axis=2)  # (J, K)
        return float(1 - sum(self.masses[k][np.ix_(right[:, k], right[:, k])].sum() for k in range(K)))

    @property
    def certified(self) -> float:
        """What is certified where every bet on a true claim wins and no other does, and every lower bound holds."""
        J, K = len(self.owners), len(self.masses)
        won = np.all(self.nearer[np.arange(J), self.owners] | np.eye(K, dtype=bool)[self.owners], axis=1)
        firsts = [np.flatnonzero(self.owners[: j + 1] == k) for j in range(J) for k in range(K)]
        inside = [self.masses[i % K][np.ix_(own, own)].sum() for i, own in enumerate(firsts)]
        return points_error(won, np.reshape(inside, (J, K)).sum(axis=1) * (1 - self.slack))


def _worlds(rng: Rng) -> Start:
    """Two or three classes, points of a simplex or anywhere, claimed for the class that is mostly there or at random."""
    K, J = int(rng.integers(2, 4)), int(rng.integers(2, 5))
    points = rng.normal(size=(J, J)) if rng.random() < 0.5 else np.eye(J) - 1 / J
    home = rng.integers(0, K, J)
    owners = np.where(rng.random(J) < 0.2, rng.integers(0, K, J), home)
    logits = rng.normal(size=(K, J, J)) + 3 * ((home == np.arange(K)[:, None])[:, :, None] & np.eye(J, dtype=bool))
    slack = np.where(rng.random(J) < 0.5, -12.0, rng.normal(size=J) - 3)

    def build(point: Array) -> Placed:
        rows, chances, below = np.split(point, [points.size, points.size + logits.size])
        rows = rows.reshape(points.shape)
        masses = np.maximum(special.softmax(chances), 1e-12).reshape(logits.shape)
        norms = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return Placed(rows / norms, masses / masses.sum(), owners, special.expit(below))

    return np.concatenate([points.ravel(), logits.ravel(), slack]), build


CLAIMS = (
    Claim(
        id="population-points",
        title="Theorem 1 for features of a few values at a level, by bets in an order and counts",
        source="derived from " + PAPER,
        statement=r"f\in\{v_1..v_J\},\ \pi(j)\in\{1..K\},\ W_{jk}:\ \mathrm{bet\ on}\ \|v_j-\mu_{\pi(j)}\|<\|v_j-\mu_k\|,\ "
        r"low_j\leq\sum_l P[C_l,\ f(A(x))\subseteq\{v_{j'}:j'\leq j,\pi(j')=l\}]\ \mathrm{but\ with\ probability}\ b_j,\ "
        r"i=\max\{j:W_{j'k}\geq 1/a\ \forall j'\leq j,k\neq\pi(j')\}:\quad "
        r"P\left[Err(G_f)\leq 1-low_i\right]\geq 1-a-\sum_j b_j",
        predicate=Predicate(
            worlds=_worlds, read=lambda of: Reading(hypotheses={}, left=of.error, right=of.certified, trivial=1.0)
        ),
        expected=Verdict.PROVED,
        reduction="Points, their order and owners are fixed beforehand. Given the number of samples of each class, the mean "
        "features of the samples of a class are independent with mean mu_l and norm at most 1: where a point is not its "
        "owner's, the bet against a class that is as near wins with probability a at most (population-bets), and with it all "
        "of the point's bets. So the first i points are their owners' (`won`) but with probability a (population-order). The "
        "masses are counts of coins of fixed bias (population-binomial), and population-union holds all together. A sample "
        "all of whose views lie at points of its own class among the first i is classified correctly, and `mass` bounds the "
        "rest.",
        trusted=("population-bets", "population-order", "population-binomial", "population-union"),
        unchecked={"all of it together, for bets and counts that fail as rarely as they say": "points_at_a_level"},
        steps={
            "won": _won,
            "mass": mass_of_met,
        },
    ),
)

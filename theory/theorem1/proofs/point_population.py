"""Theorem 1 for features that take a few values, for a population: a bet for every claimed point and rival, and masses."""

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
        "where no bet on a false claim wins, a bet that has won shows ||v - mu_l|| < ||v - mu_k||",
        [z3.Implies(rival <= own, wealth < needed), wealth >= needed],
        own < rival,
        example={own: 0, rival: 1, wealth: 1, needed: 1},
    )


@dataclass(frozen=True)
class Placed:
    """A population whose samples have two views, each at one of J points.

    points  (J, d) of norm 1
    masses  (K, J, J) of class l with views at points i and j
    owners  (J,) claimed, -1 for none
    slack   (K + 1,) by which share each lower bound is below its mass, the last that of the pooled one
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
        K = len(self.masses)
        own = self.owners[:, None] == np.arange(K)  # (J, K)
        won = self.nearer[np.arange(len(self.owners)), self.owners]  # (J, K) of the owner against each
        owned = np.asarray((won | own).all(axis=1))
        met = np.array([owned[own[:, k]].all() for k in range(K)])
        inside = np.array([self.masses[k][np.ix_(own[:, k], own[:, k])].sum() for k in range(K)])
        low = inside * (1 - self.slack[:-1])
        return points_error(met, own.any(axis=0), low, float(inside.sum() * (1 - self.slack[-1])))


def _worlds(rng: Rng) -> Start:
    """Two or three classes, points of a simplex or anywhere, claimed for the class that is mostly there or at random."""
    K, J = int(rng.integers(2, 4)), int(rng.integers(2, 5))
    points = rng.normal(size=(J, J)) if rng.random() < 0.5 else np.eye(J) - 1 / J
    home = rng.integers(0, K, J)
    owners = np.where(rng.random(J) < 0.2, rng.integers(-1, K, J), home)
    logits = rng.normal(size=(K, J, J)) + 3 * ((home == np.arange(K)[:, None])[:, :, None] & np.eye(J, dtype=bool))
    slack = np.where(rng.random(K + 1) < 0.5, -12.0, rng.normal(size=K + 1) - 3)

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
        title="Theorem 1 for features of a few values at a level, by bets and counts",
        source="derived from " + PAPER,
        statement=r"f\in\{v_1..v_J\},\ \pi(j)\in\{1..K\}\cup\{\mathrm{none}\},\ W_{jk}:\ \mathrm{the\ bet\ on}\ "
        r"\|v_j-\mu_{\pi(j)}\|<\|v_j-\mu_k\|,\ mass_l=P[C_l,\ f(A(x))\subseteq\{v_j:\pi(j)=l\}]\geq low_l,\ "
        r"\sum_l mass_l\geq low:\quad M=\{l:W_{jk}\geq 1/a\ \forall j\in\pi^{-1}(l),k\neq l\}\ \Rightarrow\ "
        r"P\left[Err(G_f)\leq 1-\max\left(\sum_{l\in M}low_l,\ low\ \mathrm{if}\ M\ \mathrm{is\ all\ claimed}\right)\right]"
        r"\geq level",
        predicate=Predicate(
            worlds=_worlds, read=lambda of: Reading(hypotheses={}, left=of.error, right=of.certified, trivial=1.0)
        ),
        expected=Verdict.PROVED,
        reduction="Points and owners are fixed beforehand. Given the number of samples of each class, the mean features of "
        "the samples of a class are independent with mean mu_l and norm at most 1, so that no bet on a false claim wins but "
        "with probability a (population-bets); the other events are counts of coins of fixed bias (population-binomial). "
        "population-union holds all of them together. Then the classes in M own their points (`won`), a sample all of whose "
        "views lie at points of its own class in M is classified correctly, and `mass` bounds the rest.",
        trusted=("population-bets", "population-binomial", "population-union"),
        steps={
            "won": _won,
            "mass": mass_of_met,
        },
    ),
)

"""Theorem 1 for vertices, for a population: 2 K + 1 binomial events, counted on n independent images."""

from dataclasses import dataclass

import numpy as np
import z3
from scipy import special

from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.population import split_level
from theory.population.binomial import ends, inversion
from theory.population.laws import TIE, occurrences
from theory.prove import implication
from theory.setting import Array
from theory.theorem1.certificates.vertex import vertex_error, vertex_events, vertex_margin, vertex_margins
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.proofs.steps import PAPER, mass_of_met


def _condition() -> Evidence:
    own, rival, low, least = z3.Reals("own rival low least")
    return implication(
        "where both lower bounds hold, the condition met by them is met by alpha_l and alpha_k",
        [low <= own, least <= rival, vertex_margin(low, least) > 0],
        vertex_margin(own, rival) > 0,
        example={own: 1, rival: 1, low: 1, least: 1},
    )


@dataclass(frozen=True)
class Images:
    """A population of 3 K kinds of images, of which n are drawn; vertices 0..K-1, that of class l is l.

    masses  (K, 3) of class l: proved at its own vertex, proved at the next, not proved
    laws    (K, K) of the views of those that are not proved
    """

    masses: Array
    laws: Array
    n: int
    level: float

    @property
    def error(self) -> float:
        """Err(G_f) with any view counted, a tie as an error."""
        K = len(self.masses)
        own, following = np.eye(K), np.roll(np.eye(K), 1, axis=1)
        shares = self.masses / self.masses.sum(axis=1, keepdims=True)
        means = shares[:, :1] * own + shares[:, 1:2] * following + shares[:, 2:] * self.laws
        away = np.linalg.norm(means[:, None] - np.eye(K), axis=2)  # of mean l from vertex i
        rivals = np.array([np.delete(away, k, axis=0).min(axis=0) for k in range(K)])
        right = away < rivals - TIE
        open_right = (right | (self.laws <= 0)).all(axis=1)
        correct = np.stack([right.diagonal(), right[np.arange(K), (np.arange(K) + 1) % K], open_right], axis=1)
        return float(1 - self.masses[correct].sum())

    @property
    def coverage(self) -> float:
        """P[error <= certified error], over all samples of n; where a class has no image nothing is stated."""
        K = len(self.masses)
        inside = self.masses[:, 0]
        chances = np.concatenate([inside, self.masses.sum(axis=1) - inside])
        counts = occurrences(2 * K, self.n)
        ways = special.gammaln(self.n + 1) - special.gammaln(counts + 1).sum(axis=1)
        probabilities = np.exp(ways + special.xlogy(counts, chances).sum(axis=1))
        kept, totals = counts[:, :K], counts[:, :K] + counts[:, K:]
        certified = certified_errors(kept, totals, self.level)
        stated = (totals > 0).all(axis=1)
        return float(1 - probabilities[stated & (certified < self.error - TIE)].sum())


def certified_errors(kept: Array, totals: Array, level: float) -> Array:
    """What `certify_vertices` certifies, (outcomes,), from counts at the anchors and of the classes, (outcomes, K)."""
    n, K = int(totals[0].sum()), totals.shape[1]
    at = split_level(level, vertex_events(K)).levels["pooled"]
    table = np.zeros((n + 1, n + 1))
    for size in range(1, n + 1):
        table[size, : size + 1] = ends(size, at, "lower")[0]
    met = vertex_margins(table[totals, kept], np.arange(K)) > ROUNDING
    return vertex_error(met, table[n, kept], table[n, kept.sum(axis=1)])


def _worlds(rng: Rng) -> Start:
    """Two or three classes; the shares at the anchors of two of them add up to about 1, or to more."""
    K = int(rng.integers(2, 4))
    n = int(rng.integers(6, 15)) if K == 2 else int(rng.integers(8, 11))
    level = float(rng.choice([0.2, 0.5, 0.8, 0.95]))
    share = np.full(K, rng.uniform(0.5, 0.99))
    if rng.random() < 0.7:
        share[0] = 1 - share[1] - rng.choice([1e-9, 1e-3, -0.05])
    split = rng.choice([1e-9, 0.5, 1 - 1e-9])
    masses = np.stack([share, (1 - share) * split, (1 - share) * (1 - split)], axis=1) / K
    laws = rng.choice([1.0, 20.0]) * rng.normal(size=(K, K))

    def build(point: Array) -> Images:
        chances = special.softmax(point[: 3 * K]).reshape(K, 3)
        return Images(chances, special.softmax(point[3 * K :].reshape(K, K), axis=1), n, level)

    return np.append(np.log(np.maximum(masses, 1e-300)).ravel(), laws.ravel()), build


CLAIMS = (
    Claim(
        id="population-vertices",
        title="Theorem 1 for vertices at a level, from counts",
        source="derived from " + PAPER,
        statement=r"\alpha_l\geq low_l,\ mass_l\geq low_l^\prime,\ \sum_l mass_l\geq low\ "
        r"(\mathrm{Clopper\!-\!Pearson},\ 2K+1\ \mathrm{events}):\quad M=\{l:\pi(k)\neq\pi(l),\ low_l+low_k>1\ "
        r"\forall k\neq l\}\ \Rightarrow\ "
        r"P\left[Err(G_f)\leq 1-\max\left(\sum_{l\in M}low_l^\prime,\ low\ \mathrm{if}\ M=\{1..K\}\right)\right]\geq level",
        predicate=Predicate(worlds=_worlds, read=lambda of: Reading(hypotheses={}, left=of.level, right=of.coverage)),
        expected=Verdict.PROVED,
        reduction="The network, the anchors and the budget of the proofs are fixed beforehand, so on n independent images "
        "the events are counts of coins of fixed bias, given the number n_l of images of each class (alpha_l) and without "
        "it (mass_l, their sum). "
        "`inversion` bounds each, population-union all of them together, and then `condition` and `mass` carry thm-1-vertex "
        "over. The law on A(x) enters nowhere: what is proved is proved of every view.",
        trusted=("thm-1-vertex", "population-binomial", "population-union"),
        unchecked={
            "whether an image is proved, and where, is a function of the image alone, so that its counts are binomial": ""
        },
        steps={
            "inversion": inversion,
            "condition": _condition,
            "mass": mass_of_met,
        },
    ),
)

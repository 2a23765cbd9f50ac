"""Which of two class means is nearer to a point, by a bet against the other.

v of norm 1; f_1, f_2, ... independent of norm at most 1 with mean mu, and g_1, g_2, ... with mean nu, independent of them. As
f_1 and f_2 are independent, (v - f_1).(v - f_2) has mean ||v - mu||^2, whatever the law and the dimension. So

    V_i = (v - g_{2i-1}).(v - g_{2i}) - (v - f_{2i-1}).(v - f_{2i})     has mean ||v - nu||^2 - ||v - mu||^2,

and a stake of any rate <= 1/5 on V_i > 0, time after time, is no gain on average where nu is no farther from v than mu: the
wealth prod (1 + rate V_i) then reaches 1/a with probability at most a. The wealth grows the faster the less V_i varies, and
the dimension does not enter.
"""

import math
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import sympy
import z3
from scipy import special

from theory.checks import check_integer, check_probability
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.population.laws import occurrences
from theory.prove import identity, implication
from theory.setting import Array

MOST_RATE = 0.2
"""V_i >= -9/2, so that the wealth stays positive."""


def bet_rate(n: int, level: float) -> float:
    """The rate of n bets that are to reach 1/(1 - level): the one that grows fastest on a mean which just suffices.

    It is sqrt(2 ln(1/a)/n), for V_i of variance 1, and `MOST_RATE` at most.
    Raises ValueError where n < 1 or level is outside (0, 1).
    """
    n, a = check_integer("n", n, 1), 1 - check_probability("level", level)
    return min(MOST_RATE, math.sqrt(-2 * math.log(a) / n))


def squared_distances(features: Array, points: Array) -> Array:
    """(v_j - f_{2i-1}).(v_j - f_{2i}), (n // 2, J), of mean ||v_j - mu||^2: for features (n, d) and points (J, d)."""
    first, second = features[: len(features) // 2 * 2 : 2], features[1::2]
    squares = (points**2).sum(axis=1) + (first * second).sum(axis=1)[:, None]
    return np.asarray(squares - (first + second) @ points.T)


def log_wealth(own: Array, rival: Array, rate: float) -> Array:
    """ln prod (1 + rate V_i), (...): own and rival (n, ...) of `squared_distances`, as many of each as there are of both."""
    n = min(len(own), len(rival))
    return np.asarray(np.log1p(rate * (rival[:n] - own[:n])).sum(axis=0))


def _unbiased() -> Evidence:
    v, p, q = (sympy.Matrix(sympy.symbols(f"{name}1:3")) for name in "vpq")
    w = sympy.Symbol("w")
    atoms = ((w, p), (1 - w, q))
    mean = sum(
        (chance * (chance_2 * (v - f).dot(v - f_2)) for chance, f in atoms for chance_2, f_2 in atoms), sympy.S.Zero
    )
    mu = w * p + (1 - w) * q
    return identity("E (v - f).(v - f') = ||v - mu||^2 for independent f, f' of mean mu", mean, (v - mu).dot(v - mu))


def _least() -> Evidence:
    x, c, h = z3.Reals("x c h")
    return implication(
        "(v - f).(v - f') = ||v - m||^2 - ||h||^2 >= -1/2, where m, h = (f +- f')/2 have ||m||^2 + ||h||^2 <= 1, x = v.m",
        [c >= 0, h >= 0, c + h <= 1, x * x <= c],
        1 - 2 * x + c - h >= -z3.Q(1, 2),
        example={x: 0, c: 0, h: 0},
    )


def _most() -> Evidence:
    x, c, h = z3.Reals("x c h")
    return implication(
        "and it is at most 4",
        [c >= 0, h >= 0, c + h <= 1, x * x <= c],
        1 - 2 * x + c - h <= 4,
        example={x: 0, c: 0, h: 0},
    )


def _positive() -> Evidence:
    rate, own, rival = z3.Reals("rate own rival")
    return implication(
        "so 1 + rate V > 0",
        [rate >= 0, rate <= z3.Q(1, 5), own <= 4, rival >= -z3.Q(1, 2)],
        1 + rate * (rival - own) > 0,
        example={rate: 0, own: 0, rival: 0},
    )


def _fair() -> Evidence:
    rate, gain, before = z3.Reals("rate gain before")
    return implication(
        "E V <= 0: one more bet, independent of those before, does not raise the mean wealth above 1",
        [rate >= 0, gain <= 0, before >= 0, before <= 1],
        before * (1 + rate * gain) <= 1,
        example={rate: 0, gain: 0, before: 1},
    )


def _markov() -> Evidence:
    a, reached, mean = z3.Reals("a reached mean")
    return implication(
        "P[wealth >= 1/a] <= a E wealth <= a, since the wealth is not negative",
        [a > 0, reached <= a * mean, mean <= 1],
        reached <= a,
        example={a: 1, reached: 0, mean: 0},
    )


@dataclass(frozen=True)
class Bets:
    """Two laws on two vectors each and n bets on which mean is farther from v.

    point         (1, d) v
    own, rival    (2, d) atoms of f and of g
    chances       (2, 2) of the atoms of f, of those of g
    """

    point: Array
    own: Array
    rival: Array
    chances: Array
    n: int
    rate: float

    @property
    def gain(self) -> float:
        """||v - nu||^2 - ||v - mu||^2."""
        means = np.stack([self.chances[0] @ self.own, self.chances[1] @ self.rival])
        own, rival = ((self.point - means) ** 2).sum(axis=1)
        return float(rival - own)

    @property
    def reached(self) -> float:
        """The greatest w P[wealth >= w] over all w > 1: all outcomes of the bets, by their chances."""
        kinds = outcomes()
        own, rival = (
            squared_distances(atoms[kinds[:, columns].ravel()], self.point)
            for atoms, columns in ((self.own, slice(0, 2)), (self.rival, slice(2, 4)))
        )
        chances = self.chances[[0, 0, 1, 1], kinds].prod(axis=1)
        growth = np.array([log_wealth(own[i], rival[i], self.rate) for i in np.arange(len(kinds))[:, None]])[:, 0]
        counts = occurrences(len(kinds), self.n)
        ways = special.gammaln(self.n + 1) - special.gammaln(counts + 1).sum(axis=1)
        probabilities = np.exp(ways + special.xlogy(counts, chances).sum(axis=1))
        wealth = np.exp(counts @ growth)
        falling = np.argsort(-wealth)
        times = wealth[falling] * np.cumsum(probabilities[falling])
        return float(np.max(times, where=wealth[falling] > 1, initial=0.0))


@cache
def outcomes() -> Array:
    """Which atoms f_1, f_2, g_1 and g_2 are, (16, 4)."""
    return np.array(list(product(range(2), repeat=4)))


def _worlds(rng: Rng) -> Start:
    """Any vectors, own ones opposite each other or along v, or rivals that are the own ones moved a little towards v."""
    d, n = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    places = rng.normal(size=(5, d))
    if rng.random() < 0.5:
        places[1:3] = places[0] * rng.choice([-1.0, 1.0], size=(2, 1))
    if rng.random() < 0.5:
        places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1)
        places[3:] = places[1:3] + rng.choice([1e-6, 0.05]) * (places[0] - places[1:3])
    rest = np.append(rng.choice([1.0, 8.0]) * rng.normal(size=2), rng.normal() + 2)

    def build(point: Array) -> Bets:
        rows = point[: places.size].reshape(places.shape)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        inside = rows / np.maximum(norms, 1)
        first, second, rate = special.expit(point[places.size :])
        return Bets(
            point=rows[:1] / np.maximum(norms[:1], 1e-9),
            own=inside[1:3],
            rival=inside[3:],
            chances=np.array([[first, 1 - first], [second, 1 - second]]),
            n=n,
            rate=float(MOST_RATE * rate),
        )

    return np.append(places.ravel(), rest), build


CLAIMS = (
    Claim(
        id="population-bets",
        title="Which of two means is nearer to a point, by bets",
        source=f"derived; a bet against a mean: Waudby-Smith and Ramdas, arXiv 2010.09686 ({UNREAD})",
        statement=r"\|v\|=1,\ \|f_i\|,\|g_i\|\leq 1,\ V_i=(v-g_{2i-1})\cdot(v-g_{2i})-(v-f_{2i-1})\cdot(v-f_{2i}),\ "
        r"0\leq\lambda\leq\frac15,\ \|v-\nu\|\leq\|v-\mu\|:\quad P[\prod_i(1+\lambda V_i)\geq 1/a]\leq a",
        predicate=Predicate(
            worlds=_worlds,
            read=lambda of: Reading(hypotheses={"no farther": -of.gain}, left=of.reached, right=1.0),
        ),
        expected=Verdict.PROVED,
        reduction="(v - f).(v - f') is linear in the law of f and in that of f', so that `unbiased` holds for every law; "
        "`least` and `most` bound it, by Cauchy-Schwarz and the parallelogram law. Then every factor is positive "
        "(`positive`), their product has mean at most 1 (`fair`, by induction over independent quadruples), and Markov's "
        "inequality gives the claim (`markov`). The rate may depend on all but the vectors.",
        unchecked={
            "`unbiased` for every law and dimension: (v - f).(v - f') is linear in the law of f and in that of f'": (
                "bet_unbiased"
            ),
            "`least` and `most` in every dimension, by Cauchy-Schwarz and the parallelogram law": "bet_range",
            "the induction over independent quadruples": "independent_wealth",
            "Markov's inequality": "markov",
        },
        steps={
            "unbiased": _unbiased,
            "least": _least,
            "most": _most,
            "positive": _positive,
            "fair": _fair,
            "markov": _markov,
        },
    ),
)

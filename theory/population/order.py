"""Claims tried in a fixed order, until the first that fails, share one level: nothing is divided by their number.

Claims 1, 2, ..., J in an order chosen beforehand; where claim j is false, its test wins with probability at most a. The
claims accepted are those before the first test that does not win. To accept a false claim, the first false one in the order,
which no chance decides, has to win. So this happens with probability at most a, however the tests depend on each other.
"""

from dataclasses import dataclass

import numpy as np
import z3
from scipy import special

from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array


def accepted(won: Array) -> int:
    """How many claims are accepted, in their order: won (J,) bool."""
    return int(np.logical_and.accumulate(won).sum())


def _first() -> Evidence:
    before, won = z3.Reals("before won")
    return implication(
        "the first false claim is accepted where those before it and itself have won, which is no oftener than it wins: as "
        "indicators, before won <= won",
        [before >= 0, before <= 1, won >= 0],
        before * won <= won,
        example={before: 1, won: 1},
    )


def _rare() -> Evidence:
    a, accepts, wins = z3.Reals("a accepts wins")
    return implication(
        "which is as rare as the test of that one claim promises",
        [accepts <= wins, wins <= a],
        accepts <= a,
        example={a: 1, accepts: 0, wins: 1},
    )


@dataclass(frozen=True)
class Trials:
    """Finitely many outcomes of J tests.

    chances  (N,) of the outcomes
    won      (N, J) which tests win
    false    (J,) which claims are false
    """

    chances: Array
    won: Array
    false: Array

    @property
    def most(self) -> float:
        """The greatest probability with which the test of a false claim wins."""
        return float(np.max(self.chances @ self.won, where=self.false, initial=0.0))

    @property
    def mistaken(self) -> float:
        """P[a false claim is accepted]."""
        return float(sum(p for p, won in zip(self.chances, self.won, strict=True) if self.false[: accepted(won)].any()))


def _worlds(rng: Rng) -> Start:
    """Two to four tests that win together, apart or at random."""
    N, J = int(rng.integers(2, 7)), int(rng.integers(2, 5))
    won = rng.random((N, J)) < rng.choice([0.3, 0.8])
    false = rng.random(J) < 0.6
    return rng.normal(size=N), lambda point: Trials(np.asarray(special.softmax(3 * point)), won, false)


CLAIMS = (
    Claim(
        id="population-order",
        title="Claims tried in a fixed order share one level",
        source=f"derived; for tests in general: Westfall and Krishen 2001 ({UNREAD})",
        statement=r"H_1..H_J\ \mathrm{in\ fixed\ order},\ P[T_j\ \mathrm{wins}]\leq a\ \mathrm{for\ false}\ H_j,\ "
        r"i=\max\{j:T_1..T_j\ \mathrm{win}\}:\quad P[\mathrm{one\ of}\ H_1..H_i\ \mathrm{is\ false}]\leq a",
        predicate=Predicate(
            worlds=_worlds, read=lambda of: Reading(hypotheses={}, left=of.mistaken, right=of.most, trivial=1.0)
        ),
        expected=Verdict.PROVED,
        reduction="The order is fixed beforehand, so that no chance decides which false claim is the first. Where one of the "
        "claims accepted is false, that one is accepted too; it has won (`first`), and does so with probability at most a "
        "(`rare`).",
        steps={"first": _first, "rare": _rare},
        unchecked={"the event lies in one: for any tests, claims and laws on finitely many outcomes": "fixed_order"},
    ),
)

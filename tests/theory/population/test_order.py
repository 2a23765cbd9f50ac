"""Claims tried in a fixed order: the law on enumerated outcomes, and what would be false."""

import numpy as np
import pytest

from tests.theory.proofs import discharged, slack_of_proved
from theory.falsification import falsify
from theory.population import order
from theory.population.order import Trials, accepted

(CLAIM,) = order.CLAIMS


def test_the_claim_is_proved_and_attained():
    assert slack_of_proved(CLAIM) < 1e-6


def test_the_proof_has_steps_that_hold():
    assert discharged(CLAIM)


def test_those_before_the_first_that_fails_are_accepted():
    assert [accepted(np.array(won, dtype=bool)) for won in ([], [0, 1], [1, 1, 0, 1], [1, 1])] == [0, 0, 2, 2]


FALSE_ACCEPTANCES = {
    "all that win": lambda won: len(won) if won.any() else 0,
    "the last that wins": lambda won: int(np.flatnonzero(won)[-1]) + 1 if won.any() else 0,
}


@pytest.mark.parametrize("name", FALSE_ACCEPTANCES)
def test_accepting_past_one_that_fails_is_found_out(name, monkeypatch):
    monkeypatch.setattr(order, "accepted", FALSE_ACCEPTANCES[name])
    assert falsify(CLAIM.predicate).violated


def test_claims_that_win_apart_are_accepted_wrongly_no_oftener_than_the_first():
    """Three false claims that each win with probability .1: together .3 in any order, here .1."""
    won = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    trials = Trials(np.array([0.1, 0.1, 0.1, 0.7]), won, np.ones(3, dtype=bool))
    assert trials.mistaken == pytest.approx(0.1)
    assert trials.most == pytest.approx(0.1)

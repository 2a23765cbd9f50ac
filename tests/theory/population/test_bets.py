"""Bets on which of two class means is nearer to a point: unbiased, bounded, fair, and powerful enough to be of use."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.proofs import discharged
from theory import ledger
from theory.falsification import falsify
from theory.population import bets
from theory.population.bets import MOST_RATE, bet_rate, log_wealth, squared_distances

(CLAIM,) = bets.CLAIMS


def test_the_claim_is_proved_and_nearly_attained():
    evidence = ledger.gather(CLAIM)
    assert ledger.verdict(CLAIM, evidence) is CLAIM.expected
    search = falsify(CLAIM.predicate)
    assert search.met >= 100
    assert search.slack < 0.05


FALSE_FORMULAS = {
    "the same sample twice": ("squared_distances", lambda f, v: ((v[None] - f[: len(f) // 2, None]) ** 2).sum(axis=2)),
    "own and rival exchanged": ("log_wealth", lambda own, rival, rate: log_wealth(rival, own, rate)),
    "rivals as if farther": ("log_wealth", lambda own, rival, rate: log_wealth(own, rival + 0.3, rate)),
    "gains without losses": (
        "log_wealth",
        lambda own, rival, rate: np.log1p(rate * np.maximum(rival - own, 0)).sum(axis=0),
    ),
}


@pytest.mark.parametrize("name", FALSE_FORMULAS)
def test_a_false_formula_is_found_out(name, monkeypatch):
    attribute, false = FALSE_FORMULAS[name]
    monkeypatch.setattr(bets, attribute, false)
    assert falsify(CLAIM.predicate).violated


def test_the_proof_holds():
    assert discharged(CLAIM)


def ball(rng, *shape):
    """Vectors in the unit ball, a third of them on the sphere."""
    x = rng.normal(size=shape)
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    return x * np.where(rng.random(shape[:-1]) < 1 / 3, 1.0, rng.random(shape[:-1]))[..., None]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 9))
def test_squared_distances_are_those_of_a_plain_loop_and_within_their_range(seed, d, n):
    rng = np.random.default_rng(seed)
    features, points = ball(rng, n, d), rng.normal(size=(3, d))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    squares = squared_distances(features, points)
    expected = [[np.dot(v - features[2 * i], v - features[2 * i + 1]) for v in points] for i in range(n // 2)]
    np.testing.assert_allclose(squares, np.reshape(expected, (n // 2, 3)), atol=1e-12)
    assert (squares >= -0.5 - 1e-12).all()
    assert (squares <= 4 + 1e-12).all()


def test_the_ends_of_the_range_are_attained():
    v = np.array([[1.0, 0.0]])
    half, turned = np.array([0.5, math.sqrt(0.75)]), np.array([0.5, -math.sqrt(0.75)])
    assert squared_distances(np.stack([half, turned]), v) == pytest.approx(-0.5)
    assert squared_distances(-np.concatenate([v, v]), v) == pytest.approx(4)


def test_squared_distances_are_unbiased():
    """The mean over all pairs of different draws of a law, by its chances."""
    rng = np.random.default_rng(1)
    atoms, chances, v = ball(rng, 4, 3), np.array([0.1, 0.2, 0.3, 0.4]), np.array([[0.0, 0.6, 0.8]])
    pairs = [(i, j) for i in range(4) for j in range(4)]
    mean = sum(chances[i] * chances[j] * squared_distances(atoms[[i, j]], v)[0, 0] for i, j in pairs)
    assert mean == pytest.approx(((v[0] - chances @ atoms) ** 2).sum())


def test_the_rate_is_that_of_the_fastest_growth_and_is_bounded():
    assert bet_rate(10, 0.999) == MOST_RATE
    assert bet_rate(10_000, 0.999) == pytest.approx(math.sqrt(2 * math.log(1000) / 10_000))
    with pytest.raises(ValueError, match="n=0"):
        bet_rate(0, 0.95)
    with pytest.raises(ValueError, match="level=1"):
        bet_rate(10, 1.0)


def test_a_false_claim_wins_at_most_as_often_as_allowed_and_a_true_one_nearly_always():
    """Vertices of a simplex, 200 samples of each class: means at shares .5 and .5, then at .8 and .3."""
    rng, vertices = np.random.default_rng(0), np.eye(3) - 1 / 3
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)

    def wins(own, rival, runs):
        count = 0
        for _ in range(runs):
            f, g = (vertices[rng.choice(3, 200, p=[s, 0.9 - s, 0.1])] for s in (own, rival))
            squares = [squared_distances(x, vertices[:1]) for x in (f, g)]
            count += bool(log_wealth(*squares, bet_rate(100, 0.9))[0] >= math.log(10))
        return count / runs

    assert wins(0.5, 0.5, 2000) <= 0.1
    assert 0.01 < wins(0.5, 0.5, 2000)
    assert wins(0.8, 0.3, 100) == 1


def test_more_samples_of_one_class_than_of_the_other_are_left_out():
    own, rival = np.full((5, 2), 0.5), np.full((3, 2), 1.0)
    np.testing.assert_allclose(log_wealth(own, rival, 0.1), 3 * np.log(1.05))
    np.testing.assert_allclose(log_wealth(rival, own, 0.1), 3 * np.log(0.95))

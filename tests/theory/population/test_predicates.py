"""The bounds on populations as programs: each is broken by a false variant of its formula, and the search finds it."""

import itertools

import numpy as np
import pytest

from theory import ledger
from theory.falsification import falsify
from theory.population import anchor, binomial, estimates, means, products
from theory.population.laws import Law


def predicate(claim):
    return next(c for c in ledger.claims() if c.id == claim).predicate


def shrunk(n, level, direction):
    low, high = ENDS(n, level, direction)
    return low * 1.001, high


def lowered(n, level, direction):
    low, high = ENDS(n, level, direction)
    return low, high * 0.999


ENDS = binomial.ends
FALSE_FORMULAS = {
    "population-binomial": [(binomial, "ends", shrunk), (binomial, "ends", lowered)],
    "population-mean": [(means, "expected_distance", lambda *_: 0.0), (means, "deviation", lambda *_: 0.0)],
    "population-mean-sharp": [(means, "refined_root", lambda *of: of[2]), (means, "deviation", lambda *_: 0.0)],
    "population-products": [
        (products, "product_slack", lambda first, second, e, f: e * second + f * first),
        (products, "product_slack", lambda _, second, e, f: e * second + e * f),
    ],
    "population-anchor": [(anchor, "anchor_main_part", lambda views, a, delta: PART(views, a, 2 * delta))],
}
PART = anchor.anchor_main_part


@pytest.mark.parametrize(
    ("claim", "module", "name", "false"),
    [(claim, *row) for claim, rows in FALSE_FORMULAS.items() for row in rows],
)
def test_a_false_formula_is_found_out(claim, module, name, false, monkeypatch):
    monkeypatch.setattr(module, name, false)
    assert falsify(predicate(claim)).violated


def test_the_events_of_a_union_need_the_whole_split(monkeypatch):
    """Each event at the level meant for all of them."""
    monkeypatch.setattr(
        estimates, "split_level", lambda level, events: estimates.LevelSplit(level, dict.fromkeys(events, level))
    )
    assert falsify(predicate("population-union")).violated


@pytest.mark.parametrize("claim", ["population-binomial", "population-union", "population-products"])
def test_bounds_that_can_be_attained_nearly_are(claim):
    assert falsify(predicate(claim)).slack < 1e-6


def test_coverage_by_enumerating_all_samples():
    rng = np.random.default_rng(0)
    atoms, chances = rng.normal(size=(3, 2)) / 4, np.array([0.5, 0.3, 0.2])
    law = Law(atoms, chances, 4, 1.0, 0.1)
    mu, total = chances @ atoms, 0.0
    for drawn in itertools.product(range(3), repeat=4):
        m = atoms[list(drawn)].mean(axis=0)
        total += chances[list(drawn)].prod() * (np.linalg.norm(m - mu) <= 0.03 + np.linalg.norm(m) / 8)
    assert law.coverage(lambda norms: 0.03 + norms / 8) == pytest.approx(total)
    assert 0.1 < total < 0.9


@pytest.mark.parametrize(("p", "covered"), [(0.4, [1, 1, 1]), (0.97, [1, 0.97, 0.97]), (0.03, [0.97, 1, 0.97])])
def test_what_is_read_of_one_trial(p, covered):
    """At the level .9 one success puts p above .1 and none below .9; above .05 and below .95 on both sides."""
    reading = binomial._read(binomial.Proportion(p, 1, 0.9))
    assert reading.left == pytest.approx([0.9, 0.9, 0.9, 0.1, 0.1])
    assert reading.right == pytest.approx([*covered, 0.1, 0.1])


def test_what_is_read_of_a_sample_mean():
    """Four coins of +-1: the mean is off by 0, 1/2 or 1; at a = .9 the radius lies between the last two."""
    law = Law(np.array([[1.0], [-1.0]]), np.array([0.5, 0.5]), 4, 1.0, 0.9)
    radius = 0.5 * (1 + np.sqrt(2 * np.log(1 / 0.9)))
    assert means.mean_radius(4, 1 - 0.9, 1.0) == pytest.approx(radius)
    reading = means._read_mean(law)
    assert reading.left == pytest.approx(0.1)
    assert reading.right == pytest.approx(1 - 2 / 16)  # |m| is 1/2 or less but for four equal faces
    reading = means._read_sharp(law)
    refined = [means.refined_mean_radius(w, 4, 1 - 0.9, 1.0) for w in np.linspace(0, 1, 20)]
    assert reading.left == pytest.approx([*refined, 0.1])
    assert reading.right == pytest.approx([*[radius] * 20, 1 - 2 / 16])


def test_what_is_read_of_two_events():
    events = np.array([[True, True, False, True], [True, False, True, True]])
    reading = estimates._read(estimates.Events(events, np.array([0.7, 0.1, 0.1, 0.1]), 0.4))
    assert reading.hypotheses == {"each event": pytest.approx(0.1)}
    assert (reading.left, reading.right) == (pytest.approx(0.6), pytest.approx(0.8))


@pytest.mark.parametrize(("delta", "apart", "covered"), [(2.0, 2.0, 1.0), (1.0, 0.0, 0.7)])
def test_what_is_read_of_an_anchor(delta, apart, covered):
    """At the level .1 one member seen in one draw claims sigma >= .9; within 1 the largest part has the mass .8."""
    views = np.array([0.0, 1.0, 2.0])[:, None, None].repeat(3, axis=1)
    world = anchor.Anchored(views, np.array([0.5, 0.3, 0.2]), np.ones(1), delta, 1, 0.1)
    reading = anchor._read(world)
    assert reading.left == pytest.approx([apart, 0.1])
    assert reading.right == pytest.approx([delta, covered])

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

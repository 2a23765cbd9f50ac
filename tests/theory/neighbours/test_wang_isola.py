"""InfoNCE with many negatives: against loops, of order 1/M, and caught where a constant is wrong."""

import itertools

import numpy as np
import pytest

from tests.theory.neighbours.worlds import world
from theory.divergence.losses import info_nce
from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.neighbours import wang_isola
from theory.worlds import on_sphere

PREDICATES = {claim.id: claim.predicate for claim in wang_isola.CLAIMS}
DEVIATION = wang_isola.deviation


@pytest.mark.parametrize("claim", PREDICATES)
def test_the_hypotheses_are_met_often_enough(claim):
    search = falsify(PREDICATES[claim])
    assert search.met >= ENOUGH
    assert not search.violated


@pytest.mark.parametrize(
    ("name", "wrong", "claim"),
    [
        ("deviation", lambda f: (0.0, DEVIATION(f)[1]), "wang-isola"),
        ("deviation", lambda f: (DEVIATION(f)[0], -DEVIATION(f)[0] / 2), "wang-isola"),
        ("ABOVE", 2.0, "wang-isola"),
        ("BELOW", 1.0, "wang-isola"),
    ],
)
def test_a_wrong_formula_is_found(monkeypatch, name, wrong, claim):
    monkeypatch.setattr(wang_isola, name, wrong)
    assert falsify(PREDICATES[claim]).violated


def test_one_negative_is_the_infonce_of_the_project():
    for seed in range(3):
        assert wang_isola.loss_of_negatives(world(seed).features, 1) == pytest.approx(info_nce(world(seed)).loss)


def test_the_loss_of_two_negatives_is_the_mean_over_all_choices():
    features = on_sphere(np.random.default_rng(1).normal(size=(2, 2, 3)))
    views = features.reshape(4, 3)
    terms = []
    for i, a, b in itertools.product(range(2), range(2), range(2)):
        for j, k in itertools.product(range(4), range(4)):
            u, v, w = (np.exp(features[i, a] @ z) for z in (features[i, b], views[j], views[k]))
            terms.append(-np.log(u / (u + v + w)))
    assert wang_isola.loss_of_negatives(features, 2) == pytest.approx(np.mean(terms))


def test_blocks_of_views_make_no_difference(monkeypatch):
    features = world(2).features
    whole = wang_isola.asymptotic_loss(features), *wang_isola.deviation(features)
    monkeypatch.setattr(wang_isola, "ROWS", 3)
    assert (wang_isola.asymptotic_loss(features), *wang_isola.deviation(features)) == pytest.approx(whole)


def test_the_deviation_is_of_order_one_over_M_and_no_smaller():
    features = on_sphere(np.random.default_rng(3).normal(size=(2, 1, 2)))
    limit = wang_isola.asymptotic_loss(features)
    scaled = [M * abs(wang_isola.loss_of_negatives(features, M) - np.log(M) - limit) for M in (4, 8, 12)]
    assert max(scaled) / min(scaled) < 1.2

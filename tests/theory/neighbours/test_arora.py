"""Arora's bound: caught where its formula is wrong, attained, and broken where views are the positives."""

import numpy as np
import pytest

from tests.theory.neighbours.worlds import simplex
from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.neighbours import arora
from theory.setting import FiniteWorld

PREDICATES = {claim.id: claim.predicate for claim in arora.CLAIMS}


@pytest.mark.parametrize("claim", ["arora"])
def test_the_hypotheses_are_met_often_enough(claim):
    search = falsify(PREDICATES[claim])
    assert search.met >= ENOUGH
    assert not search.violated


@pytest.mark.parametrize(
    ("name", "wrong", "claim"),
    [
        ("transferred", lambda loss, tau: loss - tau, "arora"),
        ("transferred", lambda loss, tau: (loss - 2 * tau) / (1 - tau), "arora"),
    ],
)
def test_a_wrong_formula_is_found(monkeypatch, name, wrong, claim):
    monkeypatch.setattr(arora, name, wrong)
    assert falsify(PREDICATES[claim]).violated


def test_views_as_positives_break_the_bound_of_arora():
    assert falsify(PREDICATES["arora-views"]).violated
    measured, bound = arora._bounded(arora.same_codes(), arora.same_codes().groups)
    assert (measured, bound) == (1, 0)


@pytest.mark.parametrize("loss", arora.LOSSES)
def test_the_contrastive_loss_is_the_mean_over_all_triples(loss):
    rng = np.random.default_rng(0)
    codes, labels = rng.normal(size=(6, 3)), np.array([0, 0, 1, 1, 1, 2])
    terms = [
        np.mean([loss(codes[i] @ (codes[j] - codes[k])) for j in np.flatnonzero(labels == labels[i]) for k in range(6)])
        for i in range(6)
    ]
    assert arora.contrastive_loss(codes, labels, loss) == pytest.approx(np.mean(terms))
    means = np.array([codes[labels == k].mean(axis=0) for k in range(3)])
    pairs = [(i, k) for i in range(6) for k in range(3) if k != labels[i]]
    weights = np.array([(labels == k).sum() for _, k in pairs])
    expected = weights @ [loss(codes[i] @ (means[labels[i]] - means[k])) for i, k in pairs] / weights.sum()
    assert arora.mean_classifier_loss(codes, labels, loss) == pytest.approx(expected)


def test_the_bound_of_arora_is_attained_by_codes_that_are_one_per_class():
    features, labels = simplex(3)
    (finding,) = arora.findings(FiniteWorld(features, features, labels))
    assert finding.bound == pytest.approx(0) == finding.measured
    assert not finding.silence


def test_the_losses_are_one_at_zero_and_what_they_are_called():
    assert [loss(0.0) for loss in arora.LOSSES] == [1, 1, 1]
    assert arora.hinge(np.array([-1.0, 0.5, 2.0])).tolist() == [2, 0.5, 0]
    assert arora.square(np.array([-1.0, 3.0])).tolist() == [4, 4]
    assert arora.logistic(np.array([-1.0, 1.0])) == pytest.approx(np.log2(1 + np.exp([1.0, -1.0])))


def test_an_audit_takes_the_samples_themselves_up_to_a_number(monkeypatch):
    features, labels = simplex(3)
    moved = np.stack([features[:, 0], features[[0, 0, 0], 0]], axis=1)  # the second views are all alike: a loss of 1
    monkeypatch.setattr(arora, "SAMPLES", 3)
    (finding,) = arora.findings(FiniteWorld(moved, moved, labels))
    assert finding.measured == pytest.approx(0)
    monkeypatch.setattr(arora, "SAMPLES", 2)
    assert arora.findings(FiniteWorld(moved, moved, labels))[0].measured is None

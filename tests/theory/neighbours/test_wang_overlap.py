"""Cross-entropy of the mean classifier: both sides, the floor, and what is caught where a constant is wrong."""

import numpy as np
import pytest

from tests.theory.neighbours.worlds import simplex, world
from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.neighbours import wang_isola, wang_overlap
from theory.setting import FiniteWorld

PREDICATES = {claim.id: claim.predicate for claim in wang_overlap.CLAIMS}


@pytest.mark.parametrize("claim", PREDICATES)
def test_the_hypotheses_are_met_often_enough(claim):
    search = falsify(PREDICATES[claim])
    assert search.met >= ENOUGH
    assert not search.violated


@pytest.mark.parametrize(
    ("name", "wrong", "claim"),
    [
        ("noted_bounds", lambda V: (V / 4, np.sqrt(V)), "wang-overlap"),
        ("noted_bounds", lambda V: (np.sqrt(V) + V / 2, V / 2), "wang-overlap"),
        ("sharp_bounds", lambda V, Vb: (0.25 * V - Vb, Vb), "wang-overlap-sharp"),
        ("sharp_bounds", lambda V, Vb: (np.e / 2 * V - Vb, Vb / 2), "wang-overlap-sharp"),
        ("error_bound", lambda L, _, H: (L + H) / np.log(2), "wang-overlap-sharp"),
        ("least_cross_entropy", lambda K: np.log1p((K - 1) * np.exp(-1)), "wang-overlap-floor"),
    ],
)
def test_a_wrong_formula_is_found(monkeypatch, name, wrong, claim):
    monkeypatch.setattr(wang_overlap, name, wrong)
    assert falsify(PREDICATES[claim]).violated


def test_a_simplex_attains_the_floor_and_the_upper_side():
    for K in (2, 3, 6):
        features, labels = simplex(K)
        head = wang_overlap.mean_classifier(features, labels)
        assert head.cross_entropy == pytest.approx(wang_overlap.least_cross_entropy(K))
        assert head.within == pytest.approx(0, abs=1e-12)
        assert head.cross_entropy - head.entropy == pytest.approx(wang_isola.asymptotic_loss(features))
        assert head.error == 0
        (finding,) = wang_overlap.findings(FiniteWorld(features, features, labels))
        assert (finding.silence == "") is (K < 5)


def test_the_factor_of_V_that_is_needed_below_is_no_less_than_four_tenths():
    """Two opposite points in every class: J = log cosh 1 and V = 1."""
    features = np.array([[[1.0]], [[-1.0]]] * 2)
    features = np.concatenate([features, np.zeros_like(features)], axis=2)
    labels = np.array([0, 0, 1, 1])
    head = wang_overlap.mean_classifier(features, labels)
    excess = head.cross_entropy - head.entropy - wang_isola.asymptotic_loss(features)
    assert head.within == pytest.approx(1) == head.between
    assert head.between - excess == pytest.approx(np.log(np.cosh(1)))


def test_the_error_is_that_of_the_scores_with_the_log_of_the_shares():
    w = world(5)
    shares = np.bincount(w.labels) / len(w.labels)
    means = np.array([w.features[w.labels == k].mean(axis=(0, 1)) for k in range(w.classes)])
    scores = w.features @ means.T + np.log(shares)
    head = wang_overlap.mean_classifier(w.features, w.labels)
    assert head.error == pytest.approx((scores.argmax(axis=2) != w.labels[:, None]).mean())
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    own = np.take_along_axis(probabilities, w.labels[:, None, None], axis=2)
    assert head.cross_entropy == pytest.approx(-np.log(own).mean())


def test_the_bounds_are_those_that_are_stated():
    assert wang_overlap.noted_bounds(0.25) == (0.625, 0.5)
    assert wang_overlap.sharp_bounds(0.5, 0.2) == pytest.approx((np.e / 4 - 0.2, 0.2))


@pytest.mark.parametrize("module", [wang_isola, wang_overlap])
def test_an_audit_contrasts_so_many_views_and_no_more(monkeypatch, module):
    features, labels = simplex(3)
    for most, left_out in ((6, False), (5, True)):
        monkeypatch.setattr(module, "VIEWS", most)
        (finding,) = module.findings(FiniteWorld(features, features, labels))
        assert np.isinf(finding.bound) == left_out

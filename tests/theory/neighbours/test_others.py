"""Arora, Wang and Isola, Wang et al., Saunshi: formulas against loops, constants against corruption, and near equality."""

import itertools

import numpy as np
import pytest

from theory.divergence.losses import info_nce
from theory.factors import nearest_mean_error
from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.neighbours import arora, saunshi, wang_isola, wang_overlap
from theory.setting import FiniteWorld
from theory.worlds import on_sphere, unit_worlds

MODULES = (arora, wang_isola, wang_overlap, saunshi)
PREDICATES = {claim.id: claim.predicate for module in MODULES for claim in module.CLAIMS}


def world(seed=0):
    point, build = unit_worlds(np.random.default_rng(seed))
    return build(point)


def simplex(K, m=2):
    vertices = np.sqrt(K / (K - 1)) * (np.eye(K) - 1 / K)
    features = np.repeat(vertices[:, None], m, axis=1)
    return features, np.arange(K)


@pytest.mark.parametrize("claim", [name for name in PREDICATES if name != "arora-views"])
def test_the_hypotheses_are_met_often_enough(claim):
    search = falsify(PREDICATES[claim])
    assert search.met >= ENOUGH
    assert not search.violated


@pytest.mark.parametrize(
    ("module", "name", "wrong", "claim"),
    [
        (arora, "transferred", lambda loss, tau: loss - tau, "arora"),
        (arora, "transferred", lambda loss, tau: (loss - 2 * tau) / (1 - tau), "arora"),
        (wang_isola, "deviation", lambda f: (0.0, DEVIATION(f)[1]), "wang-isola"),
        (wang_isola, "deviation", lambda f: (DEVIATION(f)[0], -DEVIATION(f)[0] / 2), "wang-isola"),
        (wang_isola, "ABOVE", 2.0, "wang-isola"),
        (wang_isola, "BELOW", 1.0, "wang-isola"),
        (wang_overlap, "noted_bounds", lambda V: (V / 4, np.sqrt(V)), "wang-overlap"),
        (wang_overlap, "noted_bounds", lambda V: (np.sqrt(V) + V / 2, V / 2), "wang-overlap"),
        (wang_overlap, "sharp_bounds", lambda V, Vb: (0.25 * V - Vb, Vb), "wang-overlap-sharp"),
        (wang_overlap, "sharp_bounds", lambda V, Vb: (np.e / 2 * V - Vb, Vb / 2), "wang-overlap-sharp"),
        (wang_overlap, "error_bound", lambda L, _, H: (L + H) / np.log(2), "wang-overlap-sharp"),
        (wang_overlap, "least_cross_entropy", lambda K: np.log1p((K - 1) * np.exp(-1)), "wang-overlap-floor"),
        (saunshi, "dealing", lambda labels: np.roll(np.arange(len(labels)), 1), "saunshi"),
        (saunshi, "dealing", lambda labels: np.zeros(len(labels), dtype=int), "saunshi"),
    ],
)
def test_a_wrong_formula_is_found(monkeypatch, module, name, wrong, claim):
    monkeypatch.setattr(module, name, wrong)
    assert falsify(PREDICATES[claim]).violated


DEVIATION = wang_isola.deviation


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


def test_dealing_is_a_permutation_that_gives_every_class_each_code_equally_often():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(3), 6))
    permutation = saunshi.dealing(labels)
    assert sorted(permutation) == list(range(18))
    for k in range(3):
        assert np.bincount(labels[permutation[labels == k]]).tolist() == [2, 2, 2]


def test_the_codes_of_an_encoder_that_classifies_well_are_dealt_out():
    codes, views = np.eye(4), 2
    w = saunshi.Collapsed(codes, views).world
    (finding,) = saunshi.findings(w)
    assert nearest_mean_error(w) == finding.trivial == 0
    assert finding.bound == 1
    assert not finding.silence
    assert float(saunshi.least_error(saunshi.dealt(w))) == 1 - 1 / 4
    (shared,) = saunshi.findings(FiniteWorld(w.features, w.features, w.labels))
    assert shared.silence == "some samples share a view"


def test_the_losses_tried_do_notice_another_encoder():
    """Else the comparison of them before and after would show nothing."""
    one, other = (saunshi.rational_losses(world(seed)) for seed in (6, 7))
    assert (abs(one - other) > 1e-6).all()

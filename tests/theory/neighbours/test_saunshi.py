"""Codes dealt out among samples: every class has each equally often, losses stay, errors do not."""

import numpy as np
import pytest

from tests.theory.neighbours.worlds import world
from theory.divergence.losses import view_correlation
from theory.factors import least_head_error, nearest_mean_error
from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.neighbours import saunshi
from theory.setting import FiniteWorld

PREDICATES = {claim.id: claim.predicate for claim in saunshi.CLAIMS}


@pytest.mark.parametrize("claim", PREDICATES)
def test_the_hypotheses_are_met_often_enough(claim):
    search = falsify(PREDICATES[claim])
    assert search.met >= ENOUGH
    assert not search.violated


@pytest.mark.parametrize(
    ("name", "wrong", "claim"),
    [
        ("dealing", lambda labels: np.roll(np.arange(len(labels)), 1), "saunshi"),
        ("dealing", lambda labels: np.zeros(len(labels), dtype=int), "saunshi"),
    ],
)
def test_a_wrong_formula_is_found(monkeypatch, name, wrong, claim):
    monkeypatch.setattr(saunshi, name, wrong)
    assert falsify(PREDICATES[claim]).violated


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
    assert float(least_head_error(saunshi.dealt(w))) == 1 - 1 / 4
    (shared,) = saunshi.findings(FiniteWorld(w.features, w.features, w.labels))
    assert shared.silence == "some samples share a view"


def test_the_losses_tried_do_notice_another_encoder():
    """Else the comparison of them before and after would show nothing."""
    one, other = (saunshi.rational_losses(world(seed)) for seed in (6, 7))
    assert (abs(one - other) > 1e-6).all()


def test_the_cross_correlation_loss_is_taken_at_lambda_one_half():
    C = view_correlation(world(6).features)
    off = C - np.diag(C.diagonal())
    expected = ((1 - C.diagonal()) ** 2).sum() + (off**2).sum() / 2
    assert saunshi.rational_losses(world(6))[3] == pytest.approx(expected)

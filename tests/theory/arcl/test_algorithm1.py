import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirical.training.objectives import nt_xent
from tests.theory.proofs import discharged
from tests.theory.worlds import worlds
from theory import arcl as transfer
from theory.arcl import algorithm1
from theory.factors import robust_alignment

TEMPERATURES = st.sampled_from([0.05, 0.2, 1.0, 10.0])


def draw(seed, n, m, d, spread=1.0):
    """m views of n samples around n centres, of any norms."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1, d)) + spread * rng.normal(size=(n, m, d))


features = st.builds(
    draw,
    st.integers(0, 2**32 - 1),
    n=st.integers(2, 5),
    m=st.integers(2, 5),
    d=st.integers(1, 4),
    spread=st.sampled_from([0.01, 0.3, 2.0]),
)


def naive(z, tau, positive):
    """Algorithm 1 line by line; `positive` is what takes the place of min on line 7."""
    n, m, _ = z.shape

    def sim(a, b):
        return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))

    total = 0.0
    for i in range(n):
        plus = positive([sim(z[i, j], z[i, k]) for j in range(m) for k in range(m) if j != k])
        s = [sim(z[i, 0], z[j, 0]) for j in range(n)] + [sim(z[i, 0], z[j, 1]) for j in range(n)]
        below = sum(math.exp(s[j] / tau) for j in range(2 * n) if j != i)
        total -= math.log(math.exp(plus / tau) / below)
    return total / n


@settings(max_examples=100, deadline=None)
@given(features, TEMPERATURES)
def test_losses_match_plain_loops(z, tau):
    assert transfer.arcl_loss(z, tau) == pytest.approx(naive(z, tau, min), abs=1e-9)
    assert transfer.aal_loss(z, tau) == pytest.approx(naive(z, tau, np.mean), abs=1e-9)
    assert transfer.nt_xent_one_way(z, tau) == pytest.approx(naive(z[:, :2], tau, min), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(features, TEMPERATURES)
def test_two_views_give_one_direction_of_nt_xent(z, tau):
    """Averaged over both directions it is SimCLR's loss, written independently in PyTorch."""
    z = z[:, :2]
    one, other = transfer.nt_xent_one_way(z, tau), transfer.nt_xent_one_way(z[:, ::-1], tau)
    assert transfer.arcl_loss(z, tau) == pytest.approx(one, abs=1e-12)
    assert transfer.aal_loss(z, tau) == pytest.approx(one, abs=1e-12)
    both = nt_xent(torch.tensor(z[:, 0]), torch.tensor(z[:, 1].copy()), tau)
    assert (one + other) / 2 == pytest.approx(float(both), rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(features, TEMPERATURES)
def test_worst_pair_costs_most_and_more_views_cost_more(z, tau):
    slack = 1e-9 / tau
    losses = [transfer.arcl_loss(z[:, :m], tau) for m in range(2, z.shape[1] + 1)]
    assert all(a <= b + slack for a, b in itertools.pairwise(losses))
    assert losses[-1] >= transfer.aal_loss(z, tau) - slack
    assert losses[0] == pytest.approx(transfer.nt_xent_one_way(z, tau), abs=slack)
    assert losses[0] > 0 if tau >= 1 else losses[0] >= -slack  # the columns may weigh less than rounding


def test_the_order_is_strict_more_often_than_not():
    drawn = [draw(seed, 4, 4, 3) for seed in range(50)]
    gaps = [transfer.arcl_loss(z, 0.2) - transfer.aal_loss(z, 0.2) for z in drawn]
    over = [transfer.arcl_loss(z, 0.2) - transfer.nt_xent_one_way(z, 0.2) for z in drawn]
    assert min(gaps) > 0.1
    assert sum(value > 0.1 for value in over) >= 40


@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize("m", [2, 4])
def test_identical_features_give_log_2n_minus_1(n, m):
    z = np.ones((n, m, 3))
    for loss in (transfer.arcl_loss, transfer.aal_loss, transfer.nt_xent_one_way):
        assert loss(z, 0.3) == pytest.approx(math.log(2 * n - 1), abs=1e-12)


def test_the_positive_pair_of_views_1_and_2_is_a_column_and_the_anchor_itself_is_not():
    """Orthogonal samples, aligned views: one column at 1 and 2N - 2 at 0. Without column N + i the sum would be 2N - 2."""
    z = np.repeat(np.eye(3)[:, None], 2, axis=1)
    assert transfer.arcl_loss(z, 1.0) == pytest.approx(math.log(math.e + 4) - 1)
    assert algorithm1.columns(transfer.similarities(z)).shape == (3, 5)


def test_aal_may_be_negative_and_is_no_cross_entropy_beyond_two_views():
    """Views 1 and 2 opposed, all others at view 2: most pairs agree, and none of them is a column."""
    z = np.repeat(np.array([[[1.0, 0.0]], [[1.0, 1e-3]]]), 8, axis=1)
    z[:, 0] *= -1
    z[1, 0] = [0.0, 1.0]
    assert transfer.aal_loss(z, 0.1) < -1
    assert transfer.arcl_loss(z, 0.1) > 0


@settings(max_examples=60, deadline=None)
@given(worlds, TEMPERATURES)
def test_on_unit_features_the_loss_is_the_robust_loss_plus_a_term_without_positives(world, tau):
    z = world.features
    spread = np.mean([np.log(np.exp(row / tau).sum()) for row in algorithm1.columns(transfer.similarities(z))])
    assert transfer.arcl_loss(z, tau) == pytest.approx((robust_alignment(world) / 2 - 1) / tau + spread, abs=1e-9)
    assert transfer.aal_loss(z, tau) == pytest.approx((transfer.average_alignment(z) / 2 - 1) / tau + spread, abs=1e-9)


def test_losses_do_not_overflow_at_small_temperatures():
    z = np.array([[[1.0, 0.0], [-1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    assert transfer.arcl_loss(z, 1e-4) == pytest.approx(0.5 * 1e4, rel=1e-3)


@pytest.mark.parametrize(
    ("z", "tau", "message"),
    [
        (np.ones((2, 2, 3)), 0.0, r"tau=0.0: not positive and finite; give a temperature"),
        (np.ones((2, 2, 3)), math.nan, r"tau=nan"),
        (np.ones((1, 2, 3)), 1.0, r"z.shape=\(1, 2, 3\)"),
        (np.ones((2, 1, 3)), 1.0, r"1 view of a sample"),
        (np.full((2, 2, 3), np.inf), 1.0, r"z\[0, 0, 0\]=inf"),
        (np.stack([np.ones((2, 3)), np.zeros((2, 3))]), 1.0, r"z\[1, 0\]=0: a zero vector"),
    ],
)
@pytest.mark.parametrize("loss", ["arcl_loss", "aal_loss", "nt_xent_one_way"])
def test_bad_input_is_named(loss, z, tau, message):
    with pytest.raises(ValueError, match=message):
        getattr(transfer, loss)(z, tau)


def all_columns(s):
    """The anchor's own column kept."""
    return np.concatenate([s[:, 0, :, 0], s[:, 0, :, 1]], axis=1)


def negatives_only(s):
    """The positive's column N + i left out too."""
    n = len(s)
    return all_columns(s)[~np.tile(np.eye(n, dtype=bool), 2)].reshape(n, 2 * n - 2)


def first_views_twice(s):
    """The second views' columns forgotten."""
    return all_columns(s[:, [0, 0]][..., [0, 0]])[~np.eye(len(s), 2 * len(s), dtype=bool)].reshape(len(s), -1)


def contrast_mutant(positive, others, tau):
    """The sign of the positive lost."""
    return (algorithm1._log_sum_exp(others / tau) + positive / tau).sum() / len(positive)


def summed(positive, others, tau):
    """Summed over the batch, not averaged."""
    return (algorithm1._log_sum_exp(others / tau) - positive / tau).sum()


def untempered(positive, others, tau):
    """The positive not divided by tau."""
    return (algorithm1._log_sum_exp(others / tau) - positive).sum() / len(positive)


def best_positive(s):
    """max for min."""
    return np.maximum.reduce(algorithm1._positives(s))


def positive_with_itself(s):
    """Pairs j = k averaged in."""
    i = np.arange(len(s))
    return s[i, :, i, :].mean(axis=(1, 2))


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("columns", all_columns),
        ("columns", negatives_only),
        ("columns", first_views_twice),
        ("contrast", contrast_mutant),
        ("contrast", summed),
        ("contrast", untempered),
    ],
)
def test_a_mutated_formula_is_no_longer_proved(name, mutant, monkeypatch):
    monkeypatch.setattr(algorithm1, name, mutant)
    (claim,) = algorithm1.CLAIMS
    assert not discharged(claim)


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("worst_positive", best_positive),
        ("worst_positive", algorithm1.mean_positive),
        ("mean_positive", positive_with_itself),
        ("columns", negatives_only),
        ("contrast", summed),
    ],
)
def test_a_mutated_formula_differs_from_the_loops(name, mutant, monkeypatch):
    z, tau = draw(0, 4, 4, 3), 0.2

    def off():
        worst = abs(transfer.arcl_loss(z, tau) - naive(z, tau, min))
        return max(worst, abs(transfer.aal_loss(z, tau) - naive(z, tau, np.mean)))

    assert off() < 1e-9
    monkeypatch.setattr(algorithm1, name, mutant)
    assert off() > 1e-3

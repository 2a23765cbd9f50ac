"""The predicates of ArCL's statements: met, near to equality, and broken by every false variant."""

import math
from dataclasses import replace

import numpy as np
import pytest

from theory.arcl import (
    algorithm1,
    augmentation_robust,
    example1,
    linear_heads,
    theorem2_corrected,
    theorem2_squared,
    theorem2_zero_one,
)
from theory.arcl.domains import Domains, opposed_pair, pairs_of_domains, single_sample
from theory.falsification import falsify
from theory.ledger import ENOUGH

MODULES = (algorithm1, augmentation_robust, example1, theorem2_corrected, theorem2_squared, theorem2_zero_one)
CLAIMS = {claim.id: claim for module in MODULES for claim in module.CLAIMS}
PROVED = [
    "arcl-2-corrected",
    "arcl-2-gap",
    "arcl-2-head",
    "arcl-2-range",
    "arcl-algorithm-1",
    "example-1",
    "l-ar",
    "l-ar-m",
]


@pytest.mark.parametrize("claim", PROVED)
def test_worlds_meet_the_hypotheses_and_come_near_to_equality(claim):
    search = falsify(CLAIMS[claim].predicate)
    assert not search.violated
    assert search.met >= 2 * ENOUGH
    assert abs(search.slack) < 1e-5


@pytest.mark.parametrize("claim", ["arcl-2-squared", "arcl-2-zero-one"])
def test_a_refuted_statement_is_broken(claim):
    assert falsify(CLAIMS[claim].predicate).violated


def shift(factor):
    return lambda c, norm, displacement: factor * c * norm * displacement


def worst_of(values):
    return lambda c, a, b, displacement: c * values(a, b) * displacement


shift_for_gap, example_risk, robust_loss = (
    example1.shift_for_gap,
    example1.example_risk,
    augmentation_robust.robust_loss,
)
FALSE = {
    "one head, 3 % less": ("arcl-2-head", theorem2_corrected, "risk_shift", shift(0.97)),
    "one head, no c": ("arcl-2-head", theorem2_corrected, "risk_shift", lambda _, norm, gap: norm * gap),
    "one head, no norm": ("arcl-2-head", theorem2_corrected, "risk_shift", lambda c, _, gap: c * gap),
    "one head, squared": ("arcl-2-head", theorem2_corrected, "risk_shift", lambda c, norm, gap: c * norm * gap**2),
    "gap, 3 % less": ("arcl-2-gap", theorem2_corrected, "risk_shift", shift(0.97)),
    "gap, no norm": ("arcl-2-gap", theorem2_corrected, "risk_shift", lambda c, _, gap: c * gap / 2),
    "excess, 3 % less": ("arcl-2-corrected", theorem2_corrected, "risk_shift", shift(0.97)),
    "excess, the larger head": ("arcl-2-corrected", theorem2_corrected, "transfer_bound", worst_of(max)),
    "excess, own head": ("arcl-2-corrected", theorem2_corrected, "transfer_bound", worst_of(lambda a, _: 2 * a)),
    "excess, heads swapped": (
        "arcl-2-corrected",
        theorem2_corrected,
        "transfer_excess",
        lambda own, other, *rest: theorem2_corrected.head_risk(own, *rest) - theorem2_corrected.head_risk(other, *rest),
    ),
    "range, a little below 1": ("arcl-2-range", theorem2_squared, "robust_loss", lambda f: 1.1 * robust_loss(f)),
    "algorithm 1, the best positive": (
        "arcl-algorithm-1",
        algorithm1,
        "worst_positive",
        lambda s: np.maximum.reduce(algorithm1._positives(s)),
    ),
    "algorithm 1, the mean positive": ("arcl-algorithm-1", algorithm1, "worst_positive", algorithm1.mean_positive),
    "algorithm 1, all columns": (
        "arcl-algorithm-1",
        algorithm1,
        "columns",
        lambda s: np.concatenate([s[:, 0, :, 0], s[:, 0, :, 1]], axis=1),
    ),
    "algorithm 1, L_AR not halved": ("arcl-algorithm-1", algorithm1, "robust_loss", lambda z: 2 * robust_loss(z)),
    "example 1, slope": ("example-1", example1, "example_risk", lambda c, eps: example_risk(2 * c, eps)),
    "example 1, alignment": ("example-1", example1, "example_alignment", lambda eps: eps),
    "example 1, gap": ("example-1", example1, "shift_for_gap", lambda gap, eps: shift_for_gap(gap / 2, eps)),
    "L_AR, the mean": ("l-ar", augmentation_robust, "robust_loss", augmentation_robust.average_alignment),
    "L_AR, clipped": ("l-ar", augmentation_robust, "clipped_robust_loss", lambda eps, bound: eps * bound),
    "L_AR, m views": ("l-ar-m", augmentation_robust, "distinct_share", lambda m: m / (m + 1)),
    "L_AR, twice": ("l-ar-m", augmentation_robust, "robust_loss", lambda f: 1.03 * robust_loss(f)),
    "L_AR, half": ("l-ar-m", augmentation_robust, "robust_loss", lambda f: 0.97 * robust_loss(f)),
}


@pytest.mark.parametrize("variant", FALSE)
def test_a_false_variant_is_broken(variant, monkeypatch):
    claim, module, name, false = FALSE[variant]
    monkeypatch.setattr(module, name, false)
    assert falsify(CLAIMS[claim].predicate).violated


def test_the_zero_one_bound_fails_exactly_below_2_c_t_d_equal_to_1():
    predicate = CLAIMS["arcl-2-zero-one"].predicate
    world = theorem2_zero_one.Signs(d=0.5, t=1.0, c=1.0)
    assert not predicate.read(world).violated
    assert predicate.read(replace(world, t=0.4)).violated
    assert predicate.read(replace(world, d=0.1)).violated


def test_the_pinned_witness_against_the_statement_with_l_ar():
    features, targets = (values.astype(float) for values in single_sample(0.25))
    world = Domains(features, targets, np.ones(1), np.ones(1))
    reading = CLAIMS["arcl-2-squared"].predicate.read(world)
    assert reading.violated
    assert max(reading.left) == pytest.approx((1 / 5) / (9 / 80))


def test_best_heads_in_floats_are_the_exact_ones():
    rng, several = np.random.default_rng(0), 0
    for _ in range(150):
        start, build = pairs_of_domains(rng)
        world = build(start)
        if not world.determined > 0:
            continue
        for view in (0, 1):
            exact = linear_heads.optimal_heads(world.features[:, view], world.targets, linear_heads.absolute_loss)
            floats = replace(world, rise=np.ones_like(world.rise), fall=np.ones_like(world.fall)).best_heads(view)
            nearest = abs(floats[:, None] - exact.astype(float)).max(axis=2).min(axis=1)
            assert nearest.max() < 1e-6
            several += len(floats) > 1
    assert several >= 3


def test_undetermined_heads_do_not_meet_the_hypotheses():
    features = np.array([[[0.0], [1.0]], [[0.0], [2.0]]])
    world = Domains(features, np.ones(2), np.ones(2), np.ones(2))
    assert world.determined < 0
    assert list(world.pairs_of_heads()) == []
    assert not CLAIMS["arcl-2-corrected"].predicate.read(world).met


def test_losses_of_domains_are_those_of_linear_heads():
    t, y = np.array([2.0, -1.0, 0.5]), np.array([1.0, 1.0, -1.0])
    absolute = Domains(np.ones((3, 2, 1)), y, np.ones(3), np.ones(3))
    assert absolute.loss(t, y).tolist() == linear_heads.absolute_loss(t, y).tolist()
    hinge = replace(absolute, rise=(y < 0).astype(float), fall=(y > 0).astype(float))
    assert hinge.loss(t, y).tolist() == linear_heads.hinge_loss(t, y).tolist()
    assert hinge.steepest == 1
    assert replace(hinge, rise=np.array([0, 3.0, 1])).steepest == 3


def test_zero_one_loss_by_hand():
    assert linear_heads.zero_one_loss(np.array([0.0, -1e-9, 3.0, -2.0]), np.array([1, 1, 0, 0])).tolist() == [
        0,
        1,
        1,
        0,
    ]


def test_measured_risk_of_a_probe_by_hand():
    assert example1.measured_risk(0.5, 2.0, 0.0, 1.0) == pytest.approx(0.5, abs=1e-12)
    assert example1.measured_risk(0.5, 2.0, 0.0, -1.0) == pytest.approx(0.5, abs=1e-12)
    right = example1.measured_risk(1.0, 2.0, 1.0, 0.0)
    assert right == pytest.approx(0.25, abs=1e-12)
    assert example1.measured_risk(1.0, 2.0, -1.0, 0.0) == pytest.approx(1 - right, abs=1e-12)
    assert example1.measured_alignment(math.pi) == pytest.approx(math.pi / 2)


def test_what_is_read_of_a_pair_that_moves_by_three_quarters():
    """h_A = 2/3 and h_A' = -4/5 with the least risks 2/3 and 4/5; on the first domain h_A' has the risk 7/5."""
    features, targets = (values.astype(float) for values in opposed_pair(0.5, 0.25))
    world = Domains(features, targets, np.ones(2), np.ones(2))
    reading = theorem2_corrected._transfer(world)
    assert reading.left == pytest.approx([(7 / 5 - 2 / 3) / (0.75 * (2 / 3 + 4 / 5)), 1])
    assert reading.right.tolist() == [1, 1]
    gap = 4 / 5 - 2 / 3
    reading = theorem2_corrected._gap_of_best(world)
    assert reading.left == pytest.approx([0, -gap / (0.75 * 4 / 5), gap / (0.75 * 2 / 3)])
    reading = theorem2_corrected._shift(theorem2_corrected.HeadOnDomains(np.ones(1), world))
    assert (float(reading.left), reading.right) == (pytest.approx((5 / 4 - 1) / 0.75), 1)

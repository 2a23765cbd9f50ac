"""What the statements on ArCL read of one world, by hand or by loops: a side that is too large breaks no world, and a search
never notices it."""

import itertools
import math

import numpy as np
import pytest

from theory.arcl import (
    algorithm1,
    augmentation_robust,
    example1,
    theorem2_corrected,
    theorem2_squared,
    theorem2_zero_one,
)
from theory.arcl.domains import Domains
from theory.worlds import on_sphere


def test_the_robust_loss_is_read_with_one_view_fewer_and_on_example_1():
    features = np.random.default_rng(0).normal(size=(2, 4, 3))
    squares = [[[((a - b) ** 2).sum() for a in views] for b in views] for views in features]
    align, most = np.mean(squares), np.mean([np.max(of) for of in squares])
    fewer = np.mean([np.max(np.array(of)[:3, :3]) for of in squares])
    assert fewer < most
    for width, forced in ((1.5, 1 / 1.5**2), (1.0, 1.0), (0.9, 0.0)):  # B = width c', eps B^2 = 4 width^2
        reading = augmentation_robust._order(augmentation_robust.ViewSets(features, 0.3, width))
        assert reading.left == pytest.approx([align / most, fewer / most, 0, forced])
        assert reading.right == [1, 1, 0, 1]
    reading = augmentation_robust._factors(augmentation_robust.ViewSets(features, 0.3, 1.0))
    assert reading.left == pytest.approx([0, 4 / 3 * align / most, most / (4 * align)])
    assert reading.right == [0, 1, 1]


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_an_identity_that_fails_is_read_whichever_way_it_errs(factor, monkeypatch):
    views = augmentation_robust.ViewSets(np.random.default_rng(0).normal(size=(2, 4, 3)), 0.3, 1.5)
    clipped, share = augmentation_robust.clipped_robust_loss, augmentation_robust.distinct_share
    monkeypatch.setattr(augmentation_robust, "clipped_robust_loss", lambda *of: clipped(*of) / factor)
    monkeypatch.setattr(augmentation_robust, "distinct_share", lambda m: share(m) / factor)
    assert augmentation_robust._order(views).left[2] == pytest.approx(0.2)
    assert augmentation_robust._factors(views).left[0] == pytest.approx(0.2)

    world = example1.Example(eps=0.5, c=2.0, gap=0.2, h=1.0, b=0.0)
    alignment, risk, shift = example1.example_alignment, example1.example_risk, example1.shift_for_gap
    monkeypatch.setattr(example1, "example_alignment", lambda eps: alignment(eps) / factor)
    monkeypatch.setattr(example1, "example_risk", lambda *of: risk(*of) * factor)
    monkeypatch.setattr(example1, "shift_for_gap", lambda gap, eps: shift(gap * factor, eps))
    left = example1._risks(world).left
    assert left[0] == pytest.approx(0.2)
    assert left[2] == pytest.approx(0.2 * risk(2.0, 0.5))
    assert left[3] == pytest.approx(0.2 * 0.2)

    batch = algorithm1.Batch(on_sphere(np.random.default_rng(1).normal(size=(3, 3, 2))), 0.5)
    positive, robust = algorithm1.worst_positive, algorithm1.robust_loss
    monkeypatch.setattr(algorithm1, "robust_loss", lambda z: robust(z) + 2 * (factor - 1))
    assert algorithm1._relations(batch).left[4] == pytest.approx(0.2)
    monkeypatch.setattr(algorithm1, "worst_positive", lambda s: positive(s) + factor - 1)
    assert algorithm1._relations(batch).left[0] == pytest.approx(0.2)


@pytest.mark.parametrize(("h", "b"), [(1.0, 0.0), (-1.0, 0.0), (1.0, 0.3)])
def test_the_risks_of_example_1_are_read_with_a_probe_beside(h, b):
    world = example1.Example(eps=0.5, c=2.0, gap=0.2, h=h, b=b)
    risk = math.atan(math.sqrt(0.5)) / math.pi  # c sqrt(eps)/2 = sqrt(1/2)
    probe = {(1.0, 0.0): risk, (-1.0, 0.0): 1 - risk, (1.0, 0.3): example1.measured_risk(0.5, 2.0, 1.0, 0.3)}[h, b]
    reading = example1._risks(world)
    assert reading.left == pytest.approx([0, 0.5, 0, 0, risk], abs=1e-9)
    assert reading.right == pytest.approx([0, 1, 0, 0, probe])
    assert probe >= risk - 1e-12


def test_algorithm_1_is_read_in_units_of_the_temperature():
    z, tau = on_sphere(np.random.default_rng(1).normal(size=(3, 3, 2))), 0.5

    def loss(positive, views=z):
        """The mean over anchors of view 0, with the columns of views 0 and 1."""
        terms = []
        for i, own in enumerate(views):
            columns = [np.exp(own[0] @ views[j][v] / tau) for j in range(3) for v in (0, 1) if (j, v) != (i, 0)]
            terms.append(np.log(sum(columns)) - positive(own) / tau)
        return np.mean(terms)

    pairs = list(itertools.combinations(range(3), 2))
    worst = loss(lambda own: min(own[j] @ own[k] for j, k in pairs))
    mean = loss(lambda own: np.mean([own[j] @ own[k] for j, k in pairs]))
    simclr = loss(lambda own: own[0] @ own[1])
    reading = algorithm1._relations(algorithm1.Batch(z, tau))
    assert reading.left == pytest.approx([0, tau * (mean - worst), tau * (simclr - worst), -tau * simclr, 0], abs=1e-9)
    assert reading.right.tolist() == [0] * 5


def moved(rise, fall):
    """f(A X) = 1, 2 and f(A' X) = 3/2, 7/2, which move by 1/2 and 3/2; Y = 1, 2. Slopes of the loss above and below Y.

    Both samples ask for h_A = 1, so that it comes twice.
    """
    features = np.array([[[1.0], [1.5]], [[2.0], [3.5]]])
    return Domains(features, np.array([1.0, 2.0]), np.full(2, rise), np.full(2, fall))


PARTS = [  # slopes, and what of the bound with the displacement, which is 1, the excess uses; L_AR = 5/4
    (1.0, 1.0, (9 / 14) / (1 + 4 / 7)),  # h_A = 1, h_A' = 4/7
    (1.0, 3.0, (3 / 2) / (3 * (1 + 2 / 3))),  # h_A = 1, h_A' = 2/3
]


@pytest.mark.parametrize(("rise", "fall", "part"), PARTS)
def test_theorem_2_of_arcl_is_read_at_the_best_heads(rise, fall, part):
    world = moved(rise, fall)
    reading = theorem2_corrected._transfer(world)
    assert reading.hypotheses == {"heads determined": pytest.approx(0.999)}
    assert reading.left == pytest.approx([part, part, 1 / math.sqrt(1.25)])
    assert reading.right.tolist() == [1, 1, 1]
    reading = theorem2_squared._squared(world)
    assert reading.left == pytest.approx([0, part / 1.25, part / 1.25])
    assert reading.right.tolist() == [1, 1, 1]
    for level in (0.25, 0.81):  # D = 1/2 and 9/10; the pair's bound over its excess is L_AR/d with d = (D + D^2)/2
        reading = theorem2_squared._range(theorem2_squared.DomainsAndLevel(world, level))
        assert reading.hypotheses == {"heads determined": pytest.approx(0.999), "L_AR > 1": pytest.approx(0.25)}
        assert reading.left == pytest.approx([part / 1.25, part / 1.25, 2 * math.sqrt(level) / (1 + math.sqrt(level))])
        assert reading.right.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("excess", "part"), [(-1e-6, math.inf), (-1e-12, 0.0)])
def test_an_excess_below_0_breaks_the_statement_and_its_rounding_does_not(excess, part, monkeypatch):
    monkeypatch.setattr(theorem2_corrected, "transfer_excess", lambda *_: excess)
    assert theorem2_corrected.excess_used(moved(1.0, 1.0), 1.0) == pytest.approx([part, part], abs=1e-9)


def test_the_zero_one_loss_is_read_with_the_errors_of_both_heads():
    reading = theorem2_zero_one._zero_one(theorem2_zero_one.Signs(d=0.5, t=0.4, c=2.0))
    assert reading.hypotheses == {"both heads without error": 0.5}
    assert (reading.left, reading.right) == (1, pytest.approx(2 * (0.4 + 0.4) * 0.5))
    reading = theorem2_zero_one._zero_one(theorem2_zero_one.Signs(d=0.5, t=-0.4, c=2.0))
    assert reading.hypotheses == {"both heads without error": -1.5}
    assert (reading.left, reading.right) == (-1, pytest.approx(0.8))

"""What the statements on Theorem 2 read of one world, by loops and by hand: a bound that is too large breaks no world."""

import math

import numpy as np
import pytest

from theory.theorem2 import discrete, optimal, printed, sharpened
from theory.theorem2.worlds import BELOW, DiscreteLevel, Level, SpikeViews, jumping, reach

ANGLES = np.array([[0.0, 0.5, 1.2], [0.3, 0.3, 0.3]])
FEATURES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=2)
EPS = 2.0  # below 4 sin(.6) = 2.26, the diameter of the first sample
APART = [[math.dist(a, b) for a in views for b in views] for views in FEATURES]
SQUARE, DISTANCE = np.mean(np.square(APART)), np.mean(APART)


def used(*bounds):
    """Half of the samples lie outside S_eps; trivial is all of them."""
    return pytest.approx([0.5 / bound for bound in bounds]), pytest.approx([1 / bound for bound in bounds])


def test_m_uniform_views_are_read_by_one_pair_and_by_all():
    world = DiscreteLevel(FEATURES, EPS)
    reading = discrete._one_pair(world)
    assert (list(reading.left), list(reading.trivial)) == used(SQUARE / (2 / 9 * EPS**2), DISTANCE / (2 / 9 * EPS))
    assert reading.right == 1
    reading = discrete._all_pairs(world)
    assert (list(reading.left), list(reading.trivial)) == used(SQUARE / (EPS**2 / 3), DISTANCE / (4 / 9 * EPS))
    assert reading.right == 1


def test_a_diameter_of_exactly_eps_is_aligned():
    opposite = np.array([[[1.0], [-1.0]], [[1.0], [1.0]]])
    assert discrete.misaligned(DiscreteLevel(opposite, 2.0)) == 0
    assert discrete.misaligned(DiscreteLevel(opposite, 2.0 * BELOW)) == 0.5


def test_m_uniform_views_on_a_sphere_are_read_with_the_least_gap():
    reading = discrete._sphere(DiscreteLevel(FEATURES, EPS))
    gap = 4 * (4 - math.sqrt(16 - EPS**2))
    bound = SQUARE / (2 / 9 * (EPS**2 + gap))
    assert reading.left == pytest.approx([0.5 / bound, EPS**2 / 2 / gap])
    assert reading.trivial == pytest.approx([1 / bound, -np.inf])
    assert reading.right == [1, 1]


def test_the_printed_order_is_read_with_a_constant_that_serves_at_the_diameter():
    """c = 1: eta eps = 2700 at eps = 1/10, and at 2 r = 2, where h = 1/2, it is 16/(2 - 1/2) 2 = 64/3."""
    reading = printed._order(printed.Order(n=1, m=2, LM=0.5, radius=1.0, eps=0.1, factor=3.0))
    assert (reading.left, reading.right) == (1, pytest.approx(3 * 64 / 3 / 2700))


def test_the_sharp_and_the_optimal_form_are_read_where_they_are_attained():
    reading = sharpened._bounds(Level(jumping(4, 0.1, 1.0, 1e-9), BELOW))
    assert reading.trivial == pytest.approx([10, -np.inf], rel=1e-6)  # the share is .1, and so is the bound
    assert reading.right == [1, 1]
    views = SpikeViews(2, np.full((1, 2), reach(2) / 2), np.zeros((1, 2)), np.ones(1))
    reading = optimal._bound(Level(views, reach(2) * BELOW))
    assert reading.hypotheses == {"eps <= L M": pytest.approx(1 - reach(2))}
    assert (reading.left, reading.right, reading.trivial) == (pytest.approx(1), 1, pytest.approx(1))

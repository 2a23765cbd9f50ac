"""The statements on augmented distances as programs: each is broken by a false variant, and the search finds it."""

import numpy as np
import pytest

from theory import ledger
from theory.concentration import augmented_distances, ball, frontier, masking, metric, monotony
from theory.concentration.ball import square_radius
from theory.concentration.masking import Masked
from theory.concentration.monotony import distances_and_diameters
from theory.falsification import Predicate, falsify
from theory.ledger import Verdict
from theory.worlds import nearest_views


def claim(name):
    return next(c for c in ledger.claims() if c.id == name)


def test_richer_views_in_place_of_fewer_are_found_out():
    def worlds(rng):
        point, build = claim("mono").predicate.worlds(rng)
        return point, lambda point: build(point)[::-1]

    assert falsify(Predicate(worlds=worlds, read=monotony._read)).violated


def test_masking_by_the_share_itself_is_found_out():
    def read(world):
        reading = masking._read(world)
        return type(reading)(
            hypotheses={}, left=reading.left, right=reading.right * np.sqrt(world.kept / world.images.shape[1])
        )

    assert falsify(Predicate(worlds=masking._worlds, read=read)).violated


@pytest.mark.parametrize("name", ["main-part-ball", "augmented-metric"])
def test_what_is_refuted_is_refuted_by_witness_and_search(name):
    gathered = ledger.gather(claim(name))
    assert ledger.verdict(claim(name), gathered) is Verdict.REFUTED


def test_masks_keep_as_many_patches_as_said_and_the_bound_is_attained():
    images = np.array([[2.0] * 4, [1.0] * 4])
    views = Masked(images, 3).views
    assert views.shape == (2, 4, 4)
    assert ((views != 0).sum(axis=2) == 3).all()
    assert nearest_views(views)[0, 1] == pytest.approx(np.sqrt(3 / 4) * 2)
    reading = masking._read(Masked(images, 3))
    assert reading.left == pytest.approx([3**0.5] * 2)
    assert reading.right == pytest.approx([3**0.5] * 2)


@pytest.mark.parametrize("seed", range(5))
def test_least_diameters_are_those_of_the_frontier(seed):
    views = np.random.default_rng(seed).normal(size=(6, 3, 2))
    apart = augmented_distances(views)
    np.testing.assert_allclose(nearest_views(views), apart, atol=1e-12)
    diameters = distances_and_diameters(apart)[15:]
    for share, delta in enumerate(diameters, start=2):
        assert frontier(apart).sigma(np.array([delta]))[0][0] >= share / 6
    assert (np.diff(diameters) >= 0).all()


def test_no_smaller_ball_holds_the_samples():
    points = np.random.default_rng(0).normal(size=(4, 2))
    centres = np.random.default_rng(1).normal(size=(2000, 1, 2))
    radii = np.linalg.norm(points - centres, axis=2).max(axis=1)
    assert square_radius(points) <= radii.min() ** 2


def test_squared_radius_of_a_triangle_and_of_a_segment():
    assert square_radius(np.eye(3)) == pytest.approx(2 / 3)
    assert square_radius(np.array([[1.0, 5.0], [1.0, 9.0]])) == 4.0


def test_what_is_read_of_fewer_views_and_of_a_chain():
    many = np.array([[0.0, 4.0], [1.0, 4.0], [3.0, 9.0]])[:, :, None]
    reading = monotony._read((many[:, :1], many))
    assert reading.right.tolist() == [1, 3, 2, 1, 3]
    assert reading.left.tolist() == [0, 1, 1, 0, 1]
    reading = metric._read(metric.chain().astype(float))
    assert (reading.left, reading.right) == (1, 0)


def test_what_is_read_of_a_triangle():
    reading = ball._read(np.eye(3))
    assert (reading.left, reading.right) == (pytest.approx((2 / 3) ** 0.5), pytest.approx(0.5**0.5))

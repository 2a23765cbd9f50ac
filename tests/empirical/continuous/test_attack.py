"""Attacks: they find what is there, only within the box, and claim nothing that is not proved."""

import numpy as np
import torch

from empirical.continuous.attack import attack, first_refuting, leads
from empirical.continuous.backward import Network
from empirical.continuous.geometry import Box
from empirical.continuous.network import Flatten, Image, Linear, Plain, plain, scores
from empirical.views.warps import Warp, maps_at, warp_images
from tests.empirical.continuous.small import balanced, images

BOX = Box(Warp(rotation=5.0, shear=0.0, scale=0.03, shift=0.03))
D = len(BOX.dimensions)


def linear(*rows):
    """Scores that are weighted sums of the pixels of an image (1, 2, 2)."""
    weight = np.array(rows, dtype=np.float64)
    return Plain((Image((1, 2, 2)), Flatten((4,), 0), Linear((len(rows),), 1, weight, np.zeros(len(rows)))))


def test_refuting_points_refute_and_most_are_found():
    network = plain(balanced(1), (1, 7, 6))
    prepared, count = Network(network), 0
    for image in images(12, seed=3):
        cluster = int(scores(network, image[None].numpy()).argmax())
        point = attack(prepared, image[None], BOX, cluster)
        generator = np.random.default_rng(0)
        sampled = leads(prepared, image[None], BOX, cluster, generator.uniform(-1, 1, (2000, D)))
        if point is None:
            assert sampled.min() >= 0
            continue
        count += 1
        assert np.abs(point).max() <= 1
        whole = BOX.points(torch.from_numpy(point[None]))
        view = warp_images(image[None].double(), maps_at(BOX.source, whole))
        assert scores(network, view.numpy()).argmax() != cluster
    assert 0 < count < 12


def test_a_score_that_leads_everywhere_is_not_refuted():
    """A bright pixel keeps 1/4 of its value at least when it is shifted by half a pixel."""
    shift = Box(Warp(rotation=0.0, shear=0.0, scale=0.0, shift=0.25))
    image = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    network = Network(linear([1, 1, 1, 1], [0, 0, 0, 0]))
    assert attack(network, image, shift, 0) is None
    corners = np.array([[-1.0, -1.0], [1.0, 1.0]])
    np.testing.assert_allclose(leads(network, image, shift, 0, corners), [1.0, 0.25], atol=1e-12)


def test_a_rival_that_leads_at_one_corner_is_found():
    """The same pixel, shifted out of the image by half a pixel both ways, keeps 1/4: less than a rival's constant .26."""
    shift = Box(Warp(rotation=0.0, shear=0.0, scale=0.0, shift=0.25))
    image = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    layer = Linear((2,), 1, np.array([[1.0] * 4, [0.0] * 4]), np.array([0.0, 0.26]))
    network = Network(Plain((Image((1, 2, 2)), Flatten((4,), 0), layer)))
    point = attack(network, image, shift, 0)
    assert point is not None
    np.testing.assert_array_equal(np.abs(point), 1)


def test_ties_are_no_refutation():
    network = Network(linear([1, 1, 1, 1], [1, 1, 1, 1]))
    image = torch.rand(1, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    assert attack(network, image, BOX, 0) is None


def test_a_lead_below_its_rounding_is_no_refutation():
    """The rival leads by 1e-17 times a pixel, which the bounds of rounding do not show."""
    network = Network(linear([1, 0, 0, 0], [1, 0, 0, 1e-17]))
    image = torch.ones(1, 1, 2, 2)
    points = np.zeros((1, D))
    assert first_refuting(network, image, BOX, 0, points, np.array([-1e-17])) is None
    clear = Network(linear([1, 0, 0, 0], [1, 0, 0, 1e-6]))
    assert first_refuting(clear, image, BOX, 0, points, np.array([-1e-6])) is not None
    assert first_refuting(clear, image, BOX, 1, points, np.array([-1e-6])) is None


def test_box_without_dimension_has_no_other_view():
    still = Box(Warp(rotation=0.0, shear=0.0, scale=0.0, shift=0.0))
    network = Network(linear([1, 0, 0, 0], [0, 1, 0, 0]))
    assert attack(network, torch.rand(1, 1, 2, 2), still, 0) is None

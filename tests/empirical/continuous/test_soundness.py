"""No view contradicts a proof: random and attacked views of proved images, exact ones in balls, and planted mistakes."""

import numpy as np
import pytest
import torch

from empirical.continuous import geometry
from empirical.continuous import network as networks
from empirical.continuous.attack import leads
from empirical.continuous.backward import Network
from empirical.continuous.geometry import Box
from empirical.continuous.network import plain
from empirical.continuous.search import LEAF, verify
from empirical.views.warps import Warp
from tests.empirical.continuous.small import balanced, exact_scores, images
from tests.empirical.continuous.test_backward import excess

WARP = Warp(rotation=10.0, shear=0.05, scale=0.06, shift=0.06)
BOX = Box(WARP)
D = len(BOX.dimensions)
MODULE = balanced(3)
NETWORK = plain(MODULE, (1, 7, 6))
IMAGES = images(24, seed=3)


@pytest.fixture(scope="module")
def proved():
    """Images, clusters and trees."""
    verdicts = verify(NETWORK, IMAGES, BOX, 300)
    cases = [(image, v.cluster, v.splits) for image, v in zip(IMAGES, verdicts, strict=True) if v.status == "proved"]
    assert len(cases) >= 12
    assert max(len(splits) for _, _, splits in cases) > 20
    return cases


def test_random_and_attacked_views_agree(proved):
    network, generator = Network(NETWORK), np.random.default_rng(0)
    for image, cluster, _ in proved:
        points = generator.uniform(-1, 1, (1000, D))
        values = leads(network, image[None], BOX, cluster, points)
        assert values.min() > 0
        for step in 0.5 ** np.arange(10):  # 1000 more, downhill from the worst
            best = points[np.argsort(values)[:10]]
            points = np.clip(best[:, None] + step * generator.uniform(-1, 1, (10, 10, D)), -1, 1).reshape(-1, D)
            values = leads(network, image[None], BOX, cluster, points)
            assert values.min() > 0


def test_exact_views_agree(proved):
    """At corners of the box, the module itself, in balls."""
    generator = np.random.default_rng(1)
    for image, cluster, _ in proved[:4]:
        point = torch.from_numpy(generator.choice((-1.0, 1.0), (1, D)))
        exact = exact_scores(MODULE, NETWORK, image, WARP, BOX.points(point)[0])
        assert all(exact[cluster] > exact[rival] for rival in range(3) if rival != cluster)


def test_trees_halve_dimensions_of_the_box(proved):
    for _, _, splits in proved:
        assert set(splits) <= {*range(D), LEAF}
        assert splits.count(LEAF) == len(splits) // 2 + 1


def test_missing_taylor_remainder_is_caught(monkeypatch):
    readings = geometry._readings

    def without(*arguments):
        jets, remainders, slack = readings(*arguments)
        return jets, 0 * remainders, slack

    turned = Box(Warp(rotation=40.0, shear=0.0, scale=0.5, shift=0.0))
    assert pixels_outside(turned) == 0
    monkeypatch.setattr(geometry, "_readings", without)
    assert pixels_outside(turned) > 0


def pixels_outside(box):
    """How many pixels of random views lie outside the bounds of their cell."""
    low = torch.full((1, len(box.dimensions)), -0.5, dtype=torch.float64)
    image = IMAGES[:1]
    affine = geometry.cells(image, low, -low, box)
    z = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (200, len(box.dimensions))))
    views = box.views(image.expand(200, -1, -1, -1), z / 2)
    middle = affine.base + torch.einsum("nd,dchw->nchw", z, affine.slopes[0])
    return int(((views - middle).abs() > affine.error).sum())


def test_unfolded_and_wrongly_folded_normalisation_is_caught(monkeypatch):
    folded = networks._folded
    monkeypatch.setattr(networks, "_folded", lambda _step, _layer, before: before)
    with pytest.raises(ValueError, match="do not give its scores"):
        plain(MODULE, (1, 7, 6))

    def wrong(step, layer, before):
        node = folded(step, layer, before)
        return networks.replace(node, bias=node.bias * 1.001)

    monkeypatch.setattr(networks, "_folded", wrong)
    with pytest.raises(ValueError, match="do not give its scores"):
        plain(MODULE, (1, 7, 6))


def test_sound_without_mistakes():
    assert excess(NETWORK, 0.05)[0] <= 0

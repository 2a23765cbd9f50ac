"""No view contradicts a proof: random and attacked views of proved images, exact ones in balls, and planted mistakes."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from empirical.continuous import geometry
from empirical.continuous import network as networks
from empirical.continuous.geometry import Box
from empirical.continuous.network import plain
from empirical.continuous.search import LEAF, verify
from empirical.continuous.sub_boxes import part_of
from empirical.continuous.training import CellTraining, train_on_cells
from empirical.data.sets import load
from empirical.training.clustering import Clustering, teach
from empirical.views.warps import MILD_WARP, Warp
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


def least_leads(module, image, box, cluster):
    """The least lead of the cluster's score in 1000 random views, and in 1000 more, downhill from the worst so far.

    Views and scores are those of torch in float64, which no code of the verifier has a part in.
    """
    generator, module = np.random.default_rng(0), copy.deepcopy(module).double()

    def leads(points):
        views = box.views(image.expand(len(points), -1, -1, -1), torch.from_numpy(points))
        with torch.no_grad():
            scores = module(views).numpy()
        return scores[:, cluster] - np.delete(scores, cluster, axis=1).max(axis=1)

    random = generator.uniform(-1, 1, (1000, len(box.dimensions)))
    points, values = random, leads(random)
    for step in 0.5 ** np.arange(10):
        best = points[np.argsort(values)[:10], None]
        tried = np.clip(best + step * generator.uniform(-1, 1, (10, 10, points.shape[1])), -1, 1)
        tried = tried.reshape(-1, points.shape[1])
        points, values = np.concatenate([points, tried]), np.concatenate([values, leads(tried)])
    assert len(values) == 2000
    return values[:1000].min(), values[1000:].min()


def test_random_and_attacked_views_agree(proved):
    for image, cluster, _ in proved:
        assert min(least_leads(MODULE, image, BOX, cluster)) > 0


@pytest.mark.slow
def test_random_and_attacked_views_of_a_network_trained_for_it_agree():
    data, box = load("digits", train_size=600), Box(part_of(MILD_WARP, tuple(MILD_WARP.parts), 0.5))
    taught = Clustering(warp=MILD_WARP, backbone="certifiable", epochs=12)
    module = teach(taught, data.train_images, data.train_labels.numpy(), None, torch.device("cpu")).network
    train_on_cells(module, data.train_images, data.train_labels, CellTraining(warp=box.source, epochs=12), 0)
    images = data.test_images[:40]
    verdicts = verify(plain(module.eval(), tuple(images.shape[1:])), images, box, 1000)
    proved = [(image, v.cluster) for image, v in zip(images, verdicts, strict=True) if v.status == "proved"]
    assert len(proved) >= 20
    random, attacked = np.array([least_leads(module, image, box, cluster) for image, cluster in proved]).T
    assert random.min() > 0
    assert attacked.min() > 0
    assert (attacked < random).mean() > 0.5  # the attack finds worse views than chance does


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
    readings = Warp.readings

    def without(*arguments):
        every = readings(*arguments)
        return replace(every, remainders=0 * every.remainders)

    turned = Box(Warp(rotation=40.0, shear=0.0, scale=0.5, shift=0.0))
    assert pixels_outside(turned) == 0
    monkeypatch.setattr(Warp, "readings", without)
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

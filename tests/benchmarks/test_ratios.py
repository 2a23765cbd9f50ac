"""Measured ratios against what a user would pick instead. They inform and never fail: `make bench`."""

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from tests.benchmarks.timing import seconds, show
from theory.concentration import augmented_distances, main_part
from theory.factors import lipschitz_constant
from theory.setting import FiniteWorld

pytestmark = pytest.mark.bench


def test_lipschitz_constant_against_cdist():
    rng = np.random.default_rng(0)
    views = rng.random((200, 1, 768)) + 0.01 * rng.normal(size=(200, 8, 768))
    features = views @ rng.normal(size=(768, 64))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    world = FiniteWorld(views, features, np.arange(200) % 10)

    def direct():
        apart = cdist(views.reshape(-1, 768), views.reshape(-1, 768))
        np.fill_diagonal(apart, np.inf)
        return (cdist(features.reshape(-1, 64), features.reshape(-1, 64)) / apart).max()

    ours, a = seconds(lambda: lipschitz_constant(world))
    theirs, b = seconds(direct)
    show("Lipschitz constant of 1600 points, D = 768, against scipy cdist", ours, theirs)
    assert a == pytest.approx(b, rel=1e-12)


def test_main_part_against_networkx():
    distances = augmented_distances(np.random.default_rng(0).normal(size=(60, 8, 16)))
    delta = float(np.quantile(distances, 0.8))
    graph = nx.from_numpy_array((distances <= delta) & ~np.eye(60, dtype=bool))
    ours, part = seconds(lambda: main_part(distances, delta))
    theirs, clique = seconds(lambda: nx.max_weight_clique(graph, weight=None), repeats=1)
    show("largest clique, 60 samples, density .8, against networkx", ours, theirs)
    assert part.lower == part.upper == clique[1]


def test_batched_views_against_one_image_at_a_time():
    torch.set_num_threads(1)
    images = torch.rand(256, 3, 16, 16)
    parameters = sample_parameters(Augmentation.from_letters("abcd"), 256, seeded_generator(0))
    ours, together = seconds(lambda: apply(images, parameters))
    theirs, single = seconds(lambda: torch.cat([apply(images[i : i + 1], parameters[[i]]) for i in range(256)]))
    show("256 views abcd, batched, against the same views one image at a time", ours, theirs)
    torch.testing.assert_close(together, single, atol=1e-5, rtol=0)

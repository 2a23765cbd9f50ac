"""The world in the plane that the schematics draw: main parts, links and features against plain definitions."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from simulate import plane


def augmented(views):
    return np.array([[cdist(a, b).min() for b in views] for a in views])


@pytest.mark.parametrize("radius", plane.RADII.values())
def test_main_parts_and_links_are_what_they_say(radius):
    world = plane.world(radius)
    distances = augmented(world.views)
    assert np.linalg.norm(world.views - world.points[:, None], axis=-1).max() <= radius
    for k, part in enumerate(world.parts):
        assert (world.labels[part] == k).all()
        assert distances[np.ix_(part, part)].max() <= plane.DELTA
        outside = np.setdiff1d(np.flatnonzero(world.labels == k), part)
        assert all(distances[i, part].max() > plane.DELTA for i in outside)  # none can be added
    assert world.exact
    linked = np.zeros_like(distances, dtype=bool)
    linked[tuple(world.edges.T)] = True
    np.testing.assert_array_equal(linked, np.triu(distances <= plane.LINK, 1))


@pytest.mark.parametrize("radius", plane.RADII.values())
def test_features_are_white_and_no_other_ones_align_better(radius):
    world = plane.world(radius)
    weights = np.exp(-augmented(world.views) / plane.LINK)
    degree = weights.sum(axis=1) / weights.sum()

    def alignment(features):
        squares = ((features[:, None] - features[None]) ** 2).sum(axis=-1)
        return (weights * squares).sum() / weights.sum()

    f = world.features
    np.testing.assert_allclose(degree @ f, 0, atol=1e-7)
    np.testing.assert_allclose(f.T @ (degree[:, None] * f), np.eye(2), atol=1e-7)
    generator = np.random.default_rng(1)
    for scale in (1e-3, 1e-1, 10.0):
        other = f + scale * generator.normal(size=f.shape)
        other -= degree @ other
        root = np.linalg.cholesky(other.T @ (degree[:, None] * other))
        assert alignment(other @ np.linalg.inv(root).T) >= alignment(f) - 1e-9


def test_richer_views_concentrate_more():
    assert plane.world(plane.RADII["rich"]).sigma > plane.world(plane.RADII["poor"]).sigma


def test_same_seed_same_world():
    assert plane.as_json() == plane.as_json()
    assert plane.as_json(1) != plane.as_json()

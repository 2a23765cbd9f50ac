"""Heads that are not in test_measurement: whitening, simplex vertices, and encoders that have collapsed."""

import numpy as np
import pytest
import torch

from empirical.evaluation import heads
from empirical.training.networks import normalized

FITTED = {
    "centred": heads.centred,
    "whitened": heads.whitened,
    "discretised": lambda train: heads.discretised(train, 3, seed=0),
}


def sample(n=400, d=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(d, d, generator=generator, dtype=torch.float64)
    return torch.randn(n, d, generator=generator, dtype=torch.float64) @ mixing + 3


def test_whitened_features_are_unit_and_point_along_decorrelated_ones():
    train = sample()
    found = heads.whitened(train)(train)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-12)
    # Independently: any W with W W' = C^-1 whitens; inner products of whitened vectors do not depend on which.
    rows = (train - train.mean(dim=0)).numpy()
    inverse = np.linalg.inv(rows.T @ rows / len(rows))
    gram = rows @ inverse @ rows.T
    norms = np.sqrt(gram.diagonal())
    np.testing.assert_allclose(found @ found.T, gram / norms[:, None] / norms, atol=1e-9)
    # Before the scaling to unit norm their covariance is the identity.
    whitened = found * norms[:, None]
    np.testing.assert_allclose(whitened.T @ whitened / len(rows), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-9)


def test_whitening_drops_directions_without_features():
    train = sample()
    flat = torch.cat([train, train[:, :2] * 2, torch.ones(len(train), 1)], dim=1)
    found = heads.whitened(flat)(flat)
    assert found.shape == (len(train), 5)
    np.testing.assert_allclose(
        found @ found.T, heads.whitened(train)(train) @ heads.whitened(train)(train).T, atol=1e-6
    )


def test_whitening_is_fitted_on_the_training_features_alone():
    train, other = sample(), sample(seed=1)
    head = heads.whitened(train)
    np.testing.assert_array_equal(head(torch.cat([train, other]))[len(train) :], head(other))


@pytest.mark.parametrize("corners", [2, 3, 10, 100])
def test_the_simplex_is_regular(corners):
    points = heads.simplex(corners)
    expected = np.where(np.eye(corners, dtype=bool), 1, -1 / (corners - 1))
    np.testing.assert_allclose(points @ points.T, expected, atol=1e-12)


def test_vertices_follow_the_largest_score_and_the_first_at_a_tie():
    scores = torch.tensor([[1.0, 5, 2], [7, 7, 7], [0, 2, 2], [-3, -2, -1]])
    np.testing.assert_array_equal(heads.vertices()(scores), heads.simplex(3)[[1, 0, 1, 2]])


def test_a_single_score_has_no_vertex():
    with pytest.raises(ValueError, match="corners=1: a simplex about the origin has 2 or more"):
        heads.vertices()(torch.ones(4, 1))


@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("value", [0.0, 1.7, 1e30])
def test_a_collapsed_encoder_is_refused(name, value):
    rounding = 1 + 1e-7 * torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="collapsed"):
        FITTED[name](value * rounding)


@pytest.mark.parametrize("name", FITTED)
def test_small_features_are_not_collapsed(name):
    train = 1e-20 * sample()
    assert np.isfinite(FITTED[name](train)(train)).all()


def test_a_vector_at_the_mean_has_no_direction():
    train = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    for head in (heads.centred(train), heads.whitened(train)):
        with pytest.raises(ValueError, match=r"1 of 2 rows are zero or not finite \(first: row 1"):
            head(torch.tensor([[1.0, 2], [0, 0]]))


def test_more_clusters_than_different_features_are_refused():
    train = torch.eye(3).repeat(20, 1)
    assert len(np.unique(heads.discretised(train, 3, seed=0)(train), axis=0)) == 3
    with pytest.raises(ValueError, match="clusters=4: more than there are different training features"):
        heads.discretised(train, 4, seed=0)


def test_discretised_sends_each_vector_to_its_nearest_centre():
    train = sample(300)
    corners = heads.simplex(4)
    found = heads.discretised(train, 4, seed=1)
    cluster = (found(train) @ corners.T).argmax(axis=1)
    unit = normalized(train - train.mean(dim=0)).numpy()
    means = np.array([unit[cluster == k].mean(axis=0) for k in range(4)])
    nearest = np.linalg.norm(unit[:, None] - means[None], axis=2).argmin(axis=1)
    assert (nearest == cluster).mean() > 0.99  # k-means stops a step before its last means
    np.testing.assert_array_equal(found(train), heads.discretised(train, 4, seed=1)(train))

"""What Theorems 3 and 4 say of a finite world, beside the product of class means that they bound."""

import numpy as np
import pytest

from empirical.evaluation.losses import loss_bounds
from theory.divergence import correlations, info_nce
from theory.setting import FiniteWorld


def world(features):
    views = np.asarray(features, dtype=float)
    return FiniteWorld(views, views, np.arange(len(views)) % 2)


def antipodal():
    """Two classes of two samples at (1, 0) and (-1, 0), each with two equal views."""
    side = np.array([1.0, -1.0, 1.0, -1.0])
    return world(np.stack([np.stack([side, 0 * side], axis=1)] * 2, axis=1))


def test_the_numbers_of_a_world_that_is_known():
    """InfoNCE: L_2 = (log(e + e) + log(e + 1/e))/2, the right side log(e^{4 L_2} - e); features of norm sqrt(2) have
    C = diag(2, 0), L_2 = 2, no scatter and d = K, so the bound is sqrt(2 * 2 * 4)/2."""
    infonce, correlation = loss_bounds(antipodal())
    L_2 = (np.log(2 * np.e) + np.log(np.e + 1 / np.e)) / 2
    assert (infonce.loss, infonce.product, infonce.informative) == ("InfoNCE", pytest.approx(-1), 0)
    assert infonce.value == pytest.approx(L_2)
    assert infonce.bound == pytest.approx(np.log(np.exp(4 * L_2) - np.e), abs=1e-9)
    assert (correlation.loss, correlation.product, correlation.informative) == (
        "cross-correlation",
        pytest.approx(-1),
        0,
    )
    assert correlation.value == pytest.approx(2)
    assert correlation.bound == pytest.approx(2)


@pytest.mark.parametrize("seed", range(5))
def test_no_bound_lies_below_the_product(seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(8, 3, 4)) + 3 * np.eye(4)[np.arange(8) % 2][:, None]
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    subject = world(features)
    for bound in loss_bounds(subject):
        assert bound.bound >= bound.product - 1e-12
    infonce, correlation = loss_bounds(subject)
    assert infonce.value == pytest.approx(info_nce(subject).regulariser)
    assert correlation.value == pytest.approx(float(correlations(2 * features, subject.labels).loss))


def test_a_bound_that_says_something_is_counted():
    """Four classes on the four axes: C = I after scaling, so Theorem 4 says that the means are orthogonal."""
    features = np.repeat(np.eye(4)[np.arange(8) % 4][:, None], 2, axis=1)
    subject = FiniteWorld(features, features, np.arange(8) % 4)
    infonce, correlation = loss_bounds(subject)
    assert infonce.informative == 0
    assert infonce.bound > 2.58
    assert correlation.informative == 6
    assert correlation.bound == pytest.approx(0, abs=1e-6)

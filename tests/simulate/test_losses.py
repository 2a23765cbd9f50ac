"""InfoNCE and cross-correlation on the circle: the series against the function it sums, and against plain quadrature."""

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss

from simulate.circle import losses, sampling, world
from simulate.circle.world import Circle, equally_spaced
from simulate.estimators import stream
from theory.divergence.losses import cross_correlation, info_nce
from theory.setting import FiniteWorld

UNEVEN = Circle((0.0, 2.0, -2.2), (0.5, 0.3, 0.2), (0.3, 0.5, 0.4), (0.1, 0.9), (0.6, 0.4), swapped=0.1)


def test_series_is_the_function_within_its_error():
    """Off the grid of the FFT, at 10^4 points; the same bound then holds for every mean over u and v."""
    u, v = stream(0, "series").uniform(-math.pi, math.pi, (2, 10_000))
    m = losses.frequencies()
    waves_u, waves_v = np.cos(np.outer(u, m)), np.cos(np.outer(v, m))  # F is even in u and in v
    value = np.einsum("im,mn,in->i", waves_u, losses.series(), waves_v)
    truth = np.logaddexp(np.cos(u), np.cos(v))
    assert np.abs(value - truth).max() < losses.SERIES_ERROR + 1e-13
    assert losses.SERIES_ERROR < 1e-14


def test_coefficients_fall_as_fast_as_the_proof_says():
    y = math.asinh(1.5)
    largest = math.hypot(math.cosh(y) + abs(math.log(2 * math.cos(1.5))), 1.5)
    m = np.abs(losses.frequencies())
    bound = largest * np.exp(-y * (m[:, None] + m[None, :]))
    assert (np.abs(losses.series()) <= bound + 1e-16).all()


def test_fewer_terms_err_within_their_bound():
    """At 12 terms the bound is visible: a wrong factor in it would show."""
    points = np.cos(2 * math.pi * np.arange(12) / 12)
    few = np.fft.fft2(np.logaddexp(points[:, None], points[None, :])).real / 144
    m = np.fft.fftfreq(12, 1 / 12)
    u = np.linspace(-math.pi, math.pi, 101)
    waves = np.cos(np.outer(u, m))
    off = np.abs(waves @ few @ waves.T - np.logaddexp(np.cos(u)[:, None], np.cos(u)[None, :])).max()
    assert 1e-7 < off < losses._series_error(12) < 1


@pytest.mark.parametrize("model", [UNEVEN, equally_spaced(2, 0.2, (0.0, 1.5), (0.5, 0.5))], ids=["uneven", "two"])
def test_info_nce_by_plain_quadrature(model):
    """Gauss-Legendre in t1, t2, t3 and Gauss-Hermite in the angle between samples, cluster by cluster."""
    nodes, weights = leggauss(16)
    weights = weights / 2
    z, mass = hermegauss(40)
    mass = mass / mass.sum()
    pi = world.cluster_shares(model)
    total = 0.0
    for a, q in zip(model.strengths, model.weights, strict=True):
        for b, w in zip(model.strengths, model.weights, strict=True):
            for j in range(model.classes):
                for k in range(model.classes):
                    spread = math.hypot(model.spreads[j], model.spreads[k])
                    apart = model.centres[j] - model.centres[k] + spread * z
                    t1, t2, t3 = a * nodes[:, None, None, None], a * nodes[:, None, None], b * nodes[:, None]
                    value = np.logaddexp(np.cos(t1 - t2), np.cos(apart + t1 - t3))
                    mean = np.einsum("abcd,a,b,c,d->", value, weights, weights, weights, mass)
                    total += q * w * pi[j] * pi[k] * mean
    assert losses.info_nce_regulariser(model) == pytest.approx(total, abs=1e-9)


def test_points_have_the_loss_of_points():
    """Nearly no spread and no views: L_2 = (1/2) log(2 e) + (1/2) log(e + e^cos 1)."""
    model = Circle((0.0, 1.0), (0.5, 0.5), (1e-6, 1e-6), (0.0,), (1.0,))
    truth = (math.log(2 * math.e) + math.log(math.e + math.exp(math.cos(1)))) / 2
    assert losses.info_nce_regulariser(model) == pytest.approx(truth, abs=1e-11)
    assert losses.info_nce(model) == pytest.approx(truth - 1, abs=1e-11)


def test_losses_of_finite_worlds_approach_them():
    """`theory` on 600 samples with 12 views, against the closed forms of the model: within what 600 samples vary."""
    n, m = 600, 12
    samples = sampling.sample(UNEVEN, n, stream(0, "finite"))
    angles = samples.phi[:, None] + samples.strength[:, None] * stream(1, "finite").uniform(-1, 1, (n, m))
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    loss = info_nce(FiniteWorld(features, features, samples.label))
    # A view is its own partner in 1 of 12 pairs: agreement is raised by (1 - E f1.f2)/12.
    lift = (1 - losses.agreement(UNEVEN)) / m
    assert loss.alignment == pytest.approx(-(losses.agreement(UNEVEN) + lift), abs=0.03)
    assert loss.regulariser == pytest.approx(losses.info_nce_regulariser(UNEVEN), abs=0.04)


def test_correlation_of_points_at_right_angles_is_the_identity():
    model = Circle((0.0, math.pi / 2), (0.5, 0.5), (1e-6, 1e-6), (0.0,), (1.0,), radius=math.sqrt(2))
    np.testing.assert_allclose(losses.view_correlation(model), np.eye(2), atol=1e-9)
    np.testing.assert_allclose(losses.within_class_covariance(model), 0, atol=1e-9)


def test_correlation_of_a_finite_world():
    model = Circle((0.0, math.pi / 2), (0.5, 0.5), (0.4, 0.4), (0.5,), (1.0,), radius=math.sqrt(2))
    n, m = 4000, 16
    samples = sampling.sample(model, n, stream(0, "correlation"))
    angles = samples.phi[:, None] + samples.strength[:, None] * stream(1, "correlation").uniform(-1, 1, (n, m))
    features = math.sqrt(2) * np.stack([np.cos(angles), np.sin(angles)], axis=2)
    features = features / np.sqrt((features**2).mean(axis=(0, 1)))
    # The same view twice in 1 of 16 pairs, and 4000 samples.
    np.testing.assert_allclose(cross_correlation(features), losses.view_correlation(model), atol=0.05)


def test_within_class_covariance_is_positive():
    for model in (UNEVEN, equally_spaced(4, 1.0, (2.0,), swapped=0.2)):
        assert np.linalg.eigvalsh(losses.within_class_covariance(model)).min() > -1e-12


def test_info_nce_needs_the_unit_circle():
    with pytest.raises(ValueError, match=r"radius=2\.0: InfoNCE"):
        losses.info_nce_regulariser(equally_spaced(2, 0.1, radius=2.0))

"""Bounds of score differences hold at views of the cell, are near the least difference, and cover their rounding."""

import numpy as np
import pytest
import torch
from torch import nn

from empirical.continuous import backward
from empirical.continuous.backward import Network, bound, margins
from empirical.continuous.geometry import Affine, Box, cells
from empirical.continuous.linear import linear_map
from empirical.continuous.network import AveragePool, Convolution, Flatten, Linear, Plain, Relu, plain, scores
from empirical.continuous.network import Image as ImageNode
from tests.empirical.continuous.small import WARP, exact_scores, images, random_cells, residual

BOX = Box(WARP)
D = len(BOX.dimensions)
OTHERS = np.array([False, True, True])


def differences(network, pictures, low, high, n=200):
    """Differences (n, cells, K) of score 0 and the others at random views of cells, corners among them."""
    generator = np.random.default_rng(5)
    result = []
    for round_ in range(n):
        z = generator.uniform(-1, 1, low.shape) if round_ % 2 else generator.choice((-1.0, 1.0), low.shape)
        points = (low + high) / 2 + torch.from_numpy(z) * (high - low) / 2
        values = scores(network, BOX.views(pictures, points).numpy())
        result.append(values[:, :1] - values)
    return np.array(result)


def excess(network, half, n=24, seed=0):
    """By how much lower bounds exceed differences that were seen, and how far they lie below them, at most."""
    pictures = images(n, seed=seed)
    low, high = random_cells(n, D, half, seed)
    bounds = margins(Network(network), cells(pictures, low, high, BOX), 0, np.tile(OTHERS, (n, 1)))[:, 1:]
    least = differences(network, pictures, low, high).min(axis=0)[:, 1:]
    return (bounds - least).max(), (least - bounds).max()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("half", [0.5, 0.1, 0.01])
def test_bounds_hold_at_every_view_seen(seed, half):
    assert excess(plain(residual(seed), (1, 7, 6)), half, seed=seed)[0] <= 0


def test_bounds_become_exact_as_cells_shrink():
    network = plain(residual(), (1, 7, 6))
    gaps = [excess(network, half)[1] for half in (0.1, 0.01, 0.001)]
    assert gaps[2] < 1e-3 < gaps[0]
    assert gaps[1] < gaps[0] / 5


@pytest.mark.parametrize("seed", range(2))
def test_points_against_balls(seed):
    """A cell of one point: below the exact difference of the module itself, normalisation not folded, and not far below."""
    module = residual(seed)
    network = plain(module, (1, 7, 6))
    pictures = images(3, seed=seed)
    point = torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, (3, D)))
    bounds = margins(Network(network), cells(pictures, point, point, BOX), 0, np.tile(OTHERS, (3, 1)))
    for i in range(3):
        exact = exact_scores(module, network, pictures[i], WARP, BOX.points(point)[i])
        for rival in (1, 2):
            gap = float(exact[0] - exact[rival] - float(bounds[i, rival]))
            assert 0 <= gap < 1e-9


@pytest.mark.parametrize("half", [0.3, 0.03])
def test_cells_against_balls(half):
    module = residual(4)
    network = plain(module, (1, 7, 6))
    pictures, (low, high) = images(4), random_cells(4, D, half)
    bounds = margins(Network(network), cells(pictures, low, high, BOX), 0, np.tile(OTHERS, (4, 1)))
    generator = np.random.default_rng(1)
    for i in range(4):
        point = low[i] + torch.from_numpy(generator.uniform(0, 1, D)) * (high[i] - low[i])
        exact = exact_scores(module, network, pictures[i], WARP, BOX.points(point[None])[0])
        for rival in (1, 2):
            assert exact[0] - exact[rival] > float(bounds[i, rival])


def test_slope_off_by_a_thousandth_is_caught(monkeypatch):
    relax = backward._relax

    def off(low, high, lower, upper, height):
        relax(low, high, lower, upper, height)
        upper *= 1 - 1e-3

    network = plain(residual(), (1, 7, 6))
    assert excess(network, 0.01)[0] <= 0
    monkeypatch.setattr(backward, "_relax", off)
    assert excess(network, 0.01)[0] > 0


def test_rectifier_against_hand():
    """2 - relu(z), z in [-1, 1]: relu(z) <= z / 2 + 1 / 2, so at least 1; its opposite is at least -2."""
    network = Plain(
        (
            ImageNode((1, 1, 1)),
            Flatten((1,), 0),
            Relu((1,), 1),
            Linear((2,), 2, np.array([[-1.0], [0.0]]), np.array([2.0, 0.0])),
        )
    )
    zero = torch.zeros(1, 1, 1, 1, dtype=torch.float64)
    affine = Affine(zero, torch.ones(1, 1, 1, 1, 1, dtype=torch.float64), zero)
    result = bound(Network(network), affine, 0, np.array([0]), np.array([1]))
    assert result.base[0] == pytest.approx(1.5, abs=1e-12)
    assert result.slopes[0, 0] == pytest.approx(-0.5, abs=1e-12)
    assert 1 - 1e-12 < result.margins[0] < 1
    opposite = bound(Network(network), affine, 1, np.array([0]), np.array([0]))
    assert -2 - 1e-12 < opposite.margins[0] < -2


def test_rounding_is_charged():
    """Sums that cancel at 1e15 lose whole units: the bound must lie below the exact difference, found in integers."""
    generator = np.random.default_rng(0)
    weight = generator.integers(-(2**20), 2**20, (40, 30)).astype(float)
    last = generator.integers(-(2**10), 2**10, (2, 40)).astype(float)
    network = Plain(
        (
            ImageNode((1, 5, 6)),
            Flatten((30,), 0),
            Linear((40,), 1, weight, np.zeros(40)),
            Relu((40,), 2),
            Linear((2,), 3, last, np.zeros(2)),
        )
    )
    base = generator.integers(-(2**40), 2**40, (20, 1, 5, 6))
    zero = torch.zeros(20, 1, 5, 6, dtype=torch.float64)
    affine = Affine(torch.from_numpy(base.astype(float)), zero[:, None], zero)
    bounds = margins(Network(network), affine, 0, np.tile([False, True], (20, 1)))[:, 1]
    hidden = np.maximum(base.reshape(20, 30).astype(object) @ weight.T.astype(int).astype(object), 0)
    exact = hidden @ (last[0] - last[1]).astype(int).astype(object)
    gaps = np.array([float(e - int(np.floor(b))) for e, b in zip(exact, bounds, strict=True)])
    assert np.all(gaps >= 0)
    assert np.all(gaps < 1e-9 * np.abs(exact.astype(float)).max())


def test_overflow_proves_nothing():
    network = plain(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2))
    huge = torch.full((1, 1, 2, 2), 1e200, dtype=torch.float64)
    for values in (huge, huge * torch.inf, huge * torch.nan):
        affine = Affine(values, torch.zeros(1, 1, 1, 2, 2).double(), torch.zeros(1, 1, 2, 2).double())
        assert not margins(Network(network), affine, 0, np.array([[False, True]]))[0, 1] > 0


def test_rivals_that_are_not_asked_are_infinite():
    network = plain(residual(), (1, 7, 6))
    low, high = random_cells(3, D, 0.1)
    affine = cells(images(3), low, high, BOX)
    asked = np.array([[False, True, False], [False, False, False], [False, True, True]])
    result = margins(Network(network), affine, 0, asked)
    np.testing.assert_array_equal(np.isinf(result), ~asked)
    every = margins(Network(network), affine, 0, np.tile(OTHERS, (3, 1)))
    np.testing.assert_allclose(result[asked], every[asked], rtol=1e-12)


def test_affine_bound_is_the_bound():
    network = plain(residual(), (1, 7, 6))
    low, high = random_cells(3, D, 0.1)
    result = bound(Network(network), cells(images(3), low, high, BOX), 0, np.arange(3), np.full(3, 2))
    by_hand = result.base - np.abs(result.slopes).sum(axis=1) - result.error
    np.testing.assert_array_equal(result.margins, by_hand)
    assert np.all(result.error > 0)


@pytest.mark.parametrize(
    ("node", "source"),
    [
        (Convolution((4, 3, 5), 0, np.zeros((4, 2, 3, 2)), np.zeros(4), (2, 1), (1, 0)), (2, 6, 6)),
        (AveragePool((2, 2, 4), 0, (3, 2), (2, 1)), (2, 6, 5)),
        (Flatten((24,), 0), (2, 3, 4)),
        (Linear((5,), 0, np.zeros((5, 7)), np.zeros(5)), (7,)),
    ],
)
def test_layers_and_their_transposes(node, source):
    generator = np.random.default_rng(0)
    if isinstance(node, Convolution | Linear):
        node.weight[:] = generator.normal(size=node.weight.shape)
    layer = linear_map(node, source)
    x = generator.normal(size=(3, *source))
    y = generator.normal(size=(3, *node.shape))
    last = [np.ascontiguousarray(np.moveaxis(v, 1, -1)) for v in (x, y)]
    through = layer.apply(last[0])
    expected = scores(Plain((ImageNode(source), node)), x)
    np.testing.assert_allclose(np.moveaxis(through, -1, 1), expected, rtol=1e-12, atol=1e-12)
    back = layer.transposed(last[1])
    assert back.shape == last[0].shape
    assert np.sum(through * last[1]) == pytest.approx(np.sum(last[0] * back), rel=1e-12)
    if isinstance(node, Convolution | Linear):
        assert layer.weight == pytest.approx(np.abs(node.weight).reshape(len(node.weight), -1).sum(axis=1).max())

"""Affine bounds through layers: values stay in them, they are least at a ReLU, and a slope that is off breaks them."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from empirical.continuous.forward import convolution, flatten, linear, relaxation, relu
from empirical.continuous.geometry import Affine

ROUNDING = 1e-12
"""Of values of about 10; the bounds leave it out."""


def affine(*shape, n=6, dimensions=3, error=0.3, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def normal(*sizes):
        return torch.randn(sizes, generator=generator, dtype=torch.float64)

    return Affine(normal(n, *shape), normal(n, dimensions, *shape) / 3, error * normal(n, *shape).abs())


def layers():
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), groups=2).double()
    plain = nn.Conv2d(4, 5, 3, bias=False).double()
    line = nn.Linear(4 * 7 * 6, 9).double()

    def convolved(a):
        return convolution(a, conv.weight, conv.bias, (2, 1), (1, 2), 2)

    return {
        "convolution": (conv, convolved),
        "without bias": (plain, lambda a: convolution(a, plain.weight, None, (1, 1), (0, 0))),
        "linear": (lambda x: line(x.flatten(1)), lambda a: linear(flatten(a), line.weight, line.bias)),
        "relu": (functional.relu, relu),
        "both": (lambda x: functional.relu(conv(x)), lambda a: relu(convolved(a))),
    }


@pytest.mark.parametrize("name", list(layers()))
@pytest.mark.parametrize("error", [0.0, 0.3])
def test_values_in_the_bounds_stay_in_the_bounds(name, error):
    layer, bounded = layers()[name]
    given = affine(4, 7, 6, error=error)
    with torch.no_grad():
        result = bounded(given)
        generator, worst = torch.Generator().manual_seed(1), 0.0
        for draw in range(200):
            z = 2 * torch.rand(6, 3, generator=generator, dtype=torch.float64) - 1
            z = z.sign() if draw % 2 else z
            t = 2 * torch.rand(given.error.shape, generator=generator, dtype=torch.float64) - 1
            t = t.sign() if draw % 3 else t
            value = layer(given.base + torch.einsum("nd...,nd->n...", given.slopes, z) + t * given.error)
            off = (value - result.base - torch.einsum("nd...,nd->n...", result.slopes, z)).abs()
            assert off.shape == result.base.shape
            assert (off <= result.error + ROUNDING).all()
            worst = max(worst, float((off / (result.error + ROUNDING)).max()))
    if error or name in {"relu", "both"}:
        assert worst > 0.3


def test_the_relaxation_of_a_relu_is_the_line_of_least_error():
    """Its error is met with alternating sign at low, 0 and high: Chebyshev's mark of the best affine approximation."""
    low, high = -torch.rand(50, dtype=torch.float64), torch.rand(50, dtype=torch.float64)
    middle, radius = (low + high) / 2, (high - low) / 2
    given = Affine(middle[:, None], radius[:, None, None], torch.zeros(50, 1, dtype=torch.float64))
    share, offset = relaxation(given)
    for value, sign in ((low, -1), (torch.zeros_like(low), 1), (high, -1)):
        off = share[:, 0] * value + offset[:, 0] - functional.relu(value)
        torch.testing.assert_close(off, sign * offset[:, 0], atol=1e-15, rtol=0)
    assert (offset > 0).all()


def test_a_relu_of_one_sign_adds_no_error():
    given = affine(5, error=0.1)
    given = Affine(given.base.abs() + 10, given.slopes, given.error)
    positive = relu(given)
    for mine, theirs in zip((positive.base, positive.slopes, positive.error), vars(given).values(), strict=True):
        assert torch.equal(mine, theirs)
    negative = relu(Affine(-given.base, given.slopes, given.error))
    assert not any(part.any() for part in vars(negative).values())


def test_a_point_on_the_border_of_a_relu_stays_finite():
    zero = torch.zeros(1, 3, dtype=torch.float64)
    line = relu(Affine(zero, torch.zeros(1, 2, 3, dtype=torch.float64), zero))
    assert not any(part.any() for part in vars(line).values())


def test_a_slope_that_is_off_breaks_the_bounds():
    given = affine(8, error=0.0)
    weight = torch.randn(5, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    result = linear(given, weight, None)
    value = (given.base + given.slopes.sum(dim=1)) @ weight.T
    for factor, holds in ((1.0, True), (1.001, False)):
        middle = result.base + factor * result.slopes.sum(dim=1)
        assert bool(((value - middle).abs() <= result.error + ROUNDING).all()) == holds

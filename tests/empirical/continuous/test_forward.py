"""Affine bounds through layers: sound for real numbers, least at a ReLU, and wrong without each of their slacks."""

from fractions import Fraction

import pytest
import torch
from torch import nn
from torch.nn import functional

from empirical.continuous import forward
from empirical.continuous.forward import UNIT, add, average_pool, bounds, convolution, flatten, linear, relu
from empirical.continuous.geometry import Affine


def affine(*shape, n=6, dimensions=3, error=0.3, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def normal(*sizes):
        return torch.randn(sizes, generator=generator, dtype=torch.float64)

    return Affine(normal(n, *shape), normal(n, dimensions, *shape) / 3, error * normal(n, *shape).abs())


def layers(seed=0):
    torch.manual_seed(seed)
    conv = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), groups=2).double()
    plain = nn.Conv2d(4, 5, 3, bias=False).double()
    line = nn.Linear(4 * 7 * 6, 9).double()
    return {
        "convolution": (
            conv,
            lambda a: convolution(a, conv.weight, conv.bias, (2, 1), (1, 2), 2),
        ),
        "without bias": (plain, lambda a: convolution(a, plain.weight)),
        "linear": (lambda x: line(x.flatten(1)), lambda a: linear(flatten(a), line.weight, line.bias)),
        "pool": (nn.AvgPool2d(3, 2, 1), lambda a: average_pool(a, (3, 3), (2, 2), (1, 1))),
        "global pool": (nn.AdaptiveAvgPool2d(1), lambda a: average_pool(a, (7, 6), (1, 1))),
        "relu": (functional.relu, relu),
        "residual": (lambda x: x + functional.relu(x), lambda a: add(a, relu(a))),
        "whole": (
            lambda x: functional.relu(functional.relu(conv(x)).flatten(1) - 1).sum(dim=1, keepdim=True),
            lambda a: whole(a, conv),
        ),
    }


def whole(a, conv):
    a = flatten(relu(convolution(a, conv.weight, conv.bias, (2, 1), (1, 2), 2)))
    width = a.base.shape[1]
    a = relu(linear(a, torch.eye(width, dtype=torch.float64), -torch.ones(width, dtype=torch.float64)))
    return linear(a, torch.ones(1, width, dtype=torch.float64))


@pytest.mark.parametrize("name", list(layers()))
@pytest.mark.parametrize("error", [0.0, 0.3])
def test_values_in_the_bounds_stay_in_the_bounds(name, error):
    layer, bounded = layers()[name]
    given = affine(4, 7, 6, error=error)
    with torch.no_grad():
        result = bounded(given)
        low, high = bounds(result)
        generator, worst = torch.Generator().manual_seed(1), 0.0
        for draw in range(200):
            z = 2 * torch.rand(6, 3, generator=generator, dtype=torch.float64) - 1
            z = z.sign() if draw % 2 else z
            t = 2 * torch.rand(given.error.shape, generator=generator, dtype=torch.float64) - 1
            t = t.sign() if draw % 3 else t
            x = given.base + torch.einsum("nd...,nd->n...", given.slopes, z) + t * given.error
            value = layer(x)
            middle = result.base + torch.einsum("nd...,nd->n...", result.slopes, z)
            assert value.shape == result.base.shape
            assert ((value - middle).abs() <= result.error).all()
            assert ((low <= value) & (value <= high)).all()
            worst = max(worst, float(((value - middle).abs() / result.error.clamp_min(1e-300)).max()))
    if error or "relu" in name:
        assert worst > 0.3


def test_the_relaxation_of_a_relu_is_the_line_of_least_error():
    """Its error is met with alternating sign at low, 0 and high: Chebyshev's mark of the best affine approximation."""
    low, high = -torch.rand(50, dtype=torch.float64), torch.rand(50, dtype=torch.float64)
    middle, radius = (low + high) / 2, (high - low) / 2
    given = Affine(middle[:, None], radius[:, None, None], torch.zeros(50, 1, dtype=torch.float64))
    line = relu(given, rounding=0)
    for z, sign in ((-torch.ones(50, dtype=torch.float64), -1), (-middle / radius, 1), (torch.ones(50), -1)):
        value = functional.relu(middle + radius * z)
        off = line.base[:, 0] + line.slopes[:, 0, 0] * z - value
        torch.testing.assert_close(off, sign * line.error[:, 0], atol=1e-15, rtol=0)
    assert (line.error > 0).all()


def test_a_relu_of_one_sign_adds_no_error():
    given = affine(5, error=0.1)
    given = Affine(given.base.abs() + 10, given.slopes, given.error)
    positive = relu(given, rounding=0)
    for mine, theirs in zip((positive.base, positive.slopes, positive.error), vars(given).values(), strict=True):
        assert torch.equal(mine, theirs)
    negative = relu(Affine(-given.base, given.slopes, given.error))
    assert not any(part.any() for part in vars(negative).values())


def test_a_point_on_the_border_of_a_relu_stays_finite():
    zero = torch.zeros(1, 3, dtype=torch.float64)
    line = relu(Affine(zero, torch.zeros(1, 2, 3, dtype=torch.float64), zero), rounding=0)
    assert not any(part.any() for part in vars(line).values())


@pytest.mark.parametrize("terms", [10, 300])
def test_rounding_is_covered_against_fractions(terms):
    """Sums that cancel: the exact result lies in the bounds, and outside them where they cover no rounding."""
    generator = torch.Generator().manual_seed(terms)
    values = torch.randn(40, terms, generator=generator, dtype=torch.float64)
    weights = torch.randn(3, terms, generator=generator, dtype=torch.float64)
    bias = torch.randn(3, generator=generator, dtype=torch.float64)
    point = Affine(values, torch.zeros(40, 0, terms, dtype=torch.float64), torch.zeros_like(values))

    def broken(rounding):
        result = linear(point, weights, bias, rounding)
        count = 0
        for n in range(40):
            for k in range(3):
                exact = Fraction(float(bias[k]))
                exact += sum(
                    Fraction(float(w)) * Fraction(float(v)) for w, v in zip(weights[k], values[n], strict=True)
                )
                off = abs(exact - Fraction(float(result.base[n, k])))
                count += off > Fraction(float(result.error[n, k]))
        return count

    assert broken(UNIT) == 0
    assert broken(0.0) > 60


def test_a_slope_that_is_off_breaks_the_bounds():
    """The check above notices a slope that is wrong by a thousandth: nothing else leaves so much room."""
    given = affine(8, error=0.0)
    weight = torch.randn(5, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    result = linear(given, weight)
    z = torch.ones(6, 3, dtype=torch.float64)
    value = (given.base + torch.einsum("nd...,nd->n...", given.slopes, z)) @ weight.T
    for factor, holds in ((1.0, True), (1.001, False)):
        middle = result.base + torch.einsum("nd...,nd->n...", factor * result.slopes, z)
        assert bool(((value - middle).abs() <= result.error).all()) == holds


def test_gradients_reach_the_weights_in_float32():
    weight = torch.randn(5, 4, 3, 3, requires_grad=True)
    result = relu(convolution(affine(4, 7, 6).to(torch.float32), weight, rounding=0), rounding=0)
    assert result.base.dtype == torch.float32
    (bounds(result, rounding=0)[0].sum()).backward()
    assert weight.grad is not None
    assert weight.grad.isfinite().all()
    assert weight.grad.any()


def test_underflow_is_covered():
    """Products below the least number are lost; the error is not."""
    small = torch.full((1, 4), 1e-200, dtype=torch.float64)
    point = Affine(small, torch.zeros(1, 0, 4, dtype=torch.float64), torch.zeros_like(small))
    result = linear(point, small)
    assert result.base == 0
    assert Fraction(float(result.error)) > 4 * Fraction(1e-200) ** 2
    assert forward.TINY * UNIT > 2.0**-1000

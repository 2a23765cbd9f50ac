"""Affine bounds of a cell through the layers of a network, sound for real numbers: an `Affine` in, an `Affine` out.

A linear layer maps base and slopes exactly and the error through the absolute values of its weights. A ReLU of a value in
[low, high], low < 0 < high, lies in the parallelogram lambda x + [0, 2 mu], lambda = high / (high - low), which has the least
error mu = -lambda low / 2 of all.

Everything is differentiable in the weights and runs in any floating-point type. `rounding` is the unit roundoff that the
bounds cover: `UNIT` for float64; 0 covers none, for training. Covered are sums of products in any order, fused or not; not
algorithms that recombine products, such as Winograd's.
Source: rounding of a sum of k products, |computed - exact| <= k u / (1 - k u) sum |a_i b_i|: Higham 2002, "Accuracy and
Stability of Numerical Algorithms", section 3.1.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from empirical.continuous.geometry import Affine

UNIT = 2.0**-53
"""Unit roundoff of float64."""
TINY = 2.0**-900
"""Times a unit roundoff, more than all that underflow can lose in a layer."""

Linear = Callable[[Tensor, Tensor], Tensor]
"""The layer without its bias: of inputs (m, ...) and weights, linear in both."""


def convolution(
    affine: Affine,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    groups: int = 1,
    rounding: float = UNIT,
) -> Affine:
    """Of values (n, C, H, W) by `functional.conv2d`."""

    def convolve(values: Tensor, weights: Tensor) -> Tensor:
        return functional.conv2d(values, weights, None, stride, padding, groups=groups)

    by_channel = None if bias is None else bias[:, None, None]
    return _through(affine, convolve, weight, by_channel, weight[0].numel(), rounding)


def linear(affine: Affine, weight: Tensor, bias: Tensor | None = None, rounding: float = UNIT) -> Affine:
    """Of values (n, d) by `functional.linear`."""
    return _through(affine, functional.linear, weight, bias, weight.shape[1], rounding)


def average_pool(
    affine: Affine,
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    rounding: float = UNIT,
) -> Affine:
    """Means over windows of values (n, C, H, W); what is padded counts as 0."""
    channels = affine.base.shape[1]
    share = affine.base.new_full((channels, 1, *size), 1 / (size[0] * size[1]))
    return convolution(affine, share, None, stride, padding, groups=channels, rounding=rounding)


def flatten(affine: Affine) -> Affine:
    """Values (n, ...) as (n, d)."""
    return Affine(affine.base.flatten(1), affine.slopes.flatten(2), affine.error.flatten(1))


def add(one: Affine, other: Affine, rounding: float = UNIT) -> Affine:
    """The sum of two values of the same cells."""
    one, other = _widened(one, 2, rounding), _widened(other, 2, rounding)
    return Affine(one.base + other.base, one.slopes + other.slopes, one.error + other.error)


def relu(affine: Affine, rounding: float = UNIT) -> Affine:
    """The positive part, value by value."""
    share, offset = relaxation(*bounds(affine, rounding))
    affine = _widened(affine, affine.slopes.shape[1] + 2, rounding)
    return Affine(
        share * affine.base + offset,
        share[:, None] * affine.slopes,
        share * affine.error + (1 + 16 * rounding) * offset,
    )


def relaxation(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """(share, offset) such that a ReLU of x in [low, high] lies in share * x + offset +- offset."""
    low, high = low.clamp(max=0), high.clamp(min=0)
    span = high - low
    share = high / torch.where(span > 0, span, 1)
    return share, torch.maximum(-share * low, (1 - share) * high) / 2


def bounds(affine: Affine, rounding: float = UNIT) -> tuple[Tensor, Tensor]:
    """The least and the largest value."""
    affine = _widened(affine, affine.slopes.shape[1] + 2, rounding)
    radius = affine.radius()
    return affine.base - radius, affine.base + radius


def _through(affine: Affine, layer: Linear, weight: Tensor, bias: Tensor | None, terms: int, rounding: float) -> Affine:
    """A linear layer of so many terms a sum, and its bias."""
    n, dimensions = affine.slopes.shape[:2]
    exact = layer(torch.cat([affine.base, affine.slopes.flatten(0, 1)]), weight)
    base, slopes = exact[:n], exact[n:].unflatten(0, (n, dimensions))
    error = layer(_widened(affine, terms + 2, rounding).error, weight.abs())
    if bias is not None:
        base = base + bias
        error = error + 4 * rounding * bias.abs()
    return Affine(base, slopes, error + rounding * TINY)


def _widened(affine: Affine, terms: int, rounding: float) -> Affine:
    """The error widened by twice what sums of so many terms lose to rounding, and by a few operations more."""
    if not rounding:
        return affine
    largest = affine.base.abs() + affine.radius() + TINY
    return Affine(affine.base, affine.slopes, affine.error + 2 * (terms + 8) * rounding * largest)

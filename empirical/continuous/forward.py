"""Affine bounds of a cell through the layers of a network, differentiable in its weights: what training works with.

A linear layer maps base and slopes exactly and the error through the absolute values of its weights. A ReLU of a value in
[low, high], low < 0 < high, lies in the parallelogram share * x + [0, 2 offset], share = high / (high - low), which has the
least error offset = -share * low / 2 of all. Bounds hold for real numbers; what rounding adds is left out, and is counted in
`backward`, which proves.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from empirical.continuous.geometry import Affine

Map = Callable[[Tensor, Tensor], Tensor]
"""A layer without its bias: of inputs (m, ...) and weights, linear in both."""


def convolution(
    affine: Affine,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    groups: int = 1,
) -> Affine:
    """Of values (n, C, H, W) by `functional.conv2d`."""

    def convolve(values: Tensor, weights: Tensor) -> Tensor:
        return functional.conv2d(values, weights, None, stride, padding, groups=groups)

    return _through(affine, convolve, weight, None if bias is None else bias[:, None, None])


def linear(affine: Affine, weight: Tensor, bias: Tensor | None) -> Affine:
    """Of values (n, d) by `functional.linear`."""
    return _through(affine, functional.linear, weight, bias)


def flatten(affine: Affine) -> Affine:
    """Values (n, ...) as (n, d)."""
    return Affine(affine.base.flatten(1), affine.slopes.flatten(2), affine.error.flatten(1))


def relu(affine: Affine) -> Affine:
    """The positive part, value by value."""
    share, offset = relaxation(affine)
    return Affine(share * affine.base + offset, share[:, None] * affine.slopes, share * affine.error + offset)


def relaxation(affine: Affine) -> tuple[Tensor, Tensor]:
    """(share, offset) such that a ReLU of a value x lies in share * x + offset +- offset."""
    radius = affine.radius()
    low, high = (affine.base - radius).clamp(max=0), (affine.base + radius).clamp(min=0)
    span = high - low
    share = high / torch.where(span > 0, span, 1)
    return share, -share * low / 2


def _through(affine: Affine, layer: Map, weight: Tensor, bias: Tensor | None) -> Affine:
    """A linear layer and its bias."""
    n, dimensions = affine.slopes.shape[:2]
    exact = layer(torch.cat([affine.base, affine.slopes.flatten(0, 1)]), weight)
    base, slopes = exact[:n], exact[n:].unflatten(0, (n, dimensions))
    return Affine(base if bias is None else base + bias, slopes, layer(affine.error, weight.abs()))

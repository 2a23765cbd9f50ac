"""Every view of an image by a cell of a box at once: pixels that are affine in the parameters, up to an error.

A view of parameters u reads the image at p(u), q(u). Over a cell, u = centre + half * z with z in [-1, 1]^D:

1. p and q are affine in z up to a remainder: see the `readings` of each kind of views.
2. Bilinear interpolation less an affine function is bilinear on each square of the pixel grid, so that its extremes over a
   rectangle of (p, q) lie at corners of the parts into which the grid cuts the rectangle.

Both hold for real numbers; `ROUNDING` covers what float64 adds to them. Views are those of `warps.warp_images`, exact.
An image that goes on beyond its border with the pixels of its edge is the image with one more pixel on each side, as far as
views read that see no more of its edge than a pixel.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from empirical.views.boxes import BoxSource, Readings
from theory.concentration.compiled import compiled
from theory.setting import Array

ROUNDING = 2.0**-46
"""128 units in the last place, of the largest coordinate or pixel that enters.

A coordinate of a cell takes at most 40 operations, each off by half a unit (sine, cosine and exponential by 4 units) of
what enters; a value of a pixel takes at most 30.
"""


@dataclass(frozen=True)
class Box:
    """The parameters of views: [-1, 1]^D in units of the ranges that are not 0; the others stay 0."""

    source: BoxSource

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Which of the parameters of the source's `maps` vary."""
        return tuple(d for d, range_ in enumerate(self.source.ranges) if range_ > 0)

    @property
    def jumps(self) -> tuple[int, ...]:
        """Which of the dimensions have a jump at 0, as that from the views of an image to those of its mirror image."""
        return tuple(i for i, d in enumerate(self.dimensions) if d in self.source.jumps)

    def points(self, reduced: Tensor) -> Tensor:
        """Points (n, P) with the given coordinates (n, D) in the dimensions that vary, 0 elsewhere."""
        points = reduced.new_zeros(len(reduced), len(self.source.ranges))
        points[:, list(self.dimensions)] = reduced
        return points

    def views(self, images: Tensor, reduced: Tensor) -> Tensor:
        """The view of each image (n, C, H, W) at its point (n, D), in float64."""
        return self.source.apply(images.double(), self.source.maps(self.points(reduced.double())))


@dataclass(frozen=True)
class Affine:
    """Values that are base + sum_d slopes_d z_d +- error for every z in [-1, 1]^D, n cells at once.

    base     (n, ...)
    slopes   (n, D, ...)
    error    (n, ...)      0 or more
    """

    base: Tensor
    slopes: Tensor
    error: Tensor

    def radius(self) -> Tensor:
        """The largest distance (n, ...) of a value from the base."""
        return self.slopes.abs().sum(dim=1) + self.error

    def to(self, dtype: torch.dtype) -> "Affine":
        """The same numbers rounded to a type, the error not widened by it."""
        return Affine(self.base.to(dtype), self.slopes.to(dtype), self.error.to(dtype))


def cells(images: Tensor, low: Tensor, high: Tensor, box: Box) -> Affine:
    """The views of each image (n, C, H, W) over its cell from low (n, D) to high (n, D), in float64, sound.

    The base at pixel (i, j) is the middle of what the interpolation takes near the centre's reading, the slopes those of its
    secants, times the derivatives of the reading.

    Raises ValueError for a cell with a jump inside.
    """
    for d in box.jumps:
        if ((low[:, d] < 0) & (high[:, d] > 0)).any():
            raise ValueError(
                f"cells: one has a jump inside, as from an image to its mirror image; halve it along dimension {d}"
            )
    n, channels, height, width = images.shape
    centre, half = (part.numpy() for part in ((low.double() + high.double()) / 2, (high.double() - low.double()) / 2))
    readings = _readings(box, centre, half, height, width)
    base = np.empty((n, channels, height, width))
    slopes = np.empty((n, len(box.dimensions), channels, height, width))
    error = np.empty_like(base)
    pixels = images.double().contiguous().numpy()
    if box.source.beyond == "border":
        pixels = np.pad(pixels, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    _interpolate(pixels, readings.jets, readings.remainders, readings.slack, base, slopes, error)
    return Affine(torch.from_numpy(base), torch.from_numpy(slopes), torch.from_numpy(error))


def displacements(box: Box, height: int, width: int) -> Tensor:
    """Pixels (D,) by which a view of so many pixels moves from the middle of the box to the end of each dimension.

    Root mean square over the pixels, to first order.
    """
    point = np.zeros((1, len(box.dimensions)))
    changes = _readings(box, point, point + 1, height, width).jets[0, 1:]
    squares = np.array([(width**2 - 1) / 12, (height**2 - 1) / 12, 1])
    return torch.from_numpy(np.sqrt((changes**2 * squares).sum(axis=(1, 2))))


def _readings(box: Box, centre: Array, half: Array, height: int, width: int) -> Readings:
    """Those of the source over cells of these centres and half sides (n, D), jets (n, D + 1, 2, 3), slack in pixels."""
    columns = list(box.dimensions)
    points, halves = (np.zeros((len(centre), len(box.source.ranges))) for _ in range(2))
    points[:, columns], halves[:, columns] = centre, half
    every = box.source.readings(points, halves, height, width)
    return Readings(every.jets[:, [0, *(1 + d for d in columns)]], every.remainders, ROUNDING * every.slack)


@compiled
def _interpolate(
    images: Array, jets: Array, remainders: Array, slack: Array, base: Array, slopes: Array, error: Array
) -> None:
    """Write the affine bounds of each pixel into base, slopes and error, of the shape of a view; images may be larger."""
    n, channels, height, width = images.shape
    own_height, own_width = base.shape[2:]
    dimensions = jets.shape[1] - 1
    p_slopes, q_slopes = np.empty(dimensions), np.empty(dimensions)
    p_cuts, q_cuts = np.empty(width + 4), np.empty(height + 4)
    for cell in range(n):
        jet = jets[cell]
        peaks, repeated = np.empty(channels), np.zeros(channels, np.bool_)
        for channel in range(channels):
            peaks[channel] = np.abs(images[cell, channel]).max()
            repeated[channel] = channel > 0 and np.array_equal(images[cell, channel], images[cell, channel - 1])
        for i in range(own_height):
            y = i - (own_height - 1) / 2
            for j in range(own_width):
                x = j - (own_width - 1) / 2
                p = jet[0, 0, 0] * x + jet[0, 0, 1] * y + jet[0, 0, 2] + (width - 1) / 2
                q = jet[0, 1, 0] * x + jet[0, 1, 1] * y + jet[0, 1, 2] + (height - 1) / 2
                off = remainders[cell, 0] * abs(x) + remainders[cell, 1] * abs(y) + remainders[cell, 2]
                off += slack[cell, 0] * abs(x) + slack[cell, 1] * abs(y) + slack[cell, 2]
                p_reach = q_reach = off
                for d in range(dimensions):
                    p_slopes[d] = jet[d + 1, 0, 0] * x + jet[d + 1, 0, 1] * y + jet[d + 1, 0, 2]
                    q_slopes[d] = jet[d + 1, 1, 0] * x + jet[d + 1, 1, 1] * y + jet[d + 1, 1, 2]
                    p_reach += abs(p_slopes[d])
                    q_reach += abs(q_slopes[d])
                columns = _cuts(p - p_reach, p + p_reach, width, p_cuts)
                rows = _cuts(q - q_reach, q + q_reach, height, q_cuts)
                for channel in range(channels):
                    if repeated[channel]:
                        base[cell, channel, i, j] = base[cell, channel - 1, i, j]
                        error[cell, channel, i, j] = error[cell, channel - 1, i, j]
                        slopes[cell, :, channel, i, j] = slopes[cell, :, channel - 1, i, j]
                        continue
                    image = images[cell, channel]
                    left_up = _value(image, p_cuts[0], q_cuts[0])
                    right_up = _value(image, p_cuts[columns - 1], q_cuts[0])
                    left_down = _value(image, p_cuts[0], q_cuts[rows - 1])
                    right_down = _value(image, p_cuts[columns - 1], q_cuts[rows - 1])
                    by_p = (right_up - left_up + right_down - left_down) / 2 / (p_cuts[columns - 1] - p_cuts[0])
                    by_q = (left_down - left_up + right_down - right_up) / 2 / (q_cuts[rows - 1] - q_cuts[0])
                    least, most = np.inf, -np.inf
                    for a in range(rows):
                        for b in range(columns):
                            residual = _value(image, p_cuts[b], q_cuts[a])
                            residual -= by_p * (p_cuts[b] - p) + by_q * (q_cuts[a] - q)
                            least, most = min(least, residual), max(most, residual)
                    base[cell, channel, i, j] = (least + most) / 2
                    error[cell, channel, i, j] = (
                        (most - least) / 2 + (abs(by_p) + abs(by_q)) * off + ROUNDING * peaks[channel]
                    )
                    for d in range(dimensions):
                        slopes[cell, d, channel, i, j] = by_p * p_slopes[d] + by_q * q_slopes[d]


@compiled
def _cuts(low: float, high: float, side: int, cuts: Array) -> int:
    """Write low, the whole numbers between that a pixel or the border lies at, and high; return how many."""
    cuts[0] = low
    count = 1
    for whole in range(max(-1, int(np.floor(low)) + 1), min(side, int(np.ceil(high)) - 1) + 1):
        cuts[count] = whole
        count += 1
    cuts[count] = high
    return count + 1


@compiled
def _value(image: Array, p: float, q: float) -> float:
    """Bilinear interpolation of an image (H, W) at column p and row q; black lies beyond the border."""
    height, width = image.shape
    left, top = np.floor(p), np.floor(q)
    right_share, down_share = p - left, q - top
    j, i = int(left), int(top)
    value = 0.0
    for a, row_share in ((i, 1 - down_share), (i + 1, down_share)):
        if 0 <= a < height:
            if 0 <= j < width:
                value += row_share * (1 - right_share) * image[a, j]
            if 0 <= j + 1 < width:
                value += row_share * right_share * image[a, j + 1]
    return value

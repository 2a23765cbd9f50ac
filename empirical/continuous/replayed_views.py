"""Views of an image over a cell of the box, for the checker: an affine function of the cell's coordinates for every pixel.

A view samples the image at the complex positions (x down the columns' axis real, y imaginary, pixels from the centre)

    s(u) = X e^(k u_1 + i a u_0) + i Y e^(k u_2 + i a u_0) + g u_3 Y + t (W u_4 + i H u_5)

where a is the rotation, k = log(1 + scale), g the shear and t the shift. What is not affine in u is bounded by
|e^(w + d) - e^w (1 + d)| <= |e^w| |d|^2 e^|Re d| / 2. A crop samples it at the real and imaginary parts

    x = X (1 - c) + W c u_2 / 2,  y = Y (1 - e) + H e u_3 / 2,  c = across (1 + u_0) / 2,  e = down (1 + u_1) / 2

where only the products c u_2 and e u_3 are not affine: a product of changes d d' remains. A crop sees pixels of the image's
edge beyond it, a warp sees black. The sampled value is bilinear on each square of the grid of pixels;
what is left of it after an affine function is subtracted is bilinear too, and has its extremes in a rectangle at the
rectangle's corners.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, fields

import numpy as np

from theory.setting import Array

ROUNDING = 2.0**-39
"""Of a position or a slope, as a share of the sum of the absolute values in its formula: each is the result of fewer than
2^12 operations with a relative error of 2^-53, sine, cosine and exponential (2^-50) included."""
VALUE = 2.0**-44
"""Of a sampled value, as a share of the largest pixel: four products and their sum."""
Positions = tuple[Array, Array, Array]
"""Where a view's pixels are sampled: centre (n, H, W), jacobian (n, D, H, W), complex, in half widths of the cell, and how
far the true position may be from their affine function in either direction (n, H, W)."""


@dataclass(frozen=True)
class Ranges:
    """The box of views: rotation (degrees), shear, scale, shift as in `empirical.views.warps.Warp`."""

    rotation: float
    shear: float
    scale: float
    shift: float
    coordinates = ("rotation", "scale", "scale", "shear", "shift", "shift")
    """The range that each coordinate of a view belongs to."""

    @property
    def dimensions(self) -> list[int]:
        """The coordinates along which the box is not a point."""
        return [d for d, name in enumerate(self.coordinates) if getattr(self, name) > 0]

    def seen(self, image: Array) -> Array:
        """The image (H, W, C) with what lies beyond it, as far as views see more than black there."""
        return image

    def positions(self, height: int, width: int, low: Array, high: Array) -> Positions:
        """Of the cells from low to high (n, D)."""
        return _positions(height, width, low, high, self)


@dataclass(frozen=True)
class CropRanges:
    """The box of views: across and down as in `empirical.views.crops.Crop`."""

    across: float
    down: float
    coordinates = ("across", "down", "across", "down")

    @property
    def dimensions(self) -> list[int]:
        """The coordinates along which the box is not a point."""
        return [d for d, name in enumerate(self.coordinates) if getattr(self, name) > 0]

    def seen(self, image: Array) -> Array:
        """The image (H, W, C) with its edge repeated by the pixel that crops see of it."""
        return np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")

    def positions(self, height: int, width: int, low: Array, high: Array) -> Positions:
        """Of the cells from low to high (n, D), in the image that is `seen`."""
        return _crop_positions(height, width, low, high, self)


@dataclass(frozen=True)
class FlippedRanges:
    """The box of views of a source, and beside them those of the mirror image: the last coordinate is above 0 there."""

    source: Ranges | CropRanges

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Those of the source, and the flip."""
        return *self.source.coordinates, "flip"

    @property
    def dimensions(self) -> list[int]:
        """The coordinates along which the box is not a point."""
        return [*self.source.dimensions, len(self.source.coordinates)]

    def seen(self, image: Array) -> Array:
        """As the source sees it."""
        return self.source.seen(image)

    def mixed(self, low: Array, high: Array) -> Array:
        """Whether cells (n, D) hold views both of the image and of its mirror image, (n,)."""
        return np.asarray((low[:, -1] < 0) & (high[:, -1] > 0))

    def positions(self, height: int, width: int, low: Array, high: Array) -> Positions:
        """Of cells from low to high (n, D), none `mixed`: to sample a mirror image at x is to sample the image at -x."""
        centre, jacobian, remainder = self.source.positions(height, width, low[:, :-1], high[:, :-1])
        last = self.seen(np.zeros((height, width, 1))).shape[1] - 1
        mirrored = ((low + high)[:, -1] > 0)[:, None, None]
        centre = np.where(mirrored, last - np.conj(centre), centre)
        jacobian = np.where(mirrored[:, None], -np.conj(jacobian), jacobian)
        return centre, np.concatenate([jacobian, np.zeros_like(jacobian[:, :1])], axis=1), remainder


BoxRanges = Ranges | CropRanges | FlippedRanges
KINDS: tuple[type[Ranges] | type[CropRanges], ...] = (Ranges, CropRanges)


def known(names: Collection[str]) -> bool:
    """Whether a kind of views has ranges of these names, flipped where one is "flip"."""
    return set(names) - {"flip"} in [{field.name for field in fields(kind)} for kind in KINDS]


def ranges_from(values: dict[str, float]) -> BoxRanges:
    """The ranges of the kind that has those names, flipped where one is "flip". ValueError where none has."""
    if "flip" in values:
        inner = ranges_from({name: value for name, value in values.items() if name != "flip"})
        assert not isinstance(inner, FlippedRanges)
        return FlippedRanges(inner)
    for kind in KINDS:
        if values.keys() == {field.name for field in fields(kind)}:
            return kind(**values)
    raise ValueError(f"ranges={', '.join(values)}: of no kind of views; a certificate names those of a warp or a crop")


def views_over(image: Array, low: Array, high: Array, ranges: BoxRanges) -> tuple[Array, Array]:
    """What the pixels of all views of a cell are: rows[:, 0] + sum_d z_d rows[:, 1 + d] +- error, z in [-1, 1]^D.

    image       (H, W, C), taken exactly
    low, high   (n, D) of the cells, multiples of powers of two, so that centre and half widths are exact
    Returns rows (n, 1 + D, H, W, C) and error (n, H, W, C).
    """
    height, width, channels = image.shape
    if channels > 1 and (image == image[..., :1]).all():  # grey: what holds for one channel holds for all
        rows, error = views_over(image[..., :1], low, high, ranges)
        return np.repeat(rows, channels, axis=-1), np.repeat(error, channels, axis=-1)
    centre, jacobian, remainder = ranges.positions(height, width, low, high)
    reach = [np.abs(part).sum(axis=1) + remainder for part in (jacobian.real, jacobian.imag)]
    xs = _breakpoints(centre.real - reach[0], centre.real + reach[0])
    ys = _breakpoints(centre.imag - reach[1], centre.imag + reach[1])
    values = _sampled(ranges.seen(image), xs, ys)  # (n, H, W, My, Mx, C)
    from_x, from_y = xs - centre.real[..., None], ys - centre.imag[..., None]
    ends = values[..., [0, -1], :, :][..., [0, -1], :]
    slope_x = (ends[..., 1, :] - ends[..., 0, :]).mean(axis=-2) / _extent(xs)
    slope_y = (ends[..., 1, :, :] - ends[..., 0, :, :]).mean(axis=-2) / _extent(ys)
    left = values - (
        slope_x[..., None, None, :] * from_x[..., None, :, None]
        + slope_y[..., None, None, :] * from_y[..., :, None, None]
    )
    top, bottom = left.max(axis=(-3, -2)), left.min(axis=(-3, -2))
    slopes = jacobian.real[..., None] * slope_x[:, None] + jacobian.imag[..., None] * slope_y[:, None]
    error = (top - bottom) / 2 + (np.abs(slope_x) + np.abs(slope_y)) * remainder[..., None]
    return np.concatenate([((top + bottom) / 2)[:, None], slopes], axis=1), error + VALUE * (1 + np.abs(image).max())


def _positions(height: int, width: int, low: Array, high: Array, ranges: Ranges) -> Positions:
    """Of warps."""
    own, n = ranges.dimensions, len(low)
    middle, half = np.zeros((n, 6)), np.zeros((n, 6))
    middle[:, own], half[:, own] = (low + high) / 2, (high - low) / 2
    angle, log_scale = math.radians(ranges.rotation), math.log1p(ranges.scale)
    middle, half = middle[:, :, None, None], half[:, :, None, None]
    X, Y = np.arange(width)[None, None] + 0.5 - width / 2, np.arange(height)[None, :, None] + 0.5 - height / 2
    across = X * np.exp(log_scale * middle[:, 1] + 1j * angle * middle[:, 0])
    down = 1j * Y * np.exp(log_scale * middle[:, 2] + 1j * angle * middle[:, 0])
    moved = ranges.shear * middle[:, 3] * Y + ranges.shift * (width * middle[:, 4] + 1j * height * middle[:, 5])
    centre = across + down + moved + ((width - 1) + 1j * (height - 1)) / 2
    by = [
        1j * angle * half[:, 0] * (across + down),
        log_scale * half[:, 1] * across,
        log_scale * half[:, 2] * down,
        ranges.shear * half[:, 3] * Y,
        ranges.shift * width * half[:, 4],
        1j * ranges.shift * height * half[:, 5],
    ]
    curved = sum(
        np.abs(part) * _second_order(log_scale * half[:, d], angle * half[:, 0]) for part, d in ((across, 1), (down, 2))
    )
    size = np.abs(across) + np.abs(down) + ranges.shear * np.abs(Y) + (ranges.shift + 1) * (width + height)
    return (
        centre,
        np.stack([np.broadcast_to(by[d], centre.shape) for d in own], axis=1),
        curved + ROUNDING * size * (1 + angle + log_scale),
    )


def _crop_positions(height: int, width: int, low: Array, high: Array, ranges: CropRanges) -> Positions:
    """Of crops."""
    own, n = ranges.dimensions, len(low)
    middle, half = np.zeros((n, 4)), np.zeros((n, 4))
    middle[:, own], half[:, own] = (low + high) / 2, (high - low) / 2
    middle, half = middle[:, :, None, None], half[:, :, None, None]
    X, Y = np.arange(width)[None, None] + 0.5 - width / 2, np.arange(height)[None, :, None] + 0.5 - height / 2
    c, e = ranges.across * (1 + middle[:, 0]) / 2, ranges.down * (1 + middle[:, 1]) / 2
    by_c, by_e = ranges.across * half[:, 0] / 2, ranges.down * half[:, 1] / 2
    across = X * (1 - c) + width * c * middle[:, 2] / 2
    down = Y * (1 - e) + height * e * middle[:, 3] / 2
    centre = across + (width + 1) / 2 + 1j * (down + (height + 1) / 2)
    by = [
        by_c * (width * middle[:, 2] / 2 - X),
        1j * by_e * (height * middle[:, 3] / 2 - Y),
        width * c * half[:, 2] / 2,
        1j * height * e * half[:, 3] / 2,
    ]
    products = np.maximum(_product(width * by_c / 2, half[:, 2]), _product(height * by_e / 2, half[:, 3]))
    size = np.abs(X) + np.abs(Y) + 2 * (width + height)
    return (
        centre,
        np.stack([np.broadcast_to(by[d], centre.shape) for d in own], axis=1),
        products + ROUNDING * size,
    )


def _product(first: Array, second: Array) -> Array:
    """An upper bound on |d d'| where neither exceeds these."""
    return np.asarray(first * second)


def _second_order(real: Array, imaginary: Array) -> Array:
    """An upper bound on |e^d - 1 - d| for complex d whose parts are not larger: the integral of (1 - t) |d|^2 |e^(t d)|."""
    return np.asarray((real**2 + imaginary**2) / 2 * np.exp(real))


def _breakpoints(low: Array, high: Array) -> Array:
    """low, the integers between, high: (..., M), with high repeated where there are fewer than M - 2 integers."""
    first = np.floor(low)
    most = int((np.ceil(high) - first).max())
    points = np.minimum(first[..., None] + np.arange(most + 1), high[..., None])
    points[..., 0] = low
    return points


def _extent(points: Array) -> Array:
    return np.asarray(np.maximum(points[..., -1] - points[..., 0], ROUNDING)[..., None])


def _sampled(image: Array, xs: Array, ys: Array) -> Array:
    """The image, bilinear between its pixels and black beyond them, at all xs (n, H, W, Mx) times all ys (n, H, W, My).

    Beyond half a pixel outside of the image's outermost squares all is black, so positions are moved to there.
    """
    height, width, channels = image.shape
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    xs, ys = np.clip(xs, -1.5, width + 0.5), np.clip(ys, -1.5, height + 0.5)
    left, top = np.floor(xs), np.floor(ys)
    right_share, down_share = (xs - left)[..., None, :, None], (ys - top)[..., :, None, None]
    corner = (top.astype(np.int64) + 2)[..., :, None] * (width + 4) + (left.astype(np.int64) + 2)[..., None, :]
    pixels = padded.reshape(-1, channels)
    upper = pixels[corner] * (1 - right_share) + pixels[corner + 1] * right_share
    lower = pixels[corner + width + 4] * (1 - right_share) + pixels[corner + width + 5] * right_share
    return np.asarray(upper * (1 - down_share) + lower * down_share)

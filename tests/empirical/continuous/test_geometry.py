"""Affine bounds of all views in a cell: they hold, they are tight, and each of their parts is needed."""

import math
from dataclasses import replace
from itertools import pairwise

import flint
import numpy as np
import pytest
import torch

from empirical.continuous import geometry
from empirical.continuous.geometry import Box, cells
from empirical.views.augmentations import MILD, apply, sample_parameters, seeded_generator
from empirical.views.crops import MILD_CROP, Crop
from empirical.views.flips import Flipped
from empirical.views.warps import MILD_WARP, Warp, matrices, warp_images

WILD = Warp(rotation=120, shear=0.4, scale=0.6, shift=0.4)
STILL = Warp(rotation=0, shear=0, scale=0, shift=0)
WARPS = [MILD_WARP, Warp(), WILD, replace(STILL, rotation=180), replace(STILL, shear=0.5), replace(STILL, shift=0.7)]
CROPS = [MILD_CROP, Crop(), Crop(0.9, 0.6), Crop(0.5, 0.0)]
SHAPES = [(3, 8, 8), (1, 9, 5), (2, 4, 7)]


def pictures(n=20, channels=2, height=8, width=8, seed=0):
    """Noise from -1 to 1."""
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(n, channels, height, width, generator=generator) - 1


def random_cells(n, box, half, seed=0):
    """Centres of cells that lie in the box, and half their sides, a factor of `half` or less in each dimension."""
    generator = torch.Generator().manual_seed(seed)
    sides = half * torch.rand(n, len(box.dimensions), generator=generator, dtype=torch.float64)
    centres = (1 - sides) * (2 * torch.rand(sides.shape, generator=generator, dtype=torch.float64) - 1)
    return centres, sides


def excess(images, box, centres, halves, draws=60, seed=1):
    """The largest distance of a sampled view from the affine part, as a share of the error claimed; and the bounds."""
    affine = cells(images, centres - halves, centres + halves, box)
    generator, worst = torch.Generator().manual_seed(seed), torch.zeros_like(affine.error)
    for draw in range(draws):
        z = 2 * torch.rand(halves.shape, generator=generator, dtype=torch.float64) - 1
        z = z.sign() if draw % 3 == 0 else z
        views = box.views(images, centres + halves * z)
        middle = affine.base + torch.einsum("nd...,nd->n...", affine.slopes, z)
        worst = torch.maximum(worst, (views - middle).abs() / affine.error)
    return worst, affine


@pytest.mark.parametrize("source", [*WARPS, *CROPS])
@pytest.mark.parametrize("half", [1e-9, 1e-3, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_sampled_view_lies_in_the_bounds(source, half, shape):
    box, images = Box(source), pictures(20, *shape)
    worst, affine = excess(images, box, *random_cells(len(images), box, half))
    assert worst.max() <= 1
    assert affine.error.min() > 0


@pytest.mark.parametrize("source", [MILD_WARP, Warp(), MILD_CROP, Crop()])
def test_some_view_comes_close_to_the_error(source):
    box, images = Box(source), pictures(50)
    worst, _ = excess(images, box, *random_cells(len(images), box, 0.05), draws=300)
    assert worst.max() > 0.9


@pytest.mark.parametrize("warp", [MILD_WARP, WILD])
def test_the_error_shrinks_with_the_square_of_the_cell(warp):
    box, images = Box(warp), pictures(100)
    centres, halves = random_cells(len(images), box, 1.0)
    halves = halves / 16 / max(warp.shift * 8, 1)
    errors = [cells(images, centres - h, centres + h, box).error.mean() for h in (halves, halves / 2, halves / 4)]
    for larger, smaller in pairwise(errors):
        assert 3.3 < larger / smaller < 4.2


@pytest.mark.parametrize("source", [*WARPS, *CROPS])
def test_a_cell_of_one_point_is_the_view(source):
    box, images = Box(source), pictures()
    centres, _ = random_cells(len(images), box, 0.0)
    affine = cells(images, centres, centres, box)
    torch.testing.assert_close(affine.base, box.views(images, centres), atol=1e-12, rtol=0)
    assert affine.error.max() < 1e-11
    assert not affine.slopes.any()


def test_the_views_are_those_that_a_warp_draws():
    images, warp = pictures().double(), Warp()
    u = 2 * torch.rand(len(images), 6, generator=seeded_generator(3)) - 1
    expected = warp_images(images, matrices(warp, len(images), seeded_generator(3)))
    torch.testing.assert_close(Box(warp).views(images, u), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("source", [WILD, Crop()])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_flip_is_the_same_of_the_mirror_image(source, side):
    """Bound by bound; the dimension of the flip moves nothing."""
    box, images = Box(source), pictures(10, width=7)
    centres, halves = random_cells(len(images), box, 0.3)
    plain = cells(images.flip(-1) if side > 0 else images, centres - halves, centres + halves, box)
    low, high = (
        torch.cat([end, torch.full((len(end), 1), limit, dtype=torch.float64)], dim=1)
        for end, limit in ((centres - halves, min(side, 0.0)), (centres + halves, max(side, 0.0)))
    )
    flipped = cells(images, low, high, Box(Flipped(source)))
    torch.testing.assert_close(flipped.base, plain.base, atol=1e-10, rtol=0)
    torch.testing.assert_close(flipped.slopes[:, :-1], plain.slopes, atol=1e-10, rtol=0)
    torch.testing.assert_close(flipped.error, plain.error, atol=1e-10, rtol=0)
    assert not flipped.slopes[:, -1].any()
    points = torch.cat([centres, torch.full((len(centres), 1), side, dtype=torch.float64)], dim=1)
    mirrored = Box(Flipped(source)).views(images, points)
    torch.testing.assert_close(
        mirrored, box.views(images.flip(-1) if side > 0 else images, centres), atol=1e-10, rtol=0
    )
    with pytest.raises(
        ValueError, match="a jump inside, as from an image to its mirror image; halve it along dimension"
    ):
        cells(images, -high.abs() - 0.1, high.abs() + 0.1, Box(Flipped(source)))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_views_of_crops_are_resized_crops(shape):
    """Every crop of 9/10 of the area is one of the box, and both ways to crop agree on it."""
    images = pictures(40, *shape)
    n, (height, width) = len(images), images.shape[2:]
    parameters = sample_parameters(MILD, n, seeded_generator(0))
    left, top, across, down = parameters.box.double().unbind(dim=1)
    u = torch.stack(
        [20 * (1 - across) - 1, 20 * (1 - down) - 1, 2 * left / (1 - across) - 1, 2 * top / (1 - down) - 1], dim=1
    )
    assert u.abs().max() <= 1 + 1e-5
    colour = torch.cat([images, images, images], dim=1)[:, :3].double()
    expected = apply((colour + 1) / 2, parameters)
    torch.testing.assert_close((Box(MILD_CROP).views(colour, u) + 1) / 2, expected, atol=1e-5, rtol=0)
    assert (expected - (colour + 1) / 2).abs().max() > 1e-3
    assert (height, width) == tuple(expected.shape[2:])


def test_a_crop_draws_points_of_its_box():
    crop, images = Crop(0.4, 0.2), pictures().double()
    u = 2 * torch.rand(len(images), 4, generator=seeded_generator(3, 1)) - 1
    torch.testing.assert_close(
        Box(crop).views(images, u), crop.apply(images, crop.draw(len(images), 3, 1)), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize(
    ("source", "dimensions"),
    [
        (MILD_WARP, (0, 1, 2, 4, 5)),
        (Warp(), (0, 1, 2, 3, 4, 5)),
        (replace(STILL, shift=0.1), (4, 5)),
        (replace(STILL, rotation=5, shear=0.1), (0, 3)),
        (STILL, ()),
        (Crop(), (0, 1, 2, 3)),
        (Crop(0.0, 0.3), (1, 3)),
    ],
)
def test_a_range_of_zero_is_no_dimension(source, dimensions):
    box, images = Box(source), pictures(3)
    assert box.dimensions == dimensions
    low = torch.full((3, len(dimensions)), -0.25, dtype=torch.float64)
    assert cells(images, low, -low, box).slopes.shape == (3, len(dimensions), *images.shape[1:])
    points = box.points(low)
    assert points.shape == (3, len(source.ranges))
    assert [d for d in range(points.shape[1]) if points[0, d]] == list(dimensions)


def test_equal_channels_are_bounded_like_others():
    box, grey = Box(WILD), pictures(10, channels=1)
    centres, halves = random_cells(len(grey), box, 0.5)
    one = cells(grey, centres - halves, centres + halves, box)
    three = cells(torch.cat([grey, grey, grey.flip(-1)], dim=1), centres - halves, centres + halves, box)
    for channel in (0, 1):
        assert torch.equal(three.base[:, channel], one.base[:, 0])
        assert torch.equal(three.slopes[:, :, channel], one.slopes[:, :, 0])
        assert torch.equal(three.error[:, channel], one.error[:, 0])
    assert not torch.equal(three.base[:, 2], one.base[:, 0])


def test_the_bilinear_residual_has_its_extremes_at_corners_of_the_grid():
    """For shifts alone, p and q fill their rectangle, and the error is half the range of the residual."""
    box, images = Box(replace(STILL, shift=0.3)), pictures(12, channels=1)
    centres, halves = random_cells(len(images), box, 0.5)
    affine = cells(images, centres - halves, centres + halves, box)
    steps = torch.linspace(-1, 1, 41, dtype=torch.float64)
    residuals = []
    for z in torch.cartesian_prod(steps, steps):
        views = box.views(images, centres + halves * z)
        residuals.append(views - affine.base - torch.einsum("nd...,d->n...", affine.slopes, z))
    least, most = torch.stack(residuals).aminmax(dim=0)
    for extreme in (-least, most):
        assert (extreme <= affine.error).all()
        # between two of the 41 points the residual moves by the width of 1/40 of the range, at slopes of at most 2
        assert (extreme >= affine.error - 2 * 0.3 * 8 * halves.max() * 2 / 40).all()
    square = (affine.error > 1e-6).double().mean()
    assert square > 0.9


@pytest.mark.parametrize("source", [MILD_WARP, Warp(), WILD, MILD_CROP, Crop(0.9, 0.6)])
def test_the_remainder_holds_and_is_within_a_small_factor(source):
    box, side = Box(source), 16
    centres, halves = random_cells(200, box, 0.3)
    readings = geometry._readings(box, centres.numpy(), halves.numpy(), side, side)
    x = np.array([[-7.5, 7.5, 1], [7.5, 2.5, 1], [0.5, -7.5, 1]])
    allowed = np.abs(x) @ (readings.remainders + readings.slack).T
    closest = np.zeros_like(allowed)
    for draw in range(100):
        z = 2 * torch.rand(halves.shape, generator=seeded_generator(draw), dtype=torch.float64) - 1
        z = z.sign()
        maps = source.maps(box.points(centres + halves * z)).numpy()
        maps[:, :, 2] *= side / 2
        linear = readings.jets[:, 0] + np.einsum("nd,ndab->nab", z.numpy(), readings.jets[:, 1:])
        off = np.abs(np.einsum("nab,kb->akn", maps - linear, x)).max(axis=0)
        closest = np.maximum(closest, off / allowed)
    assert closest.max() <= 1
    assert closest.max() > 0.6


def test_without_taylor_s_remainder_the_bounds_are_wrong(monkeypatch):
    """A ramp is affine in p and q, so only the remainder keeps the bounds of a rotation."""
    box = Box(replace(STILL, rotation=40))
    ramp = torch.linspace(0, 1, 12).expand(1, 1, 12, 12)
    low = torch.full((1, 1), -1.0, dtype=torch.float64)
    z = torch.linspace(-1, 1, 101, dtype=torch.float64)[:, None]

    def broken():
        affine = cells(ramp, low, -low, box)
        views = box.views(ramp.expand(101, -1, -1, -1), z)
        off = (views - affine.base - affine.slopes[0, 0] * z[:, :, None, None]).abs() - affine.error
        return off[:, :, 4:8, 4:8].max()

    assert broken() <= 0
    readings = geometry._readings

    monkeypatch.setattr(geometry, "_readings", lambda *arguments: without_remainder(readings(*arguments)))
    assert broken() > 1e-3


def outside(source):
    """By how much a view of a ramp, which is affine in p and q, leaves the bounds over all its box."""
    box = Box(source)
    ramp = (torch.linspace(0, 1, 12) + torch.linspace(0, 3, 12)[:, None]).expand(1, 1, 12, 12)
    low = torch.full((1, len(box.dimensions)), -1.0, dtype=torch.float64)
    affine, z = cells(ramp, low, -low, box), random_cells(400, box, 0.0)[0].sign()
    views = box.views(ramp.expand(len(z), -1, -1, -1), z)
    off = (views - affine.base - torch.einsum("d...,nd->n...", affine.slopes[0], z)).abs() - affine.error
    return float(off[:, :, 3:9, 3:9].max())


def without_remainder(readings):
    return replace(readings, remainders=0 * readings.remainders)


def with_a_centre_half_as_far(readings):
    return replace(readings, jets=readings.jets * [1, 1, 0.5])


def with_sides_off_by_a_hundredth(readings):
    return replace(readings, jets=np.concatenate([1.01 * readings.jets[:, :1], readings.jets[:, 1:]], axis=1))


@pytest.mark.parametrize("planted", [without_remainder, with_a_centre_half_as_far, with_sides_off_by_a_hundredth])
def test_a_wrong_reading_of_crops_is_caught(planted, monkeypatch):
    crop, readings = Crop(0.4, 0.4), Crop.readings
    assert outside(crop) <= 0
    monkeypatch.setattr(Crop, "readings", lambda *arguments: planted(readings(*arguments)))
    assert outside(crop) > 1e-3


def test_crops_of_an_image_that_ends_in_black_are_caught(monkeypatch):
    box, images, pad = Box(Crop()), pictures(), np.pad
    centres, halves = random_cells(len(images), box, 0.1)
    assert excess(images, box, centres, halves)[0].max() <= 1
    monkeypatch.setattr(np, "pad", lambda array, widths, mode: pad(array, widths, mode.replace("edge", "constant")))
    assert excess(images, box, centres, halves)[0].max() > 1


def exact_crop(image, crop, point, i, j):
    """The pixel (i, j) of a view in Arb's ball arithmetic: of what is left, its part that pixel (i, j) is of the whole."""
    arb, places = flint.arb, []
    u = [arb(float(v)) for v in point]
    for most, amount, place, pixel, side in (
        (crop.across, u[0], u[2], j, image.shape[1]),
        (crop.down, u[1], u[3], i, image.shape[0]),
    ):
        left_out = arb(most) * (1 + amount) / 2
        start = left_out * (1 + place) / 2
        at = side * (start + (1 - left_out) * (2 * arb(pixel) + 1) / (2 * arb(side))) - arb(1) / 2
        places.append(flint.arb.min(flint.arb.max(at, arb(0)), arb(side - 1)))
    return interpolated(image, *places)


def exact_view(image, warp, point, i, j):
    """The pixel (i, j) of a view in Arb's ball arithmetic."""
    arb = flint.arb
    height, width = image.shape
    u = [arb(float(v)) for v in point]
    angle = arb(warp.rotation) * arb.pi() / 180 * u[0]
    across, down = (arb(1 + arb(warp.scale)).log() * v for v in u[1:3])
    x, y = arb(j) - arb(width - 1) / 2, arb(i) - arb(height - 1) / 2
    p = across.exp() * angle.cos() * x + (arb(warp.shear) * u[3] - down.exp() * angle.sin()) * y
    q = across.exp() * angle.sin() * x + down.exp() * angle.cos() * y
    p += arb(warp.shift) * width * u[4] + arb(width - 1) / 2
    q += arb(warp.shift) * height * u[5] + arb(height - 1) / 2
    return interpolated(image, p, q)


def interpolated(image, p, q):
    """The value at column p and row q, balls."""
    arb, (height, width) = flint.arb, image.shape
    value = arb(0)
    for a in range(height):
        for b in range(width):
            shares = [flint.arb.max(arb(0), 1 - abs(place - at)) for place, at in ((p, b), (q, a))]
            value += shares[0] * shares[1] * arb(float(image[a, b]))
    return value


@pytest.mark.parametrize("source", [MILD_WARP, WILD, MILD_CROP, Crop(0.9, 0.6)])
def test_rounding_is_covered_against_ball_arithmetic(source):
    """At one point the error is the slack for rounding alone: the exact value, to 128 bits, lies within it."""
    exactly = exact_crop if isinstance(source, Crop) else exact_view
    box, images = Box(source), 1000 * pictures(6, channels=1, height=5, width=6)
    centres, _ = random_cells(len(images), box, 0.0)
    affine, points, before = cells(images, centres, centres, box), box.points(centres), flint.ctx.prec
    flint.ctx.prec = 128
    try:
        for n in range(len(images)):
            for i, j in ((0, 0), (2, 3), (4, 5)):
                exact = exactly(images[n, 0].double(), source, points[n], i, j)
                off = abs(exact - flint.arb(float(affine.base[n, 0, i, j])))
                assert off < flint.arb(float(affine.error[n, 0, i, j]))
                assert math.isclose(float(exact.mid()), float(affine.base[n, 0, i, j]), abs_tol=1e-9)
    finally:
        flint.ctx.prec = before

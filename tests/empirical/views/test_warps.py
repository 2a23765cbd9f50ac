"""Warps: the identity, rotations against torch.rot90, ranges of the maps, and replay."""

import math

import numpy as np
import pytest
import torch

from empirical.views.augmentations import seeded_generator
from empirical.views.protocol import finite_views
from empirical.views.warps import Warp, matrices, warp_images

NONE = Warp(rotation=0, shear=0, scale=0, shift=0)
IDENTITY = torch.tensor([[1.0, 0, 0], [0, 1, 0]])


def images(n=6, channels=3, height=9, width=9, seed=0):
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(seed))


def turn(degrees):
    angle = math.radians(degrees)
    return torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])[None]


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize(("height", "width"), [(9, 9), (8, 5)])
def test_zero_ranges_leave_the_image(channels, height, width):
    x = images(4, channels, height, width)
    maps = matrices(NONE, 4, seeded_generator(0))
    torch.testing.assert_close(maps, IDENTITY.expand(4, 2, 3), atol=0, rtol=0)
    torch.testing.assert_close(warp_images(x, maps), x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
@pytest.mark.parametrize("side", [8, 9])
def test_quarter_turns_are_those_of_rot90(quarters, side):
    x = images(2, 3, side, side)
    found = warp_images(x, turn(90 * quarters).expand(2, 2, 3))
    # Positive angles turn the coordinates that are read clockwise on the screen, hence the picture the other way.
    torch.testing.assert_close(found, torch.rot90(x, quarters, (2, 3)), atol=1e-5, rtol=0)


def test_a_rotation_of_an_oblong_image_keeps_angles():
    """A quarter turn of the 5x9 image: its middle 5x5 square turns, and what would come from outside is black."""
    x = images(2, 1, 5, 9)
    found = warp_images(x, turn(90).expand(2, 2, 3))
    torch.testing.assert_close(found[..., 2:7], torch.rot90(x[..., 2:7], 1, (2, 3)), atol=1e-5, rtol=0)
    assert found[..., :2].abs().max() == found[..., 7:].abs().max() == 0


def test_a_shift_by_a_pixel_moves_by_a_pixel_and_brings_in_black():
    x = images(1, 1, 8, 8)
    maps = IDENTITY[None].clone()
    maps[0, 0, 2] = 2 / 8
    found = warp_images(x, maps)
    torch.testing.assert_close(found[..., :-1], x[..., 1:], atol=1e-5, rtol=0)
    assert found[..., -1].abs().max() < 1e-5


def test_maps_fill_their_ranges_and_no_more():
    warp = Warp(rotation=30, shear=0, scale=0.25, shift=0.1)
    maps = matrices(warp, 4000, seeded_generator(1)).double()
    angle = torch.atan2(maps[:, 1, 0], maps[:, 0, 0]).rad2deg()
    across = torch.hypot(maps[:, 0, 0], maps[:, 1, 0])
    down = torch.hypot(maps[:, 0, 1], maps[:, 1, 1])
    for values, low, high in (
        (angle, -30, 30),
        (across, 1 / 1.25, 1.25),
        (down, 1 / 1.25, 1.25),
        (maps[:, 0, 2], -0.2, 0.2),
        (maps[:, 1, 2], -0.2, 0.2),
    ):
        assert low - 1e-4 <= values.min() < low + 0.01 * (high - low)
        assert high + 1e-4 >= values.max() > high - 0.01 * (high - low)
    assert abs(float(across.log().mean())) < 0.01  # as often larger as smaller
    sheared = matrices(Warp(rotation=0, shear=0.3, scale=0, shift=0), 4000, seeded_generator(1))
    assert 0.297 < float(sheared[:, 0, 1].abs().max()) <= 0.3
    torch.testing.assert_close(sheared[:, 1, 0], torch.zeros(4000))


@pytest.mark.parametrize("n", [1, 3, 17])
def test_views_replay_and_do_not_depend_on_how_many_there_are(n):
    x = images(20)
    every = finite_views(x, Warp(), 4, seed=5)
    torch.testing.assert_close(finite_views(x, Warp(), 4, seed=5), every, atol=0, rtol=0)
    torch.testing.assert_close(finite_views(x[:n], Warp(), 2, seed=5), every[:n, :2], atol=1e-6, rtol=0)
    torch.testing.assert_close(every[:, 0], x, atol=0, rtol=0)
    assert (finite_views(x, Warp(), 4, seed=6)[:, 1:] - every[:, 1:]).abs().amax(dim=(1, 2, 3, 4)).min() > 1e-3


@pytest.mark.parametrize("name", ["rotation", "shear", "scale", "shift"])
@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan])
def test_ranges_that_are_none_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}: no range of distortions; use 0"):
        Warp(**{name: value})


def test_a_rotation_beyond_half_a_turn_and_no_views_are_refused():
    with pytest.raises(ValueError, match=r"rotation=181.* use 0 to 180"):
        Warp(rotation=181)
    with pytest.raises(ValueError, match="m=0: too small"):
        finite_views(images(2), Warp(), 0, 0)
    with pytest.raises(ValueError, match="seed=-1: too small"):
        finite_views(images(2), Warp(), 2, -1)


def test_the_image_is_left_as_it_is_and_types_are_kept():
    x = images(2).double()
    before = x.clone()
    assert finite_views(x, Warp(), 3, 0).dtype == torch.float64
    np.testing.assert_array_equal(x, before)

"""Crops as views: what they leave out, what they show, and what is refused."""

import pytest
import torch

from empirical.views.crops import MILD_CROP, Crop
from empirical.views.protocol import finite_views
from tests.empirical.views.test_warps import images


def test_nothing_left_out_is_the_image_itself():
    x = images(5)
    points = 2 * torch.rand(5, 4, generator=torch.Generator().manual_seed(0)) - 1
    torch.testing.assert_close(Crop(0.0, 0.0).apply(x, Crop(0.0, 0.0).maps(points)), x, atol=1e-5, rtol=0)
    points[:, :2] = -1
    torch.testing.assert_close(Crop().apply(x, Crop().maps(points)), x, atol=1e-5, rtol=0)


def test_half_of_a_side_at_a_border_is_that_half_enlarged():
    """Beyond the outermost pixels their colour goes on: an image of two colours stays one, at either border."""
    x = torch.zeros(2, 1, 8, 8)
    x[:, :, :, 4:] = 1
    crop = Crop(across=0.5, down=0.0)
    maps = crop.maps(torch.tensor([[1.0, 0, -1, 0], [1.0, 0, 1, 0]]))
    dark, bright = crop.apply(x, maps)
    assert dark[:, :, :7].abs().max() < 1e-6
    assert (bright[:, :, 1:] - 1).abs().max() < 1e-6
    assert bright[:, :, 0].min() > 0.7


def test_views_replay():
    x = images(6)
    every = finite_views(x, Crop(), 4, seed=5)
    torch.testing.assert_close(finite_views(x[:3], Crop(), 2, seed=5), every[:3, :2], atol=1e-6, rtol=0)
    assert (finite_views(x, Crop(), 4, seed=6)[:, 1:] - every[:, 1:]).abs().amax(dim=(1, 2, 3, 4)).min() > 1e-3
    assert (finite_views(x, MILD_CROP, 4, 5) - x[:, None]).abs().mean() < (every - x[:, None]).abs().mean()


@pytest.mark.parametrize(("name", "value"), [("across", 1.0), ("down", -0.1), ("across", float("nan"))])
def test_shares_that_leave_no_image_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}="):
        Crop(**{name: value})

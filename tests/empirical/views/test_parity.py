"""Views are those of kornia and torchvision, where these are installed."""

import dataclasses
import importlib
import warnings

import pytest
import torch
from torch.nn import functional

from empirical.views.augmentations import (
    apply,
    identity_parameters,
    seeded_generator,
)


def images(n: int, side: int = 16, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=seeded_generator(99, seed))


@pytest.fixture(scope="module")
def kornia():
    """kornia, where it is installed; what its import warns of is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("kornia")


def test_parity_with_kornia(kornia) -> None:
    """Blur, grey, mirror, brightness, contrast, saturation are kornia's. Hue turns in YIQ here and in HSV there; kornia's
    crop samples from pixel centre to pixel centre, ours, like torchvision's, from edge to edge."""
    x, one = images(4), identity_parameters(4)
    sigma, yes = torch.tensor([0.5, 1.0, 1.5, 2.0]), torch.ones(4, dtype=torch.bool)
    pairs = [
        ("blur_sigma", sigma, kornia.filters.gaussian_blur2d(x, (5, 5), torch.stack([sigma, sigma], 1), "replicate")),
        ("gray", yes, kornia.color.rgb_to_grayscale(x).expand_as(x)),
        ("flip", yes, kornia.geometry.transform.hflip(x)),
    ]
    for name, value, expected in pairs:
        torch.testing.assert_close(apply(x, dataclasses.replace(one, **{name: value})), expected, atol=1e-6, rtol=0)
    dim, factor = 0.3 + 0.3 * x, torch.tensor([0.5, 0.8, 1.2, 1.5])
    for name, function in (
        ("brightness", kornia.enhance.adjust_brightness_accumulative),
        ("contrast", kornia.enhance.adjust_contrast_with_mean_subtraction),
        ("saturation", kornia.enhance.adjust_saturation_with_gray_subtraction),
    ):
        ours = apply(dim, dataclasses.replace(one, **{name: factor}))
        torch.testing.assert_close(ours, function(dim, factor), atol=1e-6, rtol=0)


@pytest.fixture(scope="module")
def torchvision():
    """torchvision.transforms.v2.functional, where it imports; beside a torch it was not built for it raises RuntimeError."""
    try:
        return importlib.import_module("torchvision.transforms.v2.functional")
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"no torchvision: {error}")


def test_parity_with_torchvision(torchvision) -> None:
    """All but hue, which turns in YIQ here and in HSV there. torchvision's weights of grey, to four digits, sum to .9999."""
    x, one = images(4), identity_parameters(4)
    sigma, yes, factor = torch.tensor([0.5, 1.0, 1.5, 2.0]), torch.ones(4, dtype=torch.bool), [0.5, 0.8, 1.2, 1.5]
    padded = functional.pad(x, [2] * 4, "replicate")
    blurred = torch.cat([torchvision.gaussian_blur(padded[[i]], [5, 5], [float(sigma[i])] * 2) for i in range(4)])
    pairs = [
        ("blur_sigma", sigma, blurred[:, :, 2:-2, 2:-2], 1e-6),
        ("flip", yes, torchvision.horizontal_flip(x), 0),
        ("gray", yes, torchvision.rgb_to_grayscale(x, num_output_channels=3), 1.01e-4),
    ]
    for name, atol in (("brightness", 1e-6), ("contrast", 1.01e-4), ("saturation", 1.01e-4)):
        adjusted = [getattr(torchvision, f"adjust_{name}")(x[[i]], f) for i, f in enumerate(factor)]
        pairs.append((name, torch.tensor(factor), torch.cat(adjusted), atol))
    for name, value, expected, atol in pairs:
        torch.testing.assert_close(apply(x, dataclasses.replace(one, **{name: value})), expected, atol=atol, rtol=0)


@pytest.mark.parametrize(
    ("top", "left", "height", "width"), [(0, 0, 16, 16), (2, 5, 9, 7), (7, 0, 8, 16), (1, 3, 12, 12)]
)
def test_crops_are_those_of_torchvision(torchvision, top, left, height, width) -> None:
    """Between the centres of the box's outermost pixels. Beyond them ours reads the neighbours outside the box, where
    torchvision, which cuts before it resizes, repeats the edge."""
    x = images(4)
    box = torch.tensor([[left, top, width, height]]).repeat(4, 1) / 16
    ours = apply(x, dataclasses.replace(identity_parameters(4), box=box))
    theirs = torchvision.resized_crop(x, top, left, height, width, [16, 16], antialias=False)
    centres = (torch.arange(16) + 0.5) / 16
    rows, columns = ((centres * size >= 0.5) & (centres * size <= size - 0.5) for size in (height, width))
    torch.testing.assert_close(ours[:, :, rows][..., columns], theirs[:, :, rows][..., columns], atol=1e-6, rtol=0)

"""Affine distortions of images: rotation, shear, scale and shift, as views that replay from a seed."""

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from empirical.views.augmentations import seeded_generator


@dataclass(frozen=True)
class Warp:
    """Uniform ranges, symmetric about the identity. rotation: degrees; shear: of x by y; scale: s or 1/s up to 1 + scale, in
    x and y apart; shift: share of the side. Beyond the border lies black.

    Raises ValueError for a range that is negative or not finite, and a rotation above 180 degrees.
    """

    rotation: float = 20.0
    shear: float = 0.15
    scale: float = 0.2
    shift: float = 0.15

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if not 0 <= value < math.inf or (name == "rotation" and value > 180):
                raise ValueError(
                    f"{name}={value} must be finite and 0 or more{', at most 180' if name == 'rotation' else ''}"
                )


MILD_WARP = Warp(rotation=5.0, shear=0.0, scale=0.05, shift=0.06)
"""Nearly the identity."""


def matrices(warp: Warp, n: int, generator: torch.Generator) -> Tensor:
    """n affine maps (n, 2, 3) of output to input coordinates, which are [-1, 1] over a square.

    Row i depends on the generator and i, not on n.
    """
    u = (2 * torch.rand(n, 6, generator=generator) - 1).unbind(dim=1)
    angle = math.radians(warp.rotation) * u[0]
    across, down = ((math.log1p(warp.scale) * v).exp() for v in (u[1], u[2]))
    cos, sin = angle.cos(), angle.sin()
    rows = (
        cos * across,
        -sin * down + warp.shear * u[3],
        2 * warp.shift * u[4],
        sin * across,
        cos * down,
        2 * warp.shift * u[5],
    )
    return torch.stack(rows, dim=1).reshape(n, 2, 3)


def warp_images(images: Tensor, maps: Tensor) -> Tensor:
    """Bilinear resampling of images (n, C, H, W), float, by maps (n, 2, 3) of the square about them: angles stay angles."""
    height, width = images.shape[2:]
    to_image = maps.new_tensor([[1, height / width, 1], [width / height, 1, 1]])
    grid = functional.affine_grid((maps * to_image).to(images), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def warped_views(images: Tensor, warp: Warp, m: int, seed: int) -> Tensor:
    """m views of each image, view 0 the image itself: (n, C, H, W) -> (n, m, C, H, W).

    View j of row i depends on (seed, j, i) only. Raises ValueError for m < 1 or a negative seed.
    """
    if m < 1:
        raise ValueError(f"m={m} leaves no view: ask for 1 (the image itself) or more")
    drawn = [warp_images(images, matrices(warp, len(images), seeded_generator(seed, j))) for j in range(1, m)]
    return torch.stack([images, *drawn], dim=1)

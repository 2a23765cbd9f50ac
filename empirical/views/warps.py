"""Affine distortions of images: rotation, shear, scale and shift, as views that replay from a seed."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from empirical.views.augmentations import seeded_generator


@dataclass(frozen=True)
class Warp:
    """A distribution over affine distortions: uniform ranges, symmetric about the identity. Beyond the border lies black.

    rotation   degrees
    shear      of x by y
    scale      factors from 1 / (1 + scale) to 1 + scale, drawn for x and y apart
    shift      share of the side

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
                most = " to 180" if name == "rotation" else " or more, finite"
                raise ValueError(f"{name}={value}: no range of distortions; use 0{most}")

    @property
    def ranges(self) -> tuple[float, ...]:
        """Of each parameter of `maps_at`; 0 where it changes nothing."""
        return self.rotation, self.scale, self.scale, self.shear, self.shift, self.shift

    def maps(self, points: Tensor) -> Tensor:
        """`maps_at`."""
        return maps_at(self, points)

    def draw(self, n: int, *keys: int) -> Tensor:
        """n affine maps, from a generator that the keys determine."""
        return matrices(self, n, seeded_generator(*keys))

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """`warp_images`."""
        return warp_images(images, parameters)

    def describe(self) -> dict[str, Any]:
        """The ranges by name."""
        return asdict(self)


MILD_WARP = Warp(rotation=5.0, shear=0.0, scale=0.05, shift=0.06)
"""Nearly the identity."""
PARAMETERS = 6
"""Of a map, see `maps_at`."""


def matrices(warp: Warp, n: int, generator: torch.Generator) -> Tensor:
    """n affine maps (n, 2, 3) of output to input coordinates, which are [-1, 1] over a square.

    Row i depends on the generator and i, not on n.
    """
    return maps_at(warp, 2 * torch.rand(n, PARAMETERS, generator=generator) - 1)


def maps_at(warp: Warp, points: Tensor) -> Tensor:
    """The affine maps (n, 2, 3) at points (n, 6) of [-1, 1]^6.

    A point holds rotation, log scale across, log scale down, shear, shift across and shift down, in units of their ranges.
    """
    u = points.unbind(dim=1)
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
    return torch.stack(rows, dim=1).reshape(-1, 2, 3)


def warp_images(images: Tensor, maps: Tensor, beyond: str = "zeros") -> Tensor:
    """Bilinear resampling of images (n, C, H, W), float, by maps (n, 2, 3) of the square about them: angles stay angles.

    beyond   what lies beyond the border: "zeros", or "border", the pixel of the edge
    """
    height, width = images.shape[2:]
    to_image = maps.new_tensor([[1, height / width, 1], [width / height, 1, 1]])
    grid = functional.affine_grid((maps * to_image).to(images), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode=beyond, align_corners=False)

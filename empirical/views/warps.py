"""Affine distortions of images: rotation, shear, scale and shift, as views that replay from a seed."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from empirical.views.augmentations import seeded_generator
from empirical.views.boxes import Beyond, Readings
from theory.continuous.formulas import remainder
from theory.setting import Array


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
    jumps: ClassVar[tuple[int, ...]] = ()
    beyond: ClassVar[Beyond] = "zeros"

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

    @property
    def parts(self) -> dict[str, float]:
        """The ranges by name."""
        return asdict(self)

    def with_parts(self, parts: Mapping[str, float]) -> "Warp":
        """The warp of these ranges."""
        return replace(self, **parts)

    def maps(self, points: Tensor) -> Tensor:
        """`maps_at`."""
        return maps_at(self, points)

    def readings(self, points: Array, halves: Array, height: int, width: int) -> Readings:
        """p and q are real parts of sums of x exp(s + i a), affine in the parameters up to Taylor's remainder.

        The second derivative along the cell is at most |x| exp(s + half_s) (half_s^2 + half_a^2).
        """
        units = np.array([np.radians(self.rotation), *[np.log1p(self.scale)] * 2, self.shear, *[self.shift] * 2])
        points, halves = units * points, units * halves
        angle, across, down, shear, right, below = points.T
        first, second = np.exp(across + 1j * angle), np.exp(down + 1j * angle)
        jets = np.zeros((len(points), PARAMETERS + 1, 2, 3))
        jets[:, 0, 0] = np.stack([first.real, shear - second.imag, width * right], axis=1)
        jets[:, 0, 1] = np.stack([first.imag, second.real, height * below], axis=1)
        jets[:, 1, 0, 0], jets[:, 1, 0, 1] = -first.imag, -second.real
        jets[:, 1, 1, 0], jets[:, 1, 1, 1] = first.real, -second.imag
        jets[:, 2, 0, 0], jets[:, 2, 1, 0] = first.real, first.imag
        jets[:, 3, 0, 1], jets[:, 3, 1, 1] = -second.imag, second.real
        jets[:, 4, 0, 1], jets[:, 5, 0, 2], jets[:, 6, 1, 2] = 1, width, height
        jets[:, 1:] *= halves[:, :, None, None]
        remainders, slack = np.zeros((len(points), 3)), np.empty((len(points), 3))
        remainders[:, :2] = remainder(points[:, 1:3], halves[:, 1:3], halves[:, :1])
        slack[:, :2] = np.exp(points[:, 1:3] + halves[:, 1:3]) * (1 + units[:3].sum()) ** 2 + self.shear
        slack[:, 2] = self.shift * max(height, width) + max(height, width)
        return Readings(jets, remainders, slack)

    def draw(self, n: int, *keys: int) -> Tensor:
        """n affine maps, from a generator that the keys determine."""
        return matrices(self, n, seeded_generator(*keys))

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """`warp_images`."""
        return warp_images(images, parameters, self.beyond)

    def describe(self) -> dict[str, Any]:
        """The ranges by name."""
        return asdict(self)

    def box_in_words(self) -> str:
        """The ranges, in degrees, per cent and shares of the side."""
        words = {
            "rotation up to {:g} degrees": self.rotation,
            "scale up to {:g}% across and down": 100 * self.scale,
            "shear up to {:g}": self.shear,
            "shift up to {:g} of the side across and down": self.shift,
        }
        return ", ".join(text.format(most) for text, most in words.items() if most)

    def view_in_words(self, point: tuple[float, ...]) -> str:
        """What is not 0 for every view, in degrees, per cent and shares of the side."""
        rotation, across, down, shear, right, below = point
        words = []
        if self.rotation:
            words.append(f"rotation {self.rotation * rotation:+.1f} degrees")
        if self.scale:
            factors = [100 * ((1 + self.scale) ** u - 1) for u in (across, down)]
            words.append(f"scale {factors[0]:+.1f}% across, {factors[1]:+.1f}% down")
        if self.shear:
            words.append(f"shear {self.shear * shear:+.3f}")
        if self.shift:
            words.append(f"shift {self.shift * right:+.3f} across, {self.shift * below:+.3f} down, of the side")
        return "; ".join(words)


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


def warp_images(images: Tensor, maps: Tensor, beyond: Beyond = "zeros") -> Tensor:
    """Bilinear resampling of images (n, C, H, W), float, by maps (n, 2, 3) of the square about them: angles stay angles."""
    height, width = images.shape[2:]
    to_image = maps.new_tensor([[1, height / width, 1], [width / height, 1, 1]])
    grid = functional.affine_grid((maps * to_image).to(images), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode=beyond, align_corners=False)

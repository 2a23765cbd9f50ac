"""Resized crops of images, as views that replay from a seed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from empirical.views.augmentations import seeded_generator
from empirical.views.boxes import Beyond, Readings
from empirical.views.warps import warp_images
from theory.setting import Array


@dataclass(frozen=True)
class Crop:
    """A distribution over resized crops: both sides and the place uniform. Beyond the border, pixels of the edge repeat.

    across   share of the width that is left out, at most
    down     share of the height

    Raises ValueError for a share outside [0, 1).
    """

    across: float = 0.3
    down: float = 0.3
    jumps: ClassVar[tuple[int, ...]] = ()
    beyond: ClassVar[Beyond] = "border"

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: no share that may be left out; use 0 or more, below 1")

    @property
    def ranges(self) -> tuple[float, ...]:
        """Of each parameter of `maps`; 0 where it changes nothing."""
        return self.across, self.down, self.across, self.down

    @property
    def parts(self) -> dict[str, float]:
        """The shares by name."""
        return asdict(self)

    def with_parts(self, parts: Mapping[str, float]) -> "Crop":
        """The crop of these shares."""
        return replace(self, **parts)

    def maps(self, points: Tensor) -> Tensor:
        """The affine maps (n, 2, 3) of output to input coordinates, which are [-1, 1], at points (n, 4) of [-1, 1]^4.

        A point holds how much is left out across and down, from nothing to all that may be, and the place across and down,
        from one border to the other.
        """
        u = points.unbind(dim=1)
        left_out = self.across * (1 + u[0]) / 2, self.down * (1 + u[1]) / 2
        zero = torch.zeros_like(u[0])
        rows = (1 - left_out[0], zero, left_out[0] * u[2], zero, 1 - left_out[1], left_out[1] * u[3])
        return torch.stack(rows, dim=1).reshape(-1, 2, 3)

    def readings(self, points: Array, halves: Array, height: int, width: int) -> Readings:
        """p = (1 - l) x + width l v/2 for l left out across, at place v; q likewise.

        Affine in the parameters but for the product of the changes of what is left out and of the place.
        """
        jets, remainders = np.zeros((len(points), 5, 2, 3)), np.zeros((len(points), 3))
        for side, (most, pixels) in enumerate(((self.across, width), (self.down, height))):
            left_out, half_left_out = most * (1 + points[:, side]) / 2, most * halves[:, side] / 2
            place, half_place = points[:, 2 + side], halves[:, 2 + side]
            jets[:, 0, side, side], jets[:, 0, side, 2] = 1 - left_out, pixels * left_out * place / 2
            jets[:, 1 + side, side, side], jets[:, 1 + side, side, 2] = (
                -half_left_out,
                pixels * half_left_out * place / 2,
            )
            jets[:, 3 + side, side, 2] = pixels * left_out * half_place / 2
            remainders[:, 2] = np.maximum(remainders[:, 2], pixels * half_left_out * half_place / 2)
        slack = np.broadcast_to([2.0, 2.0, 4.0 * max(height, width)], remainders.shape)
        return Readings(jets, remainders, slack)

    def draw(self, n: int, *keys: int) -> Tensor:
        """n affine maps, from a generator that the keys determine."""
        return self.maps(2 * torch.rand(n, len(self.ranges), generator=seeded_generator(*keys)) - 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Bilinear resampling of images (n, C, H, W), float, by maps (n, 2, 3)."""
        return warp_images(images, parameters, self.beyond)

    def describe(self) -> dict[str, Any]:
        """The shares by name."""
        return asdict(self)

    def box_in_words(self) -> str:
        """The shares, per cent."""
        words = {
            "up to {:g}% of the width cut off": 100 * self.across,
            "up to {:g}% of the height cut off": 100 * self.down,
        }
        return ", ".join(text.format(most) for text, most in words.items() if most)

    def view_in_words(self, point: tuple[float, ...]) -> str:
        """What is cut off at each end of a side, per cent."""
        words = []
        ends = (self.across, "the left", "the right"), (self.down, "the top", "the bottom")
        for side, (most, first, second) in enumerate(ends):
            if most:
                left_out, place = most * (1 + point[side]) / 2, (1 + point[2 + side]) / 2
                shares = left_out * place, left_out * (1 - place)
                words += [
                    f"{100 * share:.1f}% cut off at {end}" for share, end in zip(shares, (first, second), strict=True)
                ]
        return "; ".join(words)


MILD_CROP = Crop(across=0.1, down=0.1)
"""Nearly the identity: all crops of 9/10 of the area or more are among these."""

"""Resized crops of images, as views that replay from a seed."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor

from empirical.views.augmentations import seeded_generator
from empirical.views.warps import warp_images


@dataclass(frozen=True)
class Crop:
    """A distribution over resized crops: both sides and the place uniform. Beyond the border, pixels of the edge repeat.

    across   share of the width that is left out, at most
    down     share of the height

    Raises ValueError for a share outside [0, 1).
    """

    across: float = 0.3
    down: float = 0.3

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: no share that may be left out; use 0 or more, below 1")

    @property
    def ranges(self) -> tuple[float, ...]:
        """Of each parameter of `maps`; 0 where it changes nothing."""
        return self.across, self.down, self.across, self.down

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

    def draw(self, n: int, *keys: int) -> Tensor:
        """n affine maps, from a generator that the keys determine."""
        return self.maps(2 * torch.rand(n, len(self.ranges), generator=seeded_generator(*keys)) - 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """Bilinear resampling of images (n, C, H, W), float, by maps (n, 2, 3)."""
        return warp_images(images, parameters, beyond="border")

    def describe(self) -> dict[str, Any]:
        """The shares by name."""
        return asdict(self)


MILD_CROP = Crop(across=0.1, down=0.1)
"""Nearly the identity: all crops of 9/10 of the area or more are among these."""

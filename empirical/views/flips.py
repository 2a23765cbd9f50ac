"""Views of images and of their mirror images, as views that replay from a seed."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirical.views.augmentations import seeded_generator
from empirical.views.crops import Crop
from empirical.views.warps import Warp


@dataclass(frozen=True)
class Flipped:
    """The distribution over views of a source, of the image and of its mirror image, left for right, with the same chance.

    A mirrored view is one whose map is mirrored: a reading at p from the middle of the image becomes one at -p.
    """

    source: Warp | Crop

    @property
    def ranges(self) -> tuple[float, ...]:
        """Of each parameter of `maps`."""
        return *self.source.ranges, 1.0

    def maps(self, points: Tensor) -> Tensor:
        """The affine maps (n, 2, 3) at points (n, P + 1): mirrored where the last coordinate is above 0."""
        maps = self.source.maps(points[:, :-1])
        return torch.stack([torch.where(points[:, -1:] > 0, -maps[:, 0], maps[:, 0]), maps[:, 1]], dim=1)

    def draw(self, n: int, *keys: int) -> Tensor:
        """n affine maps, from a generator that the keys determine."""
        return self.maps(2 * torch.rand(n, len(self.ranges), generator=seeded_generator(*keys)) - 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """As the source does."""
        return self.source.apply(images, parameters)

    def describe(self) -> dict[str, Any]:
        """The ranges of the source by name, and that of the flip, 1."""
        return self.source.describe() | {"flip": 1.0}

"""Views of images and of their mirror images, as views that replay from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from empirical.views.augmentations import seeded_generator
from empirical.views.boxes import Beyond, BoxSource, Readings
from theory.setting import Array


@dataclass(frozen=True)
class Flipped:
    """The distribution over views of a source, of the image and of its mirror image, left for right, with the same chance.

    A mirrored view is one whose map is mirrored: a reading at p from the middle of the image becomes one at -p.
    """

    source: BoxSource

    @property
    def ranges(self) -> tuple[float, ...]:
        """Of each parameter of `maps`."""
        return *self.source.ranges, 1.0

    @property
    def jumps(self) -> tuple[int, ...]:
        """Those of the source, and from the image to its mirror image."""
        return *self.source.jumps, len(self.source.ranges)

    @property
    def beyond(self) -> Beyond:
        """As for the source."""
        return self.source.beyond

    @property
    def parts(self) -> dict[str, float]:
        """Those of the source; a flip has none."""
        return self.source.parts

    def with_parts(self, parts: Mapping[str, float]) -> "Flipped":
        """The views of the source with these ranges, flipped too."""
        return Flipped(self.source.with_parts(parts))

    def maps(self, points: Tensor) -> Tensor:
        """The affine maps (n, 2, 3) at points (n, P + 1): mirrored where the last coordinate is above 0."""
        maps = self.source.maps(points[:, :-1])
        return torch.stack([torch.where(points[:, -1:] > 0, -maps[:, 0], maps[:, 0]), maps[:, 1]], dim=1)

    def readings(self, points: Array, halves: Array, height: int, width: int) -> Readings:
        """Those of the source, with p the other way round for mirror images."""
        own = self.source.readings(points[:, :-1], halves[:, :-1], height, width)
        jets = own.jets.copy()
        jets[points[:, -1] > 0, :, 0] *= -1
        return Readings(np.concatenate([jets, np.zeros_like(jets[:, :1])], axis=1), own.remainders, own.slack)

    def draw(self, n: int, *keys: int) -> Tensor:
        """n affine maps, from a generator that the keys determine."""
        return self.maps(2 * torch.rand(n, len(self.ranges), generator=seeded_generator(*keys)) - 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        """As the source does."""
        return self.source.apply(images, parameters)

    def describe(self) -> dict[str, float]:
        """The ranges of the source by name, and that of the flip, 1."""
        return self.source.describe() | {"flip": 1.0}

    def box_in_words(self) -> str:
        """The ranges of the source."""
        return f"{self.source.box_in_words()}, of the image and of its mirror image"

    def view_in_words(self, point: tuple[float, ...]) -> str:
        """The parameters of the source, and which of the two images."""
        return self.source.view_in_words(point[:-1]) + ("; mirrored" if point[-1] > 0 else "; not mirrored")

"""Barlow Twins: correlations of two views over the batch, driven to the identity."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from torch import Tensor

from empirical.training import objectives
from empirical.training.distributed import gather
from empirical.training.methods import Head, Learner, Method, encode
from empirical.training.networks import Encoder
from theory.checks import make_plain


@dataclass(frozen=True)
class BarlowTwins:
    """Barlow Twins.

    weight   lambda, of the correlations off the diagonal; the paper has 0.005 for d = 8192
    widths   of the head's layers after the backbone, batch normalisation before each ReLU

    Raises ValueError for a negative weight.
    Source: Zbontar et al. 2021.
    """

    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({"batch_size": 64})
    name: str = field(default="barlow-twins", init=False)
    views: int = field(default=2, init=False)
    weight: float = 0.02
    widths: tuple[int, ...] = (256, 256, 256)

    def __post_init__(self) -> None:
        make_plain(self)
        if not self.weight >= 0:
            raise ValueError(f"weight={self.weight}: lambda is negative; use 0 or more, the paper has 0.005")

    @property
    def head(self) -> Head:
        """Batch normalisation between the layers; the loss itself standardises the result."""
        return Head(self.widths, norm=True, final_norm=False)

    def learner(self, encoder: Encoder) -> Learner:
        """The module that trains `encoder`."""
        return BarlowTwinsLearner(self, encoder)


class BarlowTwinsLearner(Learner):
    """The encoder alone."""

    def __init__(self, method: BarlowTwins, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.method = method

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (2, n, 3, H, W)."""
        z = gather(encode(self.encoder, views))
        return objectives.barlow_twins(z[:, 0], z[:, 1], self.method.weight)


PRESETS: dict[str, Method] = {"barlow-twins": BarlowTwins()}

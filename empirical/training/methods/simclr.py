"""SimCLR by NT-Xent; with ArCL or AAL in the place of its positive pair; and t-SimCLR."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from torch import Tensor

from empirical.training import objectives
from empirical.training.distributed import gather
from empirical.training.methods import Head, Learner, Method, check_positives, check_temperature, encode
from empirical.training.networks import Encoder
from theory.checks import make_plain


@dataclass(frozen=True)
class SimCLR:
    """SimCLR, SimCLR with ArCL or AAL, or t-SimCLR.

    temperature   of the loss
    positives     "pair": two views, NT-Xent; "worst": ArCL over `views` views; "mean": AAL over them
    views         of each sample in a batch
    degrees       None, or the degrees of freedom of t-SimCLR, whose features are standardised over the batch and lie on no
                  sphere
    widths        of the head's layers after the backbone, ReLU between them

    Raises ValueError for a value outside its range and for options that exclude each other.
    Source: Chen et al. 2020 (SimCLR); Zhao et al. 2023 (ArCL); Hu et al. 2023 (t-SimCLR).
    """

    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    name: str = field(default="simclr", init=False)
    temperature: float = 0.2
    positives: str = "pair"
    views: int = 2
    degrees: float | None = None
    widths: tuple[int, ...] = (128, 64)

    def __post_init__(self) -> None:
        make_plain(self)
        check_temperature(self.temperature)
        check_positives(self.positives, self.views)
        if self.degrees is not None and not (self.degrees > 0 and self.positives == "pair"):
            raise ValueError(
                f"degrees={self.degrees}: t-SimCLR compares pairs by a positive number of degrees; "
                "use degrees > 0 and positives='pair', or degrees=None"
            )

    @property
    def head(self) -> Head:
        """Without normalisation."""
        return Head(self.widths, norm=False, final_norm=False)

    def learner(self, encoder: Encoder) -> Learner:
        """The module that trains `encoder`."""
        return SimCLRLearner(self, encoder)


class SimCLRLearner(Learner):
    """The encoder alone."""

    def __init__(self, method: SimCLR, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.method = method

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (m, n, 3, H, W)."""
        z, method = gather(encode(self.encoder, views)), self.method
        if method.positives == "worst":
            return objectives.arcl(z, method.temperature)
        if method.positives == "mean":
            return objectives.aal(z, method.temperature)
        if method.degrees is None:
            return objectives.nt_xent(z[:, 0], z[:, 1], method.temperature)
        standard = objectives.standardised(z.flatten(0, 1)).unflatten(0, z.shape[:2])
        return objectives.t_info_nce(standard[:, 0], standard[:, 1], method.temperature, method.degrees)


PRESETS: dict[str, Method] = {
    "simclr": SimCLR(),
    "simclr-arcl": SimCLR(positives="worst", views=4),
    "simclr-aal": SimCLR(positives="mean", views=4),
    "t-simclr": SimCLR(degrees=10, temperature=5),
}

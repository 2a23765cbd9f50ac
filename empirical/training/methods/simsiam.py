"""SimSiam: each view predicts the projection of the other, through which no gradient flows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from torch import Tensor

from empirical.training import objectives
from empirical.training.distributed import gather
from empirical.training.methods import Head, Learner, Method, encode
from empirical.training.networks import Encoder, projection_head
from empirical.training.optimisation import Groups
from theory.checks import make_plain


@dataclass(frozen=True)
class SimSiam:
    """SimSiam.

    widths           of the projection's layers after the backbone, batch normalised throughout
    bottleneck       hidden width of the predictor, d -> bottleneck -> d with batch normalisation and ReLU between
    predictor_rate   learning rate of the predictor as a multiple of the encoder's

    A predictor that lags behind the encoder lets the features lose dimensions: on the embedded data, at rate 1, the standard
    deviation of the normalised outputs fell in some seeds to .5 (encoder's rate 5e-3) or .8 (2e-3) of its largest value,
    1 / sqrt(d), within three epochs; at 5 (2e-3) it kept to .95 and more in every seed tried, 101 and 103 to 107. The paper
    has 1, and never lowers the predictor's rate, to the same end.
    Raises ValueError for a rate that is not positive.
    Source: Chen and He 2021, section 4.1; Tian, Chen and Ganguli 2021, "Understanding Self-Supervised Learning Dynamics
    without Contrastive Pairs".
    """

    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({"batch_size": 64})
    name: str = field(default="simsiam", init=False)
    views: int = field(default=2, init=False)
    widths: tuple[int, ...] = (256, 256)
    bottleneck: int = 64
    predictor_rate: float = 5.0

    def __post_init__(self) -> None:
        make_plain(self)
        if not self.predictor_rate > 0:
            raise ValueError(f"predictor_rate={self.predictor_rate}: not positive; 1 to 10 is usual")

    @property
    def head(self) -> Head:
        """Batch normalisation after every layer."""
        return Head(self.widths, norm=True, final_norm=True)

    def learner(self, encoder: Encoder) -> Learner:
        """The module that trains `encoder`; draws its predictor from torch's global random state."""
        return SimSiamLearner(self, encoder)


class SimSiamLearner(Learner):
    """The encoder, and a predictor that is trained with it and left behind."""

    def __init__(self, method: SimSiam, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.method = method
        d = method.widths[-1]
        self.predictor = projection_head((d, method.bottleneck, d), norm=True)

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (2, n, 3, H, W)."""
        z = encode(self.encoder, views)
        p = gather(self.predictor(z.flatten(0, 1)).unflatten(0, z.shape[:2]))
        z = gather(z)
        return objectives.simsiam(p[:, 0], p[:, 1], z[:, 0], z[:, 1])

    def groups(self) -> Groups:
        """The encoder, and the predictor at its own rate."""
        return [(1.0, self.encoder.parameters()), (self.method.predictor_rate, self.predictor.parameters())]


PRESETS: dict[str, Method] = {"simsiam": SimSiam()}

"""MoCo v2: queries against keys of a momentum encoder and a queue; with ArCL or AAL over ordered pairs of views."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from empirical.training import objectives
from empirical.training.distributed import gather
from empirical.training.methods import Head, Learner, Method, check_positives, check_temperature, encode
from empirical.training.networks import Encoder
from theory.checks import make_plain


@dataclass(frozen=True)
class MoCo:
    """MoCo v2, or MoCo with ArCL or AAL.

    temperature   of the loss
    queue_size    Q, the number of keys of past batches; at least a batch
    momentum      of the encoder of the keys
    positives     as in `SimCLR`
    views         of each sample in a batch
    widths        of the head's layers after the backbone

    The head is batch normalised throughout, as in MoCo v3: without it a short run spends itself on moving all features away
    from the keys in the queue. The defaults suit hundreds of steps, not the hundreds of thousands of the paper (Q = 65536,
    momentum .999). Batches are not shuffled between processes: statistics are those of the whole batch
    (`distributed.synchronised`).
    Raises ValueError for a value outside its range.
    Source: He et al. 2020; Chen et al. 2020, "Improved Baselines with Momentum Contrastive Learning"; head: Chen, Xie and He
    2021, MoCo v3.
    """

    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({"batch_size": 64})
    name: str = field(default="moco", init=False)
    temperature: float = 0.2
    queue_size: int = 1024
    momentum: float = 0.99
    positives: str = "pair"
    views: int = 2
    widths: tuple[int, ...] = (128, 64)

    def __post_init__(self) -> None:
        make_plain(self)
        check_temperature(self.temperature)
        check_positives(self.positives, self.views)
        if self.queue_size < 1:
            raise ValueError(f"queue_size={self.queue_size}: no negatives; use a few batches' worth")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum={self.momentum}: outside [0, 1); use .9 for short runs to .999 for long ones")

    @property
    def head(self) -> Head:
        """Batch normalisation after every layer."""
        return Head(self.widths, norm=True, final_norm=True)

    def learner(self, encoder: Encoder) -> Learner:
        """The module that trains `encoder`; draws its first queue from torch's global random state."""
        return MoCoLearner(self, encoder)


class MoCoLearner(Learner):
    """The encoder of the queries, the encoder of the keys, and the queue.

    momentum_encoder           starts as a copy of the encoder; moved by `after_step`, never by a gradient
    queue              (Q, d)  unit keys, a ring
    oldest             ()      the row of the queue that is replaced next
    """

    queue: Tensor
    oldest: Tensor

    def __init__(self, method: MoCo, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.method = method
        self.momentum_encoder = copy.deepcopy(encoder).requires_grad_(False)
        first = torch.randn(method.queue_size, method.widths[-1])
        self.register_buffer("queue", functional.normalize(first, dim=1))
        self.register_buffer("oldest", torch.zeros((), dtype=torch.int64))
        self._fresh: Tensor | None = None

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (m, n, 3, H, W); for "pair", view 1 is the query and view 2 the key."""
        method = self.method
        if method.positives == "pair":
            queries, keys = views[:1], views[1:]
        else:
            queries, keys = views, views
        q = gather(encode(self.encoder, queries))
        with torch.no_grad():
            k = gather(encode(self.momentum_encoder, keys))
        if len(k) > method.queue_size:
            raise ValueError(
                f"queue_size={method.queue_size}: smaller than the batch of {len(k)}; raise queue_size, or lower batch_size"
            )
        self._fresh = functional.normalize(k[:, -1], dim=1)
        if method.positives == "pair":
            q, k = q[:, 0], k[:, 0]
        return objectives.info_nce(q, k, self.queue, method.temperature, method.positives)

    @torch.no_grad()
    def after_step(self) -> None:
        """Move the momentum encoder; put the last view's keys into the queue in place of the oldest."""
        for slow, fast in zip(self.momentum_encoder.parameters(), self.encoder.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.method.momentum)
        if self._fresh is None:
            raise ValueError("after_step(): called without a loss before it; call the learner on a batch first")
        places = (self.oldest + torch.arange(len(self._fresh), device=self.queue.device)) % len(self.queue)
        self.queue[places] = self._fresh.to(self.queue.dtype)
        self.oldest.copy_((places[-1] + 1) % len(self.queue))
        self._fresh = None


PRESETS: dict[str, Method] = {
    "moco": MoCo(),
    "moco-arcl": MoCo(positives="worst", views=3),
    "moco-aal": MoCo(positives="mean", views=3),
}

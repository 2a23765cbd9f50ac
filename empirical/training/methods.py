"""The methods: SimCLR (and t-SimCLR), MoCo v2, Barlow Twins, SimSiam; ArCL and AAL as options of SimCLR and MoCo.

A method is a frozen dataclass of its own parameters. `learner(encoder)` makes of it a module that holds all state that
training changes and a checkpoint must keep: the encoder, and a predictor, a momentum encoder, a queue where there is one.

    learner.encoder           what is evaluated in the end
    learner(views)            the loss of the whole batch; views (m, n, 3, H, W): m views of this process's n samples
    learner.groups()          what the optimiser trains, and how fast
    learner.after_step()      to be called after each optimiser step

A new method is one more dataclass with `name`, `views`, `head`, `learner`, and an entry in `METHODS`.
"""

import copy
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from empirical.training import objectives
from empirical.training.convolution import speed_up_small_maps
from empirical.training.distributed import gather
from empirical.training.networks import Encoder, build, projector
from empirical.training.optimisation import Groups


class Head(NamedTuple):
    """The projection head a method trains with: arguments of `encoders.build`."""

    widths: tuple[int, ...]
    norm: bool
    final_norm: bool


class Learner(Protocol):
    """What the training loop asks of a method; a `torch.nn.Module`."""

    encoder: Encoder

    def __call__(self, views: Tensor) -> Tensor:
        """The loss of views (m, n, 3, H, W)."""

    def groups(self) -> Groups:
        """What is trained: (factor on the learning rate, parameters); those without gradient do not matter."""

    def after_step(self) -> None:
        """What follows an optimiser step."""


@dataclass(frozen=True)
class SimCLR:
    """SimCLR by NT-Xent; with ArCL or AAL; or t-SimCLR.

    temperature: of the loss. positives: "pair": two views, NT-Xent; "worst": ArCL over `views` views; "mean": AAL.
    degrees: None, or the degrees of freedom of t-SimCLR, whose features are standardised over the batch and lie on no
    sphere. widths: of the head after the backbone, ReLU between. Source: Chen et al. 2020 (SimCLR); Zhao et al. 2023
    (ArCL); Hu et al. 2023 (t-SimCLR).
    Raises ValueError for a value outside its range and for options that exclude each other.
    """

    name: str = field(default="simclr", init=False)
    temperature: float = 0.2
    positives: str = "pair"
    views: int = 2
    degrees: float | None = None
    widths: tuple[int, ...] = (128, 64)

    def __post_init__(self) -> None:
        _check_temperature(self.temperature)
        _check_views(self.positives, self.views)
        if self.degrees is not None and not (self.degrees > 0 and self.positives == "pair"):
            raise ValueError(f"degrees={self.degrees} must be positive, and goes with positives='pair' only")

    @property
    def head(self) -> Head:
        """Without normalisation."""
        return Head(self.widths, norm=False, final_norm=False)

    def learner(self, encoder: Encoder) -> "SimCLRLearner":
        """The module that trains `encoder`."""
        return SimCLRLearner(self, encoder)


class SimCLRLearner(nn.Module):
    """Nothing but the encoder."""

    def __init__(self, method: SimCLR, encoder: Encoder) -> None:
        super().__init__()
        self.method = method
        self.encoder = encoder

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

    def groups(self) -> Groups:
        """All, at one rate."""
        return [(1.0, self.parameters())]

    def after_step(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class MoCo:
    """MoCo v2: queries against keys of a momentum encoder and a queue; with ArCL or AAL over ordered pairs of views.

    temperature: of the loss. queue_size: Q, keys of past batches, at least a batch. momentum: of the encoder of the keys.
    positives, views: as in `SimCLR`. widths: of the head after the backbone, batch normalised throughout as in MoCo v3:
    without it a short run spends itself on moving all features away from the keys in the queue. The defaults suit hundreds
    of steps, not the hundreds of thousands of the paper (Q = 65536, momentum .999). Batches are not shuffled between
    processes: statistics are those of the whole batch (`distributed.synchronised`). Source: He et al. 2020; Chen et al.
    2020, "Improved Baselines with Momentum Contrastive Learning"; head: Chen, Xie and He 2021, MoCo v3.
    Raises ValueError for a value outside its range.
    """

    name: str = field(default="moco", init=False)
    temperature: float = 0.2
    queue_size: int = 1024
    momentum: float = 0.99
    positives: str = "pair"
    views: int = 2
    widths: tuple[int, ...] = (128, 64)

    def __post_init__(self) -> None:
        _check_temperature(self.temperature)
        _check_views(self.positives, self.views)
        if self.queue_size < 1:
            raise ValueError(f"queue_size={self.queue_size} leaves no negatives: use a few batches' worth")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum={self.momentum} must lie in [0, 1): .9 for short runs to .999 for long ones")

    @property
    def head(self) -> Head:
        """Batch normalisation after every layer."""
        return Head(self.widths, norm=True, final_norm=True)

    def learner(self, encoder: Encoder) -> "MoCoLearner":
        """The module that trains `encoder`; draws its first queue from torch's global random state."""
        return MoCoLearner(self, encoder)


class MoCoLearner(nn.Module):
    """momentum_encoder: starts as a copy, is moved by after_step, never by a gradient. queue (Q, d): unit keys, a ring."""

    def __init__(self, method: MoCo, encoder: Encoder) -> None:
        super().__init__()
        self.method = method
        self.encoder = encoder
        self.momentum_encoder = copy.deepcopy(encoder).requires_grad_(False)
        first = torch.randn(method.queue_size, method.widths[-1])
        self.register_buffer("queue", functional.normalize(first, dim=1))
        self.register_buffer("oldest", torch.zeros((), dtype=torch.int64))
        self._fresh: Tensor | None = None

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (m, n, 3, H, W); for "pair", view 1 asks and view 2 is the key."""
        method = self.method
        if method.positives == "pair":
            queries, keys = views[:1], views[1:]
        else:
            queries, keys = views, views
        q = gather(encode(self.encoder, queries))
        with torch.no_grad():
            k = gather(encode(self.momentum_encoder, keys))
        if len(k) > method.queue_size:
            raise ValueError(f"queue_size={method.queue_size} is smaller than the batch of {len(k)}: raise it")
        self._fresh = functional.normalize(k[:, -1], dim=1)
        if method.positives == "pair":
            q, k = q[:, 0], k[:, 0]
        return objectives.info_nce(q, k, self.queue, method.temperature, method.positives)

    def groups(self) -> Groups:
        """The encoder alone."""
        return [(1.0, self.encoder.parameters())]

    @torch.no_grad()
    def after_step(self) -> None:
        """Move the momentum encoder; put the last view's keys into the queue in place of the oldest."""
        for slow, fast in zip(self.momentum_encoder.parameters(), self.encoder.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.method.momentum)
        if self._fresh is None:
            raise ValueError("after_step() without a loss before it: call the learner on a batch first")
        places = (self.oldest + torch.arange(len(self._fresh), device=self.queue.device)) % len(self.queue)
        self.queue[places] = self._fresh.to(self.queue.dtype)
        self.oldest.copy_((places[-1] + 1) % len(self.queue))
        self._fresh = None


@dataclass(frozen=True)
class BarlowTwins:
    """Barlow Twins: correlations of two views over the batch, driven to the identity.

    weight: lambda, of the correlations off the diagonal; the paper has 0.005 for d = 8192. widths: of the head after the
    backbone, batch normalisation before each ReLU. Source: Zbontar et al. 2021.
    Raises ValueError for a negative weight.
    """

    name: str = field(default="barlow-twins", init=False)
    views: int = field(default=2, init=False)
    weight: float = 0.02
    widths: tuple[int, ...] = (256, 256, 256)

    def __post_init__(self) -> None:
        if not self.weight >= 0:
            raise ValueError(f"weight={self.weight} (lambda) must be 0 or more: 0.005 is the paper's")

    @property
    def head(self) -> Head:
        """Batch normalisation between the layers; the loss itself standardises the result."""
        return Head(self.widths, norm=True, final_norm=False)

    def learner(self, encoder: Encoder) -> "BarlowTwinsLearner":
        """The module that trains `encoder`."""
        return BarlowTwinsLearner(self, encoder)


class BarlowTwinsLearner(nn.Module):
    """Nothing but the encoder."""

    def __init__(self, method: BarlowTwins, encoder: Encoder) -> None:
        super().__init__()
        self.method = method
        self.encoder = encoder

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (2, n, 3, H, W)."""
        z = gather(encode(self.encoder, views))
        return objectives.barlow_twins(z[:, 0], z[:, 1], self.method.weight)

    def groups(self) -> Groups:
        """All, at one rate."""
        return [(1.0, self.parameters())]

    def after_step(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class SimSiam:
    """SimSiam: each view predicts the projection of the other, through which no gradient flows.

    widths: of the projection after the backbone, batch normalised throughout. bottleneck: hidden width of the predictor,
    d -> bottleneck -> d with batch normalisation and ReLU between. predictor_rate: learning rate of the predictor as a
    multiple of the encoder's. A predictor that lags behind the encoder lets the features lose dimensions: on the embedded
    data, at rate 1, the standard deviation of the normalised outputs fell in some seeds to .5 (encoder's rate 5e-3) or .8
    (2e-3) of its largest value, 1 / sqrt(d), within three epochs; at 5 (2e-3) it kept to .95 and more in every seed tried,
    101 and 103 to 107. The paper has 1, and never lowers the predictor's rate, to the same end. Source: Chen and He 2021,
    section 4.1; Tian, Chen and Ganguli 2021, "Understanding Self-Supervised Learning Dynamics without Contrastive Pairs".
    Raises ValueError for a rate that is not positive.
    """

    name: str = field(default="simsiam", init=False)
    views: int = field(default=2, init=False)
    widths: tuple[int, ...] = (256, 256)
    bottleneck: int = 64
    predictor_rate: float = 5.0

    def __post_init__(self) -> None:
        if not self.predictor_rate > 0:
            raise ValueError(
                f"predictor_rate={self.predictor_rate} must be positive: 1 to 10 times the encoder's is usual"
            )

    @property
    def head(self) -> Head:
        """Batch normalisation after every layer."""
        return Head(self.widths, norm=True, final_norm=True)

    def learner(self, encoder: Encoder) -> "SimSiamLearner":
        """The module that trains `encoder`; draws its predictor from torch's global random state."""
        return SimSiamLearner(self, encoder)


class SimSiamLearner(nn.Module):
    """predictor: trained with the encoder, and left behind."""

    def __init__(self, method: SimSiam, encoder: Encoder) -> None:
        super().__init__()
        self.method = method
        self.encoder = encoder
        d = method.widths[-1]
        self.predictor = projector((d, method.bottleneck, d), norm=True)

    def forward(self, views: Tensor) -> Tensor:
        """The loss of views (2, n, 3, H, W)."""
        z = encode(self.encoder, views)
        p = gather(self.predictor(z.flatten(0, 1)).unflatten(0, z.shape[:2]))
        z = gather(z)
        return objectives.simsiam(p[:, 0], p[:, 1], z[:, 0], z[:, 1])

    def groups(self) -> Groups:
        """The encoder, and the predictor at its own rate."""
        return [(1.0, self.encoder.parameters()), (self.method.predictor_rate, self.predictor.parameters())]

    def after_step(self) -> None:
        """Nothing."""


def encode(module: nn.Module, views: Tensor) -> Tensor:
    """Features (n, m, d) of views (m, n, 3, H, W), all in one batch, so that all views share batch statistics.

    In bfloat16 on CUDA; the features come back in the type of the views, in which losses are computed.
    """
    with _autocast(views.device):
        z = module(views.flatten(0, 1))
    return z.to(views.dtype).unflatten(0, views.shape[:2]).transpose(0, 1)


def _autocast(device: torch.device) -> AbstractContextManager[Any]:
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be positive: 0.1 to 1 is usual")


def _check_views(positives: str, views: int) -> None:
    if positives not in objectives.POSITIVES:
        raise ValueError(f"positives={positives!r} is unknown: choose one of {', '.join(objectives.POSITIVES)}")
    if views < 2:
        raise ValueError(f"views={views} give no pair: use 2 or more")
    if positives == "pair" and views != 2:
        raise ValueError(f"views={views}: positives='pair' compares 2; use 'worst' (ArCL) or 'mean' (AAL) for more")


Method = SimCLR | MoCo | BarlowTwins | SimSiam

METHODS: dict[str, Method] = {
    "simclr": SimCLR(),
    "simclr-arcl": SimCLR(positives="worst", views=4),
    "simclr-aal": SimCLR(positives="mean", views=4),
    "t-simclr": SimCLR(degrees=10, temperature=5),
    "moco": MoCo(),
    "moco-arcl": MoCo(positives="worst", views=3),
    "moco-aal": MoCo(positives="mean", views=3),
    "barlow-twins": BarlowTwins(),
    "simsiam": SimSiam(),
}
"""By name, for commands; any other parameters by the classes."""


def initial_encoder(method: Method, backbone: str, seed: int) -> Encoder:
    """The encoder that `initial_learner` starts from, alone; its convolutions of small maps as in `convolution`."""
    encoder = build(seed, backbone, *method.head)
    speed_up_small_maps(encoder)
    return encoder


def initial_learner(method: Method, backbone: str, seed: int) -> Any:
    """A `Learner` on the CPU; its initial weights depend on the arguments only, and the global random state is left alone."""
    encoder = initial_encoder(method, backbone, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        return method.learner(encoder)

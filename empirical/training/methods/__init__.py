"""Methods of training without labels, one file each.

A method is a frozen dataclass of its own parameters that fits `Method`. `learner(encoder)` makes of it a module that holds
all state that training changes and a checkpoint must keep: the encoder, and a predictor, a momentum encoder or a queue where
there is one.

    learner.encoder           what is evaluated in the end
    learner(views)            the loss of the whole batch; views (m, n, 3, H, W): m views of this process's n samples
    learner.groups()          what the optimiser trains, and how fast
    learner.after_step()      to be called after each optimiser step

A new method is one new file in this folder: the dataclass, its learner, and `PRESETS`, which gives methods by name. No other
file lists it. This module imports none of these files, so that a run is named by the code of its own method only.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import Field
from functools import cache
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from empirical.training.convolution import speed_up_small_maps
from empirical.training.networks import Encoder, build_encoder
from empirical.training.objectives import POSITIVES
from empirical.training.optimisation import Groups

FIRST = ("simclr", "moco")
"""Files whose methods lead every list; those of the others follow in the order of file names."""


class Head(NamedTuple):
    """The projection head a method trains with: arguments of `networks.build_encoder`."""

    widths: tuple[int, ...]
    norm: bool
    final_norm: bool


class Learner(nn.Module):
    """Everything that training changes. A method that trains the encoder alone defines `forward` and nothing else."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def groups(self) -> Groups:
        """What is trained: (factor on the learning rate, parameters); here the encoder alone."""
        return [(1.0, self.encoder.parameters())]

    def after_step(self) -> None:
        """What follows an optimiser step; here nothing."""


class Method(Protocol):
    """A frozen dataclass of a method's parameters.

    name       of the family, as in reports: every preset of SimCLR is "simclr"
    views      of each sample in a batch
    head       the projection head that it trains with
    settings   fields of `TrainingConfig` with which it learns more than with the defaults, in ten epochs of the embedded data
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    settings: ClassVar[Mapping[str, Any]]

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def views(self) -> int: ...  # noqa: D102

    @property
    def head(self) -> Head: ...  # noqa: D102

    def learner(self, encoder: Encoder) -> Learner:
        """The module that trains `encoder`; what it draws comes from torch's global random state."""


METHODS: Mapping[str, Method]
"""Every preset of every file of this folder, by name; the files are imported when it is first asked for."""


@cache
def _presets() -> Mapping[str, Method]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    names.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    presets: dict[str, Method] = {}
    for name in names:
        presets |= importlib.import_module(f"{__name__}.{name}").PRESETS
    return presets


def __getattr__(name: str) -> Any:
    if name == "METHODS":
        return _presets()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def initial_encoder(method: Method, backbone: str, seed: int) -> Encoder:
    """The encoder that `initial_learner` starts from, alone; its convolutions of small maps as in `convolution`."""
    encoder = build_encoder(seed, backbone, *method.head)
    speed_up_small_maps(encoder)
    return encoder


def initial_learner(method: Method, backbone: str, seed: int) -> Learner:
    """A learner on the CPU; its initial weights depend on the arguments only, and the global random state is left alone."""
    encoder = initial_encoder(method, backbone, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + 1)
        return method.learner(encoder)


def encode(module: nn.Module, views: Tensor) -> Tensor:
    """Features (n, m, d) of views (m, n, 3, H, W), all in one batch, so that all views share batch statistics.

    In bfloat16 on CUDA; the features come back in the type of the views, in which losses are computed.
    """
    with autocast(views.device):
        z = module(views.flatten(0, 1))
    features: Tensor = z.to(views.dtype).unflatten(0, views.shape[:2]).transpose(0, 1)
    return features


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Inside, networks run in bfloat16 where the device is CUDA."""
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.type == "cuda" else nullcontext()


def check_temperature(temperature: float) -> None:
    """ValueError for a temperature that is not positive."""
    if not temperature > 0:
        raise ValueError(f"temperature={temperature}: not positive; 0.1 to 1 is usual")


def check_positives(positives: str, views: int) -> None:
    """ValueError for an unknown kind of positive, and for a number of views that it cannot compare."""
    if positives not in POSITIVES:
        raise ValueError(f"positives={positives!r}: unknown; choose one of {', '.join(POSITIVES)}")
    if views < 2:
        raise ValueError(f"views={views}: no pair to compare; use 2 or more")
    if positives == "pair" and views != 2:
        raise ValueError(
            f"views={views}: positives='pair' compares exactly 2; use 'worst' (ArCL) or 'mean' (AAL) for more"
        )

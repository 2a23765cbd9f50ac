"""How much the stages do: at full size, or in a rehearsal of minutes on one core, which runs the same code."""

from dataclasses import dataclass, replace
from typing import Any

from empirical.experiments.design import SCALES
from empirical.training.clustering import Clustering
from empirical.training.loop import TrainingConfig


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    training       the run; of its epochs those are trained that fit the time
    changes        fields of `training` that the rehearsal changes, None for the full size
    probe_every    epochs from one point of the curve to the next
    rate_steps     steps of the two runs that measure images per second, plain and compiled
    distances      (letters, samples) of each comparison of d_A; m views of every sample
    views          m there, and in audits
    clustering     the discretising encoder: its graph, and its training on all images
    certified      images of each half of an audit
    audits         views that are audited, the first with a certificate; see `empirical.views.parsing.parse_views`
    loop_seconds   for each loop of training that is compared
    """

    training: TrainingConfig
    probe_every: int
    rate_steps: int
    distances: tuple[tuple[str, int], ...]
    views: int
    clustering: Clustering
    certified: int
    audits: tuple[str, ...]
    loop_seconds: float


MILDER = "mild:crop_scale=0.6..1,flip_probability=0.5,colour_strength=0.25,colour_probability=0.8"
"""CIFAR's crop, flip and colour at a quarter of their strength."""

SCALE = SCALES["cifar-gpu"]
FULL = Sizes(
    training=SCALE.config(SCALE.methods["SimCLR"], "abcde", 0),
    probe_every=10,
    rate_steps=40,
    distances=(("ad", 500), ("ab", 500), ("abcd", 500), ("ad", 2000)),
    views=16,
    clustering=Clustering(
        views=8, samples=5000, letters="ade", backbone="resnet18", epochs=10, batch_size=512, lr=1e-3
    ),
    certified=10_000,
    audits=("ade", MILDER),
    loop_seconds=6.0,
)


CHANGES: dict[str, Any] = {"encoder": "small", "batch_size": 50, "epochs": 2}
REHEARSAL = replace(
    FULL,
    training=replace(FULL.training, **CHANGES),
    probe_every=1,
    rate_steps=1,
    distances=(("ad", 12),),
    views=4,
    clustering=replace(FULL.clustering, views=2, samples=100, neighbours=8, backbone="small", epochs=1, batch_size=50),
    certified=50,
    loop_seconds=0.5,
)
"""The same with few images and the small network."""


def sizes_of(rehearsed: bool) -> Sizes:
    """The full size, or that of a rehearsal."""
    return REHEARSAL if rehearsed else FULL

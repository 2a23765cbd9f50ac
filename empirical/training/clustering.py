"""A discretising encoder without labels: cluster the augmentation graph, then teach a network the clusters under views.

1. Graph: samples are joined to their nearest neighbours by the augmented distance d_A of the theory, the least distance
   between a view of one and a view of the other, in pixels or in the features of an encoder trained by contrast.
   Where the image itself is the only view of it, the graph is sparse, and of tens of thousands of samples.
2. Clusters: normalised cuts of that graph into K parts (`cuts`), edges scaled by the local density.
3. Network: backbone and linear scores, trained by cross-entropy to give every view of a sample the sample's cluster.
4. With `--certifiable`: the network is small, and learns on to keep every view of a continuous warp in the cluster,
   provably; see `empirical.continuous`.

With the head "vertices" its largest score becomes a vertex of a simplex: views of one sample then mostly coincide, s = 0,
and Theorem 1 asks for purity only. No label is used anywhere. `contrastive-theory cluster --help`.
Source: augmentation graph: HaoChen et al. 2021, "Provable Guarantees for Self-Supervised Deep Learning with Spectral
Contrastive Loss".
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.training.clustering")


import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from empirical.continuous.training import CellTraining, train_on_cells
from empirical.data.reading import add_data_options, read_named
from empirical.data.sets import Dataset, fingerprint
from empirical.evaluation.features import extract, weights_hash
from empirical.evaluation.heads import unit
from empirical.training.checkpoint import serialised
from empirical.training.cuts import cut, sparse_cut
from empirical.training.loop import TrainingConfig, batch_that_fits, pick_device, train
from empirical.training.methods import autocast
from empirical.training.methods.simclr import SimCLR
from empirical.training.networks import CERTIFIABLE_SIDE, Encoder, backbone_maker
from empirical.training.optimisation import optimizer_of, schedule, set_rate
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from empirical.views.protocol import MOST_VIEWS, finite_views
from empirical.views.warps import Warp, matrices, warp_images
from theory.checks import check_choice, check_integer, make_plain
from theory.command import OneLineParser, integer, number, output_folder, show_progress
from theory.concentration import augmented_distances
from theory.files import lock_in_turn, write_bytes, write_json
from theory.setting import Array

WARP = "warp"
"""The word for `Warp()` among the options."""

Draw = Callable[[Tensor, torch.Generator], Tensor]
"""One random view of each image."""


@dataclass(frozen=True)
class Clustering:
    """Everything that the result depends on beside the images.

    clusters            K
    views               of each sample in the graph, the sample itself included, which with 1 is the only one
    neighbours          of each sample in the graph
    samples             the graph and the network see at most so many training images
    warp                the distortions that make views; None where letters are given
    letters             of `Augmentation.from_letters`; empty where a warp is given
    contrast            the training by contrast, on letters of its own, whose head features make the graph and whose
                        backbone, of the same kind as the network's, the network starts from; data and seed are those here;
                        None: the graph is made of pixels, and the network starts at random
    backbone            of the network, as in `networks.backbone_maker`
    epochs, batch_size, lr, weight_decay   of the network's training
    cells               the training behind it that makes the network certifiable; None: none
    seed                of views, clusters and weights

    Raises ValueError for a value outside its range, for both or neither of warp and letters, and for contrast with a warp or
    cells, or of another backbone.
    """

    clusters: int = 10
    views: int = 48
    neighbours: int = 20
    samples: int = 3000
    warp: Warp | None = None
    letters: str = ""
    contrast: TrainingConfig | None = None
    backbone: str = "small"
    epochs: int = 40
    batch_size: int = 128
    lr: float = 2e-3
    weight_decay: float = 1e-2
    cells: CellTraining | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        make_plain(self)
        for name, least in (
            ("clusters", 2),
            ("views", 1),
            ("neighbours", 1),
            ("samples", 2),
            ("epochs", 1),
            ("batch_size", 2),
            ("seed", 0),
        ):
            if getattr(self, name) < least:
                raise ValueError(f"{name}={getattr(self, name)}: too small; use {least} or more")
        if (self.warp is None) == (not self.letters):
            raise ValueError(
                f"warp={self.warp}, letters={self.letters!r}: one kind of views is needed; give one of them"
            )
        if self.contrast is None:
            return
        if self.warp is not None:
            raise ValueError(f"contrast={self.contrast.letters!r}: SimCLR trains on letters; give letters, no warp")
        if self.cells is not None:
            raise ValueError(
                f"contrast={self.contrast.letters!r}: no cell is bounded through SimCLR's backbone; --certifiable takes "
                f"--views {WARP}"
            )
        if self.contrast.encoder != self.backbone:
            raise ValueError(
                f"backbone={self.backbone!r}: does not start from SimCLR's {self.contrast.encoder!r}; give the same"
            )

    def draw(self) -> Draw:
        """The random view the network is trained on."""
        warp = self.warp
        if warp is not None:
            return lambda images, generator: warp_images(images, matrices(warp, len(images), generator))
        augmentation = Augmentation.from_letters(self.letters)
        return lambda images, generator: apply(images, sample_parameters(augmentation, len(images), generator))

    def finite(self, images: Tensor, m: int, seed: int) -> Tensor:
        """m views of each image, the image first."""
        return finite_views(images, self.warp or Augmentation.from_letters(self.letters), m, seed)


@dataclass(frozen=True)
class Clustered:
    """What was clustered and learnt.

    network          images (n, 3, H, W) -> scores (n, K)
    clusters   (n,)  of the first n training images
    losses           of the network, one an epoch; those of a training on cells behind them
    """

    network: nn.Module
    clusters: Array
    losses: tuple[float, ...]


def network(clusters: int = 10, backbone: str = "small") -> nn.Sequential:
    """Backbone and linear scores, (n, 3, H, W) -> (n, K); also the factory for `python -m empirical.audit --encoder`."""
    body, dim = backbone_maker(backbone)()
    return nn.Sequential(body, nn.Linear(dim, clusters))


def teach(
    config: Clustering, images: Tensor, clusters: Array, start: nn.Module | None, device: torch.device
) -> Clustered:
    """Train the network on the clusters under views, on CUDA in bfloat16; start: a backbone to begin from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = network(config.clusters, config.backbone)
    if start is not None:
        model[0].load_state_dict(start.state_dict())
    model.to(device).train()
    images, targets, draw = images.to(device), torch.from_numpy(clusters).to(device), config.draw()
    optimizer = optimizer_of("adamw", [(1.0, model.parameters())], config.lr, config.weight_decay)
    batches = max(1, len(images) // config.batch_size)
    losses = []
    for epoch in range(config.epochs):
        generator, total = seeded_generator(config.seed, epoch), 0.0
        order = torch.randperm(len(images), generator=generator)
        for batch, rows in enumerate(order.tensor_split(batches)):
            set_rate(optimizer, config.lr, *schedule("one-cycle", epoch * batches + batch, config.epochs * batches))
            views = draw(images[rows], generator)
            with autocast(device):
                scores = model(views)
            loss = functional.cross_entropy(scores.float(), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        if not np.isfinite(total):
            raise ValueError(f"loss={total}: not finite in epoch {epoch + 1}; lower lr={config.lr}")
        losses.append(total / len(images))
    return Clustered(model.eval(), clusters, tuple(losses))


def cluster(config: Clustering, data: Dataset, device: torch.device, runs: Path, progress: bool = True) -> Clustered:
    """All three steps on the training images; runs: folder of the SimCLR run, where there is one."""
    images = data.train_images[: config.samples]
    if len(images) < config.clusters:
        raise ValueError(f"clusters={config.clusters}: more than the {len(images)} images; use {len(images)} or fewer")
    if config.backbone == "certifiable" and images.shape[2:] != (CERTIFIABLE_SIDE, CERTIFIABLE_SIDE):
        raise ValueError(
            f"side={max(images.shape[2:])}: the certifiable network is made for images of {CERTIFIABLE_SIDE} pixels a side; "
            f"use --side {CERTIFIABLE_SIDE}"
        )
    steps = 3 + (config.cells.epochs if config.cells else 0)
    with tqdm(total=steps, desc="contrast", disable=not progress) as bar:
        start: Encoder | None = None
        if config.contrast is not None:
            contrast = replace(
                config.contrast,
                dataset=data.name,
                batch_size=batch_that_fits(config.contrast.batch_size, len(data.train_images)),
                seed=config.seed,
            )
            start = train(contrast, data, device, runs, progress=False).encoder
        bar.set_description("graph")
        bar.update()
        views = config.finite(images, config.views, config.seed)
        n, m = views.shape[:2]
        if start is None:
            points = views.flatten(2).numpy()
        else:
            points = unit()(extract(start, views.flatten(0, 1), device)).reshape(n, m, -1)
        if m == 1:
            clusters = sparse_cut(points[:, 0], config.clusters, config.neighbours, config.seed)
        else:
            clusters = cut(augmented_distances(points), config.clusters, config.neighbours, config.seed)
        bar.set_description("network")
        bar.update()
        result = teach(config, images, clusters, None if start is None else start.backbone, device)
        bar.update()
        if config.cells is not None:
            bar.set_description("cells")
            targets = torch.from_numpy(clusters)
            losses = train_on_cells(result.network.cpu(), images, targets, config.cells, config.seed, bar.update)
            result = replace(result, losses=(*result.losses, *losses))
    return result


FASHION_CONTRAST = TrainingConfig(letters="abcd", epochs=25)
PRESETS = {
    "digits": Clustering(warp=Warp()),
    "fashion": Clustering(letters="abcd", views=16, contrast=FASHION_CONTRAST, epochs=20),
    "cifar10": Clustering(
        clusters=8,
        views=1,
        neighbours=15,
        samples=50_000,
        letters="ade",
        contrast=TrainingConfig(
            letters="abcde",
            method=SimCLR(widths=(256, 128)),
            encoder="medium",
            epochs=44,
            coarse=0.92,
            batch_size=512,
        ),
        backbone="medium",
        epochs=4,
        batch_size=256,
    ),
}
"""digits: grey, so pixels will do under a warp. fashion: colour is planted, so distances are taken between features. cifar10:
SimCLR for 31 CPU minutes, then CIFAR's own views, crop, flip and colour; eight clusters, since of 5 to 20 so many were the
purest and most constant on held-out training images.
"""
CERTIFIABLE: dict[str, Any] = {"backbone": "certifiable", "epochs": 60, "cells": CellTraining()}
"""What `--certifiable` changes."""


def parser_of_options() -> OneLineParser:
    """The options; those that are left out are taken from the data's preset, or fitted to the data."""
    parser = OneLineParser("cluster", description="Train a discretising encoder without labels.")
    add_data_options(parser, default="digits")
    parser.add_argument("--preset", help=f"start from the settings of {', '.join(PRESETS)} (the data's, else fashion)")
    parser.share("views", help=f"letters of abcdef, or {WARP} (digits: {WARP}, cifar10: ade, else abcd)")
    parser.share(
        "n-views", default=None, help="of an image in the graph, itself included (digits: 48, cifar10: 1, else 16)"
    )
    parser.add_argument(
        "--clusters", type=integer, help="K (digits, fashion: 10, cifar10: 8, else the number of classes)"
    )
    parser.add_argument(
        "--neighbours", type=integer, help="of each image in the graph (20, cifar10: 15, or fewer images)"
    )
    parser.add_argument("--samples", type=integer, help="use at most so many training images (3000, cifar10: 50000)")
    parser.add_argument("--contrast-epochs", type=integer, help="of SimCLR on letters (warp: 0, cifar10: 44, else 25)")
    parser.add_argument("--epochs", type=integer, help="of the network (digits: 40, cifar10: 4, else 20)")
    parser.add_argument("--batch-size", type=integer, help="of the network (128, cifar10: 256)")
    parser.add_argument("--lr", type=number, help="learning rate at its peak (0.002)")
    parser.add_argument(
        "--certifiable",
        action="store_true",
        help="a small network, trained so that all views of mild-warp can be certified",
    )
    parser.share("seed", "device", "runs", "json", "quiet")
    parser.share("out", default=Path("build/encoders"), help="folder of DATA.safetensors and DATA.json (%(default)s)")
    return parser


def settings(options: argparse.Namespace, data: Dataset) -> Clustering:
    """The preset, that of the data, or fashion's fitted to data without one; changed by the options."""
    fitted: dict[str, Any] = {}
    if options.preset is None and options.data not in PRESETS:
        n = len(data.train_images)
        fitted = {"clusters": len(data.class_names), "neighbours": max(1, min(Clustering.neighbours, n - 1))}
    preset = PRESETS[options.preset or (options.data if options.data in PRESETS else "fashion")]
    contrast = preset.contrast
    if options.views == WARP:
        fitted, contrast = fitted | {"warp": Warp(), "letters": ""}, None
    elif options.views is not None:
        fitted |= {"warp": None, "letters": options.views}
        contrast = replace(contrast or FASHION_CONTRAST, letters=options.views)
    if options.contrast_epochs is not None:
        contrast = (
            replace(contrast or FASHION_CONTRAST, epochs=options.contrast_epochs) if options.contrast_epochs else None
        )
    if options.lr is not None and contrast is not None:
        contrast = replace(contrast, lr=options.lr)
    if options.certifiable:
        fitted |= CERTIFIABLE
    names = ("clusters", "neighbours", "samples", "epochs", "batch_size", "lr")
    given = {name: getattr(options, name) for name in names} | {"views": options.n_views}
    given = {name: value for name, value in given.items() if value is not None}
    return replace(preset, contrast=contrast, seed=options.seed, **(fitted | given))


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = parser_of_options()
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        if options.preset is not None:
            check_choice("--preset", options.preset, PRESETS)
        if options.n_views is not None:
            check_integer("--n-views", options.n_views, 1, MOST_VIEWS)
        reading = read_named(options)
        data, config = reading.data, settings(options, reading.data)
        device = pick_device(options.device)
        output_folder("--runs", options.runs)
        target = output_folder("--out", options.out) / f"{reading.name}.safetensors"
        result = cluster(config, data, device, options.runs, show_progress(options))
    except ValueError as error:
        parser.error(str(error))
    digest = weights_hash(result.network)
    content = {
        "config": asdict(config),
        "data": fingerprint(data),
        "weights_sha256": digest,
        "losses": result.losses,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with lock_in_turn(target.with_suffix(".lock")):  # both files are of one network
        write_bytes(target, serialised(result.network.state_dict()))
        write_json(target.with_suffix(".json"), content)
    if options.json:
        print(json.dumps(content, indent=1))
        return 0
    for note in reading.notes:
        print(note)
    sizes = np.sort(np.bincount(result.clusters)).tolist()
    print(f"{len(result.clusters)} images in {config.clusters} clusters, sizes {sizes}")
    print(f"weights {digest[:12]}, written to {target}")
    return 0

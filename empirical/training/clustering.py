"""A discretising encoder without labels: cluster the augmentation graph, then teach a network the clusters under views.

1. Graph: samples are joined to their nearest neighbours by the augmented distance d_A of the theory, the least distance
   between a view of one and a view of the other, in pixels or in the features of an encoder trained by contrast.
2. Clusters: normalised cuts of that graph into K parts (spectral clustering), edges scaled by the local density.
3. Network: backbone and linear scores, trained by cross-entropy to give every view of a sample the sample's cluster.
4. With `--certifiable`: the network is small, and learns on to keep every view of a continuous warp in the cluster,
   provably; see `empirical.continuous`.

With the head "vertices" its largest score becomes a vertex of a simplex: views of one sample then mostly coincide, s = 0,
and Theorem 1 asks for purity only. No label is used anywhere. `contrastive-theory cluster --help`.
Source: augmentation graph: HaoChen et al. 2021, "Provable Guarantees for Self-Supervised Deep Learning with Spectral
Contrastive Loss"; clusters: Shi and Malik 2000; local scale: Zelnik-Manor and Perona 2004.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.training.clustering")


import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.cluster import SpectralClustering
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from empirical.continuous.training import CellTraining, train_on_cells
from empirical.data.reading import read
from empirical.data.sets import NAMES, Dataset, fingerprint
from empirical.evaluation.features import extract, weights_hash
from empirical.evaluation.heads import unit
from empirical.training.checkpoint import serialised
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

LOCAL_NEIGHBOUR = 7
"""The distance to this neighbour is a sample's local scale. Source: Zelnik-Manor and Perona 2004, section 3."""

WARP = "warp"
"""The word for `Warp()` among the options."""

Draw = Callable[[Tensor, torch.Generator], Tensor]
"""One random view of each image."""


@dataclass(frozen=True)
class Clustering:
    """Everything that the result depends on beside the images.

    clusters            K
    views               of each sample in the graph, the sample itself included
    neighbours          of each sample in the graph
    samples             the graph and the network see at most so many training images
    warp                the distortions that make views; None where letters are given
    letters             of `Augmentation.from_letters`; empty where a warp is given
    contrast_epochs     epochs of SimCLR on the letters, whose head features make the graph and whose backbone the network
                        starts from; 0: the graph is made of pixels, and the network starts at random
    backbone            of the network, as in `networks.backbone_maker`
    epochs, batch_size, lr, weight_decay   of the network's training
    cells               the training behind it that makes the network certifiable; None: none
    seed                of views, clusters and weights

    Raises ValueError for a value outside its range, for both or neither of warp and letters, and for contrast without
    letters.
    """

    clusters: int = 10
    views: int = 48
    neighbours: int = 20
    samples: int = 3000
    warp: Warp | None = None
    letters: str = ""
    contrast_epochs: int = 0
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
            ("views", 2),
            ("neighbours", 1),
            ("samples", 2),
            ("contrast_epochs", 0),
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
        if self.contrast_epochs and not self.letters:
            raise ValueError(f"contrast_epochs={self.contrast_epochs}: SimCLR trains on letters; give letters, no warp")
        if self.contrast_epochs and self.cells is not None:
            raise ValueError(
                f"contrast_epochs={self.contrast_epochs}: no cell is bounded through SimCLR's backbone; --certifiable takes "
                f"--views {WARP}"
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


def graph(distances: Array, neighbours: int) -> Array:
    """Edge weights (n, n), symmetric: exp(-d_ij^2 / (s_i s_j)) where one sample is among the nearest of the other, else 0.

    s_i is the distance of sample i to its neighbour `LOCAL_NEIGHBOUR`.
    Raises ValueError for fewer samples than neighbours + 1.
    """
    n = len(distances)
    needed = max(neighbours, LOCAL_NEIGHBOUR)
    if n <= needed:
        raise ValueError(f"samples={n}: too few for {needed} neighbours; use {needed + 1} or more, or lower neighbours")
    order = np.argsort(distances, axis=1, kind="stable")
    scale = np.maximum(np.take_along_axis(distances, order, axis=1)[:, LOCAL_NEIGHBOUR], 1e-12)
    rows = np.repeat(np.arange(n), neighbours + 1)
    columns = order[:, : neighbours + 1].ravel()
    weights = np.zeros_like(distances)
    weights[rows, columns] = np.exp(-(distances[rows, columns] ** 2) / (scale[rows] * scale[columns]))
    weights = np.maximum(weights, weights.T)
    np.fill_diagonal(weights, 0)
    return weights


def cut(distances: Array, clusters: int, neighbours: int, seed: int) -> Array:
    """Clusters (n,) of the neighbour graph by normalised cuts."""
    weights = graph(distances, neighbours)
    with warnings.catch_warnings():
        # A graph in pieces is fine: each piece has an eigenvector of eigenvalue 0, which tells it from the others.
        warnings.filterwarnings("ignore", "Graph is not fully connected")
        labels = SpectralClustering(clusters, affinity="precomputed", random_state=seed).fit_predict(weights)
    return np.asarray(labels, dtype=np.int64)


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
        if config.contrast_epochs:
            contrast = TrainingConfig.for_method(
                SimCLR(),
                dataset=data.name,
                letters=config.letters,
                epochs=config.contrast_epochs,
                batch_size=batch_that_fits(TrainingConfig.batch_size, len(data.train_images)),
                lr=config.lr,
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


PRESETS = {
    "digits": Clustering(warp=Warp()),
    "fashion": Clustering(warp=None, letters="abcd", views=16, contrast_epochs=25, epochs=20),
}
"""digits: grey, so pixels will do under a warp. fashion: colour is planted, so distances are taken between features."""
CERTIFIABLE: dict[str, Any] = {"backbone": "certifiable", "epochs": 60, "cells": CellTraining()}
"""What `--certifiable` changes."""


def parser_of_options() -> OneLineParser:
    """The options; those that are left out are taken from the data's preset, or fitted to the data."""
    parser = OneLineParser("cluster", description="Train a discretising encoder without labels.")
    parser.share("data", default="digits", help=f"{', '.join(NAMES)} (%(default)s)")
    parser.share("path")
    parser.share("views", help=f"letters of abcdef, or {WARP} (digits: {WARP}, else abcd)")
    parser.share("n-views", default=None, help="views per image in the graph, itself included (digits: 48, else 16)")
    parser.add_argument("--side", type=integer, help="scale images to so many pixels a side (32 if sizes differ)")
    parser.add_argument("--clusters", type=integer, help="K (digits, fashion: 10, else the number of classes)")
    parser.add_argument("--neighbours", type=integer, help="of each image in the graph (20, or fewer images)")
    parser.add_argument("--samples", type=integer, help="use at most so many training images (3000)")
    parser.add_argument("--contrast-epochs", type=integer, help="of SimCLR, which needs letters (warp: 0, else 25)")
    parser.add_argument("--epochs", type=integer, help="of the network (digits: 40, else 20)")
    parser.add_argument("--batch-size", type=integer, help="of the network (128)")
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
    """The preset of the data, or fashion's for data without one, changed by the options."""
    fitted: dict[str, Any] = {}
    if options.data not in PRESETS:
        n = len(data.train_images)
        fitted = {"clusters": len(data.class_names), "neighbours": max(1, min(Clustering.neighbours, n - 1))}
    if options.views == WARP:
        fitted |= {"warp": Warp(), "letters": "", "contrast_epochs": 0}
    elif options.views is not None:
        fitted |= {"warp": None, "letters": options.views, "contrast_epochs": PRESETS["fashion"].contrast_epochs}
    if options.certifiable:
        fitted |= CERTIFIABLE
    names = ("clusters", "neighbours", "samples", "contrast_epochs", "epochs", "batch_size", "lr")
    given = {name: getattr(options, name) for name in names} | {"views": options.n_views}
    given = {name: value for name, value in given.items() if value is not None}
    return replace(PRESETS.get(options.data, PRESETS["fashion"]), seed=options.seed, **(fitted | given))


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = parser_of_options()
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        check_choice("--data", options.data, NAMES)
        if options.n_views is not None:
            check_integer("--n-views", options.n_views, 2, MOST_VIEWS)
        reading = read(options.data, options.path, options.seed, options.side)
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

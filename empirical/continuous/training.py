"""Train a network to be certifiable: cross-entropy on what it provably scores over random cells of a box of views.

A cell of views is bounded as in `geometry`, carried to every ReLU as in `forward`, and the difference of two scores is then
taken back to the pixels as a linear function of each layer's values, so that errors that cancel between layers do cancel.
Cells grow while the network learns: over small cells the loss is that of views at corners of the box, over large ones it
makes the bounds themselves tight. Bounds here are for float32 weights that move, and cover no rounding.
Source: Zhang et al. 2018, "Efficient Neural Network Robustness Certification with General Activation Functions"; growing
boxes: Gowal et al. 2018, "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_input

from empirical.continuous.forward import convolution, flatten, linear, relaxation, relu
from empirical.continuous.geometry import Affine, Box, cells, displacements
from empirical.training.optimisation import optimizer_of, schedule, set_rate
from empirical.views.augmentations import seeded_generator
from empirical.views.boxes import BoxSource
from empirical.views.warps import MILD_WARP, Warp, matrices, warp_images
from theory.checks import check_integer, make_plain

Pair = tuple[int, int]
Layer = nn.Conv2d | nn.Linear | nn.ReLU | nn.Flatten
"""What a network is made of that can be trained so."""
CELLS = 1
"""Second key of the draws of cells, so that they are not those of the training before."""
GROWING = 0.6
"""Share of the steps over which cells grow."""


@dataclass(frozen=True)
class CellTraining:
    """How a network is trained on cells of views, after it has learnt its clusters.

    warp        or other views, whose box is to be certified
    before      distorts each image before its cell is taken, so that no two epochs see the same images
    epochs      each image has one cell in each
    size        pixels by which each parameter moves a view from the centre of the largest cell to its border; cells are of
                uniform size below it
    corners     share of the cells that lie in a corner of the box
    plain       share of the loss that is of the view in the middle of the cell, without any bound
    rivals      clusters that a cell's own is bounded against, those of the highest scores
    batch_size, lr, weight_decay   of the training

    Raises ValueError for a value outside its range.
    """

    warp: BoxSource = MILD_WARP
    before: Warp = Warp(rotation=16.0, shear=0.12, scale=0.16, shift=0.12)  # noqa: RUF009
    epochs: int = 110
    size: float = 0.14
    corners: float = 0.9
    plain: float = 0.5
    rivals: int = 3
    batch_size: int = 100
    lr: float = 1e-3
    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        make_plain(self)
        for name in ("epochs", "rivals", "batch_size"):
            check_integer(name, getattr(self, name), 1)
        for name in ("corners", "plain"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)}: no share; use 0 to 1")
        if not 0 < self.size < np.inf:
            raise ValueError(f"size={self.size}: no size of a cell; use a finite number of pixels above 0")
        if not Box(self.warp).dimensions:
            raise ValueError(f"warp={self.warp}: makes one view only; give a range above 0")


def layers_of(network: nn.Module) -> list[Layer]:
    """The layers in turn.

    Raises ValueError, naming the layer, for anything but nested nn.Sequential of a `Layer` each that ends in an nn.Linear.
    """
    layers: list[Layer] = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and (
            isinstance(layer.padding, str) or layer.padding_mode != "zeros" or max(layer.dilation) > 1
        ):
            raise ValueError(
                f"network: pads or spreads its kernel otherwise than any cell is bounded through ({layer}); pad by zeros"
            )
        if isinstance(layer, Layer):
            layers.append(layer)
        elif not isinstance(layer, nn.Sequential):
            raise ValueError(
                f"network: holds a {type(layer).__name__}, which no cell is bounded through; use the backbone 'certifiable'"
            )
    if not layers or not isinstance(layers[-1], nn.Linear):
        raise ValueError("network: ends in no nn.Linear; add one that gives the scores")
    return layers


def margins(layers: list[Layer], affine: Affine, clusters: Tensor, rivals: int) -> Tensor:
    """Lower bounds (n, R), over each cell, of the score of its cluster (n,) less those of R rivals, differentiable.

    The rivals are the clusters of the highest scores at the cell's base; all of them where there are no more.
    """
    values = [affine]
    for layer in layers:
        values.append(_forward(layer, values[-1]))
    scores = values[-1].base.detach()
    others = scores.scatter(1, clusters[:, None], -torch.inf).topk(min(rivals, scores.shape[1] - 1), dim=1).indices
    unit = torch.eye(scores.shape[1], dtype=scores.dtype)
    slope, bound = unit[clusters][:, None] - unit[others], torch.zeros(others.shape, dtype=scores.dtype)
    for layer, value in zip(reversed(layers), reversed(values[:-1]), strict=True):
        slope, offset = _backward(layer, value, slope)
        bound = bound + offset
    slope = slope.flatten(2)
    along = torch.einsum("nrp,ndp->nrd", slope, affine.slopes.flatten(2)).abs().sum(dim=2)
    error = torch.einsum("nrp,np->nr", slope.abs(), affine.error.flatten(1))
    return bound + torch.einsum("nrp,np->nr", slope, affine.base.flatten(1)) - along - error


def train_on_cells(
    network: nn.Module,
    images: Tensor,
    clusters: Tensor,
    config: CellTraining,
    seed: int,
    advanced: Callable[[], object] = lambda: None,
) -> tuple[float, ...]:
    """Train the network, on the CPU, to keep each image (n, C, H, W) in its cluster (n,) over cells; the loss of each epoch.

    advanced   is called after each epoch

    Raises ValueError for a network that `layers_of` refuses, and for a loss that is not finite.
    """
    layers, box = layers_of(network), Box(config.warp)
    reach = displacements(box, *images.shape[2:])
    optimizer = optimizer_of("adamw", [(1.0, network.parameters())], config.lr, config.weight_decay)
    batches = max(1, len(images) // config.batch_size)
    steps, losses = config.epochs * batches, []
    for epoch in range(config.epochs):
        generator, total = seeded_generator(seed, CELLS, epoch), 0.0
        order = torch.randperm(len(images), generator=generator)
        for batch, rows in enumerate(order.tensor_split(batches)):
            step = epoch * batches + batch
            set_rate(optimizer, config.lr, *schedule("cosine", step, steps))
            distorted = warp_images(images[rows], matrices(config.before, len(rows), generator))
            largest = config.size * min(1.0, step / (GROWING * steps))
            half = (largest * torch.rand(len(rows), 1, generator=generator) / reach).clamp(max=1)
            centres = (1 - half) * _directions(len(rows), len(reach), config.corners, generator)
            affine = cells(distorted, centres - half, centres + half, box).to(torch.float32)
            lower = margins(layers, affine, clusters[rows], config.rivals)
            bounded = functional.cross_entropy(functional.pad(-lower, (1, 0)), torch.zeros_like(rows))
            loss = (1 - config.plain) * bounded
            if config.plain:
                loss = loss + config.plain * functional.cross_entropy(network(affine.base), clusters[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        if not np.isfinite(total):
            raise ValueError(f"loss={total}: not finite in epoch {epoch + 1} on cells; lower lr={config.lr}")
        losses.append(total / len(images))
        advanced()
    return tuple(losses)


def _directions(n: int, dimensions: int, corners: float, generator: torch.Generator) -> Tensor:
    """Points (n, D) of [-1, 1]^D, uniform, but so many of them in corners."""
    points = 2 * torch.rand(n, dimensions, generator=generator, dtype=torch.float64) - 1
    return torch.where(torch.rand(n, 1, generator=generator) < corners, points.sign(), points)


def _forward(layer: Layer, affine: Affine) -> Affine:
    if isinstance(layer, nn.Conv2d):
        stride, padding = cast(tuple[Pair, Pair], (layer.stride, layer.padding))
        return convolution(affine, layer.weight, layer.bias, stride, padding, layer.groups)
    if isinstance(layer, nn.Linear):
        return linear(affine, layer.weight, layer.bias)
    return relu(affine) if isinstance(layer, nn.ReLU) else flatten(affine)


def _backward(layer: Layer, affine: Affine, slope: Tensor) -> tuple[Tensor, Tensor]:
    """(slope, offset) at the layer's input such that slope . input + offset is at most the given slope . output.

    affine   of the layer's input
    slope    (n, R, ...) of its output
    """
    if isinstance(layer, nn.ReLU):
        share, offset = relaxation(affine)
        return slope * share[:, None], 2 * (slope.clamp(max=0) * offset[:, None]).flatten(2).sum(dim=2)
    if isinstance(layer, nn.Flatten):
        return slope.unflatten(2, affine.base.shape[1:]), slope.new_zeros(slope.shape[:2])
    bias = slope.new_zeros(slope.shape[2]) if layer.bias is None else layer.bias
    offset = slope.flatten(3).sum(dim=3) @ bias if isinstance(layer, nn.Conv2d) else slope @ bias
    if isinstance(layer, nn.Linear):
        return slope @ layer.weight, offset
    shape = (len(slope) * slope.shape[1], *affine.base.shape[1:])
    transposed = conv2d_input(shape, layer.weight, slope.flatten(0, 1), layer.stride, layer.padding, 1, layer.groups)
    return transposed.unflatten(0, slope.shape[:2]), offset

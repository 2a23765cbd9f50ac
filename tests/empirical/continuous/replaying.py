"""A small network, images, and split trees for it, made without the verifier."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from empirical.continuous.replay import LEAF, reproved
from empirical.continuous.replayed_network import Layer
from empirical.continuous.replayed_views import CropRanges, Ranges
from empirical.views.augmentations import apply, identity_parameters
from empirical.views.warps import warp_images

RANGES = Ranges(rotation=5.0, shear=0.0, scale=0.05, shift=0.06)
CROPS = CropRanges(across=0.3, down=0.2)


class Residual(nn.Module):
    """Every kind of layer that a certificate may hold."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 3, 1, 1)
        self.pool = nn.AvgPool2d(2)
        self.scores = nn.Linear(6 * 4, 4)

    def forward(self, x):
        a = self.first(x).relu()
        return self.scores(self.pool((a + self.second(a)).relu()).flatten(1))


def network(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Residual().double().eval()


def convolution(layer, shape, source):
    weight = np.ascontiguousarray(layer.weight.detach().permute(2, 3, 1, 0).numpy())
    sizes = layer.kernel_size, layer.stride, layer.padding
    return Layer("convolution", shape, (source,), weight, layer.bias.detach().numpy(), *sizes)


def layers(module, side=8):
    half, quarter = side // 2, side // 4
    return [
        Layer("image", (side, side, 3)),
        convolution(module.first, (half, half, 6), 0),
        Layer("relu", (half, half, 6), (1,)),
        convolution(module.second, (half, half, 6), 2),
        Layer("sum", (half, half, 6), (2, 3)),
        Layer("relu", (half, half, 6), (4,)),
        Layer("pool", (quarter, quarter, 6), (5,), kernel=(2, 2), stride=(2, 2)),
        Layer("flatten", (quarter * quarter * 6,), (6,)),
        Layer("linear", (4,), (7,), module.scores.weight.detach().numpy().T, module.scores.bias.detach().numpy()),
    ]


def images(n=4, side=8, seed=0):
    """(n, H, W, 3) float64, smooth enough to keep their cluster."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.random((n, 3, 3, 3)))
    return nn.functional.interpolate(coarse, (side, side), mode="bilinear").permute(0, 2, 3, 1).numpy()


def maps(ranges, u):
    """The affine maps (n, 2, 3) of points u (n, 6)."""
    u = torch.from_numpy(u).unbind(1)
    angle = math.radians(ranges.rotation) * u[0]
    across, down = ((math.log1p(ranges.scale) * v).exp() for v in (u[1], u[2]))
    cos, sin = angle.cos(), angle.sin()
    rows = [cos * across, ranges.shear * u[3] - sin * down, 2 * ranges.shift * u[4]]
    rows += [sin * across, cos * down, 2 * ranges.shift * u[5]]
    return torch.stack(rows, 1).reshape(-1, 2, 3)


def views(image, ranges, points):
    """The views (n, H, W, C) of an image at points (n, D) of the box, by torch in float64."""
    u = np.zeros((len(points), len(ranges.coordinates)))
    u[:, ranges.dimensions] = points
    repeated = torch.from_numpy(image).permute(2, 0, 1).expand(len(points), -1, -1, -1)
    if isinstance(ranges, CropRanges):
        return crops(repeated, ranges, torch.from_numpy(u)).permute(0, 2, 3, 1).numpy()
    return warp_images(repeated, maps(ranges, u)).permute(0, 2, 3, 1).numpy()


def crops(images, ranges, u):
    """Crops at points u (n, 4): their boxes, as the augmentation of three channels resamples them."""
    left_out = torch.tensor([ranges.across, ranges.down], dtype=torch.float64) * (1 + u[:, :2]) / 2
    box = torch.cat([left_out * (1 + u[:, 2:]) / 2, 1 - left_out], dim=1)
    three = images[:, [0] * 3] if images.shape[1] < 3 else images
    return apply(three, replace(identity_parameters(len(u)), box=box))[:, : images.shape[1]]


def scores(module, views):
    with torch.no_grad():
        return module(torch.from_numpy(np.ascontiguousarray(np.moveaxis(views, 3, 1)))).numpy()


def grown(of_network, image, ranges, cluster, low=None, high=None, depth=9):
    """A split tree whose leaves prove the image, halved round about; None where that takes more than `depth` halvings."""
    dimensions = len(ranges.dimensions)
    low = -np.ones(dimensions) if low is None else low
    high = np.ones(dimensions) if high is None else high
    if reproved(of_network, image, ranges, low[None], high[None], cluster, halvings=0):
        return bytes([LEAF])
    if depth == 0:
        return None
    d, trees = int((high - low).argmax()), []
    middle = (low[d] + high[d]) / 2
    for a, b in (
        (low, np.where(np.arange(dimensions) == d, middle, high)),
        (np.where(np.arange(dimensions) == d, middle, low), high),
    ):
        trees.append(grown(of_network, image, ranges, cluster, a, b, depth - 1))
        if trees[-1] is None:
            return None
    return bytes([d]) + b"".join(trees)

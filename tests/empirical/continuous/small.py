"""Small networks, images and boxes for the tests of bounds, and their scores in ball arithmetic (Arb) at a view."""

from itertools import product

import flint
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from empirical.continuous.network import AveragePool, Convolution, Flatten, Image, Linear, Relu, Sum
from empirical.views.warps import Warp

WARP = Warp(rotation=10.0, shear=0.1, scale=0.1, shift=0.1)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.norm = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)

    def forward(self, x):
        return functional.relu(self.norm(self.first(x)) + x)


def residual(seed=0, channels=1, classes=3, width=4):
    """Convolution, batch normalisation, a residual block, a pool and a head; for images of 6 pixels a side or more."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=2),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            Block(width),
            nn.AvgPool2d(2, 1),
            nn.Flatten(),
            nn.LazyLinear(6),
            nn.BatchNorm1d(6),
            nn.ReLU(),
            nn.Linear(6, classes),
        )
        module(torch.rand(4, channels, 7, 6))
        for part in module.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.2)
                part.running_var.uniform_(0.2, 2)
                part.weight.data.normal_()
                part.bias.data.normal_(0, 0.2)
    return module.eval()


def balanced(seed=0):
    """`residual` with scores whose means over random images are 0, so that images are of several clusters."""
    module = residual(seed)
    with torch.no_grad():
        module[-1].bias -= module(images(50, seed=99)).mean(dim=0)
    return module


def images(n, channels=1, seed=0):
    """Smooth random images (n, C, 7, 6), float32 in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, 3, 3, generator=generator)
    return functional.interpolate(coarse, (7, 6), mode="bilinear", align_corners=True)


def random_cells(n, D, half, seed=0):
    """Cells (n, D) low and high of the given half side, anywhere in the box."""
    generator = np.random.default_rng(seed)
    centre = generator.uniform(half - 1, 1 - half, (n, D))
    return torch.from_numpy(centre - half), torch.from_numpy(centre + half)


@flint.ctx.workprec(128)
def exact_scores(module, network, image, warp, point):
    """Balls of the scores (K,) of the module at the view `point` (6,) of an image (C, H, W).

    Weights are the module's own: normalisation is not folded, but applied to the balls behind each folded layer.
    """
    layers = iter([part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear)])
    norms = iter([part for part in module.modules() if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d)])
    values = []
    for node in network.nodes:
        match node:
            case Image():
                values.append(warped(image, warp, point))
                continue
        x = values[node.source]
        match node:
            case Convolution():
                values.append(normed(convolved(x, next(layers)), next(norms) if node.folded else None))
            case Linear():
                layer = next(layers)
                y = balls(layer.weight) @ x + balls(layer.bias)
                values.append(normed(y, next(norms) if node.folded else None))
            case Relu():
                values.append(
                    np.vectorize(lambda v: v if v > 0 else v * 0 if v < 0 else v.union(v * 0), otypes=[object])(x)
                )
            case AveragePool(shape=shape, kernel=kernel, stride=stride):
                y = np.empty(shape, dtype=object)
                for c, i, j in product(*map(range, shape)):
                    window = x[c, i * stride[0] : i * stride[0] + kernel[0], j * stride[1] : j * stride[1] + kernel[1]]
                    y[c, i, j] = window.sum() / (kernel[0] * kernel[1])
                values.append(y)
            case Flatten():
                values.append(x.ravel())
            case Sum(other=other):
                values.append(x + values[other])
    return values[-1]


def balls(tensor):
    return np.vectorize(lambda v: flint.arb(float(v)), otypes=[object])(tensor.detach().numpy())


def convolved(x, layer):
    weight, (down, across), (p, q) = balls(layer.weight), layer.stride, layer.padding
    padded = np.full((x.shape[0], x.shape[1] + 2 * p, x.shape[2] + 2 * q), flint.arb(0), dtype=object)
    padded[:, p : p + x.shape[1], q : q + x.shape[2]] = x
    h, w = weight.shape[2:]
    rows, columns = (padded.shape[1] - h) // down + 1, (padded.shape[2] - w) // across + 1
    y = np.empty((len(weight), rows, columns), dtype=object)
    for o, i, j in product(range(len(weight)), range(rows), range(columns)):
        y[o, i, j] = (weight[o] * padded[:, i * down : i * down + h, j * across : j * across + w]).sum()
    return y if layer.bias is None else y + balls(layer.bias)[:, None, None]


def normed(y, norm):
    if norm is None:
        return y
    mean, variance, scale, shift = (balls(v) for v in (norm.running_mean, norm.running_var, norm.weight, norm.bias))
    root = np.array([(v + flint.arb(norm.eps)).sqrt() for v in variance], dtype=object)
    shape = (-1, *[1] * (y.ndim - 1))
    return (y - mean.reshape(shape)) * (scale / root).reshape(shape) + shift.reshape(shape)


def warped(image, warp, point):
    """The view in balls, from the definition of the map and of bilinear interpolation."""
    u = [flint.arb(float(v)) for v in point]
    angle = flint.arb.pi() / 180 * flint.arb(warp.rotation) * u[0]
    across, down = (((1 + flint.arb(warp.scale)).log() * v).exp() for v in u[1:3])
    cos, sin = angle.cos(), angle.sin()
    first = (cos * across, -sin * down + flint.arb(warp.shear) * u[3], 2 * flint.arb(warp.shift) * u[4])
    second = (sin * across, cos * down, 2 * flint.arb(warp.shift) * u[5])
    channels, height, width = image.shape
    result = np.full(image.shape, flint.arb(0), dtype=object)
    for i, j in product(range(height), range(width)):
        x = flint.arb(2 * j + 1) / width - 1
        y = (flint.arb(2 * i + 1) / height - 1) * height / width  # in half widths: angles stay angles
        p = first[0] * x + first[1] * y + first[2]
        q = (second[0] * x + second[1] * y) * width / height + second[2]
        column, row = ((p + 1) * width - 1) / 2, ((q + 1) * height - 1) / 2
        left, top = (int(np.floor(float(v))) for v in (column, row))
        for c, a, b in product(range(channels), (0, 1), (0, 1)):
            if 0 <= top + a < height and 0 <= left + b < width:
                share = (row - top if a else top + 1 - row) * (column - left if b else left + 1 - column)
                result[c, i, j] += share * float(image[c, top + a, left + b])
    return result

"""The verifier against interval propagation, which a user would write instead: seconds to prove the same image and box.

It informs, and fails only where the verifier proves nothing: `make bench`.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional

from empirical.continuous.geometry import Box, cells
from empirical.continuous.network import plain
from empirical.continuous.search import verify_one
from empirical.views.warps import Warp
from tests.benchmarks.test_ratios import seconds, show
from tests.empirical.continuous.small import images

pytestmark = pytest.mark.bench
BATCH = 256
BUDGET = 50_000


def convolutional():
    """Two convolutions and a linear layer for images of 7 x 6 pixels, two scores that are 0 apart on the mean image."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(48, 2),
        )
    with torch.no_grad():
        module[-1].bias -= module(images(50, seed=99)).mean(dim=0)
    return module.eval()


def interval_margins(layers, base, radius, cluster):
    """Lower bounds (n,) of the cluster's score less the other's, from intervals layer by layer; rounding is left out."""
    for layer in layers[:-1]:
        if isinstance(layer, nn.Conv2d):
            base = layer(base)
            radius = functional.conv2d(radius, layer.weight.abs(), None, layer.stride, layer.padding)
        elif isinstance(layer, nn.ReLU):
            low, high = (base - radius).clamp(min=0), (base + radius).clamp(min=0)
            base, radius = (low + high) / 2, (high - low) / 2
        else:
            base, radius = layer(base), layer(radius)
    last = layers[-1]
    weight, bias = (part[cluster] - part[1 - cluster] for part in (last.weight, last.bias))
    return base @ weight + bias - radius @ weight.abs()


def proved_by_intervals(module, image, box, cluster):
    """Cells until intervals prove the whole box, each halved along its widest dimension, and whether `BUDGET` sufficed."""
    layers, D = list(module.double()), len(box.dimensions)
    low, high, done = -torch.ones(1, D, dtype=torch.float64), torch.ones(1, D, dtype=torch.float64), 0
    with torch.no_grad():
        while len(low) and done <= BUDGET:
            first, (low, high) = (low[:BATCH], high[:BATCH]), (low[BATCH:], high[BATCH:])
            affine = cells(image.expand(len(first[0]), -1, -1, -1), *first, box)
            done += len(first[0])
            unproved = interval_margins(layers, affine.base, affine.radius(), cluster) <= 0
            below, above = (end[unproved] for end in first)
            rows, d = torch.arange(len(below)), (above - below).argmax(dim=1)
            lower, upper = above.clone(), below.clone()
            lower[rows, d] = upper[rows, d] = ((below + above) / 2)[rows, d]
            low, high = torch.cat([below, upper, low]), torch.cat([lower, above, high])
    return done, not len(low)


@pytest.mark.parametrize(
    "warp", [Warp(0, 0, 0, 0.03), Warp(5, 0, 0, 0.03), Warp(5, 0, 0.03, 0.03)], ids=["2", "3", "5"]
)
def test_proof_against_interval_propagation(warp):
    module, box = convolutional(), Box(warp)
    image = max(images(40), key=lambda image: float(module(image[None]).diff().abs().detach()))
    network = plain(module, (1, 7, 6))
    verify_one(network, image, box, 1)  # compiles
    ours, verdict = seconds(lambda: verify_one(network, image, box, BUDGET))
    theirs, (done, proved) = seconds(lambda: proved_by_intervals(module, image, box, verdict.cluster), repeats=1)
    assert verdict.status == "proved"
    end = "" if proved else ", which prove nothing yet"
    show(f"proof of a box of {len(box.dimensions)} parameters against intervals{end}", ours, theirs)
    speeds = verdict.cells / ours, done / theirs
    print(f"{verdict.cells} cells ({speeds[0]:.0f} a second) against {done} ({speeds[1]:.0f} a second)")

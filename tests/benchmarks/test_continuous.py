"""The verifier against interval propagation, which a user would write instead: seconds to prove the same images and boxes.

On smooth random images and a random network of 7 x 6 pixels; on digits of 16 pixels a side and a network trained to be
certifiable. With one thread, with as many as the machine has, and so beside a busy process. It informs and never fails: `make
bench`.
"""

import os
from contextlib import contextmanager

import pytest
import torch
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn import functional

from empirical.continuous.geometry import Box, cells
from empirical.continuous.network import plain
from empirical.continuous.search import verify_one
from empirical.continuous.sub_boxes import part_of
from empirical.continuous.training import CellTraining, layers_of, train_on_cells
from empirical.data.sets import load
from empirical.training.networks import certifiable_convnet
from empirical.views.warps import MILD_WARP, Warp
from tests.benchmarks.timing import busy, seconds, show
from tests.empirical.continuous.small import images

pytestmark = pytest.mark.bench
BATCH = 256
PARTS = (("shift",), ("rotation", "shift"), ("rotation", "scale", "shift"))
THREADS = sorted({1, os.cpu_count() or 1})


@contextmanager
def threads(count):
    """Of torch and of NumPy's kernels."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def smooth():
    """Two convolutions and a linear layer, two scores that are 0 apart on the mean image; the image furthest from that."""
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
        apart = module(images(40)).diff().abs()
    return module.eval(), images(40)[[int(apart.argmax())]]


@pytest.fixture(scope="module")
def digits():
    """A network trained for half the ranges of mild-warp on 600 images, and four others that it classifies well."""
    data = load("digits", train_size=600)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body, width = certifiable_convnet()
        module = nn.Sequential(body, nn.Linear(width, 10))
    views = part_of(MILD_WARP, tuple(MILD_WARP.parts), 0.5)
    with threads(1):
        train_on_cells(module, data.train_images, data.train_labels, CellTraining(warp=views, epochs=12), 0)
    with torch.no_grad():
        correct = (module(data.test_images).argmax(dim=1) == data.test_labels).nonzero()[:, 0]
    return module.eval(), data.test_images[correct[:4]]


def interval_margins(layers, base, radius, cluster):
    """Lower bounds (n,) of the cluster's score less any other's, from intervals layer by layer; rounding is left out."""
    for layer in layers[:-1]:
        if isinstance(layer, nn.Conv2d):
            base = layer(base)
            radius = functional.conv2d(radius, layer.weight.abs(), None, layer.stride, layer.padding)
        elif isinstance(layer, nn.ReLU):
            low, high = (base - radius).clamp(min=0), (base + radius).clamp(min=0)
            base, radius = (low + high) / 2, (high - low) / 2
        else:
            base, radius = layer(base), layer(radius)
    rivals = [rival for rival in range(len(layers[-1].weight)) if rival != cluster]
    weight, bias = (part[cluster] - part[rivals] for part in (layers[-1].weight, layers[-1].bias))
    return (base @ weight.T + bias - radius @ weight.abs().T).amin(dim=1)


def proved_by_intervals(layers, image, box, cluster, budget):
    """Cells until intervals prove the whole box, each halved along its widest dimension, and whether the budget sufficed."""
    D = len(box.dimensions)
    low, high, done = -torch.ones(1, D, dtype=torch.float64), torch.ones(1, D, dtype=torch.float64), 0
    with torch.no_grad():
        while len(low) and done <= budget:
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


def compare(name, module, pictures, box, budget, count):
    """Print what both prove of the pictures (n, C, H, W), within a budget of cells each, and in which time."""
    network, layers = plain(module, tuple(pictures.shape[1:])), [layer.double() for layer in layers_of(module)]
    verify_one(network, pictures[0], box, 1)  # compiles
    with threads(count):
        ours, verdicts = seconds(lambda: [verify_one(network, picture, box, budget) for picture in pictures])
        theirs, ends = seconds(
            lambda: [
                proved_by_intervals(layers, picture, box, verdict.cluster, budget)
                for picture, verdict in zip(pictures, verdicts, strict=True)
            ],
            repeats=1,
        )
    proofs = sum(verdict.status == "proved" for verdict in verdicts), sum(proved for _, proved in ends)
    end = ", which prove fewer" if proofs[1] < proofs[0] else ""
    show(f"{name}, {len(box.dimensions)} parameters, {count} threads: proofs against intervals{end}", ours, theirs)
    bounded = sum(verdict.cells for verdict in verdicts), sum(done for done, _ in ends)
    print(
        f"{proofs[0]} of {len(pictures)} proved by {bounded[0]} cells ({bounded[0] / ours:.0f} a second), "
        f"by intervals {proofs[1]} by {bounded[1]} ({bounded[1] / theirs:.0f} a second)"
    )


@pytest.mark.parametrize("count", THREADS)
@pytest.mark.parametrize(
    "warp", [Warp(0, 0, 0, 0.03), Warp(5, 0, 0, 0.03), Warp(5, 0, 0.03, 0.03)], ids=["2", "3", "5"]
)
def test_smooth_images(warp, count, smooth):
    compare("smooth image", *smooth, Box(warp), 20_000, count)


@pytest.mark.parametrize("count", THREADS)
@pytest.mark.parametrize("parts", PARTS, ids=["2", "3", "5"])
def test_digits(parts, count, digits):
    compare("four digits", *digits, Box(part_of(MILD_WARP, parts, 0.5)), 2_000, count)


def test_digits_beside_a_busy_process(digits):
    with busy():
        compare(
            "four digits, beside a busy process", *digits, Box(part_of(MILD_WARP, PARTS[1], 0.5)), 2_000, THREADS[-1]
        )

"""Training on cells: its margins are lower bounds and have the right gradient, and it makes views provably constant."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from empirical.continuous.geometry import Box, cells, displacements
from empirical.continuous.training import CellTraining, layers_of, margins, train_on_cells
from empirical.evaluation.features import weights_hash
from empirical.training.clustering import network
from empirical.views.warps import MILD_WARP, Warp, maps_at

SHIFT = Warp(rotation=0, shear=0, scale=0, shift=0.06)
QUICK = CellTraining(epochs=6, batch_size=30)


def planted(n=90, noise=0.02, seed=0):
    """Three plain images with noise, and which of them each is."""
    labels = torch.arange(n) % 3
    templates = torch.zeros(3, 3, 16, 16)
    templates[0, :, 4:12, 7:9] = templates[1, :, 7:9, 4:12] = 1
    templates[2, :, 4:12, 4:12] = 1
    grain = torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    return (templates[labels] + noise * grain).clamp(0, 1), labels


def random_network(seed=0):
    torch.manual_seed(seed)
    return network(4, "certifiable")


def small_network():
    """With a stride that leaves a border unread, no bias, and two linear layers."""
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 4, stride=3, padding=1, bias=False), nn.ReLU(), nn.Conv2d(4, 6, 3, groups=2)),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 3 * 3, 7, bias=False),
        nn.ReLU(),
        nn.Linear(7, 4),
    )


@pytest.mark.parametrize("make", [random_network, small_network])
@pytest.mark.parametrize("half", [0.0, 0.01, 0.4])
def test_no_view_of_a_cell_has_a_smaller_margin(make, half):
    subject, box = make().double(), Box(MILD_WARP)
    images, clusters = planted(8)
    generator = torch.Generator().manual_seed(0)
    centres = (1 - half) * (2 * torch.rand(8, 5, generator=generator, dtype=torch.float64) - 1)
    with torch.no_grad():
        lower = margins(layers_of(subject), cells(images, centres - half, centres + half, box), clusters, 3)
        least = torch.full_like(lower, torch.inf)
        for _ in range(200):
            z = (2 * torch.rand(8, 5, generator=generator, dtype=torch.float64) - 1).sign()
            scores = subject(box.views(images, centres + half * z))
            own = scores.gather(1, clusters[:, None])
            # with three rivals of four clusters, all others are there, in the order of the scores at the base
            gaps = torch.stack([own[n] - scores[n, torch.arange(4) != clusters[n]] for n in range(8)])
            least = torch.minimum(least, gaps.sort(dim=1).values)
    lower = lower.sort(dim=1).values
    assert (lower <= least + 1e-9).all()
    if half == 0:
        torch.testing.assert_close(lower, least, atol=1e-9, rtol=0)
    elif half < 0.1:  # the middle falls by what the bounds lose, and the least sampled by what it moves
        assert (least - lower).max() < 0.1 * least.abs().max()


def test_the_gradient_is_that_of_finite_differences():
    subject, box = small_network().double(), Box(MILD_WARP)
    images, clusters = planted(4)
    zero = torch.zeros(4, 5, dtype=torch.float64)
    affine = cells(images, zero - 0.2, zero + 0.2, box)

    def loss():
        return margins(layers_of(subject), affine, clusters, 3).sum()

    loss().backward()
    for weight in subject.parameters():
        direction = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        expected = float((weight.grad * direction).sum())
        sides = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                weight += step * direction
                sides.append(float(loss()))
                weight -= step * direction
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(expected, rel=1e-4, abs=1e-6)


def proved(subject, half):
    """Share of the planted images that are bounded to their cluster over a cell about the image itself."""
    images, clusters = planted()
    sides = (half / displacements(Box(MILD_WARP), 16, 16)).clamp(max=1).expand(len(images), -1)
    with torch.no_grad():
        affine = cells(images, -sides, sides, Box(MILD_WARP)).to(torch.float32)
        return float((margins(layers_of(subject), affine, clusters, 2).amin(dim=1) > 0).double().mean())


def test_it_makes_views_provably_constant_and_repeats():
    images, clusters = planted()
    config = replace(QUICK, epochs=12, size=0.1, rivals=2)
    subject = random_network()
    others = [copy.deepcopy(subject) for _ in range(2)]
    before, state, calls = proved(subject, 0.05), torch.get_rng_state(), []
    losses = train_on_cells(subject, images, clusters, config, 0, lambda: calls.append(None))
    assert torch.equal(torch.get_rng_state(), state)
    assert len(losses) == len(calls) == 12
    assert before < 0.1
    assert proved(subject, 0.05) > 0.9
    assert train_on_cells(others[0], images, clusters, config, 0) == losses
    assert weights_hash(others[0]) == weights_hash(subject)
    train_on_cells(others[1], images, clusters, config, 1)
    assert weights_hash(others[1]) != weights_hash(subject)


def test_the_loss_is_a_mean_of_the_bounds_and_of_the_views_in_the_middle():
    images, clusters = planted()
    one_step = replace(QUICK, epochs=1, rivals=1, batch_size=len(images))
    losses = []
    for plain in (0.0, 0.25, 1.0):
        subject = random_network()
        losses += train_on_cells(subject, images, clusters, replace(one_step, plain=plain), 0)
    assert losses[0] < losses[2]  # one rival of three
    assert losses[1] == pytest.approx(0.75 * losses[0] + 0.25 * losses[2], rel=1e-6)


def test_two_clusters_have_one_rival():
    images, _ = planted(4)
    zero = torch.zeros(4, 5, dtype=torch.float64)
    subject, affine = network(2, "certifiable"), cells(images, zero, zero, Box(MILD_WARP)).to(torch.float32)
    scores = subject(images)
    lower = margins(layers_of(subject), affine, torch.tensor([0, 1, 0, 1]), 3)
    gaps = (scores[:, 0] - scores[:, 1]) * torch.tensor([1, -1, 1, -1])
    torch.testing.assert_close(lower[:, 0], gaps, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.BatchNorm2d(3), "holds a BatchNorm2d"),
        (nn.MaxPool2d(2), "holds a MaxPool2d"),
        (nn.Conv2d(3, 3, 3, padding="same"), "pads or spreads"),
        (nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), "pads or spreads"),
        (nn.Conv2d(3, 3, 3, dilation=2), "pads or spreads"),
    ],
)
def test_a_layer_that_no_cell_is_bounded_through_is_named(layer, message):
    with pytest.raises(ValueError, match=f"network: {message}"):
        layers_of(nn.Sequential(layer, nn.Flatten(), nn.Linear(4, 2)))


def test_a_network_that_ends_in_no_scores_is_refused():
    with pytest.raises(ValueError, match=r"ends in no nn\.Linear"):
        layers_of(nn.Sequential(nn.Linear(4, 2), nn.ReLU()))


def test_a_loss_that_is_lost_is_refused():
    with pytest.raises(ValueError, match=r"loss=(nan|inf): not finite in epoch \d+ on cells; lower lr=1e\+30"):
        train_on_cells(random_network(), *planted(), replace(QUICK, lr=1e30), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs=0: too small"),
        ({"rivals": 0}, "rivals=0: too small"),
        ({"batch_size": 0}, "batch_size=0: too small"),
        ({"corners": 1.5}, "corners=1.5: no share"),
        ({"plain": -0.1}, "plain=-0.1: no share"),
        ({"size": 0.0}, "size=0.0: no size"),
        ({"size": float("nan")}, "size=nan: no size"),
        ({"warp": Warp(rotation=0, shear=0, scale=0, shift=0)}, "makes one view only"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(QUICK, **changes)


@pytest.mark.parametrize("warp", [MILD_WARP, Warp(), SHIFT])
def test_displacements_are_those_of_pixels(warp):
    """Against the maps themselves, moved by a thousandth of each range, over every pixel of an oblong image."""
    box, height, width = Box(warp), 6, 9
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    pixels = torch.stack([x, y, torch.ones_like(x)]).flatten(1).double()
    scale = torch.tensor([[1, 1, width / 2], [1, 1, height / 2]], dtype=torch.float64)
    for d, expected in enumerate(displacements(box, height, width)):
        ends = torch.zeros(2, len(box.dimensions), dtype=torch.float64)
        ends[0, d], ends[1, d] = -1e-3, 1e-3
        low, high = (maps_at(warp, box.points(ends)) * scale) @ pixels
        moved = ((high - low) / 2e-3).square().sum(dim=0).mean().sqrt()
        assert float(moved) == pytest.approx(float(expected), rel=1e-5)

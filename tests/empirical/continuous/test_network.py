"""A module becomes nodes that give its scores, or is refused in one line that names the layer."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from empirical.continuous.network import Convolution, Linear, Sum, plain, scores
from empirical.training.networks import Encoder, projection_head, resnet18, small_convnet


def trained(module, seed=0):
    """Random weights, and running statistics that are not the initial ones."""
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d) and part.running_mean is not None:
            part.running_mean.normal_(generator=generator)
            part.running_var.uniform_(0.1, 3, generator=generator)
            if part.affine:
                part.weight.data.normal_(generator=generator)
                part.bias.data.normal_(generator=generator)
    return module


def same(module, shape):
    images = np.random.default_rng(1).random((3, *shape))
    network = plain(module, shape)
    with torch.no_grad():
        expected = module.double().eval()(torch.from_numpy(images)).numpy()
    result = scores(network, images)
    np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())
    return network


def small():
    body, dim = small_convnet()
    return trained(Encoder(body, projection_head((dim, 12, 5), norm=True, final_norm=True)))


def test_small_network_folds_batch_normalisation():
    module = small()
    network = same(module, (3, 16, 16))
    layers = [node for node in network.nodes if isinstance(node, Convolution | Linear)]
    assert [node.folded for node in layers] == [True] * 6
    assert not module.training or module.backbone[1].training  # the module itself keeps its mode


def test_residual_network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body, dim = resnet18()
        module = trained(nn.Sequential(body, nn.Linear(dim, 3)))
    network = same(module, (3, 8, 8))
    assert sum(isinstance(node, Sum) for node in network.nodes) == 8
    assert sum(isinstance(node, Convolution) for node in network.nodes) == 20


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, stride=(1, 2), padding=(0, 1)), nn.Conv2d(4, 4, 1)
        self.drop, self.last = nn.Dropout(0.5), nn.Linear(4, 3)

    def forward(self, x):
        x = functional.relu(self.first(x))
        x = torch.add(x, self.second(x)).relu()
        return self.last(self.drop(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1)))


def test_functions_and_methods():
    same(Functional(), (1, 6, 9))


def test_pools_and_plain_weights_are_exact():
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.AvgPool2d(2, 1), nn.Identity(), nn.Flatten(), nn.Linear(36, 2)
    )
    network = same(module, (1, 6, 6))
    np.testing.assert_array_equal(network.nodes[1].weight, module[0].weight.detach().numpy())
    assert not network.nodes[1].folded


def test_folding_is_right_to_the_last_bit_of_the_bias():
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(1, 2))
    convolution, norm = module[0], module[1]
    with torch.no_grad():
        norm.running_mean.fill_(0.1)
        norm.running_var.fill_(4 - norm.eps)
        norm.weight.fill_(2)
        convolution.bias.fill_(0.1 + 2.0**-20)
        norm.bias.zero_()
    difference = convolution.bias.item() - norm.running_mean.item()
    variance = norm.running_var.item() + norm.eps
    node = plain(module, (1, 1, 1)).nodes[1]
    assert node.bias[0] == pytest.approx(difference * 2 / variance**0.5, rel=1e-15)


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.first(torch.flatten(x, 1))
        y = self.relu(x)
        return self.last(x + y)


class Branching(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


def broken():
    module = nn.Linear(4, 2)
    module.weight.data[0, 0] = float("nan")
    return nn.Sequential(nn.Flatten(), module)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.GELU()), "layer=_2: GELU"),
        (nn.Sequential(nn.MaxPool2d(2), nn.Flatten()), "layer=_0: MaxPool2d"),
        (nn.Sequential(nn.Conv2d(1, 2, 1, dilation=2), nn.Flatten()), "layer=_0: Conv2d"),
        (nn.Sequential(nn.BatchNorm2d(1), nn.Flatten()), "layer=_0: BatchNorm2d"),
        (
            nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.BatchNorm2d(2), nn.Flatten()),
            "layer=_2: BatchNorm2d",
        ),
        (nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2, track_running_stats=False), nn.Flatten()), "layer=_1"),
        (nn.Sequential(nn.AvgPool2d(2, padding=1), nn.Flatten()), "layer=_0: AvgPool2d"),
        (nn.Sequential(nn.Conv2d(1, 2, 1)), "no row of scores"),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), "layer=_1: Linear behind"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten()), "leaves no pixel"),
        (nn.Sequential(nn.Flatten(), nn.Softmax(1)), "layer=_1: Softmax"),
        (InPlace(), "in place"),
        (Branching(), "cannot trace"),
        (Two(), "two inputs"),
        (broken(), "not finite"),
    ],
)
def test_refused_in_one_line(module, message):
    with pytest.raises(ValueError, match=message) as refusal:
        plain(module, (1, 2, 2))
    assert "\n" not in str(refusal.value)

"""An audit of every view of a box: brightness of a bump, which some views push over the threshold."""

from functools import cache

import torch
from torch import nn

from empirical.audit import audit
from empirical.audit.halves import Halves

VIEWS = "mild-warp:rotation=10"


def brightness():
    """Scores whose difference grows with the sum of the pixels, through a convolution and a ReLU."""
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 2)).eval()
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, -1.0])[:, None, None, None] / 9)
        network[0].weight[1, 0, 1, 1] += 0.5
        network[0].bias.zero_()
        network[3].weight.copy_(torch.tensor([[-1.0], [1.0]]).expand(2, 128) / 32)
        network[3].weight[:, 64:] *= 0.1
        network[3].bias.zero_()
        middle = network(bump(torch.tensor([0.56])))[0]
        network[3].bias.copy_(-middle)
    return network


def bump(peaks):
    """Images (n, 1, 8, 8) of one shape."""
    line = torch.tensor([0.0, 0.4, 0.8, 1.0, 1.0, 0.8, 0.4, 0.1])
    return peaks[:, None, None, None] * line[:, None] * line


def bumps(n, seed):
    """(n, 1, 8, 8): dark and bright ones in turns, every twentieth in between."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    peaks = 0.3 + 0.5 * labels + 0.1 * torch.rand(n, generator=generator)
    peaks[::20] = 0.5 + 0.16 * torch.rand(len(peaks[::20]), generator=generator)
    noise = 0.02 * torch.rand(n, 1, 8, 8, generator=generator)
    return (bump(peaks) + noise).clamp(0, 1), labels


def halves(n=160):
    return Halves("bumps", ("dark", "bright"), *bumps(n, 1), *bumps(n, 2))


def made(continuous=100, **options):
    given = {"head": "vertices", "m": 3, "progress": False, "test_domains": False, "device": "cpu"} | options
    return audit(brightness(), given.pop("data", halves()), given.pop("views", VIEWS), continuous=continuous, **given)


@cache
def certified():
    """Something is certified in both modes, and each status occurs."""
    audit = made()
    continuous = audit.continuous
    assert all(continuous.having(status).any() for status in ("proved", "refuted", "open"))
    assert continuous.exact.error < 0.2
    assert continuous.population.error < 0.3
    assert not audit.false
    return audit


def pair():
    """A factory for the command."""
    return tuple(torch.utils.data.TensorDataset(*bumps(60, seed)) for seed in (1, 2))

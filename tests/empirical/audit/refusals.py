"""What the tests of other people's encoders, data and views share."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from empirical.audit.encoders import load_encoder

CPU = torch.device("cpu")


class Does(nn.Module):
    """A module that does whatever a function does."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def images(n=12, channels=3, side=8, seed=0):
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(seed))


def refused(message, call, *arguments, **options):
    """The call raises a ValueError of one sentence that fits the message."""
    with pytest.raises(ValueError, match=message) as error:
        call(*arguments, **options)
    assert "\n" not in str(error.value)
    assert ":" in str(error.value)


class Net(nn.Module):
    """A small network with everything that has a mode, and an in-place ReLU after its first layer."""

    def __init__(self, width=4, channels=3):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.again = nn.Linear(width, width)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        x = self.drop(self.act(self.norm(self.conv(x)))).mean(dim=(2, 3))
        return self.again(self.again(x))


def given(spec, arguments=None, checkpoint=None, layer=None, trust=False, fit=None):
    return load_encoder(spec, arguments or {}, checkpoint, layer, images(40) if fit is None else fit, trust=trust)


def noisy(image):
    """Randomness of torch, NumPy and Python at once."""
    noise = torch.rand_like(image) + np.random.rand() + random.random()  # noqa: NPY002
    return (image + noise / 30).clamp(0, 1)

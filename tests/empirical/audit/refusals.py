"""What the tests of other people's encoders, data and views share."""

import pytest
import torch
from torch import nn


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

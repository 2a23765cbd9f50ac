"""An audit to attack."""

import numpy as np
import pytest
import torch
from torch import nn

from empirical.audit import audit
from empirical.audit.halves import Halves


@pytest.fixture(scope="session")
def found():
    """A small audit of which something is certified in both modes."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    shown = np.where(rng.random(400) < 0.05, 1 - labels, labels)
    x = torch.from_numpy(0.2 + 0.6 * shown[:, None, None, None] + 0.02 * rng.random((400, 1, 2, 2))).float()
    y = torch.from_numpy(labels)
    halves = Halves("blobs", ("dark", "bright"), x[:200], y[:200], x[200:], y[200:])
    made = audit(
        nn.Flatten().eval(),
        halves,
        lambda image: image.flip(-1),
        head="centred",
        m=2,
        progress=False,
        test_domains=False,
    )
    assert made.exact.best.error < 0.1
    assert made.population.errors["anchored"] < 0.5
    return made

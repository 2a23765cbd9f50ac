"""A world of three classes in which an audit certifies."""

import numpy as np
import torch
from torch import nn

from empirical.audit import audit
from empirical.audit.halves import Halves


def flatten():
    return nn.Flatten().eval()


def planted(n=90, classes=3, noise=0.05, seed=0, channels=3, side=4, wrong=0.0):
    """Images of a class are its random template with noise; a share `wrong` has another class's template."""
    rng = np.random.default_rng([seed, 1])
    templates = np.random.default_rng(seed).random((classes, channels, side, side))
    labels = np.arange(n) % classes
    shown = np.where(rng.random(n) < wrong, (labels + 1) % classes, labels)
    images = np.clip(templates[shown] + noise * rng.normal(size=(n, channels, side, side)), 0, 1)
    return torch.from_numpy(images).float(), torch.from_numpy(labels)


def data(n=90, classes=3, **options):
    fit, certify = planted(n, classes, **options), planted(n, classes, **(options | {"noise": 0.051}))
    return Halves("planted", tuple(f"class {k}" for k in range(classes)), *fit, *certify)


def shaken(image):
    """An augmentation that is a plain function: noise from torch."""
    return (image + 0.02 * torch.randn_like(image)).clamp(0, 1)


def planted_audit():
    return audit(flatten(), data(240, wrong=0.05), shaken, head="clusters", m=3, seed=1, progress=False)

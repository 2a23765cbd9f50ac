"""Accuracy by CPU time within one training, measured on copies of the encoder, so that the training stays what it is."""

from copy import deepcopy
from time import process_time

import torch

from empirical.data.sets import Dataset
from empirical.experiments.study import accuracy, factors_probe
from empirical.training.loop import Probe
from empirical.training.networks import Encoder
from empirical.training.whitening import settle
from empirical.views.augmentations import Augmentation


def halvings(epochs: int) -> tuple[int, ...]:
    """The last epoch, half of it, a quarter and so on, rounded down, the first of them first: 24 gives 1, 3, 6, 12, 24."""
    return tuple(epochs >> k for k in reversed(range(epochs.bit_length())))


def curve_probe(epochs: int, data: Dataset, augmentation: Augmentation, device: torch.device) -> Probe:
    """What `factors_probe` measures, the CPU seconds of each epoch, and kNN(20) of the backbone after each of the `halvings`.

    CPU seconds are this process's own between two calls: training and checkpoints, not what the probe spends itself. A
    backbone that ends in `Whitening` is whitened by the last epoch only; for an earlier point a copy of it is.
    """
    factors, measured, started = factors_probe(data, augmentation, device), halvings(epochs), process_time()

    def probe(encoder: Encoder, epoch: int) -> dict[str, float]:
        nonlocal started
        values = {"cpu_seconds": process_time() - started} if epoch else {}
        values |= factors(encoder, epoch)
        if epoch in measured:
            ended = encoder if epoch == epochs else _settled(encoder, data, device)
            values["knn"] = accuracy("backbone", ended.backbone, data, device).knn
        started = process_time()
        return values

    return probe


def _settled(encoder: Encoder, data: Dataset, device: torch.device) -> Encoder:
    """A copy of the encoder as it would be if the training ended here."""
    copy = deepcopy(encoder)
    settle(copy, data.train_images.to(device))
    return copy

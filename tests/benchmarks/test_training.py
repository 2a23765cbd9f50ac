"""Views and training against kornia, measured side by side. They inform and never fail: `make bench`.

One thread, CPU seconds: other processes on the machine disturb them less than they do the clock on the wall.
"""

import time
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim import AdamW

from empirical.data.sets import Dataset, load
from empirical.training.convolution import convolve_2x2
from empirical.training.loop import TrainingConfig, train
from empirical.training.networks import build_encoder as build
from empirical.training.objectives import nt_xent
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator

pytestmark = pytest.mark.bench
LETTERS, BATCH, EPOCHS, IMAGES = "abcd", 256, 2, 2560


@pytest.fixture(scope="module")
def kornia():
    """kornia's augmentations, where it is installed; what its import warns of is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("kornia.augmentation")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def same_views(kornia, side: int) -> nn.Module:
    """The views "abcd" by kornia: one draw per image, as ours."""
    return nn.Sequential(
        kornia.RandomResizedCrop((side, side), scale=(0.3, 1.0), ratio=(3 / 4, 4 / 3)),
        kornia.RandomGaussianBlur((5, 5), (0.1, 2.0), p=1.0, border_type="replicate"),
        kornia.ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
        kornia.RandomGrayscale(p=0.2),
    )


def alternate(first, second, repeats: int) -> tuple[list[float], list[float]]:
    """CPU seconds of two pieces of work, in turns, so that a busy machine slows both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for work, seconds in zip((first, second), taken, strict=True):
            start = time.process_time()
            work()
            seconds.append(time.process_time() - start)
    return taken


def show(what: str, images: int, ours: list[float], theirs: list[float]) -> None:
    ratios = np.array(theirs) / np.array(ours)
    print(
        f"\n{what:<58} {images / np.median(ours):9.0f} images/s against {images / np.median(theirs):9.0f}: "
        f"{np.median(ratios):5.1f}x (of {len(ratios)} pairs: {ratios.min():.1f} to {ratios.max():.1f})"
    )


@pytest.mark.parametrize("side", [16, 32])
def test_views_against_kornia(kornia, side: int) -> None:
    images, theirs = torch.rand(512, 3, side, side), same_views(kornia, side)
    augmentation = Augmentation.from_letters(LETTERS)

    def ours() -> None:
        apply(images, sample_parameters(augmentation, len(images), seeded_generator(0)))

    ours()
    theirs(images)
    show(f"512 views {LETTERS} of {side}x{side}, against kornia", 512, *alternate(ours, lambda: theirs(images), 9))


def test_2x2_maps_against_torch() -> None:
    x = torch.rand(512, 128, 2, 2).contiguous(memory_format=torch.channels_last).requires_grad_()
    weight = torch.rand(256, 128, 3, 3).contiguous(memory_format=torch.channels_last).requires_grad_()

    def ours() -> None:
        torch.autograd.grad(convolve_2x2(x, weight).sum(), [x, weight])

    def theirs() -> None:
        torch.autograd.grad(functional.conv2d(x, weight, padding=1).sum(), [x, weight])

    ours()
    theirs()
    show("3x3 convolution of 512 2x2 maps, 128 to 256, and its gradient", 512, *alternate(ours, theirs, 9))


def straightforward(data: Dataset, config: TrainingConfig, views: nn.Module) -> None:
    """SimCLR as one writes it down with kornia: no checkpoint, no progress."""
    encoder = build(config.seed).train()
    optimizer = AdamW(encoder.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    for _ in range(config.epochs):
        for rows in torch.randperm(len(data.train_images)).split(config.batch_size):
            batch = data.train_images[rows]
            z1, z2 = encoder(views(batch)), encoder(views(batch))
            loss = nt_xent(z1, z2, 0.2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def test_training_against_a_loop_with_kornia_views(kornia, tmp_path) -> None:
    data = load("fashion", train_size=IMAGES)
    views = same_views(kornia, 16)
    seeds = iter(range(100))

    def ours() -> None:
        config = TrainingConfig(train_size=IMAGES, epochs=EPOCHS, batch_size=BATCH, seed=next(seeds))
        train(config, data, torch.device("cpu"), tmp_path, progress=False)

    config = TrainingConfig(epochs=EPOCHS, batch_size=BATCH)
    straightforward(data, config, views)
    ours()
    taken = alternate(ours, lambda: straightforward(data, config, views), 5)
    show("training SimCLR, views, checkpoints and all, against kornia", IMAGES * EPOCHS, *taken)

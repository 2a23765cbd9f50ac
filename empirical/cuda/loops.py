"""Images per second of one training step fed by three makers of views: this project's, torchvision's and kornia's.

    batched       views of a whole batch at once on the device, from drawn parameters: `empirical.views.augmentations`
    torchvision   image by image on the CPU in worker processes, as lightly's collections of transforms do
    kornia        its augmentations on the device, as its users write them

The network, the loss and the optimiser are those of the stage `training`, not compiled. What is not installed is said.
"""

import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as Items

from empirical.cuda.distances import synchronise
from empirical.cuda.images import stored
from empirical.cuda.plan import Request
from empirical.cuda.sizes import sizes_of
from empirical.cuda.stage import Notes
from empirical.training.loop import TrainingConfig, pick_device
from empirical.training.methods import initial_learner
from empirical.training.optimisation import optimizer_of
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator

Batches = Iterator[Tensor]
"""Views (2, n, 3, H, W) on the device."""
WARM_UP = 3
"""Steps that are not counted."""
CROP, KERNEL, SIGMA, JITTER = (0.3, 1.0), 5, (0.1, 2.0), (0.8, 0.8, 0.8, 0.2)
"""Of abcde, as in `Augmentation.from_letters`."""


def run(request: Request, notes: Notes) -> None:
    """Measure each loop that its packages are there for."""
    device, data = pick_device(request.device), stored(request)
    sizes = sizes_of(request.rehearsal)
    torch.backends.cudnn.benchmark = True
    config, pace = sizes.training, {}
    for name, maker in MAKERS.items():
        if name != "batched" and find_spec(name) is None:
            notes.add(**{name: "not installed"})
            continue
        pace[name] = images_per_second(maker(data.train_images, config, device), config, device, sizes.loop_seconds)
        notes.add(images_per_second=pace)


def images_per_second(batches: Batches, config: TrainingConfig, device: torch.device, seconds: float) -> float:
    """Of training steps on these batches, for so many seconds after `WARM_UP` steps."""
    learner = initial_learner(config.method, config.encoder, config.seed).train()
    placement: dict[str, Any] = {"device": device, "memory_format": torch.channels_last}  # as in `loop`
    learner.to(**placement)
    optimizer = optimizer_of(config.optimizer, learner.groups(), 1e-3, config.weight_decay)
    start, images, step = 0.0, 0, 0
    while True:
        if step == WARM_UP:
            synchronise(device)
            start = time.perf_counter()
        if step > WARM_UP and time.perf_counter() - start > seconds:
            synchronise(device)
            return images / (time.perf_counter() - start)
        views = next(batches)
        m, n = views.shape[:2]
        last = views.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        loss = learner(last.unflatten(0, (m, n)))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        float(loss.detach())  # so that the clock above counts what is done, not what is queued
        images += n if step >= WARM_UP else 0
        step += 1


def batched(images: Tensor, config: TrainingConfig, device: torch.device) -> Batches:
    """This project's views."""
    here, augmentation, n = images.to(device), Augmentation.from_letters("abcde"), config.batch_size
    generator = seeded_generator(0)
    while True:
        rows = torch.randperm(len(images), generator=generator)[:n].to(device)
        parameters = sample_parameters(augmentation, 2 * n, generator).to(device)
        yield apply(here[rows].repeat(2, 1, 1, 1), parameters).unflatten(0, (2, n))


def torchvision_loop(images: Tensor, config: TrainingConfig, device: torch.device) -> Batches:
    """Two random views of every PIL image, made by as many worker processes as there are cores."""
    transforms = import_module("torchvision.transforms")
    side = images.shape[-1]
    view = transforms.Compose(
        [
            transforms.RandomResizedCrop(side, scale=CROP),
            transforms.RandomHorizontalFlip(),
            transforms.RandomApply([transforms.ColorJitter(*JITTER)], p=0.8),
            transforms.RandomGrayscale(0.2),
            transforms.GaussianBlur(KERNEL, SIGMA),
            transforms.ToTensor(),
        ]
    )
    pictures = [transforms.functional.to_pil_image(image) for image in images[: 20 * config.batch_size]]
    while True:
        loader = DataLoader(
            _Pairs(pictures, view),
            config.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=os.cpu_count() or 1,
            pin_memory=device.type == "cuda",
        )
        for first, second in loader:
            yield torch.stack([first.to(device, non_blocking=True), second.to(device, non_blocking=True)])


class _Pairs(Items[tuple[Tensor, Tensor]]):
    def __init__(self, pictures: list[object], view: Callable[[object], Tensor]) -> None:
        self.pictures, self.view = pictures, view

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        return self.view(self.pictures[row]), self.view(self.pictures[row])


def kornia_loop(images: Tensor, config: TrainingConfig, device: torch.device) -> Batches:
    """Kornia's augmentations of a batch on the device."""
    augmentation = import_module("kornia.augmentation")
    side, here, n = images.shape[-1], images.to(device), config.batch_size
    view = augmentation.AugmentationSequential(
        augmentation.RandomResizedCrop((side, side), scale=CROP),
        augmentation.RandomHorizontalFlip(p=0.5),
        augmentation.ColorJitter(*JITTER, p=0.8),
        augmentation.RandomGrayscale(p=0.2),
        augmentation.RandomGaussianBlur((KERNEL, KERNEL), SIGMA, p=1.0),
        data_keys=["input"],
    )
    while True:
        batch = here[torch.randint(len(images), (n,), device=device)]
        yield torch.stack([view(batch), view(batch)])


MAKERS: dict[str, Callable[[Tensor, TrainingConfig, torch.device], Batches]] = {
    "batched": batched,
    "torchvision": torchvision_loop,
    "kornia": kornia_loop,
}

"""d_A on the device: its time beside torch.cdist and amin there, and its values beside the CPU's, bit by bit."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirical.cuda.images import stored
from empirical.cuda.plan import Request
from empirical.cuda.sizes import sizes_of
from empirical.cuda.stage import Notes
from empirical.training.loop import pick_device
from empirical.views.augmentations import Augmentation
from empirical.views.protocol import finite_views
from theory.concentration import augmented_distances

REPEATS = 3
MOST_ENTRIES = 2**28
"""Of a block of distances between views that torch.cdist makes at once (1 GiB of float32)."""


def run(request: Request, notes: Notes) -> None:
    """Compare on images of one class, for each set of views and each number of samples."""
    device, data = pick_device(request.device), stored(request)
    sizes = sizes_of(request.rehearsal)
    notes.add(device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu")
    images = data.train_images[data.train_labels == 0]
    rows: list[dict[str, Any]] = []
    for letters, n in sizes.distances:
        views = finite_views(images[:n], Augmentation.from_letters(letters), sizes.views, seed=0).flatten(2)
        rows.append(
            {"letters": letters, "n": len(views), "views": sizes.views, "D": views.shape[2], **compared(views, device)}
        )
        notes.add(comparisons=rows)


def compared(views: Tensor, device: torch.device) -> dict[str, Any]:
    """Seconds of d_A and of torch.cdist + amin on the device, medians, and how far each is from d_A on the CPU."""
    there = views.to(device)
    ours, seconds = timed(lambda: augmented_distances(there), device)
    usual, usual_seconds = timed(lambda: nearest_views(there), device)
    start = time.perf_counter()
    exact = augmented_distances(views.numpy())
    cpu_seconds = time.perf_counter() - start
    here, nearest = ours.cpu().numpy(), usual.double().cpu().numpy()
    off = ~np.eye(len(exact), dtype=bool)
    return {
        "seconds": seconds,
        "cdist_seconds": usual_seconds,
        "ratio": usual_seconds / seconds,
        "cpu_seconds": cpu_seconds,
        "equal_bits": float((here == exact).mean()),
        "relative_error": float((np.abs(here - exact)[off] / exact[off].clip(min=np.finfo(float).tiny)).max()),
        "absolute_error": float(np.abs(here - exact).max()),
        "cdist_absolute_error": float(np.abs(nearest - exact)[off].max()),
    }


def nearest_views(views: Tensor) -> Tensor:
    """The same distances (n, n) by torch.cdist and amin, in the type of the views (n, m, D), block by block."""
    n, m = views.shape[:2]
    points = views.flatten(0, 1)
    step = max(1, MOST_ENTRIES // (n * m * m))
    return torch.cat(
        [
            torch.cdist(block.flatten(0, 1), points).reshape(len(block), m, n, m).amin(dim=(1, 3))
            for block in views.split(step)
        ]
    )


def timed(call: Callable[[], Tensor], device: torch.device) -> tuple[Tensor, float]:
    """The result, and the median of the seconds of several calls after one that warms up."""
    result, seconds = call(), []
    for _ in range(REPEATS):
        synchronise(device)
        start = time.perf_counter()
        result = call()
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return result, median(seconds)


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)

"""Features of all views of all images, block by block, and the checks without which no certificate can be issued."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from empirical.evaluation import heads
from empirical.evaluation.classifiers import weights_hash
from empirical.evaluation.heads import Head
from empirical.thirdparty import STRANGE, check_integers, first_line
from empirical.views.protocol import Views
from theory.setting import Array

BLOCK = 512
"""Views encoded at a time."""
REPEATED = 64
"""Views that are encoded a second time, in smaller batches."""
MOVED = 1e-4
"""Relative change between two passes that counts as rounding in float32; `HALF_MOVED` units of rounding in half precision."""
HALF_MOVED = 8

HEADS: dict[str, str] = {
    "unit": "unit norm",
    "centred": "centred on the fitting half, unit norm",
    "whitened": "whitened on the fitting half, unit norm",
    "clusters": "clusters of the fitting half (k-means, no labels), simplex vertices",
    "vertices": "largest output, simplex vertices",
}

Name = Callable[[int], str]
"""What to call a row of a batch in a message."""


def make_head(name: str, raw: Tensor | None, clusters: int, seed: int) -> Head:
    """A head fitted on the raw features (n, d) of the fitting half's images. Raises ValueError for an unknown name."""
    if name not in HEADS:
        raise ValueError(f"head={name!r} is unknown: choose one of {', '.join(HEADS)}")
    if name == "unit":
        return heads.unit()
    if name == "vertices":
        return heads.vertices()
    assert raw is not None
    if name == "centred":
        return heads.centred(raw)
    if name == "whitened":
        return heads.whitened(raw)
    check_integers(clusters=clusters)
    return heads.discretised(raw, clusters, seed)


def needs_fit(name: str) -> bool:
    """Whether the head is fitted on features of the fitting half."""
    return name in ("centred", "whitened", "clusters")


def encode(
    module: nn.Module, images: Tensor, device: torch.device, name: Name = "image {} of the batch".format
) -> Tensor:
    """Raw features (n, d) of images (n, C, H, W), float64 on the CPU, in the mode the module is in; images are left as they
    are.

    Raises ValueError where the module fails, returns no (n, d) tensor of real numbers, or values that are not finite.
    """
    try:
        with torch.no_grad():
            # A copy: a stranger's forward may work in place.
            found = module(images.to(device, _dtype(module, images), copy=True))
    except STRANGE as error:
        raise ValueError(
            f"the encoder fails on images of shape {tuple(images.shape)} ({first_line(error)}): check that size "
            "and channels are what it was made for (--side scales images)"
        ) from error
    if not isinstance(found, Tensor):
        raise ValueError(
            f"the encoder returned a {type(found).__name__}, not a tensor (n, d): name a layer that does (one that is not "
            "run returns None)"
        )
    if found.is_complex() or found.is_quantized or found.is_nested or found.layout is not torch.strided:
        kind = found.dtype if found.layout is torch.strided else found.layout
        raise ValueError(f"the encoder returned a tensor of {kind}: make it dense and real")
    if found.ndim != 2 or len(found) != len(images) or found.shape[1] == 0:
        raise ValueError(
            f"the encoder returned shape {tuple(found.shape)} for {len(images)} images, not (n, d): name a layer before or "
            "after it, or add pooling and Flatten"
        )
    try:
        features = found.detach().cpu().double()
    except STRANGE as error:
        raise ValueError(
            f"the encoder returned a tensor of {found.dtype} on {found.device} that cannot be read ({first_line(error)}): "
            "give it values of an ordinary type"
        ) from error
    bad = ~torch.isfinite(features).all(dim=1)
    if bad.any():
        half = found.dtype in (torch.float16, torch.bfloat16)
        remedy = "half precision overflows: run encoder.float()" if half else "check its weights and the images"
        raise ValueError(
            f"the encoder returned features that are not finite ({found.dtype}), first for {name(int(bad.nonzero()[0]))}: "
            f"{remedy}"
        )
    return features


def _dtype(module: nn.Module, images: Tensor) -> torch.dtype:
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), images.dtype)


def joined(batches: Sequence[Tensor]) -> Tensor:
    """The features of several batches in one. Raises ValueError where they have not one width."""
    widths = sorted({batch.shape[1] for batch in batches})
    if len(widths) > 1:
        raise ValueError(
            f"the encoder returns {widths[0]} to {widths[-1]} features, a width that changes with the batch: make each row "
            "depend on its own image only"
        )
    return torch.cat(list(batches))


def check_repeats(module: nn.Module, images: Tensor, device: torch.device) -> None:
    """Encode up to `REPEATED` images twice, together and in two unequal batches in reverse order.

    Raises ValueError where the features differ by more than rounding: the encoder is random, or depends on the batch; and
    where it changes its weights or buffers.
    """
    images = images[:REPEATED]
    weights = weights_hash(module)
    once = encode(module, images, device)
    order = torch.arange(len(images) - 1, -1, -1)
    first = max(1, len(images) // 3)
    parts = [encode(module, images[rows], device) for rows in (order[:first], order[first:]) if len(rows)]
    again = joined([once, *parts])[len(once) :][order]
    moved, size = float((once - again).abs().max()), float(once.abs().max())
    if moved > max(MOVED, HALF_MOVED * _rounding(_dtype(module, images), device)) * size:
        raise ValueError(
            f"features move by {moved:.3g} (their size is {size:.3g}) between two passes over the same images: dropout or "
            "batch statistics are at work; call encoder.eval(), or fix what makes it random"
        )
    if weights_hash(module) != weights:
        raise ValueError(
            "the encoder changes its own weights or buffers while it encodes, so no hash names it: freeze them"
        )


def _rounding(dtype: torch.dtype, device: torch.device) -> float:
    """The unit of rounding where it is that of half precision: float32 convolutions on CUDA run in TF32, with float16's."""
    if dtype == torch.float32 and device.type == "cuda":
        dtype = torch.float16
    return torch.finfo(dtype).eps if dtype in (torch.float16, torch.bfloat16) else 0.0


def encode_views(
    module: nn.Module,
    head: Head,
    images: Tensor,
    views: Views,
    device: torch.device,
    progress: bool,
    what: str,
) -> Array:
    """Features (n, m, d) of all views, float64; memory beside the result: one block of views.

    Raises ValueError as `encode`, the head and the views do, and names the image and the view.
    """
    drawn, n, m = views.drawn(len(images)), len(images), views.m
    step = max(1, BLOCK // m)
    result: Array | None = None
    seen: Tensor | None = None
    with tqdm(total=n * m, desc=what, unit="view", disable=not progress) as bar:
        for start in range(0, n, step):
            block = drawn.block(images[start : start + step], start)

            def name(row: int, start: int = start) -> str:
                return f"view {row % m} of image {start + row // m} ({what})"

            raw = encode(module, block.flatten(0, 1), device, name)
            seen = raw[:1] if seen is None else joined([seen, raw])[:1]
            found = _headed(head, raw, name)
            result = np.empty((n, m, found.shape[1])) if result is None else result
            result[start : start + len(block)] = found.reshape(len(block), m, -1)
            bar.update(len(block) * m)
    assert result is not None
    return result


def _headed(head: Head, raw: Tensor, name: Name) -> Array:
    """head(raw); where it refuses some rows, the first of them is named."""
    try:
        return head(raw)
    except ValueError as error:
        refused = [row for row in range(len(raw)) if not _accepts(head, raw[row : row + 1])]
        if not 0 < len(refused) < len(raw):
            raise
        raise ValueError(
            f"the features of {name(refused[0])} have no direction: they are zero, before or after the head; choose another "
            "head or layer, for example one before a ReLU"
        ) from error


def _accepts(head: Head, raw: Tensor) -> bool:
    try:
        head(raw)
    except ValueError:
        return False
    return True

"""Features of a frozen encoder: any module, any images, any number of views, encoded block by block.

`encode` makes features of one batch and refuses whatever is not a matrix of finite numbers; `extract` and `encode_views` are
made of it. `check_repeats` and `frozen` hold what no certificate can do without: that the encoder is a function, and which.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from empirical.evaluation.heads import Head
from empirical.thirdparty import FOREIGN_ERRORS, first_line
from empirical.views.protocol import Views
from theory.setting import Array

BLOCK = 512
"""Images, or views, encoded at a time."""
REPEATED = 64
"""Views that are encoded a second time, in smaller batches."""
MOVED = 1e-4
"""Relative change between two passes that counts as rounding in float32; `HALF_MOVED` units of rounding in half precision."""
HALF_MOVED = 8

Name = Callable[[int], str]
"""What to call a row of a batch in a message."""


def weights_hash(module: nn.Module) -> str:
    """SHA-256 over names, types, shapes and bytes of the state dict: equal if and only if the weights are."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def frozen(encoder: nn.Module) -> Iterator[str]:
    """The hash of the encoder's weights; ValueError at the end where it is no longer the same."""
    before = weights_hash(encoder)
    yield before
    after = weights_hash(encoder)
    if after != before:
        raise ValueError(
            f"the encoder changes its own weights or buffers while it encodes ({before[:12]} to {after[:12]}), so no hash "
            "names it: freeze them in evaluation mode"
        )


@contextmanager
def evaluating(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Inside, the module is on `device` and in evaluation mode; afterwards each submodule's mode is restored."""
    modes = [(part, part.training) for part in module.modules()]
    module.to(device).eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def encode(
    module: nn.Module, images: Tensor, device: torch.device, name: Name = "image {} of the batch".format
) -> Tensor:
    """Raw features (n, d) of images (n, C, H, W), float64 on the CPU, in the mode the module is in; images are left as they
    are.

    Raises ValueError where the module fails, returns no (n, d) tensor of real numbers, or values that are not finite.
    """
    try:
        with torch.no_grad():
            # A copy: the forward of an unknown module may work in place.
            output = module(images.to(device, _dtype(module, images), copy=True))
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"the encoder fails on images of shape {tuple(images.shape)} ({first_line(error)}): check that size "
            "and channels are what it was made for (a side scales images)"
        ) from error
    if not isinstance(output, Tensor):
        raise ValueError(
            f"the encoder returned a {type(output).__name__}, not a tensor (n, d): name a layer that does (one that is not "
            "run returns None)"
        )
    if output.is_complex() or output.is_quantized or output.is_nested or output.layout is not torch.strided:
        kind = output.dtype if output.layout is torch.strided else output.layout
        raise ValueError(f"the encoder returned a tensor of {kind}: make it dense and real")
    if output.ndim != 2 or len(output) != len(images) or output.shape[1] == 0:
        raise ValueError(
            f"the encoder returned shape {tuple(output.shape)} for {len(images)} images, not (n, d): name a layer before or "
            "after it, or add pooling and Flatten"
        )
    try:
        features = output.detach().cpu().double()
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"the encoder returned a tensor of {output.dtype} on {output.device} that cannot be read ({first_line(error)}): "
            "give it values of an ordinary type"
        ) from error
    bad = ~torch.isfinite(features).all(dim=1)
    if bad.any():
        half = output.dtype in (torch.float16, torch.bfloat16)
        remedy = "half precision overflows: run encoder.float()" if half else "check its weights and the images"
        raise ValueError(
            f"the encoder returned features that are not finite ({output.dtype}), first for {name(int(bad.nonzero()[0]))}: "
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


def encode_all(module: nn.Module, images: Tensor, device: torch.device, batch_size: int = BLOCK) -> Tensor:
    """`encode` of all images (n, C, H, W), batch by batch: (n, d). ValueError also for no images and a width that changes."""
    if len(images) == 0:
        raise ValueError("images is empty: there is nothing to encode; pass one image or more")
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}: no image fits; use 1 or more")
    return joined([encode(module, batch, device) for batch in images.split(batch_size)])


def extract(module: nn.Module, images: Tensor, device: torch.device, batch_size: int = BLOCK) -> Tensor:
    """`encode_all` with the module in evaluation mode, for classifiers: float32 (n, d) on the CPU.

    The module is moved to `device`; each submodule's mode is restored afterwards.
    """
    with evaluating(module, device):
        return encode_all(module, images, device, batch_size).float()


def check_repeats(module: nn.Module, images: Tensor, device: torch.device) -> None:
    """Encode up to `REPEATED` images twice, together and in two unequal batches in reverse order.

    Raises ValueError where the features differ by more than rounding: the encoder is random, or depends on the batch; and
    where it changes its weights or buffers.
    """
    images = images[:REPEATED]
    order = torch.arange(len(images) - 1, -1, -1)
    first = max(1, len(images) // 3)
    with frozen(module):
        once = encode(module, images, device)
        parts = [encode(module, images[rows], device) for rows in (order[:first], order[first:]) if len(rows)]
        again = joined([once, *parts])[len(once) :][order]
        moved, size = float((once - again).abs().max()), float(once.abs().max())
        if moved > max(MOVED, HALF_MOVED * _rounding(_dtype(module, images), device)) * size:
            raise ValueError(
                f"features move by {moved:.3g} (their size is {size:.3g}) between two passes over the same images: dropout "
                "or batch statistics are at work; call encoder.eval(), or fix what makes it random"
            )


def _rounding(dtype: torch.dtype, device: torch.device) -> float:
    """The unit of rounding where it is that of half precision: float32 convolutions on CUDA run in TF32, with float16's."""
    if dtype == torch.float32 and device.type == "cuda":
        dtype = torch.float16
    return torch.finfo(dtype).eps if dtype in (torch.float16, torch.bfloat16) else 0.0


def in_blocks(views: Tensor) -> Iterator[Tensor]:
    """Views (n, m, C, H, W) that are all there, `BLOCK` of them at a time."""
    yield from views.split(max(1, BLOCK // views.shape[1]))


def drawn_in_blocks(images: Tensor, views: Views) -> Iterator[Tensor]:
    """The views (b, m, C, H, W) of images (n, C, H, W), drawn `BLOCK` at a time."""
    drawn, step = views.drawn(len(images)), max(1, BLOCK // views.m)
    for start in range(0, len(images), step):
        yield drawn.block(images[start : start + step], start)


def encode_views(
    module: nn.Module,
    head: Head,
    blocks: Iterable[Tensor],
    device: torch.device,
    *,
    samples: int,
    subject: str,
    progress: bool = False,
) -> Array:
    """Features (n, m, d) of all views, float64, in the mode the module is in; memory beside the result: one block of views.

    blocks   (b, m, C, H, W) each, n samples in all: `in_blocks`, `drawn_in_blocks`
    subject  what the views are called in messages and beside the progress bar
    Raises ValueError as `encode`, the head and the views do, and names the image and the view.
    """
    result: Array | None = None
    first: Tensor | None = None
    start = 0
    with tqdm(total=samples, desc=subject, unit="image", disable=not progress) as bar:
        for block in blocks:
            size, m = block.shape[:2]

            def name(row: int, start: int = start, m: int = m) -> str:
                return f"view {row % m} of image {start + row // m} ({subject})"

            raw = encode(module, block.flatten(0, 1), device, name)
            first = raw[:1] if first is None else joined([first, raw])[:1]
            features = _headed(head, raw, name)
            result = np.empty((samples, m, features.shape[1])) if result is None else result
            result[start : start + size] = features.reshape(size, m, -1)
            start += size
            bar.update(size)
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

"""A network in safetensors files of less than 16 MiB each: matrices and kernels in float16, everything else as it is.

network.load_state_dict(load(folder, "encoder"))
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from empirical.training.checkpoint import serialised
from theory.files import write_bytes

MOST_BYTES = 15 * 2**20
"""Of the tensors in one file; names and shapes come on top."""


def round_to_halves(module: nn.Module) -> None:
    """Round every matrix and kernel to float16, in place: what `save` writes is then the module, bit by bit.

    Raises ValueError for a weight that float16 does not hold.
    """
    with torch.no_grad():
        for name, value in module.named_parameters():
            if _halved(value):
                rounded = value.half()
                if not torch.isfinite(rounded).all():
                    raise ValueError(
                        f"{name}: a weight of {float(value.abs().max()):.3g} is beyond float16; train again"
                    )
                value.copy_(rounded)


def save(module: nn.Module, folder: Path, name: str) -> list[str]:
    """Write NAME-1.safetensors, NAME-2.safetensors, ...; their names. A former network of this name is replaced."""
    parts: list[dict[str, Tensor]] = [{}]
    used = 0
    for key, value in module.state_dict().items():
        kept = value.half() if _halved(value) else value
        if used + kept.nbytes > MOST_BYTES and parts[-1]:
            parts.append({})
            used = 0
        parts[-1][key] = kept
        used += kept.nbytes
    names = [f"{name}-{number}.safetensors" for number in range(1, len(parts) + 1)]
    for file, tensors in zip(names, parts, strict=True):
        write_bytes(folder / file, serialised(tensors))
    remove(folder, name, but=names)
    return names


def remove(folder: Path, name: str, but: Collection[str] = ()) -> None:
    """Remove the files of a network, except these."""
    for file in folder.glob(f"{name}-*.safetensors"):
        if file.name not in but:
            file.unlink()


def load(folder: Path, name: str) -> Mapping[str, Tensor]:
    """The state dict of a network that `save` wrote, in float32 again; ValueError where there is none."""
    files = sorted(folder.glob(f"{name}-*.safetensors"))
    if not files:
        raise ValueError(f"{folder}: holds no {name}-1.safetensors; run the stage that trains it")
    state: dict[str, Tensor] = {}
    for file in files:
        state |= safetensors.torch.load_file(file)
    return {key: value.float() if value.dtype == torch.float16 else value for key, value in state.items()}


def _halved(value: Tensor) -> bool:
    return value.ndim >= 2 and value.dtype == torch.float32

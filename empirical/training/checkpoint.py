"""Checkpoints: tensors as safetensors, everything else as JSON; nothing is ever unpickled.

checkpoint.json names its tensor file by the hash of its content, holds a hash of itself, and is written last, each file as a
whole (`theory.files`). So whenever the process dies, checkpoint.json is the old one or the new one, and the tensors it names
are whole and its own. Processes that save into one folder take turns.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from theory.files import PARTIAL, lock_in_turn, write_bytes

STATE = "checkpoint.json"
LOCK = "saving.lock"
FORMAT = 2


def save(folder: Path, tensors: Mapping[str, Tensor], state: dict[str, Any]) -> None:
    """Replace the folder's checkpoint by this one; `state` of plain JSON types. A reader finds the old one or the new one."""
    content = serialised(tensors)
    digest = hashlib.sha256(content).hexdigest()
    name = f"tensors-{digest[:16]}.safetensors"
    header = {"format": FORMAT, "tensors": name, "sha256": digest, "state": state}
    text = json.dumps({**header, "own_sha256": _digest(header)}, allow_nan=False)
    with lock_in_turn(folder / LOCK):
        write_bytes(folder / name, content)
        write_bytes(folder / STATE, text.encode())
        _remove_all_but(folder, name)


def tidy(folder: Path) -> None:
    """Remove what a save that was broken off has left beside the folder's checkpoint, which `load` has read."""
    with lock_in_turn(folder / LOCK):
        _remove_all_but(folder, json.loads((folder / STATE).read_bytes())["tensors"])


def _remove_all_but(folder: Path, name: str) -> None:
    """Remove the tensor files but the one of this name, and the files that were never finished."""
    for old in [*folder.glob("tensors-*"), *folder.glob(f"*{PARTIAL}")]:
        if old.name != name:
            old.unlink(missing_ok=True)


def serialised(tensors: Mapping[str, Tensor]) -> bytes:
    """The tensors as safetensors; those that share memory, such as tied weights, are written once for each name.

    Raises ValueError for a value that safetensors cannot hold, such as a sparse tensor or none at all.
    """
    try:
        copies = {
            name: torch.clone(value.detach().cpu(), memory_format=torch.contiguous_format)
            for name, value in tensors.items()
        }
        return safetensors.torch.save(copies)
    except (
        AttributeError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        ValueError,
        SafetensorError,
    ) as error:
        raise ValueError(
            f"tensors={', '.join(tensors)[:200]}: a checkpoint cannot hold them ({error}); keep what training changes in "
            "dense parameters and buffers of real numbers"
        ) from error


def load(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """(tensors, state) of the folder's checkpoint, tensors on the CPU; None where there is none.

    Raises ValueError, naming the file and the remedy, for a checkpoint that is truncated, changed, or not of this program.
    """
    path = folder / STATE
    text = _read(path)
    while text is not None:
        try:
            return _parsed(path, text)
        except ValueError:
            newer = _read(path)  # another process may have replaced it, and removed the tensors it named
            if newer == text:
                raise
            text = newer
    return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _parsed(path: Path, text: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The checkpoint that checkpoint.json at `path`, which holds `text`, describes."""
    try:
        saved = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"cannot be read ({type(error).__name__})") from error
    kinds = {"format": int, "tensors": str, "sha256": str, "state": dict, "own_sha256": str}
    if (
        not isinstance(saved, dict)
        or saved.get("format") != FORMAT
        or not all(isinstance(saved.get(key), kind) for key, kind in kinds.items())
    ):
        raise foreign(path, "not written by this program")
    tensors = path.parent / Path(saved["tensors"]).name
    try:
        content = tensors.read_bytes()
    except (OSError, ValueError) as error:
        raise damaged(path, f"names {tensors.name!r}, which cannot be read") from error
    if hashlib.sha256(content).hexdigest() != saved["sha256"]:
        raise damaged(path, f"names {tensors.name}, which is truncated or was changed")
    try:
        values = safetensors.torch.load(content)
    except Exception as error:  # whatever safetensors makes of bytes that are not its own
        raise damaged(path, f"names {tensors.name}, which is no safetensors file") from error
    own = saved.pop("own_sha256")
    if own != _digest(saved):
        raise damaged(path, "was changed after it was written")
    return values, saved["state"]


def _digest(header: dict[str, Any]) -> str:
    """SHA-256 of all that checkpoint.json says beside this hash."""
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()


def damaged(path: Path, reason: str) -> ValueError:
    """The error for a checkpoint that is of no use to anybody: it names the file and the remedy."""
    return ValueError(f"checkpoint={path}: {reason}; delete it to train from the start")


def foreign(path: Path, reason: str) -> ValueError:
    """The error for a checkpoint that may be a good one of something else: it names the file and the remedy."""
    return ValueError(f"checkpoint={path}: {reason}; move its folder elsewhere to train from the start")

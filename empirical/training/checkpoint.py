"""Checkpoints: tensors as safetensors, everything else as JSON; nothing is ever unpickled.

checkpoint.json names its tensor file by the hash of its content and is written last, each file by write, fsync, rename. So
whenever the process dies, checkpoint.json is the old one or the new one, and the tensors it names are whole and its own.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

STATE = "checkpoint.json"
FORMAT = 1


def save(folder: Path, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Replace the folder's checkpoint by this one; `state` of plain JSON types. A reader finds the old one or the new one."""
    content = safetensors.torch.save({name: value.detach().contiguous() for name, value in tensors.items()})
    digest = hashlib.sha256(content).hexdigest()
    name = f"tensors-{digest[:16]}.safetensors"
    text = json.dumps({"format": FORMAT, "tensors": name, "sha256": digest, "state": state}, allow_nan=False)
    replace_file(folder / name, content)
    replace_file(folder / STATE, text.encode())
    for old in folder.glob("tensors-*"):
        if old.name != name:
            old.unlink()


def load(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """(tensors, state) of the folder's checkpoint, tensors on the CPU; None where there is none.

    Raises ValueError, naming the file and the remedy, for a checkpoint that is truncated, changed, or not of this program.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        saved = json.loads(path.read_bytes())
    except ValueError as error:
        raise refusal(path, f"cannot be read ({type(error).__name__})") from error
    if not isinstance(saved, dict) or saved.get("format") != FORMAT or not {"tensors", "sha256", "state"} <= set(saved):
        raise refusal(path, "not written by this program")
    tensors = folder / Path(saved["tensors"]).name
    try:
        content = tensors.read_bytes()
    except OSError as error:
        raise refusal(path, f"names {tensors.name}, which cannot be read") from error
    if hashlib.sha256(content).hexdigest() != saved["sha256"]:
        raise refusal(path, f"names {tensors.name}, which is truncated or was changed")
    try:
        return safetensors.torch.load(content), saved["state"]
    except SafetensorError as error:
        raise refusal(path, f"names {tensors.name}, which is no safetensors file") from error


def refusal(path: Path, reason: str) -> ValueError:
    """The error for a checkpoint that cannot be used: it names the file and the remedy."""
    return ValueError(f"checkpoint={path}: {reason}; delete it to train from the start")


def replace_file(path: Path, content: bytes) -> None:
    """Write to a temporary neighbour, on the disk, then rename: a reader finds the old file or the new one, whole."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error  # a full disk does not name the file
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk once the folder is; where folders cannot be opened (Windows) there is nothing to do."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Files that are never seen half written: each goes to a temporary name of its own, to the disk, then to its place.

Also locks between processes. The operating system lets go of a lock when the process that holds it ends, however it ends.
"""

import errno
import importlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

PARTIAL = ".partial"
"""Ending of temporary names; a process that was killed may leave one behind."""
TURN = 0.01
"""Seconds between two attempts at a lock."""


def write_json(path: Path, content: Any) -> None:
    """Write `content` as JSON, atomically; NumPy's scalars are numbers too.

    Raises ValueError for NaN and infinity, which JSON does not have.
    """
    write_text(path, json.dumps(content, indent=1, allow_nan=False, default=_as_number) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8, atomically; half a surrogate pair, which UTF-8 does not have, is written as its code."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` atomically: a reader finds the old file or the new one, whole, also after a crash.

    Processes that write one file at the same time leave what one of them wrote. Folders are made where they lack.
    Raises OSError that names `path`, for a full disk too; the old file then stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):  # a full disk does not name the file
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise


@contextmanager
def lock_or_refuse(path: Path, refusal: str) -> Iterator[None]:
    """Hold the lock named by the file `path`; ValueError with the text `refusal` where another process holds it."""
    descriptor = _try_lock(path)
    if descriptor is None:
        raise ValueError(refusal)
    try:
        yield
    finally:
        _release(path, descriptor)


@contextmanager
def lock_in_turn(path: Path) -> Iterator[None]:
    """Hold the lock named by the file `path`, once those who hold it before are done."""
    while (descriptor := _try_lock(path)) is None:
        time.sleep(TURN)
    try:
        yield
    finally:
        _release(path, descriptor)


def _try_lock(path: Path) -> int | None:
    """The descriptor of the locked file, which is made where it lacks; None where another process has locked it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            if _is_file(path, descriptor):  # its last holder may have removed it in the meantime
                return descriptor
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                return None
            raise OSError(error.errno, error.strerror, str(path)) from error
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock the open file or raise OSError at once. The modules exist on one system each, hence not at the top."""
    if os.name == "nt":
        msvcrt = importlib.import_module("msvcrt")
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl = importlib.import_module("fcntl")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _release(path: Path, descriptor: int) -> None:
    """Remove the file while it is locked, then let go; Windows does not remove what is open, and there it stays."""
    with suppress(OSError):
        os.unlink(path)
    os.close(descriptor)


def _as_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no type of JSON")


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk once the folder is; where folders cannot be opened (Windows) there is nothing to do."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

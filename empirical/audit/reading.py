"""Read a certificate and its features, given by anybody: a regular file of bounded size, and one line for whatever fails.

Nothing is unpickled, and no array is made before its header was found to fit the bytes that are there.
"""

import json
import math
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors import safe_open

from empirical.audit.schema import FORMAT
from empirical.continuous.replayed_views import known
from empirical.thirdparty import first_line
from theory.setting import Array

MOST_BYTES = 2**28
"""Of a certificate: 256 MiB hold the anchors of 1000 classes in 2048 dimensions."""
MOST_NUMBERS = 2**31
"""In the features: 16 GiB."""
PACKED = 100
"""How many times smaller than its array a compressed one may be; deflate reaches 1032 on zeros."""
SMALL = 2**20
"""Bytes up to which it may be packed as tightly as it likes."""
NEEDED = ("features", "labels")
PLAIN = {"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8"}
"""Types of safetensors that NumPy knows; the checker says of the others of them that they do not fit."""


def read_certificate(path: Path) -> dict[str, Any]:
    """The content of a certificate.

    Raises ValueError that names the file where it cannot be read as one, and where it is of every view of a kind of which
    nothing here can replay a proof.
    """
    size = _size(path, "certificate")
    if size > MOST_BYTES:
        raise ValueError(
            f"certificate {path}: {size} bytes are more than the {MOST_BYTES} that are read; check the file"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise ValueError(f"certificate {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"certificate {path} is no JSON, or is truncated: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"certificate {path} is none of this program, or of another version of it")
    claim = content.get("continuous")
    ranges = claim.get("ranges") if isinstance(claim, dict) else None
    if isinstance(ranges, dict) and ranges and not known(ranges):
        raise ValueError(
            f"certificate {path}: proves all views of the ranges {', '.join(ranges)}, a kind that the checker does not know; "
            "it replays those of warps and crops, flipped or not"
        )
    return content


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The entries; ValueError where a key is repeated, since readers of JSON differ in which of the two they take."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("an entry is there twice")
    return dict(pairs)


def read_features(path: Path) -> tuple[Array, Array]:
    """`features` and `labels` from a safetensors or npz file.

    Raises ValueError that names the file where it is missing, no regular file, truncated, larger than it may be, or lacks
    one of the two.
    """
    _size(path, "features")
    read = _from_npz if path.suffix == ".npz" else _from_safetensors
    try:
        names, arrays = read(path)
    except Exception as error:  # decoders of broken files raise many kinds
        raise ValueError(f"features {path} cannot be read ({first_line(error)}): truncated, or another kind") from error
    if not set(NEEDED) <= set(arrays):
        raise ValueError(f"features {path} hold {', '.join(names)[:200] or 'nothing'}: features and labels are needed")
    return arrays["features"], arrays["labels"]


def _size(path: Path, role: str) -> int:
    """Of a regular file, in bytes; ValueError for anything else, such as a device or a pipe, which might never end."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(
            f"{role} {path!s:.200} cannot be looked for ({reason}): give the file the audit wrote, features by their path"
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{role} {path} is no regular file: give the file the audit wrote, features by their path")
    return status.st_size


def _from_safetensors(path: Path) -> tuple[list[str], dict[str, Array]]:
    """The library checks that the tensors fill the file, each with the bytes of its type and shape."""
    with safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        for name in set(NEEDED) & set(names):
            header = file.get_slice(name)
            if header.get_dtype() not in PLAIN:
                raise ValueError(f"{name} of type {header.get_dtype()}, not of one that NumPy has")
            _check_shape(name, header.get_shape())
        return names, {name: file.get_tensor(name) for name in NEEDED if name in names}


def _from_npz(path: Path) -> tuple[list[str], dict[str, Array]]:
    with path.open("rb") as raw, zipfile.ZipFile(raw) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        arrays = {}
        for name in NEEDED:
            if name not in members:
                continue
            with archive.open(members[name]) as file:
                _check_npy(name, members[name], file)
            with archive.open(members[name]) as file:
                arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
        return list(members), arrays


def _check_npy(name: str, info: zipfile.ZipInfo, file: IO[bytes]) -> None:
    """ValueError unless the header promises numbers, and as many bytes as the archive has for them."""
    headers: dict[tuple[int, int], Callable[..., Any]] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    version = np.lib.format.read_magic(file)
    if version not in headers:
        raise ValueError(f"{name} in version {version} of the npy format, not 1.0 or 2.0")
    shape, _, dtype = headers[version](file)
    if dtype.kind not in "fiu":
        raise ValueError(f"{name} of type {dtype!s:.80}, no numbers")
    _check_shape(name, shape)
    promised = file.tell() + math.prod(shape) * dtype.itemsize
    if info.file_size != promised:
        raise ValueError(f"{name} of {info.file_size} bytes, the header promises {promised}")
    if info.file_size > max(SMALL, PACKED * info.compress_size):
        raise ValueError(f"{name} packed more than {PACKED} times; write it with numpy.savez, which does not pack")


def _check_shape(name: str, shape: Any) -> None:
    if len(shape) > 3 or math.prod(shape) > MOST_NUMBERS:
        raise ValueError(f"{name} of shape {str(tuple(shape))[:80]}, more than {MOST_NUMBERS} numbers or 3 axes")

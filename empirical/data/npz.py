"""A user's own arrays: labelled images in one .npz file."""

import os
import zipfile
from pathlib import Path

import numpy as np

from empirical.data.cifar import Split
from theory.messages import printable, reason

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
MAX_UNPACKED, MAX_RATIO = 2**31, 100
"""A file that unpacks to more bytes than MAX_UNPACKED, and to more than MAX_RATIO times its own, is taken for a bomb."""


def read_npz(path: Path) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split, test split (images (n, 3, H, W), uint8 or float32 in [0, 1]) and class names.

    The file holds train_images, train_labels, test_images, test_labels and, if wanted, class_names (K strings; else the
    names are "0".."K-1"). Images: (n, H, W), (n, H, W, c) or (n, c, H, W) with c = 1 (repeated thrice) or 3; uint8, or
    float in [0, 1]. Labels: integers 0..K-1.

    Raises ValueError for a missing or truncated file, a bomb, a missing or pickled array, other shapes or types, values
    that are not finite, outside [0, 1] or within 1/255 of black, and labels that do not match the images.
    """
    if not path.is_file():
        raise ValueError(f"path={str(path)!r}: no file; pass an .npz file that holds {', '.join(ARRAYS)}")
    arrays = _arrays(path)
    splits = []
    for half in ("train", "test"):
        images, labels = _channels_first(arrays[f"{half}_images"], half), arrays[f"{half}_labels"]
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise ValueError(f"{half}_labels: {labels.dtype} of shape {labels.shape}; give integers (n,)")
        if len(labels) != len(images):
            raise ValueError(f"{half}_images: {len(images)} images for {len(labels)} labels; pair them")
        if labels.min() < 0:
            raise ValueError(
                f"path={printable(path)}: {half}_labels hold {labels.min()}; number the K classes 0..K-1, and leave the "
                "unlabelled out"
            )
        if labels.max() >= len(arrays["train_labels"]):  # before a name is made for each class
            raise ValueError(
                f"path={printable(path)}: {half}_labels hold {labels.max()}, and train_images are only "
                f"{len(arrays['train_labels'])}; number the K classes 0..K-1 without gaps"
            )
        splits.append((images, labels.astype(np.int64)))
    (train, train_labels), (test, test_labels) = splits
    if train.shape[1:] != test.shape[1:]:
        raise ValueError(f"train_images: {train.shape[2:]} pixels, test_images {test.shape[2:]}; use one size")
    if train.dtype != test.dtype:
        raise ValueError(f"train_images: {train.dtype}, test_images {test.dtype}; use one type")
    names = arrays.get("class_names", np.arange(int(train_labels.max()) + 1))
    if names.ndim != 1 or names.dtype.kind not in "iuU":
        raise ValueError(f"class_names: {names.dtype} of shape {names.shape}; give K strings")
    return (train, train_labels), (test, test_labels), tuple(map(str, names))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the file by name, read without running anything that it holds."""
    try:
        # Opened here, since numpy.load leaves a file open that turns out to be no archive.
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            with zipfile.ZipFile(stream) as archive:
                unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > max(MAX_UNPACKED, MAX_RATIO * size):
                raise ValueError(f"{size} bytes that unpack to {unpacked} are a decompression bomb")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in (*ARRAYS, "class_names") if key in stored}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            raise ValueError("a member is no array")
    except Exception as error:  # a broken archive raises errors of many kinds, MemoryError among them
        raise ValueError(
            f"path={printable(path)}: cannot be read as .npz of plain arrays ({reason(error)}); write it with numpy.savez"
        ) from error
    for key in ARRAYS:
        if key not in arrays:
            raise ValueError(f"path={printable(path)}: lacks the array {key}; give {', '.join(ARRAYS)}")
    return arrays


def _channels_first(images: np.ndarray, half: str) -> np.ndarray:
    """(n, 3, H, W), uint8 or float32 in [0, 1]."""
    if images.ndim == 3:
        images = images[:, None]
    first, last = images.ndim == 4 and images.shape[1] in (1, 3), images.ndim == 4 and images.shape[3] in (1, 3)
    if first == last or 0 in images.shape:
        raise ValueError(
            f"{half}_images: shape {images.shape}; give (n, H, W), (n, H, W, c) or (n, c, H, W) with n >= 1 and one "
            "place for the c = 1 or 3 channels"
        )
    if last:
        images = images.transpose(0, 3, 1, 2)
    if images.dtype.kind == "f":
        if not np.isfinite(images).all():
            row = int(np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))[0])
            raise ValueError(f"{half}_images: values that are not finite (first: row {row}); remove them")
        if images.min() < 0 or images.max() > 1:
            raise ValueError(
                f"{half}_images: values in [{images.min():g}, {images.max():g}]; scale floats to [0, 1], or pass uint8"
            )
        images = images.astype(np.float32)
    elif images.dtype != np.uint8:
        raise ValueError(f"{half}_images: type {images.dtype}; pass uint8, or float in [0, 1]")
    white = 255 if images.dtype == np.uint8 else 1
    if 0 < images.max() <= white / 255:
        raise ValueError(
            f"{half}_images: no value above {images.max():g}, all black for {white} is white; scale them by 255"
        )
    return np.ascontiguousarray(np.broadcast_to(images, (len(images), 3, *images.shape[2:])))

"""A user's own images: folders with one subfolder per class, and .npz files."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from empirical.data.cifar import Split

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
TEST_SHARE = 0.2
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_CHUNK = 4096


def fit(images: Tensor, height: int, width: int) -> Tensor:
    """Scale images (n, 3, H, W) until they just cover (height, width), then cut the middle: (n, 3, height, width).

    Bilinear, antialiased where it shrinks. uint8 stays uint8 (rounded), float stays in [0, 1].
    Raises ValueError for a height or width below 1.
    """
    if height < 1 or width < 1:
        raise ValueError(f"side={min(height, width)}: no pixels; use 1 or more")
    h, w = images.shape[2:]
    if (h, w) == (height, width):
        return images
    scale = max(height / h, width / w)
    size = (max(height, round(h * scale)), max(width, round(w * scale)))
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    parts = []
    for chunk in images.split(_CHUNK):
        scaled = functional.interpolate(chunk.float(), size=size, mode="bilinear", align_corners=False, antialias=True)
        cut = scaled[:, :, top : top + height, left : left + width]
        parts.append(cut.round().clamp(0, 255).byte() if images.dtype == torch.uint8 else cut.clamp(0, 1))
    return torch.cat(parts)


def read_folder(path: Path, seed: int, side: int | None = None) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split, test split (uint8 images (n, 3, H, W), by class, then by file name) and class names.

    path   holds train/ and test/, each with one subfolder per class; or one subfolder per class, of which a share of
           TEST_SHARE, drawn from the seed and at least one image, is kept for testing
    side   every image is brought to side x side pixels by `fit`; None: all must have one size

    Class names are the subfolders', sorted. Files with a suffix outside SUFFIXES and hidden files are passed over. Images are
    read as RGB by pillow.
    Raises ValueError for a missing folder, fewer than two classes, an empty class, a class in one of train/ and test/
    only, a file that pillow cannot read or that has more than 8 bits a channel, and images of unequal sizes.
    """
    if not path.is_dir():
        raise ValueError(f"path={str(path)!r}: no folder; pass a folder with one subfolder per class")
    halves = [(path / half).is_dir() for half in ("train", "test")]
    if all(halves):
        train, test = _files(path / "train"), _files(path / "test")
        if list(train) != list(test):
            odd = sorted(set(train) ^ set(test))
            raise ValueError(
                f"path={path}: class {odd[0]!r} is in only one of train/ and test/; give both the same subfolders"
            )
    elif any(halves):
        raise ValueError(
            f"path={path}: holds only one of train/ and test/; add the other, or give one subfolder per class"
        )
    else:
        train, test = {}, {}
        generator = np.random.default_rng([seed, 2])
        for name, files in _files(path).items():
            if len(files) < 2:
                raise ValueError(f"path={path}: class {name!r} has one image; add another, to train and to test")
            drawn = set(generator.permutation(len(files))[: max(1, round(TEST_SHARE * len(files)))].tolist())
            train[name] = [file for i, file in enumerate(files) if i not in drawn]
            test[name] = [file for i, file in enumerate(files) if i in drawn]
    first = next(iter(train.values()))[0]
    size = _decode(first, side).shape
    return _decode_split(train, side, first, size), _decode_split(test, side, first, size), tuple(train)


def read_npz(path: Path) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split, test split (images (n, 3, H, W), uint8 or float32 in [0, 1]) and class names.

    The file holds train_images, train_labels, test_images, test_labels and, if wanted, class_names (K strings; else the
    names are "0".."K-1"). Images: (n, H, W), (n, H, W, c) or (n, c, H, W) with c = 1 (repeated thrice) or 3; uint8, or
    float in [0, 1]. Labels: integers 0..K-1.

    Raises ValueError for a missing or truncated file, a missing or pickled array, other shapes or types, values that are
    not finite or outside [0, 1], and labels that do not match the images.
    """
    if not path.is_file():
        raise ValueError(f"path={str(path)!r}: no file; pass an .npz file that holds {', '.join(ARRAYS)}")
    try:
        # Opened here, since numpy.load leaves a file open that turns out to be no archive.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in (*ARRAYS, "class_names") if key in stored}
    except (
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"path={path}: cannot be read as .npz of plain arrays ({error}); write it with numpy.savez"
        ) from error
    for key in ARRAYS:
        if key not in arrays:
            raise ValueError(f"path={path}: lacks the array {key}; give {', '.join(ARRAYS)}")
    splits = []
    for half in ("train", "test"):
        images, labels = _channels_first(arrays[f"{half}_images"], half), arrays[f"{half}_labels"]
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise ValueError(f"{half}_labels: {labels.dtype} of shape {labels.shape}; give integers (n,)")
        if len(labels) != len(images):
            raise ValueError(f"{half}_images: {len(images)} images for {len(labels)} labels; pair them")
        splits.append((images, labels.astype(np.int64)))
    (train, train_labels), (test, test_labels) = splits
    if train.shape[1:] != test.shape[1:]:
        raise ValueError(f"train_images: {train.shape[2:]} pixels, test_images {test.shape[2:]}; use one size")
    if train.dtype != test.dtype:
        raise ValueError(f"train_images: {train.dtype}, test_images {test.dtype}; use one type")
    count = int(train_labels.max()) + 1
    names = tuple(str(name) for name in arrays.get("class_names", np.arange(count)))
    return (train, train_labels), (test, test_labels), names


def _files(folder: Path) -> dict[str, list[Path]]:
    """Image files of each class, sorted."""
    classes = {
        entry.name: sorted(file for file in entry.iterdir() if _is_image(file))
        for entry in sorted(folder.iterdir())
        if entry.is_dir() and not entry.name.startswith(".")
    }
    if len(classes) < 2:
        raise ValueError(f"path={folder}: has {len(classes)} subfolders; give one per class, and two classes or more")
    for name, files in classes.items():
        if not files:
            raise ValueError(
                f"path={folder}: class {name!r} is empty; add images ({', '.join(SUFFIXES)}) or remove its folder"
            )
    return classes


def _is_image(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in SUFFIXES and not file.name.startswith(".")


def _decode(file: Path, side: int | None) -> np.ndarray:
    """One file as uint8 (3, H, W)."""
    try:
        with Image.open(file) as image:
            if image.mode not in _EIGHT_BIT_MODES:
                raise ValueError(f"mode {image.mode} has more than 8 bits a channel; save it with 8")
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"path={file}: cannot be read as an image ({error}); replace or remove it") from error
    rows = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
    return (rows if side is None else fit(rows, side, side))[0].numpy()


def _decode_split(classes: dict[str, list[Path]], side: int | None, first: Path, size: tuple[int, ...]) -> Split:
    images, labels = [], []
    for label, files in enumerate(classes.values()):
        for file in files:
            image = _decode(file, side)
            if image.shape != size:
                raise ValueError(
                    f"path={file}: {image.shape[1:]} pixels, but {first} has {size[1:]}; scale them to one size, or give "
                    "load(..., side=...)"
                )
            images.append(image)
            labels.append(label)
    return np.stack(images), np.array(labels, dtype=np.int64)


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
    return np.ascontiguousarray(np.broadcast_to(images, (len(images), 3, *images.shape[2:])))

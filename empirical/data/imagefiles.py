"""A user's own images: a folder with one subfolder per class, each file read as a viewer shows it."""

import contextlib
import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image
from torch import Tensor
from torch.nn import functional

from empirical.data.cifar import Split
from theory.messages import Notice, printable, reason

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What a file may hold, whatever its suffix says; pillow reads others by starting programs, such as Ghostscript for EPS."""
MAX_PIXELS = 2**27
"""Of one image, decoded or scaled; a few kilobytes can decode to any number of pixels."""
TEST_SHARE = 0.2
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By the value of the orientation tag of EXIF."""
_SIDEWAYS = [turn for tag, turn in _TURNS.items() if tag >= 5]
"""Those that exchange width and height."""
_TRAIN, _TEST, _OTHER = ("train", "training"), ("test", "testing"), ("dev", "val", "valid", "validation")
_CHUNK = 4096

Classes = dict[str, list[Path]]
"""The files of each class by its name."""


def fit(images: Tensor, height: int, width: int) -> Tensor:
    """Scale images (n, 3, H, W) until they just cover (height, width), then cut the middle: (n, 3, height, width).

    Bilinear, antialiased where it shrinks. uint8 stays uint8 (rounded), float stays in [0, 1].
    Raises ValueError for a height or width below 1, and for an image that is too elongated to cover it within MAX_PIXELS.
    """
    if height < 1 or width < 1:
        raise ValueError(f"side={min(height, width)}: no pixels; use 1 or more")
    h, w = images.shape[2:]
    if (h, w) == (height, width):
        return images
    scale = max(height / h, width / w)
    size = (max(height, round(h * scale)), max(width, round(w * scale)))
    if size[0] * size[1] > MAX_PIXELS:
        raise ValueError(
            f"side={max(height, width)}: an image of {h}x{w} pixels would be scaled to {size[0]}x{size[1]}, more than "
            f"{MAX_PIXELS}; use a smaller side, or cut the image"
        )
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    parts = []
    for chunk in images.split(_CHUNK):
        scaled = functional.interpolate(chunk.float(), size=size, mode="bilinear", align_corners=False, antialias=True)
        cut = scaled[:, :, top : top + height, left : left + width]
        parts.append(cut.round().clamp(0, 255).byte() if images.dtype == torch.uint8 else cut.clamp(0, 1))
    return torch.cat(parts)


def as_shown(image: Image.Image) -> Image.Image:
    """The image as a viewer shows it, in mode L or RGB.

    It is turned as its orientation tag says, transparent pixels are laid over white, and of several frames the first is
    taken. Gives a Notice of what may be shown otherwise: transparency, several frames, a colour profile other than sRGB,
    which is not applied, an orientation tag that cannot be read.
    Raises ValueError for an image of more than MAX_PIXELS or of more than 8 bits a channel.
    """
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"{image.width}x{image.height} pixels, the most is {MAX_PIXELS}")
    if image.mode not in _EIGHT_BIT_MODES:
        raise ValueError(f"mode {image.mode} has more than 8 bits a channel or is no RGB; save it as 8 bit RGB")
    if getattr(image, "is_animated", False):
        _notice("hold several frames, of which the first is read")
    image.load()
    profile = image.info.get("icc_profile") or b"sRGB"
    if b"sRGB" not in profile.replace(b"\0", b"") and image.mode not in ("1", "L", "LA"):
        _notice("have a colour profile that is not named sRGB, which is not applied")
    try:
        turn = _turn(image)
    except Exception:  # tags hold anything
        turn = None
        _notice("have an orientation tag that cannot be read")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] != 255:
            _notice("are transparent somewhere, and are laid over white")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.mode != "L":
        image = image.convert("RGB")
    return image if turn is None else image.transpose(turn)


def texts(caught: Iterable[warnings.WarningMessage]) -> set[str]:
    """What is to be said about an image, from the warnings recorded while it was read; those of pillow come in one kind."""
    return {str(w.message) if w.category is Notice else "make the library that reads them warn" for w in caught}


def read_folder(path: Path, seed: int, side: int | None = None) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split, test split (uint8 images (n, 3, H, W), by class, then by file name) and class names.

    path   holds train/ and test/ (or Train/ and Test/, Training/ and Testing/), each with one subfolder per class; or one
           subfolder per class, of which a share of TEST_SHARE, drawn from the seed and at least one image, is kept for
           testing
    side   every image is brought to side x side pixels by `fit`; None: all must have one size

    Class names are the names of the subfolders, sorted. The images of a class are all those below its subfolder, in folders
    of sessions too, as `as_shown` reads them. Files with a suffix outside SUFFIXES, hidden ones, and those outside of every
    class are passed over; a Notice counts them, and others tell what `as_shown` and pillow have to say.

    Raises ValueError for a missing folder, fewer than two classes, an empty class, a class in one of train/ and test/
    only, a layout in which the first level may be sessions and no classes, a file that pillow cannot read or that has more
    than 8 bits a channel, and images of unequal sizes.
    """
    train, test, below = _listed(path, seed)
    parts = [[file for files in classes.values() for file in files] for classes in (train, test)]
    read = set(parts[0] + parts[1])
    classes = {folder for file in read for folder in file.parents}  # one may be a link to a folder
    rest = [file for file in below if file not in read and file not in classes]
    if rest:
        _notice(
            f"path={printable(path)}: read {len(read)}, passed over {len(rest)}, first: "
            f"{printable(rest[0].relative_to(path))}; only {', '.join(SUFFIXES)} in the folders of classes are read"
        )
    images = _decode_all(path, parts[0] + parts[1], side)
    labels = [np.repeat(np.arange(len(half)), [len(files) for files in half.values()]) for half in (train, test)]
    cut = len(parts[0])
    return (images[:cut], labels[0]), (images[cut:], labels[1]), tuple(train)


def folder_sizes(path: Path) -> set[tuple[int, int]]:
    """(width, height), as shown, of every image that `read_folder` reads, by its header, where that can be read."""
    train, test, _ = _listed(path, seed=0)
    sizes = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `read_folder` counts them
        for file in (file for half in (train, test) for files in half.values() for file in files):
            with contextlib.suppress(Exception), Image.open(file, formats=FORMATS) as image:  # decoders raise anything
                width, height = image.size
                sizes.add((height, width) if _turn(image) in _SIDEWAYS else (width, height))
    return sizes


def _listed(path: Path, seed: int) -> tuple[Classes, Classes, list[Path]]:
    """The files of each class, for training and for testing, and all files below the folder."""
    if not path.is_dir():
        raise ValueError(f"path={str(path)!r}: no folder; pass a folder with one subfolder per class")
    try:
        return *_splits(path, seed), _files_below(path)
    except OSError as error:
        raise ValueError(f"path={printable(path)}: cannot be listed ({reason(error)}); make it readable") from error


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What the orientation tag asks for."""
    return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))


def _notice(text: str) -> None:
    warnings.warn(text, Notice, stacklevel=3)


def _splits(path: Path, seed: int) -> tuple[Classes, Classes]:
    """The files of each class, for training and for testing."""
    halves = _halves(path)
    if halves is not None:
        train, test = map(_classes, halves)
        if list(train) != list(test):
            odd = sorted(set(train) ^ set(test))
            raise ValueError(
                f"path={printable(path)}: class {odd[0]!r} is in only one of train/ and test/; give both the same subfolders"
            )
        return train, test
    train, test = {}, {}
    generator = np.random.default_rng([seed, 2])
    for name, files in _classes(path).items():
        if len(files) < 2:
            raise ValueError(f"path={printable(path)}: class {name!r} has one image; add another, to train and to test")
        drawn = set(generator.permutation(len(files))[: max(1, round(TEST_SHARE * len(files)))].tolist())
        train[name] = [file for i, file in enumerate(files) if i not in drawn]
        test[name] = [file for i, file in enumerate(files) if i in drawn]
    return train, test


def _halves(folder: Path) -> tuple[Path, Path] | None:
    """Its folders of training and test images; None where its subfolders are classes."""
    names = [entry.name for entry in _subfolders(folder)]
    if "train" in names and "test" in names:
        return folder / "train", folder / "test"
    train, test = ([name for name in names if name.casefold() in words] for words in (_TRAIN, _TEST))
    if len(train) == len(test) == 1:
        return folder / train[0], folder / test[0]
    if {"train", "test"} & set(names) or (names and all(n.casefold() in _TRAIN + _TEST + _OTHER for n in names)):
        raise ValueError(
            f"path={printable(folder)}: holds only one of train/ and test/; add the other, or give one subfolder per class"
        )
    return None


def _classes(folder: Path) -> Classes:
    """Image files of each class, sorted."""
    classes = {
        entry.name: [file for file in _files_below(entry) if _is_image(file, entry)] for entry in _subfolders(folder)
    }
    if len(classes) < 2:
        raise ValueError(
            f"path={printable(folder)}: has {len(classes)} subfolders; give one per class, and two classes or more"
        )
    for name, files in classes.items():
        if not files:
            raise ValueError(
                f"path={printable(folder)}: class {name!r} is empty; add images ({', '.join(SUFFIXES)}) or remove its folder"
            )
        inner = {entry.name.casefold() for entry in _subfolders(folder / name)}
        if inner & set(_TRAIN) and inner & set(_TEST):
            raise ValueError(
                f"path={printable(folder)}: class {name!r} holds a split of its own; put folders train/ and test/ at the "
                "first level, and those of the classes into both"
            )
    _check_sessions(folder, classes)
    return classes


def _check_sessions(folder: Path, classes: Classes) -> None:
    """ValueError where the first level may be sessions and the second the classes, as in day1/cat, day1/dog, day2/cat."""
    inner = {
        name: {file.relative_to(folder / name).parts[0] for file in files if file.parent != folder / name}
        for name, files in classes.items()
    }
    names = set().union(*inner.values())
    within = all(any(file.parent == folder / name for file in files) for name, files in classes.items())
    if within or len(names) < 2 or (_numbered(names) and not _numbered(classes)):
        return
    shared = sum(map(len, inner.values())) > len(names)
    if shared or (_numbered(classes) and not _numbered(names)):
        first, second = (", ".join(map(repr, sorted(level)[:2])) for level in (classes, names))
        raise ValueError(
            f"path={printable(folder)}: the folders {first}, ... hold folders {second}, ..., and either may be the classes; "
            "put one folder per class at the first level, with all its images below"
        )


def _numbered(names: Iterable[str]) -> bool:
    """Whether the names differ in numbers only: session1, session2; 2024-01-31, 2024-02-01."""
    names = list(names)
    return all(re.search(r"\d", name) for name in names) and len({re.sub(r"[\d\W_]", "", name) for name in names}) == 1


def _subfolders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _files_below(folder: Path) -> list[Path]:
    """Everything below the folder that is no folder, sorted; of a folder that a link leads back to, only the link."""
    files, folders = [], [folder]
    seen = {place.resolve() for place in (folder.absolute(), *folder.absolute().parents)}
    while folders:
        for entry in sorted(folders.pop().iterdir()):
            if entry.is_dir() and entry.resolve() not in seen:
                seen.add(entry.resolve())
                folders.append(entry)
            else:
                files.append(entry)
    return sorted(files)


def _is_image(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix.lower() in SUFFIXES and not hidden and file.is_file()


def _decode(file: Path, side: int | None) -> np.ndarray:
    """One file as uint8 (3, H, W)."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            pixels = np.array(as_shown(image).convert("RGB"))
        rows = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        return (rows if side is None else fit(rows, side, side))[0].numpy()
    except Exception as error:  # decoders raise errors of any kind, from OSError to struct.error and MemoryError
        raise ValueError(
            f"path={printable(file)}: cannot be read as an image ({reason(error)}); replace or remove it"
        ) from error


def _decode_all(path: Path, files: list[Path], side: int | None) -> np.ndarray:
    """All files as uint8 (n, 3, H, W); one Notice for each kind of what is to be said about them."""
    images: list[np.ndarray] = []
    said: dict[str, list[Path]] = {}
    for file in files:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            images.append(_decode(file, side))
        if images[-1].shape != images[0].shape:
            raise ValueError(
                f"path={printable(file)}: {images[-1].shape[1:]} pixels, but {printable(files[0])} has "
                f"{images[0].shape[1:]}; scale them to one size, or give a side: load(..., side=N)"
            )
        for text in texts(caught):
            said.setdefault(text, []).append(file)
    for text, those in said.items():
        _notice(
            f"path={printable(path)}: {len(those)} of {len(files)} images {text}; first: "
            f"{printable(those[0].relative_to(path))}"
        )
    return np.stack(images)

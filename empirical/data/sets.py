"""Image data sets, none of which is ever downloaded: two that are embedded, and four formats read from the disk.

Rows come in class turns (0, 1, ..., K-1, 0, 1, ...) in an order drawn from the seed, so a smaller subset is a prefix of
a larger one: same images, same colours.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from empirical.data import cifar as archives
from empirical.data import imagefiles, npz
from theory.checks import check_integer, check_seed
from theory.messages import printable

SIDE = 16
DIGITS_TRAIN_SIZE = 1200
FASHION_FILE = "fashion_mnist_subset.npz"
FASHION_SHA256 = "bc1fb78e60b9893424a2489e4c67553f429d00b56dcdc2f09570244c86032dab"
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True)
class Dataset:
    """Labelled images, on the CPU.

    name                                     the name given to `load`
    train_images, test_images  (n, 3, H, W)  float32 in [0, 1]
    train_labels, test_labels  (n,)          int64 in 0..K-1
    class_names                              K names; label k is class_names[k]
    """

    name: str
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    class_names: tuple[str, ...]


def load(
    name: str,
    seed: int = 0,
    train_size: int | None = None,
    test_size: int | None = None,
    *,
    path: Path | str | None = None,
    classes: Sequence[str] | None = None,
    side: int | None = None,
    verify: bool = True,
) -> Dataset:
    """Load a data set by name; images have three channels.

    "fashion": 5000 training and 2000 test images of Fashion-MNIST (500 and 200 per class), scaled down from 28x28 to
    16x16 with antialiasing. The originals are grey; colour is planted here as a nuisance, the Colored-MNIST protocol:
    each image g becomes g * fg + (1 - g) * bg with two random colours that say nothing about the class (see
    `plant_colour`).
    "digits": scikit-learn's 1797 digits, scaled up from 8x8 to 16x16 bilinearly, grey in three equal channels, split
    into 1200 training images (120 per class) and 597 test images.
    "cifar10", "cifar100" (fine labels): the official archive, python or binary version, at `path`; see `archives.read`.
    "folder": one subfolder per class at `path`, in train/ and test/ or split by the seed; see `imagefiles.read_folder`, which
    warns, by a `theory.checks.Notice`, of files that it passes over and of images that a viewer may show otherwise.
    "npz": train_images, train_labels, test_images, test_labels in the file `path`; see `npz.read_npz`.

    seed         draws the order of the rows, the colours, and the split of the digits and of folders without one
    train_size   keep that many training images, the same number of each class; None keeps all
    test_size    the same of test images
    path         where the last four lie; nothing is downloaded
    classes      names of two or more classes to keep; they become labels 0, 1, ... in this order; None keeps all
    side         scale all images until they cover side x side pixels and cut the middle; None keeps their size
    verify       CIFAR only; False takes an archive that is not the official one, such as one made by hand

    Raises ValueError for an unknown name, a size that is smaller than the number of classes, not a multiple of it, or
    larger than the data set can serve, a negative seed, a path that is missing or not wanted, fewer than two classes, an
    unknown or repeated class, a class without images, labels outside 0..K-1, whatever the readers refuse, and an embedded
    file that was changed.
    """
    if name not in _LOADERS and name not in _READERS:
        known = ", ".join(sorted([*_LOADERS, *_READERS]))
        raise ValueError(f"name={name!r}: no data set; choose one of {known}")
    seed = check_seed("seed", seed)
    side = None if side is None else check_integer("side", side)
    if name in _LOADERS and path is not None:
        raise ValueError(f"path={str(path)!r}: not wanted, {name!r} is embedded; leave it out")
    if name in _READERS and path is None:
        raise ValueError(f"path=None: {name!r} is read from the disk, never downloaded; {_PATH_REMEDIES[name]}")
    if side is not None and side < 1:
        raise ValueError(f"side={side}: no pixels; use 1 or more")
    full = _LOADERS[name](seed) if path is None else _from_disk(name, Path(path), seed, side, verify)
    if classes is not None:
        full = _subset(full, classes)
    train = _prefix("train_size", train_size, full.train_labels, len(full.class_names))
    test = _prefix("test_size", test_size, full.test_labels, len(full.class_names))
    return Dataset(
        name=name,
        train_images=_as_float(full.train_images[train], side),
        train_labels=full.train_labels[train].clone(),
        test_images=_as_float(full.test_images[test], side),
        test_labels=full.test_labels[test].clone(),
        class_names=full.class_names,
    )


def matched(data: Dataset, height: int, width: int) -> Dataset:
    """The same data set with images of (height, width) pixels, by `imagefiles.fit`."""
    return replace(
        data,
        train_images=imagefiles.fit(data.train_images, height, width),
        test_images=imagefiles.fit(data.test_images, height, width),
    )


def fingerprint(data: Dataset) -> str:
    """SHA-256 over the class names and every image and label: equal if and only if the data are, whatever their name."""
    digest = hashlib.sha256(repr(data.class_names).encode())
    for part in (data.train_images, data.train_labels, data.test_images, data.test_labels):
        digest.update(f"{part.dtype} {tuple(part.shape)}\n".encode())
        digest.update(part.contiguous().numpy().data)
    return digest.hexdigest()


def plant_colour(grey: Tensor, generator: np.random.Generator) -> Tensor:
    """Colour grey images by g * fg + (1 - g) * bg with one random pair of colours per image.

    grey (n, H, W) in [0, 1] -> (n, 3, H, W). Each RGB channel of fg is uniform on [0.4, 1], of bg on [0, 0.6], all
    independent: hues are arbitrary, and the foreground is mostly the brighter one. Row i depends on the generator's
    state and on i only. Source: Arjovsky et al. 2019, "Invariant Risk Minimization", section 5 (there colour depends on
    the label; here it does not).
    """
    draws = torch.from_numpy(generator.random((len(grey), 2, 3))).to(grey.dtype)
    foreground, background = 0.4 + 0.6 * draws[:, 0], 0.6 * draws[:, 1]
    g = grey[:, None]
    return g * foreground[:, :, None, None] + (1 - g) * background[:, :, None, None]


def _class_turns(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A random order of the rows in which the classes take turns for as long as each has rows left."""
    shuffled = generator.permutation(len(labels))
    turn = np.empty(len(labels), dtype=np.int64)
    for k in np.unique(labels):
        members = np.flatnonzero(labels[shuffled] == k)
        turn[members] = np.arange(len(members))
    return shuffled[np.lexsort((labels[shuffled], turn))]


def _subset(full: Dataset, classes: Sequence[str]) -> Dataset:
    """The named classes only, relabelled 0, 1, ... in the order given."""
    if isinstance(classes, str) or len(classes) < 2 or len(set(classes)) < len(classes):
        raise ValueError(
            f"classes={classes!r}: not two different names or more; choose from {', '.join(full.class_names)}"
        )
    new_label = torch.full((len(full.class_names),), -1)
    for label, name in enumerate(classes):
        if name not in full.class_names:
            raise ValueError(
                f"classes={classes!r}: {name!r} is not in the data; choose from {', '.join(full.class_names)}"
            )
        new_label[full.class_names.index(name)] = label
    train, test = new_label[full.train_labels], new_label[full.test_labels]
    return Dataset(
        name=full.name,
        train_images=full.train_images[train >= 0],
        train_labels=train[train >= 0],
        test_images=full.test_images[test >= 0],
        test_labels=test[test >= 0],
        class_names=tuple(classes),
    )


def _as_float(images: Tensor, side: int | None) -> Tensor:
    """A copy as float32 in [0, 1], (n, 3, side, side) where a side is given."""
    scaled = images if side is None else imagefiles.fit(images, side, side)
    return scaled.float() / 255 if scaled.dtype == torch.uint8 else scaled.clone()


def _from_disk(name: str, path: Path, seed: int, side: int | None, verify: bool) -> Dataset:
    """Read, check the labels, and order the rows; images stay uint8 where they are stored so."""
    train, test, names = _READERS[name](path, seed, side, verify)
    if len(set(names)) < max(2, len(names)):
        raise ValueError(
            f"path={printable(path)}: its class names {names!r} are not two different ones or more; rename or add classes"
        )
    parts: list[Tensor] = []
    for half, (images, labels) in enumerate((train, test)):
        part = ("train", "test")[half]
        bad = labels[(labels < 0) | (labels >= len(names))]
        if len(bad):
            raise ValueError(
                f"path={printable(path)}: {part}_labels hold {bad[0]}; label {len(names)} classes by 0..{len(names) - 1}"
            )
        empty = np.flatnonzero(np.bincount(labels, minlength=len(names)) == 0)
        if len(empty):
            raise ValueError(
                f"path={printable(path)}: class {names[empty[0]]!r} (label {empty[0]}) is empty, it has no {part} image; "
                "add some, or number the classes without it"
            )
        order = _class_turns(labels, np.random.default_rng([seed, half]))
        parts += [torch.from_numpy(images[order]), torch.from_numpy(labels[order])]
    train_images, train_labels, test_images, test_labels = parts
    return Dataset(name, train_images, train_labels, test_images, test_labels, names)


def _prefix(name: str, size: int | None, labels: Tensor, classes: int) -> slice:
    """The first `size` rows, checked to hold the same number of each class."""
    if size is None:
        return slice(None)
    size = check_integer(name, size)
    largest = classes * int(torch.bincount(labels, minlength=classes).min())
    if size < classes:
        raise ValueError(
            f"{name}={size}: smaller than the number of classes; use {classes} or more, or leave it out for all"
        )
    if size > largest:
        raise ValueError(f"{name}={size}: too large; use at most {largest} (equal classes), or leave it out for all")
    if size % classes:
        raise ValueError(f"{name}={size}: not a multiple of {classes} classes; use {size - size % classes}")
    return slice(size)


def _resize(images: Tensor, antialias: bool) -> Tensor:
    """(n, h, w) -> (n, SIDE, SIDE), bilinear."""
    resized = functional.interpolate(
        images[:, None], size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=antialias
    )
    return resized[:, 0].clamp(0, 1)


def _load_fashion(seed: int) -> Dataset:
    source = resources.files("empirical.data") / FASHION_FILE
    raw = source.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != FASHION_SHA256:
        raise ValueError(f"{source}: has SHA-256 {digest}, not {FASHION_SHA256}; restore the file or reinstall")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        train = _colour_split(arrays["train_images"], arrays["train_labels"], np.random.default_rng([seed, 0]))
        test = _colour_split(arrays["test_images"], arrays["test_labels"], np.random.default_rng([seed, 1]))
    return Dataset("fashion", *train, *test, FASHION_CLASSES)


def _colour_split(images: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Order, scale down and colour one split: images (n, 28, 28) uint8 -> (n, 3, SIDE, SIDE), and labels (n,)."""
    order = _class_turns(labels, generator)
    grey = _resize(torch.from_numpy(images[order]).float() / 255, antialias=True)
    return plant_colour(grey, generator), torch.from_numpy(labels[order].astype(np.int64))


def _load_digits(seed: int) -> Dataset:
    bunch = load_digits()
    labels = bunch.target.astype(np.int64)
    order = _class_turns(labels, np.random.default_rng(seed))
    grey = _resize(torch.from_numpy(bunch.images[order]).float() / 16, antialias=False)
    images = grey[:, None].repeat(1, 3, 1, 1)
    targets = torch.from_numpy(labels[order])
    cut = DIGITS_TRAIN_SIZE
    return Dataset("digits", images[:cut], targets[:cut], images[cut:], targets[cut:], tuple("0123456789"))


_LOADERS: dict[str, Callable[[int], Dataset]] = {"fashion": _load_fashion, "digits": _load_digits}

_Read = tuple[archives.Split, archives.Split, tuple[str, ...]]
_READERS: dict[str, Callable[[Path, int, int | None, bool], _Read]] = {
    "cifar10": lambda path, seed, side, verify: archives.read("cifar10", path, verify),  # noqa: ARG005
    "cifar100": lambda path, seed, side, verify: archives.read("cifar100", path, verify),  # noqa: ARG005
    "folder": lambda path, seed, side, verify: imagefiles.read_folder(path, seed, side),  # noqa: ARG005
    "npz": lambda path, seed, side, verify: npz.read_npz(path),  # noqa: ARG005
}
NAMES = (*_LOADERS, *_READERS)
"""Every name that `load` takes."""

_PATH_REMEDIES = {
    **{
        name: f"fetch {' or '.join(layout.archive for layout in layouts)} from {archives.HOME} and pass its path"
        for name, layouts in archives.LAYOUTS.items()
    },
    "folder": "pass the path of a folder with one subfolder per class",
    "npz": f"pass the path of an .npz file with {', '.join(npz.ARRAYS)}",
}

"""Image data sets that need no download: coloured Fashion-MNIST (embedded) and scikit-learn's digits.

Rows come in class turns (0, 1, ..., K-1, 0, 1, ...) in an order drawn from the seed, so a smaller subset is a prefix of
a larger one: same images, same colours.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

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

    name: the name given to `load`.
    train_images (n, 3, H, W), test_images (n', 3, H, W): float32 in [0, 1].
    train_labels (n,), test_labels (n',): int64 in 0..K-1.
    class_names: K names; label k is class_names[k].
    """

    name: str
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    class_names: tuple[str, ...]


def load(name: str, seed: int = 0, train_size: int | None = None, test_size: int | None = None) -> Dataset:
    """Load a data set by name; images are 16x16 with three channels.

    "fashion": 5000 training and 2000 test images of Fashion-MNIST (500 and 200 per class), scaled down from 28x28 with
    antialiasing. The originals are grey; colour is planted here as a nuisance, the Colored-MNIST protocol: each image g
    becomes g * fg + (1 - g) * bg with two random colours that say nothing about the class (see `plant_colour`).
    "digits": scikit-learn's 1797 digits, scaled up from 8x8 bilinearly, grey in three equal channels, split into 1200
    training images (120 per class) and 597 test images.

    seed: draws the order of the rows, the colours, and the split of the digits.
    train_size, test_size: keep that many images, the same number of each class; None keeps all.

    Raises ValueError for an unknown name, a size that is smaller than the number of classes, not a multiple of it, or
    larger than the data set can serve, for a negative seed, and for an embedded file that was changed.
    """
    if name not in _LOADERS:
        raise ValueError(f"name={name!r} is no data set: choose one of {', '.join(sorted(_LOADERS))}")
    if seed < 0:
        raise ValueError(f"seed={seed} is negative: use 0 or more")
    full = _LOADERS[name](seed)
    train = _prefix("train_size", train_size, full.train_labels, len(full.class_names))
    test = _prefix("test_size", test_size, full.test_labels, len(full.class_names))
    return Dataset(
        name=name,
        train_images=full.train_images[train].clone(),
        train_labels=full.train_labels[train].clone(),
        test_images=full.test_images[test].clone(),
        test_labels=full.test_labels[test].clone(),
        class_names=full.class_names,
    )


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


def _prefix(name: str, size: int | None, labels: Tensor, classes: int) -> slice:
    """The first `size` rows, checked to hold the same number of each class."""
    if size is None:
        return slice(None)
    largest = classes * int(torch.bincount(labels, minlength=classes).min())
    if size < classes:
        raise ValueError(f"{name}={size} is smaller than the number of classes: use {classes} or more, or None for all")
    if size > largest:
        raise ValueError(f"{name}={size} is too large: use at most {largest} (equal classes), or None for all")
    if size % classes:
        raise ValueError(f"{name}={size} is not a multiple of {classes} classes: use {size - size % classes}")
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
        raise ValueError(f"{source} has SHA-256 {digest}, not {FASHION_SHA256}: restore the file or reinstall")
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

"""Labelled data for an audit, in two halves: one to fit on (head, anchors, radii), one to certify on."""

import operator
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from empirical.data.imagefiles import as_shown, texts
from empirical.data.sets import Dataset, fingerprint
from empirical.thirdparty import FOREIGN_ERRORS, first_line, represented, shown
from theory.checks import check_seed, plain
from theory.messages import Notice

FIT_SHARE = 0.5
BEYOND = 1e-6
"""How far values may leave [0, 1]: rounding."""
_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Halves:
    """Labelled images, one half to fit on and one to certify on.

    fit_images, images   (n, C, H, W), (n', C, H, W) float in [0, 1]
    fit_labels, labels   (n,), (n',) int64 in 0..K-1
    class_names          K
    Raises ValueError for values that are not finite, outside of [0, 1] or all within 1/255 of black, a shape that looks
    channels-last, labels that do not match, are not 0..K-1 or leave a class with fewer than two images in either half,
    a single class, and a name that two classes have.
    """

    name: str
    class_names: tuple[str, ...]
    fit_images: Tensor
    fit_labels: Tensor
    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if len(self.class_names) < 2:
            raise ValueError(
                f"the data have {len(self.class_names)} class: the theorem separates classes; give 2 or more"
            )
        if len(set(self.class_names)) < len(self.class_names):
            raise ValueError(f"class names {self.class_names!r:.200} hold one twice: give each class its own")
        _check_half("fitting", self.fit_images, self.fit_labels, self.class_names)
        _check_half("certifying", self.images, self.labels, self.class_names)
        if self.fit_images.shape[1:] != self.images.shape[1:]:
            raise ValueError(
                f"fitting images have shape {tuple(self.fit_images.shape[1:])}, certifying ones "
                f"{tuple(self.images.shape[1:])}: bring them to one size"
            )

    def shared(self) -> float:
        """Share of certifying images that are, bit for bit, fitting images too; population mode needs independent ones."""
        fitted = {image.tobytes() for image in self.fit_images.numpy()}
        return sum(image.tobytes() in fitted for image in self.images.numpy()) / len(self.images)

    def fingerprint(self) -> str:
        """As `empirical.data.sets.fingerprint`, the fitting half for the training images."""
        parts = (self.fit_images, self.fit_labels, self.images, self.labels)
        return fingerprint(Dataset(self.name, *parts, self.class_names))


def _check_half(half: str, images: Tensor, labels: Tensor, names: tuple[str, ...]) -> None:
    K = len(names)
    if images.ndim != 4 or not images.is_floating_point():
        raise ValueError(f"{half} images have shape {tuple(images.shape)}, {images.dtype}: give float (n, C, H, W)")
    _check_channels_first(f"{half} images have", tuple(images.shape[1:]))
    if labels.shape != (len(images),) or labels.dtype != torch.int64:
        raise ValueError(
            f"{half} labels have shape {tuple(labels.shape)}, {labels.dtype}, for {len(images)} images: give one int64 each"
        )
    if len(images) < 2 * K:
        raise ValueError(f"{len(images)} {half} images for {K} classes: give at least {2 * K}")
    _check_values(f"{half} image", images)
    if int(labels.min()) < 0 or int(labels.max()) >= K:
        raise ValueError(
            f"{half} labels run from {int(labels.min())} to {int(labels.max())}: number {K} classes 0..{K - 1}"
        )
    counts = labels.bincount(minlength=K)
    if int(counts.min()) < 2:
        k = int(counts.argmin())
        raise ValueError(
            f"class {names[k]!r} has {int(counts[k])} {half} images, 2 are needed: add some, or leave the class out"
        )


def _check_values(name: str, images: Tensor) -> None:
    low, high = images.flatten(1).min(dim=1).values, images.flatten(1).max(dim=1).values  # NaN where a pixel is NaN
    bad = ~((low >= -BEYOND) & (high <= 1 + BEYOND))
    if bad.any():
        row = int(bad.nonzero()[0])
        if not torch.isfinite(images[row]).all():
            raise ValueError(f"{name} {row} holds NaN or infinity: remove or repair it")
        bytes_ = float(images.min()) >= 0 and 2 < float(images.max()) <= 255
        raise ValueError(
            f"{name} {row} has values from {float(low[row]):.4g} to {float(high[row]):.4g}: give images in [0, 1], "
            + ("divided by 255" if bytes_ else "and put a Normalize into the encoder")
        )
    if 0 < float(high.max()) <= 1 / 255 + BEYOND:
        raise ValueError(
            f"no {name} has a value above {float(high.max()):.4g}, all are black where 1 is white: multiply them by 255"
        )


def _check_channels_first(name: str, shape: tuple[int, ...]) -> None:
    if shape[0] not in _CHANNELS and shape[2] in _CHANNELS:
        raise ValueError(
            f"{name} shape {shape}, which looks like (H, W, C): give (C, H, W), for example by torch.movedim(x, -1, -3)"
        )


def halves(data: Any, class_names: Sequence[str] | None = None, seed: int = 0) -> Halves:
    """Two halves from an `empirical.data.sets.Dataset` (its training and test images), from a pair of torch Datasets, or from
    one torch Dataset, which the seed splits in two, class by class.

    Items of a torch Dataset are pairs:
    image   a tensor (C, H, W), float in [0, 1] or uint8; a NumPy array, also (H, W) or (H, W, C); or a PIL image, read by
            `empirical.data.imagefiles.as_shown`, with a Notice where a viewer may show it otherwise
    label   a position in `class_names`, or else in the data set's `classes`; without these any integer from 0 or any
            string, and each one that occurs is a class
    Raises ValueError for anything else, and as `Halves` does.
    """
    if isinstance(data, Dataset):
        return Halves(
            data.name, data.class_names, data.train_images, data.train_labels, data.test_images, data.test_labels
        )
    pair = tuple(data) if isinstance(data, tuple | list) and len(data) == 2 else (data,)
    if not all(hasattr(part, "__getitem__") and hasattr(part, "__len__") for part in pair):
        raise ValueError(
            f"data is a {type(data).__name__}: give a Dataset of `empirical.load`, a torch Dataset with a length, "
            "or a pair of them"
        )
    parts = [_stacked(part) for part in pair]
    known = _classes(pair[0]) if class_names is None else _given(class_names)
    names, labels = _numbered([labels for _, labels in parts], known if isinstance(known, tuple | list) else None)
    name, images = type(pair[0]).__name__, [images for images, _ in parts]
    if len(pair) == 2:
        return Halves(name, names, images[0], labels[0], images[1], labels[1])
    fit = _split(labels[0].numpy(), seed)
    return Halves(name, names, images[0][fit], labels[0][fit], images[0][~fit], labels[0][~fit])


def _numbered(labels: list[list[int | str]], names: Sequence[str] | None) -> tuple[tuple[str, ...], list[Tensor]]:
    """Class names, and the labels of each part as positions among them."""
    present = {label for part in labels for label in part}
    if len({type(label) for label in present}) > 1:
        raise ValueError("some labels are numbers and some are strings: give one kind")
    numbers = [label for label in present if not isinstance(label, str)]
    if names is not None and len(numbers) == len(present):
        if max(numbers) >= len(names):  # here: the largest do not fit into a tensor
            raise ValueError(
                f"labels run from {min(numbers)} to {max(numbers)}: number {len(names)} classes 0..{len(names) - 1}"
            )
        return tuple(map(str, names)), [torch.tensor(part) for part in labels]
    order: list[Any] = sorted(present) if names is None else list(map(str, names))
    unknown = sorted(present - set(order))
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is none of the {len(order)} class names: add it, or leave them out")
    place = {label: k for k, label in enumerate(order)}
    return tuple(map(str, order)), [torch.tensor([place[label] for label in part]) for part in labels]


def _given(class_names: Any) -> list[str]:
    """The caller's names of classes: any collection but a string."""
    if isinstance(class_names, str) or not isinstance(class_names, Iterable):
        raise ValueError(f"class_names={represented(class_names):.200}: no list of names; give one name for each class")
    return list(map(str, class_names))


def _classes(data: Any) -> Any:
    try:
        return getattr(data, "classes", None)
    except FOREIGN_ERRORS as error:
        raise ValueError(f"the data set's classes cannot be read ({first_line(error)}): repair them") from error


def _split(labels: np.ndarray, seed: int) -> Tensor:
    """True for the fitting half: `FIT_SHARE` of every class."""
    check_seed("seed", seed)
    generator, fit = np.random.default_rng(seed), np.zeros(len(labels), dtype=bool)
    for k in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == k))
        fit[rows[: round(FIT_SHARE * len(rows))]] = True
    return torch.from_numpy(fit)


class Items(Protocol):
    """A torch Dataset with a length."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...


def _stacked(data: Items) -> tuple[Tensor, list[int | str]]:
    """All items of a torch Dataset as float images (n, C, H, W), and n labels."""
    try:
        n = len(data)
    except FOREIGN_ERRORS as error:
        raise ValueError(f"the data set has no length ({first_line(error)}): repair its __len__") from error
    if n == 0:
        raise ValueError("the data set is empty: give two samples or more of every class")
    images, labels = [], []
    said: dict[str, list[int]] = {}
    for i in range(n):
        try:
            item = data[i]
        except FOREIGN_ERRORS as error:
            raise ValueError(
                f"item {i} of the data set cannot be read ({first_line(error)}): repair or remove it"
            ) from error
        if not isinstance(item, tuple | list) or len(item) < 2:
            raise ValueError(
                f"item {i} of the data set is a {type(item).__name__}: give (image, label) pairs, for two arrays "
                "torch.utils.data.TensorDataset(images, labels)"
            )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            images.append(_image(item[0], i))
        for text in texts(caught):
            said.setdefault(text, []).append(i)
        if images[-1].shape != images[0].shape:
            raise ValueError(
                f"image {i} has shape {tuple(images[-1].shape)}, image 0 {tuple(images[0].shape)}: bring all to one "
                "size and number of channels"
            )
        labels.append(_label(item[1], i))
    for text, rows in said.items():
        warnings.warn(f"{len(rows)} of {n} images {text}; first: item {rows[0]}", Notice, stacklevel=2)
    stacked = torch.stack(images)
    _check_values("image", stacked)
    return stacked, labels


def _label(value: Any, i: int) -> int | str:
    if isinstance(value, str):
        return str.__str__(value)
    try:
        label = operator.index(plain(value))
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"label {shown(represented(value)):.80} of item {i} is no integer and no string ({first_line(error)}): "
            "number the classes 0..K-1"
        ) from error
    if label < 0:
        raise ValueError(
            f"label {label} of item {i} is negative: number the classes 0..K-1, and leave the unlabelled out"
        )
    return label


def _image(value: Any, i: int) -> Tensor:
    """Float (C, H, W)."""
    if isinstance(value, Image.Image) and value.mode.startswith(("I", "F")):
        raise ValueError(f"image {i} has mode {value.mode}, more than 8 bits a channel: convert it to L or RGB")
    try:
        pixels = _dense(value)
    except FOREIGN_ERRORS as error:  # a PIL image is read here, and an array may hold anything
        raise ValueError(
            f"image {i} is a {type(value).__name__} that cannot be read ({first_line(error)}): give a tensor, an array "
            "or a PIL image"
        ) from error
    if pixels.ndim == 2:
        pixels = pixels[None]
    if pixels.ndim != 3 or pixels.numel() == 0:
        raise ValueError(f"image {i} has shape {tuple(pixels.shape)}: give (C, H, W)")
    _check_channels_first(f"image {i} has", tuple(pixels.shape))
    if not (pixels.is_floating_point() or pixels.dtype in (torch.uint8, torch.bool)):
        raise ValueError(f"image {i} has dtype {pixels.dtype}: give uint8, or float in [0, 1]")
    return pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels.float()


def _dense(value: Any) -> Tensor:
    """A tensor on the CPU, without a gradient; channels first, which PIL and NumPy keep last."""
    if isinstance(value, Tensor):
        return value.detach().to_dense().cpu()
    if isinstance(value, Image.Image):
        value = as_shown(value)
    elif (
        isinstance(value, np.ndarray)
        and value.ndim == 3
        and value.shape[0] in _CHANNELS
        and value.shape[2] in _CHANNELS
    ):
        raise ValueError(f"shape {value.shape} may be (C, H, W) or (H, W, C)")
    if np.ma.is_masked(value):
        raise ValueError("some of its values are masked")
    array = np.array(value, order="C")  # a copy: a PIL image's array is read only
    pixels = torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))
    return pixels.permute(2, 0, 1) if pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4) else pixels

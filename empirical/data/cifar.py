"""CIFAR-10 and CIFAR-100 from the official archives on disk, in their python or their binary version; no download.

A batch of the python version is a pickle, and a pickle is a program that can name any function to call. Here it is read
by an unpickler that knows three names, all NumPy's, and puts a recorder in the place of each: nothing that a file names
is imported or called, and the array is built from the recorded bytes.

Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"; https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import pickle
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from theory.messages import printable, reason

HOME = "https://www.cs.toronto.edu/~kriz/cifar.html"
SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
MAX_BYTES = 2**28
"""Of an unpacked archive, or of one of its files; the official ones hold less than 190 million."""

Split = tuple[np.ndarray, np.ndarray]
"""Images, uint8 (n, 3, H, W) or float32 of that shape, and labels, int64 (n,)."""


@dataclass(frozen=True)
class Layout:
    """One official version of one data set.

    archive, md5          the file to fetch, and its MD5 as HOME prints it
    folder                where its files lie
    train, test           files of images, with the number of images in each
    names                 the file of class names
    label_key, names_key  python version: the keys in the pickled dictionaries
    label_bytes           binary version: the bytes before the pixels, of which the last is the label; 0 in the python version
    digests               MD5 of the extracted files, where they are known
    """

    archive: str
    md5: str
    folder: str
    train: Mapping[str, int]
    test: Mapping[str, int]
    names: str
    label_key: str = ""
    names_key: str = ""
    label_bytes: int = 0
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is read."""
        return (*self.train, *self.test, self.names)


LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "cifar10": (
        Layout(
            archive="cifar-10-python.tar.gz",
            md5="c58f30108f718f92721af3b95e74349a",
            folder="cifar-10-batches-py",
            train={f"data_batch_{i}": 10_000 for i in range(1, 6)},
            test={"test_batch": 10_000},
            names="batches.meta",
            label_key="labels",
            names_key="label_names",
            digests={
                "data_batch_1": "c99cafc152244af753f735de768cd75f",
                "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
                "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
                "data_batch_4": "634d18415352ddfa80567beed471001a",
                "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
                "test_batch": "40351d587109b95175f43aff81a1287e",
                "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
            },
        ),
        Layout(
            archive="cifar-10-binary.tar.gz",
            md5="c32a1d4ab5d03f1284b67883e8d87530",
            folder="cifar-10-batches-bin",
            train={f"data_batch_{i}.bin": 10_000 for i in range(1, 6)},
            test={"test_batch.bin": 10_000},
            names="batches.meta.txt",
            label_bytes=1,
        ),
    ),
    "cifar100": (
        Layout(
            archive="cifar-100-python.tar.gz",
            md5="eb9058c3a382ffc7106e4002c42a8d85",
            folder="cifar-100-python",
            train={"train": 50_000},
            test={"test": 10_000},
            names="meta",
            label_key="fine_labels",
            names_key="fine_label_names",
            digests={
                "train": "16019d7e3df5f24257cddd939b257f8d",
                "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
                "meta": "7973b15100ade9c7d40fb424638fde48",
            },
        ),
        Layout(
            archive="cifar-100-binary.tar.gz",
            md5="03b5dce01913d631647c71ecec9e9cb8",
            folder="cifar-100-binary",
            train={"train.bin": 50_000},
            test={"test.bin": 10_000},
            names="fine_label_names.txt",
            label_bytes=2,
        ),
    ),
}


def read(name: str, path: Path, verify: bool = True) -> tuple[Split, Split, tuple[str, ...]]:
    """Training split, test split (uint8 images (n, 3, 32, 32), in the archive's order) and class names.

    path     an official archive, its extracted folder, or the folder that holds either
    verify   insist on the official file: an archive must have the MD5 on HOME, an extracted file of the python version its
             own MD5, one of the binary version (for which none is published) the official size. False takes any file of the
             right layout and size of record.

    Raises ValueError for a missing, truncated or changed file, a pickle that holds anything but arrays of bytes, numbers,
    strings and containers, and labels without a class.
    """
    layout, contents = _contents(name, path, verify)
    parse = _pickled_batch if layout.label_key else _binary_batch
    try:
        names = _class_names(layout, contents[layout.names])
        splits = []
        for part in (layout.train, layout.test):
            batches = [parse(layout, contents[file], file) for file in part]
            images, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
            if labels.min() < 0 or labels.max() >= len(names):
                bad = labels[(labels < 0) | (labels >= len(names))][0]
                raise ValueError(f"label {bad} is none of the {len(names)} classes in {layout.names}")
            splits.append((images, labels))
    except ValueError as error:
        raise ValueError(f"path={printable(path)}: {error}; fetch {layout.archive} again from {HOME}") from error
    return splits[0], splits[1], names


def _contents(name: str, path: Path, verify: bool) -> tuple[Layout, dict[str, bytes]]:
    """The layout found at `path` and its files, by name."""
    layouts = LAYOUTS[name]
    if path.is_file():
        return _archive_contents(name, path, verify)
    for layout in layouts:
        for folder in (path, path / layout.folder):
            if any((folder / file).is_file() for file in layout.files):
                return layout, _folder_contents(layout, folder, verify)
    for layout in layouts:
        if (path / layout.archive).is_file():
            return _archive_contents(name, path / layout.archive, verify)
    wanted = " or ".join(layout.archive for layout in layouts)
    raise ValueError(f"path={str(path)!r}: holds no {name}; put {wanted} there, from {HOME}, nothing is downloaded")


def _folder_contents(layout: Layout, folder: Path, verify: bool) -> dict[str, bytes]:
    contents = {}
    rows = {**layout.train, **layout.test}
    for file in layout.files:
        if not (folder / file).is_file():
            raise ValueError(f"path={printable(folder / file)}: missing; extract {layout.archive} again, from {HOME}")
        with (folder / file).open("rb") as stream:
            contents[file] = stream.read(MAX_BYTES + 1)
        if len(contents[file]) > MAX_BYTES:
            raise ValueError(
                f"path={printable(folder / file)}: longer than {MAX_BYTES} bytes, which no official file is; extract "
                f"{layout.archive} again, from {HOME}"
            )
        if verify and file in layout.digests:
            digest = hashlib.md5(contents[file], usedforsecurity=False).hexdigest()
            if digest != layout.digests[file]:
                raise ValueError(
                    f"path={printable(folder / file)}: has MD5 {digest}, not {layout.digests[file]}; extract "
                    f"{layout.archive} again"
                )
        elif verify and file in rows and len(contents[file]) != rows[file] * (layout.label_bytes + PIXELS):
            raise ValueError(
                f"path={printable(folder / file)}: has {len(contents[file])} bytes, not "
                f"{rows[file] * (layout.label_bytes + PIXELS)}; extract {layout.archive} again"
            )
    return contents


def _archive_contents(name: str, path: Path, verify: bool) -> tuple[Layout, dict[str, bytes]]:
    layouts = LAYOUTS[name]
    if verify:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        layouts = tuple(layout for layout in layouts if layout.md5 == digest)
        if not layouts:
            wanted = " or ".join(f"{layout.md5} ({layout.archive})" for layout in LAYOUTS[name])
            raise ValueError(
                f"path={printable(path)}: has MD5 {digest}, not {wanted}, so it is truncated, changed or another file; "
                f"fetch it again from {HOME}"
            )
    contents: dict[str, bytes] = {}
    try:
        # Members are read, never extracted: a path in the archive cannot reach the disk.
        with tarfile.open(fileobj=io.BytesIO(_unpacked(path)), mode="r:") as archive:
            for member in archive:
                if member.isreg() and not member.issparse():
                    content = archive.extractfile(member)
                    contents[member.name.removeprefix("./")] = content.read() if content else b""
    except Exception as error:  # headers hold anything
        raise ValueError(
            f"path={printable(path)}: cannot be read as a tar archive ({reason(error)}), so it is truncated or another "
            f"file; fetch it from {HOME}"
        ) from error
    for layout in layouts:
        if any(file.startswith(f"{layout.folder}/") for file in contents):
            missing = [file for file in layout.files if f"{layout.folder}/{file}" not in contents]
            if missing:
                raise ValueError(
                    f"path={printable(path)}: lacks {layout.folder}/{missing[0]}; fetch {layout.archive} again from {HOME}"
                )
            return layout, {file: contents[f"{layout.folder}/{file}"] for file in layout.files}
    folders = " or ".join(f"{layout.folder}/" for layout in layouts)
    raise ValueError(f"path={printable(path)}: holds no folder {folders}, so it is not {name}; fetch it from {HOME}")


_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
"""By the first two bytes of a file."""


def _unpacked(path: Path) -> bytes:
    """The tar archive in a file, compressed or plain; ValueError where it is longer than an official one can be."""
    with path.open("rb") as stream:
        start = stream.read(2)
    with _OPENERS.get(start, Path.open)(path, "rb") as unpacked:
        content = bytes(unpacked.read(MAX_BYTES + 1))
    if len(content) > MAX_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_BYTES} bytes, which no official archive does")
    return content


def _binary_batch(layout: Layout, raw: bytes, file: str) -> Split:
    record = layout.label_bytes + PIXELS
    if not raw or len(raw) % record:
        raise ValueError(f"{file} has {len(raw)} bytes, no multiple of the {record} of one image")
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, record)
    labels = rows[:, layout.label_bytes - 1].astype(np.int64)
    return rows[:, layout.label_bytes :].reshape(-1, *SHAPE), labels


def _pickled_batch(layout: Layout, raw: bytes, file: str) -> Split:
    batch = unpickle(raw, file)
    if "data" not in batch or layout.label_key not in batch:
        raise ValueError(f"{file} holds {sorted(map(str, batch))}, not data and {layout.label_key}")
    labels = batch[layout.label_key]
    if not (isinstance(labels, list) and labels and all(type(label) is int for label in labels)):
        raise ValueError(f"{file}: {layout.label_key} is no list of integers")
    images = _array(batch["data"], file)
    if len(images) != len(labels):
        raise ValueError(f"{file} holds {len(images)} images and {len(labels)} labels")
    return images.reshape(-1, *SHAPE), np.array(labels, dtype=np.int64)


def _class_names(layout: Layout, raw: bytes) -> tuple[str, ...]:
    names = unpickle(raw, layout.names).get(layout.names_key) if layout.names_key else raw.splitlines()
    if not (isinstance(names, list) and names and all(isinstance(name, bytes) for name in names)):
        raise ValueError(f"{layout.names} holds no list of class names")
    return tuple(name.decode("ascii", errors="replace") for name in names if name.strip())


class _Recorded:
    """A call that a pickle asked NumPy for: its arguments and its state are kept, and nothing is called."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _RecordedArray(_Recorded):
    """In place of numpy.core.multiarray._reconstruct."""


class _RecordedType(_Recorded):
    """In place of numpy.dtype."""


class _DataUnpickler(pickle._Unpickler):
    """Reads containers, numbers, strings and recorded arrays; any other name in the file ends the reading.

    It is the unpickler written in Python: the one in C allocates as much memory as the largest index that a file names.
    """

    def find_class(self, module: str, name: str) -> Any:
        """The recorder for a name, never the object that it names."""
        match (module, name):
            case ("numpy.core.multiarray", "_reconstruct"):
                return _RecordedArray
            case ("numpy", "dtype"):
                return _RecordedType
            case ("numpy", "ndarray"):
                return "numpy.ndarray"
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch of images needs")


def unpickle(raw: bytes, file: str) -> dict[str, Any]:
    """The dictionary in a batch written by Python 2, keys as str; arrays stay recorded until `_array` builds them.

    Raises ValueError for a pickle that names anything but NumPy's array and type, and for one that cannot be read.
    """
    try:
        batch = _DataUnpickler(io.BytesIO(raw), encoding="bytes").load()
    except Exception as error:  # The documentation of pickle allows any exception for a broken stream.
        raise ValueError(f"{file} is refused as a pickle ({reason(error)})") from error
    if not isinstance(batch, dict):
        raise ValueError(f"{file} holds a {type(batch).__name__}, not a dictionary")
    return {key.decode("ascii", "replace") if isinstance(key, bytes) else str(key): v for key, v in batch.items()}


def _array(recorded: object, file: str) -> np.ndarray:
    """The uint8 array (n, 3072) of a recorded one: state (1, shape, type, is Fortran, bytes)."""
    match recorded:
        case _RecordedArray(
            state=(1, (int(rows), int(width)), _RecordedType(arguments=(b"u1", *_)), fortran, bytes(raw))
        ) if width == PIXELS and rows >= 1 and len(raw) == rows * width:
            return np.frombuffer(raw, dtype=np.uint8).reshape(rows, width, order="F" if fortran else "C")
    raise ValueError(f"{file}: data is no uint8 array (n, {PIXELS})")

"""CIFAR-10 from wherever it lies, once: every other stage reads the copy that this one leaves, in half a second."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import safetensors.torch
import torch
from safetensors import safe_open

from empirical.cuda.plan import Request
from empirical.cuda.stage import Notes
from empirical.data.cifar import HOME, LAYOUTS
from empirical.data.sets import Dataset, fingerprint, load
from theory.files import write_bytes

COPY = "images.safetensors"
REHEARSED = 100, 50
"""Training and test images of a rehearsal."""
REMEDY = (
    f"fetch {LAYOUTS['cifar10'][0].archive} from {HOME} and pass its path, or that of a folder (or tar archive of one) with "
    "train/CLASS/*.jpg and test/CLASS/*.jpg"
)


def run(request: Request, notes: Notes) -> None:
    """Read, copy, and say which images these are."""
    sizes = REHEARSED if request.rehearsal else (None, None)
    data = (
        load("fashion", 0, *sizes)
        if request.source is None
        else cifar(Path(request.source), Path(request.work), *sizes)
    )
    store(data, Path(request.work))
    notes.add(data=data.name, sha256=fingerprint(data), training=len(data.train_images), test=len(data.test_images))


def cifar(path: Path, work: Path, train_size: int | None = None, test_size: int | None = None) -> Dataset:
    """CIFAR-10 at a path: the official archive or its folder, a folder with train/ and test/, or a tar archive of such a one.

    work: where an archive is unpacked. Raises ValueError where it is none of these.
    """
    if not path.exists():
        raise ValueError(f"path={str(path)!r}: no such file or folder; {REMEDY}")
    if path.is_file() and _holds_folders(path):
        folder = work / "unpacked"
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        path = folder
    name = "folder" if (path / "train").is_dir() else "cifar10"
    return load(name, 0, train_size, test_size, path=path)


def _holds_folders(path: Path) -> bool:
    """Whether it is a tar archive whose first member lies in train/ or test/; the official ones have a folder of batches."""
    if not tarfile.is_tarfile(path):
        return False
    with tarfile.open(path) as archive:
        first = archive.next()
        return first is not None and Path(first.name).parts[:1] in (("train",), ("test",))


def store(data: Dataset, work: Path) -> None:
    """Keep the data for the other stages: images as bytes, of which every pixel is a whole number of 1/255, if all are."""
    tensors = {}
    for part in ("train", "test"):
        images = getattr(data, f"{part}_images")
        whole = (images * 255).round()
        exact = torch.equal(whole / 255, images)
        tensors[f"{part}_images"] = (whole.to(torch.uint8) if exact else images).contiguous()
        tensors[f"{part}_labels"] = getattr(data, f"{part}_labels")
    about = {"name": data.name, "classes": json.dumps(data.class_names)}
    write_bytes(work / COPY, safetensors.torch.save(tensors, about))


def stored(request: Request) -> Dataset:
    """The data that the first stage kept."""
    path = Path(request.work) / COPY
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
    data = Dataset(about["name"], **tensors, class_names=tuple(json.loads(about["classes"])))
    return replace(data, train_images=_as_float(data.train_images), test_images=_as_float(data.test_images))


def _as_float(images: torch.Tensor) -> torch.Tensor:
    return images.float() / 255 if images.dtype == torch.uint8 else images

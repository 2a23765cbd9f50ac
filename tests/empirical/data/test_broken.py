"""Broken and hostile files: one line that names the file, nothing started, memory bounded."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import tarfile
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from empirical.data import cifar, imagefiles, npz
from empirical.data.imagefiles import SUFFIXES, _decode
from empirical.data.sets import load
from tests.empirical.data.test_cifar import PYTHON10, files_of, write_archive, write_folder
from tests.empirical.data.test_imagefiles import arrays, write

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8))
TURNED = Image.Exif()
TURNED[0x0112] = 6
KINDS = {
    **{suffix: (suffix, "RGB", {}) for suffix in SUFFIXES},
    **{f"tiff {c}": (".tif", "RGB", {"compression": c}) for c in ("tiff_lzw", "jpeg", "packbits", "tiff_deflate")},
    "orientation": (".jpg", "RGB", {"exif": TURNED}),
    "orientation in png": (".png", "RGB", {"exif": TURNED}),
    "transparent": (".png", "RGBA", {"icc_profile": b"profile"}),
    "palette": (".png", "P", {"transparency": b"\x00\x80"}),
    "lossless": (".webp", "RGBA", {"lossless": True}),
    "cmyk": (".jpg", "CMYK", {}),
    "frames": (".gif", "P", {"save_all": True, "append_images": [PICTURE.convert("P")]}),
    "frames in webp": (".webp", "RGB", {"save_all": True, "append_images": [PICTURE]}),
}
DEFAULT, SLOW = 20, 480  # 22 kinds: 440 and 10,560 files


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rounds", [DEFAULT, pytest.param(SLOW, marks=pytest.mark.slow)])
def test_broken_images_end_in_a_value_error(kind: str, rounds: int, tmp_path: Path) -> None:
    """Cut off, or with some bytes of the header or of the whole file changed."""
    suffix, mode, options = KINDS[kind]
    buffer = io.BytesIO()
    PICTURE.convert(mode).save(buffer, Image.registered_extensions()[suffix], **options)
    whole, generator, refused = buffer.getvalue(), np.random.default_rng([rounds, *kind.encode()]), 0
    file = tmp_path / f"x{suffix}"
    for i in range(rounds):
        data = bytearray(whole)
        if i % 3 == 0:
            data = data[: generator.integers(0, len(data))]
        else:
            for place in generator.integers(0, min(len(data), (200, 10**9)[i % 2]), generator.integers(1, 6)):
                data[place] = generator.integers(0, 256)
        file.write_bytes(data)
        message = refusal(file)
        assert not message or message.startswith(f"path={file}: cannot be read as an image (")
        assert message.isprintable()
        refused += bool(message)
    assert refused > rounds // 10


def refusal(file: Path) -> str:
    """The message with which the file is refused; empty where it is an image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _decode(file, None)
    except ValueError as error:
        return str(error)
    assert image.shape[0] == 3
    assert image.size > 0
    assert image.dtype == np.uint8
    return ""


def test_an_error_of_any_kind_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PICTURE.save(tmp_path / "x.png")
    for error in (TypeError("'float'"), MemoryError(), RecursionError("deep"), ZeroDivisionError(), KeyError(3)):
        monkeypatch.setattr(imagefiles, "as_shown", lambda _, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(ValueError, match=r"x\.png: cannot be read as an image \(('float'|MemoryE|deep|ZeroDiv|3)"):
            _decode(tmp_path / "x.png", None)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_other_formats_are_never_opened(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow hands EPS to Ghostscript."""

    def started(*_: object, **__: object) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.setattr(os, "system", started)
    file = tmp_path / f"x{suffix}"
    for kind in ("EPS", "PDF", "ICO", "TGA"):
        PICTURE.save(file, kind)
        with pytest.raises(ValueError, match=rf"x\{suffix}: cannot be read as an image \(cannot identify"):
            _decode(file, None)


def png(width: int, height: int, data: bytes) -> bytes:
    """A grey PNG of one bit a pixel that claims a size."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x01\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (2**31 - 1, 1), (10**9, 10**9)])
def test_bombs_are_refused_before_they_are_decoded(width: int, height: int, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(width, height, zlib.compress(bytes(10**6))))
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=r"x\.png: cannot be read as an image \(.*pixels"):
            _decode(tmp_path / "x.png", None)
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_an_elongated_image_is_not_scaled_to_any_size(tmp_path: Path) -> None:
    Image.new("L", (1, 60_000)).save(tmp_path / "x.png")
    with pytest.raises(
        ValueError, match=r"x\.png: .*side=224: an image of 60000x1 pixels would be scaled to 13440000x224"
    ):
        _decode(tmp_path / "x.png", 224)


def refused_npz(path: Path, message: str) -> None:
    with pytest.raises(
        ValueError, match=rf"x\.npz: cannot be read as \.npz of plain arrays \({message}.*; write it with"
    ):
        load("npz", path=path)


def test_an_npz_that_unpacks_without_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.npz", arrays(extra=np.zeros(10**6, np.uint8)))
    load("npz", path=path)
    monkeypatch.setattr(npz, "MAX_UNPACKED", 10**5)
    refused_npz(path, r"\d+ bytes that unpack to 100\d+ are a decompression bomb")


def test_an_npz_that_claims_what_it_does_not_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with np.load(write(path, arrays())) as stored:
        whole = dict(stored)
    for header in (
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000000, 3, 4, 5)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
        b"(" * 200,
        b"__import__('os').system('true')",
    ):
        with zipfile.ZipFile(path, "w") as archive:
            padded = header.ljust(245) + b"\n"
            archive.writestr("train_images.npy", b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded)
            for name in ("train_labels", "test_images", "test_labels"):
                buffer = io.BytesIO()
                np.save(buffer, whole[name])
                archive.writestr(f"{name}.npy", buffer.getvalue())
        refused_npz(path, "")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train_images", b"text")
    refused_npz(path, "a member is no array")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_labels": np.arange(12) % 3 + 10**15}, f"train_labels hold {10**15 + 2}, and train_images are only 12"),
        ({"test_labels": np.full(6, 2**64 - 1, np.uint64)}, f"test_labels hold {2**64 - 1}, and train_images are only 12"),
        ({"train_labels": np.array(["a", "b", "c"] * 4)}, "train_labels: <U1 of shape .12,.; give integers"),
        ({"class_names": np.array("abc")}, r"class_names: <U3 of shape \(\); give K strings"),
        ({"class_names": np.zeros((3, 2))}, r"class_names: float64 of shape \(3, 2\); give K strings"),
        ({"train_images": np.eye(5, dtype=np.uint8)[None].repeat(12, axis=0)}, "no value above 1, all black for 255"),
        ({"test_images": np.full((6, 4, 5), 1 / 256)}, "no value above 0.00390625, all black for 1 is white"),
    ],
)  # fmt: skip
def test_an_npz_whose_values_cannot_be_meant_is_refused(changes: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        load("npz", path=write(tmp_path / "x.npz", arrays(**changes)))


def refused_cifar(path: Path, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        load("cifar10", path=path, verify=False)
    assert str(error.value).isprintable()


def test_an_archive_that_unpacks_without_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_of("cifar10", PYTHON10)
    path = write_archive(tmp_path / "x.tar.gz", PYTHON10, files)
    folder = write_folder(tmp_path / "folder" / PYTHON10.folder, files)
    load("cifar10", path=path, verify=False)
    plain = gzip.decompress(path.read_bytes())
    for name, content in {"x.tar": plain, "x.tar.bz2": bz2.compress(plain), "x.tar.xz": lzma.compress(plain)}.items():
        (tmp_path / name).write_bytes(content)
        load("cifar10", path=tmp_path / name, verify=False)
    monkeypatch.setattr(cifar, "MAX_BYTES", 10**4)
    refused_cifar(path, r"x\.tar\.gz: cannot be read as a tar archive \(it unpacks to more than 10000 bytes")
    refused_cifar(folder, r"data_batch_\d: longer than 10000 bytes, which no official file is")
    refused_cifar(tmp_path / "x.tar.xz", r"x\.tar\.xz: cannot be read as a tar archive \(it unpacks to more than")


def test_members_that_claim_any_size_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    for kind in (tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        member = tarfile.TarInfo(f"{PYTHON10.folder}/data_batch_1")
        member.size, member.type = 2**60, kind
        path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        refused_cifar(path, r"x\.tar: (cannot be read as a tar archive|holds no folder|lacks)")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80\x02Nr\xff\xff\xff\xff.",
        b"\x80\x02N\x94" + b"r\xff\xff\xff\x7f" + b".",
        b"\x80\x05\x96" + (2**50).to_bytes(8, "little") + b".",
        b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b".",
        b"I" + b"9" * 10**5 + b"\n.",
        b"(" * 10**5 + b"l." * 10**5,
    ],
)
def test_a_small_pickle_takes_little_memory(raw: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"batch (is refused as a pickle|holds a)"):
        cifar.unpickle(raw, "batch")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_pipes_and_devices_in_place_of_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        for name in ("npz", "folder", "cifar10", "cifar100"):
            with pytest.raises(ValueError, match=f"path='{path}': (no file|no folder|holds no)"):
                load(name, path=path)


@pytest.mark.parametrize("options", [{"seed": np.int64(1)}, {"train_size": np.int16(10)}, {"side": np.uint8(8)}])
def test_integers_of_numpy_are_integers(options: dict) -> None:
    plain = {name: int(value) for name, value in options.items()}
    assert (load("digits", **options).train_images == load("digits", **plain).train_images).all()
    with pytest.raises(ValueError, match=f"{next(iter(options))}=1.5: a float, not an integer"):
        load("digits", **{next(iter(options)): 1.5})

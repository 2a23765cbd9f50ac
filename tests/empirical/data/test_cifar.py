"""CIFAR: tiny archives in exactly the official layout, written by hand, opcode by opcode, as Python 2 wrote them."""

import contextlib
import hashlib
import io
import pickle
import struct
import tarfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from empirical.data import cifar as archives
from empirical.data.cifar import LAYOUTS, Layout, unpickle
from empirical.data.sets import fingerprint, load

CLASSES = {"cifar10": 10, "cifar100": 100}
NAMES = {"cifar10": ["airplane", "automobile", "bird"], "cifar100": ["apple", "aquarium_fish", "baby"]}


def python2(value: object) -> bytes:
    """A value as protocol 2 of Python 2 writes it: strings are bytes, arrays go through numpy's _reconstruct."""
    match value:
        case bytes():
            return (
                b"U" + bytes([len(value)]) + value if len(value) < 256 else b"T" + struct.pack("<i", len(value)) + value
            )
        case int():
            return b"J" + struct.pack("<i", value)
        case list():
            return b"](" + b"".join(map(python2, value)) + b"e"
        case dict():
            return b"}(" + b"".join(python2(k) + python2(v) for k, v in value.items()) + b"u"
        case np.ndarray():
            order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
            return (
                b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
                + b"".join(map(python2, value.shape))
                + b"\x86cnumpy\ndtype\nU\x02"
                + value.dtype.str[1:].encode()
                + b"K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
                + (b"\x88" if order == "F" else b"\x89")
                + python2(value.tobytes(order))
                + b"tb"
            )
    raise AssertionError(type(value))


def dumps(value: object) -> bytes:
    return b"\x80\x02" + python2(value) + b"."


def images_and_labels(name: str, per_class: int, seed: int) -> tuple[np.ndarray, list[int]]:
    labels = [k for _ in range(per_class) for k in range(CLASSES[name])]
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), 3072), dtype=np.uint8)
    return pixels, labels


def class_names(name: str) -> list[str]:
    return NAMES[name] + [f"class {k}" for k in range(3, CLASSES[name])]


def files_of(name: str, layout: Layout) -> dict[str, bytes]:
    """The files of one version; the same pixels and labels in both."""
    train, test = images_and_labels(name, 5, 0), images_and_labels(name, 2, 1)
    names = class_names(name)
    files = {}
    for part, (pixels, labels) in ((layout.train, train), (layout.test, test)):
        cuts = np.array_split(np.arange(len(labels)), len(part))
        for file, rows in zip(part, cuts, strict=True):
            chosen = [labels[i] for i in rows]
            if layout.label_key:
                content = {b"batch_label": file.encode(), layout.label_key.encode(): chosen, b"data": pixels[rows]}
                files[file] = dumps(content)
            else:
                heads = [bytes([7] * (layout.label_bytes - 1) + [label]) for label in chosen]
                files[file] = b"".join(head + pixels[i].tobytes() for head, i in zip(heads, rows, strict=True))
    if layout.names_key:
        files[layout.names] = dumps({layout.names_key.encode(): [n.encode() for n in names]})
    else:
        files[layout.names] = ("\n".join(names) + "\n\n").encode()
    return files


def write_archive(path: Path, layout: Layout, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        folder = tarfile.TarInfo(layout.folder)
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for file, raw in {**files, "readme.html": b"<html>"}.items():
            member = tarfile.TarInfo(f"{layout.folder}/{file}")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return path


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for file, raw in files.items():
        (path / file).write_bytes(raw)
    return path


EVERY = [(name, layout) for name, layouts in LAYOUTS.items() for layout in layouts]
every_layout = pytest.mark.parametrize(("name", "layout"), EVERY, ids=[layout.archive for _, layout in EVERY])
PYTHON10, BINARY10 = LAYOUTS["cifar10"]


@every_layout
def test_archive_folder_and_parent_folder_give_the_images(name: str, layout: Layout, tmp_path: Path) -> None:
    files = files_of(name, layout)
    archive = write_archive(tmp_path / layout.archive, layout, files)
    folder = write_folder(tmp_path / "extracted" / layout.folder, files)
    data = load(name, path=archive, verify=False)
    k = CLASSES[name]
    assert data.train_images.shape == (5 * k, 3, 32, 32)
    assert data.test_images.shape == (2 * k, 3, 32, 32)
    assert data.class_names == tuple(class_names(name))
    # Rows come in class turns whatever the seed: each turn holds every class once.
    assert data.train_labels.view(5, k).sort(dim=1).values.tolist() == [list(range(k))] * 5
    pixels, labels = images_and_labels(name, 5, 0)
    stored = {row.tobytes(): label for row, label in zip(pixels, labels, strict=True)}
    found = (data.train_images * 255).round().byte().reshape(-1, 3072).numpy()
    assert [stored[row.tobytes()] for row in found] == data.train_labels.tolist()
    assert len({row.tobytes() for row in found}) == 5 * k
    for place in (folder, folder.parent, tmp_path):
        assert fingerprint(load(name, path=str(place), verify=False)) == fingerprint(data)
    assert fingerprint(load(name, seed=1, path=archive, verify=False)) != fingerprint(data)


def test_both_versions_hold_the_same_data(tmp_path: Path) -> None:
    for name, (python, binary) in LAYOUTS.items():
        found = [
            fingerprint(load(name, path=write_folder(tmp_path / v.folder, files_of(name, v)), verify=False))
            for v in (python, binary)
        ]
        assert found[0] == found[1]


def test_class_subset_and_sizes(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "x.tar.gz", PYTHON10, files_of("cifar10", PYTHON10))
    full = load("cifar10", path=path, verify=False)
    some = load("cifar10", path=path, verify=False, classes=["bird", "airplane"], train_size=6, side=16)
    assert some.class_names == ("bird", "airplane")
    assert some.train_images.shape == (6, 3, 16, 16)
    assert torch.bincount(some.train_labels).tolist() == [3, 3]
    assert torch.bincount(some.test_labels).tolist() == [2, 2]
    birds = load("cifar10", path=path, verify=False, classes=["bird", "airplane"], train_size=6)
    assert torch.equal(birds.train_images[birds.train_labels == 0], full.train_images[full.train_labels == 2][:3])


@every_layout
def test_the_checksum_decides_unless_told_otherwise(
    name: str, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_archive(tmp_path / layout.archive, layout, files_of(name, layout))
    with pytest.raises(ValueError, match=rf"has MD5 \w+, not .*{layout.md5}.*cs\.toronto\.edu"):
        load(name, path=path)
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    others = tuple(other for other in LAYOUTS[name] if other is not layout)
    monkeypatch.setitem(LAYOUTS, name, (*others, replace(layout, md5=digest)))
    assert len(load(name, path=path).train_labels) == 5 * CLASSES[name]
    assert len(load(name, path=tmp_path).train_labels) == 5 * CLASSES[name]
    changed = bytearray(path.read_bytes())
    changed[-9] ^= 1
    path.write_bytes(changed)
    with pytest.raises(ValueError, match="truncated, changed or another file"):
        load(name, path=path)


@every_layout
def test_extracted_files_are_checked_too(
    name: str, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(name, layout)
    folder = write_folder(tmp_path / layout.folder, files)
    with pytest.raises(ValueError, match=r"has MD5|bytes, not 30730000|bytes, not 153700000"):
        load(name, path=folder)
    digests = {file: hashlib.md5(raw, usedforsecurity=False).hexdigest() for file, raw in files.items()}
    monkeypatch.setitem(LAYOUTS, name, (replace(layout, digests=digests),))
    assert len(load(name, path=folder).train_labels) == 5 * CLASSES[name]


def test_official_sizes() -> None:
    # "Each file contains 10000 such 3073-byte rows ... exactly 30730000 bytes": the home page.
    for layout in (layout for layouts in LAYOUTS.values() for layout in layouts):
        assert sum(layout.train.values()) == 50_000
        assert sum(layout.test.values()) == 10_000
        assert len(layout.md5) == 32
        assert set(layout.digests) in (set(), set(layout.files))


@every_layout
def test_a_missing_file_is_named_with_where_to_get_it(name: str, layout: Layout, tmp_path: Path) -> None:
    files = files_of(name, layout)
    del files[list(layout.train)[-1]]
    folder = write_folder(tmp_path / layout.folder, files)
    archive = write_archive(tmp_path / layout.archive, layout, files)
    for place in (folder, archive):
        with pytest.raises(ValueError, match=rf"{list(layout.train)[-1]}.*{layout.archive}.*cs\.toronto\.edu"):
            load(name, path=place, verify=False)
    with pytest.raises(ValueError, match=rf"holds no {name}; put .*{layout.archive}.*nothing is downloaded"):
        load(name, path=tmp_path / "nowhere")
    with pytest.raises(ValueError, match=rf"path=None: .*{layout.archive}.*cs\.toronto\.edu"):
        load(name)


def test_another_archive_and_no_archive_are_named(tmp_path: Path) -> None:
    other = LAYOUTS["cifar100"][0]
    path = write_archive(tmp_path / "a.tar.gz", other, files_of("cifar100", other))
    with pytest.raises(ValueError, match=r"holds no folder cifar-10-batches-py/ or .*not cifar10"):
        load("cifar10", path=path, verify=False)
    whole = write_archive(tmp_path / "b.tar.gz", PYTHON10, files_of("cifar10", PYTHON10)).read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:20], b"", b"no archive"):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"a\.tar\.gz: (cannot be read as a tar archive|holds no folder|lacks)"):
            load("cifar10", path=path, verify=False)


def test_members_of_an_archive_never_reach_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "x.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        for file in ("../escaped", str(tmp_path / "absolute")):
            member = tarfile.TarInfo(file)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo(f"{PYTHON10.folder}/test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(ValueError, match="holds no folder"):
        load("cifar10", path=path, verify=False)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["inner", "x.tar.gz"]


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_restricted_reader_agrees_with_pickle_on_an_honest_batch(order: str) -> None:
    pixels = np.asarray(np.random.default_rng(3).integers(0, 256, (300, 3072), dtype=np.uint8), order=order)
    raw = dumps({b"labels": list(range(300)), b"data": pixels, b"filenames": [b"a.png"] * 300})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pickle.loads(raw, encoding="bytes")
    ours = unpickle(raw, "batch")
    assert list(ours) == ["labels", "data", "filenames"]
    assert ours["labels"] == theirs[b"labels"]
    assert ours["filenames"] == theirs[b"filenames"]
    np.testing.assert_array_equal(archives._array(ours["data"], "batch"), theirs[b"data"])
    np.testing.assert_array_equal(theirs[b"data"], pixels)


class Runs:
    """Pickled, it is a call."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


MARK = "MARK"
HOSTILE = {
    "os.system": b"cos\nsystem\n(S'touch MARK'\ntR.",
    "old instance": b"(S'touch MARK'\nios\nsystem\n.",
    "eval": pickle.dumps(Runs(eval, "open('MARK', 'w')"), protocol=2),
    "stack global": pickle.dumps(Runs(eval, "open('MARK', 'w')"), protocol=4),
    "within a batch": b"\x80\x02}(U\x06labels](cos\nsystem\nS'touch MARK'\n\x85Reu.",
    "numpy's other functions": b"cnumpy.core.multiarray\nscalar\n.",
    "through an attribute": b"\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93.",
    "the real reconstruct": b"cnumpy._core.multiarray\n_reconstruct\n.",
    "extension registry": b"\x80\x02\x82\x01.",
    "persistent name": b"Pname\n.",
    "state of a class": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n}U\x05stateK\x01sb.",
    "call of a name": b"cnumpy\nndarray\n(tR.",
    "truncated": dumps({b"labels": [1, 2, 3]})[:-4],
    "length beyond the end": b"\x80\x02T\xff\xff\xff\x7fabc.",
    "empty": b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_pickle_is_refused_and_nothing_runs(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("data_batch_2", "batches.meta"):
        files = files_of("cifar10", PYTHON10) | {file: HOSTILE[kind]}
        folder = write_folder(tmp_path / file / PYTHON10.folder, files)
        with pytest.raises(ValueError, match=rf"{file} is refused as a pickle .*; fetch cifar-10-python"):
            load("cifar10", path=folder, verify=False)
    assert not (tmp_path / MARK).exists()
    assert archives._RecordedArray.state is None


@pytest.mark.parametrize("kind", ["os.system", "old instance", "eval", "stack global", "within a batch"])
def test_the_hostile_pickles_run_where_nobody_looks(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pickle.loads(HOSTILE[kind])
    assert (tmp_path / MARK).exists()


def batch(**changes: object) -> bytes:
    pixels, labels = images_and_labels("cifar10", 1, 5)
    content = {b"labels": labels, b"data": pixels} | {key.encode(): value for key, value in changes.items()}
    return dumps({key: value for key, value in content.items() if value is not None})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (batch(data=None), r"holds \['labels'\], not data and labels"),
        (batch(labels=None), r"not data and labels"),
        (batch(labels=[1, 2]), "10 images and 2 labels"),
        (batch(labels=[b"1"] * 10), "no list of integers"),
        (batch(labels=[]), "no list of integers"),
        (batch(labels=[0] * 9 + [10]), "label 10 is none of the 10 classes"),
        (batch(labels=[0] * 9 + [-1]), "label -1 is none of the 10 classes"),
        (batch(data=[1, 2]), "data is no uint8 array"),
        (batch(data=np.zeros((10, 3071), np.uint8)), "data is no uint8 array"),
        (batch(data=np.zeros((10, 3072), np.int16)), "data is no uint8 array"),
        (batch().replace(b"J\x0a\x00\x00\x00J\x00\x0c", b"J\x0b\x00\x00\x00J\x00\x0c"), "data is no uint8 array"),
        (dumps([1]), "holds a list, not a dictionary"),
    ],
)
def test_a_batch_that_is_none_is_named(raw: bytes, message: str, tmp_path: Path) -> None:
    files = files_of("cifar10", PYTHON10) | {"data_batch_3": raw}
    with pytest.raises(ValueError, match=message):
        load("cifar10", path=write_folder(tmp_path / PYTHON10.folder, files), verify=False)


def test_a_truncated_binary_batch_and_bad_names_are_named(tmp_path: Path) -> None:
    files = files_of("cifar10", BINARY10)
    short = files | {"data_batch_4.bin": files["data_batch_4.bin"][:-1]}
    with pytest.raises(ValueError, match=r"data_batch_4\.bin has \d+ bytes, no multiple of the 3073"):
        load("cifar10", path=write_folder(tmp_path / "a" / BINARY10.folder, short), verify=False)
    few = files | {BINARY10.names: b"cat\ndog\n"}
    with pytest.raises(ValueError, match="none of the 2 classes"):
        load("cifar10", path=write_folder(tmp_path / "b" / BINARY10.folder, few), verify=False)
    nameless = files_of("cifar10", PYTHON10) | {PYTHON10.names: dumps({b"names": []})}
    with pytest.raises(ValueError, match="no list of class names"):
        load("cifar10", path=write_folder(tmp_path / "c" / PYTHON10.folder, nameless), verify=False)


def test_a_class_without_images_is_named(tmp_path: Path) -> None:
    files = files_of("cifar10", BINARY10)
    test = files["test_batch.bin"]
    files["test_batch.bin"] = b"".join(test[i : i + 3073] for i in range(0, len(test), 3073) if test[i] != 2)
    with pytest.raises(ValueError, match=r"class 'bird' \(label 2\) is empty, it has no test image"):
        load("cifar10", path=write_folder(tmp_path / BINARY10.folder, files), verify=False)

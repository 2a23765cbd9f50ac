import gzip
import hashlib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from empirical.data import make_subset
from empirical.data import sets as datasets
from empirical.data.sets import Dataset, fingerprint, load, matched


@pytest.fixture(scope="module")
def fashion() -> Dataset:
    return load("fashion")


def test_fashion_is_balanced_coloured_and_in_range(fashion: Dataset) -> None:
    assert fashion.train_images.shape == (5000, 3, 16, 16)
    assert fashion.test_images.shape == (2000, 3, 16, 16)
    assert torch.bincount(fashion.train_labels).tolist() == [500] * 10
    assert torch.bincount(fashion.test_labels).tolist() == [200] * 10
    assert fashion.train_images.dtype == torch.float32
    assert fashion.train_labels.dtype == torch.int64
    assert len(fashion.class_names) == 10
    for images in (fashion.train_images, fashion.test_images):
        assert images.min() >= 0
        assert images.max() <= 1
    spread = (fashion.train_images.amax(dim=1) - fashion.train_images.amin(dim=1)).mean()
    assert spread > 0.2


def test_embedded_file_matches_its_digest_and_holds_no_image_twice() -> None:
    raw = resources.files("empirical.data") / datasets.FASHION_FILE
    assert hashlib.sha256(raw.read_bytes()).hexdigest() == datasets.FASHION_SHA256
    with np.load(make_subset.TARGET) as arrays:
        assert arrays["train_images"].dtype == np.uint8
        both = np.concatenate([arrays["train_images"], arrays["test_images"]]).reshape(7000, -1)
    assert len(np.unique(both, axis=0)) == 7000


def test_changed_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "FASHION_SHA256", "0" * 64)
    with pytest.raises(ValueError, match="restore the file"):
        load("fashion")


def test_colour_is_the_stated_mixture(fashion: Dataset) -> None:
    generator = np.random.default_rng(5)
    draws = np.random.default_rng(5).random((2, 2, 3))
    grey = torch.tensor([0.0, 0.25, 1.0]).repeat(2, 1)[:, None]
    coloured = datasets.plant_colour(grey, generator)
    for i in range(2):
        fg, bg = 0.4 + 0.6 * draws[i, 0], 0.6 * draws[i, 1]
        expected = np.stack([bg, 0.25 * fg + 0.75 * bg, fg], axis=1)
        np.testing.assert_allclose(coloured[i, :, 0].numpy(), expected, atol=1e-6)
    # Two colours span each image: centred pixels have rank 1.
    pixels = fashion.train_images[0].reshape(3, -1)
    singular = torch.linalg.svdvals(pixels - pixels.mean(dim=1, keepdim=True))
    assert singular[1] < 1e-4 * singular[0]


def test_a_smaller_subset_is_a_prefix_and_stratified(fashion: Dataset) -> None:
    small = load("fashion", train_size=100, test_size=50)
    assert torch.equal(small.train_images, fashion.train_images[:100])
    assert torch.equal(small.test_labels, fashion.test_labels[:50])
    assert torch.bincount(small.train_labels).tolist() == [10] * 10


def test_the_seed_decides(fashion: Dataset) -> None:
    assert torch.equal(load("fashion", seed=0).train_images, fashion.train_images)
    assert not torch.equal(load("fashion", seed=1).train_images, fashion.train_images)


def test_digits_split_is_stratified_disjoint_and_grey() -> None:
    data = load("digits", seed=3)
    assert data.train_images.shape == (1200, 3, 16, 16)
    assert data.test_images.shape == (597, 3, 16, 16)
    assert torch.bincount(data.train_labels).tolist() == [120] * 10
    assert torch.equal(data.train_images[:, 0], data.train_images[:, 2])
    rows = torch.cat([data.train_images, data.test_images])[:, 0].reshape(1797, -1)
    assert len(torch.unique(rows, dim=0)) == 1797
    other = load("digits", seed=4)
    assert not torch.equal(other.train_images, data.train_images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "cifar"}, r"name='cifar'.*digits, fashion"),
        ({"name": "digits", "seed": -1}, r"seed=-1"),
        ({"name": "digits", "train_size": 9}, r"train_size=9.*10 or more"),
        ({"name": "digits", "train_size": 1210}, r"train_size=1210.*at most 1200"),
        ({"name": "digits", "test_size": 599}, r"test_size=599.*at most 5\d0"),
        ({"name": "digits", "train_size": 105}, r"train_size=105.*use 100"),
        ({"name": "digits", "path": "x"}, r"path='x': not wanted, 'digits' is embedded"),
        ({"name": "npz"}, r"path=None: .*never downloaded; pass the path of an \.npz file with train_images"),
        ({"name": "folder"}, r"path=None: .*one subfolder per class"),
        ({"name": "digits", "side": 0}, r"side=0: no pixels; use 1 or more"),
        ({"name": "digits", "classes": ["3"]}, r"classes=\['3'\]: not two different names or more"),
        ({"name": "digits", "classes": ["3", "3"]}, r"not two different names or more"),
        ({"name": "digits", "classes": "35"}, r"classes='35': not two different names or more"),
        ({"name": "digits", "classes": ["3", "x"]}, r"'x' is not in the data; choose from 0, 1"),
        ({"name": "digits", "classes": ["3", "5"], "train_size": 300}, r"train_size=300.*at most 240"),
    ],
)
def test_errors_name_value_and_remedy(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(**arguments)


def test_idx_reader_refuses_a_short_file(tmp_path: Path) -> None:
    good = b"\x00\x00\x08\x01\x00\x00\x00\x03abc"
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(good))
    assert make_subset.read_idx(path).tolist() == [97, 98, 99]
    path.write_bytes(gzip.compress(good[:-1]))
    with pytest.raises(ValueError, match="holds 2 values"):
        make_subset.read_idx(path)
    path.write_bytes(gzip.compress(b"\x00\x00\x0d\x01"))
    with pytest.raises(ValueError, match="no IDX file"):
        make_subset.read_idx(path)


@pytest.mark.parametrize(
    ("name", "labels", "train", "test"),
    [
        ("fashion", "d5700bbd547d14c9", 798302.6025439011, 320429.9171225809),
        ("digits", "9a15732749f978e8", 140446.13969222945, 69880.33588893875),
    ],
)
def test_the_embedded_images_are_pinned(name: str, labels: str, train: float, test: float) -> None:
    """Labels to the bit, images to what the scaling may round otherwise on another processor."""
    data = load(name)
    both = torch.cat([data.train_labels, data.test_labels]).numpy()
    assert hashlib.sha256(both.tobytes()).hexdigest()[:16] == labels
    for images, expected in ((data.train_images, train), (data.test_images, test)):
        weights = np.random.default_rng(0).random(images.numel())
        assert float(images.double().reshape(-1).numpy() @ weights) == pytest.approx(expected, rel=1e-8)


def test_a_class_subset_keeps_its_images_and_their_colours(fashion: Dataset) -> None:
    some = load("fashion", classes=["Bag", "Trouser", "Coat"], train_size=30, test_size=9)
    assert some.class_names == ("Bag", "Trouser", "Coat")
    assert torch.bincount(some.train_labels).tolist() == [10, 10, 10]
    assert torch.bincount(some.test_labels).tolist() == [3, 3, 3]
    for label, name in enumerate(some.class_names):
        original = fashion.class_names.index(name)
        expected = fashion.train_images[fashion.train_labels == original][:10]
        assert torch.equal(some.train_images[some.train_labels == label], expected)


def test_side_scales_every_data_set(fashion: Dataset) -> None:
    small = load("fashion", train_size=20, test_size=10, side=8)
    assert small.train_images.shape == (20, 3, 8, 8)
    mean = fashion.train_images[:20].mean(dim=(2, 3))
    torch.testing.assert_close(small.train_images.mean(dim=(2, 3)), mean, atol=0.02, rtol=0)
    same = load("fashion", train_size=20, test_size=10, side=16)
    assert torch.equal(same.train_images, fashion.train_images[:20])
    wide = matched(small, 16, 24)
    assert wide.test_images.shape == (10, 3, 16, 24)
    assert torch.equal(wide.test_labels, small.test_labels)


def test_the_result_shares_no_memory_with_a_larger_one() -> None:
    small = load("fashion", train_size=10)
    assert small.train_images.untyped_storage().nbytes() == small.train_images.numel() * 4


def test_fingerprint_sees_images_labels_and_names() -> None:
    data = load("digits", train_size=20, test_size=10)
    same = fingerprint(data)
    assert fingerprint(replace(data, name="other")) == same
    pixel = data.test_images.clone()
    pixel[3, 1, 2, 5] += 1e-6
    others = [
        replace(data, test_images=pixel),
        replace(data, train_labels=data.train_labels.roll(1)),
        replace(data, class_names=tuple("abcdefghij")),
        replace(data, train_images=data.train_images.view(20, 3, 8, 32)),
    ]
    assert len({same, *map(fingerprint, others)}) == 5

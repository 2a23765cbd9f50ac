"""Any data: they are split and numbered, or refused with one message that names value and remedy."""

import io
import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset, Subset, TensorDataset

from empirical.audit import audit
from empirical.audit.halves import Halves, halves
from empirical.audit.report import report
from empirical.data.sets import load
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from tests.empirical.audit.refusals import images, noisy, refused
from theory.messages import Notice


class Endless(Dataset):
    """A stream: without a length, and with classes that are not there yet."""

    def __getitem__(self, i):
        return images(1)[0], i % 2

    def __len__(self):
        raise NotImplementedError("a stream")


class Classless(Endless):
    """Its classes fail."""

    @property
    def classes(self):
        sys.exit(0)

    def __len__(self):
        return 8


def truncated_file(x):
    file = io.BytesIO()
    Image.fromarray(as_bytes(x)).save(file, "png")
    return Image.open(io.BytesIO(file.getvalue()[:-40]))


class Listed(Dataset):
    """Items as some data set gives them."""

    def __init__(self, items, **attributes):
        self.items = items
        for name, value in attributes.items():
            setattr(self, name, value)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def listed(labels, image=lambda x: x, **attributes):
    return Listed([(image(x), y) for x, y in zip(images(len(labels)), labels, strict=True)], **attributes)


LABELS = [0, 1, 2] * 8


def test_one_data_set_is_split_class_by_class_and_replays():
    labels = [0] * 10 + [1] * 7 + [2] * 4
    split, again, other = (halves(listed(labels), seed=seed) for seed in (0, 0, 1))
    assert split.fit_labels.bincount().tolist() == [5, 4, 2]
    assert split.labels.bincount().tolist() == [5, 3, 2]
    assert split.fingerprint() == again.fingerprint() != other.fingerprint()
    both = torch.cat([split.fit_images, split.images])
    torch.testing.assert_close(both.flatten(1).sum(1).sort().values, images(21).flatten(1).sum(1).sort().values)
    x = images(21)
    for half, of in ((split.fit_images, split.fit_labels), (split.images, split.labels)):
        for image, label in zip(half, of.tolist(), strict=True):
            assert labels[int((x == image).flatten(1).all(dim=1).nonzero()[0])] == label


def test_a_pair_of_data_sets_and_our_own_are_taken_as_they_are():
    split = halves((listed(LABELS), listed(LABELS[::-1])))
    assert split.fit_labels.tolist() == LABELS
    assert split.labels.tolist() == LABELS[::-1]
    ours = load("digits", train_size=20, test_size=20)
    split = halves(ours)
    assert torch.equal(split.fit_images, ours.train_images)
    assert torch.equal(split.labels, ours.test_labels)
    assert split.class_names == ours.class_names
    assert halves(Subset(listed(LABELS), range(18))).class_names == ("0", "1", "2")


def as_array(x):
    return x.numpy().transpose(1, 2, 0)


def as_bytes(x):
    return (as_array(x) * 255).round().astype("uint8")


class Word(str):
    """A string that does not let itself be read."""

    def __str__(self):
        raise RuntimeError("unreadable")


@pytest.mark.parametrize(
    ("image", "channels"),
    [
        (lambda x: x, 3),
        (lambda x: x.double(), 3),
        (lambda x: x.clone().requires_grad_(), 3),
        (lambda x: x.to_sparse(), 3),
        (lambda x: (x * 255).round().byte(), 3),
        (as_array, 3),
        (as_bytes, 3),
        (lambda x: x.numpy(), 3),
        (lambda x: np.asfortranarray(as_bytes(x)), 3),
        (lambda x: as_array(x).astype(">f4"), 3),
        (lambda x: np.ma.masked_array(as_array(x), mask=False), 3),
        (lambda x: Image.fromarray(as_bytes(x)), 3),
        (lambda x: Image.fromarray(as_bytes(x)).convert("RGBA"), 3),
        (lambda x: Image.fromarray(as_bytes(x)).convert("P"), 3),
        (lambda x: Image.fromarray(as_bytes(x)).convert("CMYK"), 3),
        (lambda x: Image.fromarray(as_bytes(x)).convert("L"), 1),
        (lambda x: x[:1], 1),
        (lambda x: x[0], 1),
        (lambda x: as_bytes(x)[:, :, 0], 1),
        (lambda x: as_bytes(x)[:, :, :1], 1),
        (lambda x: x[:1] > 0.5, 1),
        (lambda x: x.tolist(), 3),
    ],
)
def test_images_of_every_kind_are_brought_to_one(image, channels):
    split = halves((listed(LABELS, image), listed(LABELS, image)))
    assert split.images.shape == (24, channels, 8, 8)
    assert split.images.dtype == torch.float32
    assert 0.5 < split.images.max() <= 1
    expected = images(24) if channels == 3 else images(24)[:, :1]
    grey = image(images(1)[0])
    exact = not isinstance(grey, Image.Image) or grey.mode == "RGB"
    if exact and not (isinstance(grey, torch.Tensor) and grey.dtype == torch.bool):
        torch.testing.assert_close(split.images, expected, atol=1 / 500, rtol=0)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([torch.tensor(y) for y in LABELS], ("0", "1", "2")),
        ([torch.tensor([y]) for y in LABELS], ("0", "1", "2")),
        ([np.int32(y) for y in LABELS], ("0", "1", "2")),
        ([np.array(y) for y in LABELS], ("0", "1", "2")),
        ([("cat", "dog", "ant")[y] for y in LABELS], ("ant", "cat", "dog")),
        ([np.str_("cat") if y else "dog" for y in LABELS], ("cat", "dog")),
        ([(7, 10**15, 30)[y] for y in LABELS], ("7", "30", str(10**15))),
        ([y > 1 for y in LABELS], ("0", "1")),
        (list(np.array(LABELS) > 1), ("0", "1")),
        ([np.uint64(2**64 - 1) if y else 5 for y in LABELS], ("5", str(2**64 - 1))),
        ([Word("cat") if y else "dog" for y in LABELS], ("cat", "dog")),
    ],
)
def test_labels_of_every_kind_are_numbered(labels, names):
    split = halves((listed(labels), listed(labels)))
    assert split.class_names == names
    assert split.labels.dtype == torch.int64
    words = [str(int(y)) if not isinstance(y, str) else str.__str__(y) for y in labels]
    assert [names[k] for k in split.labels.tolist()] == words


def test_class_names_are_given_or_the_data_sets():
    named = listed(LABELS, classes=["ant", "bee", "cow"])
    assert halves(named).class_names == ("ant", "bee", "cow")
    assert halves(named, ["x", "y", "z"]).class_names == ("x", "y", "z")
    assert halves(listed(LABELS, classes=3)).class_names == ("0", "1", "2")
    words = listed([("cow", "ant", "bee")[y] for y in LABELS], classes=["cow", "ant", "bee"])
    assert halves((words, words)).labels.tolist() == LABELS
    synonyms = listed([str(["cow", "ox"]) if y else "ant" for y in LABELS], classes=["ant", ["cow", "ox"]])
    assert halves(synonyms).class_names == ("ant", "['cow', 'ox']")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.5] * 24, r"label 0.5 of item 0 is no integer and no string"),
        ([1.0] * 24, "label 1.0 of item 0 is no integer"),
        ([torch.tensor([0, 1])] * 24, "of item 0 is no integer"),
        ([torch.tensor(1.0)] * 24, "of item 0 is no integer"),
        ([None] * 24, "label None of item 0 is no integer"),
        ([0, 1, -1] * 8, "label -1 of item 2 is negative.*leave the unlabelled out"),
        ([0, "one", 2] * 8, "some labels are numbers and some are strings"),
        ([0] * 24, "the data have 1 class: the theorem separates classes"),
        (list(range(24)), "12 fitting images for 24 classes: give at least 48|0 fitting images for 24 classes"),
        ([0, 1, 1] * 7 + [2], "class '2' has 0 fitting images, 2 are needed: add some, or leave the class out"),
        ([0, 1, 1] * 7 + [2, 2, 2], "class '2' has 1 certifying images, 2 are needed"),
    ],
)
def test_labels_that_make_no_classes_are_refused(labels, message):
    refused(message, halves, listed(labels))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "data is a int: give a Dataset"),
        (None, "data is a NoneType"),
        ((x for x in ()), "data is a generator"),
        ([], "the data set is empty"),
        (Listed([]), "the data set is empty"),
        ({"image": 1}, r"item 0 of the data set cannot be read \(KeyError"),
        (Listed([{"image": 1, "label": 2}]), r"item 0 of the data set is a dict: give \(image, label\) pairs"),
        (images(), r"item 0 of the data set is a Tensor: give \(image, label\) pairs.*TensorDataset"),
        ((images(), torch.zeros(12)), "item 0 of the data set is a Tensor"),
        ("path/to/images", "item 0 of the data set is a str"),
        (listed(LABELS, classes=["a", "b"]), "labels run from 0 to 2: number 2 classes 0..1"),
        (listed(LABELS, classes=["a", "b", "c", "d"]), "class 'd' has 0 fitting images"),
        (listed(["x", "y"] * 12, classes=["x", "z"]), "label 'y' is none of the 2 class names"),
        (listed(LABELS, lambda _: "image.png"), "image 0 is a str that cannot be read .*: give a tensor, an array or a PIL"),
        (listed(LABELS, lambda _: None), "image 0 is a NoneType"),
        (listed(LABELS, lambda x: x.to("meta")), r"image 0 is a Tensor that cannot be read \(NotImplementedError"),
        (listed(LABELS, lambda _: [[1, 2], [3]]), r"image 0 is a list that cannot be read \(ValueError"),
        (listed(LABELS, truncated_file), r"image 0 is a PngImageFile that cannot be read \(OSError"),
        (Endless(), r"the data set has no length \(NotImplementedError: a stream\)"),
        (Classless(), r"the data set's classes cannot be read \(SystemExit: 0\)"),
        (listed(["x", "y"] * 12, classes=["x", ["y"]]), "label 'y' is none of the 2 class names"),
        (listed([0, 1, 2**70] * 8, classes=["x", "y"]), f"labels run from 0 to {2**70}: number 2 classes 0..1"),
        (listed(LABELS, classes=["a", "b", "a"]), r"class names \('a', 'b', 'a'\) hold one twice: give each class its own"),
        (listed(LABELS, lambda x: np.ma.masked_array(x, mask=x > 0.9)), "image 0 .*some of its values are masked"),
        (listed(LABELS, lambda x: x[None]), r"image 0 has shape \(1, 3, 8, 8\): give \(C, H, W\)"),
        (listed(LABELS, lambda x: x.flatten()), r"image 0 has shape \(192,\)"),
        (listed(LABELS, lambda x: x[:, :0]), r"image 0 has shape \(3, 0, 8\)"),
        (listed(LABELS, lambda x: (x * 255).long()), "image 0 has dtype torch.int64: give uint8, or float"),
        (listed(LABELS, lambda x: x * 255), r"image 0 has values from .* to 25.*: give images in \[0, 1\], divided by 255"),
        (listed(LABELS, lambda x: x / 255), "no image has a value above 0.0039.*, all are black where 1 is white: multiply"),
        (listed(LABELS, lambda x: (x > 0.5).byte()), "no image has a value above 0.0039.*: multiply them by 255"),
        (listed(LABELS, lambda x: x.movedim(0, 2)), r"image 0 has shape \(8, 8, 3\), which looks like \(H, W, C\): give"),
        (TensorDataset(images(24).movedim(1, 3), torch.tensor(LABELS)), r"\(8, 8, 3\), which looks like .*movedim"),
        (listed(LABELS, lambda x: x[:, :, :3].numpy()), r"shape \(3, 8, 3\) may be \(C, H, W\) or \(H, W, C\)"),
        (listed(LABELS, lambda _: Image.new("LAB", (8, 8))), "image 0 is a Image that cannot be read .*mode LAB has more"),
        (listed(LABELS, lambda x: (x - 0.5) / 0.2), r"image 0 has values from -.*put a Normalize into the encoder"),
        (listed(LABELS, lambda x: torch.complex(x, x)), "image 0 has dtype torch.complex64"),
        (listed(LABELS, lambda _: Image.new("I", (8, 8))), "image 0 has mode I, more than 8 bits a channel"),
        (listed(LABELS, lambda x: x if x[0, 0, 0] < 0.9 else x[:, :7]), r"image \d+ has shape \(3, 7, 8\), image 0 \(3, 8"),
        (listed(LABELS, lambda x: x if x[0, 0, 0] < 0.9 else x[:1]), r"image \d+ has shape \(1, 8, 8\).*number of channels"),
        (listed(LABELS, lambda x: torch.where(x == images(24)[5, 1, 2, 3], torch.nan, x)), "image 5 holds NaN or infinity"),
        (listed(LABELS, lambda x: torch.where(x == images(24)[5, 1, 2, 3], torch.inf, x)), "image 5 holds NaN or infinity"),
        ((listed(LABELS), listed(LABELS, lambda x: x[:, :7])), r"fitting .* shape \(3, 8, 8\), certifying ones \(3, 7"),
        ((listed(LABELS), listed([0, 1] * 12)), "class '2' has 0 certifying images"),
        ((listed(LABELS), listed([0, 1])), "2 certifying images for 3 classes: give at least 6"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_audited_are_refused(data, message):
    refused(message, halves, data)


def test_pictures_are_read_as_a_viewer_shows_them():
    alpha = Image.fromarray((np.arange(64).reshape(8, 8) % 2 * 255).astype(np.uint8))

    def see_through(x):
        image = Image.fromarray(as_bytes(x))
        image.putalpha(alpha)
        return image

    with pytest.warns(
        Notice, match="24 of 24 images are transparent somewhere, and are laid over white; first: item 0"
    ):
        split = halves(listed(LABELS, see_through))
    assert (split.images[..., ::2] == 1).all()
    assert (split.images[..., 1::2] < 1).any()

    def turned(x):
        image = Image.fromarray(as_bytes(x)).rotate(90)
        image.getexif()[0x0112] = 6
        return image

    torch.testing.assert_close(
        halves(listed(LABELS, turned)).images, halves(listed(LABELS)).images, atol=1 / 500, rtol=0
    )


@pytest.mark.parametrize("names", ["abc", 3, b"abc"[0]])
def test_names_that_are_no_list_of_them_are_refused(names):
    refused(r"class_names=.*: no list of names; give one name for each class", halves, listed(LABELS), names)


def test_names_that_cannot_be_shown_are_kept_and_escaped_in_the_report():
    names = ["red\x1b[31m", "caf\udce9", "two\nlines"]
    result = audit(nn.Flatten(), listed(LABELS * 2), noisy, class_names=names, m=2, progress=False)
    assert result.data.class_names == tuple(names)
    text = report(result)
    assert all(line.isprintable() for line in text.split("\n"))
    assert all(shown in text for shown in (r"red\x1b[31m", r"caf\udce9", r"two\nlines"))


def test_black_images_among_others_are_images():
    assert halves(listed(LABELS, lambda x: x * (x[0, 0, 0] > 0.5))).images.max() > 0.5
    assert halves(listed(LABELS, lambda x: 0 * x)).images.max() == 0


@pytest.mark.parametrize("error", [OSError("cannot identify image file 'x.png'"), SystemExit(0)])
def test_a_data_set_that_fails_is_refused(error):
    class Fails(Listed):
        def __getitem__(self, i):
            if i == 3:
                raise error
            return super().__getitem__(i)

    message = re.escape(f"item 3 of the data set cannot be read ({type(error).__name__}: {error})")
    refused(message, halves, Fails(listed(LABELS).items))


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("a", "seed='a': a str, not an integer; give an integer"),
        (1.5, "seed=1.5: a float, not an integer"),
        (-1, "seed=-1: too small; give an integer in 0..4294967295"),
    ],
)
def test_a_split_needs_a_seed(seed, message):
    refused(message, halves, listed(LABELS), None, seed)
    assert halves(listed(LABELS), None, np.int64(3)).fingerprint() == halves(listed(LABELS), None, 3).fingerprint()


def test_images_that_are_in_both_halves_are_counted():
    mixed = Listed(listed(LABELS).items[:18] + [(1 - x, y) for x, y in listed(LABELS).items[:6]])
    assert halves((listed(LABELS), mixed)).shared() == 18 / 24
    assert halves(listed(LABELS)).shared() == 0


def test_tensors_with_labels_make_a_data_set():
    split = halves(TensorDataset(images(24), torch.tensor(LABELS)))
    assert len(split.fit_images) == len(split.images) == 12


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"labels": torch.zeros(24)},
            "certifying labels have shape .*torch.float32, for 24 images: give one int64 each",
        ),
        ({"labels": torch.tensor(LABELS[1:])}, r"certifying labels have shape \(23,\)"),
        ({"labels": torch.tensor(LABELS) - 1}, "certifying labels run from -1 to 1: number 3 classes 0..2"),
        ({"labels": torch.tensor(LABELS) + 10**12}, "certifying labels run from 1000000000000"),
        ({"fit_images": images(24).byte()}, "fitting images have shape .*torch.uint8: give float"),
        ({"fit_images": images(24).flatten(1)}, "fitting images have shape"),
        ({"fit_images": images(24) * torch.nan}, "fitting image 0 holds NaN"),
        ({"class_names": ("a",)}, "the data have 1 class"),
        (
            {"images": images(24).movedim(1, 3)},
            r"certifying images have shape \(8, 8, 3\), which looks like \(H, W, C\)",
        ),
    ],
)
def test_halves_are_checked(changes, message):
    good = {"fit_images": images(24), "fit_labels": torch.tensor(LABELS)}
    good |= {"images": images(24), "labels": torch.tensor(LABELS), "name": "x", "class_names": ("a", "b", "c")}
    assert Halves(**good).images.shape == (24, 3, 8, 8)
    refused(message, Halves, **good | changes)


def test_what_apply_would_do_to_other_values_is_why_they_are_refused():
    """The library's augmentation clamps to [0, 1], so normalised images would lose what lies outside."""
    x = (images(2) - 0.5) / 0.2
    p = sample_parameters(Augmentation(), 2, seeded_generator(0))
    assert (apply(x, p) - x).abs().max() > 1

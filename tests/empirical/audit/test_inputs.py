"""Any data, any augmentation and their features: they work, or are refused with one message that names value and remedy."""

import functools
import json
import random
import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from empirical.evaluation.features import drawn_in_blocks, encode, encode_views
from empirical.evaluation.heads import HEADS, make_head
from empirical.thirdparty import seeded
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from empirical.views.parsing import parse_views
from empirical.views.protocol import Views
from empirical.views.warps import Warp, matrices, warp_images
from tests.empirical.audit.refusals import Does, images, noisy, refused

CPU = torch.device("cpu")
HERE = __name__


def by_the_library(x, views):
    """The views, by the library's own functions."""
    generators = [seeded_generator(*views.keys(j)) for j in range(1, views.m)]
    if isinstance(views.source, Warp):
        return torch.stack([x, *(warp_images(x, matrices(views.source, len(x), g)) for g in generators)], dim=1)
    return torch.stack([x, *(apply(x, sample_parameters(views.source, len(x), g)) for g in generators)], dim=1)


def featured(function, head="unit", n=12, views="mild", m=3, subject="certifying half", made=None):
    made = made or make_head(head, encode(Does(function), images(n), CPU), 3, 0)
    blocks = drawn_in_blocks(images(n), parse_views(views, m, 0, False))
    return encode_views(Does(function), made, blocks, CPU, samples=n, subject=subject)


@pytest.mark.parametrize("head", HEADS)
def test_features_of_views_are_those_of_each_view_alone(head):
    found = featured(lambda x: x.flatten(1)[:, :20], head, n=200, m=4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-12)
    views = by_the_library(images(200), parse_views("mild", 4, 0, False))
    ending = make_head(head, images(200).flatten(1)[:, :20].double(), 3, 0)
    for i in (0, 127, 128, 199):
        np.testing.assert_allclose(found[i], ending(views[i].flatten(1)[:, :20]), atol=1e-5)


def test_the_row_without_a_direction_is_named():
    def silent(x):
        out = x.flatten(1) + 1
        out[x[:, 0, 0, 0] == images(300)[211, 0, 0, 0]] = 0
        return out

    refused(
        "features of view 0 of image 211 .certifying half. have no direction.*before a ReLU", featured, silent, n=300
    )

    def infinite(x):
        return silent(x).reciprocal()

    refused(
        r"not finite .torch.float32., first for view 0 of image 211 \(fitting half\)",
        featured, infinite, n=300, subject="fitting half", made=make_head("unit", None, 2, 0),
    )  # fmt: skip


def test_an_encoder_of_zeros_is_refused():
    refused("512 of 512 rows are zero|36 of 36 rows are zero", featured, lambda x: 0 * x.flatten(1))


@pytest.mark.parametrize("head", ["unit", "centred"])
def test_a_width_that_changes_in_the_last_block_is_refused(head):
    refused(
        "returns 6 to 20 features, a width that", featured, lambda x: x.flatten(1)[:, : min(len(x), 20)], head, n=172
    )


@pytest.mark.parametrize("head", ["centred", "whitened", "clusters"])
def test_a_collapsed_encoder_is_refused_by_fitted_heads(head):
    refused("the encoder has collapsed", featured, lambda x: torch.ones(len(x), 4), head)
    assert featured(lambda x: torch.ones(len(x), 4)).std(axis=0).max() == 0  # on the sphere it is a world like others


def test_heads_that_cannot_be_are_refused():
    refused("head='relu': unknown; choose one of unit, centred", make_head, "relu", None, 3, 0)
    refused(
        "clusters='two': a str, not an integer; give an integer", make_head, "clusters", images().flatten(1), "two", 0
    )
    refused("corners=1: a simplex", featured, lambda x: x.flatten(1)[:, :1], "vertices")
    refused(
        "clusters=3: more than there are different", featured, lambda x: (x.flatten(1)[:, :1] > 0.5) * 1.0, "clusters"
    )


def batched(image):
    return noisy(image)[None]


class Counting:
    """A state of its own: another view at every call."""

    calls = 0

    def __call__(self, image):
        self.calls += 1
        return (image + self.calls / 1000).clamp(0, 1)


SOURCES = [
    "abcdef",
    "a",
    "mild",
    "warp",
    "mild-warp",
    "warp:rotation=5,shift=0",
    "mild-crop",
    "crop:across=0.2,down=0",
    "mild-warp+flip:rotation=3",
    "mild:crop_scale=0.5..0.9,flip_probability=0.5",
]


@pytest.mark.parametrize("text", [*SOURCES, f"{HERE}:noisy", f"{HERE}:batched"])
@pytest.mark.parametrize("same", [False, True])
def test_views_are_the_same_in_any_blocks_and_for_any_number_of_images(text, same):
    x = images(11)
    views = parse_views(text, 4, 3, same)
    every = views.drawn(11).block(x, 0)
    assert every.shape == (11, 4, 3, 8, 8)
    assert torch.equal(every[:, 0], x)
    for first, second in ((0, 1), (0, 2), (1, 2), (2, 3)):
        assert (every[:, first] - every[:, second]).abs().max() > 1e-3
    for size in (1, 2, 4):
        drawn = views.drawn(11)
        blocks = [drawn.block(x[i : i + size], i) for i in range(0, 11, size)]
        torch.testing.assert_close(torch.cat(blocks), every, atol=1e-6, rtol=0)
    torch.testing.assert_close(views.drawn(5).block(x[:5], 0), every[:5], atol=1e-6, rtol=0)
    torch.testing.assert_close(parse_views(text, 2, 3, same).drawn(11).block(x, 0), every[:, :2], atol=1e-6, rtol=0)
    other = parse_views(text, 4, 4, same).drawn(11).block(x, 0)
    assert (other - every).abs().max() > 1e-3


@pytest.mark.parametrize("text", ["abcd", "warp", f"{HERE}:noisy"])
def test_same_views_are_one_transformation_of_all_images(text):
    x = images(1).expand(6, -1, -1, -1)
    found = parse_views(text, 4, 0, True).drawn(6).block(x, 0)
    torch.testing.assert_close(found, found[:1].expand_as(found), atol=1e-6, rtol=0)
    apart = parse_views(text, 4, 0, False).drawn(6).block(x, 0)
    assert (apart[1:] - apart[:1]).abs().max() > 1e-3


def test_views_are_those_of_the_library():
    x = images(9)
    for text, source in (
        ("abcd", Augmentation.from_letters("abcd")),
        ("warp", Warp()),
        ("warp:scale=0.1", Warp(scale=0.1)),
        ("mild:crop_scale=0.5..1", Augmentation(crop_scale=(0.5, 1))),
    ):
        found = parse_views(text, 5, 7, False)
        assert torch.equal(found.drawn(9).block(x, 0), by_the_library(x, Views(source, text, 5, 7)))


def test_global_random_states_are_left_alone():
    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    before = states()
    Views(noisy, "noisy").drawn(3).block(images(3), 0)

    def failing(image):
        noisy(image)
        raise OSError("no")

    refused("OSError: no", Views(failing, "failing").drawn(3).block, images(3), 0)
    with seeded(1, 2):
        inside = states()
    assert states() == before != inside


@pytest.mark.parametrize("text", ["abcdef", "mild"])
def test_grey_images_have_views_too(text):
    x = images(6, channels=1)
    found = parse_views(text, 4, 0, False).drawn(6).block(x, 0)
    expected = by_the_library(x.expand(-1, 3, -1, -1), parse_views(text, 4, 0, False))
    torch.testing.assert_close(found.expand(-1, -1, 3, -1, -1), expected, atol=1e-5, rtol=0)
    refused(
        "5 channels, the augmentation is for 1 or 3",
        parse_views(text, 4, 0, False).drawn(2).block,
        images(2, 5),
        0,
    )
    assert parse_views("warp", 4, 0, False).drawn(2).block(images(2, 5), 0).shape == (2, 4, 5, 8, 8)


def test_views_that_change_nothing_are_told():
    assert parse_views("", 3, 0, False).unchanged(images()) > 0.99
    assert Views(lambda image: image, "identity").unchanged(images()) == 1
    assert Views(lambda image: image if image[0, 0, 0] < 0.5 else 1 - image, "some").unchanged(
        images(100)
    ) == pytest.approx(float((images(100)[:, 0, 0, 0] < 0.5).double().mean()))
    assert parse_views("mild", 3, 0, False).unchanged(images()) == 0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda image: image[:, 1:], r"returned \(3, 7, 8\) torch.float32 for an image of shape \(3, 8, 8\)"),
        (lambda image: image[0], r"returned \(8, 8\)"),
        (lambda image: torch.stack([image, image]), r"returned \(2, 3, 8, 8\)"),
        (lambda image: Image.fromarray((image.numpy().transpose(1, 2, 0) * 255).astype("uint8")), "returned a Image"),
        (lambda image: image.numpy(), "returned a ndarray"),
        (lambda image: (image * 255).byte(), r"returned \(3, 8, 8\) torch.uint8.*float tensor"),
        (lambda _: None, "returned a NoneType"),
        (lambda image: image / 0, r"values from inf to inf, far from \[0, 1\]"),
        (lambda image: image * torch.nan, r"values from nan to nan"),
        (lambda image: (image - 0.5) / 0.2, r"far from \[0, 1\].*leave a Normalize to the encoder"),
        (lambda image: image.crop((0, 0, 4, 4)), "AttributeError.*begin with ToPILImage"),
        (nn.Linear(3, 3), "fails on an image of shape"),
        (lambda _: sys.exit(0), r"fails on an image of shape .*\(SystemExit: 0\)"),
        (lambda image: image.to("meta"), r"fails on an image of shape .*\(NotImplementedError"),
        (Counting(), "makes another view of the same image from the same seed"),
        (lambda image: image + 0.1 * float(np.random.default_rng().random()), "makes another view of the same image"),
    ],
)
def test_callables_that_make_no_views_are_refused(function, message):
    refused(message, Views(function, "other", 3).drawn(4).block, images(4), 0)


def test_callables_may_work_in_place_or_with_gradients():
    def in_place(image):
        return image.mul_(torch.rand(()))

    x = images(4)
    before = x.clone()
    Views(in_place, "in place").drawn(4).block(x, 0)
    assert torch.equal(x, before)
    scale = nn.Parameter(torch.tensor(0.5))
    for kind in (torch.Tensor.to_sparse, lambda view: view.to(torch.float8_e4m3fn)):
        assert Views(lambda image, kind=kind: kind(image), "of a kind").drawn(4).block(x, 0).dtype == torch.float32
    assert not Views(lambda image: image * scale, "learnt").drawn(4).block(x, 0).requires_grad


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("xyz", "letters='xyz': not each a different one of 'abcdef'"),
        ("aa", "at most once"),
        ("warp:rotation", r"views='warp:rotation': .*; write name=number"),
        ("warp:rotation=", "views='warp:rotation='.*write name=number"),
        ("warp:rotation=fast", "could not convert string to float: 'fast'; write name=number"),
        ("warp:rotation=-3", "rotation=-3.0: no range of distortions"),
        ("warp:speed=3", "'speed'.*the parameters are rotation=20.0, shear"),
        ("mild:crop_scale=0.5", "write a range as low..high"),
        ("mild:crop_scale=0.5..2", r"crop_scale=\(0.5, 2.0\): no range of shares"),
        ("no_such_package:f", "cannot be imported.*give package.module:name"),
        (f"{HERE}:CPU", "names a device; give a callable"),
        (f"{HERE}:nothing", "cannot be imported"),
    ],
)
def test_views_that_cannot_be_read_are_refused(text, message):
    refused(message, parse_views, text, 4, 0, False)


def test_too_few_views_and_negative_seeds_are_refused():
    refused("views=1: too small; give an integer in 2..10000", parse_views, "a", 1, 0, False)
    refused("views='a': a str, not an integer; give an integer", Views, noisy, "noisy", "a")
    refused("seed=1.5: a float, not an integer; give an integer", Views, noisy, "noisy", 2, 1.5)
    refused("seed=-1: too small; give an integer in 0..4294967295", parse_views, "a", 2, -1, False)


def test_descriptions_are_plain_and_the_same_in_every_process():
    for source in (
        noisy,
        functools.partial(noisy),
        Counting(),
        nn.Dropout(0.1),
        Warp(),
        Augmentation.from_letters("ab"),
    ):
        text = json.dumps(Views(source, "x").description())
        assert "0x" not in text
    assert re.search("p=0.1", json.dumps(Views(nn.Dropout(0.1), "x").description()))

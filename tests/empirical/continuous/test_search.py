"""Verdicts: trees that prove, views that refute, budgets that end, and no dependence on processes."""

import numpy as np
import pytest
import torch

from empirical.continuous.backward import Network, margins
from empirical.continuous.geometry import Box, cells
from empirical.continuous.network import plain, scores
from empirical.continuous.search import LEAF, verify
from empirical.views.crops import Crop
from empirical.views.flips import Flipped
from empirical.views.warps import Warp, maps_at, warp_images
from tests.empirical.continuous.small import balanced, images

WARP = Warp(rotation=5.0, shear=0.0, scale=0.03, shift=0.03)
BOX = Box(WARP)
D = len(BOX.dimensions)
NETWORK = plain(balanced(1), (1, 7, 6))
IMAGES = images(24, seed=3)


@pytest.fixture(scope="module")
def verdicts():
    return verify(NETWORK, IMAGES, BOX, 400)


def leaves(splits, low, high):
    """The cells of a tree in preorder, and what of it is left over."""
    if splits[0] == LEAF:
        return [(low, high)], splits[1:]
    d, middle = splits[0], (low[splits[0]] + high[splits[0]]) / 2
    upper, lower = low.copy(), high.copy()
    upper[d] = lower[d] = middle
    first, rest = leaves(splits[1:], low, lower)
    second, rest = leaves(rest, upper, high)
    return first + second, rest


def test_every_status_is_met(verdicts):
    assert {v.status for v in verdicts} == {"proved", "refuted", "open"}


def test_clusters_are_of_the_images(verdicts):
    assert [v.cluster for v in verdicts] == scores(NETWORK, IMAGES.numpy()).argmax(axis=1).tolist()


def test_leaves_cover_the_box_and_are_proved(verdicts):
    depths = []
    for image, verdict in zip(IMAGES, verdicts, strict=True):
        if verdict.status != "proved":
            assert verdict.splits == b""
            continue
        found, rest = leaves(list(verdict.splits), -np.ones(D), np.ones(D))
        assert rest == []
        depths.append(len(found))
        assert sum(np.prod(high - low) for low, high in found) == 2.0**D
        low, high = (torch.from_numpy(np.array(ends)) for ends in zip(*found, strict=True))
        affine = cells(image.expand(len(found), -1, -1, -1), low, high, BOX)
        rivals = np.tile(np.arange(3) != verdict.cluster, (len(found), 1))
        assert margins(Network(NETWORK), affine, verdict.cluster, rivals).min() > -0.05  # a parent may have been better
    assert max(depths) > 1


def test_refuting_views_are_of_another_cluster(verdicts):
    for image, verdict in zip(IMAGES, verdicts, strict=True):
        if verdict.status == "refuted":
            view = torch.tensor([verdict.view], dtype=torch.float64)
            assert view.shape == (1, 6)
            assert view.abs().max() <= 1
            assert view[0, 3] == 0
            result = scores(NETWORK, warp_images(image[None].double(), maps_at(WARP, view)).numpy())
            assert result.argmax() != verdict.cluster
        else:
            assert verdict.view is None


def test_open_means_that_the_budget_ended(verdicts):
    for verdict in verdicts:
        assert verdict.cells <= 400
    more = verify(NETWORK, IMAGES, BOX, 2000)
    for before, after in zip(verdicts, more, strict=True):
        if before.status != "open":
            assert after == before
    assert sum(v.status == "open" for v in more) < sum(v.status == "open" for v in verdicts)


def test_processes_and_company_do_not_matter(verdicts):
    assert verify(NETWORK, IMAGES[:6], BOX, 400, jobs=2) == verdicts[:6]
    assert verify(NETWORK, IMAGES[3:5], BOX, 400) == verdicts[3:5]


def test_box_of_no_dimension_is_the_image():
    still = Box(Warp(rotation=0, shear=0, scale=0, shift=0))
    assert [(v.status, v.cells, v.splits) for v in verify(NETWORK, IMAGES[:3], still, 1)] == [
        ("proved", 1, bytes([LEAF]))
    ] * 3


def test_a_flip_is_proved_where_both_images_are_and_of_one_cluster():
    crop, pictures = Crop(0.05, 0.05), IMAGES[:12]
    flipped = verify(NETWORK, pictures, Box(Flipped(crop)), 400)
    alone, mirrored = (verify(NETWORK, images, Box(crop), 400) for images in (pictures, pictures.flip(-1)))
    kinds = set()
    for image, verdict, *both in zip(pictures, flipped, alone, mirrored, strict=True):
        agree = both[0].cluster == both[1].cluster
        kinds.add((verdict.status, agree))
        if verdict.status == "proved":
            assert agree
            assert [one.status for one in both] == ["proved"] * 2
            assert verdict.splits == bytes([4]) + both[0].splits + both[1].splits
        if verdict.status == "refuted":
            source, view = Flipped(crop), torch.tensor([verdict.view], dtype=torch.float64)
            assert (
                scores(NETWORK, source.apply(image[None].double(), source.maps(view)).numpy()).argmax()
                != verdict.cluster
            )
        if not agree:
            assert verdict.status == "refuted"
    assert {("proved", True), ("refuted", False)} <= kinds


def test_progress_counts(capsys):
    verify(NETWORK, IMAGES[:2], BOX, 400, progress=True)
    assert "proved=" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"budget": 0}, "budget=0"),
        ({"jobs": 0}, "jobs=0"),
        ({"images": IMAGES[:, :, :5]}, r"images.shape=\(24, 1, 5, 6\)"),
        ({"images": IMAGES * float("nan")}, "not finite"),
    ],
)
def test_refused(change, message):
    with pytest.raises(ValueError, match=message):
        verify(**{"network": NETWORK, "images": IMAGES, "box": BOX, "budget": 10} | change)

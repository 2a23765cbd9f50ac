"""Stored proofs: what the verifier proves stands, and nothing that was changed does."""

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from empirical.continuous.certificate import stored_arrays, stored_nodes
from empirical.continuous.check import problems, read_layers, read_proofs
from empirical.continuous.geometry import Box
from empirical.continuous.network import plain, scores
from empirical.continuous.replay import LEAF
from empirical.continuous.replayed_network import ranges_of
from empirical.continuous.replayed_views import CropRanges, FlippedRanges, Ranges
from empirical.continuous.search import verify
from empirical.views.crops import Crop
from empirical.views.flips import Flipped
from empirical.views.warps import Warp
from tests.empirical.continuous.replaying import CROPS, RANGES, Residual, images

PER_IMAGE = ("images", "status", "clusters", "views", "lengths")
BOX = Box(Warp(rotation=5.0, shear=0.0, scale=0.05, shift=0.06))


class Normalised(Residual):
    """With a normalisation, which is folded."""

    def __init__(self):
        super().__init__()
        norm = nn.BatchNorm2d(6)
        norm.running_mean, norm.running_var = torch.rand(6) / 10, 0.5 + torch.rand(6)
        self.first = nn.Sequential(self.first, norm)


@pytest.fixture(scope="module")
def stored():
    """Nodes and arrays of proofs that stand, of each status at least one."""
    return proofs_over(BOX, [0, 1, 3, 6])


@pytest.fixture(scope="module")
def cropped():
    """Likewise, over a box of crops."""
    return proofs_over(Box(Crop(CROPS.across, CROPS.down)), range(8))


def proofs_over(box, rows, statuses=frozenset({"proved", "refuted", "open"})):
    torch.manual_seed(1)
    network = plain(Normalised().eval(), (3, 8, 8))
    pixels = torch.from_numpy(np.moveaxis(images(8)[list(rows)], 3, 1)).float()
    verdicts = verify(network, pixels, box, 100)
    assert statuses <= {v.status for v in verdicts}
    return stored_nodes(network), stored_arrays(network, pixels.numpy(), verdicts, box)


def said(folder, nodes, arrays, ranges=RANGES):
    """What the check says, a line each."""
    path = folder / "proofs.safetensors"
    path.write_bytes(safetensors.numpy.save({name: np.ascontiguousarray(a) for name, a in arrays.items()}))
    try:
        proofs, _ = read_proofs(path, nodes)
        return list(problems(proofs, ranges, range(len(proofs.images))))
    except ValueError as error:
        return [str(error)]


def refused(lines):
    """Something is said, a line each."""
    assert lines
    assert not any("\n" in line for line in lines)


def test_what_the_verifier_proves_and_refutes_stands(stored, tmp_path):
    assert said(tmp_path, *stored) == []


def test_the_network_read_is_the_network_stored(stored):
    torch.manual_seed(1)
    network = plain(Normalised().eval(), (3, 8, 8))
    layers = read_layers(*stored)
    assert [layer.kind for layer in layers][:3] == ["image", "convolution", "relu"]
    pixels = np.moveaxis(stored[1]["images"].astype(np.float64), 1, 3)
    over = ranges_of(layers, pixels[:, None], np.zeros_like(pixels))
    assert over[-1].rows[:, 0] == pytest.approx(scores(network, stored[1]["images"]), abs=1e-12)
    assert over[-1].error.max() < 1e-10


def changed(arrays, name, change):
    copy = {key: value.copy() for key, value in arrays.items()}
    copy[name] = change(copy[name])
    return copy


def first(arrays, status):
    return int(np.flatnonzero(arrays["status"] == ("open", "proved", "refuted").index(status))[0])


def tree(arrays, i):
    """Where the tree of an image lies."""
    end = int(arrays["lengths"][: i + 1].sum())
    return slice(end - int(arrays["lengths"][i]), end)


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


def planted(arrays, i):
    """The image i is called proved by its whole box."""
    copy = changed(changed(arrays, "status", put(i, 1)), "lengths", put(i, 1))
    return copy | {"trees": np.insert(copy["trees"], tree(arrays, i).start, LEAF)}


CHANGES = {
    "refuted called proved, with a tree": lambda a: planted(a, first(a, "refuted")),
    "a dimension that there is not": lambda a: changed(a, "trees", put(tree(a, longest(a)).start, 5)),
    "a split made a leaf": lambda a: changed(a, "trees", put(tree(a, longest(a)).start + 1, LEAF)),
    "a leaf made a split": lambda a: changed(a, "trees", put(tree(a, longest(a)).stop - 1, 0)),
    "lengths that do not add up": lambda a: changed(a, "lengths", put(longest(a), 1)),
    "lengths moved": lambda a: changed(a, "lengths", lambda x: np.roll(x, 1)),
    "a negative length": lambda a: changed(a, "lengths", lambda x: np.array([-1, *x[1:-1], x[-1] + 1 + x[0]])),
    "another cluster": lambda a: changed(a, "clusters", put(first(a, "proved"), 3 - a["clusters"][first(a, "proved")])),
    "a cluster of no score": lambda a: changed(a, "clusters", put(0, 4)),
    "open called proved": lambda a: changed(a, "status", put(first(a, "open"), 1)),
    "refuted called proved": lambda a: changed(a, "status", put(first(a, "refuted"), 1)),
    "proved called open": lambda a: changed(a, "status", put(first(a, "proved"), 0)),
    "a status of no kind": lambda a: changed(a, "status", put(0, 3)),
    "a view that does not refute": lambda a: changed(a, "views", put(first(a, "refuted"), 0)),
    "a view outside of the box": lambda a: changed(a, "views", put((first(a, "refuted"), 0), 1.5)),
    "a shear, which the box has not": lambda a: changed(a, "views", put((first(a, "refuted"), 3), 0.5)),
    "another image": lambda a: changed(a, "images", put(longest(a), a["images"][first(a, "refuted")])),
    "the image of another": lambda a: changed(a, "images", lambda x: np.roll(x, 1, axis=0)),
    "a pixel that is no number": lambda a: changed(a, "images", put((0, 0, 0, 0), np.nan)),
    "other weights": lambda a: changed(a, "8.weight", lambda w: np.roll(w, 1, axis=0)),
    "weights that are not finite": lambda a: changed(a, "8.weight", put((0, 0), np.inf)),
    "weights that do not fit": lambda a: changed(a, "8.weight", lambda w: w.T),
    "a bias": lambda a: changed(a, "8.bias", lambda b: b + np.eye(4)[0]),
    "another type": lambda a: changed(a, "clusters", lambda c: c.astype(np.float64)),
    "one image less": lambda a: changed(a, "images", lambda x: x[:-1]),
    "one status less": lambda a: changed(a, "status", lambda x: x[:-1]),
    "an array more": lambda a: a | {"more": np.zeros(1)},
    "an array less": lambda a: {name: array for name, array in a.items() if name != "views"},
}


def longest(arrays):
    return int(arrays["lengths"].argmax())


@pytest.mark.parametrize("name", CHANGES)
def test_arrays_that_were_changed_do_not_stand(name, stored, tmp_path):
    nodes, arrays = stored
    refused(said(tmp_path, nodes, CHANGES[name](arrays)))


CHANGES_OF_CROPS = set(CHANGES) - {"a shear, which the box has not", "a dimension that there is not"}


@pytest.mark.parametrize("name", sorted(CHANGES_OF_CROPS))
def test_proofs_of_crops_that_were_changed_do_not_stand(name, cropped, tmp_path):
    nodes, arrays = cropped
    refused(said(tmp_path, nodes, CHANGES[name](arrays), CROPS))


def test_proofs_over_crops_stand_for_these_crops_and_no_larger_ones(cropped, tmp_path):
    nodes, arrays = cropped
    proved = arrays["status"] == 1
    kept = arrays | {name: arrays[name][proved] for name in PER_IMAGE}
    assert arrays["views"].shape == (8, 4)
    assert said(tmp_path, nodes, arrays, CROPS) == []
    assert said(tmp_path, nodes, kept, CropRanges(CROPS.across * 0.9, CROPS.down * 0.9)) == []
    assert said(tmp_path, nodes, kept, CropRanges(0.9, 0.9))
    assert said(tmp_path, nodes, arrays, RANGES) == ["continuous: views of 4 coordinates, the box has 6"]
    other = changed(arrays, "trees", put(tree(arrays, longest(arrays)).start, 4))
    assert "halves dimension 4 of 4" in "".join(said(tmp_path, nodes, other, CROPS))


def test_proofs_of_mirror_images_stand_and_none_of_both_at_once(tmp_path):
    crop, ranges = Crop(0.1, 0.1), FlippedRanges(CropRanges(0.1, 0.1))
    nodes, arrays = proofs_over(Box(Flipped(crop)), range(8), {"proved", "refuted"})
    assert arrays["views"].shape == (8, 5)
    assert said(tmp_path, nodes, arrays, ranges) == []
    assert said(tmp_path, nodes, arrays, CropRanges(0.1, 0.1))
    i = first(arrays, "proved")
    mixed = planted(arrays, first(arrays, "refuted"))
    assert "of the image and of its mirror image" in "".join(said(tmp_path, nodes, mixed, ranges))
    turned = changed(arrays, "views", lambda views: views * [1, 1, 1, 1, -1])
    assert "in the view named" in "".join(said(tmp_path, nodes, turned, ranges))
    assert said(tmp_path, nodes, changed(arrays, "images", put(i, arrays["images"][first(arrays, "refuted")])), ranges)


def rewired(i, **values):
    return lambda nodes: [node | values if j == i else node for j, node in enumerate(nodes)]


NODES = {
    "a node that reads itself": rewired(2, sources=[2]),
    "a node that reads a later one": rewired(2, sources=[3]),
    "a sum of one": rewired(4, sources=[3]),
    "a sum of unlike ones": rewired(4, sources=[3, 0]),
    "no ReLU": rewired(5, kind="flatten"),
    "a stride of 0": rewired(1, stride=[0, 2]),
    "a stride of one number": rewired(1, stride=[2]),
    "padding without end": rewired(1, padding=[2**40, 1]),
    "another stride": rewired(1, stride=[1, 1]),
    "a pool of nothing": rewired(6, kernel=[0, 2]),
    "a pool larger than the image": rewired(6, kernel=[9, 9]),
    "two images": rewired(2, kind="image", sources=[]),
    "no image": rewired(0, kind="relu", sources=[]),
    "no nodes": lambda _: [],
    "a network that ends early": lambda nodes: nodes[:2],
}


@pytest.mark.parametrize("name", NODES)
def test_nodes_that_were_changed_do_not_stand(name, stored, tmp_path):
    nodes, arrays = stored
    refused(said(tmp_path, NODES[name](nodes), arrays))


def test_a_wider_box_does_not_stand_and_a_narrower_one_does(stored, tmp_path):
    nodes, arrays = stored
    proved = arrays["status"] == 1
    kept = arrays | {name: arrays[name][proved] for name in PER_IMAGE}
    assert said(tmp_path, nodes, kept) == []
    assert said(tmp_path, nodes, kept, Ranges(4.5, 0.0, 0.045, 0.05)) == []
    assert said(tmp_path, nodes, kept, Ranges(20.0, 0.0, 0.05, 0.06))
    assert said(tmp_path, nodes, kept, Ranges(0.0, 0.0, 0.0, 0.0)) == [
        "continuous: the box has no dimension, so that there is one view"
    ]


def test_more_work_than_is_checked_is_refused_before_it_begins(stored, tmp_path, monkeypatch):
    monkeypatch.setattr("empirical.continuous.check.MOST_WORK", 10**6)
    assert "more than what is checked" in said(tmp_path, *stored)[0]
    monkeypatch.setattr("empirical.continuous.check.MOST_NUMBERS", 100)
    assert "more than 100" in said(tmp_path, *stored)[0]


def test_no_file_and_a_broken_file_are_one_line(stored, tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        read_proofs(tmp_path / "nothing", stored[0])
    assert said(tmp_path, *stored) == []
    path = tmp_path / "proofs.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="cannot be read"):
        read_proofs(path, stored[0])


def test_what_is_said_does_not_depend_on_the_number_of_processes(stored, tmp_path):
    nodes, arrays = stored
    path = tmp_path / "proofs.safetensors"
    path.write_bytes(safetensors.numpy.save(CHANGES["the image of another"](arrays)))
    proofs, _ = read_proofs(path, nodes)
    alone = list(problems(proofs, RANGES, range(4)))
    assert alone
    assert list(problems(proofs, RANGES, range(4), jobs=2)) == alone

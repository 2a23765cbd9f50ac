"""The checker's own bounds: they hold at every view, are not vacuous, and break where a term of theirs is left out."""

import numpy as np
import pytest
import torch

from empirical.continuous import replayed_network, replayed_views
from empirical.continuous.replay import LEAF, leaves, refuted, reproved
from empirical.continuous.replayed_network import lower_bounds, ranges_of
from empirical.continuous.replayed_views import CropRanges, FlippedRanges, Ranges, ranges_from, views_over
from tests.empirical.continuous.replaying import CROPS, RANGES, grown, images, layers, network, scores, views

WIDE = Ranges(rotation=90.0, shear=0.5, scale=1.0, shift=0.6)
WIDE_CROPS = CropRanges(across=0.9, down=0.6)


def some_cells(dimensions, halvings, n, seed=0):
    width = 2.0 ** (1 - halvings)
    low = -1 + width * np.random.default_rng(seed).integers(0, 2**halvings, (n, dimensions))
    return low, low + width


def excess(image, ranges, halvings, n=12, draws=40):
    """By how much a view leaves what `views_over` says of its cell, at most, and the largest share of an error attained."""
    low, high = some_cells(len(ranges.dimensions), halvings, n)
    rows, error = views_over(image, low, high, ranges)
    rng, worst, share = np.random.default_rng(1), -np.inf, 0.0
    for draw in range(draws):
        z = rng.uniform(-1, 1, low.shape)
        z = np.sign(z) if draw % 2 else z
        points = (low + high) / 2 + z * (high - low) / 2
        seen = np.concatenate([views(image, ranges, p[None]) for p in points])
        off = np.abs(seen - rows[:, 0] - (z[:, :, None, None, None] * rows[:, 1:]).sum(axis=1))
        worst, share = max(worst, (off - error).max()), max(share, (off / error).max())
    return worst, share


@pytest.mark.parametrize("halvings", [0, 1, 2, 4])
@pytest.mark.parametrize(
    ("ranges", "shape"),
    [
        (RANGES, (16, 16, 1)),
        (Ranges(20, 0.15, 0.2, 0.15), (7, 10, 2)),
        (WIDE, (6, 5, 1)),
        (CROPS, (16, 16, 1)),
        (WIDE_CROPS, (6, 5, 3)),
        (CropRanges(across=0.0, down=0.4), (7, 10, 1)),
    ],
)
def test_views_stay_within_their_bounds_and_nearly_reach_them(ranges, shape, halvings):
    worst, share = excess(np.random.default_rng(0).random(shape), ranges, halvings)
    assert worst <= 0
    assert share > 0.9


def test_what_holds_for_grey_holds_for_its_three_channels():
    low, high = some_cells(5, 2, 3)
    grey = np.random.default_rng(0).random((8, 8, 1))
    three = views_over(np.repeat(grey, 3, axis=2), low, high, RANGES)
    for one, all_ in zip(views_over(grey, low, high, RANGES), three, strict=True):
        assert (np.repeat(one, 3, axis=-1) == all_).all()


def test_errors_shrink_with_the_square_of_a_cell_that_keeps_to_one_square_of_the_grid():
    image = np.random.default_rng(0).random((8, 8, 1))
    centre = np.full((1, 5), 0.3125)
    wide, narrow = (views_over(image, centre - half, centre + half, RANGES)[1] for half in (2.0**-8, 2.0**-11))
    assert 60 < np.median(wide / narrow) < 68


PLANTED = {
    "no remainder of the map": (replayed_views, "_second_order", lambda f: lambda a, b: 0 * f(a, b)),
    "extremes at the outer corners only": (
        replayed_views,
        "_breakpoints",
        lambda f: lambda a, b: f(a, b)[..., [0, -1]],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_bound_without_one_of_its_terms_is_caught(name, monkeypatch):
    module, attribute, changed = PLANTED[name]
    image = np.random.default_rng(0).random((6, 5, 1))
    assert max(excess(image, WIDE, halvings)[0] for halvings in (1, 3)) <= 0
    monkeypatch.setattr(module, attribute, changed(getattr(module, attribute)))
    assert max(excess(image, WIDE, halvings)[0] for halvings in (1, 3)) > 1e-4


PLANTED_CROPS = {
    "no product of the changes": ("_product", lambda f: lambda a, b: 0 * f(a, b)),
    "extremes at the outer corners only": ("_breakpoints", lambda f: lambda a, b: f(a, b)[..., [0, -1]]),
}


@pytest.mark.parametrize("name", PLANTED_CROPS)
def test_a_bound_of_crops_without_one_of_its_terms_is_caught(name, monkeypatch):
    attribute, changed = PLANTED_CROPS[name]
    image = np.random.default_rng(0).random((6, 5, 1))
    assert max(excess(image, WIDE_CROPS, halvings)[0] for halvings in (0, 1, 3)) <= 0
    monkeypatch.setattr(replayed_views, attribute, changed(getattr(replayed_views, attribute)))
    assert max(excess(image, WIDE_CROPS, halvings)[0] for halvings in (0, 1, 3)) > 1e-4


def test_crops_see_the_edge_again_and_not_black(monkeypatch):
    image = (1 + np.random.default_rng(0).random((6, 5, 1))) / 2
    assert excess(image, WIDE_CROPS, 3)[0] <= 0
    monkeypatch.setattr(CropRanges, "seen", lambda _, image: np.pad(image, ((1, 1), (1, 1), (0, 0))))
    assert excess(image, WIDE_CROPS, 3)[0] > 1e-2


@pytest.mark.parametrize("source", [RANGES, WIDE_CROPS])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_flip_is_the_same_of_the_mirror_image(source, side):
    image = np.random.default_rng(0).random((6, 5, 2))
    low, high = some_cells(len(source.dimensions), 2, 6)
    own = image[:, ::-1] if side > 0 else image
    rows, error = views_over(own, low, high, source)
    ends = np.full((6, 1), min(side, 0.0)), np.full((6, 1), max(side, 0.0))
    low, high = (np.concatenate([end, limit], axis=1) for end, limit in zip((low, high), ends, strict=True))
    flipped, slack = views_over(image, low, high, FlippedRanges(source))
    assert flipped[:, :-1] == pytest.approx(rows, abs=1e-9)
    assert not flipped[:, -1].any()
    assert slack == pytest.approx(error, abs=1e-9)
    assert FlippedRanges(source).mixed(-np.ones_like(high), np.ones_like(high)).all()
    assert not FlippedRanges(source).mixed(low, high).any()


def test_ranges_are_of_the_kind_that_has_their_names():
    assert ranges_from(vars(RANGES)) == RANGES
    assert ranges_from(vars(CROPS)) == CROPS
    assert ranges_from(vars(CROPS) | {"flip": 1.0}) == FlippedRanges(CROPS)
    with pytest.raises(ValueError, match="ranges=across, shear: of no kind"):
        ranges_from({"across": 0.1, "shear": 0.1})


def bounded(halvings, n=8, draws=60, seed=0):
    """Least distances of the layers' values from the ends of their ranges, of a score difference from its lower bound, and
    the least share of that distance in the range of the difference."""
    module, rng = network(seed), np.random.default_rng(seed)
    plain, low_high = layers(module), some_cells(5, halvings, n, seed)
    image = images(1, seed=seed)[0]
    rows, error = views_over(image, *low_high, RANGES)
    ranges = ranges_of(plain, rows, error)
    targets = np.tile(np.eye(4)[2] - np.eye(4)[[0, 1, 3]], (n, 1))
    bounds, _ = lower_bounds(plain, ranges, np.repeat(np.arange(n), 3), targets)
    inside, above, seen = np.inf, np.inf, []
    for draw in range(draws):
        z = rng.uniform(-1, 1, (n, 5))
        z = np.sign(z) if draw % 2 else z
        x = (
            rows[:, 0]
            + (z[:, :, None, None, None] * rows[:, 1:]).sum(axis=1)
            + error * rng.choice([-1, 1], error.shape)
        )
        values = forward(module, x)
        for value, over in zip(values, ranges, strict=True):
            off = np.abs(value - over.rows[:, 0] - np.einsum("nd,nd...->n...", z, over.rows[:, 1:]))
            inside = min(inside, (value - over.low).min(), (over.high - value).min(), (over.error - off).min())
        difference = (np.repeat(values[-1], 3, axis=0) * targets).sum(axis=1)
        seen.append(difference)
        above = min(above, (difference - bounds).min())
    spread = np.ptp(seen, axis=0)
    return inside, above, ((np.min(seen, axis=0) - bounds) / spread).mean()


def forward(module, x):
    """The values of every layer of `layers`, (n, H, W, C) or (n, d)."""
    with torch.no_grad():
        pixels = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, 3, 1)))
        first = module.first(pixels)
        a = first.relu()
        second = module.second(a)
        pooled = module.pool((a + second).relu())
        values = [pixels, first, a, second, a + second, (a + second).relu(), pooled, pooled.flatten(1)]
        values.append(module.scores(values[-1]))
    return [v.numpy() if v.ndim == 2 else np.moveaxis(v.numpy(), 1, 3) for v in values]


@pytest.mark.parametrize("halvings", [0, 1, 3, 8])
def test_layers_and_scores_stay_within_their_bounds(halvings):
    for seed in range(3):
        inside, above, loss = bounded(halvings, seed=seed)
        assert inside >= -1e-12  # the values themselves are rounded by torch
        assert above >= -1e-12
        if halvings == 8:
            assert loss < 0.2  # of the range that was seen


PLANTED_LAYERS = {
    "ReLU never above the line through 0": ("_above", lambda f: lambda low, high: 0 * f(low, high)),
    "a slope off by 1e-3": ("_chord", lambda f: lambda low, high: f(low, high) * (1 - 1e-3)),
    "a convolution off by 1e-3": ("_linear", lambda f: lambda *a, **k: f(*a, **k) * (1 - 1e-3)),
}


@pytest.mark.parametrize("name", PLANTED_LAYERS)
def test_a_layer_that_is_bounded_wrongly_is_caught(name, monkeypatch):
    attribute, changed = PLANTED_LAYERS[name]
    monkeypatch.setattr(replayed_network, attribute, changed(getattr(replayed_network, attribute)))
    assert min(min(bounded(halvings)[:2]) for halvings in (1, 3, 5, 8)) < -1e-7


def test_the_share_of_rounding_covers_sums_in_any_order():
    """Sums in float32 stand for sums in float64, whose exact value is not at hand."""
    plain = layers(network())
    for layer in plain[1:]:
        if layer.weight is None:
            continue
        weight = layer.weight.astype(np.float32)
        x = np.random.default_rng(0).standard_normal((50, *plain[layer.sources[0]].shape)).astype(np.float32)
        single = replayed_network.Layer(**{**vars(layer), "weight": weight})
        exact = replayed_network.Layer(**{**vars(layer), "weight": weight.astype(np.float64)})
        off = np.abs(replayed_network._linear(single, x) - replayed_network._linear(exact, x.astype(np.float64)))
        allowed = (
            layer.rounding * 2.0**29 * replayed_network._linear(exact, np.abs(x).astype(np.float64), absolute=True)
        )
        assert (off <= allowed).all()
        assert off.max() > 0


def proof(i=2):
    module = network(1)
    plain, image = layers(module), images(6)[i]
    cluster = int(scores(module, image[None])[0].argmax())
    return module, plain, image, cluster, grown(plain, image, RANGES, cluster)


def test_no_view_contradicts_a_proof():
    module, plain, image, cluster, tree = proof()
    assert reproved(plain, image, RANGES, *leaves(tree, 5), cluster, halvings=0)
    points = np.random.default_rng(0).uniform(-1, 1, (1000, 5))
    points[500:] = np.sign(points[500:])
    assert (scores(module, views(image, RANGES, points)).argmax(axis=1) == cluster).all()


def test_a_leaf_too_wide_for_its_bound_is_halved_and_no_other_cluster_is_proved():
    _, plain, image, cluster, tree = proof()
    merged = bytes([d for d in tree if d == LEAF][:1])
    assert not reproved(plain, image, RANGES, *leaves(merged, 5), cluster, halvings=0)
    assert reproved(plain, image, RANGES, *leaves(merged, 5), cluster, halvings=12)
    for other in set(range(4)) - {cluster}:
        assert not reproved(plain, image, RANGES, *leaves(tree, 5), other)


def test_a_view_refutes_where_it_does_and_nowhere_else():
    module, plain = network(1), layers(network(1))
    image = images(6)[0]
    points = np.random.default_rng(0).uniform(-1, 1, (200, 5))
    clusters = scores(module, views(image, RANGES, points)).argmax(axis=1)
    assert len(set(clusters)) > 1
    cluster = int(scores(module, image[None])[0].argmax())
    for point, seen in list(zip(points, clusters, strict=True))[:40]:
        view = np.zeros(6)
        view[RANGES.dimensions] = point
        assert refuted(plain, image, RANGES, view, cluster) == (seen != cluster)
        assert not refuted(plain, image, RANGES, view, int(seen))
    view[3] = 0.5  # a shear, which these ranges do not have
    assert not refuted(plain, image, RANGES, view, 3 - int(seen))


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (b"", "ends before"),
        (bytes([0, LEAF]), "ends before"),
        (bytes([LEAF, LEAF]), "goes on"),
        (bytes([5, LEAF, LEAF]), "dimension 5 of 5"),
        (bytes([254]), "dimension 254"),
        (bytes([0]) * 60 + bytes([LEAF]) * 61, "more than 40 times"),
    ],
)
def test_what_is_no_tree_is_refused(tree, reason):
    with pytest.raises(ValueError, match=reason):
        leaves(tree, 5)


def test_leaves_fill_the_box_in_order():
    low, high = leaves(bytes([1, 0, LEAF, LEAF, LEAF]), 2)
    assert low.tolist() == [[-1, -1], [0, -1], [-1, 0]]
    assert high.tolist() == [[0, 0], [1, 0], [1, 1]]
    assert (high - low).prod(axis=1).sum() == 4

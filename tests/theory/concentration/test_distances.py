"""Augmented distances: every path gives the bits of direct evaluation, on adversarial views."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.concentration import augmented_distances, bands, distances, planning
from theory.concentration.bands import embedding, orthonormal, principal_directions, right_factors, scale_for


def adversarial(kind, seed, n=24, m=4, D=40):
    """Views that try to break a bound: (n, m, D)."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, m, D))
    low_rank = rng.normal(size=(n, m, 5)) @ rng.normal(size=(5, D))
    base = rng.normal(size=(n, 1, D))
    pair = base[:1] + np.zeros((n, m, D))
    return {
        "noise": noise,
        "low rank": low_rank,
        "near-duplicates at norm 1e3": 1e3 * pair + 1e-9 * noise,
        "two tight clusters far apart": np.where(np.arange(n)[:, None, None] % 2, 1e3, -1e3) + 1e-6 * noise,
        "huge offset": 1e9 + noise,
        "views nearly alike": base + 1e-7 * noise,
        "subnormal": noise * 1e-310,
        "near overflow": noise * 1e150,
        "one outlier": np.where(np.arange(n)[:, None, None] == 3, 1e12, 1.0) * noise,
        "one point": pair,
        "sparse": noise * (rng.random((n, m, D)) < 0.05),
        "float32": low_rank.astype(np.float32),
        "small integers": rng.integers(0, 3, (n, m, D), dtype=np.uint8),
        "large integers": rng.integers(-(2**40), 2**40, (n, m, D)),
    }[kind]


KINDS = [
    "noise", "low rank", "near-duplicates at norm 1e3", "two tight clusters far apart", "huge offset",
    "views nearly alike", "subnormal", "near overflow", "one outlier", "one point", "sparse", "float32",
    "small integers", "large integers",
]  # fmt: skip


def principal_basis(rows, k):
    return orthonormal(principal_directions(rows, k))


def factors(embedded, rows):
    """(z, h, 1) of rows, and the bounds of their norms."""
    out = np.empty((len(rows), embedded.width + 2), np.float32)
    return out, embedded.factors(rows, out)


def forced(monkeypatch, k):
    """Make every plan use k leading coordinates; None: all of them; 0: none, direct evaluation."""
    plan = planning.make_plan

    def with_bounds(views, others):
        chosen = plan(views, others)
        if k == 0:
            return planning.Plan(chosen.unit, None)
        largest = max(planning._largest("views", s) for s in (views, others) if s is not None)
        scale = scale_for(largest, views.shape[2])
        rows = views.reshape(-1, views.shape[2])[:200].astype(float) * scale
        centre = rows.mean(axis=0)
        basis = None if k is None else principal_basis(rows - centre, min(k, views.shape[2] - 1))
        return planning.Plan(chosen.unit, embedding(scale, centre, basis))

    monkeypatch.setattr(distances, "make_plan", with_bounds)


def reference(views, others=None):
    """By plain loops with exactly rounded sums, scaled against overflow and underflow."""
    views = views.astype(float)
    others = views if others is None else others.astype(float)
    unit = 2.0 ** -max(math.floor(math.log2(max(abs(views).max(), abs(others).max(), 2.0**-1074))), -1000)
    gaps = (views[:, None, :, None, :] - others[None, :, None, :, :]) * unit
    squares = [math.fsum(x * x for x in row) for row in gaps.reshape(-1, gaps.shape[-1])]
    return np.sqrt(np.array(squares).reshape(gaps.shape[:4]).min(axis=(2, 3))) / unit


@pytest.mark.parametrize("kind", KINDS)
def test_every_path_gives_the_same_bits(kind, monkeypatch):
    views = adversarial(kind, 0)
    by_rank = {}
    for k in (0, 2, 5, 13, None):
        with monkeypatch.context() as patch:
            forced(patch, k)
            by_rank[k] = augmented_distances(views)
    for k in (2, 5, 13, None):
        np.testing.assert_array_equal(by_rank[k], by_rank[0])
    np.testing.assert_array_equal(by_rank[0], by_rank[0].T)
    assert not by_rank[0].diagonal().any()


@pytest.mark.parametrize("kind", KINDS)
def test_distances_are_those_of_plain_loops(kind):
    views = adversarial(kind, 1, n=7, m=3, D=11)
    np.testing.assert_allclose(augmented_distances(views), reference(views), rtol=1e-12, atol=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.integers(2, 9), st.integers(2, 16), st.integers(1, 70))
def test_bounds_hold_at_any_shape(seed, kind, n, m, D):
    views = adversarial(kind, seed, n, m, D)
    with pytest.MonkeyPatch.context() as patch:
        forced(patch, 0)
        direct = augmented_distances(views)
    with pytest.MonkeyPatch.context() as patch:
        forced(patch, None if D < 4 else seed % (D - 2) + 1)
        np.testing.assert_array_equal(augmented_distances(views), direct)


def test_without_its_rounding_terms_a_bound_would_change_results(monkeypatch):
    """Non-vacuity of the proof: drop its terms, and some adversarial world gets a wrong distance."""
    wrong = 0
    for seed in range(6):
        for kind in ("near-duplicates at norm 1e3", "two tight clusters far apart", "one outlier"):
            views = adversarial(kind, seed, m=6, D=300)
            with monkeypatch.context() as patch:
                forced(patch, 0)
                direct = augmented_distances(views)
            with monkeypatch.context() as patch:
                real = bands.Embedding

                def careless(scale, centre, basis, _kappa, _beta, grow, real=real):
                    return real(scale, centre, basis, 0.0, 0.0, grow)

                patch.setattr(bands, "Embedding", careless)
                forced(patch, None)
                wrong += not np.array_equal(augmented_distances(views), direct)
    assert wrong > 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 400), st.floats(-6, 6))
def test_the_product_errs_by_no_more_than_beta_and_coordinates_by_no_more_than_kappa(seed, D, decade):
    rng = np.random.default_rng(seed)
    rows = 10.0**decade * rng.normal(size=(60, D)) * rng.random(D) ** 4
    scale = scale_for(float(abs(rows).max()), D)
    centre = rows[:30].mean(axis=0) * scale
    basis = principal_basis(rows[:30] * scale - centre, min(9, D - 1))
    for embedded in (embedding(scale, centre, None), embedding(scale, centre, basis)):
        left, norms = factors(embedded, rows)
        assert norms.max() < 1.01
        z = left[:, :-2].astype(float)
        reach = norms[:, None] + norms
        apart = ((z[:, None] - z) ** 2).sum(axis=2)
        product = (left @ right_factors(left).T).astype(float)
        assert (abs(product + apart / 2) <= embedded.beta * reach**2 / 2).all()
        true = np.linalg.norm(rows[:, None] - rows, axis=2) * scale
        assert (np.sqrt(apart) <= true * embedded.grow + embedded.kappa * reach).all()
        assert embedded.kappa < 1e-5
        assert embedded.beta < 1e-4


@pytest.mark.parametrize("flat", [False, True])
def test_kappa_is_needed(flat):
    """Without it the coordinates would claim more than the true distance: float32 alone, or a residual lost to rounding."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(80, 50)) if not flat else rng.normal(size=(80, 6)) @ rng.normal(size=(6, 50))
    scale = scale_for(float(abs(rows).max()), 50)
    centre = rows.mean(axis=0) * scale
    embedded = embedding(scale, centre, principal_basis(rows * scale - centre, 6) if flat else None)
    left, norms = factors(embedded, rows)
    z = left[:, :-2].astype(float)
    excess = np.sqrt(((z[:, None] - z) ** 2).sum(axis=2)) - np.linalg.norm(rows[:, None] - rows, axis=2) * scale
    assert 0 < (excess / (norms[:, None] + norms)).max() < embedded.kappa


def test_residual_norms_tell_apart_what_the_prefix_cannot():
    """Without the residual coordinate the bound between these views would be 0."""
    rows = np.zeros((2, 4))
    rows[:, 0] = 1.0
    rows[0, 3] = 0.5
    embedded = embedding(0.25, np.zeros(4), np.eye(4)[:, :2])
    z = factors(embedded, rows)[0][:, :-2]
    assert np.linalg.norm(z[0] - z[1]) == pytest.approx(0.125)


def test_plans_follow_the_data():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(150, 16, 6)) @ rng.normal(size=(6, 400)) + 0.05 * rng.normal(size=(150, 16, 400))
    noise = rng.normal(size=(150, 16, 400))
    few, every = planning.make_plan(images, None).bounds, planning.make_plan(noise, None).bounds
    assert few.width < 70
    assert every.basis is None
    assert planning.make_plan(images[:5], None).bounds is None


def test_plans_keep_as_many_coordinates_as_pay():
    rng = np.random.default_rng(0)
    spectrum = np.arange(1, 801) ** -1.0

    def width(n):
        views = rng.normal(size=(n, 1, 800)) * spectrum + rng.normal(size=(n, 8, 800)) * spectrum / 2
        return planning.make_plan(views.astype(np.float32), None).bounds.width

    assert width(100) < width(1000)


def test_coordinates_that_cannot_be_kept_are_counted_once_a_strip():
    def making(n, width):
        work = planning._Work(n, 16, n, 16, 3072, same=True)
        return (work.products(width, 1.0) - work.products(width, 0.0)) / (16 * n)

    assert making(5000, 126) == pytest.approx(1)
    assert making(5300, 126) == pytest.approx(1 + 5300 * 16 / 2 / planning.strip_views(3072, stored=False))


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("k", [0, 5, None])
def test_strips_and_blocks_give_the_same_bits(k, stored, monkeypatch):
    views = adversarial("noise", 7)
    with monkeypatch.context() as patch:
        forced(patch, 0)
        expected = augmented_distances(views), augmented_distances(views, views[:7, :3])
    forced(monkeypatch, k)
    monkeypatch.setattr(distances, "COLUMNS", 12)
    monkeypatch.setattr(distances, "strip_views", lambda _D, stored: 20)  # noqa: ARG005
    monkeypatch.setattr(distances, "is_stored", lambda _views, _width: stored)
    np.testing.assert_array_equal(augmented_distances(views), expected[0])
    np.testing.assert_array_equal(augmented_distances(views, views[:7, :3]), expected[1])


@pytest.mark.parametrize("kind", ["noise", "low rank", "float32", "small integers"])
def test_train_against_test_is_a_block_of_all_against_all(kind):
    views = adversarial(kind, 2, n=20)
    measured = augmented_distances(views[:12], views[12:])
    np.testing.assert_array_equal(measured, augmented_distances(views)[:12, 12:])
    assert augmented_distances(views[:1], views[:1, :1]).tolist() == [[0.0]]
    strided = np.asfortranarray(views)
    np.testing.assert_array_equal(augmented_distances(strided), augmented_distances(views))


def test_anchor_views():
    views = adversarial("low rank", 3, n=200, m=8, D=100)
    anchors = views[:10, :1]
    expected = np.linalg.norm(views[:, :, None] - anchors[:, 0], axis=3).min(axis=1)
    np.testing.assert_allclose(augmented_distances(views, anchors), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("largest", [1e130, 1.0, 1e-119, 1e-200, 5e-324, 0.0])
def test_a_unit_is_a_power_of_two_that_never_hides_small_squares(largest):
    views = np.zeros((2, 2, 2))
    views[..., 0] = largest
    views[..., 1] = min(largest, 1e-40) * np.array([[1], [3]])
    assert math.frexp(planning.make_plan(views, None).unit)[0] == 0.5
    assert planning.make_plan(views, None).unit >= 1
    assert augmented_distances(views)[0, 1] == pytest.approx(2 * views[0, 0, 1], rel=1e-15)


@pytest.mark.parametrize(
    ("views", "others", "words"),
    [
        (np.zeros((1, 3, 4)), None, r"views.shape=\(1, 3, 4\).*n >= 2"),
        (np.zeros((3, 1, 4)), None, "1 view of a sample"),
        (np.zeros((3, 4)), None, r"views.shape=\(3, 4\)"),
        (np.zeros((3, 2, 4)), np.zeros((3, 2, 5)), "differs from others.*in D"),
        (np.zeros((3, 2, 4)), np.zeros((0, 2, 4)), r"others.shape=\(0, 2, 4\)"),
        (np.full((3, 2, 4), 2.0**509.1), None, "views.=1.8e\\+153.*divide"),
        (np.full((3, 2, 4), 1.7e308), None, "views.=1.7e\\+308.*divide"),
    ],
)
def test_bad_shapes_and_values_are_named(views, others, words):
    with pytest.raises(ValueError, match=words):
        augmented_distances(views, others)
    with pytest.raises(ValueError, match=words):
        augmented_distances(torch.from_numpy(views), None if others is None else torch.from_numpy(others))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_named(value):
    views = np.zeros((3, 2, 4))
    views[2, 1, 3] = value
    for one in (views, torch.from_numpy(views)):
        with pytest.raises(ValueError, match=rf"views\[2, 1, 3\]={value}: not finite; remove"):
            augmented_distances(one)
        with pytest.raises(ValueError, match=rf"others\[2, 1, 3\]={value}"):
            augmented_distances(abs(one[:1]), one)


def test_tensors_and_arrays_do_not_mix():
    views = np.zeros((3, 2, 4))
    with pytest.raises(ValueError, match=r"views.device=cpu: but others.device=no device \(ndarray\)"):
        augmented_distances(torch.from_numpy(views), views)
    with pytest.raises(ValueError, match=r"views.device=no device \(ndarray\): but others.device=cpu"):
        augmented_distances(views, torch.from_numpy(views))


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ([[[0.0], [1.0]]], "views=list"),
        (None, "views=NoneType"),
        (np.full((2, 2, 1), "a"), "dtype=<U1"),
        (np.zeros((2, 2, 1), complex), "dtype=complex128"),
        (np.zeros((2, 2, 1), "datetime64[s]"), "datetime64"),
        (np.full((2, 2, 1), np.nan, object), r"views\[0, 0, 0\]=nan"),
        (np.full((2, 2, 1), None), r"views\[0, 0, 0\]=None"),
        (torch.zeros((2, 2, 1), dtype=torch.complex64), "complex64.*dense tensor of real numbers"),
        (torch.zeros((2, 2, 1)).to_sparse(), "torch.sparse_coo.*dense tensor"),
    ],
)
def test_what_is_no_array_of_real_numbers_is_named(views, words):
    with pytest.raises(ValueError, match=words):
        augmented_distances(views)
    if isinstance(views, np.ndarray):
        with pytest.raises(ValueError, match=words.replace("views", "others")):
            augmented_distances(np.zeros((1, 1, 1)), views)


def test_tensors_with_a_pending_sign_are_read_right():
    pending = torch.complex(torch.zeros(4, 2, 3), torch.randn(4, 2, 3)).conj().imag
    assert pending.is_neg()
    expected = augmented_distances(pending.resolve_neg().numpy())
    np.testing.assert_array_equal(augmented_distances(pending).numpy(), expected)


def test_the_band_is_as_wide_as_proved():
    """kappa, beta and grow of the module's docstring, written out for D = 100 and 13 coordinates, or all."""
    u, v, D, k = 2.0**-53, 2.0**-24, 100, 13
    basis = principal_basis(np.random.default_rng(0).normal(size=(40, D)), k)
    e = float(np.linalg.norm(basis.T @ basis - np.eye(k))) + 2 * k * (100 * u / (1 - 100 * u))
    p = (100 * u / (1 - 100 * u) * 13**0.5 + 2 * u) * (1 + e)
    some, every = embedding(1.0, np.zeros(D), basis), embedding(1.0, np.zeros(D), None)
    t = 108 * u / (1 - 108 * u) + 3 * p + e + 8 * u
    assert some.kappa == pytest.approx(1.01 * (v + 2 * u + p + t**0.5), rel=1e-12)
    assert every.kappa == pytest.approx(1.01 * (v + 2 * u), rel=1e-12)
    assert some.beta == pytest.approx(1.01 * 20 * v / (1 - 20 * v), rel=1e-12)  # z has 14 coordinates
    assert every.beta == pytest.approx(1.01 * 106 * v / (1 - 106 * v), rel=1e-12)
    assert (some.grow - 1, every.grow - 1) == pytest.approx((432 * u + e, 432 * u), rel=1e-3)
    assert bands.gamma(2, 0.25) == 1

"""The lemmas about continuous views: proved, nearly attained, broken by false variants; and they speak of our own code."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirical.views.crops import Crop
from empirical.views.warps import Warp, matrices, warp_images
from tests.theory.proofs import discharged
from theory import ledger
from theory.continuous import corners, crops, relu, rounding, taylor
from theory.falsification import falsify

CLAIMS = {claim.id: claim for module in (corners, crops, relu, rounding, taylor) for claim in module.CLAIMS}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_lemma_is_proved_and_nearly_attained(claim):
    evidence = ledger.gather(CLAIMS[claim])
    assert ledger.verdict(CLAIMS[claim], evidence) is CLAIMS[claim].expected
    search = next(e for e in evidence if e.step == ledger.STATEMENT)
    assert search.met == search.worlds
    assert search.slack < 0.05


FALSE_FORMULAS = {
    "the ends of the rectangle alone": ("continuous-corners", corners, "cuts", lambda low, high: np.array([low, high])),
    "whole numbers alone": (
        "continuous-corners",
        corners,
        "cuts",
        lambda low, high: np.arange(np.floor(low) + 1, max(high, np.floor(low) + 2)),
    ),
    "a third of the curvature": (
        "continuous-taylor",
        taylor,
        "remainder",
        lambda s, h, g: np.exp(s + h) * (h**2 + g**2) / 3,
    ),
    "exp at the centre": ("continuous-taylor", taylor, "remainder", lambda s, h, g: np.exp(s) * (h**2 + g**2) / 2),
    "no rotation": ("continuous-taylor", taylor, "remainder", lambda s, h, _: np.exp(s + h) * h**2 / 2),
    "a product less a hundredth": ("continuous-crop", crops, "remainder", lambda w, h, g: 0.99 * w * h * g / 2),
    "a place in widths from the centre": (
        "continuous-crop",
        crops,
        "reading",
        lambda w, c, v, x: (1 - c) * x + w * c * v,
    ),
    "half of the least error": (
        "continuous-relu",
        relu,
        "least_error",
        lambda low, high: high * -low / (high - low) / 4,
    ),
    "one end": ("continuous-relu", relu, "height_above", lambda low, _, slope: -slope * low),
    "the other end": ("continuous-relu", relu, "height_above", lambda _, high, slope: (1 - slope) * high),
    "a slope off by a thousandth": ("continuous-relu", relu, "steepness", lambda low, high: high / (high - low) - 1e-3),
    "a tenth of an operation fewer": (
        "continuous-rounding",
        rounding,
        "gamma",
        lambda k: (k - Fraction(1, 10)) / 2**53,
    ),
    "half a unit": ("continuous-rounding", rounding, "gamma", lambda k: k * Fraction(1, 2**54)),
    "no underflow": ("continuous-rounding", rounding, "LEAST", Fraction(1, 2**1100)),
    "half of the slack": (
        "continuous-rounding",
        rounding,
        "slack",
        lambda k, size: k * size / 2**54 + 2 * k * Fraction(1, 2**1074),
    ),
}


@pytest.mark.parametrize("name", FALSE_FORMULAS)
def test_a_false_formula_is_found_out(name, monkeypatch):
    claim, module, attribute, false = FALSE_FORMULAS[name]
    monkeypatch.setattr(module, attribute, false)
    assert falsify(CLAIMS[claim].predicate).violated


@pytest.mark.parametrize(
    ("claim", "module", "attribute", "false"),
    [
        ("continuous-relu", relu, "height_above", lambda _, high, slope: (1 - slope) * high),
        ("continuous-rounding", rounding, "gamma", lambda k, u: k * u),
        ("continuous-crop", crops, "remainder", lambda w, h, g: w * h * g / 3),
        ("continuous-crop", crops, "reading", lambda w, c, v, x: (1 - c) * x + w * c * v),
    ],
)
def test_a_false_formula_is_not_proved(claim, module, attribute, false, monkeypatch):
    assert discharged(CLAIMS[claim])
    monkeypatch.setattr(module, attribute, false)
    assert not discharged(CLAIMS[claim])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_map_is_that_of_our_warps(seed):
    """`matrices` of drawn parameters against `reading`, in coordinates of [-1, 1]."""
    warp = Warp(rotation=40, shear=0.2, scale=0.3, shift=0.1)
    u = (2 * torch.rand(1, 6, generator=torch.Generator().manual_seed(seed)) - 1)[0].double().numpy()
    maps = matrices(warp, 1, torch.Generator().manual_seed(seed))[0].double().numpy()
    log = np.log1p(warp.scale)
    parameters = np.array(
        [np.radians(40) * u[0], log * u[1], log * u[2], warp.shear * u[3], 2 * warp.shift * u[4], 2 * warp.shift * u[5]]
    )
    x, y = np.random.default_rng(seed).uniform(-1, 1, 2)
    np.testing.assert_allclose(taylor.reading(parameters, x, y), maps @ [x, y, 1], atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_reading_is_that_of_our_crops(seed):
    """`Crop.maps`, in coordinates of [-1, 1], against `reading` in pixels."""
    crop, (width, height) = Crop(across=0.6, down=0.2), (9, 4)
    rng = np.random.default_rng(seed)
    u, x, y = rng.uniform(-1, 1, 4), rng.uniform(-4, 4), rng.uniform(-1.5, 1.5)
    p, q = crop.maps(torch.from_numpy(u[None]))[0].numpy() @ [2 * x / width, 2 * y / height, 1]
    np.testing.assert_allclose(p * width / 2, crops.reading(width, 0.3 * (1 + u[0]), u[2], x), atol=1e-12)
    np.testing.assert_allclose(q * height / 2, crops.reading(height, 0.1 * (1 + u[1]), u[3], y), atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_interpolation_is_that_of_our_warps(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 6, 2)
    image = rng.random((height, width))
    shift = rng.uniform(-1.5, 1.5, 2)
    maps = torch.tensor([[[1.0, 0.0, 2 * shift[0] / width], [0.0, 1.0, 2 * shift[1] / height]]], dtype=torch.float64)
    ours = corners.bilinear(image, *np.meshgrid(np.arange(width) + shift[0], np.arange(height) + shift[1]))
    np.testing.assert_allclose(ours, warp_images(torch.tensor(image)[None, None], maps)[0, 0], atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_tangent_is_the_derivative(seed):
    rng = np.random.default_rng(seed)
    parameters, change, place = rng.normal(size=6), rng.normal(size=6), rng.normal(size=2)
    step = 1e-6
    ends = [taylor.reading(parameters + sign * step * change, *place) for sign in (1, -1)]
    moved = taylor.tangent(parameters, change, *place) - taylor.reading(parameters, *place)
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), moved, rtol=1e-6, atol=1e-7)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_sum_of_products_is_computed_as_the_machine_does(seed, fused):
    """Without fusing, one after the other: the machine's own loop, bit for bit; in any order: within the bound of NumPy's."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 40))
    factors = rng.normal(size=(k, 2)) * 10.0 ** rng.integers(-5, 5, (k, 2))
    products = rounding.Products(factors, tuple((0, i) for i in range(1, k)), fused)
    loop = 0.0
    for a, b in factors.tolist():
        loop += a * b
    bound = rounding.gamma(k) * products.absolute.exact
    assert fused or products.computed == Fraction(loop)
    for computed in (Fraction(loop), Fraction(float(factors[:, 0] @ factors[:, 1])), products.computed):
        assert abs(computed - products.exact) <= bound
    assert bound <= rounding.slack(k, products.absolute.computed) <= Fraction(102, 100) * bound + k * rounding.LEAST * 2


def test_the_best_line_errs_alike_at_both_ends_and_at_zero():
    low, high = -2.0, 3.0
    chord, mu = relu.steepness(low, high), relu.least_error(low, high)
    errors = [max(x, 0.0) - chord * x - mu for x in (low, 0.0, high)]
    np.testing.assert_allclose(errors, [mu, -mu, mu], atol=1e-15)
    assert relu.height_above(low, high, chord) == pytest.approx(2 * mu)

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


def test_what_a_sum_of_products_may_lose_is_counted_as_stated():
    assert rounding.gamma(3) == Fraction(3, 2**53 - 3)
    assert rounding.slack(3, 2) == Fraction(6 * 101, 100 * 2**53) + Fraction(3, 2**1073)


@pytest.mark.parametrize(("order", "places"), [(((0, 1),), (1, 0)), (((1, 2), (0, 1)), (0, 1))])
def test_a_fused_product_is_not_rounded_whichever_of_the_two_it_is(order, places):
    """x x less its own float, beside a product that is 0 where the order needs a third: what rounding took, if fused."""
    x = 1 + 2.0**-30
    factors = np.zeros((len(order) + 1, 2))
    factors[list(places)] = [x, x], [-1, x * x]
    lost = Fraction(x) ** 2 - Fraction(x * x)
    assert lost == Fraction(1, 2**60)
    assert rounding.Products(factors, order, True).computed == lost
    assert rounding.Products(factors, order, False).computed == 0


def test_rounding_is_read_as_the_shares_of_both_bounds():
    """x x is off by 2^-60."""
    x = 1 + 2.0**-30
    reading = rounding._read(rounding.Products(np.array([[x, x]]), (), False))
    off = 2.0**-60 * 2**53 / x**2
    assert reading.left == pytest.approx([off, off / 1.01], rel=1e-12)
    least = rounding.Products(np.full((2, 2), 2.0**-538), ((0, 1),), False)  # 2^-1076, twice, is rounded to 0
    assert rounding._read(least).left == pytest.approx([1 / 4, 1 / 8])


def test_a_residual_is_read_between_its_extremes_at_the_cuts():
    """One pixel of height 1: on [0, 2] x [-1/2, 0] it is (1 - p)_+ (1 - |q|) - 2 p - 3 q."""
    shares = np.array([[0.25, 1.0], [0.5, 0.0], [0.75, 0.5]])
    of = corners.Rectangle(np.ones((1, 1)), np.array([0.0, -0.5]), np.array([2.0, 0.0]), np.array([2.0, 3.0]), shares)
    inside = [0.5 - 1, 0 - 2 + 1.5, 0 - 3 + 0.75]
    reading = corners._read(of)
    assert reading.left == pytest.approx([*inside, *np.negative(inside)])
    assert reading.right == pytest.approx([2.0] * 3 + [4.0] * 3)


def test_taylor_is_read_as_the_share_of_the_remainder():
    """The pixel (-2, 0) turned by 0.3: 2 (cos - 1, sin - 0.3) over 2 0.3^2/2; the pixel (0, -3) grown by exp(0.3);
    the scales that they start from cancel."""

    def read(half, place):
        cell = taylor.Cell(np.array([0, 0.2, -0.4, 0, 0, 0]), np.array(half), np.array(place), np.ones((1, 6)))
        return taylor._read(cell).left

    turned = read([0.3, 0, 0, 0, 0, 0], [-2.0, 0.0])
    assert turned[0] == pytest.approx([(1 - np.cos(0.3)) / 0.045, (0.3 - np.sin(0.3)) / 0.045])
    grown = read([0, 0, 0.3, 0, 0, 0], [0.0, -3.0])
    assert grown[0] == pytest.approx([0, (np.exp(0.3) - 1.3) / (np.exp(0.3) * 0.045)])


def test_a_rectifier_is_read_against_both_lines_the_strip_and_any_line():
    """On [-1, 3] at -1, 1 and 0: slope 1/2, so a height of 3/2; the chord 3/4 (x + 1), mu = 3/8; 2 x + 1, off by 2."""
    of = relu.Interval(-1.0, 3.0, 0.5, np.array([2.0, 1.0]), np.array([0.0, 0.5]))
    x, y, mu = np.array([-1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0]), 3 / 8
    reading = relu._read(of)
    left = [*x / 2, *(3 / 4 * x), *y, *y, 3 / 8, 1 / 8, 3 / 8, mu]
    right = [*y, *y, *(3 / 4 * (x + 1)), *(x / 2 + 3 / 2), mu, mu, mu, 2]
    assert reading.left == pytest.approx(np.array(left) / 4)
    assert reading.right == pytest.approx(np.array(right) / 4)


def test_the_best_line_errs_alike_at_both_ends_and_at_zero():
    low, high = -2.0, 3.0
    chord, mu = relu.steepness(low, high), relu.least_error(low, high)
    errors = [max(x, 0.0) - chord * x - mu for x in (low, 0.0, high)]
    np.testing.assert_allclose(errors, [mu, -mu, mu], atol=1e-15)
    assert relu.height_above(low, high, chord) == pytest.approx(2 * mu)

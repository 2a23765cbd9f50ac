import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import nquad

from tests.theory.proofs import discharged
from theory import ledger
from theory.ledger import Verdict
from theory.theorem2 import bounds, discrete, optimal, printed, sharpened, steps
from theory.theorem2.bounds import (
    eta,
    eta_optimal,
    eta_sharp,
    misaligned_bound,
    misaligned_bound_discrete,
    misaligned_bound_distance,
)
from theory.theorem2.worlds import (
    CurveViews,
    Level,
    SpikeViews,
    alignment,
    jumping,
    levels,
    misaligned,
    reach,
    spiked,
    stray,
    wandering,
)

MODULES = (printed, sharpened, optimal, discrete)
CLAIMS = {claim.id: claim for module in MODULES for claim in module.CLAIMS}
views = st.tuples(st.integers(1, 6), st.integers(1, 50), st.floats(0.01, 100), st.floats(0.01, 100))
below = 1 - 1e-9  # just below a diameter, where a sample is still outside S_eps and the bounds are tightest


def verdict_of(claim_id):
    claim = CLAIMS[claim_id]
    return ledger.verdict(claim, ledger.gather(claim))


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_verdicts(claim_id):
    assert verdict_of(claim_id) is CLAIMS[claim_id].expected
    assert CLAIMS[claim_id].expected is (Verdict.REFUTED if claim_id == "thm-2-order" else Verdict.PROVED)


# The infimum over h


def printed_objective(h, eps, n, m, L, M):
    """As printed in [H], Theorem 2."""
    return 4 * np.maximum(1, m**2 * h ** (2 * n)) / (h ** (2 * n) * (eps - 2 * math.sqrt(n) * L * M * h))


def sharp_objective(h, eps, n, m, L, M):
    return 2 * np.maximum(m, h**-n) / (eps - 2 * math.sqrt(n / 3) * L * M * h) ** 2


def infimum_found(function, formula, slowest):
    """Whether `function` is the minimum of `formula` over a dense grid of all h allowed, for views of every kind."""
    for n, m, eps in [(n, m, eps) for n in (1, 2, 3, 5) for m in (1, 2, 30) for eps in (1e-3, 0.3, 4.0, 300.0)]:
        L, M = 0.7, 1.9
        h = np.linspace(0, eps / (slowest(n) * L * M), 200_001)[1:-1]
        least = formula(h, eps, n, m, L, M).min()
        if not least * (1 - 1e-4) <= function(eps, n, m, L, M) <= least * (1 + 1e-12):
            return False
    return True


def eta_is_the_infimum():
    return infimum_found(bounds.eta, printed_objective, lambda n: 2 * math.sqrt(n))


def eta_sharp_is_the_infimum():
    return infimum_found(bounds.eta_sharp, sharp_objective, lambda n: 2 * math.sqrt(n / 3))


def test_eta_and_eta_sharp_are_infima():
    assert eta_is_the_infimum()
    assert eta_sharp_is_the_infimum()


@settings(max_examples=100, deadline=None)
@given(views, st.floats(1e-6, 1e6))
def test_eta_is_one_of_two_closed_forms(shape, eps):
    n, m, L, M = shape
    c, corner = bounds.rate_printed(n, L, M), m ** (-1 / n)
    value = eta(eps, n, m, L, M)
    assert value >= bounds.eta_small(eps, n, c) * (1 - 1e-12)
    if bounds.free_side(eps, c, 2 * n, 1) <= corner:
        assert value == pytest.approx(bounds.eta_small(eps, n, c), rel=1e-9)
    else:
        assert value == pytest.approx(bounds.eta_large(eps, m, corner, c), rel=1e-9)
    if eps >= 2 * c * corner:
        assert 4 * m**2 / eps <= value * (1 + 1e-9) <= 8 * m**2 / eps * (1 + 2e-9)


def test_eta_runs_on_arrays_and_the_closed_form_on_symbols():
    eps = np.geomspace(1e-3, 10, 7)
    np.testing.assert_allclose(eta(eps, 2, 3, 0.5, 2.0), [eta(float(e), 2, 3, 0.5, 2.0) for e in eps], rtol=1e-14)
    symbol = sympy.Symbol("epsilon", positive=True)
    small = bounds.eta_small(symbol, 2, bounds.rate_printed(sympy.Integer(2), sympy.Rational(1, 2), 2))
    assert float(small.subs(symbol, 1e-3)) == pytest.approx(eta(1e-3, 2, 3, 0.5, 2.0), rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(views, st.floats(1e-6, 1e6))
def test_sharp_beats_printed_by_two_root_two(shape, eps):
    assert 8 * eta_sharp(eps, *shape) <= eta(eps, *shape) ** 2 * (1 + 1e-12)


def test_two_root_two_is_attained():
    """One discrete view, continuous ones that hardly move: the printed constant is looser by no less and no more."""
    assert eta(1.0, 1, 1, 1.0, 1e-9) / math.sqrt(eta_sharp(1.0, 1, 1, 1.0, 1e-9)) == pytest.approx(
        math.sqrt(8), rel=1e-6
    )
    world = stray(1.0, 1.0)
    printed_bound = eta(below, 1, 1, 1.0, world.steepest) * math.sqrt(alignment(world))
    assert printed_bound == pytest.approx(math.sqrt(8) * misaligned(world, below), rel=1e-6)


# The theorem on worlds with exact integrals


def test_world_matches_plain_sampling():
    """The exact integrals and sups of a world against dense evaluation of its views."""
    for seed in range(6):
        world = wandering(np.random.default_rng(seed))
        if world.n > 2:
            continue
        pieces = world.curves.shape[2] - 1
        theta = (np.arange(60 * pieces) + 0.5) / (60 * pieces)
        knots = np.linspace(0, 1, pieces + 1)
        for i in range(len(world.shares)):
            path = [
                np.stack([np.interp(theta, knots, x) for x in world.curves[i, j].T], axis=1) for j in range(world.n)
            ]
            grid = np.meshgrid(*[np.arange(len(theta))] * world.n, indexing="ij")
            points = np.concatenate([p[g.ravel()] for p, g in zip(path, grid, strict=True)], axis=1)
            mean = (points.mean(axis=0) + world.discrete[i].mean(axis=0)) / 2
            square = ((points**2).sum(axis=1).mean() + (world.discrete[i] ** 2).sum(axis=1).mean()) / 2
            assert 2 * (square - mean @ mean) == pytest.approx(world.alignments()[i], rel=1e-3)
            some = np.concatenate([points[:: max(1, len(points) // 900)], world.discrete[i]])
            widest = max(((some - x) ** 2).sum(axis=1).max() for x in some)
            assert widest <= world.squared_diameters()[i] * (1 + 1e-9)
            assert widest >= world.squared_diameters()[i] * 0.8


def test_spikes_match_plain_sampling():
    """Moments and diameters of spikes against a dense grid of the cube; their slope against the steepest difference."""
    for n, side in ((1, 20_000), (2, 300), (3, 50)):
        spikes = np.array([[reach(n), 0.7 * reach(n)]])
        views = SpikeViews(n, spikes, np.array([[0.1, -0.3]]), np.ones(1))
        axis = (np.arange(side) + 0.5) / side
        theta = np.stack(np.meshgrid(*[axis] * n), axis=-1)
        first, last = (np.linalg.norm(theta - corner, axis=-1) for corner in (0, 1))
        feature = np.maximum(spikes[0, 0] - first, 0) - np.maximum(spikes[0, 1] - last, 0)
        mean = (feature.mean() - 0.1) / 2
        square = ((feature**2).mean() + 0.05) / 2
        assert views.alignments()[0] == pytest.approx(2 * (square - mean**2), rel=1e-3)
        assert views.squared_diameters()[0] == pytest.approx(np.ptp(feature) ** 2, rel=0.2)
        pairs = np.random.default_rng(n).integers(feature.size, size=(2, 100_000))
        rise, run = np.diff(feature.ravel()[pairs], axis=0)[0], np.diff(theta.reshape(-1, n)[pairs], axis=0)[0]
        assert (abs(rise) <= views.steepest * np.linalg.norm(run, axis=1) + 1e-12).all()
        assert (abs(rise) > 0.99 * views.steepest * np.linalg.norm(run, axis=1)).any()


def bounds_at(views, eps):
    """The bounds on R_eps by form, before they are cut to 1."""
    shape, L_align = Level(views, eps).constants, alignment(views)
    by_form = {
        "printed": eta(eps, *shape) * math.sqrt(L_align),
        "sharp": eta_sharp(eps, *shape) * L_align,
    }
    if eps <= views.steepest:
        by_form["optimal"] = eta_optimal(eps, *shape) * L_align
    return by_form


def test_the_least_bound_is_the_least_of_the_forms():
    optimal = 0
    for seed in range(60):
        start, build = levels(np.random.default_rng(seed))
        level = build(start)
        by_form = bounds_at(level.views, level.eps)
        least = misaligned_bound(alignment(level.views), level.eps, *level.constants)
        assert least == pytest.approx(min(1.0, *by_form.values()), rel=1e-12)
        optimal += by_form.get("optimal", 1) < min(1, by_form["sharp"])
    assert optimal >= 3


def test_optimal_is_attained_exactly():
    """Spikes in exact arithmetic: at eps = D, L_align is R eps^3/(12 L M), the bound itself."""
    world = spiked(m=3, share=Fraction(1, 5), height=Fraction(1, 2), pieces=8, width=3)
    slope = Fraction(1, 2) * 8 / 3
    assert world.steepest == slope
    assert world.squared_diameters()[0] == 1
    assert alignment(world) == Fraction(1, 5) / (12 * slope)
    assert eta_optimal(1.0, 1, 3, 1.0, float(slope)) == pytest.approx(float(12 * slope), rel=1e-14)


@pytest.mark.parametrize("m", [2, 3, 8])
def test_sharp_is_attained_by_two_discrete_views(m):
    world = jumping(m, 0.1, 1.0, 1e-6)
    assert bounds_at(world, below)["sharp"] == pytest.approx(misaligned(world, below), rel=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_corner_gain_matches_a_numerical_integral(n):
    """E (t - rate ||U||)_+^2 over the cube, by quadrature."""
    for t, rate in ((1.0, 1.0), (0.6, 1.5)):
        reach = t / rate
        value, _ = nquad(
            lambda *u, t=t, rate=rate: max(t - rate * math.hypot(*u), 0) ** 2,
            [(0, reach)] * n,
            opts={"epsabs": 1e-5, "epsrel": 1e-5},
        )
        assert bounds.corner_gain(t, n, rate) == pytest.approx(value, rel=1e-3)


def test_orthant_volumes():
    volumes = [bounds.orthant_volume(n) for n in (1, 2, 3)]
    assert volumes == pytest.approx([1, math.pi / 4, math.pi / 6], rel=1e-14)
    assert bounds.orthant_volume(sympy.Integer(3)) == sympy.pi / 6


@pytest.mark.parametrize("n", [50, 400])
def test_many_parameters_give_no_bound_but_no_error(n):
    """The cube is too small for a float: the bound is 1, and 0 where nothing moves."""
    assert misaligned_bound(0.1, 1e-9, n, 3, 10.0, 10.0) == 1.0
    assert misaligned_bound(0.0, 1e-9, n, 3, 10.0, 10.0) == 0.0
    assert eta(1e-9, n, 3, 10.0, 10.0) > 1e300


# The order that is printed


def test_order_witness_is_pinned():
    evidence = printed._order_witness()
    assert evidence.holds
    assert evidence.direction == "against"
    assert "eta eps = 2700" in evidence.summary
    eps = 1 / 10
    assert eta(eps, 1, 2, 0.5, 1.0) * eps == pytest.approx(2700, rel=1e-12)


@pytest.mark.parametrize("family", [lambda c, _: c, lambda c, _: 2 * c, lambda c, C: c * C])
def test_order_witness_disappears_where_eps_stays_large(family):
    assert printed._order_witness(family).holds is False


def test_printed_order_survives_at_its_true_exponent():
    """eta eps^(2n+1) is bounded as eps -> 0: weakened to that order there is no witness."""
    for n in (1, 2, 3, 4):
        scaled = [eta(eps, n, 2, 1.0, 1.0) * eps ** (2 * n + 1) for eps in (1e-1, 1e-2, 1e-3)]
        assert scaled == pytest.approx([scaled[0]] * 3, rel=1e-9)


# What cannot be bounded


@pytest.mark.parametrize("eps", [0.0, -1.0, math.nan, math.inf])
def test_bad_eps_is_named(eps):
    for call in (lambda: eta(eps, 1, 1, 1, 1), lambda: misaligned_bound_discrete(0.1, eps, 2)):
        with pytest.raises(ValueError, match=f"eps={eps}: .*give a finite eps > 0"):
            call()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1, 0, 1, 1.0, 1.0), "n=0: too small; give an integer >= 1"),
        ((0.1, 1.5, 1, 1.0, 1.0), "n=1.5: a float, not an integer"),
        ((0.1, True, 1, 1.0, 1.0), "n=True: a bool, not an integer"),
        ((0.1, 1, 0, 1.0, 1.0), "m=0: too small"),
        ((0.1, 1, 1, 0.0, 1.0), "L=0.0: not positive and finite; give a Lipschitz constant"),
        ((0.1, 1, 1, 1.0, math.nan), "M=nan"),
        ((0.1, 1, 1, 1.0, math.inf), "M=inf"),
    ],
)
def test_bad_views_are_named(arguments, message):
    for call in (eta, eta_sharp, eta_optimal, lambda *rest: misaligned_bound(0.1, *rest)):
        with pytest.raises(ValueError, match=message):
            call(*arguments)


def test_bad_moments_are_named():
    for bad in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"L_align={bad}: "):
            misaligned_bound(bad, 0.1, 1, 1, 1.0, 1.0)
        with pytest.raises(ValueError, match=f"={bad}: "):
            misaligned_bound_distance(bad, 0.1, 3)
    for bound in (misaligned_bound_discrete, misaligned_bound_distance):
        with pytest.raises(ValueError, match="m=1: too small; give an integer >= 2"):
            bound(0.1, 0.1, 1)
    with pytest.raises(ValueError, match=r"eps=2.1: exceeds the diameter.*give eps <= 2 r"):
        misaligned_bound_discrete(0.1, 2.1, 3, 1.0)
    with pytest.raises(ValueError, match=r"exceeds the diameter"):
        misaligned_bound_discrete(0.1, 0.1, 3, math.nan)
    with pytest.raises(ValueError, match=r"eps=2.0: exceeds L M = 1.0.*use eta_sharp"):
        eta_optimal(2.0, 1, 1, 1.0, 1.0)


# Mutants: each must break a proof, or the exact value of an infimum

PROOF_MUTANTS = {
    "rate without sqrt": (printed, "thm-2", "rate_printed", lambda n, L, M: 2 * n * L * M),
    "half the rate": (printed, "thm-2", "rate_printed", lambda n, L, M: bounds.sqrt(n) * L * M),
    "weight not squared": (printed, "thm-2", "printed_weight", lambda cube, atom: bounds.least(cube, atom) / 4),
    "weight twice": (printed, "thm-2", "printed_weight", lambda cube, atom: bounds.least(cube, atom) ** 2 / 2),
    "side of 2n+2": (steps, "thm-2", "free_side", lambda eps, c, p, q: p * eps / ((p + q + 1) * c)),
    "side without q": (steps, "thm-2-sharp", "free_side", lambda eps, c, p, _: p * eps / ((p + 1) * c)),
    "closed form, order": (printed, "thm-2", "eta_small", lambda eps, n, c: bounds.eta_small(eps, n, c) * eps),
    "closed form, factor": (printed, "thm-2", "eta_small", lambda eps, n, c: bounds.eta_small(eps, n, c) / 2),
    "objective squared": (printed, "thm-2", "objective", lambda w, h, e, c, _: 1 / (w * (e - c * h) ** 2)),
    "large eps, m": (printed, "thm-2-order", "eta_large", lambda eps, m, h, c: 4 * m / (eps - c * h)),
    "rate of a centred cube": (sharpened, "thm-2-sharp", "rate_sharp", lambda n, L, M: bounds.rate_sharp(n, L, M) / 2),
    "groups twice": (sharpened, "thm-2-sharp", "group_weight", lambda a, b: 4 * a * b / (a + b)),
    "sharp weight twice": (sharpened, "thm-2-sharp", "sharp_weight", bounds.least),
    "corner, n + 1": (optimal, "thm-2-optimal", "corner_gain", lambda t, n, c: bounds.corner_gain(t, n, c) * (n + 2)),
    "corner, power": (optimal, "thm-2-optimal", "corner_gain", lambda t, n, c: bounds.corner_gain(t, n, c) * t),
    "gain, 2^n": (optimal, "thm-2-optimal", "optimal_gain", lambda e, n, m, c: 2 * bounds.optimal_gain(e, n, m, c)),
    "gain, discrete": (
        optimal,
        "thm-2-optimal",
        "optimal_gain",
        lambda e, n, m, c: bounds.least(bounds.corner_gain(e, n, c), e**2 / m**2) / 2 ** (n + 1),
    ),
}


@pytest.mark.parametrize("name", PROOF_MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(name, monkeypatch):
    module, claim_id, formula, mutant = PROOF_MUTANTS[name]
    monkeypatch.setattr(module, formula, mutant)
    assert not discharged(CLAIMS[claim_id])


@pytest.mark.parametrize(
    ("formula", "mutant"),
    [
        ("best_side", lambda eps, c, p, q, *_: bounds.free_side(eps, c, p, q)),
        ("best_side", lambda eps, c, p, q, _, m: np.minimum(bounds.free_side(eps, c, p, q), 1 / m)),
        ("best_side", lambda eps, c, _, q, n, m: np.minimum(bounds.free_side(eps, c, n, q), m ** (-1 / n))),
        ("least", np.maximum),
        ("rate_printed", lambda n, L, M: 2 * n * L * M),
        ("printed_weight", lambda cube, atom: bounds.least(cube, atom) ** 2 / 2),
    ],
)
def test_a_mutated_minimiser_is_not_the_infimum(formula, mutant, monkeypatch):
    monkeypatch.setattr(bounds, formula, mutant)
    assert not eta_is_the_infimum()


def test_world_type_is_exact_on_fractions():
    world = spiked(2, Fraction(1, 3), Fraction(1), 4, 2)
    assert isinstance(world, CurveViews)
    assert isinstance(alignment(world), Fraction)

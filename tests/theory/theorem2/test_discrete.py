"""thm-2-disc, thm-2-disc-sharp, thm-2-disc-sphere: R_eps from L_align for m uniform views."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.proofs import discharged
from tests.theory.worlds import worlds
from theory.factors import alignment, misaligned_share, view_diameters
from theory.setting import FiniteWorld
from theory.theorem2 import bounds, discrete
from theory.theorem2.bounds import (
    eta_optimal,
    misaligned_bound,
    misaligned_bound_discrete,
    misaligned_bound_distance,
)

below = 1 - 1e-9  # just below a diameter, where a sample is still outside S_eps and the bounds are tightest


def mean_distance(world):
    m = world.features.shape[1]
    pairs = combinations(range(m), 2)
    total = sum(np.linalg.norm(world.features[:, i] - world.features[:, j], axis=1) for i, j in pairs)
    return float(2 * total.mean() / m**2)


def discrete_bounds(world, eps):
    m, L, r = world.features.shape[1], alignment(world), float(world.radius)
    by_form = {
        "pair": m**2 * L / (2 * eps**2),
        "sharp": L / bounds.discrete_gain(eps, m),
        "distance": mean_distance(world) / bounds.discrete_distance(eps, m),
    }
    if eps <= 2 * r:
        by_form["sphere"] = L / bounds.discrete_gain_sphere(eps, m, r)
    return by_form


@settings(max_examples=200, deadline=None)
@given(worlds, st.floats(1e-3, 2))
def test_discrete_bounds_hold_on_worlds(world, eps):
    m = world.features.shape[1]
    for level in (eps, float(view_diameters(world.features).max()) * below):
        if not 0 < level < 2 * below:
            continue
        by_form, R = discrete_bounds(world, level), misaligned_share(world, level)
        for value in by_form.values():
            assert min(1.0, value) >= R - 1e-9
        assert by_form["sphere"] <= by_form["sharp"] * (1 + 1e-9) <= by_form["pair"] * (1 + 2e-9)
        L = alignment(world)
        assert misaligned_bound_discrete(L, level, m) == pytest.approx(min(1, by_form["sharp"]))
        assert misaligned_bound_discrete(L, level, m, 1.0) == pytest.approx(min(1, by_form["sphere"]), abs=1e-6)
        assert misaligned_bound_distance(mean_distance(world), level, m) == pytest.approx(min(1, by_form["distance"]))


def test_sphere_form_is_exact_where_the_plain_one_is_not():
    eps = 1.9
    angles = np.array([[np.arcsin(eps / 2), -np.arcsin(eps / 2), 0, 0, 0]] + [[0] * 5] * 3)
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    by_form = discrete_bounds(FiniteWorld(features, features, np.array([0, 1, 0, 1])), eps * below)
    assert by_form["sphere"] == pytest.approx(0.25, rel=1e-6)
    assert by_form["sharp"] > 1.2 * 0.25


def test_exact_worlds_and_their_weakened_versions():
    one, two = discrete.one_view_off(), discrete.two_views_off()
    assert misaligned_share(one, Fraction(11, 10)) == misaligned_share(two, Fraction(11, 10)) == Fraction(1, 2)
    assert misaligned_share(one, Fraction(6, 5)) == misaligned_share(two, Fraction(6, 5)) == 0
    assert alignment(two) == Fraction(1, 49) * (Fraction(36, 25) + 4)


PROOF_MUTANTS = {
    "ordered pair once": ("thm-2-disc", "pair_weight", lambda m: 1 / (m * m)),
    "distinct pairs": ("thm-2-disc-sharp", "pair_weight", lambda m: 2 / (m * (m - 1))),
    "gain, m - 1": ("thm-2-disc-sharp", "discrete_gain", lambda eps, m: eps * eps / (m - 1)),
    "distance, m": ("thm-2-disc-sharp", "discrete_distance", lambda eps, m: 2 * eps / m),
    "sphere gap, first order": ("thm-2-disc-sphere", "sphere_gap", lambda eps, _: eps * eps / 2),
    "sphere, m - 1": (
        "thm-2-disc-sphere",
        "discrete_gain_sphere",
        lambda eps, m, r: bounds.pair_weight(m) * (eps * eps + (m - 1) * bounds.sphere_gap(eps, r)),
    ),
}


@pytest.mark.parametrize("name", PROOF_MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(name, monkeypatch):
    claim_id, formula, mutant = PROOF_MUTANTS[name]
    monkeypatch.setattr(discrete, formula, mutant)
    claim = next(claim for claim in discrete.CLAIMS if claim.id == claim_id)
    assert not discharged(claim)


@pytest.mark.parametrize("eps", [1e-200, 1e200])
def test_an_eps_whose_square_is_no_float_is_refused(eps):
    for bound in (
        lambda: misaligned_bound_discrete(0.1, eps, 4),
        lambda: misaligned_bound_distance(0.1, eps, 4),
        lambda: misaligned_bound(0.1, eps, 2, 4, 1.0, 1.0),
    ):
        with pytest.raises(ValueError, match="other units"):
            bound()


def test_a_dimension_beyond_floats_is_refused():
    assert 0 < misaligned_bound(1e-300, 0.5, 1000, 4, 1.0, 1.0) <= 1
    with pytest.raises(ValueError, match="n=2000"):
        misaligned_bound(0.1, 0.5, 2000, 4, 1.0, 1.0)


def test_integers_of_numpy_do_not_overflow():
    many = np.int64(100)
    assert misaligned_bound(1e-9, 0.5, many, np.int64(4), 1.0, 1.0) == misaligned_bound(1e-9, 0.5, 100, 4, 1.0, 1.0)
    assert eta_optimal(0.5, many, np.int64(4), 1.0, 1.0) == eta_optimal(0.5, 100, 4, 1.0, 1.0) > 0

"""The predicates of Theorem 2 and its forms: met, informative, near to equality, and broken by every false variant."""

import math
from dataclasses import replace

import numpy as np
import pytest

from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.theorem2 import bounds, discrete, optimal, printed, sharpened
from theory.theorem2.worlds import (
    BELOW,
    Level,
    SpikeViews,
    discrete_levels,
    jumping,
    levels,
    reach,
    sphere_levels,
    stray,
)

PREDICATES = {
    claim.id: claim.predicate for module in (printed, sharpened, optimal, discrete) for claim in module.CLAIMS
}
NEAREST = {  # the most of the bound that a world uses: the factor that the printed form gives away is 2 sqrt(2)
    "thm-2": 1 - 1 / math.sqrt(8),
    "thm-2-sharp": 0,
    "thm-2-optimal": 0,
    "thm-2-disc": 0,
    "thm-2-disc-sharp": 0,
    "thm-2-disc-sphere": 0,
}


@pytest.mark.parametrize("claim", NEAREST)
def test_worlds_meet_the_hypotheses_and_come_near_to_equality(claim):
    search = falsify(PREDICATES[claim])
    assert not search.violated
    assert search.met >= ENOUGH
    assert search.informative >= 20
    assert NEAREST[claim] - 1e-9 <= search.slack <= NEAREST[claim] + 0.03


def test_the_printed_order_is_broken_and_would_hold_of_a_bound_of_that_order(monkeypatch):
    assert falsify(PREDICATES["thm-2-order"]).violated
    monkeypatch.setattr(printed, "eta", lambda eps, *_: 0.1 / eps)
    assert not falsify(PREDICATES["thm-2-order"]).violated


eta, eta_sharp, optimal_gain = bounds.eta, bounds.eta_sharp, bounds.optimal_gain
FALSE = {
    "no factor m": ("thm-2", printed, "eta", lambda eps, n, _, *rate: eta(eps, n, 1, *rate)),
    "no factor 4": ("thm-2", printed, "eta", lambda *view: eta(*view) / 4),
    "no motion": ("thm-2", printed, "eta", lambda eps, n, m, *_: eta(eps, n, m, 1e-9, 1e-9)),
    "sharp, no factor m": ("thm-2-sharp", sharpened, "eta_sharp", lambda eps, n, _, *rate: eta_sharp(eps, n, 1, *rate)),
    "sharp, 3 % smaller": ("thm-2-sharp", sharpened, "eta_sharp", lambda *view: 0.97 * eta_sharp(*view)),
    "sharp, half the weight": ("thm-2-sharp", bounds, "sharp_weight", bounds.least),
    "sharp, 9 for 8": ("thm-2-sharp", sharpened, "eta", lambda *view: eta(*view) * math.sqrt(8 / 9)),
    "optimal, 3 % smaller": ("thm-2-optimal", optimal, "optimal_gain", lambda *view: optimal_gain(*view) / 0.97),
    "optimal, 2^n": ("thm-2-optimal", optimal, "optimal_gain", lambda *view: 2 * optimal_gain(*view)),
    "optimal, volume of a cube": ("thm-2-optimal", bounds, "orthant_volume", lambda _: 1.0),
    "optimal, the greater kind": ("thm-2-optimal", bounds, "least", np.maximum),
    "pair, m/2": ("thm-2-disc", discrete, "pair_weight", lambda m: 2 / m),
    "pair, without itself": ("thm-2-disc", discrete, "pair_weight", lambda m: 2 / (m * (m - 1))),
    "all pairs, m - 1": ("thm-2-disc-sharp", discrete, "discrete_gain", lambda eps, m: eps**2 / (m - 1)),
    "all pairs, distance": ("thm-2-disc-sharp", discrete, "discrete_distance", lambda eps, m: 2 * eps / m),
    "sphere, m - 1": (
        "thm-2-disc-sphere",
        discrete,
        "discrete_gain_sphere",
        lambda eps, m, r: bounds.pair_weight(m) * (eps * eps + (m - 1) * bounds.sphere_gap(eps, r)),
    ),
    "sphere, twice the gap": ("thm-2-disc-sphere", bounds, "sphere_gap", lambda eps, _: eps * eps),
    "sphere, smaller gap": ("thm-2-disc-sphere", discrete, "sphere_gap", lambda eps, _: eps * eps / 2 * 0.99),
}


@pytest.mark.parametrize("variant", FALSE)
def test_a_false_variant_is_broken(variant, monkeypatch):
    claim, module, name, false = FALSE[variant]
    monkeypatch.setattr(module, name, false)
    assert falsify(PREDICATES[claim]).violated


def test_a_world_by_hand():
    """One discrete view of one, 1 away from continuous views that stay: L_align = 1/2, and eta = 4 at h -> 1."""
    reading = PREDICATES["thm-2"].read(Level(stray(0.5, 1.0), BELOW))
    assert reading.left == pytest.approx(0.5 / (4 * math.sqrt(0.5 / 2)), rel=1e-6)
    reading = PREDICATES["thm-2-sharp"].read(Level(jumping(4, 0.1, 1.0, 1e-9), BELOW))
    assert reading.left == pytest.approx([1.0, 8 * 2 * 4 / (4 * 16) ** 2], rel=1e-6)


def test_highest_spikes_in_opposite_corners_just_meet():
    """Each stays in its orthant, at most 1 long; two of slope 1 touch on the diagonal, sqrt(n) long."""
    assert [reach(n) for n in (1, 2, 3, 4, 9)] == pytest.approx([0.5, math.sqrt(2) / 2, math.sqrt(3) / 2, 1.0, 1.0])


def test_spikes_attain_the_optimal_form_in_every_dimension():
    for n in (1, 2, 3):
        views = SpikeViews(n, np.full((1, 2), reach(n) / 2), np.zeros((1, 2)), np.ones(1))
        reading = PREDICATES["thm-2-optimal"].read(Level(views, reach(n) * BELOW))
        assert reading.met
        assert reading.left == pytest.approx(1, abs=1e-9)
        assert (
            not PREDICATES["thm-2-optimal"].read(Level(replace(views, steepest=0.4 * reach(n)), reach(n) * BELOW)).met
        )


@pytest.mark.parametrize("family", [levels, discrete_levels, sphere_levels])
def test_any_parameters_make_a_valid_world(family):
    rng = np.random.default_rng(0)
    for _ in range(200):
        start, build = family(rng)
        world = build(start + 3 * rng.normal(size=start.shape))
        assert world.eps > 0
        if family is levels:
            assert world.views.shares.sum() == pytest.approx(1)
            assert world.views.squared_diameters().max() > world.eps**2
        if family is sphere_levels:
            norms = np.linalg.norm(world.features, axis=2)
            assert norms == pytest.approx(norms[0, 0] * np.ones(norms.shape))
            assert world.eps <= 2 * norms.max()

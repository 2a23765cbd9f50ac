"""The statements of Theorem 1 as programs: each is broken by a false variant of its formula, and the search finds it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.theory.worlds import clustered
from theory import ledger
from theory.factors import misaligned_share, misclassified, nearest_mean_error, view_diameters
from theory.falsification import Predicate, falsify
from theory.setting import FiniteWorld
from theory.theorem1 import FORMS, threshold
from theory.theorem1.forms.form import threshold_forms
from theory.theorem1.proofs import (
    anchored,
    choice,
    ideal,
    lemma_3_2,
    linear_head,
    local,
    nesting,
    per_class,
    predicates,
    shared_views,
)
from theory.theorem1.proofs.choice import Choice, clearances, common
from theory.theorem1.proofs.predicates import rho_max, theorem_1
from theory.theorem1.proofs.worlds import choices
from theory.worlds import with_pinned


def printed(rho, level=threshold):
    return replace(FORMS["printed"], margin=lambda x: np.asarray(level(rho(x.share, x.q, x.s)) - x.lk))


def derived(rho):
    return threshold_forms(0, "", lambda alpha, s: {"": rho(alpha, s)})[0]


def half_chord(x):
    D = (1 - x.share) + np.sqrt((1 - x.share) ** 2 + x.share * x.s**2)
    return (x.ll + x.kk) / 2 - x.lk - D**2 / 2


def cap_at(factor, form):
    """The form with a cap of a smaller spread."""
    return replace(FORMS[form], margin=lambda x: FORMS[form].margin(replace(x, s=factor * x.s)))


FALSE_FORMS = {
    "printed, sqrt(rho) for sqrt(2 rho)": printed(
        lambda sigma, q, s: 2 * (1 - sigma) + q + sigma * s, lambda rho: 1 - rho - np.sqrt(rho)
    ),
    "printed without R": printed(lambda sigma, _, s: 2 * (1 - sigma) + sigma * s),
    "printed without s": printed(lambda sigma, q, _: 2 * (1 - sigma) + q),
    "printed without 1 - sigma": printed(lambda sigma, q, s: q + sigma * s),
    "corrected, s/4 for s": derived(lambda alpha, s: 2 * (1 - alpha) + alpha * s / 4),
    "corrected without 1 - alpha": derived(lambda alpha, s: alpha * s),
    "sharp, s^2/4 for s^2/2": derived(lambda alpha, s: 2 * (1 - alpha) + alpha * s**2 / 4),
    "sharp without 1 - alpha": derived(lambda alpha, s: alpha * s**2 / 2),
    "chord, D for 2 D": replace(FORMS["chord"], margin=half_chord),
    "cap, s/2 for s": cap_at(0.5, "cap"),
    "exact, s/2 for s": cap_at(0.5, "exact"),
    "cap, 5% less s": cap_at(0.95, "cap"),
    "exact, 5% less s": cap_at(0.95, "exact"),
}


@pytest.mark.parametrize("name", FALSE_FORMS)
def test_a_false_form_is_found_out(name):
    assert falsify(theorem_1(FALSE_FORMS[name])).violated


@pytest.mark.parametrize("term", [lambda *_: 0.0, lambda of, _: of.misaligned], ids=["no R", "R for R/min p"])
def test_a_false_rho_max_is_found_out(term):
    assert falsify(Predicate(worlds=choices, read=rho_max(term))).violated


def predicate(claim):
    return next(c for c in ledger.claims() if c.id == claim).predicate


def without_lipschitz(choice, _, eps):
    return 2 * eps / float(choice.distinct.radius)


FALSE_FORMULAS = {
    "lemma-3.2": (lemma_3_2, "spread", without_lipschitz),
    "thm-1-local": (local, "part_diameters", lambda _, choice: np.zeros(choice.distinct.classes)),
    "thm-1-per-class": (per_class, "spread", without_lipschitz),
    "thm-1-nesting": (nesting, "NESTED", (("chord", "sharp"),)),
    "thm-1-anchor": (anchored, "cell_margin", lambda t, own, rival, _: anchored.bounded_margin(t / 2, own, rival)),
    "thm-1-anchor-bounds": (anchored, "mean_ball", lambda alpha, t: alpha * t + (1 - alpha) / 2),
    "thm-1-ideal": (ideal, "divergence", lambda world: np.zeros((world.classes, world.classes))),
    "thm-1-shared-views": (predicates, "mean_shortfall", lambda _: -4.0),
    "nearest-mean-linear": (linear_head, "linear_head", lambda means: (means, -((means**2).sum(axis=1)))),
}


@pytest.mark.parametrize("claim", FALSE_FORMULAS)
def test_a_false_formula_is_found_out(claim, monkeypatch):
    module, name, false = FALSE_FORMULAS[claim]
    monkeypatch.setattr(module, name, false)
    assert falsify(predicate(claim)).violated


def test_lemma_3_1_needs_both_of_its_terms(monkeypatch):
    for bound in (lambda of: 1 - of.sigma.min(), lambda of: of.misaligned):
        monkeypatch.setattr(choice.Factors, "bound", property(bound))
        assert falsify(predicate("lemma-3.1")).violated


@pytest.mark.parametrize(
    "claim", ["lemma-3.1", "thm-1", "thm-1-printed", "thm-1-sharp", "thm-1-exact", "thm-1-shared-views"]
)
def test_the_terms_of_the_bound_add_up(claim, monkeypatch):
    """Err may exceed the larger of 1 - sigma and R_eps, and both together less half of R_eps."""
    for bound in (
        lambda of: max(1 - of.sigma.min(), of.misaligned),
        lambda of: 1 - of.sigma.min() + of.misaligned / 2,
    ):
        monkeypatch.setattr(choice.Factors, "bound", property(bound))
        assert falsify(predicate(claim)).violated


@pytest.mark.parametrize("claim", ["lemma-3.2", "thm-1-nesting", "thm-1-anchor-bounds"])
def test_a_continuous_slack_comes_near_zero(claim):
    assert falsify(predicate(claim), worlds=600).slack < 1e-3


def unfloored_world():
    """Three classes with the same features, one sample at 1 and one with views 1 and -1, whose views lie 6 apart: s = 6."""
    features = np.repeat([[[1.0], [1.0]], [[1.0], [-1.0]]], 3, axis=0)
    views = np.concatenate([features, np.repeat([[[0.0]], [[6.0]]], 3, axis=0).repeat(2, axis=1)], axis=2)
    aligned = np.arange(6) < 3
    return Choice(FiniteWorld(views, features, np.arange(6) % 3), (1, 1), 1.0, np.ones(6, dtype=bool), aligned)


def test_alpha_must_not_fall_below_zero(monkeypatch):
    """With sigma - R/p_l = -1/2 and s = 6 the corrected rho would be 0, all conditions met, and every sample is lost."""
    corrected = theorem_1(FORMS["corrected"])
    assert not corrected.read(unfloored_world()).met
    monkeypatch.setattr(predicates, "alpha_lower", lambda sigma, R, p: sigma - R / p)
    reading = corrected.read(unfloored_world())
    assert reading.violated
    assert (reading.left, reading.right) == (1.0, pytest.approx(0.5))
    assert falsify(replace(corrected, worlds=with_pinned(unfloored_world(), choices))).violated


@pytest.mark.parametrize("seed", range(20))
def test_factors_of_a_choice_by_loops(seed):
    world = clustered(seed, 3, 5, 3, seed % 2, 1, 0.1)
    diameters = view_diameters(world.features)
    main = np.random.default_rng(seed).random(15) < 0.7
    aligned = diameters <= np.quantile(diameters, 0.7)
    of = common(Choice(world, (1, 1, 1), 1.0, main, aligned))
    assert of.eps.tolist() == [diameters[aligned].max()] * 3
    assert of.misaligned == pytest.approx(misaligned_share(world, of.eps[0] * (1 + 1e-12)))
    for k in range(3):
        part = [world.views[i] for i in world.members(k) if main[i]]
        apart = [min(np.linalg.norm(a - b) for a in x for b in y) for x in part for y in part]
        assert of.delta[k] == pytest.approx(max(apart, default=0))
        assert of.sigma[k] == len(part) / 5
        assert of.alpha[k] == pytest.approx(sum(main[i] and diameters[i] <= of.eps[0] for i in world.members(k)) / 5)
        assert of.torn[k] == pytest.approx(sum(diameters[i] > of.eps[0] for i in world.members(k)) / 5)
    np.testing.assert_array_equal(of.kept, main & (diameters <= of.eps[0]))
    assert of.bound == pytest.approx(1 - of.sigma.min() + of.misaligned)


def test_repeated_views_weigh_in_means_and_errors_only():
    features = np.array([[[1.0, 0], [0, 1]], [[-1, 0], [-1, 0]]])
    of = Choice(
        FiniteWorld(features, features, np.array([0, 1])), (1, 3), 1.0, np.ones(2, bool), np.array([False, True])
    )
    np.testing.assert_allclose(common(of).gram, [[10 / 16, -1 / 4], [-1 / 4, 1]])
    assert of.world.views.shape == (2, 4, 2)
    assert common(of).torn.tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(10))
def test_clearance_is_positive_for_what_is_classified_correctly(seed):
    world = clustered(seed, 3, 6, 2, 2, 1, 0.3)
    means = np.array([world.features[world.members(k)].mean(axis=(0, 1)) for k in range(3)])
    np.testing.assert_array_equal(clearances(world, means) > 0, ~misclassified(world))
    assert nearest_mean_error(world) > 0


def test_distance_is_that_of_the_sample_whose_error_would_be_one_too_many():
    world = clustered(0, 3, 5, 3, 0, 1, 0.1)
    means = np.array([world.features[world.members(k)].mean(axis=(0, 1)) for k in range(3)])
    ordered = sorted(clearances(world, means))
    for bound, allowed in ((0.0, 0), (2 / 15, 2), (2.9 / 15, 2), (1.0, 15), (1.5, 15)):
        distance = [*ordered, np.inf][allowed]
        reading = predicates.error_reading(world, bound, {})
        assert reading.distance == pytest.approx(distance)
        assert (reading.left, reading.right, reading.trivial) == (nearest_mean_error(world), bound, 1.0)


def test_a_condition_holds_by_more_than_rounding_against_the_nearest_rival():
    """Whole classes that are points: the margin of the chord form is 1 - mu_k.mu_l."""
    of = common(unfloored_world())
    gram = np.array([[1.0, 0.0, -0.2], [0.0, 1.0, 0.9], [-0.2, 0.9, 1.0]])
    met = predicates.conditions(FORMS["chord"], replace(of, gram=gram), 1.0, 0.0, 0.0)
    np.testing.assert_allclose(met, np.array([1.0, 0.1, 0.1]) - 1e-9, rtol=0, atol=1e-10)


def test_shared_views_are_shared():
    for seed in range(10):
        point, build = shared_views._worlds(np.random.default_rng(seed))
        world = build(point).distinct
        rival = world.views[world.labels != world.labels[0]].reshape(-1, world.views.shape[2])
        assert (world.views[0, :, None] == rival).all(axis=2).any()

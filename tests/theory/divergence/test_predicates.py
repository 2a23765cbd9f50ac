"""The statements as programs: the search finds what a wrong formula breaks, and comes near to equality where there is one."""

from functools import cache

import numpy as np
import pytest

from theory.divergence import (
    barlow_twins_split,
    crosscorrelation,
    duality,
    families,
    infonce,
    infonce_split,
    lemma_4_1,
    linear_form,
    losses,
    theorem3,
    theorem3_balanced,
    theorem3_chain,
    theorem3_sharp,
    theorem4,
    theorem4_centred,
    theorem4_chain,
    theorem4_constant,
    theorem4_sharp,
)
from theory.divergence.crosscorrelation import correlations, printed_square
from theory.elementary import sqrt
from theory.factors import alignment
from theory.falsification import Predicate, falsify
from theory.ledger import ENOUGH, STATEMENT, gather, verdict
from theory.setting import FiniteWorld

MODULES = (
    barlow_twins_split,
    duality,
    infonce_split,
    lemma_4_1,
    linear_form,
    theorem3,
    theorem3_balanced,
    theorem3_chain,
    theorem3_sharp,
    theorem4,
    theorem4_centred,
    theorem4_chain,
    theorem4_constant,
    theorem4_sharp,
)
CLAIMS = {claim.id: claim for module in MODULES for claim in module.CLAIMS}


WORLDS = 100
"""Worlds that are enough to catch each of the wrong formulas below."""


@cache
def evidence(name):
    return gather(CLAIMS[name])


def search(name):
    """The evidence of the search of the statement."""
    return next(e for e in evidence(name) if e.step == STATEMENT)


@pytest.mark.parametrize("claim", CLAIMS)
def test_claims_have_the_expected_verdict(claim):
    assert verdict(CLAIMS[claim], evidence(claim)) is CLAIMS[claim].expected
    assert search(claim).met >= ENOUGH


ATTAINED = [
    "thm-3-sharp",
    "thm-3-balanced",
    "thm-4",
    "thm-4-constant",
    "thm-4-sharp",
    "thm-4-centred",
    "thm-4-floor",
    "lemma-4.1",
]


@pytest.mark.parametrize("claim", ATTAINED)
def test_equality_is_approached(claim):
    assert abs(search(claim).slack) < 1e-6


@pytest.mark.parametrize("claim", ["thm-3", "thm-3-chain"])
def test_what_is_vacuous_is_seen_to_be(claim):
    assert search(claim).informative == 0


@pytest.mark.parametrize("claim", ["thm-3-sharp", "thm-4-constant", "thm-4-sharp", "thm-4-centred"])
def test_the_sharp_forms_often_say_something(claim):
    assert search(claim).informative > 50


def without_share(L_2, tau, share, eps):
    with np.errstate(invalid="ignore"):
        return infonce.printed_bound(L_2, tau, np.ones_like(share), eps)


def flat(L_2, tau, share, excess):
    return printed_square(L_2, tau, np.ones_like(share), excess)


MUTANTS = [
    ("thm-3", theorem3, "printed_bound", without_share),
    (
        "thm-3-vacuous",
        theorem3,
        "printed_bound",
        lambda L, tau, share, eps: infonce.printed_bound(L, tau, 2 * share, eps),
    ),
    ("thm-3-chain", theorem3, "printed_bound", without_share),
    ("thm-3-sharp", theorem3_sharp, "jensen_sum", lambda p, a, gram: infonce.jensen_sum(p, np.ones_like(a), gram)),
    ("thm-3-sharp", infonce, "pair_root", lambda A, B, root: 0.9 * (root - (A + B)) / 2),
    ("thm-3-balanced", infonce, "balance", lambda _p, _squares, whole: whole),
    ("thm-3-balanced", infonce, "mean_of_others", lambda total, share, t, w: (total - share * t) / w),
    ("nce-split", infonce_split, "alignment", lambda world: 2 * alignment(world)),
    ("nce-split", infonce_split, "info_nce_term", lambda s, t: -np.log(np.exp(s) / np.exp(t))),
    ("bt-split", barlow_twins_split, "correlation_split", lambda C, lam: losses.correlation_split(C, 1 - lam)),
    ("bt-split", losses, "identity_distance", lambda C: (C**2).sum()),
    ("lemma-4.1", lemma_4_1, "alignment_limit", lambda d, L_1: sqrt(d * L_1)),
    ("lemma-4.1", lemma_4_1, "alignment_limit", lambda _d, L_1: 2 * sqrt(L_1)),
    ("lemma-4.1", lemma_4_1, "correlation_alignment", lambda C: (1 - np.diagonal(C)).sum()),
    ("duality", duality, "row_norms", lambda K: (K**2).sum()),
    ("duality", duality, "off_diagonal", lambda A: (A**2).sum()),
    ("linear-form", linear_form, "linear_form", lambda L_1, centre, lam: L_1 - lam * centre),
    ("linear-form", linear_form, "alignment", lambda world: 2 * alignment(world)),
    ("thm-3-balanced", theorem3_balanced, "balanced_bounds", lambda *of: infonce.balanced_bounds(*of) - 0.01),
    ("thm-4-floor", theorem4_centred, "off_diagonal", lambda matrix: 1.1 * families.off_diagonal(matrix)),
    ("thm-4", theorem4, "printed_square", lambda *a: printed_square(*a) / 4),
    ("thm-4", theorem4, "printed_square", lambda L_2, _tau, share, excess: printed_square(L_2, 0, share, excess)),
    ("thm-4", theorem4, "printed_square", lambda L_2, tau, share, excess: printed_square(L_2, tau, share, 2 * excess)),
    ("thm-4-constant", theorem4_constant, "constant_square", lambda *a: 0.99 * crosscorrelation.constant_square(*a)),
    ("thm-4-sharp", crosscorrelation, "trace_budget", lambda L_2, tau, trace: L_2 + trace - tau),
    ("thm-4-sharp", crosscorrelation, "narrow_radius_square", lambda B, c, slope: 0.8 * B / (2 * slope) - c**2),
    (
        "thm-4-sharp",
        theorem4_sharp,
        "lopsided_square",
        lambda y, kappa: crosscorrelation.lopsided_square(y, kappa**0.5),
    ),
    ("thm-4-centred", theorem4_centred, "centred_reach", lambda p, q: sqrt((1 - p) * (1 - q)) - 2 * sqrt(p * q)),
    ("thm-4-centred", theorem4_centred, "centred_square", lambda *a: 0.99 * crosscorrelation.centred_square(*a)),
    ("thm-4-floor", theorem4_centred, "printed_square", lambda *a: printed_square(*a) / 2),
    ("thm-4-chain", theorem4_chain, "printed_square", flat),
    ("thm-4-chain", families, "threshold", lambda rho: 4 - rho),
]


@pytest.mark.parametrize(("claim", "module", "name", "mutant"), MUTANTS)
def test_a_wrong_formula_is_caught(claim, module, name, mutant, monkeypatch):
    monkeypatch.setattr(module, name, mutant)
    assert falsify(CLAIMS[claim].predicate, worlds=WORLDS).violated


@pytest.mark.parametrize("claim", ["thm-4-centred", "thm-4-floor"])
def test_without_centring_the_statement_is_false(claim):
    assert falsify(
        Predicate(worlds=families.normalised_features, read=CLAIMS[claim].predicate.read), worlds=WORLDS
    ).violated


def test_with_its_tau_the_refuted_form_holds():
    predicate = Predicate(worlds=families.centred_features, read=CLAIMS["thm-4"].predicate.read)
    assert not falsify(predicate).violated


def test_the_linear_form_is_refuted_by_any_factor():
    read = CLAIMS["linear-form-bound"].predicate.read
    features, labels = linear_form.two_points(4)
    features = np.concatenate([features.astype(float), np.zeros_like(features, dtype=float)], axis=2)
    world = FiniteWorld(features, features, labels)
    for factor in (0.0, 1.0, 1e6):
        assert read((world, factor)).violated
    two = FiniteWorld(features[:4], features[:4], labels[:4])
    assert not read((two, 1.0)).violated


def test_without_centring_one_hot_classes_meet_the_condition_of_the_chain():
    """At norm sqrt(K): C = I, S = 0, the right side of Theorem 4 is 0, and the threshold is d."""
    features = np.repeat(np.sqrt(3) * np.eye(3)[:, None], 2, axis=1)
    world = families.MainPartWorld(FiniteWorld(features, features, np.arange(3)), np.ones(3, dtype=bool), 0.0, 0.0)
    moments = correlations(features, np.arange(3))
    assert world.threshold == pytest.approx(1)
    assert printed_square(losses.identity_distance(moments.total), 0, 1 / 9, 0) == pytest.approx(0)
    assert CLAIMS["thm-4-chain"].predicate.read(world).violated


def test_the_threshold_of_a_main_part():
    """Two classes of two samples on a circle, a part of each class; against the definitions."""
    angles = np.array([[0.0, 0.02], [0.05, 0.06], [np.pi, np.pi], [2.0, 2.2]])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    world = FiniteWorld(features, features, np.array([0, 0, 1, 1]))
    main = np.array([True, True, True, False])
    drawn = families.MainPartWorld(world, main, 0.1, 0.0)
    sigma, R, delta = 0.5, 0.25, 2 * np.sin(0.015)
    means = np.array([features[:2].mean(axis=(0, 1)), features[2:].mean(axis=(0, 1))])
    rho = 2 * (1 - sigma) + R / 0.5 + sigma * (delta + 0.2)
    shortfall = 1 - (means**2).sum(axis=1).min()
    assert drawn.threshold == pytest.approx(1 - rho - np.sqrt(2 * rho) - shortfall / 2)


def test_families_meet_their_normalisations():
    rng = np.random.default_rng(0)
    for _ in range(100):
        for worlds, centre in ((families.normalised_features, False), (families.centred_features, True)):
            point, build = worlds(rng)
            drawn = build(point + 0.1 * rng.normal(size=point.shape))
            np.testing.assert_allclose(losses.second_moments(drawn.features), 1)
            if centre:
                np.testing.assert_allclose(drawn.features.mean(axis=(0, 1)), 0, atol=1e-12)
        point, build = families.symmetric_worlds(rng)
        world = build(point)
        np.testing.assert_allclose((world.features**2).sum(axis=2), world.features.shape[2])
        np.testing.assert_allclose(world.features.mean(axis=(0, 1)), 0, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3, 1e5 / 3])
def test_a_constant_coordinate_is_given_two_ends(value):
    features = families.centred_moments(np.full((7, 3, 2), value))
    np.testing.assert_allclose(losses.second_moments(features), 1)
    np.testing.assert_allclose(features.mean(axis=(0, 1)), 0, atol=1e-12)


def test_refuted_bound_of_the_linear_form_is_read_at_lambda_one():
    """Two classes at e_1 and e_2: L_1 = -1 and ||E f||^2 = 1/2, so that C (L' + 1) = C/2; mu_1.mu_2 = 0."""
    features = np.eye(2)[:, None].repeat(2, axis=1)
    reading = linear_form._bound_reading((FiniteWorld(features, features, np.arange(2)), 3.0))
    np.testing.assert_allclose(reading.right, 1.5)
    np.testing.assert_array_equal(reading.left, 0)


@pytest.mark.parametrize("seed", range(8))
def test_the_spectral_side_of_the_sharp_form_by_loops(seed):
    """kappa e + the sum of f over the eigenvalues of the block k, l and the other diagonal entries."""
    point, build = families.normalised_features(np.random.default_rng(seed))
    drawn = build(point)
    moments, p = correlations(drawn.features, drawn.labels), np.bincount(drawn.labels) / len(drawn.labels)
    kappa = drawn.number / (1 + drawn.number)
    means = np.array([drawn.features[drawn.labels == k].mean(axis=(0, 1)) for k in range(len(p))])
    Y = np.sqrt(np.outer(p, p)) * (means @ means.T) - np.eye(len(p))

    def f(values):
        return sum(y**2 if y >= 0 else kappa * y**2 for y in values)

    sides = []
    for k in range(len(p)):
        for l in set(range(len(p))) - {k}:
            rest = [Y[j, j] for j in range(len(p)) if j not in (k, l)]
            sides.append(kappa * moments.excess + f(np.linalg.eigvalsh(Y[np.ix_([k, l], [k, l])])) + f(rest))
    reading = CLAIMS["thm-4-sharp"].predicate.read(drawn)
    np.testing.assert_allclose(reading.left[-len(sides) :], sides, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(reading.right[-len(sides) :], moments.loss + drawn.number * moments.scatter)

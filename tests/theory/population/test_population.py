"""Bounds for a population on means, products, anchors and levels; every verdict, what is refused, and false formulas."""

import math
from fractions import Fraction
from itertools import combinations_with_replacement

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.theory.worlds import clustered, seeds
from theory import ledger
from theory.concentration import augmented_distances, main_part
from theory.ledger import Verdict
from theory.population import (
    anchor,
    anchor_main_part,
    binomial,
    choose_anchor,
    clopper_pearson,
    distance_interval,
    estimates,
    gram_interval,
    mean_radius,
    means,
    norm_interval,
    products,
    refined_mean_radius,
    sigma_lower,
    split_level,
)

CLAIMS = {claim.id: claim for module in (estimates, binomial, means, products, anchor) for claim in module.CLAIMS}


def verdict_of(claim_id):
    claim = CLAIMS[claim_id]
    return ledger.verdict(claim, ledger.gather(claim))


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_verdicts(claim_id):
    assert verdict_of(claim_id) is CLAIMS[claim_id].expected is Verdict.PROVED


# Means


def enumerated(seed):
    """A distribution on three points of the sphere, n, and every sample mean with its probability."""
    rng = np.random.default_rng(seed)
    d, n = int(rng.integers(1, 4)), int(rng.integers(2, 40))
    points = rng.normal(size=(3, d))
    if rng.random() < 0.5:
        points[1] = -points[0]  # as far apart as can be
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    weights = rng.dirichlet([0.5] * 3) if rng.random() < 0.7 else np.array([0.5, 0.5, 0.0])
    counts = np.array([np.bincount(c, minlength=3) for c in combinations_with_replacement(range(3), n)])
    chances = stats.multinomial(n, weights / weights.sum()).pmf(counts)
    return weights @ points, n, counts @ points / n, chances


def misses(seed, level):
    """Probability that ||m - mu|| exceeds the radius, plain and refined; the largest ||m - mu|| there is; the radii."""
    mu, n, sample_means, chances = enumerated(seed)
    distance = np.linalg.norm(sample_means - mu, axis=1)
    plain = mean_radius(n, level, 1.0)
    norms = np.minimum(np.linalg.norm(sample_means, axis=1), 1.0)
    refined = np.array([refined_mean_radius(float(w), n, level, 1.0) for w in norms])
    return chances[distance > plain].sum(), chances[distance > refined].sum(), distance.max(), plain, refined


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from([0.2, 0.5, 0.9, 0.99]))
def test_means_are_covered_exactly_enumerated(seed, level):
    plain_miss, refined_miss, _, plain, refined = misses(seed, level)
    assert plain_miss - 1e-12 <= refined_miss <= 1 - level  # two sums of floats: in another order they differ
    assert (refined <= plain * (1 + 1e-12)).all()


def test_mean_radii_say_something():
    """Below the largest deviation there is: some samples are ruled out, and refinement gains where the mean is long."""
    telling = gained = missed = 0
    for seed in range(80):
        plain_miss, _, largest, plain, refined = misses(seed, 0.5)
        telling += plain < largest
        gained += refined.min() < 0.95 * plain
        missed += plain_miss > 0
    assert telling >= 40
    assert gained >= 40
    assert missed >= 30


def test_mean_radius_is_nearly_attained_by_a_coin():
    """+-r with equal probability: at a = 1e-300 the true deviation is within 4% of the radius."""
    n, a = 10**6, 1e-300
    low, high = n // 2, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if 2 * binomial.at_least(middle, n, 0.5) > a else (low, middle)
    attained = 2 * low / n - 1
    radius = means.expected_distance(n, 1.0) + means.deviation(a, n, 1.0)
    assert attained <= radius < 1.04 * attained


def test_refinement_gains_up_to_the_whole_expectation():
    n, level = 10_000, 0.95
    plain = mean_radius(n, level, 2.0)
    assert refined_mean_radius(0.0, n, level, 2.0) == pytest.approx(plain, rel=1e-3)
    assert refined_mean_radius(1.8, n, level, 2.0) < 0.9 * plain
    assert refined_mean_radius(2.0, n, level, 2.0) < 0.79 * plain
    assert refined_mean_radius(2.0, n, level, 2.0) >= means.deviation(1 - level, n, 2.0)


def test_means_of_views_count_as_one_sample():
    """The views of a sample move together: more of them shrink nothing, and the mean over them is no longer than r."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 7, 3))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    assert np.linalg.norm(features.mean(axis=1), axis=1).max() <= 1
    assert mean_radius(4 * 50, 0.9, 1.0) == pytest.approx(mean_radius(50, 0.9, 1.0) / 2)


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_products_norms_and_distances_of_true_means(seed):
    rng = np.random.default_rng(seed)
    K, d = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    sample_means, radii = rng.normal(size=(K, d)), rng.uniform(0, 0.5, K) * rng.integers(0, 2, K)
    turn = rng.normal(size=(K, d))
    if rng.random() < 0.5:
        sample_means = sample_means[:1] * rng.normal(size=(K, 1))  # all on a line, moved along it: attained
        turn = sample_means * rng.choice([-1, 1], (K, 1))
    true = sample_means + radii[:, None] * turn / np.linalg.norm(turn, axis=1, keepdims=True)
    apart = np.linalg.norm(true[:, None] - true[None, :], axis=2)
    for bound, value in (
        (gram_interval(sample_means, radii, 0.9, 100), true @ true.T),
        (norm_interval(sample_means, radii, 0.9, 100), np.linalg.norm(true, axis=1)),
        (distance_interval(sample_means, radii, 0.9, 100), apart),
    ):
        assert (bound.low <= value + 1e-12).all()
        assert (value <= bound.high + 1e-12).all()
        assert (bound.direction, bound.level, bound.samples) == ("interval", 0.9, 100)


def test_products_norms_and_distances_are_attained():
    sample_means, radii = np.array([[1.0, 0.0], [0.5, 0.0]]), np.array([0.2, 0.1])
    outwards = np.array([[1.2, 0.0], [0.6, 0.0]])
    assert gram_interval(sample_means, radii, 0.9, 9).high == pytest.approx(outwards @ outwards.T)
    assert norm_interval(sample_means, radii, 0.9, 9).high == pytest.approx([1.2, 0.6])
    assert distance_interval(sample_means, radii, 0.9, 9).low[0, 1] == pytest.approx(0.2)
    assert gram_interval(sample_means, radii, 0.9, 9).low.diagonal() == pytest.approx([0.64, 0.16])
    assert gram_interval(sample_means, radii + 2, 0.9, 9).low.diagonal().tolist() == [0.0, 0.0]


# Anchors


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 12), st.integers(2, 4), st.integers(1, 3), st.floats(0.05, 4))
def test_members_of_a_main_part_are_within_delta(seed, n, m, d, delta):
    views = np.random.default_rng(seed).normal(size=(n, m, d))
    centre = choose_anchor(views, delta)
    inside = anchor_main_part(views, centre, delta)
    assert inside.sum() >= 1
    distances = augmented_distances(views)
    assert (distances[np.ix_(inside, inside)] <= delta + 1e-12).all()
    assert inside.sum() <= main_part(distances, delta + 1e-12).lower
    best = max(anchor_main_part(views, view, delta).sum() for view in views.reshape(n * m, d))
    assert inside.sum() == best


def test_diameter_delta_is_attained_and_exact_on_fractions():
    views = np.array([[[0], [9]], [[Fraction(2, 3)], [9]], [[Fraction(4, 3)], [9]]], dtype=object) * Fraction(1)
    inside = anchor_main_part(views, views[1, 0], Fraction(4, 3))
    assert inside.tolist() == [True, True, True]
    assert augmented_distances(views[:, :1].repeat(2, axis=1))[0, 2] == Fraction(4, 3)
    assert anchor_main_part(views, views[1, 0], Fraction(4, 3) - Fraction(1, 10**9)).tolist() == [False, True, False]


def test_sigma_of_a_population_is_bounded_on_held_out_samples():
    """Anchors chosen on one half of each class, counted on the other: below the cliques of that half, yet not vacuous."""
    world = clustered(0, 3, 60, 3, swapped=5, torn=0, spread=0.05)
    for k in range(3):
        features = world.features[world.members(k)]
        chosen, held = features[::2], features[1::2]
        inside = anchor_main_part(held, choose_anchor(chosen, 0.6), 0.6)
        bound = sigma_lower(int(inside.sum()), len(held), 0.95)
        assert bound.direction == "lower"
        assert 0.7 < bound.low < inside.mean() <= main_part(augmented_distances(held), 0.6).lower / len(held)


# Levels


def test_levels_of_named_events_add_up():
    split = split_level(0.95, ["p_0", "p_1", "R"])
    assert sum(1 - Fraction(level) for level in split.levels.values()) <= 1 - Fraction(0.95)
    assert list(split.levels) == ["p_0", "p_1", "R"]
    assert str(split) == (
        "all 3 events hold at level 0.95; they may fail with probability p_0 0.0167, p_1 0.0167, R 0.0167"
    )


@settings(max_examples=100, deadline=None)
@given(st.floats(0.001, 0.999999), st.integers(1, 200))
def test_levels_never_overspend_nor_waste(level, k):
    split = split_level(level, [str(i) for i in range(k)])
    spent = sum(1 - Fraction(share) for share in split.levels.values())
    assert (1 - Fraction(level)) * (1 - Fraction(1, 10**7)) <= spent <= 1 - Fraction(level)


# Bad input


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_bad_level_is_named(level):
    one = np.ones((1, 1))
    for call in (
        lambda: clopper_pearson(1, 2, level, "lower"),
        lambda: sigma_lower(1, 2, level),
        lambda: mean_radius(10, level, 1.0),
        lambda: refined_mean_radius(0.5, 10, level, 1.0),
        lambda: split_level(level, ["a"]),
        lambda: gram_interval(one, np.zeros(1), level, 5),
    ):
        with pytest.raises(ValueError, match=f"level={level}: no level; give a probability strictly between 0 and 1"):
            call()


def test_bad_anchors_are_named():
    views = np.zeros((3, 2, 2))
    for delta in (-1.0, math.nan):
        for call in (lambda d: anchor_main_part(views, views[0, 0], d), lambda d: choose_anchor(views, d)):
            with pytest.raises(ValueError, match=f"delta={delta}: .*give delta >= 0"):
                call(delta)
    with pytest.raises(ValueError, match=r"anchor.shape=\(3,\)"):
        anchor_main_part(views, np.zeros(3), 1.0)
    with pytest.raises(ValueError, match=r"anchor\[1\]=nan: not finite; choose"):
        anchor_main_part(views, np.array([0.0, math.nan]), 1.0)
    with pytest.raises(ValueError, match="remove or repair"):
        anchor_main_part(np.full((3, 2, 2), math.nan), views[0, 0], 1.0)


def test_bad_means_are_named():
    with pytest.raises(ValueError, match=r"radius=0\.0: not positive and finite; give a bound r > 0"):
        mean_radius(10, 0.9, 0.0)
    with pytest.raises(ValueError, match="radius=nan"):
        mean_radius(10, 0.9, math.nan)
    for norm in (1.1, -0.1, math.nan):
        with pytest.raises(ValueError, match=f"norm={norm}: not of a mean of vectors of norm at most 1.0"):
            refined_mean_radius(norm, 10, 0.9, 1.0)
    with pytest.raises(ValueError, match=r"means.shape=\(2, 1\): with radii.shape=\(3,\)"):
        norm_interval(np.ones((2, 1)), np.zeros(3), 0.9, 5)
    with pytest.raises(ValueError, match=r"means\[0, 0\]=nan: not finite"):
        norm_interval(np.array([[math.nan]]), np.zeros(1), 0.9, 5)
    for radii in (np.array([-1.0]), np.array([math.nan])):
        with pytest.raises(ValueError, match=r"radii=.*give radii >= 0"):
            distance_interval(np.ones((1, 1)), radii, 0.9, 5)


def test_bad_events_are_named():
    with pytest.raises(ValueError, match="no event"):
        split_level(0.9, [])
    with pytest.raises(ValueError, match=r"events=\['a'\]: named twice"):
        split_level(0.9, ["a", "b", "a"])
    with pytest.raises(ValueError, match="lower the level"):
        split_level(1 - 2**-53, ["a", "b", "c"])


# Mutants

PROOF_MUTANTS = {
    "deviation without 2": (means, "population-mean", "deviation", lambda a, n, r: means.expected_distance(n, r) * a),
    "deviation halved": (
        means,
        "population-mean-sharp",
        "deviation",
        lambda a, n, r, true=means.deviation: true(a, n, r) / 2,
    ),
    "expectation r/n": (means, "population-mean", "expected_distance", lambda n, r: r / n),
    "root over n": (means, "population-mean-sharp", "refined_root", lambda _, n, t, root: (n * t + root) / (n + 1)),
    "discriminant, sign": (
        means,
        "population-mean-sharp",
        "refined_discriminant",
        lambda w, n, t, r: (n + 1) * r * r - n * (w + t) ** 2,
    ),
    "product, second order": (products, "population-products", "product_slack", lambda w, v, e, f: e * v + f * w),
    "product, crossed": (products, "population-products", "product_slack", lambda w, v, e, f: e * w + f * v + e * f),
    "tail of one more": (binomial, "population-binomial", "at_least", lambda s, n, p: BALL(p, s + 1, n - s)),
    "tail of one less": (binomial, "population-binomial", "at_most", lambda s, n, p: BALL(1 - p, n - s + 1, s)),
    "inverse of one less": (binomial, "population-binomial", "betaincinv", lambda s, n, q: INVERSE(s - 1 + 1e-9, n, q)),
    "inverse at half the tail": (binomial, "population-binomial", "betainccinv", lambda s, n, q: UPPER(s, n, q / 2)),
}
INVERSE, UPPER = binomial.betaincinv, binomial.betainccinv


def BALL(p, a, b):
    return flint.arb(p).beta_lower(a, b, 1) if b > 0 else flint.arb(0)


@pytest.mark.parametrize("name", PROOF_MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(name, monkeypatch):
    module, claim_id, formula, mutant = PROOF_MUTANTS[name]
    monkeypatch.setattr(module, formula, mutant)
    assert verdict_of(claim_id) is Verdict.UNDECIDED


def test_a_ball_of_the_whole_delta_is_falsified():
    """Anchors with radius delta in place of delta/2: members up to 2 delta apart."""
    views = np.array([[[0.0]] * 2, [[1.0]] * 2, [[2.0]] * 2])
    inside = anchor_main_part(views, views[1, 0], 2 * 1.0)
    assert inside.all()
    assert augmented_distances(views).max() > 1.0


def test_enumerated_samples_falsify_half_a_deviation(monkeypatch):
    true = means.deviation
    monkeypatch.setattr(means, "deviation", lambda a, n, r: true(a, n, r) / 4)
    monkeypatch.setattr(means, "expected_distance", lambda n, r: r / math.sqrt(n) / 4)
    assert any(misses(seed, 0.9)[0] > 0.1 for seed in range(30))

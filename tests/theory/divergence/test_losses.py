import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.divergence.worlds import feature_sets, orthogonal_views, points, seeds, simplex, undischarged
from tests.theory.worlds import clustered, scattered, worlds
from theory.divergence import barlow_twins_split, duality, infonce_split, lemma_4_1, linear_form, logsum, losses
from theory.divergence.extremal import cube_classes
from theory.factors import alignment


def naive_info_nce(world):
    """The definition in plain loops."""
    f, (n, m, _) = world.features, world.features.shape
    ratios = [
        -math.log(math.exp(s) / (math.exp(s) + math.exp(f[i, a] @ f[j, c])))
        for i in range(n)
        for a in range(m)
        for s in f[i, a] @ f[i].T
        for j in range(n)
        for c in range(m)
    ]
    return sum(ratios) / len(ratios)


small = st.builds(scattered, seeds, st.integers(2, 3), st.integers(1, 3), st.integers(2, 3), st.integers(1, 3))


@settings(max_examples=25, deadline=None)
@given(small)
def test_info_nce_is_its_definition_and_splits(world):
    split = losses.info_nce(world)
    assert split.loss == pytest.approx(naive_info_nce(world), abs=1e-12)
    assert split.alignment == pytest.approx(alignment(world) / 2 - 1, abs=1e-12)
    assert split.loss == split.alignment + split.regulariser


def test_info_nce_in_blocks(monkeypatch):
    """2000 views, against log-sum-exp of whole matrices; then the same sum in blocks of one sample."""
    world = clustered(0, 4, 125, 4, 0, 0, 0.2)
    f = world.features
    views = f.reshape(-1, f.shape[2])
    own = np.einsum("nad,nbd->nab", f, f).reshape(len(views), -1)
    whole = np.mean([np.logaddexp(own[:, b, None], views @ views.T).mean() for b in range(4)])
    assert losses.info_nce(world).regulariser == pytest.approx(whole, abs=1e-13)
    monkeypatch.setattr(losses, "ENTRIES", 1)
    assert losses.info_nce(world).regulariser == pytest.approx(whole, abs=1e-13)


def test_many_views_do_not_overflow(monkeypatch):
    """The factors of all views are not multiplied at once: for identical views they would reach (2 e)^430 > 1e308."""
    world = points(simplex(2), [1, 1], views=430)
    expected = (np.log(2 * np.e) + np.log(np.e + 1 / np.e)) / 2
    assert losses.info_nce(world).regulariser == pytest.approx(expected, abs=1e-12)
    monkeypatch.setattr(losses, "FACTORS", 430)
    with pytest.raises(RuntimeWarning, match="overflow"):
        losses.info_nce(world)


@settings(max_examples=60, deadline=None)
@given(worlds)
def test_regulariser_exceeds_log_2(world):
    assert losses.info_nce(world).regulariser > np.log(2)


def test_log_2_is_the_infimum():
    assert losses.info_nce(orthogonal_views(2, 4)).regulariser > 1.05 * np.log(2)
    assert losses.info_nce(orthogonal_views(40, 64)).regulariser < 1.03 * np.log(2)


def test_info_nce_wants_unit_features():
    world = clustered(0, 2, 3, 2, 0, 0, 0.1)
    scaled = type(world)(world.views, 3 * world.features, world.labels)
    with pytest.raises(ValueError, match=r"features\|\|=3: .*divide them by 3"):
        losses.info_nce(scaled)


def test_class_agreement_is_alignment_within_the_class():
    world = clustered(1, 3, 5, 3, 1, 1, 0.2)
    parts = [alignment(clustered_part(world, k)) for k in range(3)]
    np.testing.assert_allclose(
        losses.class_agreement(world.features, world.labels), 1 - np.array(parts) / 2, atol=1e-12
    )


def clustered_part(world, k):
    inside = np.flatnonzero(world.labels == k)
    return type(world)(world.views[inside], world.features[inside], np.arange(len(inside)) % 2)


@settings(max_examples=40, deadline=None)
@given(feature_sets, st.floats(0, 2))
def test_cross_correlation_is_its_definition_and_splits(drawn, lam):
    features = losses.standardised(drawn[0])
    n, m, d = features.shape
    C = np.array(
        [
            [
                sum(features[x, a, i] * features[x, b, j] for x in range(n) for a in range(m) for b in range(m))
                / (n * m * m)
                for j in range(d)
            ]
            for i in range(d)
        ]
    )
    np.testing.assert_allclose(losses.cross_correlation(features), C, atol=1e-12)
    defined = sum((1 - C[i, i]) ** 2 for i in range(d)) + lam * sum(
        C[i, j] ** 2 for i in range(d) for j in range(d) if i != j
    )
    assert losses.cross_correlation_loss(C, lam) == pytest.approx(defined, abs=1e-9)
    split = losses.correlation_split(C, lam)
    assert split.loss == pytest.approx(defined, abs=1e-9)
    assert split.alignment == pytest.approx(sum((1 - C[i, i]) ** 2 for i in range(d)), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(feature_sets)
def test_lemma_4_1_holds(drawn):
    features = losses.standardised(drawn[0])
    C = losses.cross_correlation(features)
    apart = features[:, :, None] - features[:, None]
    measured = (apart**2).sum(axis=3).mean()
    assert lemma_4_1.correlation_alignment(C) == pytest.approx(measured, abs=1e-9)
    assert measured <= lemma_4_1.alignment_limit(len(C), losses.diagonal_distance(C)) + 1e-9


def test_lemma_4_1_is_attained_and_needs_its_normalisation():
    """Two antipodal views and two equal ones, in every coordinate alike: all C_ii are 1/2. Scaled up, the lemma fails."""
    features = np.array([[[1.0], [-1.0]], [[1.0], [1.0]]]) * np.ones(3)
    C = losses.cross_correlation(features)
    np.testing.assert_allclose(np.diagonal(C), 0.5)
    limit = lemma_4_1.alignment_limit(3, losses.diagonal_distance(C))
    assert lemma_4_1.correlation_alignment(C) == pytest.approx(limit) == pytest.approx(3)
    loud = np.sqrt(2) * features
    measured = ((loud[:, :, None] - loud[:, None]) ** 2).sum(axis=3).mean()
    assert measured > lemma_4_1.alignment_limit(3, losses.diagonal_distance(losses.view_correlation(loud))) + 1


def test_cross_correlation_is_exact_on_fractions():
    features, _ = cube_classes()
    C = losses.cross_correlation(features)
    assert C.tolist() == np.eye(3).tolist()
    assert losses.correlation_split(C, Fraction(1, 2)).loss == 0


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((3, 2, 2)) * [1.0, 2.0], r"E f_i\^2=4.0 in coordinate i = 1: .*standardised"),
        (np.array([[[Fraction(3, 2)]] * 2] * 2), r"E f_i\^2=9/4 in coordinate i = 0"),
        (np.ones((3, 1, 2)), "1 view of a sample"),
    ],
)
def test_cross_correlation_names_what_is_wrong(features, message):
    with pytest.raises(ValueError, match=message):
        losses.cross_correlation(features)


def test_standardised_names_a_dead_coordinate():
    features = np.ones((3, 2, 2))
    features[:, :, 1] = 0
    with pytest.raises(ValueError, match="coordinate i = 1: 0 in every view; leave it out"):
        losses.standardised(features)
    np.testing.assert_allclose(losses.second_moments(losses.standardised(np.ones((3, 2, 2)) * [3.0, 0.1])), 1)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 9), st.integers(1, 9))
def test_duality_by_plain_loops(seed, d, n):
    K = np.random.default_rng(seed).normal(size=(d, n))
    rows = sum((K[i] @ K[j]) ** 2 for i in range(d) for j in range(d) if i != j)
    columns = sum((K[:, i] @ K[:, j]) ** 2 for i in range(n) for j in range(n) if i != j)
    assert duality.covariance_criterion(K) == pytest.approx(rows, rel=1e-9, abs=1e-9)
    assert duality.contrastive_criterion(K) == pytest.approx(columns, rel=1e-9, abs=1e-9)
    norms = [sum(np.linalg.norm(row) ** 4 for row in A) for A in (K, K.T)]
    assert rows + norms[0] == pytest.approx(columns + norms[1], rel=1e-9)
    assert (duality.row_norms(K), duality.column_norms(K)) == pytest.approx(norms, rel=1e-12)
    assert duality.gram_gap(K) == pytest.approx(d - n, abs=1e-6)


def test_without_the_norms_the_criteria_differ():
    K = np.random.default_rng(0).normal(size=(3, 5))
    assert abs(duality.covariance_criterion(K) - duality.contrastive_criterion(K)) > 1


def test_log_sum_on_symbols_arrays_and_floats():
    a, b = sympy.symbols("a b", real=True)
    assert logsum.log_sum(a, b) == sympy.log(sympy.exp(a) + sympy.exp(b))
    grid = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(logsum.log_sum(grid, 1.0), np.log(np.exp(grid) + np.e), atol=1e-15)
    assert logsum.log_sum(1e4, 0.0) == 1e4
    step = 1e-6
    slope = (logsum.log_sum(0.3 + step, -0.2) - logsum.log_sum(0.3 - step, -0.2)) / (2 * step)
    assert logsum.first_weight(0.3, -0.2) == pytest.approx(slope, abs=1e-9)


MODULES = (infonce_split, barlow_twins_split, lemma_4_1, duality, linear_form)
CLAIMS = {claim.id: claim for module in MODULES for claim in module.CLAIMS}


MUTANTS = [
    ("nce-split", infonce_split, "info_nce_term", lambda s, t: -sympy.log(sympy.exp(s) / (1 + sympy.exp(t)))),
    ("nce-split", infonce_split, "log_sum", lambda s, t: sympy.log(sympy.exp(s) + 2 * sympy.exp(t))),
    ("bt-split", losses, "identity_distance", lambda C: (C**2).sum()),
    ("bt-split", losses, "diagonal_distance", lambda C: (1 - np.diagonal(C)).sum()),
    ("lemma-4.1", lemma_4_1, "alignment_limit", lambda d, L_1: sympy.sqrt(d * L_1)),
    ("lemma-4.1", lemma_4_1, "correlation_alignment", lambda C: (1 - np.diagonal(C)).sum()),
    ("linear-form", linear_form, "linear_form", lambda L_1, centre, lam: L_1 - lam * centre),
    ("duality", duality, "off_diagonal", lambda A: (A**2).sum()),
    ("duality", duality, "row_norms", lambda K: (K**2).sum()),
    ("duality", duality, "column_norms", lambda K: ((K**2).sum(axis=1) ** 2).sum()),
]


@pytest.mark.parametrize(("claim", "module", "name", "mutant"), MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(claim, module, name, mutant, monkeypatch):
    monkeypatch.setattr(module, name, mutant)
    assert undischarged(CLAIMS[claim])

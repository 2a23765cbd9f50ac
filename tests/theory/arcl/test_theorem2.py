import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.theory.proofs import discharged
from tests.theory.worlds import clustered, scattered
from theory import arcl as transfer
from theory.arcl import theorem2_corrected, theorem2_squared
from theory.arcl.theorem2_corrected import opposed_pair
from theory.arcl.theorem2_squared import single_sample, turned_pair
from theory.factors import robust_alignment
from theory.setting import FiniteWorld

exact = np.frompyfunc(Fraction, 1, 1)
ROUNDING = 1e-12
LOSSES = {
    "absolute": (1, transfer.absolute_loss),
    "hinge": (1, transfer.hinge_loss),
    "tripled": (3, lambda t, y: 3 * abs(t - y)),
    "tilted": (3, lambda t, y: np.maximum(3 * (t - y), y - t)),
}


def floats(values):
    return np.asarray(values, dtype=float)


def random_world(seed, loss="absolute", dimension=1):
    """Features (n, m, d) of any norms and targets (n,), Fractions: scattered, or near the pair that attains the bound.

    View j of every sample is the transformation A_j. Dimension 1 keeps norms and distances rational.
    """
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(dimension + 1, 6)), int(rng.integers(2, 4))
    targets = rng.choice([-1, 1], n) if loss == "hinge" else rng.integers(-4, 5, n)
    if seed % 2 or dimension > 1:
        scale = 10.0 ** rng.integers(-2, 1)
        features = rng.integers(-9, 10, (n, 1, dimension)) + scale * rng.integers(-9, 10, (n, m, dimension))
        return exact(features), exact(targets)
    d, eta = rng.integers(1, 60) / 64, rng.integers(0, 4) / 64
    pair, signs = opposed_pair(Fraction(d), Fraction(eta))
    extra = rng.integers(0, 3)
    more = np.repeat(exact(rng.integers(-3, 4, (extra, 1, 1)) / 8), 2, axis=1)
    return np.concatenate([pair, more]), np.concatenate([exact(signs), exact(rng.integers(-1, 2, extra))])


def transfers(features, targets, loss):
    """(excess, ||h_A||, ||h_A'||, R(f;D_A) - R(f;D_A')) for all ordered pairs of views and all vertex heads."""
    views = range(features.shape[1])
    heads = {v: transfer.optimal_heads(features[:, v], targets, loss) for v in views}
    risks = {v: transfer.head_risk(heads[v][0], features[:, v], targets, loss) for v in views}
    for a, b in itertools.permutations(views, 2):
        for own, other in itertools.product(heads[a], heads[b]):
            excess = transfer.transfer_excess(own, other, features[:, a], targets, loss)
            if features.shape[2] == 1:
                norms = abs(own[0]), abs(other[0])
            else:
                norms = tuple(transfer.head_norm(floats(h)) for h in (own, other))
            yield excess, *norms, risks[a] - risks[b]


def spans(features):
    return all(np.linalg.matrix_rank(floats(features[:, v])) == features.shape[2] for v in range(features.shape[1]))


@pytest.mark.parametrize("loss", LOSSES)
def test_corrected_bound_holds_exactly_and_the_one_with_l_ar_does_not(loss):
    """Fractions throughout, so <= is <=. Counted: pairs that say something, come near, break the bound with L_AR."""
    c, function = LOSSES[loss]
    said = near = broken = large = gaps = 0
    for seed in range(600):
        features, targets = random_world(seed, loss)
        if not spans(features):
            continue
        displacement, robust = transfer.robust_displacement(features), transfer.robust_loss(features)
        assert displacement**2 <= robust
        for excess, a, b, gap in transfers(features, targets, function):
            bound = transfer.transfer_bound(c, a, b, displacement)
            assert 0 <= excess <= bound
            assert -transfer.risk_shift(c, a, displacement) <= gap <= transfer.risk_shift(c, b, displacement)
            squared = transfer.transfer_bound(c, a, b, robust)
            said += excess > 0
            near += excess > 0 and excess >= bound * Fraction(19, 20)
            gaps += gap != 0
            broken += excess > squared
            large += robust >= 1
            assert excess <= squared or robust < 1
    assert said >= 1500
    assert near >= {"absolute": 50, "hinge": 80, "tripled": 50, "tilted": 0}[loss]
    assert broken >= 200
    assert large >= 600
    assert gaps >= 1500


@pytest.mark.parametrize("loss", LOSSES)
def test_corrected_bound_holds_in_two_dimensions(loss):
    c, function = LOSSES[loss]
    said = broken = 0
    for seed in range(150):
        features, targets = random_world(seed, loss, dimension=2)
        if not spans(features):
            continue
        displacement = transfer.robust_displacement(floats(features))
        robust = transfer.robust_loss(floats(features))
        for excess, a, b, gap in transfers(features, targets, function):
            bound = transfer.transfer_bound(c, a, b, displacement)
            assert 0 <= excess
            assert float(excess) <= bound * (1 + ROUNDING)
            assert float(gap) <= transfer.risk_shift(c, b, displacement) * (1 + ROUNDING)
            said += excess > 0
            broken += float(excess) > transfer.transfer_bound(c, a, b, robust)
    assert said >= 600
    assert broken >= 40


def test_bounds_on_finite_worlds_with_unit_features():
    """Targets are the labels as -1 and 1. Tight clusters have L_AR < 1 and break the bound with it, scattered ones cannot."""
    broken = spared = 0
    for seed in range(60):
        tight = clustered(seed, 2, 3, 3, swapped=seed % 2, torn=0, spread=[0.03, 0.1, 0.3][seed % 3])
        for world in (tight, scattered(seed, 2, 3, 3, 2)):
            robust, targets = robust_alignment(world), 2 * world.labels - 1
            for excess, a, b, _ in transfers(exact(world.features), targets, transfer.absolute_loss):
                assert excess >= 0
                bound = transfer.transfer_bound(1, a, b, transfer.robust_displacement(world.features))
                assert float(excess) <= bound * (1 + ROUNDING)
                assert bound <= transfer.transfer_bound(1, a, b, math.sqrt(robust)) * (1 + ROUNDING)
                fails = float(excess) > transfer.transfer_bound(1, a, b, robust)
                assert robust < 1 or not fails
                broken += fails
                spared += robust >= 1 and excess > 0
    assert broken >= 15
    assert spared >= 300


def test_corrected_bound_holds_for_a_matrix_head():
    """Two outputs, l(t, y) = |t_1 - y_1| + |t_2 - y_2|, sqrt(2)-Lipschitz: rows are best one by one; operator norm."""
    said = 0
    for seed in range(60):
        features, first = random_world(2 * seed + 1, dimension=2)
        if not spans(features):
            continue
        second = exact(np.random.default_rng(seed).integers(-4, 5, len(first)))
        matrices, risks = [], []
        for view in (0, 1):
            rows = [transfer.optimal_heads(features[:, view], y)[0] for y in (first, second)]
            matrices.append(np.array(rows))
        for matrix in matrices:
            risks.append(
                sum(transfer.head_risk(row, features[:, 0], y) for row, y in zip(matrix, (first, second), strict=True))
            )
        a, b = (np.linalg.norm(floats(matrix), 2) for matrix in matrices)
        bound = transfer.transfer_bound(math.sqrt(2), a, b, transfer.robust_displacement(floats(features)))
        assert 0 <= risks[1] - risks[0] <= bound * (1 + ROUNDING)
        said += risks[1] > risks[0]
    assert said >= 40


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_exact_heads_match_linear_programming(seed, dimension):
    """min sum_i u_i subject to -u <= F h - y <= u, by HiGHS."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(dimension, 7))
    features, targets = rng.normal(size=(n, dimension)), rng.normal(size=n)
    heads = transfer.optimal_heads(features, targets)
    eye = np.eye(n)
    solved = linprog(
        np.concatenate([np.zeros(dimension), np.full(n, 1 / n)]),
        A_ub=np.block([[features, -eye], [-features, -eye]]),
        b_ub=np.concatenate([targets, -targets]),
        bounds=[(None, None)] * dimension + [(0, None)] * n,
    )
    for head in heads:
        assert float(transfer.head_risk(head, exact(features), exact(targets))) == pytest.approx(solved.fun, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(LOSSES)))
def test_no_head_beats_the_exact_ones(seed, loss):
    features, targets = random_world(2 * seed + 1, loss, dimension=2)
    if not spans(features):
        return
    function = LOSSES[loss][1]
    best = transfer.optimal_heads(features[:, 0], targets, function)
    risks = {transfer.head_risk(head, features[:, 0], targets, function) for head in best}
    assert len(risks) == 1
    rng = np.random.default_rng(seed)
    for scale in (1e-3, 0.1, 1.0):
        moved = best[0] + exact(scale * rng.normal(size=2))
        assert transfer.head_risk(moved, features[:, 0], targets, function) >= min(risks)


def test_all_best_heads_are_found():
    """Two targets at one feature: every h in [0, 2] is best, and both ends are returned."""
    heads = transfer.optimal_heads(np.array([[1.0], [1.0]]), np.array([0, 2]))
    assert heads.ravel().tolist() == [0, 2]


def test_features_that_do_not_span_are_refused():
    with pytest.raises(ValueError, match=r"do not span R\^2.*drop a coordinate"):
        transfer.optimal_heads(np.array([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]]), np.zeros(3))
    with pytest.raises(ValueError, match=r"features.shape=\(3, 2\): with targets.shape=\(2,\); give"):
        transfer.optimal_heads(np.ones((3, 2)), np.zeros(2))


def test_losses_by_hand():
    assert transfer.absolute_loss(3, 5) == 2
    np.testing.assert_array_equal(transfer.hinge_loss(np.array([2.0, -1.0, 0.5]), np.array([1, 1, -1])), [0, 2, 1.5])
    assert transfer.head_risk(np.array([2]), np.array([[1], [3]]), np.array([1, 1])) == 3


@pytest.mark.parametrize("d", [Fraction(1, 8), Fraction(1, 2), Fraction(99, 100), Fraction(1)])
def test_corrected_bound_is_attained(d):
    """eta = 0: every head in [-1, 1] is best on D_A'; the one at -1 attains the bound, with two heads that are not zero."""
    features, targets = opposed_pair(d, Fraction(0))
    (own,) = transfer.optimal_heads(features[:, 0], targets)
    others = transfer.optimal_heads(features[:, 1], targets)
    assert others.ravel().tolist() == [-1, 1]
    excess = transfer.transfer_excess(own, others[0], features[:, 0], targets)
    norms = transfer.head_norm(own), transfer.head_norm(others[0])
    assert excess == transfer.transfer_bound(1, *norms, transfer.robust_displacement(features)) > 0
    assert (excess > transfer.transfer_bound(1, *norms, transfer.robust_loss(features))) == (d < 1)


@pytest.mark.parametrize("eta", [Fraction(1, 10), Fraction(1, 100), Fraction(1, 10_000)])
def test_corrected_bound_is_nearly_attained_by_unique_heads(eta):
    d = Fraction(1, 2)
    features, targets = opposed_pair(d, eta)
    (own,), (other,) = (transfer.optimal_heads(features[:, view], targets) for view in (0, 1))
    excess = transfer.transfer_excess(own, other, features[:, 0], targets)
    norms = transfer.head_norm(own), transfer.head_norm(other)
    bound = transfer.transfer_bound(1, *norms, transfer.robust_displacement(features))
    assert excess / bound == d / (d + eta)


def test_invariant_features_lose_nothing():
    features = np.repeat(exact(np.array([[1], [2], [-3]]))[:, None], 2, axis=1)
    targets = exact(np.array([1, -1, 2]))
    for excess, a, b, gap in transfers(features, targets, transfer.absolute_loss):
        assert excess == gap == 0 == transfer.transfer_bound(1, a, b, transfer.robust_displacement(features))


def squared_slack(features, targets):
    """Right minus left of the inequality with L_AR at the only best heads, by floats."""
    (own,), (other,) = (transfer.optimal_heads(features[:, view], targets) for view in (0, 1))
    left = transfer.transfer_excess(floats(own), floats(other), floats(features[:, 0]), floats(targets))
    norms = transfer.head_norm(floats(own)), transfer.head_norm(floats(other))
    return transfer.transfer_bound(1, *norms, transfer.robust_loss(floats(features))) - left


def test_witnesses_against_the_bound_with_l_ar_are_pinned():
    line, circle = theorem2_squared._on_the_line(), theorem2_squared._on_the_circle()
    assert line.holds
    assert circle.holds
    assert line.slack == float(Fraction(9, 80) - Fraction(1, 5))
    assert "left 1/5 > 9/80 = right, L_AR = 1/16" in line.summary
    assert "left 660/3479" in circle.summary
    assert "L_AR = 242/3721" in circle.summary


def test_the_pinned_witness_by_hand():
    """Not through the package: risks of h = 1 and h = 4/5 on f = 1, Y = 1."""
    left = abs(Fraction(4, 5) * 1 - 1) - abs(1 * 1 - 1)
    right = (1 + Fraction(4, 5)) * (Fraction(5, 4) - 1) ** 2
    assert (left, right) == (Fraction(1, 5), Fraction(9, 80))


@pytest.mark.parametrize("d", [Fraction(1, 2), Fraction(1)])
def test_one_sample_witness_disappears_beyond_sqrt_2_less_1(d, monkeypatch):
    monkeypatch.setattr(theorem2_squared, "single_sample", lambda _: single_sample(d))
    assert theorem2_squared._on_the_line().holds is False


def test_unit_feature_witness_disappears_for_a_large_turn(monkeypatch):
    monkeypatch.setattr(
        theorem2_squared, "turned_pair", lambda *_: turned_pair(Fraction(4, 5), Fraction(3, 5), Fraction(1))
    )
    assert theorem2_squared._on_the_circle().holds is False


def test_boundary_of_the_one_sample_family():
    edge = math.sqrt(2) - 1
    for off in (1e-6, 1e-3):
        assert squared_slack(*single_sample(Fraction(edge * (1 - off)))) < 0
        assert squared_slack(*single_sample(Fraction(edge * (1 + off)))) > 0


@pytest.mark.parametrize("radius", [Fraction(1, 2), Fraction(1), Fraction(5)])
def test_boundary_of_the_turned_family(radius):
    """sin 2phi = 1/(2 r); phi through rational points of the circle within 1e-3 of it."""
    half = math.asin(min(1.0, 1 / (2 * float(radius)))) / 2
    for off, sign in ((1 - 1e-3, -1), (1 + 1e-3, 1)):
        t = Fraction(math.tan(half * off / 2)).limit_denominator(10**6)
        cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        if cosine > sine:
            assert math.copysign(1, squared_slack(*turned_pair(cosine, sine, radius))) == sign


def test_turned_pair_is_a_finite_world_of_its_radius():
    features, labels = turned_pair(Fraction(60, 61), Fraction(11, 61), Fraction(3))
    world = FiniteWorld(features, features, labels)
    assert world.radius == 3
    assert robust_alignment(world) == transfer.robust_loss(features) == 9 * Fraction(242, 3721)


def test_scaling_any_world_down_breaks_the_bound_with_l_ar_and_not_the_corrected_one():
    broken = 0
    for seed in range(1, 41, 2):
        features, targets = random_world(seed)
        if not spans(features):
            continue
        excesses = [t for t in transfers(features, targets, transfer.absolute_loss) if t[0] > 0]
        shrunk = features / 10_000
        for (excess, a, b, _), again in zip(
            excesses, [t for t in transfers(shrunk, targets, transfer.absolute_loss) if t[0] > 0], strict=True
        ):
            assert again[:3] == (excess, a * 10_000, b * 10_000)
            displacement = transfer.robust_displacement(shrunk)
            assert excess <= transfer.transfer_bound(1, again[1], again[2], displacement)
            broken += excess > transfer.transfer_bound(1, again[1], again[2], transfer.robust_loss(shrunk))
    assert broken >= 80


MUTANTS = [
    ("transfer_bound", lambda _c, a, b, d: (a + b) * d, "arcl-2-corrected"),
    ("transfer_bound", lambda c, a, b, d: c * max_of(a, b) * d, "arcl-2-corrected"),
    ("transfer_bound", lambda c, a, _b, d: c * a * d, "arcl-2-corrected"),
    ("transfer_bound", lambda c, a, b, d: c * (a + b) * d / 2, "arcl-2-corrected"),
    ("transfer_bound", lambda c, a, b, d: 2 * c * (a + b) * d, "arcl-2-corrected"),
    ("transfer_bound", lambda c, a, b, d: c * (a + b) * d * d, "arcl-2-corrected"),
    ("risk_shift", lambda c, _norm, d: c * d, "arcl-2-gap"),
    ("risk_shift", lambda _c, norm, d: norm * d, "arcl-2-gap"),
    ("risk_shift", lambda c, norm, d: c * norm * d / 2, "arcl-2-gap"),
    ("risk_shift", lambda c, norm, d: 2 * c * norm * d, "arcl-2-gap"),
    ("transfer_excess", lambda own, other, f, y: transfer.transfer_excess(other, own, f, y), "arcl-2-corrected"),
    ("head_risk", lambda h, f, y, _loss=None: abs(f @ h - y).sum(), "arcl-2-gap"),
    ("opposed_pair", lambda d, eta: opposed_pair(-d, eta), "arcl-2-corrected"),
]


def max_of(a, b):
    """The larger of two Z3 terms."""
    return theorem2_corrected.z3.If(a >= b, a, b)


@pytest.mark.parametrize(("name", "mutant", "claim"), MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(name, mutant, claim, monkeypatch):
    monkeypatch.setattr(theorem2_corrected, name, mutant)
    (stated,) = [c for c in theorem2_corrected.CLAIMS if c.id == claim]
    assert not discharged(stated)


@pytest.mark.parametrize(
    ("name", "mutant", "claim"),
    [
        ("robust_loss", lambda f: abs(f[:, 0] - f[:, 1]).sum() / len(f), "arcl-2-squared"),
        ("robust_displacement", transfer.robust_loss, "arcl-2-squared"),
        ("transfer_excess", lambda own, other, f, y: transfer.transfer_excess(other, own, f, y), "arcl-2-squared"),
        ("transfer_bound", lambda c, a, b, d: 2 * c * (a + b) * d, "arcl-2-squared"),
        ("robust_loss", lambda f: 4 * transfer.robust_loss(f), "arcl-2-range"),
        ("transfer_bound", lambda c, a, b, d: c * (a + b) * d * d, "arcl-2-range"),
    ],
)
def test_a_mutated_formula_loses_the_refutation_or_its_range(name, mutant, claim, monkeypatch):
    """With the displacement not squared, or the bound doubled, the statement with L_AR is no longer refuted as it stands."""
    monkeypatch.setattr(theorem2_squared, name, mutant)
    (stated,) = [c for c in theorem2_squared.CLAIMS if c.id == claim]
    assert not discharged(stated)

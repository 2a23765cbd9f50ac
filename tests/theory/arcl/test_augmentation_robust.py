import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.proofs import discharged
from tests.theory.worlds import clustered, scattered, seeds
from theory import arcl as transfer
from theory import factors
from theory.arcl import augmentation_robust as robust
from theory.setting import FiniteWorld

many_views = st.one_of(
    st.builds(
        scattered,
        seeds,
        classes=st.integers(2, 3),
        size=st.integers(1, 5),
        views=st.integers(3, 6),
        dimension=st.integers(1, 3),
    ),
    st.builds(
        clustered,
        seeds,
        classes=st.integers(2, 3),
        size=st.integers(2, 5),
        views=st.integers(3, 6),
        swapped=st.integers(0, 1),
        torn=st.integers(0, 1),
        spread=st.sampled_from([0.0, 0.01, 0.1, 0.3]),
    ),
)


def without(world, view):
    """The world with one view fewer."""
    keep = [j for j in range(world.features.shape[1]) if j != view]
    return FiniteWorld(world.views[:, keep], world.features[:, keep], world.labels)


@settings(max_examples=100, deadline=None)
@given(many_views, st.integers(0, 5))
def test_dropping_a_view_never_increases_the_robust_loss(world, view):
    fewer = without(world, view % world.features.shape[1])
    assert factors.robust_alignment(fewer) <= factors.robust_alignment(world)
    assert transfer.robust_displacement(fewer.features) <= transfer.robust_displacement(world.features)


def test_dropping_a_view_often_lowers_it():
    lowered = [
        factors.robust_alignment(without(w, 0)) < factors.robust_alignment(w)
        for w in (scattered(seed, 2, 3, 3, 2) for seed in range(100))
    ]
    assert sum(lowered) >= 90


def naive(features):
    """(L_align, AAL, L_AR, displacement) by plain loops over ordered pairs of views."""
    rows = []
    for views in features:
        m = len(views)
        gaps = [[math.dist(a, b) for b in views] for a in views]
        apart = [gaps[j][k] for j in range(m) for k in range(m) if j != k]
        squares = [g * g for g in apart]
        rows.append((sum(squares) / m**2, sum(squares) / len(squares), max(squares), max(apart)))
    return np.mean(rows, axis=0)


@settings(max_examples=100, deadline=None)
@given(many_views)
def test_alignment_average_and_robust_loss_are_ordered(world):
    m, features = world.features.shape[1], world.features
    align, average, most, displacement = naive(features)
    assert factors.alignment(world) == pytest.approx(align, abs=1e-12)
    assert transfer.average_alignment(features) == pytest.approx(average, abs=1e-12)
    assert transfer.robust_loss(features) == factors.robust_alignment(world) == pytest.approx(most, abs=1e-12)
    assert transfer.robust_displacement(features) == pytest.approx(displacement, abs=1e-12)
    assert align == pytest.approx(transfer.distinct_share(m) * average, abs=1e-12)
    assert align <= average <= most * (1 + 1e-12)
    assert most <= (m - 1) * average * (1 + 1e-12)
    assert displacement <= math.sqrt(most) * (1 + 1e-12)


@pytest.mark.parametrize("m", range(2, 9))
def test_both_ends_of_the_comparison_are_attained(m):
    """Views at the vertices of a simplex are equidistant; views in the middle of the widest pair cost least."""
    simplex = np.frompyfunc(Fraction, 1, 1)(np.eye(m, dtype=int))[None]
    assert transfer.average_alignment(simplex) == transfer.robust_loss(simplex) == 2
    middle = np.array([[[Fraction(0)], [Fraction(2)]] + [[Fraction(1)]] * (m - 2)], dtype=object)
    assert transfer.robust_loss(middle) == 4
    assert (m - 1) * transfer.average_alignment(middle) == 4
    assert transfer.robust_displacement(middle) == 2


@pytest.mark.parametrize("name", ["robust_loss", "robust_displacement", "average_alignment"])
@pytest.mark.parametrize("shape", [(3, 1, 2), (3, 2)])
def test_a_single_view_is_refused(name, shape):
    with pytest.raises(ValueError, match=r"features.shape=.*sample more views"):
        getattr(transfer, name)(np.ones(shape))


def test_displacement_attains_the_root_when_all_samples_move_alike_and_not_otherwise():
    alike = np.array([[[0.0], [3.0]], [[5.0], [2.0]]])
    assert transfer.robust_displacement(alike) == 3 == math.sqrt(transfer.robust_loss(alike))
    apart = np.array([[[0.0], [3.0]], [[5.0], [5.0]]])
    assert transfer.robust_displacement(apart) == 1.5 < math.sqrt(transfer.robust_loss(apart))


def test_sampled_views_of_example_1_approach_the_clipped_loss_from_below():
    eps, bound, n = 0.1, 3.0, 4000
    rng = np.random.default_rng(0)
    x2 = rng.normal(size=n)
    x2 /= np.sqrt((x2**2).mean())
    theta = rng.uniform(-bound, bound, (n, 100))
    losses = [
        transfer.robust_loss((math.sqrt(eps) / 2 * theta[:, :m] * x2[:, None])[..., None]) for m in (2, 5, 20, 100)
    ]
    limit = transfer.clipped_robust_loss(eps, bound)
    assert all(a < b for a, b in itertools.pairwise([*losses, limit]))
    assert losses[-1] > 0.95 * limit


def test_example_1_alignment_is_fixed_while_the_robust_loss_grows_with_m():
    """Unclipped theta: L_align = eps/2 whatever m; L_AR,m exceeds any bound with m."""
    eps, n = 0.1, 4000
    rng = np.random.default_rng(1)
    features = (math.sqrt(eps) / 2 * rng.normal(size=(n, 128)) * rng.normal(size=(n, 1)))[..., None]
    grown = [transfer.robust_loss(features[:, :m]) / eps for m in (2, 8, 32, 128)]
    assert grown[0] == pytest.approx(0.5, abs=0.1)
    assert all(b > a + 1 for a, b in itertools.pairwise(grown))
    assert transfer.average_alignment(features) == pytest.approx(transfer.example_alignment(eps), rel=0.1)


@pytest.mark.parametrize(
    ("name", "mutant", "claim"),
    [
        ("clipped_robust_loss", lambda eps, bound: eps * bound, "l-ar"),
        ("clipped_robust_loss", lambda eps, bound: eps * bound**2 / 2, "l-ar"),
        ("distinct_share", lambda m: 1 / m, "l-ar-m"),
        ("distinct_share", lambda m: m / (m + 1), "l-ar-m"),
    ],
)
def test_a_mutated_formula_is_no_longer_proved(name, mutant, claim, monkeypatch):
    monkeypatch.setattr(robust, name, mutant)
    (stated,) = [c for c in robust.CLAIMS if c.id == claim]
    assert not discharged(stated)


MUTANTS = {
    "average_alignment": lambda f: 2 * f.var(axis=1).sum() / len(f),
    "robust_loss": transfer.average_alignment,
    "robust_displacement": lambda f: factors.squared_view_diameters(f).sum() / len(f),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutated_loss_differs_from_the_loops(name):
    """Self-pairs counted, the mean for the maximum, the square kept: each shows on one world."""
    features = scattered(0, 2, 3, 4, 2).features
    expected = dict(zip(("average_alignment", "robust_loss", "robust_displacement"), naive(features)[1:], strict=True))
    assert getattr(transfer, name)(features) == pytest.approx(expected[name])
    assert MUTANTS[name](features) != pytest.approx(expected[name], rel=0.01)

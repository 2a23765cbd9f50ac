"""The grids behind a certificate: cliques and balls are main parts, and what they certify is true."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from tests.theory.worlds import clustered, clustered_worlds, planar, scattered
from theory.factors import lipschitz_constant, nearest_mean_error, view_diameters
from theory.setting import FiniteWorld
from theory.theorem1 import LEVERS, ball_grid, ball_part_within, certify, clique_grid, main_part_within
from theory.theorem1.certificates.grid import anchor_points
from theory.theorem1.certificates.world import ROUNDING


@settings(max_examples=60, deadline=None)
@given(clustered_worlds)
def test_balls_give_lower_bounds_and_valid_certificates(world):
    """A main part of balls is a main part: its share is at most the clique's at the same (eps, reach)."""
    balls, cliques = ball_grid(world), clique_grid(world, "local")
    worst = nearest_mean_error(world, any_view=True)
    for form in ("sharp", "chord", "exact"):
        assert worst <= certify(world, form, grid=balls).error + 1e-12
        assert certify(world, form, grid=balls).error >= certify(world, form, grid=cliques).error - 1e-12
    best = certify(world, "exact", grid=balls)
    for v in best.classes:
        members, anchor = ball_part_within(world, v.label, v.eps, v.reach)
        assert len(members) / len(world.members(v.label)) == pytest.approx(v.alpha)
        if len(members):
            apart = np.linalg.norm(world.features[members] - anchor, axis=2).min(axis=1)
            assert (2 * apart <= v.reach).all()
            assert (view_diameters(world.features[members]) <= v.eps).all()


@pytest.mark.parametrize("seed", range(5))
def test_witnesses_of_cliques_have_the_size_that_was_counted(seed):
    world = clustered(seed, 3, 12, 3, 1, 1, 0.2)
    best = certify(world, "exact")
    for v in best.classes:
        members = main_part_within(world, v.label, v.eps, v.reach)
        assert len(members) == round(v.alpha * len(world.members(v.label)))
        assert (world.labels[members] == v.label).all()
        assert (view_diameters(world.features[members]) <= v.eps).all()
        if len(members) == 0:
            continue
        gaps = np.linalg.norm(
            world.features[members][:, None, :, None] - world.features[members][None, :, None], axis=4
        )
        assert gaps.min(axis=(2, 3)).max() <= v.reach + ROUNDING


def test_no_false_certificate_over_many_worlds():
    """Structured, scattered and adversarial worlds, cliques and balls; at least a third certify something."""
    certified = 0
    for seed in range(400):
        world = [
            clustered(seed, 2 + seed % 3, 4 + seed % 5, 2, seed % 2, seed // 2 % 2, [0.0, 0.02, 0.1][seed % 3]),
            scattered(seed, 2, 6, 2, 3),
            planar(seed),
        ][seed % 3 if seed % 5 else 0]
        worst = nearest_mean_error(world, any_view=True)
        for grid in (clique_grid(world, "local"), ball_grid(world)):
            best = certify(world, "exact", grid=grid)
            assert worst <= best.error + 1e-12
            certified += best.error < 1
    assert certified > 270


def test_equal_views_with_unequal_features_spread_under_both_levers():
    """A float32 encoder may give one image two features 1e-5 apart: then L d_A = 0 does not bound their distance."""
    apart = 9e-6
    angles = np.array([0.0, apart, np.pi, np.pi])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None].repeat(2, axis=1)
    views = np.array([0.0, 0.0, 1.0, 2.0])[:, None, None].repeat(2, axis=1)
    world = FiniteWorld(views, features, np.array([0, 0, 1, 1]))
    for lever in LEVERS:
        grid = clique_grid(world, lever)
        assert grid.s[0][grid.sigma[:, 0] == 1.0].min() == pytest.approx(apart, rel=1e-3)


def uneven(radius):
    """Three classes of 2, 4 and 5 samples with three views, features of this norm; noisy, and two samples torn."""
    world = clustered(0, 3, 5, 3, 0, 1, 0.3)
    kept = np.array([0, 1, 5, 6, 7, 8, 10, 11, 12, 13, 14])
    return FiniteWorld(world.views[kept], radius * world.features[kept], world.labels[kept])


def nearest(points, i, j):
    return min(np.linalg.norm(a - b) for a in points[i] for b in points[j])


def largest_part(members, near):
    """By trying all subsets."""
    parts = (part for size in range(len(members), 0, -1) for part in combinations(members, size))
    return next((len(part) for part in parts if all(near(i, j) for i, j in combinations(part, 2))), 0)


def check_spreads_and_shares_outside(grid, world):
    """What does not depend on how main parts are found; eps are eight diameters, evenly spaced in rank."""
    diameters = sorted(max(np.linalg.norm(a - b) for a, b in combinations(rows, 2)) for rows in world.features)
    ranks = [max(int(np.ceil(len(diameters) * i / 7)), 1) for i in range(8)]
    assert grid.eps == pytest.approx(sorted({diameters[rank - 1] for rank in ranks}))
    spreads = (grid.reach[None] + 2 * grid.eps[:, None]) / world.radius
    assert (spreads > 2).any()
    assert (spreads < 2).any()
    assert grid.s == pytest.approx(np.minimum(spreads, 2))
    wide = view_diameters(world.features)[None] > grid.eps[:, None]
    assert grid.R == pytest.approx(wide.sum(axis=1) / len(world.labels))
    for k, n in enumerate(np.bincount(world.labels)):
        assert grid.R_class[:, k] == pytest.approx(wide[:, world.labels == k].sum(axis=1) / n)


@pytest.mark.parametrize("lever", LEVERS)
def test_a_grid_of_cliques_by_trying_all_subsets(lever):
    world = uneven(radius=3.0)
    grid = clique_grid(world, lever)
    slope = lipschitz_constant(world) if lever == "lipschitz" else 0.0

    def gap(i, j):
        return max(nearest(world.features, i, j), slope * nearest(world.views, i, j))

    gaps = {pair: gap(*pair) for pair in combinations(range(11), 2)}
    own = [gap for (i, j), gap in gaps.items() if world.labels[i] == world.labels[j]]
    assert set(grid.reach.round(9)) <= {0.0, *np.round(own, 9)}
    assert grid.exact
    assert grid.lipschitz == (slope if lever == "lipschitz" else None)
    check_spreads_and_shares_outside(grid, world)
    diameters = view_diameters(world.features)
    for t, reach in enumerate(grid.reach):
        for k in range(3):
            members = np.flatnonzero(world.labels == k)

            def near(i, j, reach=reach):
                return gaps[i, j] <= reach + 1e-9

            assert grid.sigma[t, k] == pytest.approx(largest_part(members, near) / len(members))
            for e, eps in enumerate(grid.eps):
                inside = members[diameters[members] <= eps]
                assert grid.alpha[e, t, k] == pytest.approx(largest_part(inside, near) / len(members))


def test_a_grid_of_balls_by_counting():
    """Two samples of a class and the direction of its mean are anchors; of each, four quantiles of twice the distances."""
    world = uneven(radius=3.0)
    grid = ball_grid(world, anchors=2, reaches=4)
    assert (grid.lever, grid.lipschitz, grid.exact) == ("local", None, False)
    check_spreads_and_shares_outside(grid, world)
    spans, diameters, reaches = [], view_diameters(world.features), []
    for k in range(3):
        rows = world.features[world.labels == k]
        mean = rows.mean(axis=(0, 1))
        anchors = [rows[0, 0], rows[-1, 0], 3 * mean / np.linalg.norm(mean)]
        assert anchor_points(rows, 2) == pytest.approx(np.array(anchors))
        spans.append(2 * np.array([[min(np.linalg.norm(v - a) for v in views) for views in rows] for a in anchors]))
        n = len(rows)
        reaches += [np.sort(spans[-1], axis=None)[max(n * i, 1) - 1] for i in range(4)]  # of 3 n distances
    assert grid.reach == pytest.approx(sorted(set(reaches)))
    for t, reach in enumerate(grid.reach):
        for k, span in enumerate(spans):
            near = span <= reach + 1e-9
            assert grid.sigma[t, k] == pytest.approx(near.mean(axis=1).max())
            for e, eps in enumerate(grid.eps):
                inside = diameters[world.labels == k] <= eps
                assert grid.alpha[e, t, k] == pytest.approx((near & inside).mean(axis=1).max())
                members, _ = ball_part_within(world, k, eps, reach, anchors=2)
                assert len(members) == (near & inside).sum(axis=1).max()

"""The grids behind a certificate: cliques and balls are main parts, and what they certify is true."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.theory.worlds import clustered, clustered_worlds, planar, scattered
from theory.factors import nearest_mean_error, view_diameters
from theory.setting import FiniteWorld
from theory.theorem1 import LEVERS, ball_grid, ball_part_within, certify, clique_grid, main_part_within
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

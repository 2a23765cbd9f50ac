"""The searches for worst configurations: they find what a weakened form misses, and a sharp one is nearly attained."""

import numpy as np
import pytest

from theory.theorem1 import chord_bound, threshold
from theory.theorem1.proofs.search import chord_slack, draw, least_product, slacks


@pytest.mark.parametrize(
    ("form", "rho"),
    [
        ("sharp", lambda c: 2 * (1 - c.alpha) + c.alpha * c.s**2 / 2.05),
        ("corrected", lambda c: 2 * (1 - c.alpha) + c.alpha * c.s / 4),
        ("printed", lambda c: (1 - c.sigma) + c.q / 4 + c.sigma * c.s / 4),
    ],
)
def test_search_falsifies_a_weakened_rho(form, rho):
    drawn = draw(200_000, seed=1)
    assert slacks(drawn)[form].min() > -1e-12
    assert (drawn.product - threshold(rho(drawn))).min() < -1e-3


def test_sharp_condition_is_attained_by_a_configuration():
    drawn = draw(200_000, seed=2)
    interesting = (drawn.s > 0.3) & (drawn.s < 0.9)
    assert slacks(drawn)["sharp"][interesting].min() < 1e-3


def test_chord_is_attained_and_a_smaller_one_is_falsified():
    drawn = draw(200_000, seed=2)
    slack = chord_slack(drawn)
    spread = (drawn.s > 0.3) & (drawn.alpha < 0.9)
    assert -1e-7 < slack.min()
    assert slack[spread].min() < 0.01
    assert (chord_bound(drawn.alpha, 0.9 * drawn.s) - drawn.distance).min() < -1e-3


def test_least_product_matches_a_dense_grid():
    rng = np.random.default_rng(0)
    p = rng.uniform(-1, 1, (200, 2))
    p = p[np.hypot(*p.T) < 1]
    radius, angle = np.meshgrid(np.sqrt(np.linspace(0, 1, 200)), np.linspace(-np.pi, np.pi, 721))
    q = np.stack([(radius * np.cos(angle)).ravel(), (radius * np.sin(angle)).ravel()])
    for p1, p2 in p:
        inside = np.hypot(1 - q[0], q[1]) <= np.hypot(1 - p1, p2) + 1e-12
        if inside.sum() < 50:
            continue
        gridded = (p1 * q[0] + p2 * q[1])[inside].min()
        exact = float(least_product(np.array(p1), np.array(p2)))
        assert exact - 1e-9 <= gridded <= exact + 0.05

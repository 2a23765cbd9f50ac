"""The formulas of Theorem1Angle.v and Theorem1Margin.v, in floats, are those that the forms cap and exact evaluate."""

import numpy as np
import pytest

from theory.theorem1.forms.cap import cap_angle
from theory.theorem1.forms.caps import cap_margin
from theory.theorem1.forms.chord import chord_bound
from theory.theorem1.forms.exact import exact_angle
from theory.theorem1.forms.sharp import rho_sharp

DRAWS = 2000


def sine(c):
    return np.sqrt(max(1 - c**2, 0))


def cos_exact(alpha, s, w):
    """`cos_exact` with `cos_spread`, `cos_turned` and `at_edge`, and whether it is at the edge."""
    c, k = max(-1, 1 - s**2 / 2), (w**2 + alpha**2 - (1 - alpha) ** 2) / (2 * w * alpha)
    if 0 < alpha and -c <= k <= 1 and alpha * sine(c) <= w * (sine(c) * k + c * sine(k)):
        return c * k - sine(c) * sine(k), True
    return (1 - rho_sharp(alpha, s)) / w, False


def cos_cap(alpha, s, w):
    """`cos_cap`."""
    return max(1 - rho_sharp(alpha, s), (1 + w**2 - chord_bound(alpha, s) ** 2) / 2) / w


def margin(c, p, q):
    """`cap_margin`."""
    size, along = np.linalg.norm(p - q), p @ (p - q) / np.linalg.norm(p)
    across = np.sqrt(max(size**2 - along**2, 0))
    least = -size if c * size <= -along else along * c - across * sine(c)
    return least - (p @ p - q @ q) / 2


@pytest.fixture
def draws():
    rng = np.random.default_rng(0)
    return rng.uniform(size=DRAWS), rng.uniform(0, 2.5, DRAWS), rng.uniform(size=DRAWS)


def test_the_angle_of_the_form_exact(draws):
    cosines, edges = zip(*(cos_exact(*row) for row in zip(*draws, strict=True)), strict=True)
    assert 0.1 < np.mean(edges) < 0.9
    assert np.cos(exact_angle(*draws)) == pytest.approx(np.clip(cosines, -1, 1), abs=1e-9)


def test_the_angle_of_the_form_cap(draws):
    cosines = [cos_cap(*row) for row in zip(*draws, strict=True)]
    assert np.cos(cap_angle(*draws)) == pytest.approx(np.clip(cosines, -1, 1), abs=1e-9)


def test_the_margin_of_a_cap():
    rng = np.random.default_rng(1)
    p, q, angles = rng.normal(size=(DRAWS, 3)), rng.normal(size=(DRAWS, 3)), rng.uniform(0, np.pi, DRAWS)
    products = [(a @ b for a, b in zip(*pair, strict=True)) for pair in ((p, p), (q, q), (p, q))]
    ll, kk, lk = (np.fromiter(rows, float) for rows in products)
    stated = [margin(np.cos(angle), *rows) for angle, *rows in zip(angles, p, q, strict=True)]
    assert (np.cos(angles) * np.linalg.norm(p - q, axis=1) <= -(ll - lk) / np.sqrt(ll)).mean() == pytest.approx(
        0.5, abs=0.4
    )
    assert cap_margin(angles, ll, kk, lk) == pytest.approx(np.array(stated), abs=1e-9)

"""Finite worlds that attain the exact form."""

import numpy as np
import pytest

from theory.theorem1.proofs import attained


@pytest.mark.parametrize(
    ("s", "w", "rival"), [(0.7, 0.9, 0.9), (0.3, 0.9, 0.9), (0.5, 0.95, 0.8), (1.3, 0.9, 1.0), (1.361, 0.9, 1.0)]
)
def test_worlds_attain_the_exact_form(s, w, rival):
    """The margin tends to 0 from below like 1/n while a sample of the main part stays misclassified, at edge and face."""
    margins = []
    for n in (20, 200, 1000):
        value, lost = attained.attained_margin(attained.attaining_world(n, n // 10, s, w, rival), s)
        assert lost
        margins.append(value * n)
    assert max(margins) < 0
    assert margins[-1] > -2.1
    assert margins[-1] == pytest.approx(margins[-2], rel=0.1)


def test_attaining_world_sits_at_the_worst_point():
    s, w, n = 0.7, 0.9, 2000
    world = attained.attaining_world(n, n // 10, s, w, 0.9)
    mean = world.features[:n, 0].mean(axis=0)
    u = world.features[0, 0]
    assert np.linalg.norm(mean) == pytest.approx(w, abs=1e-3)
    assert np.arccos(u @ mean / np.linalg.norm(mean)) == pytest.approx(
        np.arccos(attained.worst_u(0.9, s, w)[0]), abs=2e-3
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((20, 2, 0.5, 0.1, 0.9), "w=0.1"),
        ((20, 2, 0.7, 0.9, 0.1), "rival=0.1"),
        ((20, 2, 0.7, 0.9, 1.1), "rival=1.1"),
    ],
)
def test_impossible_attaining_worlds_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        attained.attaining_world(*arguments)

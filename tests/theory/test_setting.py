from fractions import Fraction

import numpy as np
import pytest

from theory.setting import FiniteWorld

GOOD = np.repeat(np.array([1.0, -1.0, 1.0, -1.0])[:, None, None], 2, axis=1)
LABELS = np.array([0, 1, 0, 1])


def broken(index, value):
    array = GOOD.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("views", "features", "labels", "message"),
    [
        (GOOD, broken((2, 1, 0), np.nan), LABELS, r"features\[2, 1, 0\]=nan: not finite; remove or repair"),
        (broken((0, 0, 0), np.inf), GOOD, LABELS, r"views\[0, 0, 0\]=inf"),
        (GOOD, broken((1, 0, 0), 0.0), LABELS, r"features\|\|=0..1: .*r in \[1e-100, 1e\+100\]; normalise"),
        (GOOD, broken((1, 0, 0), 1.5), LABELS, r"features\|\|=1..1.5: .*normalise"),
        (GOOD[:, :1], GOOD[:, :1], LABELS, "1 view of a sample.*sample more views"),
        (GOOD[:1], GOOD[:1], LABELS[:1], "n >= 2 samples"),
        (GOOD[:3], GOOD, LABELS, r"differs from .* in \(n, m\)"),
        (GOOD, GOOD, LABELS[:3], "one label per sample"),
        (GOOD, GOOD, np.zeros(4, int), "labels=0: all the same.*at least 2"),
        (GOOD, GOOD, np.array([0, 2, 0, 2]), "labels=1: class without a sample"),
        (GOOD, GOOD, np.array([-1, 1, 0, 1]), "labels=-1: negative"),
        (GOOD, GOOD, np.array([0.0, 1.0, 0.0, 1.0]), "labels.dtype=float64: not integers; give integers"),
        (GOOD[:, :, 0], GOOD, LABELS, r"views.shape=\(4, 2\): not \(n, m, D\)"),
    ],
)
def test_bad_worlds_are_refused_by_value_and_remedy(views, features, labels, message):
    with pytest.raises(ValueError, match=message):
        FiniteWorld(views, features, labels)


def test_radius_and_classes():
    world = FiniteWorld(GOOD, 3 * GOOD, LABELS)
    assert world.radius == 3
    assert world.classes == 2
    assert list(world.members(1)) == [1, 3]


@pytest.mark.parametrize("radius", [5.35e-158, 9e-101, 1.1e100, 1e200])
def test_radii_whose_squared_differences_leave_float64_are_refused(radius):
    with pytest.raises(ValueError, match=r"r in \[1e-100, 1e\+100\]"), np.errstate(over="ignore"):
        FiniteWorld(GOOD, radius * GOOD, LABELS)
    exact = GOOD.astype(int) * Fraction(radius)
    assert FiniteWorld(exact, exact, LABELS).classes == 2
    assert FiniteWorld(GOOD, 1e99 * GOOD, LABELS).radius == 1e99

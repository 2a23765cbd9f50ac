"""Phase pictures: what they claim of single worlds, their shape, and that they can be drawn."""

import json
import math

import numpy as np
import pytest

from figures import phase as figure
from figures.style import render
from simulate import phase
from simulate.circle import model, world
from simulate.circle.world import Circle
from simulate.theorem1 import evaluate_all
from theory.theorem1 import FORMS


@pytest.fixture(scope="module")
def planes():
    return [model.share_and_spread(10), model.spread_and_strength(10)]


def test_planes_hold_what_the_theorem_says_of_their_worlds(planes):
    one = planes[1]
    for i, j in ((0, 0), (2, 3), (9, 9)):
        centres = (0.0, 2 * math.pi / 3, -2 * math.pi / 3)
        circle = Circle(centres, (1 / 3,) * 3, (one.x[j],) * 3, (one.y[i],), (1.0,), 0.01)
        assert one.error[i, j] == pytest.approx(world.error(circle))
        values = evaluate_all(model.factors(circle, model.DELTAS, "local"))
        for form in FORMS:
            assert one.certified[form][i, j] == pytest.approx(values[form].bound.min())
            assert (one.margin[form][i, j] > 1e-9) == values[form].met.any()


def test_regions_are_nested_and_some_of_each(planes):
    for one in planes:
        region = {form: one.margin[form] > 0 for form in FORMS}
        for weak, strong in (
            ("corrected", "sharp"),
            ("sharp", "cap"),
            ("cap", "exact"),
            ("chord", "cap"),
            ("printed", "exact"),
        ):
            assert not (region[weak] & ~region[strong]).any()
        assert all(region[form].any() and not region[form].all() for form in FORMS)


def test_certified_errors_are_above_the_true_ones(planes):
    for one in planes:
        for form in FORMS:
            assert (one.certified[form] >= one.error - 1e-12).all()


def test_share_and_spread_are_what_the_axes_say(planes):
    """At delta = 0 sigma is the x axis, and s = 2 eps / r the y axis."""
    one = planes[0]
    x, y = float(one.x[4]), float(one.y[5])
    circle = Circle((0.0, math.pi), (0.5, 0.5), (1e-3, 1e-3), (math.asin(y / 4),), (1.0,), 1 - x)
    factors = model.factors(circle, np.array([0.0]), "local")
    assert factors.sigma[0, 0] == pytest.approx(x, abs=1e-9)
    assert factors.s[0] == pytest.approx(y)


def test_sharp_is_met_up_to_its_limit():
    """sigma = 1, mu = -1: 1 - s^2/2 - s > -||mu||^2, s up to sqrt(1 + 2 (1 + ||mu||^2)) - 1 or so; exact up to sqrt 2."""

    def factors_at(sigma, s):
        circle = Circle((0.0, math.pi), (0.5, 0.5), (1e-3, 1e-3), (math.asin(s / 4),), (1.0,), 1 - sigma)
        return model.factors(circle, model.DELTAS, "local")

    one = phase.plane("", "", "", "", np.array([1.0]), np.linspace(0, 2, 41), factors_at)
    sharp, exact = (one.y[(one.margin[form][:, 0] > 0).nonzero()[0].max()] for form in ("sharp", "exact"))
    assert 1.15 <= sharp <= 1.25
    assert 1.35 <= exact <= math.sqrt(2)


def test_json_and_figure(planes):
    pictures = json.loads(json.dumps([phase.as_json(one) for one in planes], allow_nan=False))
    assert [one["name"] for one in pictures] == ["share-spread", "spread-strength"]
    assert np.array(pictures[0]["margin"]["exact"]).shape == (10, 10)
    text = render(figure.draw, {"phase": pictures})
    assert text == render(figure.draw, {"phase": pictures})
    for form in FORMS:
        assert form in text

from fractions import Fraction

import flint
import pytest
import sympy
import z3

from theory.prove import enclosure, identity, implication, positive_on_box

UNIT = (Fraction(0), Fraction(1))


def test_identity_decides_both_ways():
    a, b = sympy.symbols("a b")
    assert identity("t", (a + b) ** 2, a**2 + 2 * a * b + b**2).holds
    assert identity("t", (a + b) ** 2, a**2 + b**2).holds is False


def test_implication_decides_both_ways_and_shows_the_counter_model():
    x, y = z3.Reals("x y")
    assert implication("t", [x > 0, y > 0], x * y > 0, example={x: 1, y: 1}).holds
    failed = implication("t", [x > 0], x * y > 0, example={x: 1, y: 1})
    assert failed.holds is False
    assert "counter-model" in failed.computed


def test_a_vacuous_implication_is_refused():
    x = z3.Real("x")
    with pytest.raises(ValueError, match="does not satisfy x < 0; give a point that does"):
        implication("t", [x > 0, x < 0], x == 7, example={x: 1})


def test_enclosure_wants_truth_and_tightness():
    quarter = flint.arb(1) / 4
    assert enclosure("t", quarter + flint.arb(0, 1e-17), quarter, 1e-15).holds
    assert enclosure("t", quarter + flint.arb(0, 1e-3), quarter, 1e-15).holds is False
    assert enclosure("t", quarter + flint.arb("1e-9"), quarter, 1e-15).holds is False


def test_positive_on_box_proves_fails_and_gives_up():
    def bowl(x, y):
        return (x - y) ** 2 + flint.arb("0.01")

    proved = positive_on_box("t", bowl, (UNIT, UNIT))
    assert proved.holds
    assert 0 < proved.slack <= 0.01
    assert positive_on_box("t", lambda x, y: bowl(x, y) - flint.arb("0.02"), (UNIT, UNIT)).holds is False
    assert positive_on_box("t", lambda x, y: (x - y) ** 2, (UNIT, UNIT), most=500).holds is None


def test_positive_on_box_treats_undefined_values_as_unproved():
    assert positive_on_box("t", lambda x: (x - 1).sqrt() + 1, (UNIT,), most=200).holds is None

import re
from fractions import Fraction

import numpy as np
import pytest

from theory import checks


def test_integers_of_any_kind_become_int():
    for value in (3, np.int64(3), np.uint8(3), np.array(3)):
        number = checks.check_integer("n", value, 1, 5)
        assert (type(number), number) == (int, 3)
    assert checks.check_integer("n", -7) == -7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("n", 0, 1), "n=0: too small; give an integer >= 1"),
        (("n", 6, 1, 5), "n=6: too large; give an integer in 1..5"),
        (("n", 6, None, 5), "n=6: too large; give an integer <= 5"),
        (("n", 3.0), "n=3.0: a float, not an integer; give an integer"),
        (("n", "3", 1), "n='3': a str, not an integer; give an integer >= 1"),
        (("n", True, 1), "n=True: a bool, not an integer; give an integer >= 1"),
        (("n", np.True_, 1), "n=np.True_: a bool, not an integer; give an integer >= 1"),
    ],
)
def test_what_is_no_such_integer_is_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        checks.check_integer(*arguments)


@pytest.mark.parametrize("value", [0.5, Fraction(1, 2), np.array([0.5, 2.0])])
def test_good_values_pass_through(value):
    for check in (checks.check_positive, checks.check_nonnegative, checks.check_threshold):
        assert check("eps", value) is value
    assert checks.check_probability("level", 0.5) == 0.5
    assert checks.check_budget("nodes", np.inf) == checks.check_threshold("delta", np.inf) == np.inf
    assert checks.check_nonnegative("eps", 0) == 0


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (checks.check_positive, 0, "eps=0: not positive and finite; give a finite eps > 0"),
        (checks.check_positive, np.inf, "eps=inf: not positive and finite; give a finite eps > 0"),
        (
            checks.check_positive,
            np.array([1.0, np.nan]),
            "eps=[ 1. nan]: not positive and finite; give a finite eps > 0",
        ),
        (checks.check_nonnegative, -1, "eps=-1: negative or not finite; give a finite eps >= 0"),
        (checks.check_threshold, [0.5, -1.0], "eps=-1.0: no distance; give eps >= 0"),
        (checks.check_probability, 1, "eps=1: no level; give a probability strictly between 0 and 1, for example 0.95"),
        (checks.check_budget, 0, "eps=0: a search needs a budget; give eps > 0"),
    ],
)
def test_bad_numbers_are_named(check, value, message):
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        check("eps", value)


def test_an_unknown_choice_names_the_nearest_first():
    assert checks.check_choice("data", "digits", ["digits", "fashion"]) == "digits"
    with pytest.raises(ValueError, match=r"^data=digit: unknown; did you mean digits\? choose one of digits, fashion$"):
        checks.check_choice("data", "digit", ["digits", "fashion"])
    with pytest.raises(ValueError, match=r"^data=7: unknown; choose one of digits, fashion$"):
        checks.check_choice("data", 7, ["digits", "fashion"])


def test_finite_arrays_name_the_place():
    exact = np.array([Fraction(1, 3)], dtype=object)
    assert checks.check_finite("x", exact) is exact
    with pytest.raises(ValueError, match=r"^x\[1, 0\]=nan: not finite; remove or repair that sample$"):
        checks.check_finite("x", np.array([[0.0], [np.nan]]))

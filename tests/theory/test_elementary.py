"""Functions for whatever a formula is fed."""

from fractions import Fraction

import numpy as np
import sympy
import z3

from theory.elementary import positive_part


def test_positive_part_of_numbers_arrays_and_terms():
    assert (positive_part(-1.5), positive_part(2.0), positive_part(Fraction(1, 3))) == (0, 2.0, Fraction(1, 3))
    np.testing.assert_array_equal(positive_part(np.array([-1.0, 0.0, 2.0])), [0, 0, 2])
    x, y = sympy.symbols("x"), z3.Real("y")
    assert positive_part(x).subs(x, -2) == 0
    assert positive_part(x).subs(x, 3) == 3
    solver = z3.Solver()
    solver.add(z3.Or(positive_part(y) < 0, positive_part(y) < y, z3.And(positive_part(y) != 0, positive_part(y) != y)))
    assert solver.check() == z3.unsat

"""Exact worlds on which Theorem 4 is put to the test: d = K = 2, ||f|| = sqrt(d), E f_i^2 = 1."""

from fractions import Fraction

import numpy as np
import sympy

from theory.setting import Array


def overlapping_classes() -> tuple[Array, Array]:
    """Features (4, 2, 2) and labels of two classes with the same mean (1, 0): C = I, so L_2 = 0, yet mu_1.mu_2 = 1.

    Fractions.
    """
    one = Fraction(1)
    points = np.array([[one, one], [one, -one]] * 2, dtype=object)
    return np.repeat(points[:, None], 2, axis=1), np.array([0, 0, 1, 1])


def constant_world() -> tuple[Array, Array]:
    """Features (8, 2, 2) and labels at which `constant_square` is (mu_1.mu_2)^2: no smaller constant can do.

    Three samples of each class at (A + B, A - B), or its mirror image for the other class, and one at the other's place;
    A^2 = 5/7, B^2 = 2/7. SymPy numbers.
    """
    A, B = sympy.sqrt(sympy.Rational(5, 7)), sympy.sqrt(sympy.Rational(2, 7))
    places = np.array([[A + B, A - B], [A - B, A + B]], dtype=object)
    return np.repeat(places[[0, 0, 0, 1, 1, 1, 1, 0]][:, None], 2, axis=1), np.repeat([0, 1], 4)

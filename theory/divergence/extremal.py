"""Worlds on which Theorem 4 is put to the test; ||f|| = sqrt(d) and E f_i^2 = 1 in all of them."""

from fractions import Fraction
from itertools import product

import numpy as np
import sympy

from theory.setting import Array


def _cube() -> Array:
    """The vertices of {+-1}^3, (8, 3)."""
    return np.array([[Fraction(x) for x in vertex] for vertex in product((1, -1), repeat=3)], dtype=object)


def cube_classes() -> tuple[Array, Array]:
    """Features (8, 2, 3) and labels: the vertices of {+-1}^3 in 3 classes. E f = 0, C = I, so L_2 = 0, yet mu_1.mu_2 = 1.

    Class 3 is the face x_1 = -1; classes 1 and 2 split the face x_1 = 1 by the sign of x_2 x_3. Fractions.
    """
    vertices = _cube()
    labels = np.where(vertices[:, 0] < 0, 2, np.where(vertices[:, 1] * vertices[:, 2] > 0, 0, 1))
    return np.repeat(vertices[:, None], 2, axis=1), labels


def constant_world() -> tuple[Array, Array]:
    """Features (8, 2, 2) and labels at which `constant_square` is (mu_1.mu_2)^2: no smaller constant can do.

    Three samples of each class at (A + B, A - B), or its mirror image for the other class, and one at the other's place;
    A^2 = 5/7, B^2 = 2/7. E f is not 0. SymPy numbers.
    """
    A, B = sympy.sqrt(sympy.Rational(5, 7)), sympy.sqrt(sympy.Rational(2, 7))
    places = np.array([[A + B, A - B], [A - B, A + B]], dtype=object)
    return np.repeat(places[[0, 0, 0, 1, 1, 1, 1, 0]][:, None], 2, axis=1), np.repeat([0, 1], 4)


def centred_world() -> tuple[Array, Array]:
    """Features (8, 2, 4) and labels of 4 classes with E f = 0 at which `centred_square` is (mu_1.mu_2)^2.

    Features are sqrt(2) times 0 and +-1. mu_1 = mu_2; C has the eigenvalues 2, 1, 1/2, 1/2. SymPy numbers.
    """
    signs = [
        [[0, -1, 0, -1], [-1, 0, -1, 0]],
        [[0, -1, -1, 0], [-1, 0, 0, -1]],
        [[1, 1, 0, 0]] * 2,
        [[0, 0, 1, 1]] * 2,
    ]
    samples = sympy.sqrt(2) * np.array(signs, dtype=object).reshape(8, 4)
    return np.repeat(samples[:, None], 2, axis=1), np.repeat(np.arange(4), 2)


def simplex_world() -> tuple[Array, Array]:
    """Features (4, 2, 3) and labels of 4 classes that are points, every other vertex of {+-1}^3: E f = 0, C = I, S = 0.

    Fractions.
    """
    vertices = _cube()
    every_other = vertices[vertices.prod(axis=1) > 0]
    return np.repeat(every_other[:, None], 2, axis=1), np.arange(4)

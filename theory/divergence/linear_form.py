"""The linear form of InfoNCE, L' = L_1 + lambda ||E f||^2: what its minimum is, and that it bounds no divergence.

||f|| = 1, lambda > 0, L_1 = -E f(x1).f(x2) = L_align/2 - 1. Source: Huang et al., ICLR 2023, section 4.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import z3

from theory.divergence.families import mean_products, off_diagonal
from theory.divergence.infonce_split import unit_product
from theory.divergence.losses import LINEAR, class_agreement
from theory.factors import alignment
from theory.falsification import Point, Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array, FiniteWorld
from theory.worlds import on_sphere, unit_worlds, with_numbers

LINEAR_FORM = "Huang et al., ICLR 2023, section 4 (linear form)"


def linear_form(L_1: Any, centre_square: Any, lam: Any) -> Any:
    """L' = L_1 + lambda ||E f||^2."""
    return L_1 + lam * centre_square


def first_part(features: Array) -> Any:
    """L_1 = -E f(x1).f(x2) over independent uniform views; features (n, m, d)."""
    return -class_agreement(features, np.zeros(len(features), dtype=int))[0]


def centre_square(features: Array) -> Any:
    """||E f||^2; features (n, m, d)."""
    return ((features.sum(axis=(0, 1)) / (features.shape[0] * features.shape[1])) ** 2).sum()


def two_points(classes: int) -> tuple[Array, Array]:
    """Features (2 K, 2, 1) and labels of K classes of two samples, classes by turns at 1 and -1; K even. Fractions."""
    labels = np.repeat(np.arange(classes), 2)
    signs = np.array([Fraction(1), Fraction(-1)], dtype=object)[labels % 2]
    return np.repeat(signs[:, None, None], 2, axis=1), labels


def _least() -> Evidence:
    L_align, centre, lam = z3.Reals("L_align centre lambda")
    form = linear_form(L_align / 2 - 1, centre, lam)
    return implication(
        "L_align, ||E f||^2 >= 0: L' >= -1, with equality iff both are 0",
        [L_align >= 0, centre >= 0, lam > 0],
        z3.And(form >= -1, (form == -1) == z3.And(L_align == 0, centre == 0)),
        example={L_align: 0, centre: 0, lam: 1},
    )


def _opposite_points() -> Evidence:
    features, labels = two_points(4)
    form, product = (
        linear_form(first_part(features), centre_square(features), Fraction(1)),
        mean_products(features, labels)[0, 2],
    )
    return Evidence(
        kind="witness",
        summary=f"four classes on two opposite points: L' = {form}, its least for every lambda, but mu_1.mu_3 = {product}",
        direction="against",
        holds=bool(form == -1 and centre_square(features) == 0 and product == 1),
        claimed="mu_1.mu_3 <= C (L' + 1) = 0",
        computed=f"mu_1.mu_3 = {product}",
        slack=float(-product),
    )


def _with_lambda(start: Start, rng: Rng) -> Start:
    return with_numbers(start, rng.exponential(size=1), lambda world, free: (world, float(abs(free[0]))))


def _worlds(rng: Rng) -> Start:
    """Unit features and lambda; some of the worlds are at the minimum."""
    return _few_points(rng) if rng.random() < 0.2 else _with_lambda(unit_worlds(rng), rng)


def _few_points(rng: Rng) -> Start:
    """Up to six classes, each at one point or at two opposite ones; unit features, and the factor C."""
    features, labels = two_points(2 * int(rng.integers(1, 4)))
    point = features.astype(float) * rng.choice([-1.0, 1.0], (len(labels), 1, 1)) ** rng.integers(2)
    point = np.concatenate([point, np.zeros_like(point)], axis=2)

    def build(moved: Point) -> FiniteWorld:
        unit = on_sphere(moved.reshape(point.shape))
        return FiniteWorld(unit, unit, labels)

    return _with_lambda((np.asarray(point.ravel(), dtype=float), build), rng)


def _least_reading(drawn: tuple[FiniteWorld, float]) -> Reading:
    """L' by its definition against its two squares, and what is left above -1 against either: at 0 both are 0."""
    world, lam = drawn
    form = linear_form(first_part(world.features), centre_square(world.features), lam)
    squares = np.array([alignment(world) / 2, lam * centre_square(world.features)])
    above = form + 1
    return Reading(
        hypotheses={}, left=np.array([abs(above - squares.sum()), 0.0, *squares]), right=np.array([0.0] + [above] * 3)
    )


def _bound_reading(drawn: tuple[FiniteWorld, float]) -> Reading:
    """The bound with lambda = 1 and the factor C that was drawn."""
    world, factor = drawn
    form = linear_form(first_part(world.features), centre_square(world.features), 1.0)
    left = off_diagonal(mean_products(world.features, world.labels))
    return Reading(hypotheses={}, left=left, right=np.full_like(left, factor * (form + 1)), trivial=1.0)


CLAIMS = (
    Claim(
        id="linear-form",
        title="L_1 + lambda ||E f||^2: least where f is centred",
        source="derived from " + LINEAR_FORM,
        statement=r"\|f\|=1,\ \lambda>0:\ L_1+\lambda\|E f\|^2=\frac{1}{2}L_{align}-1+\lambda\|E f\|^2\geq-1,\quad"
        r"\mathrm{equality\ iff}\ L_{align}=0,\ E f=0",
        predicate=Predicate(worlds=_worlds, read=_least_reading),
        expected=Verdict.PROVED,
        reduction="L_1 = L_align/2 - 1 (`unit vectors`, then the mean), and `least`. The minimum asks nothing of the "
        "classes: see linear-form-bound.",
        trusted=(LINEAR,),
        steps={"unit vectors": unit_product, "least": _least},
    ),
    Claim(
        id="linear-form-bound",
        title="L_1 + lambda ||E f||^2 bounds mu_k.mu_l",
        source="derived from " + LINEAR_FORM + ": what it would need to take the place of L_2",
        statement=r"\exists C:\ \mu_k^\top\mu_l\leq C\,(L_1+\lambda\|E f\|^2-\min_f)\quad\forall f",
        predicate=Predicate(worlds=_few_points, read=_bound_reading),
        expected=Verdict.REFUTED,
        reduction="Two opposite points, with half of the samples at either, are a minimum for any number of classes: of "
        "three or more two can share a mean. The right side is 0 there for every C and lambda.",
        other={"two opposite points": _opposite_points},
    ),
)

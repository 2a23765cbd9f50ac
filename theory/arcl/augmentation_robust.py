"""The augmentation-robust loss L_AR, its version over m views, and what ties both to the alignment loss.

Source: lecture, "Augmentation-Robust Loss", on ArCL (Zhao et al., ICLR 2023, arXiv 2303.01092). Two-sided comparison with
alignment over m views: derived.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import sympy
import z3

from theory.arcl.example1 import slope
from theory.averages import EXPECTATION, at_least, mean_at_most
from theory.factors import squared_view_diameters, view_alignment, view_diameters
from theory.falsification import Point, Predicate, Reading, Rng, Start, used
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array


def _check(features: Array) -> None:
    if features.ndim != 3 or features.shape[1] < 2:
        raise ValueError(f"features.shape={features.shape}: not (n, m, d) with m >= 2; sample more views")


def robust_loss(features: Array) -> Any:
    """L_AR,m = E_X max_{j,k} ||f(A_j X) - f(A_k X)||^2 over the m views given; features (n, m, d), of any norms.

    Equals `theory.factors.robust_alignment` where the features form a `FiniteWorld`. Lecture, empirical AR loss.

    Raises ValueError for other shapes.
    """
    _check(features)
    return squared_view_diameters(features).sum() / len(features)


def robust_displacement(features: Array) -> Any:
    """E_X sup_{A,A'} ||f(A X) - f(A' X)|| <= sqrt(L_AR), in the units of f; features (n, m, d), m >= 2. Derived.

    Exact on Fractions, whose distances must then be rational.

    Raises ValueError for other shapes.
    """
    _check(features)
    return view_diameters(features).sum() / len(features)


def average_alignment(features: Array) -> Any:
    """AAL = E_X mean over distinct pairs of views of ||f(A_j X) - f(A_k X)||^2; features (n, m, d), m >= 2.

    L_align pairs a view with itself too: L_align = (m - 1)/m AAL (`distinct_share`). Lecture, average alignment loss.

    Raises ValueError for other shapes.
    """
    _check(features)
    pairs = list(combinations(range(features.shape[1]), 2))
    total = sum(((features[:, j] - features[:, k]) ** 2).sum() for j, k in pairs)
    return total / (len(pairs) * len(features))


def distinct_share(m: Any) -> Any:
    """(m - 1)/m: the share of ordered pairs of m views that are two different views."""
    return (m - 1) / m


def clipped_robust_loss(eps: Any, bound: Any) -> Any:
    """L_AR of Example 1 with theta clipped to [-B, B]: E sup (sqrt(eps)/2)^2 X2^2 (theta1 - theta2)^2 = eps B^2."""
    return eps * bound**2


def _more_views() -> Evidence:
    a, b = z3.Reals("a b")
    return implication(
        "max(a, b) >= a: a further view adds pairs to the maximum, so L_AR,m is non-decreasing in m",
        [],
        z3.If(a >= b, a, b) >= a,
        example={a: 0, b: 1},
    )


def _clipped() -> Evidence:
    e, bound, x = sympy.symbols("epsilon B x", positive=True)
    density = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    widest = (slope(1, e) * x * (bound - (-bound))) ** 2
    value = sympy.integrate(widest * density, (x, -sympy.oo, sympy.oo))
    return identity("theta in [-B, B]: L_AR = eps B^2 on Example 1", value, clipped_robust_loss(e, bound))


def _forced() -> Evidence:
    root, bound = z3.Reals("root B")
    return implication(
        "c' = 2/sqrt(eps) <= B forces L_AR >= 4: the robust loss sees what alignment misses",
        [root > 0, bound * root >= 2],
        clipped_robust_loss(root * root, bound) >= 4,
        example={root: 1, bound: 2},
    )


def _distinct_pairs() -> Evidence:
    m, pairs = sympy.symbols(
        "m pairs", positive=True
    )  # pairs: ||f_j - f_k||^2 summed over the ordered pairs, 0 where j = k
    return identity(
        "the mean over all m^2 ordered pairs of views is (m-1)/m times that over the m (m-1) pairs of different views",
        pairs / m**2,
        distinct_share(m) * pairs / (m * (m - 1)),
    )


def _third_view() -> Evidence:
    a, b, x = z3.Reals("a b x")
    return implication(
        "(x - a)^2 + (x - b)^2 >= (a - b)^2/2 in each coordinate: a third view pays half of the widest pair",
        [],
        (x - a) ** 2 + (x - b) ** 2 >= (a - b) ** 2 / 2,
        example={a: 0, b: 1, x: 2},
    )


def _count() -> Evidence:
    m, widest = sympy.symbols("m widest", positive=True)
    return identity(
        "the widest pair and m - 2 third views: (D^2 + (m-2) D^2/2)/(m (m-1)/2) = D^2/(m-1), so L_AR,m <= m L_align",
        distinct_share(m) * (widest + (m - 2) * widest / 2) / (m * (m - 1) / 2),
        widest / m,
    )


def _mean_below_sup() -> Evidence:
    return mean_at_most("no pair of views is further apart than the sup, so neither is their mean under any weights")


@dataclass(frozen=True)
class ViewSets:
    """features (n, m + 1, d) of n samples, m >= 2; Example 1 at eps > 0 with theta in [-B, B], B = width 2/sqrt(eps)."""

    features: Array
    eps: float
    width: float


def _view_sets(rng: Rng) -> Start:
    """Views at random, equidistant, or in the middle of the widest pair; B about c' = 2/sqrt(eps)."""
    kind, m = rng.integers(3), int(rng.integers(3, 7))
    features = [
        rng.normal(size=(int(rng.integers(1, 5)), m, int(rng.integers(1, 4)))) * rng.choice([0.01, 1.0]),
        np.eye(m)[None],
        np.array([[[0.0], [2.0]] + [[1.0]] * (m - 2)]),
    ][kind]

    def build(point: Point) -> ViewSets:
        return ViewSets(point[2:].reshape(features.shape), *np.exp(np.clip(point[:2], -20, 20)).tolist())

    return np.concatenate([rng.normal(size=2), features.ravel()]), build


def _order(world: ViewSets) -> Reading:
    """L_align <= L_AR, L_AR,m <= L_AR,m+1, and Example 1: L_AR as the formula says it, at least 4 where B >= c'.

    Example 1 on X2 = -1 and 1, where E X2^2 is that of N(0, 1); L_AR depends on no other moment.
    """
    most = robust_loss(world.features)
    bound = world.width * 2 / math.sqrt(world.eps)
    thetas = bound * np.array([-1.0, 0.3, 1.0])
    example = robust_loss((math.sqrt(world.eps) / 2 * np.outer([-1.0, 1.0], thetas))[..., None])
    return Reading(
        hypotheses={},
        left=[
            used(view_alignment(world.features), most),
            used(robust_loss(world.features[:, :-1]), most),
            abs(example / clipped_robust_loss(world.eps, bound) - 1),
            4 / example if world.width >= 1 else 0.0,
        ],
        right=[1.0, 1.0, 0.0, 1.0],
    )


def _factors(world: ViewSets) -> Reading:
    """All of the chain; either end is attained."""
    features, m = world.features, world.features.shape[1]
    L_align, average, most = view_alignment(features), average_alignment(features), robust_loss(features)
    return Reading(
        hypotheses={},
        left=[abs(used(L_align, distinct_share(m) * average) - 1), used(average, most), used(most, m * L_align)],
        right=[0.0, 1.0, 1.0],
    )


CLAIMS = (
    Claim(
        id="l-ar",
        title="L_AR >= L_align, grows with m, sees Example 1",
        source="ArCL (Zhao et al., ICLR 2023), augmentation-robust loss, as the lecture states it",
        statement=r"L_{AR}(f)=E_X\sup_{A_1,A_2}\|f(A_1X)-f(A_2X)\|^2\geq L_{align}(f);\quad "
        r"L_{AR,m}\leq L_{AR,m+1};\quad "
        r"\mathrm{Example\ 1,}\ \theta\in[-B,B]:\ L_{AR}=\varepsilon B^2\geq 4\ \mathrm{if}\ 2/\sqrt{\varepsilon}\leq B",
        expected=Verdict.PROVED,
        reduction="Per sample, L_align averages ||f(x1)-f(x2)||^2 over pairs of views and L_AR takes their sup "
        "(`mean below sup`, one more atom of any weight; a general mean is a limit of such). E over X is monotone.",
        trusted=(EXPECTATION,),
        predicate=Predicate(worlds=_view_sets, read=_order),
        steps={
            "mean below sup": _mean_below_sup,
            "more views": _more_views,
            "clipped": _clipped,
            "forced": _forced,
        },
    ),
    Claim(
        id="l-ar-m",
        title="L_AR over m views lies within factors of L_align",
        source="derived from the lecture's empirical AR loss",
        statement=r"\frac{m}{m-1}L_{align}=AAL\leq L_{AR,m}\leq(m-1)\,AAL=m\,L_{align}",
        expected=Verdict.PROVED,
        reduction="Per sample with m views, AAL averages over the m (m-1) ordered pairs of two different views, "
        "L_align over all m^2 (`distinct pairs`), so AAL <= L_AR,m (`mean below sup`). Above: let the pair (a, b) "
        "attain D^2. Each of the m - 2 others has ||x-a||^2 + ||x-b||^2 >= D^2/2 (`third view`, summed over "
        "coordinates; `all of them`), which `count` turns into AAL >= D^2/(m-1). At m = 2 both ends meet; m - 2 views "
        "in the middle of the widest pair attain the upper one. The factor m is why Example 1 needs infinitely many "
        "views.",
        trusted=(EXPECTATION,),
        predicate=Predicate(worlds=_view_sets, read=_factors),
        steps={
            "distinct pairs": _distinct_pairs,
            "mean below sup": _mean_below_sup,
            "third view": _third_view,
            "all of them": lambda: at_least("what one further view adds at least, m - 2 add m - 2 times, by induction"),
            "count": _count,
        },
    ),
)

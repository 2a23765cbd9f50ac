"""Theorem 2 for m uniform views: the direct bound, the sharp one, and the exact one on a sphere.

For a sample outside S_eps two of its m views a, b are at distance D > eps; L_align(x) = (1/m^2) sum over ordered pairs, equal
ones included. c stands for any of the other m - 2 views.
"""

from fractions import Fraction

import numpy as np
import sympy
import z3

from theory.averages import EXPECTATION, at_least, markov, triangle
from theory.factors import alignment, squared_view_diameters, view_alignment
from theory.falsification import Predicate, Reading, used
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.setting import Array, FiniteWorld
from theory.theorem2.bounds import (
    discrete_distance,
    discrete_gain,
    discrete_gain_sphere,
    pair_weight,
    sphere_gap,
)
from theory.theorem2.worlds import DiscreteLevel, discrete_levels, share_bounded, sphere_levels

SOURCE = "derived; Huang et al., ICLR 2023, Theorem 2 for finitely many views"


def _pair() -> Evidence:
    m, D, eps, rest = z3.Reals("m D eps rest")
    mean, square = pair_weight(m) * D + rest, pair_weight(m) * D * D + rest
    return implication(
        "the pair a, b alone gives E||f1 - f2|| >= 2 eps/m^2 and E||f1 - f2||^2 >= 2 eps^2/m^2; rest: all other pairs",
        [m >= 2, eps > 0, D > eps, rest >= 0],
        z3.And(mean * m * m >= 2 * eps, square * m * m >= 2 * eps * eps),
        example={m: 2, D: 2, eps: 1, rest: 0},
    )


def _parallelogram() -> Evidence:
    a, b, c = sympy.symbols("a b c", real=True)
    return identity(
        "(a - c)^2 + (b - c)^2 = (a - b)^2/2 + 2 (c - (a+b)/2)^2 in each coordinate, so too for the squares of norms",
        (a - c) ** 2 + (b - c) ** 2,
        (a - b) ** 2 / 2 + 2 * (c - (a + b) / 2) ** 2,
    )


def _other_views() -> Evidence:
    return at_least("what one further view adds at least, m - 2 of them add m - 2 times, by induction")


def _sum_of_squares() -> Evidence:
    m, eps = sympy.symbols("m epsilon", positive=True)
    return identity(
        "(2/m^2) (eps^2 + (m-2) eps^2/2) = eps^2/m",
        pair_weight(m) * (eps**2 + (m - 2) * eps**2 / 2),
        discrete_gain(eps, m),
    )


def _sum_of_distances() -> Evidence:
    m, eps, D, first, second = z3.Reals("m eps D first second")
    return implication(
        "||a - c|| + ||b - c|| >= D > eps (triangle inequality): (2/m^2) (D + (m-2) (||a-c|| + ||b-c||)) >= 2 (m-1) eps/m^2",
        [m >= 2, eps > 0, D > eps, first >= 0, second >= 0, D <= first + second],
        (pair_weight(m) * (D + (m - 2) * (first + second)) - discrete_distance(eps, m)) * m * m >= 0,
        example={m: 3, eps: 1, D: 2, first: 1, second: 1},
    )


def _best_constant() -> Evidence:
    m, eps, r = sympy.symbols("m epsilon r", positive=True)
    return identity(
        "the exact value on the sphere (thm-2-disc-sphere) over eps^2/m tends to 1 as eps/r -> 0: "
        "no smaller constant will do",
        sympy.limit(discrete_gain_sphere(eps, m, r) / discrete_gain(eps, m), eps, 0),
        sympy.Integer(1),
    )


def one_view_off(views: int = 5) -> FiniteWorld:
    """One sample with a single view moved from (4/5, 3/5) to (4/5, -3/5), one with all views equal; in Fractions."""
    start, moved = ([Fraction(4, 5), Fraction(sign * 3, 5)] for sign in (1, -1))
    features = np.array([[start] * (views - 1) + [moved], [start] * views], dtype=object)
    return FiniteWorld(features, features, np.array([0, 1]))


def _one_view() -> Evidence:
    world = one_view_off()
    views = world.features.shape[1]
    gaps = world.features[:, :, None] - world.features[:, None, :]
    # the only distances are 0 and 6/5, so ||.|| = ||.||^2/(6/5)
    mean_distance = (gaps**2).sum() / Fraction(6, 5) / (views**2 * len(world.labels))
    return identity(
        "one view of five moved by 6/5 on the circle: E||f1 - f2|| is exactly R times the formula",
        sympy.Rational(mean_distance),
        sympy.Rational(discrete_distance(Fraction(6, 5), Fraction(views)) / 2),
    )


def _closest_view() -> Evidence:
    r, D, eps, length, inner, half, root = z3.Reals("r D eps length inner half root")
    return implication(
        "||a-c||^2 + ||b-c||^2 = 4 r^2 - 2 c.(a+b) >= 2 r (2 r - ||a+b||), ||a+b||^2 = 4 r^2 - D^2 (Cauchy-Schwarz)",
        [
            r > 0,
            eps > 0,
            D > eps,
            length >= 0,
            length * length == 4 * r * r - D * D,
            inner <= r * length,
            root >= 0,
            root * root == 4 * r * r - eps * eps,
            half == 2 * r * (2 * r - root),
        ],
        4 * r * r - 2 * inner >= half,
        example={r: "5/2", D: 5, eps: 4, length: 0, inner: 0, root: 3, half: 10},
    )


def _gap() -> Evidence:
    r, eps = sympy.symbols("r epsilon", positive=True)
    root = sympy.sqrt(4 * r**2 - eps**2)
    return identity(
        "2 r (2 r - sqrt(4 r^2 - eps^2)) = 2 r eps^2/(2 r + sqrt(4 r^2 - eps^2)), the formula",
        2 * r * (2 * r - root) * (2 * r + root),
        sphere_gap(eps, r) * (2 * r + root),
    )


def _midway() -> Evidence:
    r, x, y, root = z3.Reals("r x y root")
    return implication(
        "a, b = r (x, +-y), c = (r, 0), ||a - b|| = 2 r y: ||a-c||^2 + ||b-c||^2 = 2 r (2 r - sqrt(4 r^2 - ||a-b||^2))",
        [r > 0, x >= 0, y >= 0, x * x + y * y == 1, root >= 0, root * root == 4 * r * r - (2 * r * y) ** 2],
        2 * r * r * ((1 - x) ** 2 + y * y) == 2 * r * (2 * r - root),
        example={r: 1, x: "3/5", y: "4/5", root: "6/5"},
    )


def two_views_off(views: int = 7) -> FiniteWorld:
    """One sample with views (4/5, 3/5), (4/5, -3/5) and else (1, 0), one with all views equal; in Fractions."""
    start, moved, middle = ([Fraction(x, 5), Fraction(y, 5)] for x, y in ((4, 3), (4, -3), (5, 0)))
    features = np.array([[start, moved] + [middle] * (views - 2), [middle] * views], dtype=object)
    return FiniteWorld(features, features, np.array([0, 1]))


def _two_views() -> Evidence:
    world = two_views_off()
    distance = Fraction(6, 5)  # of the two views
    return identity(
        "two views of seven moved apart by 6/5 on the unit circle, the rest midway: L_align is exactly R times the formula",
        sympy.Rational(alignment(world)),
        sympy.Rational(discrete_gain_sphere(distance, Fraction(7), Fraction(1)) / 2),
    )


def _sphere_helps() -> Evidence:
    r, eps, m, root, gap = z3.Reals("r eps m root gap")
    return implication(
        "sphere_gap >= eps^2/2: the bound on the sphere is never the larger one",
        [
            r > 0,
            eps > 0,
            eps <= 2 * r,
            m >= 2,
            root >= 0,
            root * root == 4 * r * r - eps * eps,
            gap == 2 * r * (2 * r - root),
        ],
        pair_weight(m) * (eps * eps + (m - 2) * gap) >= discrete_gain(eps, m),
        example={r: "5/2", eps: 4, m: 3, root: 3, gap: 10},
    )


def misaligned(level: DiscreteLevel) -> float:
    """R_eps."""
    return float((squared_view_diameters(level.features) > level.eps**2).mean())


def mean_distance(features: Array) -> float:
    """E||f(x1) - f(x2)|| over independent uniform views; features (N, m, d)."""
    return float(np.linalg.norm(features[:, :, None] - features[:, None], axis=3).mean())


def _one_pair(level: DiscreteLevel) -> Reading:
    weight = pair_weight(level.features.shape[1])
    square, distance = view_alignment(level.features), mean_distance(level.features)
    return share_bounded(misaligned(level), [square / (weight * level.eps**2), distance / (weight * level.eps)])


def _all_pairs(level: DiscreteLevel) -> Reading:
    """Both bounds; that their constants are the best shows in a least slack of 0."""
    m = level.features.shape[1]
    square, distance = view_alignment(level.features), mean_distance(level.features)
    bounds = [square / discrete_gain(level.eps, m), distance / discrete_distance(level.eps, m)]
    return share_bounded(misaligned(level), bounds)


def _sphere(level: DiscreteLevel) -> Reading:
    """R_eps against the bound, and g >= eps^2/2; eps <= 2 r by construction."""
    m, r = level.features.shape[1], float(np.linalg.norm(level.features[0, 0]))
    bound = view_alignment(level.features) / discrete_gain_sphere(level.eps, m, r)
    return Reading(
        hypotheses={},
        left=[used(misaligned(level), bound), used(level.eps**2 / 2, sphere_gap(level.eps, r))],
        right=[1.0, 1.0],
        trivial=[used(1.0, bound), -np.inf],
    )


CLAIMS = (
    Claim(
        id="thm-2-disc",
        title="Misaligned share, m uniform views: one pair",
        source=SOURCE,
        statement=r"m\geq 2:\ R_\varepsilon\leq\frac{m^2}{2}\frac{L_{align}}{\varepsilon^2},\quad "
        r"R_\varepsilon\leq\frac{m^2}{2\varepsilon}E\|f(x_1)-f(x_2)\|",
        expected=Verdict.PROVED,
        reduction="The sup over finitely many views is attained at two different ones; the ordered pairs (a, b) and "
        "(b, a) have probability 2/m^2 under independent uniform views (`pair`). `Markov` over x. "
        "thm-2-disc-sharp uses the other views.",
        trusted=(EXPECTATION,),
        predicate=Predicate(worlds=discrete_levels, read=_one_pair),
        steps={
            "pair": _pair,
            "Markov": markov,
        },
    ),
    Claim(
        id="thm-2-disc-sharp",
        title="Misaligned share, m uniform views: all pairs",
        source=SOURCE,
        statement=r"m\geq 2:\ R_\varepsilon\leq m\frac{L_{align}}{\varepsilon^2},\quad "
        r"R_\varepsilon\leq\frac{m^2}{2(m-1)\varepsilon}E\|f(x_1)-f(x_2)\|",
        expected=Verdict.PROVED,
        reduction="Each of the m - 2 other views c is off a or off b: ||a-c||^2 + ||b-c||^2 >= D^2/2 "
        "(`parallelogram`), ||a-c|| + ||b-c|| >= D (`triangle`). Summed (`other "
        "views`), with the pairs (a, b), (b, a) and weight 2/m^2: `squares`, `distances`. `Markov` over x. The mean "
        "distance attains its bound when one view is off (`one view off`), the squares attain theirs as eps/r -> 0 "
        "when the other views lie midway (`best`).",
        trusted=(EXPECTATION,),
        predicate=Predicate(worlds=discrete_levels, read=_all_pairs),
        steps={
            "Cauchy-Schwarz": cauchy_schwarz,
            "triangle": triangle,
            "parallelogram": _parallelogram,
            "other views": _other_views,
            "squares": _sum_of_squares,
            "distances": _sum_of_distances,
            "Markov": markov,
            "best": _best_constant,
            "one view off": _one_view,
        },
    ),
    Claim(
        id="thm-2-disc-sphere",
        title="Misaligned share, m views on a sphere: exact",
        source=SOURCE,
        statement=r"\|f\|=r,\ \varepsilon\leq 2r,\ m\geq 2:\ R_\varepsilon\leq\frac{m^2L_{align}}{2(\varepsilon^2+(m-2)\,g)},"
        r"\quad g=2r(2r-\sqrt{4r^2-\varepsilon^2})\geq\varepsilon^2/2",
        expected=Verdict.PROVED,
        reduction="As for thm-2-disc-sharp, with what a view c on the sphere adds at least (`sphere`), which grows "
        "with D and is the formula (`gap`); it is no less than eps^2/2 (`stronger`). Attained for every eps by two "
        "views at distance eps and the others at the point of the sphere midway (`midway`; `attained` is such a world).",
        trusted=(EXPECTATION,),
        predicate=Predicate(worlds=sphere_levels, read=_sphere),
        steps={
            "Cauchy-Schwarz": cauchy_schwarz,
            "sphere": _closest_view,
            "gap": _gap,
            "other views": _other_views,
            "stronger": _sphere_helps,
            "Markov": markov,
            "midway": _midway,
            "attained": _two_views,
        },
    ),
)

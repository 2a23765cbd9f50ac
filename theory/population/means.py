"""Class means: how far a sample mean of vectors of norm at most r is from the true one. What follows: `products`.

X_1..X_n independent with mean mu, ||X_i|| <= r; m = (1/n) sum X_i. A sample's mean over its views is such a vector: the mean
of features of norm r has norm at most r, however many views it averages and however they depend on each other.
"""

import math
from typing import Any

import numpy as np
import sympy
import z3

from theory.checks import check_integer, check_positive, check_probability
from theory.elementary import sqrt
from theory.falsification import Predicate, Reading
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.population.laws import Law, laws
from theory.prove import identity, implication
from theory.setting import Array

MCDIARMID = "McDiarmid's inequality: P[g - E g >= t] <= exp(-2 t^2 / sum c_i^2) where sample i moves g by at most c_i"


def deviation(a: Any, n: Any, radius: Any) -> Any:
    """r sqrt(2 ln(1/a)/n): ||m - mu|| exceeds its expectation by more with probability at most a.

    Source: McDiarmid 1989.
    """
    log = sympy.log if isinstance(a, sympy.Basic) else math.log
    return radius * sqrt(-2 * log(a) / n)


def expected_distance(n: Any, radius: Any) -> Any:
    """r/sqrt(n) >= E||m - mu||."""
    return radius / sqrt(n)


def mean_radius(n: int, level: float, radius: float) -> float:
    """e with ||m - mu|| <= e at the level: r (1 + sqrt(2 ln(1/(1 - level))))/sqrt(n), in the features' own units.

    n is the number of independent samples, not of views; within a class it is the class's count, and the level holds given
    the counts.

    Raises ValueError where n < 1, level is outside (0, 1), or the radius is not positive and finite.
    Source: claim population-mean.
    """
    n = check_integer("n", n, 1)
    check_positive("radius", radius, "give a bound r > 0 on the norm of every feature")
    return float(expected_distance(n, radius) + deviation(1 - check_probability("level", level), n, radius))


def refined_root(norm: Any, n: Any, t: Any, root: Any) -> Any:
    """(n t + w + root)/(n + 1), root = sqrt(`refined_discriminant`): the greatest e with n (e - t)^2 <= r^2 - (w - e)^2."""
    return (n * t + norm + root) / (n + 1)


def refined_discriminant(norm: Any, n: Any, t: Any, radius: Any) -> Any:
    """(n t + w)^2 - (n + 1)(n t^2 + w^2 - r^2) = (n + 1) r^2 - n (w - t)^2."""
    return (n + 1) * radius * radius - n * (norm - t) ** 2


def refined_mean_radius(norm: float, n: int, level: float, radius: float) -> float:
    """`mean_radius`, smaller where the sample mean is long: norm = ||m||. At the same level, never above it.

    E||m - mu||^2 <= (r^2 - ||mu||^2)/n and ||mu|| >= | ||m|| - ||m - mu|| |, solved for ||m - mu||.

    Raises ValueError as for `mean_radius`, and where the norm is negative, NaN or above r.
    Source: derived (population-mean-sharp).
    """
    n = check_integer("n", n, 1)
    check_positive("radius", radius, "give a bound r > 0 on the norm of every feature")
    if not 0 <= norm <= radius * (1 + 1e-9):
        raise ValueError(f"norm={norm}: not of a mean of vectors of norm at most {radius}; give the norm of their mean")
    t = deviation(1 - check_probability("level", level), n, radius)
    square = max(refined_discriminant(norm, n, t, radius), 0.0)
    return float(max(t, refined_root(norm, n, t, math.sqrt(square))))


def _orthogonal() -> Evidence:
    k, v, total, term, cross = z3.Reals("k v total term cross")
    return implication(
        "E||S + Y||^2 = E||S||^2 + 2 E S.Y + E||Y||^2 with E S.Y = 0: n centred vectors have E||sum||^2 <= n v, by induction",
        [k >= 0, total <= k * v, term <= v, cross == 0],
        total + 2 * cross + term <= (k + 1) * v,
        example={k: 1, v: 1, total: 1, term: 1, cross: 0},
    )


def _expectation() -> Evidence:
    n, v, r, square, root, mean, mu2 = z3.Reals("n v r square root mean mu2")
    return implication(
        "E||X - mu||^2 = E||X||^2 - ||mu||^2 <= r^2: (E||m - mu||)^2 <= E||m - mu||^2 <= (r^2 - ||mu||^2)/n, "
        "so E||m - mu|| <= r/sqrt(n)",
        [
            n >= 1,
            r > 0,
            mu2 >= 0,
            v <= r * r - mu2,
            square * n * n <= n * v,
            root > 0,
            root * root == n,
            mean >= 0,
            mean * mean <= square,
        ],
        mean * root <= r,
        example={n: 4, v: 1, r: 1, square: "1/4", root: 2, mean: "1/2", mu2: 0},
    )


def _scale() -> Evidence:
    n, r = sympy.symbols("n r", positive=True)
    return identity("r/sqrt(n) is the formula", expected_distance(n, r) * sympy.sqrt(n), r)


def _bounded_difference() -> Evidence:
    n, r, before, after, change, moved = z3.Reals("n r before after change moved")
    return implication(
        "one sample replaced moves m, and so ||m - mu||, by ||x - x'||/n <= 2 r/n",
        [n >= 1, r > 0, change <= 2 * r, after - before <= moved, moved * n == change],
        (after - before) * n <= 2 * r,
        example={n: 1, r: 1, before: 0, after: 2, change: 2, moved: 2},
    )


def _tail() -> Evidence:
    n, r, a = sympy.symbols("n r a", positive=True)
    t = deviation(a, n, r)
    return identity(
        "exp(-2 t^2 / (n (2 r/n)^2)) = a at t = r sqrt(2 ln(1/a)/n)",
        sympy.exp(sympy.expand(-2 * t**2 / (n * (2 * r / n) ** 2))),
        a,
    )


def _excess() -> Evidence:
    n, t, e, mean = z3.Reals("n t e mean")
    return implication(
        "e = ||m - mu|| <= t + E||m - mu||: e <= t or n (e - t)^2 <= n (E||m - mu||)^2",
        [n >= 1, e > t, mean >= 0, e <= t + mean],
        n * (e - t) ** 2 <= n * mean * mean,
        example={n: 1, t: 0, e: 1, mean: 1},
    )


def _long_mean() -> Evidence:
    norm, n, t, r, e, mean, mu = z3.Reals("w n t r e mean mu")
    return implication(
        "and then, as n (E||m - mu||)^2 <= r^2 - ||mu||^2 and |w - e| <= ||mu||, n (e - t)^2 <= r^2 - (w - e)^2",
        [
            n * (e - t) ** 2 <= n * mean * mean,
            n * mean * mean <= r * r - mu * mu,
            norm - e <= mu,
            e - norm <= mu,
        ],
        n * (e - t) ** 2 <= r * r - (norm - e) ** 2,
        example={norm: 1, n: 1, t: 0, r: 1, e: 1, mean: 1, mu: 0},
    )


def _square() -> Evidence:
    norm, n, t, r, e = z3.Reals("w n t r e")
    return implication(
        "which implies that ((n + 1) e - (n t + w))^2 is at most the discriminant",
        [n >= 1, n * (e - t) ** 2 <= r * r - (norm - e) ** 2],
        ((n + 1) * e - (n * t + norm)) ** 2 <= refined_discriminant(norm, n, t, r),
        example={norm: 1, n: 1, t: 0, r: 1, e: 1},
    )


def _solved() -> Evidence:
    norm, n, t, e, discriminant, root = z3.Reals("w n t e discriminant root")
    return implication(
        "so e is at most the larger root of the quadratic",
        [
            n >= 1,
            ((n + 1) * e - (n * t + norm)) ** 2 <= discriminant,
            root >= 0,
            root * root == discriminant,
        ],
        e <= refined_root(norm, n, t, root),
        example={norm: 1, n: 1, t: 0, e: 1, discriminant: 1, root: 1},
    )


def _never_above() -> Evidence:
    norm, n, t, r, side, root = z3.Reals("w n t r side root")
    return implication(
        "the root is at most t + r/sqrt(n), the radius of population-mean",
        [
            r > 0,
            side >= 1,
            n == side * side,
            norm >= 0,
            t >= 0,
            root >= 0,
            root * root == refined_discriminant(norm, n, t, r),
        ],
        refined_root(norm, n, t, root) * side <= t * side + r,
        example={norm: 1, n: 1, t: 0, r: 1, side: 1, root: 1},
    )


def _discriminant() -> Evidence:
    norm, n, t, r = sympy.symbols("w n t r", positive=True)
    return identity(
        "n (e - t)^2 = r^2 - (w - e)^2 is (n+1) e^2 - 2 (n t + w) e + n t^2 + w^2 - r^2 = 0",
        (n * t + norm) ** 2 - (n + 1) * (n * t**2 + norm**2 - r**2),
        refined_discriminant(norm, n, t, r),
    )


def _read_mean(law: Law) -> Reading:
    radius = mean_radius(law.n, 1 - law.a, law.radius)
    return Reading(hypotheses={}, left=1 - law.a, right=law.coverage(lambda norms: np.full(norms.shape, radius)))


def _read_sharp(law: Law) -> Reading:
    """The coverage, and the refined radius against the plain one at every norm of a sample mean."""
    level = 1 - law.a
    norms = np.linspace(0, law.radius, 20)

    def refined(norms: Array) -> Array:
        return np.array([refined_mean_radius(min(w, law.radius), law.n, level, law.radius) for w in norms])

    plain = np.full(norms.shape, mean_radius(law.n, level, law.radius))
    return Reading(hypotheses={}, left=np.append(refined(norms), level), right=np.append(plain, law.coverage(refined)))


VIEWS = "the mean over a sample's views is a vector of norm at most r (average of such vectors)"

CLAIMS = (
    Claim(
        id="population-mean",
        title="A sample's class mean: its distance from mu",
        source=f"derived; McDiarmid, Surveys in Combinatorics, 1989 ({UNREAD})",
        statement=r"\|X_i\|\leq r:\ P[\|m-\mu\|\leq\frac{r}{\sqrt{n}}(1+\sqrt{2\ln(1/a)})]\geq 1-a",
        predicate=Predicate(worlds=laws, read=_read_mean),
        expected=Verdict.PROVED,
        reduction="X_i is the mean of f over the views of sample i, independent across samples, given the class "
        "counts. `independent` and `expectation` bound E||m - mu|| by r/sqrt(n) (`scale`); ||m - mu|| exceeds its "
        "expectation by more than t with probability at most a (McDiarmid with `bounded difference`; `tail`). "
        "The dimension does not enter.",
        unchecked={MCDIARMID: "mcdiarmid", VIEWS: "views_mean_short"},
        steps={
            "independent": _orthogonal,
            "expectation": _expectation,
            "scale": _scale,
            "bounded difference": _bounded_difference,
            "tail": _tail,
        },
    ),
    Claim(
        id="population-mean-sharp",
        title="The same, smaller where the mean is long",
        source="derived",
        statement=r"P[\|m-\mu\|\leq e]\geq 1-a,\quad e=\max\{t,\frac{nt+\|m\|+\sqrt{(n+1)r^2-n(\|m\|-t)^2}}{n+1}\}"
        r"\leq t+\frac{r}{\sqrt{n}},\quad t=r\sqrt{2\ln(1/a)/n}",
        predicate=Predicate(worlds=laws, read=_read_sharp),
        expected=Verdict.PROVED,
        reduction="On the event ||m - mu|| <= t + E||m - mu|| of population-mean, whose level it keeps, E||m - mu|| "
        "is at most sqrt((r^2 - ||mu||^2)/n) (`expectation`) and ||mu|| >= | ||m|| - ||m - mu|| |: `excess`, "
        "`long mean`, solved for ||m - mu|| (`square`, `solved`, `discriminant`). The root exists unless ||m - mu|| <= t.",
        unchecked={
            MCDIARMID: "mcdiarmid",
            VIEWS: "views_mean_short",
            "| ||m|| - ||m - mu|| | <= ||mu||": "sample_mean_near_sharp",
        },
        steps={
            "independent": _orthogonal,
            "expectation": _expectation,
            "bounded difference": _bounded_difference,
            "tail": _tail,
            "discriminant": _discriminant,
            "excess": _excess,
            "long mean": _long_mean,
            "square": _square,
            "solved": _solved,
            "never above": _never_above,
        },
    ),
)

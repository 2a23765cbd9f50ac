"""The augmentation-robust loss L_AR, its version over m views, and what ties both to the alignment loss.

Source: lecture, "Augmentation-Robust Loss"; Zhao et al., ArCL, ICLR 2023 (arXiv 2303.01092), section 3. Two-sided
comparison with alignment over m views: derived.
"""

from itertools import combinations
from typing import Any

import sympy
import z3

from theory.arcl.example1 import slope
from theory.factors import squared_view_diameters, view_diameters
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


def mean_below_max() -> Evidence:
    """Two-atom mean against a bound of both."""
    a, b, most, w = z3.Reals("a b most w")
    return implication(
        "a <= M, b <= M, 0 <= w <= 1 imply w a + (1-w) b <= M: a mean over pairs of views is at most their sup",
        [a <= most, b <= most, w >= 0, w <= 1],
        w * a + (1 - w) * b <= most,
        example={a: 1, b: 0, most: 1, w: "1/2"},
    )


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
    m, squares, square_of_sum = sympy.symbols("m squares square_of_sum", positive=True)
    pairs = 2 * m * squares - 2 * square_of_sum  # sum over ordered pairs of ||f_j - f_k||^2, 0 on the diagonal
    return identity(
        "twice the variance of m views, (2/m)(sum ||f_j||^2 - ||sum f_j||^2/m), is (m-1)/m times their mean over "
        "m (m-1) ordered distinct pairs",
        2 / m * (squares - square_of_sum / m),
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


CLAIMS = (
    Claim(
        id="l-ar",
        title="L_AR >= L_align, grows with m, sees Example 1",
        source="lecture, Augmentation-Robust Loss; ArCL, section 3",
        statement=r"L_{AR}(f)=E_X\sup_{A_1,A_2}\|f(A_1X)-f(A_2X)\|^2\geq L_{align}(f);\quad "
        r"L_{AR,m}\leq L_{AR,m+1};\quad "
        r"\mathrm{Example\ 1,}\ \theta\in[-B,B]:\ L_{AR}=\varepsilon B^2\geq 4\ \mathrm{if}\ 2/\sqrt{\varepsilon}\leq B",
        expected=Verdict.PROVED,
        reduction="Per sample, L_align averages ||f(x1)-f(x2)||^2 over pairs of views and L_AR takes their sup; a mean "
        "of finitely many atoms is built from two-atom means (induction), a general one is their limit, and the "
        "expectation over X is monotone.",
        steps={
            "mean below sup": mean_below_max,
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
        reduction="Per sample with m views, AAL averages over the m (m-1) ordered pairs of two different views, L_align over "
        "all m^2 (`distinct pairs`), so AAL <= L_AR,m (`mean below sup`, by induction over the atoms). Above: let the pair "
        "(a, b) attain D^2. Each of the m - 2 others has ||x-a||^2 + ||x-b||^2 >= D^2/2 (`third view`, summed over "
        "coordinates), which `count` turns into AAL >= D^2/(m-1). At m = 2 both ends meet; m - 2 views in the middle of the "
        "widest pair attain the upper one. The factor m is why Example 1 needs infinitely many views.",
        steps={
            "distinct pairs": _distinct_pairs,
            "mean below sup": mean_below_max,
            "third view": _third_view,
            "count": _count,
        },
    ),
)

"""Sums of products in floating point, in any order, fused or not: how far they are from the exact sum.

u = 2^-53 is the unit roundoff of float64, gamma(k) = k u/(1 - k u). An operation that does not overflow is off by a factor
1 + d, |d| <= u, and a product besides by 2^-1075 where it falls below the normal numbers; a sum is exact there.
Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import z3

from theory.continuous.formulas import UNIT, slack_share
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array

LEAST = Fraction(1, 2**1074)
"""The least positive float64, twice what a product loses by underflow."""


def gamma(k: Any, unit: Any = UNIT) -> Any:
    """k u/(1 - k u), for k u < 1; exact for integers k."""
    return k * unit / (1 - k * unit)


def slack(k: Any, size: Any) -> Any:
    """1.01 k u size + k 2^-1073: what a sum of k products may be off by, from the computed sum of their absolute values."""
    return slack_share(k) * size + 2 * k * LEAST


def _one_more() -> Evidence:
    u, k, theta, d = z3.Reals("u k theta d")
    product = (1 + theta) * (1 + d) - 1
    return implication(
        "|theta| <= gamma(k) and |d| <= u make |(1 + theta)(1 + d) - 1| <= gamma(k + 1): k operations in a row, by induction",
        [u > 0, k >= 0, (k + 1) * u < 1, theta <= gamma(k, u), theta >= -gamma(k, u), d <= u, d >= -u],
        z3.And(product <= gamma(k + 1, u), product >= -gamma(k + 1, u)),
        example={u: "1/4", k: 1, theta: 0, d: 0},
    )


def _any_order() -> Evidence:
    own, other, additions = z3.Reals("own other additions")
    return implication(
        "a term that passed own - 1 additions or fewer within a sum of own terms passes own + other - 1 or fewer when a sum "
        "of other >= 1 terms is added: k - 1 within a sum of k terms, in whatever order, by induction",
        [own >= 1, other >= 1, additions <= own - 1],
        additions + 1 <= own + other - 1,
        example={own: 1, other: 1, additions: 0},
    )


def _fewer() -> Evidence:
    u, j, k = z3.Reals("u j k")
    return implication(
        "gamma rises: a product that passes fewer operations, or a fused one, is off by no more",
        [u > 0, j >= 0, j <= k, k * u < 1],
        gamma(j, u) <= gamma(k, u),
        example={u: "1/4", j: 1, k: 2},
    )


def _sum() -> Evidence:
    g, lost, count, error, total, term, off, below = z3.Reals("g lost count error total term off below")
    return implication(
        "one more product: off by a share gamma of itself, and by what underflow lost, grown by 1 + gamma <= 2 at most",
        [
            g >= 0,
            g <= 1,
            below >= 0,
            below * 2 <= lost,
            error <= g * total + count * lost,
            off <= g * term + (1 + g) * below,
        ],
        error + off <= g * (total + term) + (count + 1) * lost,
        example={g: 1, lost: 2, count: 1, error: 0, total: 1, term: 1, off: 0, below: 1},
    )


def _size() -> Evidence:
    t, g, size, computed, lost, error = z3.Reals("t g size computed lost error")
    return implication(
        "t = k u <= 2^-13, g = gamma(k): a computed sum of absolute values is (1 - g) times the exact one at least, less "
        "underflow, so 1.01 t times it will do",
        [
            t >= 0,
            t * 8192 <= 1,
            g * (1 - t) == t,
            size >= 0,
            lost >= 0,
            computed >= size * (1 - g) - lost,
            error <= g * size + lost,
        ],
        error * 100 <= 101 * t * computed + 200 * lost,
        example={t: 0, g: 0, size: 1, computed: 1, lost: 0, error: 0},
    )


@dataclass(frozen=True)
class Products:
    """A sum of k products.

    factors  (k, 2) floats
    order    pairs of places: the terms at them are added, the sum takes the first place and the second is gone
    fused    a product is added without being rounded first, where it is one of the two
    """

    factors: Array
    order: tuple[tuple[int, int], ...]
    fused: bool

    @property
    def exact(self) -> Fraction:
        """The sum."""
        return sum((Fraction(a) * Fraction(b) for a, b in self.factors.tolist()), Fraction(0))

    @property
    def computed(self) -> Fraction:
        """The sum in float64: every operation is the exact one, rounded to the nearest float."""
        terms = [Fraction(a) * Fraction(b) for a, b in self.factors.tolist()]
        rounded = [False] * len(terms)

        def value(i: int) -> Fraction:
            return terms[i] if rounded[i] else Fraction(float(terms[i]))

        for first, second in self.order:
            one, other = value(first), value(second)
            if self.fused and not rounded[second]:
                other = terms[second]
            elif self.fused and not rounded[first]:
                one = terms[first]
            terms[first], rounded[first] = Fraction(float(one + other)), True
        return value(0)

    @property
    def absolute(self) -> "Products":
        """The sum of absolute values in the same order."""
        return Products(abs(self.factors), self.order, self.fused)


def _order(rng: Rng, k: int) -> tuple[tuple[int, int], ...]:
    """One after the other, or any two of those left, the sum at place 0 in the end."""
    if rng.random() < 0.5:
        return tuple((0, i) for i in range(1, k))
    left, order = list(range(k)), []
    while len(left) > 1:
        first, second = sorted(rng.choice(left, 2, replace=False).tolist())
        left.remove(second)
        order.append((first, second))
    return tuple(order)


def _worlds(rng: Rng) -> Start:
    """1 to 12 products: of any sizes; of numbers above 1, where rounding is largest; that are rounded away; below normal."""
    k = int(rng.integers(1, 13)) if rng.random() < 0.7 else 1
    kind = int(rng.integers(4))
    factors = rng.normal(size=(k, 2)) * 2.0 ** rng.integers(-20, 20, (k, 2))
    if kind == 1:
        factors = 1 + 1e-3 * rng.random((k, 2))
    if kind == 2:  # 1 and then terms that are each rounded away
        factors = np.stack([np.append(1.0, np.full(k - 1, 2.0**-53 * (1 - 2.0**-50))), np.ones(k)], axis=1)
    scale = 2.0**-535 if kind == 3 else 1.0
    order, fused = _order(rng, k), bool(rng.random() < 0.5)
    return factors.ravel(), lambda point: Products(scale * point.reshape(k, 2), order, fused)


def _read(of: Products) -> Reading:
    """The share of either bound that is used."""
    k, error = len(of.factors), abs(of.computed - of.exact)
    bound = gamma(k) * of.absolute.exact + k * LEAST
    return Reading(
        hypotheses={},
        left=np.array([float(error / bound), float(error / slack(k, of.absolute.computed))]),
        right=1.0,
    )


CLAIMS = (
    Claim(
        id="continuous-rounding",
        title="A sum of products in floating point, in any order",
        source=f"Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1 ({UNREAD})",
        statement=r"u=2^{-53},\ \gamma_k=\frac{ku}{1-ku},\ ku<\frac{1}{2}:\quad \left|fl\left(\sum_{i\leq k}a_ib_i\right)-"
        r"\sum_{i\leq k}a_ib_i\right|\leq\gamma_k\sum_{i\leq k}|a_ib_i|+k2^{-1074};\quad ku\leq 2^{-13}:\ "
        r"\leq 1.01\,ku\,fl\left(\sum_{i\leq k}|a_ib_i|\right)+k2^{-1073}",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="Each product passes its own rounding and k - 1 additions at most (`any order`), so the sum is that of "
        "a_i b_i (1 + theta_i), |theta_i| <= gamma(k) by `one more` and `fewer` (a fused operation leaves out a rounding). "
        "What underflow takes from a product passes the additions too: `sum`. `size`: the sum of absolute values may be "
        "computed as well.",
        trusted=(
            "IEEE 754: an operation that does not overflow is off by a factor 1 + d, |d| <= u, and a product, fused or not, "
            "by 2^-1075 besides",
        ),
        steps={
            "any order": _any_order,
            "one more": _one_more,
            "fewer": _fewer,
            "sum": _sum,
            "size": _size,
        },
    ),
)

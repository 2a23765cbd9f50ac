"""Theorem 2 with the best constant: for eps <= L M the least alignment of a misaligned sample, attained.

Radial instead of cubes: every view near a far one is far from the mean too. Notation as in `sharpened`; r_a + r_b = eps,
K = 2 V_n / ((n+1)(n+2)(2 L M)^n).
"""

from typing import Any

import sympy
import z3

from theory.averages import EXPECTATION, markov, triangle, variance
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.theorem2.bounds import corner_gain, least, optimal_gain, orthant_volume
from theory.theorem2.sharpened import SOURCE
from theory.theorem2.steps import ATTAINED
from theory.theorem2.worlds import Level, alignment, levels, misaligned, share_bounded


def _radii() -> Evidence:
    pa, pb, eps, ra, rb = z3.Reals("pa pb eps ra rb")
    return implication(
        "||a - mu|| + ||b - mu|| >= D > eps: there are r_a <= ||a - mu||, r_b <= ||b - mu|| with r_a + r_b = eps",
        [pa >= 0, pb >= 0, eps > 0, pa + pb > eps, ra * (pa + pb) == eps * pa, rb == eps - ra],
        z3.And(ra >= 0, ra <= pa, rb >= 0, rb <= pb),
        example={pa: 1, pb: 1, eps: 1, ra: "1/2", rb: "1/2"},
    )


def _near_view() -> Evidence:
    pa, r, t, rate, distance = z3.Reals("pa r t rate distance")
    positive = z3.If(r - rate * t > 0, r - rate * t, 0)
    return implication(
        "a view at theta with ||theta - theta_a|| = t has ||X - mu||^2 >= (r_a - L M t)_+^2 (triangle inequality)",
        [r >= 0, r <= pa, t >= 0, rate > 0, distance >= 0, pa <= distance + rate * t],
        distance * distance >= positive * positive,
        example={pa: 1, r: 1, t: 0, rate: 1, distance: 1},
    )


def _disjoint() -> Evidence:
    ra, rb, t, u, rate, apart, D = z3.Reals("ra rb t u rate apart D")
    return implication(
        "two continuous views: where (r_a - L M t)_+ > 0, (r_b - L M t')_+ = 0, so the two lower bounds add",
        [rate > 0, D > ra + rb, D <= rate * apart, apart <= t + u, ra - rate * t > 0],
        rb - rate * u <= 0,
        example={ra: 1, rb: 1, t: 0, u: 3, rate: 1, apart: 3, D: 3},
    )


def _slide() -> Evidence:
    s, t, x, near, shifted, rate, r = z3.Reals("s t x near shifted rate r")

    def height(distance: Any) -> Any:
        return z3.If(r - rate * distance > 0, r - rate * distance, 0)

    return implication(
        "in one coordinate, the others held: at distance s + t the integrand (r - L M ||.||)_+^2 is at most what it is at s",
        [
            *(value >= 0 for value in (s, t, x, near, shifted, rate, r)),
            near * near == x + s * s,
            shifted * shifted == x + (s + t) * (s + t),
        ],
        z3.And(near <= shifted, height(shifted) <= height(near), height(shifted) ** 2 <= height(near) ** 2),
        example={s: 0, t: 1, x: 0, near: 0, shifted: 1, rate: 1, r: 1},
    )


def _fold() -> Evidence:
    before, after, mirrored, corner = z3.Reals("before after mirrored corner")
    return implication(
        "g falls on [0, 1]: E g(|theta_i - t|) = int_0^t g + int_0^(1-t) g >= int_0^t g + int_t^1 g = E g(U), as "
        "int_t^1 g(s) ds = int_0^(1-t) g(s + t) ds (`slide`)",
        [before >= 0, corner == before + after, after <= mirrored],
        before + mirrored >= corner,
        example={before: 1, after: 1, mirrored: 1, corner: 2},
    )


def _corner_integral(r: Any, n: Any, rate: Any) -> Any:
    """E (r - rate ||U||)_+^2 for r <= rate, term by term; ||U|| has density n v s^(n-1) up to 1, v the orthant's volume."""
    s = sympy.Symbol("s", positive=True)
    terms = sympy.expand((r - rate * s) ** 2).as_ordered_terms()
    return sum(
        sympy.integrate(sympy.powsimp(n * orthant_volume(n) * term * s ** (n - 1)), (s, 0, r / rate)) for term in terms
    )


def _orthant() -> Evidence:
    r, rate = sympy.symbols("r lambda", positive=True)
    n = sympy.Symbol("n", positive=True, integer=True)
    return identity(
        "E (r - L M ||U||)_+^2 = K r^(n+2) for r <= L M, every n",
        sympy.powsimp(_corner_integral(r, n, rate) / corner_gain(r, n, rate)),
        sympy.Integer(1),
    )


def _least_kind() -> Evidence:
    corner, discrete, x, power = z3.Reals("corner discrete x power")
    gain = least(corner, discrete)
    return implication(
        "r = x eps, power = x^n: r^2/m and K r^(n+2) are both >= x^(n+2) min(K eps^(n+2), eps^2/m)",
        [corner > 0, discrete > 0, x >= 0, x <= 1, power >= 0, power <= 1],
        z3.And(discrete * x * x >= gain * power * x * x, corner * power * x * x >= gain * power * x * x),
        example={corner: 1, discrete: 1, x: "1/2", power: "1/2"},
    )


def _halves() -> Evidence:
    a, b, p, q, half = z3.Reals("a b p q half")
    return implication(
        "a^k + b^k >= 2 ((a+b)/2)^k by induction on k: a^k and b^k are ordered as a and b are",
        [a >= 0, b >= 0, p >= 0, q >= 0, (p - q) * (a - b) >= 0, p + q >= 2 * half],
        a * p + b * q >= 2 * half * (a + b) / 2,
        example={a: 1, b: 1, p: 1, q: 1, half: 1},
    )


def _gain() -> Evidence:
    n, m, eps, rate = sympy.symbols("n m epsilon lambda", positive=True)
    both = 2 * sympy.Rational(1, 2) ** (n + 2)  # x_a^(n+2) + x_b^(n+2) where x_a + x_b = 1
    return identity(
        "x_a + x_b = 1: 2 (1/2)^(n+2) min(K eps^(n+2), eps^2/m) is the formula",
        both * least(corner_gain(eps, n, rate), eps**2 / m),
        optimal_gain(eps, n, m, rate),
    )


def _spike_slope() -> Evidence:
    s, t, u, v, gap, eps = z3.Reals("s t u v gap eps")

    def feature(from_first: Any, from_last: Any) -> Any:
        first, last = eps / 2 - from_first, eps / 2 - from_last
        return z3.If(first > 0, first, 0) - z3.If(last > 0, last, 0)

    change = feature(s, t) - feature(u, v)
    return implication(
        "f = (eps/2 - ||theta||)_+ - (eps/2 - ||theta - 1||)_+ is 1-Lipschitz for eps <= 1 (units of L M)",
        [
            eps > 0,
            eps <= 1,
            *(x >= 0 for x in (s, t, u, v, gap)),
            s + t >= 1,
            u + v >= 1,
            *(z3.And(x - y <= gap, y - x <= gap) for x, y in ((s, u), (t, v))),
        ],
        z3.And(change <= gap, -change <= gap),
        example={s: 0, t: 1, u: 1, v: 0, gap: 1, eps: 1},
    )


def _attained() -> Evidence:
    n = sympy.Symbol("n", positive=True, integer=True)
    eps, rate = sympy.symbols("epsilon lambda", positive=True)
    spike = _corner_integral(eps / 2, n, rate)  # E over theta of the square of one spike
    alignment = 2 * sympy.Rational(1, 2) * 2 * spike  # 2 E f^2, E f = 0; half of the views are continuous
    few = 1 / (2 * corner_gain(1, n, rate) * eps**n)  # an m with K eps^n <= 1/m
    return identity(
        "the two spikes, the discrete views at 0: D = eps, and L_align(x) is the formula exactly, for every n",
        sympy.powsimp(sympy.simplify(alignment / optimal_gain(eps, n, few, rate))),
        sympy.Integer(1),
    )


def _no_smaller() -> Evidence:
    best, smaller, t, alignment, gain = z3.Reals("best smaller t alignment gain")
    return implication(
        "a constant smaller than the best one, times L_align of the two spikes, is below the gain t eps^2 K eps^n at eps' = "
        "t^(1/(n+2)) eps < eps, with t in the middle between their ratio and 1: it bounds R_eps' = 1 by less than 1",
        [smaller >= 0, smaller < best, 2 * t * best == smaller + best, gain > 0, best * alignment == gain],
        z3.And(t > 0, t < 1, smaller * alignment < t * gain),
        example={best: 1, smaller: 0, t: "1/2", alignment: 1, gain: 1},
    )


def _bound(level: Level) -> Reading:
    """R_eps gain <= L_align for eps <= L M. Spikes of equal height attain it, so that the least slack is 0."""
    gain = optimal_gain(level.eps, level.views.n, level.views.m, level.views.steepest)
    share = misaligned(level.views, level.eps)
    return share_bounded(share, alignment(level.views) / gain, **{"eps <= L M": level.views.steepest - level.eps})


CLAIMS = (
    Claim(
        id="thm-2-optimal",
        title="Theorem 2 with the best constant, eps <= L M",
        source=SOURCE,
        statement=r"\varepsilon\leq LM:\ R_\varepsilon\leq\frac{2^{n+1}L_{align}}{\varepsilon^2\,\min\{K\varepsilon^n,1/m\}},"
        r"\quad K=\frac{2V_n}{(n+1)(n+2)(2LM)^n},\quad V_n=\frac{\pi^{n/2}}{\Gamma(n/2+1)},"
        r"\quad \mathrm{attained\ where}\ K\varepsilon^n\leq 1/m",
        expected=Verdict.PROVED,
        reduction="L_align(x) = 2 E||X - mu||^2 (`variance`, as in thm-2-sharp). Take `radii`. A discrete a "
        "contributes at least 2 r_a^2/(2m) = r_a^2/m, a continuous one 2 (1/2) E(r_a - L M ||theta - theta_a||)_+^2 "
        "(`near view`); the two contributions add (`disjoint`; views of different kinds are different anyway). Moved "
        "one coordinate after the other (`slide`, `fold`), theta_a has its worst place in a corner, where the mean is K "
        "r_a^(n+2), r_a <= eps <= L M (`orthant`). So L_align(x) >= min(K eps^(n+2), eps^2/m) (x_a^(n+2) + "
        "x_b^(n+2)), x = r/eps (`kinds`), and `halves`, `gain` give the formula; `Markov` over x. Equality where K "
        "eps^n <= 1/m: one spike of height eps/2 in each of two opposite corners, all other views at the common "
        "mean, is a feature map as assumed (`spikes`; corners are at distance sqrt(n) >= 1), has D = eps and that "
        "very alignment (`attained`); as R_eps' = 1 for every eps' < eps, no smaller constant will do (`no smaller`; "
        "features of any norm; under ||f|| = r in the limit eps/r -> 0).",
        trusted=(
            ATTAINED,
            EXPECTATION,
            "an integral over the cube is one coordinate after the other, and no shift or reflection changes it",
            "the volume V_n of the unit ball",
        ),
        predicate=Predicate(worlds=levels, read=_bound),
        steps={
            "variance": variance,
            "Cauchy-Schwarz": cauchy_schwarz,
            "triangle": triangle,
            "radii": _radii,
            "near view": _near_view,
            "disjoint": _disjoint,
            "slide": _slide,
            "fold": _fold,
            "orthant": _orthant,
            "kinds": _least_kind,
            "halves": _halves,
            "gain": _gain,
            "Markov": markov,
            "spikes": _spike_slope,
            "attained": _attained,
            "no smaller": _no_smaller,
        },
    ),
)

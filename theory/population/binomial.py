"""Proportions: p_k, R_eps, Err and sigma from counts, by Clopper and Pearson (Biometrika 26, 1934).

X ~ Binomial(n, p). The lower end at X = s is the p at which P_p[X >= s] reaches the tail allowed, the upper end the one at
which P_p[X <= s] does. The ends returned are certified one by one: SciPy's inverse is moved outwards until Arb encloses the
tail at that very float below what is allowed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import flint
import numpy as np
import sympy
import z3
from scipy import stats
from scipy.special import betainccinv, betaincinv, expit, logit

from theory.checks import check_choice, check_integer, check_probability
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.population.estimates import Bound, Direction
from theory.prove import identity, implication
from theory.setting import Array

BITS = 128


def clopper_pearson(successes: int, n: int, level: float, direction: Direction) -> Bound:
    """The probability of success, in [0, 1], from `successes` of `n` independent trials; holds for every n and p.

    One-sided with tail 1 - level, or an "interval" with (1 - level)/2 on either side.

    Raises ValueError where level is outside (0, 1), n < 1, successes outside 0..n, or the direction is none of the
    three.
    Source: Clopper and Pearson 1934; claim population-binomial.
    """
    check_probability("level", level)
    n = check_integer("n", n, 1)
    s = check_integer("successes", successes, 0, n)
    check_choice("direction", direction, get_args(Direction))
    tail = (1 - flint.arb(level)) / (2 if direction == "interval" else 1)  # level is a double: exact
    return Bound(
        low=0.0 if direction == "upper" else lower_end(s, n, tail),
        high=1.0 if direction == "lower" else upper_end(s, n, tail),
        direction=direction,
        level=level,
        samples=n,
    )


def lower_end(s: int, n: int, tail: flint.arb) -> float:
    """A float p with P_p[X >= s] <= tail, as large as the rounding of the inverse allows; 0 where s = 0."""
    if s == 0:
        return 0.0
    end = float(betaincinv(s, n - s + 1, float(tail)))
    return _certified((end * (1 - slack) for slack in _slacks()), lambda p: at_least(s, n, p) <= tail, 0.0)


def upper_end(s: int, n: int, tail: flint.arb) -> float:
    """A float p with P_p[X <= s] <= tail, as small as the rounding of the inverse allows; 1 where s = n."""
    if s == n:
        return 1.0
    end = float(betainccinv(s + 1, n - s, float(tail)))
    return _certified((end * (1 + slack) for slack in _slacks()), lambda p: at_most(s, n, p) <= tail, 1.0)


def at_least(s: int, n: int, p: float) -> flint.arb:
    """P_p[X >= s] = I_p(s, n - s + 1), a ball; 1 <= s <= n, 0 <= p <= 1 taken exactly."""
    with flint.ctx.workprec(BITS):
        return flint.arb(p).beta_lower(s, n - s + 1, 1)


def at_most(s: int, n: int, p: float) -> flint.arb:
    """P_p[X <= s] = I_{1-p}(n - s, s + 1), a ball; 0 <= s < n, 0 <= p <= 1 taken exactly."""
    with flint.ctx.workprec(BITS):
        return (1 - flint.arb(p)).beta_lower(n - s, s + 1, 1)


def _slacks() -> Iterator[float]:
    """0, 2^-52, 2^-50, ..., 1: outward steps relative to the end."""
    yield 0.0
    yield from (2.0**power for power in range(-52, 1, 2))


def _certified(candidates: Iterator[float], holds: Callable[[float], bool], trivial: float) -> float:
    """The first candidate inside (0, 1) that holds, else the trivial end."""
    return next((p for p in candidates if 0 < p < 1 and holds(p)), trivial)


def _derivative() -> Evidence:
    n, k, p = sympy.symbols("n k p", positive=True)

    def mass(n: Any, k: Any) -> Any:
        return sympy.gamma(n + 1) / (sympy.gamma(k + 1) * sympy.gamma(n - k + 1)) * p**k * (1 - p) ** (n - k)

    whole = mass(n, k)
    return identity(
        "d/dp b(k; n, p) = n (b(k-1; n-1, p) - b(k; n-1, p)), so P_p[X >= s] has derivative n b(s-1; n-1, p) >= 0",
        sympy.gammasimp(sympy.simplify(sympy.diff(whole, p) / whole)),
        sympy.gammasimp(sympy.simplify(n * (mass(n - 1, k - 1) - mass(n - 1, k)) / whole)),
    )


def _beta() -> Evidence:
    n, s, p = sympy.symbols("n s p", positive=True)
    density = p ** (s - 1) * (1 - p) ** (n - s) * sympy.gamma(n + 1) / (sympy.gamma(s) * sympy.gamma(n - s + 1))
    mass = sympy.gamma(n) / (sympy.gamma(s) * sympy.gamma(n - s + 1)) * p ** (s - 1) * (1 - p) ** (n - s)
    return identity(
        "I_p(s, n-s+1) has the same derivative n b(s-1; n-1, p) and is 0 at p = 0 too: it is P_p[X >= s]",
        sympy.gammasimp(density / (n * mass)),
        sympy.Integer(1),
    )


def inversion() -> Evidence:
    """Coverage at every p from the tail at one end."""
    p, end, at_p, at_end, tail, missed = z3.Reals("p end at_p at_end tail missed")
    return implication(
        "p < low(X) means X >= s for the least such s; P_p[X >= s] <= P_low(s)[X >= s] <= tail. For the upper end by n - X",
        [p < end, z3.Implies(p <= end, at_p <= at_end), at_end <= tail, missed <= at_p],
        missed <= tail,
        example={p: 0, end: 1, at_p: 0, at_end: "1/20", tail: "1/20", missed: 0},
    )


def _two_sides() -> Evidence:
    low, high, level = z3.Reals("low high level")
    half = (1 - level) / 2
    return implication(
        "p misses the interval on one side or the other",
        [low <= half, high <= half],
        1 - (low + high) >= level,
        example={low: 0, high: 0, level: "1/2"},
    )


CHECKED = tuple((n, level) for n in (1, 2, 7, 25, 60) for level in (0.5, 0.95, 1 - 1e-6))


def _ends() -> Evidence:
    """Tails at all ends for the sizes in CHECKED, by summing the mass function: not the function that certified them."""
    excess, waste, checked = [], [], 0
    for n, level in CHECKED:
        tail = 1 - flint.arb(level)
        for s in range(n + 1):
            ends = []
            if s > 0:
                ends.append(_mass(range(s, n + 1), n, lower_end(s, n, tail)))
            if s < n:
                ends.append(_mass(range(s + 1), n, upper_end(s, n, tail)))
            excess += [not total <= tail for total in ends]
            waste += [float((tail - total) / tail) for total in ends]
            checked += len(ends)
    return Evidence(
        kind="enclosure",
        summary=f"{checked} ends, all s for n = 1 to 60 and tails 1/2 to 1e-6: the tail there is what is allowed or "
        f"less, by a share of {max(waste):.1e} at most",
        holds=not any(excess) and max(waste) < 1e-7,
        claimed="P_low(s)[X >= s] <= 1 - level, P_high(s)[X <= s] <= 1 - level",
        computed=f"{sum(excess)} ends beyond; largest share not used {max(waste):.3g}",
    )


def _mass(counts: range, n: int, p: float) -> flint.arb:
    """P_p[X in counts], p taken exactly."""
    with flint.ctx.workprec(BITS):
        x = flint.arb(p)
        return sum((flint.arb(flint.fmpz.bin_uiui(n, k)) * x**k * (1 - x) ** (n - k) for k in counts), flint.arb(0))


SIZES, LEVELS = range(1, 11), (0.5, 0.8, 0.95, 1 - 1e-4)
"""Numbers of trials and levels that the statement is tried at."""


@dataclass(frozen=True)
class Proportion:
    """n trials of success probability p, and the level at which p is bounded from their count X."""

    p: float
    n: int
    level: float

    def chance(self, counts: Array) -> float:
        """P[X in counts], counts (n + 1,) bool."""
        return float(stats.binom.pmf(np.arange(self.n + 1), self.n, self.p) @ counts)


@cache
def ends(n: int, level: float, direction: Direction) -> tuple[Array, Array]:
    """The lower and the upper ends of `clopper_pearson` for every count 0..n."""
    bounds = [clopper_pearson(s, n, level, direction) for s in range(n + 1)]
    return np.array([bound.low for bound in bounds]), np.array([bound.high for bound in bounds])


def proportions(rng: Rng) -> Start:
    """Any p, or one next to an end of some count, where the coverage is least."""
    n, level = int(rng.choice(SIZES)), float(rng.choice(LEVELS))
    side = rng.integers(2)
    end = ends(n, level, ("lower", "upper")[side])[side][rng.integers(n + 1)]
    near = np.clip(end * (1 + rng.choice([-1e-9, 1e-9, -1e-3])), 1e-9, 1 - 1e-9)
    p = rng.random() if rng.random() < 0.5 else near
    return np.array([logit(p)]), lambda point: Proportion(float(expit(point[0])), n, level)


def _read(world: Proportion) -> Reading:
    """Coverage of the lower end, the upper end and the interval; and the tail at every end."""
    n, level, p = world.n, world.level, world.p
    low, high = ends(n, level, "lower")[0], ends(n, level, "upper")[1]
    both_low, both_high = ends(n, level, "interval")
    covered = [world.chance(p >= low), world.chance(p <= high), world.chance((p >= both_low) & (p <= both_high))]
    above = stats.binom.sf(np.arange(n), n, low[1:])  # P[X >= s] at low(s), s = 1..n
    below = stats.binom.cdf(np.arange(n), n, high[:-1])  # P[X <= s] at high(s), s = 0..n-1
    return Reading(
        hypotheses={},
        left=np.concatenate([np.full(3, level), above, below]),
        right=np.append(covered, np.full(2 * n, 1 - level)),
    )


CLAIMS = (
    Claim(
        id="population-binomial",
        title="Clopper-Pearson covers every p at its level",
        source=f"Clopper and Pearson, Biometrika 26, 1934 ({UNREAD})",
        statement=r"X\sim Bin(n,p):\ P_p[p\geq low(X)]\geq level,\ P_p[p\leq high(X)]\geq level\ \forall p,\quad "
        r"P_{low(s)}[X\geq s]\leq 1-level,\ P_{high(s)}[X\leq s]\leq 1-level;\quad "
        r"\mathrm{both\ at}\ \frac{1+level}{2}:\ P_p[low(X)\leq p\leq high(X)]\geq level",
        predicate=Predicate(worlds=proportions, read=_read),
        expected=Verdict.PROVED,
        reduction="Summed over k >= s the `derivative` telescopes: P_p[X >= s] rises in p. If p < low(X), let s be "
        "the least count with low(s) > p; then X >= s, and `inversion` bounds the probability for every p in [0, 1]. "
        "All that is asked of low(s) is P_low(s)[X >= s] <= tail, at the float that is returned: `clopper_pearson` "
        "returns no end that Arb has not enclosed there (`beta` is the function it evaluates), "
        "and `ends` sums the mass function anew.",
        trusted=("Arb's incomplete beta function",),
        unchecked={"a function whose derivative is nonnegative does not fall": "clopper_pearson_both"},
        steps={
            "derivative": _derivative,
            "beta": _beta,
            "inversion": inversion,
            "two sides": _two_sides,
            "ends": _ends,
        },
    ),
)

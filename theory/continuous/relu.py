"""A rectifier of x in [low, high], low < 0 < high, lies between two lines; the pair that is nearest to it.

lambda = high/(high - low). Elsewhere max(x, 0) is 0 or x itself.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import z3

from theory.elementary import positive_part
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array


def steepness(low: Any, high: Any) -> Any:
    """lambda = high/(high - low): slope of the chord from (low, 0) to (high, high); low < 0 < high."""
    return high / (high - low)


def least_error(low: Any, high: Any) -> Any:
    """mu = -lambda low/2: the least of max |max(x, 0) - (a x + b)| over all a, b; low < 0 < high."""
    return -steepness(low, high) * low / 2


def height_above(low: Any, high: Any, slope: Any) -> Any:
    """The least h with max(x, 0) <= slope x + h on [low, high], for a slope in [0, 1]; low <= 0 <= high."""
    below, above = -slope * low, (1 - slope) * high
    if isinstance(slope, z3.ExprRef):
        return z3.If(below >= above, below, above)
    return np.maximum(below, above)


def _mixed() -> Evidence:
    x, s = z3.Reals("x s")
    return implication(
        "max(x, 0) is at least s x for every s in [0, 1]",
        [s >= 0, s <= 1],
        s * x <= positive_part(x),
        example={x: 1, s: 0},
    )


def _strip() -> Evidence:
    x, low, high, slope = z3.Reals("x low high slope")
    return implication(
        "with lambda (high - low) = high: lambda x <= max(x, 0) <= lambda (x - low), a strip of height 2 mu = -lambda low",
        [low < 0, high > 0, x >= low, x <= high, slope * (high - low) == high],
        z3.And(slope * x <= positive_part(x), positive_part(x) <= slope * (x - low)),
        example={x: 0, low: -1, high: 1, slope: "1/2"},
    )


def _above() -> Evidence:
    x, low, high, slope = z3.Reals("x low high slope")
    return implication(
        "max(x, 0) - s x is convex, so it is largest at an end: -s low or (1 - s) high",
        [low <= 0, high >= 0, x >= low, x <= high, slope >= 0, slope <= 1],
        positive_part(x) <= slope * x + height_above(low, high, slope),
        example={x: 0, low: -1, high: 1, slope: "1/2"},
    )


def _least() -> Evidence:
    a, b, low, high, slope, error = z3.Reals("a b low high slope error")
    return implication(
        "0 = (1 - lambda) high + lambda low: the errors of a x + b at the ends, so weighed, and at 0 add up to -lambda low",
        [
            low < 0,
            high > 0,
            slope * (high - low) == high,
            -(a * low + b) <= error,
            high - (a * high + b) <= error,
            a * 0 + b <= error,
        ],
        error >= -slope * low / 2,
        example={a: "1/2", b: "1/4", low: -1, high: 1, slope: "1/2", error: "1/4"},
    )


@dataclass(frozen=True)
class Interval:
    """low < 0 < high, a slope in [0, 1], any line a x + b, and shares (points,) that say where the points lie."""

    low: float
    high: float
    slope: float
    line: Array
    shares: Array


def _worlds(rng: Rng) -> Start:
    """Ends of any sizes; the line at random, or near the best one."""
    low, high = -np.exp(rng.normal() * 2), np.exp(rng.normal() * 2)
    best = np.array([steepness(low, high), least_error(low, high)])
    line = best + rng.choice([0.0, 0.01, 1.0]) * rng.normal(size=2)
    point = np.array([np.log(-low), np.log(high), rng.choice([0.0, 1.0, rng.random()]), *line])
    shares = np.append(rng.random(20), [0.0, 1.0])

    def build(point: Array) -> Interval:
        low, high = -np.exp(np.clip(point[0], -20, 20)), np.exp(np.clip(point[1], -20, 20))
        return Interval(float(low), float(high), float(np.clip(point[2], 0, 1)), point[3:], shares)

    return point, build


def _read(of: Interval) -> Reading:
    """Both lines, the strip, the height above, and the error of the line given; in units of high - low."""
    width = of.high - of.low
    x = np.append(of.low + of.shares * width, 0.0)
    y = np.maximum(x, 0.0)
    chord, mu = steepness(of.low, of.high), least_error(of.low, of.high)
    height = float(height_above(of.low, of.high, of.slope))
    error = abs(y - (of.line[0] * x + of.line[1])).max()
    return Reading(
        hypotheses={},
        left=np.concatenate([of.slope * x, chord * x, y, y, abs(y - chord * x - mu), [mu]]) / width,
        right=np.concatenate(
            [y, y, chord * (x - of.low), of.slope * x + height, np.full(len(x), mu), [error]],
        )
        / width,
    )


CLAIMS = (
    Claim(
        id="continuous-relu",
        title="A rectifier between two lines, and the nearest pair",
        source=f"derived; Zhang et al. 2018, CROWN ({UNREAD})",
        statement=r"low<0<high,\ x\in[low,high],\ s\in[0,1],\ "
        r"\lambda=\frac{high}{high-low},\ \mu=-\frac{\lambda low}{2}:\quad "
        r"sx\leq\max(x,0)\leq sx+\max(-s\,low,(1-s)high),\quad |\max(x,0)-\lambda x-\mu|\leq\mu,\quad "
        r"\mu=\min_{a,b}\max_x|\max(x,0)-ax-b|",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="`slopes`: any line through 0 of a slope in [0, 1] lies below. `above`: and no higher than the larger of "
        "the two ends allows; at s = lambda both ends are equal, the strip of `chord`. `least`: any line errs by mu or more "
        "at low, 0 or high.",
        steps={
            "slopes": _mixed,
            "above": _above,
            "chord": _strip,
            "least": _least,
        },
    ),
)

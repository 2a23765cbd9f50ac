"""What a sample says of a population: a bound with its direction and level, and one level split over many bounds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import z3

from theory.checks import check_probability
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication

Direction = Literal["lower", "upper", "interval"]


@dataclass(frozen=True)
class Bound:
    """low <= quantity <= high with probability at least `level` over the sample, for every sample size.

    low, high  floats, or arrays that hold jointly; the end that `direction` leaves open is the trivial one
    direction  "lower": only low says something; "upper": only high; "interval": both
    level      strictly between 0 and 1
    samples    number of independent samples used
    """

    low: Any
    high: Any
    direction: Direction
    level: float
    samples: int

    @property
    def lower(self) -> Any:
        """The lower end.

        Raises ValueError where there is none: a certificate must not rest on an end that is left open.
        """
        if self.direction == "upper":
            raise ValueError(
                "direction=upper: a bound from above is used as one from below; ask for 'lower' or 'interval'"
            )
        return self.low

    @property
    def upper(self) -> Any:
        """The upper end.

        Raises ValueError where there is none.
        """
        if self.direction == "lower":
            raise ValueError(
                "direction=lower: a bound from below is used as one from above; ask for 'upper' or 'interval'"
            )
        return self.high


@dataclass(frozen=True)
class LevelSplit:
    """A level shared out by the union bound: if each named event holds at its level, all hold together at `level`."""

    level: float
    levels: Mapping[str, float]

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {1 - level:.3g}" for name, level in self.levels.items())
        return f"all {len(self.levels)} events hold at level {self.level:g}; they may fail with probability {shares}"


def split_level(level: float, events: Sequence[str]) -> LevelSplit:
    """Equal shares of 1 - level for the named events: each level is 1 - (1 - level)/k, rounded up to the next float.

    Raises ValueError where level is outside (0, 1), no event or the same event twice is named, or a share is too
    small for a float.
    Source: union bound (claim population-union).
    """
    check_probability("level", level)
    if not events:
        raise ValueError("events=[]: no event to split the level over; name at least one")
    twice = sorted({name for name in events if events.count(name) > 1})
    if twice:
        raise ValueError(f"events={twice}: named twice; name every event once")
    exact = 1 - (1 - Fraction(level)) / len(events)
    each = float(exact)
    if Fraction(each) < exact:
        each = math.nextafter(each, 1.0)
    if each >= 1:
        raise ValueError(
            f"level={level}: over {len(events)} events it leaves less than a float can hold; lower the level"
        )
    return LevelSplit(level, dict.fromkeys(events, each))


def _union() -> Evidence:
    first, second, both, k, a, failing = z3.Reals("first second both k a failing")
    return implication(
        "P[E or F] = P[E] + P[F] - P[E and F]: k events that fail with probability <= a fail somewhere with <= k a "
        "(induction)",
        [k >= 0, a >= 0, first <= k * a, second <= a, both >= 0, failing == first + second - both],
        failing <= (k + 1) * a,
        example={first: 1, second: 1, both: 1, k: 1, a: 1, failing: 1},
    )


CLAIMS = (
    Claim(
        id="population-union",
        title="One level split over named events",
        source="union bound (Boole)",
        statement=r"P[E_i]\geq 1-\frac{a}{k}\ \forall i\leq k\ \Rightarrow\ P[\cap_i E_i]\geq 1-a",
        expected=Verdict.PROVED,
        reduction="Induction over the events, which may depend on each other in any way. `split_level` rounds every "
        "share of 1 - level down, in exact arithmetic.",
        steps={
            "union": _union,
        },
    ),
)

"""What a sample says of a population: a bound with its direction and level, and one level split over many bounds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import z3
from scipy.special import expit, logit, softmax

from theory.checks import check_probability
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array

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


@dataclass(frozen=True)
class Events:
    """Events (k, atoms) bool on finitely many atoms, the chances of the atoms, (atoms,), and what is allowed to fail."""

    events: Array
    chances: Array
    a: float


def _worlds(rng: Rng) -> Start:
    """Events that fail at random, or apart, so that nothing is counted twice; a is near the sum of failures."""
    k = int(rng.integers(1, 6))
    apart = rng.random() < 0.5
    events = ~np.eye(k, k + 2, dtype=bool) if apart else rng.random((k, int(rng.integers(2, 8)))) < 0.8
    logits = np.where(np.arange(events.shape[1]) < k, -2.0, 0.0) if apart else rng.normal(size=events.shape[1])
    allowed = k * (~events @ softmax(logits)).max() * rng.choice([1 + 1e-9, 1.1, 0.5])
    point = np.append(logits, logit(np.clip(allowed, 1e-6, 1 - 1e-6)))

    def build(point: Array) -> Events:
        return Events(events, softmax(point[:-1]), float(np.clip(expit(point[-1]), 1e-9, 1 - 1e-9)))

    return point, build


def _read(world: Events) -> Reading:
    """The level asked of every event is the one that `split_level` gives."""
    split = split_level(1 - world.a, [str(i) for i in range(len(world.events))])
    each = world.events @ world.chances - np.array(list(split.levels.values()))
    return Reading(
        hypotheses={"each event": float(each.min())},
        left=1 - world.a,
        right=float(world.events.all(axis=0) @ world.chances),
    )


CLAIMS = (
    Claim(
        id="population-union",
        title="One level split over named events",
        source="union bound (Boole)",
        statement=r"P[E_i]\geq 1-\frac{a}{k}\ \forall i\leq k\ \Rightarrow\ P[\cap_i E_i]\geq 1-a",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="Induction over the events, which may depend on each other in any way. `split_level` rounds every "
        "share of 1 - level down, in exact arithmetic.",
        steps={
            "union": _union,
        },
    ),
)

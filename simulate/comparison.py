"""Closed forms compared with Monte Carlo estimates, with few false alarms and the power to detect small errors.

A suite compares m quantities. Each interval is made at level 1 - false_alarm/m. By the union bound, whatever the dependence
between them, all m intervals then hold the truth with probability at least 1 - false_alarm, so a correct suite fails at most
once in 1/false_alarm runs on average. The number of draws of each quantity is chosen so that a closed form that is wrong by
the relative error `planted` lies outside its interval with probability at least `power`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from tqdm import tqdm

from simulate.estimators import Estimate, Sampler, bounded_mean, draw, proportion

PILOT = 2**14
LEAST = 2**16
MOST = 2**24


@dataclass(frozen=True)
class Quantity:
    """A number with a closed form and a way to sample it.

    name     names it and its random stream; unique in a suite
    closed   the closed form
    sampler  independent draws
    interval (draws, level) -> Estimate of the quantity
    scale    an error of `planted` times this must be detected; |closed| if None, which needs closed != 0
    """

    name: str
    closed: float
    sampler: Sampler
    interval: Callable[[NDArray[Any], float], Estimate]
    scale: float | None = None


@dataclass(frozen=True)
class Rule:
    """When a suite agrees, and which errors it must detect; all three strictly between 0 and 1.

    false_alarm  probability that a suite of right closed forms disagrees, at most
    planted      relative error that must be detected
    power        probability with which it is detected, at least
    """

    false_alarm: float = 1e-6
    planted: float = 0.01
    power: float = 0.99

    def __post_init__(self) -> None:
        for name in ("false_alarm", "planted", "power"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(
                    f"{name}={getattr(self, name)}: not strictly between 0 and 1; give for example {getattr(Rule, name)}"
                )

    def level(self, quantities: int) -> float:
        """Level of each interval in a suite of this many quantities."""
        return 1 - self.false_alarm / quantities


@dataclass(frozen=True)
class CheckedQuantity:
    """The closed form of a quantity beside its estimate.

    planted   the error that must be detected: Rule.planted times the scale
    power     probability that a closed form off by `planted` is detected: Phi((planted - half-width) / standard error)
    agrees    the closed form lies in the interval
    detected  of the closed form plus and minus `planted`, how many lie outside the interval
    """

    name: str
    closed: float
    estimate: Estimate
    planted: float
    power: float
    agrees: bool
    detected: int


@dataclass(frozen=True)
class Suite:
    """All quantities that were compared under one rule."""

    rule: Rule
    comparisons: tuple[CheckedQuantity, ...]

    @property
    def disagreeing(self) -> tuple[str, ...]:
        """Names of the closed forms outside their interval."""
        return tuple(c.name for c in self.comparisons if not c.agrees)

    @property
    def least_power(self) -> float:
        """Least power over the suite."""
        return min(c.power for c in self.comparisons)

    @property
    def missed(self) -> int:
        """Planted errors, two per quantity, that were not detected."""
        return sum(2 - c.detected for c in self.comparisons)

    @property
    def underpowered(self) -> bool:
        """The stated power is not reached."""
        return self.least_power < self.rule.power

    @property
    def summary(self) -> str:
        """One line: agreement, false-alarm rate, power."""
        inside = sum(c.agrees for c in self.comparisons)
        return (
            f"{inside} of {len(self.comparisons)} closed forms inside their interval "
            f"(all together at level 1 - {self.rule.false_alarm:g}); errors of {100 * self.rule.planted:g}% planted: "
            f"{2 * len(self.comparisons) - self.missed} of {2 * len(self.comparisons)} found, "
            f"least power {self.least_power:.4f}"
        )


def share(samples: NDArray[Any], level: float) -> Estimate:
    """Probability of True, from booleans: the interval of a `Quantity` that is a probability."""
    return proportion(int(np.count_nonzero(samples)), samples.size, level)


def within(low: float, high: float) -> Callable[[NDArray[Any], float], Estimate]:
    """Mean of samples of [low, high]: the interval of a `Quantity` that is a bounded mean."""
    return lambda samples, level: bounded_mean(samples, low, high, level)


def samples_needed(
    pilot: NDArray[Any],
    interval: Callable[[NDArray[Any], float], Estimate],
    planted: float,
    level: float,
    power: float,
    least: int = LEAST,
) -> int:
    """The n at which the half-width, and the deviation met with probability `power`, are together at most `planted`.

    The half-width is taken as sqrt(2 ln(2/(1 - level))) sd/sqrt(n) + e/n, e such that it is right for the pilot (the range of
    bounded samples enters there); with z the quantile of `power`, n solves  half-width + z sd/sqrt(n) = planted. A tenth is
    added for the error of the pilot. Never more than `MOST`; where that is too few, the `Suite` reports a smaller power.
    """
    root = math.sqrt(2 * math.log(2 / (1 - level)))
    deviation = float(np.std(pilot))
    excess = max(0.0, interval(pilot, level).half_width - root * deviation / math.sqrt(pilot.size)) * pilot.size
    scaled = (root + float(ndtri(power))) * deviation
    needed = 1.1 * ((scaled + math.sqrt(scaled**2 + 4 * excess * planted)) / (2 * planted)) ** 2
    return min(MOST, max(least, math.ceil(needed)))


def compare(
    quantities: Sequence[Quantity], rule: Rule, seed: int, *, workers: int | None = None, progress: bool = False
) -> Suite:
    """Compare every closed form with Monte Carlo, under one rule for all of them.

    Raises ValueError: no quantity, two of one name, or a closed form that is not finite or is 0 without a scale.
    """
    names = [q.name for q in quantities]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"quantities={names}: none, or two of one name; give at least one, each its own name")
    level = rule.level(len(quantities))
    bar = tqdm(quantities, unit="quantity", disable=not progress)
    return Suite(rule, tuple(_compare(q, rule, level, seed, workers) for q in bar))


def _compare(quantity: Quantity, rule: Rule, level: float, seed: int, workers: int | None) -> CheckedQuantity:
    scale = abs(quantity.closed) if quantity.scale is None else quantity.scale
    if not (math.isfinite(quantity.closed) and scale > 0):
        raise ValueError(
            f"{quantity.name}={quantity.closed}: not finite, or 0 without a scale; give a finite closed form and a scale"
        )
    planted = rule.planted * scale
    pilot = draw(quantity.sampler, PILOT, seed, quantity.name, "pilot")
    n = samples_needed(pilot, quantity.interval, planted, level, rule.power)
    samples = draw(quantity.sampler, n, seed, quantity.name, workers=workers)
    estimate = quantity.interval(samples, level)
    half = estimate.half_width
    error = float(np.std(samples)) / math.sqrt(n)
    power = float(ndtr((planted - half) / error)) if error > 0 else float(half < planted)
    return CheckedQuantity(
        quantity.name,
        quantity.closed,
        estimate,
        planted,
        power,
        estimate.contains(quantity.closed),
        sum(not estimate.contains(quantity.closed + shift) for shift in (-planted, planted)),
    )

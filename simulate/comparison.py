"""Each quantity twice: its closed form held against Monte Carlo, by a rule that neither cries wolf nor is deaf.

A suite compares m quantities. Each interval is made at level 1 - false_alarm/m, so that by the union bound, whatever
the dependence between them, all m hold the truth with probability at least 1 - false_alarm: a correct suite fails once
in 1/false_alarm runs. The number of draws of each is then chosen so that a closed form that is off by `planted`
(relative) lies outside its interval with probability at least `power`.
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
    """false_alarm: of the whole suite; planted: relative error to be detected; power: with at least this probability."""

    false_alarm: float = 1e-6
    planted: float = 0.01
    power: float = 0.99

    def __post_init__(self) -> None:
        for name in ("false_alarm", "planted", "power"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)} is not strictly between 0 and 1")

    def level(self, quantities: int) -> float:
        """Level of each interval in a suite of this many quantities."""
        return 1 - self.false_alarm / quantities


@dataclass(frozen=True)
class Comparison:
    """A quantity held against its estimate.

    reach     the planted error: Rule.planted times the scale
    power     probability that a closed form off by `reach` is detected: Phi((reach - half-width) / standard error)
    agrees    the closed form lies in the interval
    detected  of the closed form plus and minus `reach`, how many lie outside the interval
    """

    name: str
    closed: float
    estimate: Estimate
    reach: float
    power: float
    agrees: bool
    detected: int


@dataclass(frozen=True)
class Suite:
    """All comparisons made under one rule."""

    rule: Rule
    comparisons: tuple[Comparison, ...]

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
    def deaf(self) -> bool:
        """The stated power is not reached."""
        return self.least_power < self.rule.power

    @property
    def says(self) -> str:
        """One line: agreement, false-alarm rate, power."""
        inside = sum(c.agrees for c in self.comparisons)
        return (
            f"{inside} of {len(self.comparisons)} closed forms inside their interval (all together at level "
            f"1 - {self.rule.false_alarm:g}); errors of {100 * self.rule.planted:g}% planted: "
            f"{2 * len(self.comparisons) - self.missed} of {2 * len(self.comparisons)} found, least power "
            f"{self.least_power:.4f}"
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
    reach: float,
    level: float,
    power: float,
    least: int = LEAST,
) -> int:
    """The n at which the half-width, and the deviation met with probability `power`, fit together in `reach`.

    The half-width is taken as sqrt(2 ln(2/(1 - level))) sd/sqrt(n) + e/n, e such that it is right for the pilot (the range of
    bounded samples enters there); with z the quantile of `power`, n solves  half-width + z sd/sqrt(n) = reach. A tenth is
    added for the error of the pilot. Never more than `MOST`, and then the power falls short, which a `Suite` reports.
    """
    root = math.sqrt(2 * math.log(2 / (1 - level)))
    deviation = float(np.std(pilot))
    excess = max(0.0, _half_width(interval(pilot, level)) - root * deviation / math.sqrt(pilot.size)) * pilot.size
    scaled = (root + float(ndtri(power))) * deviation
    needed = 1.1 * ((scaled + math.sqrt(scaled**2 + 4 * excess * reach)) / (2 * reach)) ** 2
    return min(MOST, max(least, math.ceil(needed)))


def _half_width(estimate: Estimate) -> float:
    return max(estimate.high - estimate.estimate, estimate.estimate - estimate.low)


def compare(
    quantities: Sequence[Quantity], rule: Rule, seed: int, *, workers: int | None = None, progress: bool = False
) -> Suite:
    """Hold every closed form against Monte Carlo, under one rule for all of them.

    Raises:
        ValueError: no quantity, two of one name, or a closed form that is not finite or is 0 without a scale.
    """
    names = [q.name for q in quantities]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{len(names)} quantities with {len(set(names))} names; give at least one, each its own name")
    level = rule.level(len(quantities))
    bar = tqdm(quantities, unit="quantity", disable=not progress)
    return Suite(rule, tuple(_compare(q, rule, level, seed, workers) for q in bar))


def _compare(quantity: Quantity, rule: Rule, level: float, seed: int, workers: int | None) -> Comparison:
    scale = abs(quantity.closed) if quantity.scale is None else quantity.scale
    if not (math.isfinite(quantity.closed) and scale > 0):
        raise ValueError(f"{quantity.name}: closed form {quantity.closed}, scale {scale}; give a scale where it is 0")
    reach = rule.planted * scale
    pilot = draw(quantity.sampler, PILOT, seed, quantity.name, "pilot")
    n = samples_needed(pilot, quantity.interval, reach, level, rule.power)
    samples = draw(quantity.sampler, n, seed, quantity.name, workers=workers)
    estimate = quantity.interval(samples, level)
    half = _half_width(estimate)
    error = float(np.std(samples)) / math.sqrt(n)
    power = float(ndtr((reach - half) / error)) if error > 0 else float(half < reach)
    planted = [quantity.closed - reach, quantity.closed + reach]
    return Comparison(
        quantity.name,
        quantity.closed,
        estimate,
        reach,
        power,
        estimate.contains(quantity.closed),
        sum(not estimate.contains(value) for value in planted),
    )

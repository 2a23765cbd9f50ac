"""Falsification: a statement as a program over finite worlds, and one search for a world on which it is false.

A `Predicate` says of every world whether the hypotheses of a statement are met and what the two sides of its conclusion are.
`falsify` draws worlds, counts those that meet the hypotheses, and drives the ones nearest to a counter-example nearer by a
random hill climb on their free parameters. A search proves nothing; it ties a statement to the checks that claim to prove it,
since a proof of something else does not make a false statement survive.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]
Rng = np.random.Generator
Start = tuple[Point, Callable[[Point], Any]]
"""Free parameters of a world, (k,), and the map that makes a world of any such parameters."""

WORLDS = 300
"""Worlds drawn for a claim unless the caller says otherwise; as many again are visited by the climbs."""
CLIMBS = 3
ROUNDING = 1e-9
"""What rounding may take off right - left, relative to 1 + |left| + |right|: far above that of sums of 10^4 floats."""
CANCELLED = 1e-5
"""Below this share of two numbers their difference is not accurate to `ROUNDING`."""
FIRST_SCALE, LEAST_SCALE = 0.1, 1e-7
WIDER, NARROWER = 1.5, 1.5**-0.25
"""Factors of the climb's step length after a success and a failure: in balance where one step in five succeeds."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a statement "hypotheses => left <= right" says of one world.

    hypotheses   by name: by how much each holds, positive iff it does; what holds by construction is left out
    left, right  sides of the conclusion, scalars or arrays of one shape; an equality has |difference| on the left and 0 on
                 the right
    trivial      what `left` cannot exceed on any world: a right side below it says something
    distance     how far the world is from breaking the conclusion, where the sides are counts and move in jumps: the climb
                 lowers it among worlds of one slack
    """

    hypotheses: Mapping[str, Any]
    left: Any
    right: Any
    trivial: Any = np.inf
    distance: float = 0.0

    @property
    def margin(self) -> float:
        """The least margin of the hypotheses; inf where there is none."""
        return min((float(value) for value in self.hypotheses.values()), default=np.inf)

    @property
    def met(self) -> bool:
        """Whether every hypothesis holds."""
        return self.margin > 0

    @property
    def slack(self) -> float:
        """The least of right - left; nan where a side is nan, which counts as violated."""
        return float(np.min(np.asarray(self.right, dtype=float) - np.asarray(self.left, dtype=float)))

    @property
    def violated(self) -> bool:
        """Whether the hypotheses are met and some right side is below its left side by more than `ROUNDING`."""
        left, right = np.asarray(self.left, dtype=float), np.asarray(self.right, dtype=float)
        room = ROUNDING * (1 + sum(np.where(np.isinf(side), 0.0, abs(side)) for side in (left, right)))
        return self.met and not bool(np.all(right - left >= -room))

    @property
    def informative(self) -> bool:
        """Whether some right side is below the trivial bound."""
        return bool(np.any(np.asarray(self.right, dtype=float) < self.trivial))


@dataclass(frozen=True, kw_only=True)
class Predicate:
    """A statement over finite worlds.

    worlds  draws the free parameters of a world, at random or from a construction that comes near to equality
    read    what the statement says of a world
    """

    worlds: Callable[[Rng], Start]
    read: Callable[[Any], Reading]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What `falsify` saw.

    drawn        worlds drawn; met: of these, the ones that meet the hypotheses; informative: of these, the ones on which the
                 conclusion says more than the trivial bound
    climbed      worlds visited by the climbs
    slack        least right - left over all worlds that meet the hypotheses; None where no world does
    world        the world of the least slack, or the one nearest to meeting the hypotheses
    violated     that world meets the hypotheses and breaks the conclusion
    """

    drawn: int
    met: int
    informative: int
    climbed: int
    slack: float | None
    world: Any
    violated: bool


@dataclass(frozen=True)
class _Trial:
    point: Point
    build: Callable[[Point], Any]
    reading: Reading

    @property
    def rank(self) -> tuple[bool, bool, float, float]:
        """Smaller is nearer to a counter-example: worlds that meet the hypotheses first, then by slack or by margin."""
        met, slack = self.reading.met, self.reading.slack
        return (not met, not self.reading.violated, slack if met else -self.reading.margin, self.reading.distance)


def falsify(predicate: Predicate, *, worlds: int = WORLDS, seed: int = 0) -> Search:
    """Draw `worlds` worlds, then climb from the `CLIMBS` of least slack, `worlds` steps in all. Same seed, same result."""
    rng = np.random.default_rng(seed)
    drawn = [_tried(predicate, *predicate.worlds(rng)) for _ in range(worlds)]
    met = [trial for trial in drawn if trial.reading.met]
    steps = worlds // CLIMBS
    best = min(
        (_climbed(predicate, start, steps, rng) for start in sorted(drawn, key=lambda t: t.rank)[:CLIMBS]),
        key=lambda trial: trial.rank,
    )
    return Search(
        drawn=worlds,
        met=len(met),
        informative=sum(trial.reading.informative for trial in met),
        climbed=CLIMBS * steps,
        slack=best.reading.slack if best.reading.met else None,
        world=best.build(best.point),
        violated=best.reading.violated,
    )


def _tried(predicate: Predicate, point: Point, build: Callable[[Point], Any]) -> _Trial:
    return _Trial(point, build, predicate.read(build(point)))


def _climbed(predicate: Predicate, start: _Trial, steps: int, rng: Rng) -> _Trial:
    """The best trial of a climb: a step moves all parameters, or a few of them, and is kept unless it is worse."""
    best, scale = start, FIRST_SCALE
    for _ in range(steps):
        moved = rng.random(best.point.shape) < rng.choice([1.0, 0.3, 1 / max(best.point.size, 1)])
        trial = _tried(predicate, best.point + scale * moved * rng.normal(size=best.point.shape), best.build)
        if trial.rank <= best.rank:
            scale = min(scale * WIDER, 1.0)
            best = trial
        else:
            scale = max(scale * NARROWER, LEAST_SCALE)
    return best


def used(left: Any, bound: Any, size: float = 0.0) -> Any:
    """left / bound: the part of a nonnegative bound that is used, at most 1 iff left <= bound, whatever the units.

    Where the bound is 0 up to `ROUNDING`: 0 where left is, else inf. `size` is that of the numbers whose difference left is:
    a bound below `CANCELLED` times it counts as 0, since rounding of the difference would show in the ratio.
    """
    left, bound = np.broadcast_arrays(np.asarray(left, dtype=float), np.asarray(bound, dtype=float))
    small = bound <= max(ROUNDING, CANCELLED * size)
    room = ROUNDING * max(1.0, size)
    return np.where(small, np.where(left <= bound + room, 0.0, np.inf), left / np.where(small, 1.0, bound))


def as_plain(world: Any) -> Any:
    """A world in JSON's types: dataclasses become objects, arrays lists, fractions text."""
    if is_dataclass(world) and not isinstance(world, type):
        return {name: as_plain(value) for name, value in vars(world).items()}
    if isinstance(world, Mapping):
        return {str(name): as_plain(value) for name, value in world.items()}
    if isinstance(world, np.ndarray | np.generic):
        return as_plain(world.tolist())
    if isinstance(world, list | tuple):
        return [as_plain(value) for value in world]
    return str(world) if isinstance(world, Fraction) else world

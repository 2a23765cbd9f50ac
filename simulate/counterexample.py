"""Example 1, `python -m simulate.counterexample`: small alignment loss, yet risk 1/4 on a shifted domain.

Setting (ArCL, arXiv 2303.01092, Example 1; the lecture's section on transferability): (X1, X2) ~ N(0, I), label
Y = 1(X1 >= 0), views A_theta(x) = (x1, theta x2) with theta ~ N(0, 1), encoder f(x) = x1 + (sqrt(eps)/2) x2, domain
D_c = law of (X1, c X2), and R(f; D_c) = least 0-1 risk of a linear probe with intercept on f. Claimed:

    L_align(f) = eps/2 < eps   and   R(f; D_c) = arctan(k)/pi with slope k = |c| sqrt(eps)/2,

so R(f; D_0) = 0 and R(f; D_c') = 1/4 at c' = 2/sqrt(eps), however small eps is. Each risk is obtained in five ways: the
closed form; an Arb enclosure of its integral; the mean over X1 of P[misclassified | X1] with a finite-sample interval;
counting on simulated samples; and the risk of a probe trained on simulated samples.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("simulate.counterexample")


import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from simulate.estimators import Estimate, check_level, stream
from simulate.example1 import (
    RobustLoss,
    check_eps,
    check_slope,
    conditioned_risk,
    counted_risk,
    critical_c,
    probe_risk,
    robust_loss,
    simulated_alignment,
    train_probe,
)
from simulate.tables import aligned
from theory.arcl import example_alignment, example_risk, risk_enclosure
from theory.command import OneLineParser, integer, number

EPS = 0.1
SAMPLES = 100_000
SEED = 0
LEVEL = 0.95
MOST_SAMPLES = 10_000_000
TRAINING_SAMPLES = 10_000
DECISION_LEVEL = 1 - 1e-9
DECISION_RADIUS = 1e-15


@dataclass(frozen=True)
class Row:
    """R(f; D_c) obtained in five ways. `conditioned`, `counted` and `probe` are estimates at the level asked for."""

    c: float
    slope: float
    closed_form: float
    enclosure: arb
    conditioned: Estimate
    counted: Estimate
    probe: Estimate


@dataclass(frozen=True)
class CriticalRisk:
    """Whether R(f; D_c') = 1/4 at c' = 2/sqrt(eps), with the two facts that decide it (see `critical_risk`)."""

    c: float
    enclosure: arb
    conditioned: Estimate
    stands: bool


@dataclass(frozen=True)
class Counterexample:
    """The results of one run of Example 1, with the arguments of the run."""

    eps: float
    samples: int
    seed: int
    level: float
    alignment: float
    simulated_alignment: Estimate
    robust: RobustLoss
    rows: tuple[Row, ...]
    critical: CriticalRisk


def default_shifts(eps: float) -> tuple[float, ...]:
    """The shifts shown by default: 0, c'/2, c', 2 c', 10 c'."""
    c = critical_c(eps)
    return 0.0, c / 2, c, 2 * c, 10 * c


def critical_risk(eps: float, samples: int, seed: int) -> CriticalRisk:
    """Decide whether R(f; D_c') = 1/4 at c' = 2/sqrt(eps).

    It stands iff both hold:
    1. the Arb enclosure of the integral contains 1/4 and its radius is below 1e-15;
    2. the finite-sample interval of `conditioned_risk` at c', at level 1 - 1e-9, contains 1/4.
    The level of 2 does not depend on the level of the table, so that chance turns a true claim down less than once in
    1e9 runs. Counting takes no part: at level 0.95 it misses the truth one time in twenty.

    eps      parameter of the encoder
    samples  number of strata
    seed     of the random streams
    Raises   ValueError: an argument is out of range (see `run`)
    """
    c = critical_c(eps)
    ball = _enclosure(c, eps)
    estimate = conditioned_risk(c, eps, samples, DECISION_LEVEL, _stream(seed, "conditioned", c, eps))
    _, radius = midpoint_radius(ball)
    stands = bool(ball.contains(arb(1) / 4)) and radius < DECISION_RADIUS and estimate.contains(0.25)
    return CriticalRisk(c, ball, estimate, stands)


def run(
    eps: float = EPS,
    shifts: Sequence[float] | None = None,
    samples: int = SAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
    clip: float | None = None,
) -> Counterexample:
    """Evaluate Example 1 at every shift, and decide whether the claim at c' = 2/sqrt(eps) stands.

    A row depends on (|c|, eps, samples, seed, level) alone, not on the other rows.

    eps      parameter of the encoder, in [1e-300, 1e300]
    shifts   values of c, each 0 or 1e-300 <= |c| <= 1e300, with slope |c| sqrt(eps)/2 <= 1e300; `default_shifts` if None
    samples  number of strata and of simulated samples in each row, 2 to 10 million
    seed     non-negative integer
    level    of the intervals in the rows, strictly between 0 and 1
    clip     bound B on theta for L_AR, 1e-300 to 1e300 with eps B^2 <= 1e300; c' if None
    Raises   ValueError: an argument is outside its range
    """
    eps = check_eps(float(eps))
    check_level(level)
    if not 2 <= samples <= MOST_SAMPLES:
        raise ValueError(f"samples={samples}: out of range; give an integer from 2 to {MOST_SAMPLES}")
    # + 0.0 turns -0.0 into 0.0
    chosen = tuple(float(c) + 0.0 for c in (default_shifts(eps) if shifts is None else shifts))
    for c in chosen:
        check_slope(c, eps)
    align = simulated_alignment(eps, samples, level, stream(seed, "example 1", "alignment"))
    bound = critical_c(eps) if clip is None else float(clip)
    robust = robust_loss(eps, bound, samples, level, stream(seed, "example 1", "robust"))
    rows = tuple(_row(c, eps, samples, seed, level) for c in chosen)
    critical = critical_risk(eps, samples, seed)
    return Counterexample(eps, samples, seed, level, float(example_alignment(eps)), align, robust, rows, critical)


def midpoint_radius(ball: arb) -> tuple[float, float]:
    """A double and a radius whose closed ball contains the given one; the rounding of the midpoint is in the radius."""
    mid = float(ball.mid())
    radius = float(abs(ball - arb(mid)).upper())
    return mid, math.nextafter(radius, math.inf) if radius > 0 else 0.0


def as_json(result: Counterexample) -> dict[str, Any]:
    """The result as plain dicts, lists and finite floats, for `json.dumps`."""
    return {
        "eps": result.eps,
        "level": result.level,
        "samples": result.samples,
        "seed": result.seed,
        "align": {"closed_form": result.alignment, **_interval(result.simulated_alignment)},
        "robust": {
            "clip": result.robust.clip,
            "closed_form": result.robust.closed_form,
            **_interval(result.robust.simulated),
        },
        "rows": [
            {
                "c": row.c,
                "slope": row.slope,
                "closed_form": row.closed_form,
                "enclosure": _ball(row.enclosure),
                "conditioned": _interval(row.conditioned),
                "counted": _interval(row.counted),
                "probe": {"risk": row.probe.estimate, "low": row.probe.low, "high": row.probe.high},
            }
            for row in result.rows
        ],
        "verdict": {
            "c": result.critical.c,
            "claimed": 0.25,
            "enclosure": _ball(result.critical.enclosure),
            "conditioned": {**_interval(result.critical.conditioned), "level": result.critical.conditioned.level},
        },
        "stands": result.critical.stands,
    }


def as_table(result: Counterexample) -> str:
    """The result as an aligned table for a reader, at most 120 columns wide for ordinary arguments; ASCII."""
    head = ("c", "k", "arctan(k)/pi", "Arb integral (radius)", "conditioned (+/-)", "counted", "trained probe")
    body = [
        (
            f"{row.c:.5g}",
            f"{row.slope:.5g}",
            _risk(row.closed_form, 10),
            _with_radius(*midpoint_radius(row.enclosure), 10),
            _with_radius(row.conditioned.estimate, row.conditioned.half_width, 8),
            f"[{row.counted.low:.5f}, {row.counted.high:.5f}]",
            _risk(row.probe.estimate, 8),
        )
        for row in result.rows
    ]
    align, robust = result.simulated_alignment, result.robust
    mid, radius = midpoint_radius(result.critical.enclosure)
    sampled = result.critical.conditioned
    answer = "stands: in both" if result.critical.stands else "does not stand: not in both"
    facts = f"Arb's {mid:.15g} +/- {1.05 * radius:.1e} and the conditioned [{sampled.low:.9f}, {sampled.high:.9f}]"
    return "\n".join(
        [
            f"Example 1: (X1, X2) ~ N(0, I), Y = 1(X1 >= 0), encoder f = x1 + sqrt(eps)/2 x2, eps = {result.eps:g},",
            "D_c = law of (X1, c X2). Claimed: the least 0-1 risk of a linear probe on f is R(f; D_c) = arctan(k)/pi,",
            f"slope k = |c|/c', c' = 2/sqrt(eps). Each row: {result.samples} samples, seed {result.seed}, "
            f"intervals at level {result.level:g}.",
            "",
            *aligned(head, body, left=0),
            "",
            f"L_align(f) = eps/2 = {result.alignment:.5g}; "
            f"simulated {align.estimate:.5g} in [{align.low:.5g}, {align.high:.5g}]",
            f"L_AR(f) = eps B^2 = {robust.closed_form:.5g} for theta in [-B, B], B = {robust.clip:.5g}; "
            f"simulated {robust.simulated.estimate:.5g} in [{robust.simulated.low:.5g}, {robust.simulated.high:.5g}]",
            f"R(f; D_c') = 1/4 at c' = {result.critical.c:.5g} {answer} {facts}",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. Returns 0 if the claim at c' stands, 1 if not; bad arguments exit with 2 and one line on stderr."""
    parser = _parser()
    options = parser.parse_words(argv)
    try:
        result = run(options.eps, options.c, options.samples, options.seed, options.level, options.clip)
    except ValueError as error:
        parser.error(str(error))
    print(json.dumps(as_json(result), indent=2, allow_nan=False) if options.json else as_table(result))
    return 0 if result.critical.stands else 1


def _parser() -> OneLineParser:
    parser = OneLineParser(
        "counterexample",
        description="Example 1: alignment loss eps/2, yet risk 1/4 on the domain c' = 2/sqrt(eps).",
    )
    parser.add_argument("--eps", type=number, default=EPS, help="parameter of the encoder, > 0 (default %(default)s)")
    parser.add_argument("--c", type=number, nargs="+", help="shifts of the domain (default 0, c'/2, c', 2c', 10c')")
    parser.add_argument("--clip", type=number, help="bound on theta for L_AR (default c')")
    parser.add_argument("--samples", type=integer, default=SAMPLES, help="in each row (default %(default)s)")
    parser.share("seed", default=SEED)
    parser.add_argument("--level", type=number, default=LEVEL, help="of the intervals, in (0, 1) (default %(default)s)")
    parser.share("json")
    return parser


def _row(c: float, eps: float, samples: int, seed: int, level: float) -> Row:
    k = check_slope(c, eps)
    probe = train_probe(k, TRAINING_SAMPLES, _stream(seed, "training", c, eps))
    return Row(
        c,
        k,
        float(example_risk(c, eps)),
        _enclosure(c, eps),
        conditioned_risk(c, eps, samples, level, _stream(seed, "conditioned", c, eps)),
        counted_risk(c, eps, samples, level, _stream(seed, "counted", c, eps)),
        probe_risk(probe, k, samples, level, _stream(seed, "probe", c, eps)),
    )


def _enclosure(c: float, eps: float) -> arb:
    """Arb's enclosure of R(f; D_c); ValueError if it is not finite, since a ball of NaN contains everything."""
    ball = risk_enclosure(c, eps)
    if not ball.is_finite():
        raise ValueError(f"c={c}: Arb encloses the risk in {ball} at eps = {eps}; give a less extreme c or eps")
    return ball


def _stream(seed: int, name: str, c: float, eps: float) -> np.random.Generator:
    return stream(seed, "example 1", name, float(abs(c)).hex(), float(eps).hex())


def _interval(estimate: Estimate) -> dict[str, float]:
    return {"estimate": estimate.estimate, "low": estimate.low, "high": estimate.high}


def _ball(ball: arb) -> dict[str, float]:
    mid, radius = midpoint_radius(ball)
    return {"mid": mid, "radius": radius}


def _risk(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if value == 0 or abs(value) >= 1e-6 else f"{value:.4e}"


def _with_radius(centre: float, radius: float, digits: int) -> str:
    """Centre (radius); 1.05 outweighs the rounding of the radius to two digits, so it is never shown smaller."""
    return f"{_risk(centre, digits)} ({1.05 * radius:.1e})"

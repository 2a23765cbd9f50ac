"""Example 1, `python -m simulate.counterexample`: small alignment loss, yet risk 1/4 on a shifted domain.

Setting (ArCL, arXiv 2303.01092, Example 1; the lecture's section on transferability): (X1, X2) ~ N(0, I), label
Y = 1(X1 >= 0), views A_theta(x) = (x1, theta x2) with theta ~ N(0, 1), encoder f(x) = x1 + (sqrt(eps)/2) x2, domain
D_c = law of (X1, c X2), and R(f; D_c) = least 0-1 risk of a linear probe with intercept on f. Claimed:

    L_align(f) = eps/2 < eps   and   R(f; D_c) = arctan(k)/pi with slope k = |c| sqrt(eps)/2,

so R(f; D_0) = 0 and R(f; D_c') = 1/4 at c' = 2/sqrt(eps), however small eps is. Each risk is obtained in five ways: the
closed form; an Arb enclosure of its integral; the mean over X1 of P[misclassified | X1] with a finite-sample interval;
counting on simulated samples; and the risk of a probe trained on simulated samples.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray
from scipy.special import ndtri

from simulate.estimators import (
    Estimate,
    check_level,
    chi_squared_mean,
    mean,
    proportion,
    stratified_monotone,
    stream,
)
from simulate.probe import probe_risk, train_probe
from theory.arcl import (
    clipped_robust_loss,
    example_alignment,
    example_risk,
    risk_enclosure,
    risk_given_x1,
    slope,
)
from theory.command import OneLineParser, exit_status, integer, number

EPS = 0.1
SAMPLES = 100_000
SEED = 0
LEVEL = 0.95
MOST_SAMPLES = 10_000_000
TRAINING_SAMPLES = 10_000
# c, eps and k stay in [1/LARGEST, LARGEST], or c = 0, so that no product below leaves the range of a double.
LARGEST = 1e300
VERDICT_LEVEL = 1 - 1e-9
VERDICT_RADIUS = 1e-15


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
class Robust:
    """L_AR = eps B^2 with theta clipped to [-B, B], B = `clip`; it is at least 4 where the shift c' is within reach."""

    clip: float
    closed_form: float
    simulated: Estimate


@dataclass(frozen=True)
class Verdict:
    """Whether R(f; D_c') = 1/4 at c' = 2/sqrt(eps), with the two facts that decide it (see `judge`)."""

    c: float
    enclosure: arb
    conditioned: Estimate
    stands: bool


@dataclass(frozen=True)
class Counterexample:
    """All that one run of Example 1 found, with the arguments of the run."""

    eps: float
    samples: int
    seed: int
    level: float
    alignment: float
    simulated_alignment: Estimate
    robust: Robust
    rows: tuple[Row, ...]
    verdict: Verdict


def critical_c(eps: float) -> float:
    """c' = 2/sqrt(eps), the shift at which the slope is 1 and the claimed risk 1/4."""
    return 2 / math.sqrt(_check_eps(eps))


def default_shifts(eps: float) -> tuple[float, ...]:
    """The shifts shown by default: 0, c'/2, c', 2 c', 10 c'."""
    c = critical_c(eps)
    return 0.0, c / 2, c, 2 * c, 10 * c


def sample_domain(
    c: float, n: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Draw from D_c: first coordinate X1 (n,), second coordinate c X2 (n,), label Y = (X1 >= 0) (n,)."""
    x1, x2 = generator.standard_normal(n), generator.standard_normal(n)
    return x1, c * x2, x1 >= 0


def encode(x1: NDArray[np.float64], x2: NDArray[np.float64], eps: float) -> NDArray[np.float64]:
    """f(x) = x1 + (sqrt(eps)/2) x2, for coordinates of shape (n,)."""
    return x1 + math.sqrt(eps) / 2 * x2


def conditioned_risk(c: float, eps: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """R(f; D_c) = E_X1 P[misclassified | X1], stratified over |X1|.

    P[misclassified | X1 = x] = Phi(-|x|/k) depends on |x| alone and |X1| is half-normal: |X1| = -Phi^-1(U/2) with U
    uniform on [0, 1]. In U the probability increases, from 0 at U = 0 to 1/2 at U = 1.

    Args:
        c: shift of the domain.
        eps: parameter of the encoder.
        n: number of strata, one random point each.
        level: of the interval, which holds for this n (`stratified_monotone`).
        generator: source of the uniforms.

    Raises:
        ValueError: c or eps is out of range (see `run`), or n or level is.
    """
    k = _check_slope(c, eps)

    def misclassified(u: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):  # |x|/k may be infinite: Phi(-inf) = 0 is right
            return np.asarray(risk_given_x1(-ndtri(u / 2), k), dtype=np.float64)

    return stratified_monotone(misclassified, n, level, generator)


def counted_risk(c: float, eps: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """R(f; D_c) as the share of n simulated samples with 1(f >= 0) != Y. Arguments and errors as `conditioned_risk`."""
    _check_slope(c, eps)
    x1, x2, y = sample_domain(c, n, generator)
    wrong = (encode(x1, x2, eps) >= 0) != y
    return proportion(int(np.count_nonzero(wrong)), n, level)


def simulated_alignment(eps: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """L_align(f) = E (f(A_theta1 X) - f(A_theta2 X))^2, from n draws of (X2, theta1, theta2), all N(0, 1).

    f(A_theta1 x) - f(A_theta2 x) = (sqrt(eps)/2) (theta1 - theta2) x2: x1 cancels, so it is not drawn, and eps/4 is
    a factor taken out of the mean, so that a tiny eps does not drown in x1's rounding. The interval is asymptotic; the
    summands have a kurtosis of hundreds.

    Raises:
        ValueError: eps, n or level is out of range (see `run`).
    """
    quarter = _check_eps(eps) / 4
    x2, theta1, theta2 = generator.standard_normal((3, n))
    unit = mean(((theta1 - theta2) * x2) ** 2, level)
    return Estimate(quarter * unit.estimate, quarter * unit.low, quarter * unit.high, level, unit.method, n)


def robust_loss(eps: float, clip: float, n: int, level: float, generator: np.random.Generator) -> Robust:
    """L_AR of the encoder with theta clipped to [-clip, clip], in closed form and from n draws of X2.

    Given X2 = x2, the sup over two views is attained at theta = +-clip: (sqrt(eps) clip x2)^2. The sum of the n squares x2^2
    is chi-squared, which gives the interval.

    Raises:
        ValueError: eps, clip, n or level is out of range (see `run`), or L_AR is.
    """
    if not clip > 0:
        raise ValueError(f"clip = {clip} is not a positive number; give a bound on theta, for example 5")
    half = _check_slope(clip, eps)
    if half > math.sqrt(LARGEST) / 2:
        raise ValueError(f"L_AR = eps clip^2 exceeds {LARGEST:g} at clip = {clip}, eps = {eps}; give a smaller clip")
    unit = chi_squared_mean(np.square(generator.standard_normal(n)), level)
    scale = (2 * half) ** 2
    low, high = scale * unit.low, scale * unit.high
    simulated = Estimate(scale * unit.estimate, low, high, level, unit.method, n)
    return Robust(clip, float(clipped_robust_loss(eps, clip)), simulated)


def judge(eps: float, samples: int, seed: int) -> Verdict:
    """Decide whether R(f; D_c') = 1/4 at c' = 2/sqrt(eps).

    It stands iff both hold:
    1. the Arb enclosure of the integral contains 1/4 and its radius is below 1e-15;
    2. the finite-sample interval of `conditioned_risk` at c', at level 1 - 1e-9, contains 1/4.
    The level of 2 does not depend on the level of the table, so that chance turns a true claim down less than once in
    1e9 runs. Counting takes no part: at level 0.95 it misses the truth one time in twenty.

    Args:
        eps: parameter of the encoder.
        samples: number of strata.
        seed: of the random streams.

    Raises:
        ValueError: an argument is out of range (see `run`).
    """
    c = critical_c(eps)
    ball = _enclosure(c, eps)
    estimate = conditioned_risk(c, eps, samples, VERDICT_LEVEL, _stream(seed, "conditioned", c, eps))
    _, radius = midpoint_radius(ball)
    stands = bool(ball.contains(arb(1) / 4)) and radius < VERDICT_RADIUS and estimate.contains(0.25)
    return Verdict(c, ball, estimate, stands)


def run(
    eps: float = EPS,
    shifts: Sequence[float] | None = None,
    samples: int = SAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
    clip: float | None = None,
) -> Counterexample:
    """Evaluate Example 1 at every shift, and judge the claim at c' = 2/sqrt(eps).

    A row depends on (|c|, eps, samples, seed, level) alone, not on the other rows.

    Args:
        eps: parameter of the encoder, in [1e-300, 1e300].
        shifts: values of c, each 0 or 1e-300 <= |c| <= 1e300, with slope |c| sqrt(eps)/2 <= 1e300; `default_shifts`
            if None.
        samples: number of strata and of simulated samples in each row, 2 to 10 million.
        seed: non-negative integer.
        level: of the intervals in the rows, strictly between 0 and 1.
        clip: bound B on theta for L_AR, 1e-300 to 1e300 with eps B^2 <= 1e300; c' if None.

    Raises:
        ValueError: an argument is outside its range.
    """
    eps = _check_eps(float(eps))
    check_level(level)
    if not 2 <= samples <= MOST_SAMPLES:
        raise ValueError(f"samples = {samples} is out of range; give an integer from 2 to {MOST_SAMPLES}")
    # + 0.0 turns -0.0 into 0.0
    chosen = tuple(float(c) + 0.0 for c in (default_shifts(eps) if shifts is None else shifts))
    for c in chosen:
        _check_slope(c, eps)
    align = simulated_alignment(eps, samples, level, stream(seed, "example 1", "alignment"))
    bound = critical_c(eps) if clip is None else float(clip)
    robust = robust_loss(eps, bound, samples, level, stream(seed, "example 1", "robust"))
    rows = tuple(_row(c, eps, samples, seed, level) for c in chosen)
    verdict = judge(eps, samples, seed)
    return Counterexample(eps, samples, seed, level, float(example_alignment(eps)), align, robust, rows, verdict)


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
            "c": result.verdict.c,
            "claimed": 0.25,
            "enclosure": _ball(result.verdict.enclosure),
            "conditioned": {**_interval(result.verdict.conditioned), "level": result.verdict.conditioned.level},
        },
        "stands": result.verdict.stands,
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
            _with_radius(row.conditioned.estimate, _half_width(row.conditioned), 8),
            f"[{row.counted.low:.5f}, {row.counted.high:.5f}]",
            _risk(row.probe.estimate, 8),
        )
        for row in result.rows
    ]
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in [head, *body]]
    align, robust = result.simulated_alignment, result.robust
    mid, radius = midpoint_radius(result.verdict.enclosure)
    sampled = result.verdict.conditioned
    why = "stands: in both" if result.verdict.stands else "does not stand: not in both"
    facts = f"Arb's {mid:.15g} +/- {1.05 * radius:.1e} and the conditioned [{sampled.low:.9f}, {sampled.high:.9f}]"
    return "\n".join(
        [
            f"Example 1: (X1, X2) ~ N(0, I), Y = 1(X1 >= 0), encoder f = x1 + sqrt(eps)/2 x2, eps = {result.eps:g},",
            "D_c = law of (X1, c X2). Claimed: the least 0-1 risk of a linear probe on f is R(f; D_c) = arctan(k)/pi,",
            f"slope k = |c|/c', c' = 2/sqrt(eps). Each row: {result.samples} samples, seed {result.seed}, "
            f"intervals at level {result.level:g}.",
            "",
            *lines,
            "",
            f"L_align(f) = eps/2 = {result.alignment:.5g}; "
            f"simulated {align.estimate:.5g} in [{align.low:.5g}, {align.high:.5g}]",
            f"L_AR(f) = eps B^2 = {robust.closed_form:.5g} for theta in [-B, B], B = {robust.clip:.5g}; "
            f"simulated {robust.simulated.estimate:.5g} in [{robust.simulated.low:.5g}, {robust.simulated.high:.5g}]",
            f"R(f; D_c') = 1/4 at c' = {result.verdict.c:.5g} {why} {facts}",
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
    return 0 if result.verdict.stands else 1


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
    k = _check_slope(c, eps)
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
        raise ValueError(f"Arb encloses the risk in {ball} at c = {c}, eps = {eps}; give a less extreme c or eps")
    return ball


def _stream(seed: int, name: str, c: float, eps: float) -> np.random.Generator:
    return stream(seed, "example 1", name, float(abs(c)).hex(), float(eps).hex())


def _check_eps(eps: float) -> float:
    if not 1 / LARGEST <= eps <= LARGEST:
        raise ValueError(f"eps = {eps} is not between {1 / LARGEST:g} and {LARGEST:g}; give for example 0.1")
    return eps


def _check_slope(c: float, eps: float) -> float:
    """Return the slope k = |c| sqrt(eps)/2, after checking that c, eps and k are in range."""
    _check_eps(eps)
    if c != 0 and not 1 / LARGEST <= abs(c) <= LARGEST:
        raise ValueError(f"c = {c} is neither 0 nor of size {1 / LARGEST:g} to {LARGEST:g}; give for example 1")
    with np.errstate(over="ignore"):  # an infinite slope is refused below
        k = float(slope(c, eps))
    if not k <= LARGEST:
        raise ValueError(f"slope |c| sqrt(eps)/2 exceeds {LARGEST:g} at c = {c}, eps = {eps}; give a smaller c or eps")
    return k


def _interval(estimate: Estimate) -> dict[str, float]:
    return {"estimate": estimate.estimate, "low": estimate.low, "high": estimate.high}


def _ball(ball: arb) -> dict[str, float]:
    mid, radius = midpoint_radius(ball)
    return {"mid": mid, "radius": radius}


def _half_width(estimate: Estimate) -> float:
    return max(estimate.high - estimate.estimate, estimate.estimate - estimate.low)


def _risk(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if value == 0 or abs(value) >= 1e-6 else f"{value:.4e}"


def _with_radius(centre: float, radius: float, digits: int) -> str:
    """Centre (radius); 1.05 outweighs the rounding of the radius to two digits, so it is never shown smaller."""
    return f"{_risk(centre, digits)} ({1.05 * radius:.1e})"


if __name__ == "__main__":
    sys.exit(exit_status(main))

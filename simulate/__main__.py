"""`python -m simulate`: run every simulator, print what it found, write `simulate.json` with the evidence.

Exit status: 0 if all evidence holds, 1 if any does not, 2 for a bad argument.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from simulate import counterexample
from simulate.counterexample import VERDICT_LEVEL, Counterexample
from simulate.estimators import stream
from theory.ledger import Evidence, write_json
from theory.options import OneLineParser, integer

CURVE_SAMPLES = 20_000


def curve_shifts(eps: float) -> tuple[float, ...]:
    """Shifts c at slopes 0, 24 log-spaced ones from 0.05 to 10, and c' (slope 1), in increasing order."""
    slopes = sorted({0.0, 1.0, *np.geomspace(0.05, 10, 24).tolist()})
    return tuple(k * counterexample.critical_c(eps) for k in slopes)


def example_1(shop_window: Counterexample, curve: Counterexample) -> list[Evidence]:
    """Evidence on Example 1: the risk at c', the risk along the curve of slopes, and the alignment loss.

    Every interval that decides is made at level 1 - 1e-9, whatever the level of the tables, so that chance hardly ever
    turns a true claim down. Along the curve the closed form must also lie in every enclosure.
    """
    eps, samples, seed = shop_window.eps, shop_window.samples, shop_window.seed

    def at_critical() -> tuple[bool, str, tuple[float, float]]:
        verdict = counterexample.judge(eps, samples, seed)
        mid, radius = counterexample.midpoint_radius(verdict.enclosure)
        found = f"integral {mid:.6f} +/- {radius:.1e}; conditioned on X1 {verdict.conditioned.estimate:.8f}"
        return verdict.stands, found, (verdict.conditioned.low, verdict.conditioned.high)

    def along_curve() -> tuple[bool, str, None]:
        inside = 0
        for row in curve.rows:
            mid, radius = counterexample.midpoint_radius(row.enclosure)
            draws = stream(seed, "example 1", "curve", row.c.hex(), eps.hex())
            estimate = counterexample.conditioned_risk(row.c, eps, curve.samples, VERDICT_LEVEL, draws)
            # The closed form is computed in doubles: it may leave the ball by its own rounding, a few units of 2^-53.
            enclosed = abs(row.closed_form - mid) <= radius + 2.0**-50
            inside += enclosed and estimate.contains(row.closed_form)
        return inside == len(curve.rows), f"inside enclosure and interval at {inside} of {len(curve.rows)} slopes", None

    def alignment() -> tuple[bool, str, tuple[float, float]]:
        draws = stream(seed, "example 1", "alignment")
        estimate = counterexample.simulated_alignment(eps, samples, VERDICT_LEVEL, draws)
        return estimate.contains(shop_window.alignment), f"{estimate.estimate:.6g}", (estimate.low, estimate.high)

    return [
        _evidence("risk at c' = 2/sqrt(eps)", f"R(f; D_c') at eps = {eps:g}", "1/4", at_critical),
        _evidence("risk at other slopes", "R(f; D_c) for slopes 0 to 10", "arctan(|c| sqrt(eps)/2)/pi", along_curve),
        _evidence("alignment loss", f"L_align(f) at eps = {eps:g}", "eps/2", alignment),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulators on their default arguments; see the module's docstring for the exit status."""
    parser = OneLineParser(prog="python -m simulate", description="Run every simulator.", allow_abbrev=False)
    parser.add_argument("--out", type=Path, default=Path("build/evidence"), help="to write to (default %(default)s)")
    parser.add_argument("--seed", type=integer, default=counterexample.SEED, help="non-negative integer")
    options = parser.parse_words(argv)
    try:
        shop_window = counterexample.run(seed=options.seed)
    except ValueError as error:
        parser.error(str(error))
    eps = shop_window.eps
    curve = counterexample.run(eps, curve_shifts(eps), samples=CURVE_SAMPLES, seed=options.seed)
    print(counterexample.as_table(shop_window))
    evidence = example_1(shop_window, curve)
    target = options.out / "simulate.json"
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_json(
            target, {"evidence": [asdict(item) for item in evidence], "counterexample": counterexample.as_json(curve)}
        )
    except OSError as error:
        parser.error(f"cannot write {target}: {error.strerror}; give a writable folder with --out")
    standing = sum(item.holds is True for item in evidence)
    print(f"\n{standing} of {len(evidence)} pieces of evidence hold; written to {target}")
    return 0 if standing == len(evidence) else 1


def _evidence(
    step: str,
    summary: str,
    claimed: str,
    compute: Callable[[], tuple[bool, str, tuple[float, float] | None]],
) -> Evidence:
    start = time.perf_counter()
    holds, computed, interval = compute()
    return Evidence(
        claim="example-1",
        kind="simulation",
        step=step,
        summary=summary,
        direction="for",
        holds=holds,
        seconds=time.perf_counter() - start,
        claimed=claimed,
        computed=computed,
        interval=interval,
    )


if __name__ == "__main__":
    sys.exit(main())

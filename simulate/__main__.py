"""`python -m simulate`: run every analytic model, print its results, write `simulate.json` with the evidence.

Exit status: 0 if all evidence holds, 1 if any does not, 2 for a bad argument.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from simulate import counterexample, evidence, example1, phase, remedy
from simulate.models import models
from simulate.sweep import Tally
from simulate.tables import aligned, finite, suite_json, suite_table
from theory.ledger import write_json
from theory.options import OneLineParser, integer

CURVE_SAMPLES = 20_000
REACHES = tuple(float(B) for B in np.geomspace(0.25, 32, 15))
SOURCE_WEIGHT, LOSS_WEIGHT = 1.0, 0.5


def curve_shifts(eps: float) -> tuple[float, ...]:
    """Shifts c at slopes 0, 24 log-spaced ones from 0.05 to 10, and c' (slope 1), in increasing order."""
    slopes = sorted({0.0, 1.0, *np.geomspace(0.05, 10, 24).tolist()})
    return tuple(k * example1.critical_c(eps) for k in slopes)


def sweep_table(tallies: dict[str, list[Tally]]) -> list[str]:
    """Every claim over every sweep: points, where its condition is met, where its bound is near the truth."""
    rows = [
        [t.claim, name, str(t.points), str(t.met), str(t.near), f"{t.ratio:.3f}", f"{t.excess:.1e}"]
        for name, own in tallies.items()
        for t in own
    ]
    return aligned(("claim", "sweep", "points", "met", "within 1.5", "least ratio", "largest excess"), rows, left=2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulators on their default arguments; see the module's docstring for the exit status."""
    parser = OneLineParser(prog="python -m simulate", description="Run every simulator.", allow_abbrev=False)
    parser.add_argument("--out", type=Path, default=Path("build/evidence"), help="to write to (default %(default)s)")
    parser.add_argument("--seed", type=integer, default=counterexample.SEED, help="non-negative integer")
    parser.add_argument("--workers", type=integer, default=1, help="processes for Monte Carlo (default %(default)s)")
    options = parser.parse_words(argv)
    target = options.out / "simulate.json"
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        shop_window = counterexample.run(seed=options.seed)
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(_unwritable(target, error))
    eps = shop_window.eps
    curve = counterexample.run(eps, curve_shifts(eps), samples=CURVE_SAMPLES, seed=options.seed)
    print(counterexample.as_table(shop_window))
    found = evidence.example_1(shop_window, curve)

    known = models()
    suite = evidence.suite(known, options.seed, workers=options.workers, progress=sys.stderr.isatty())
    print("\n".join(["", *suite_table(suite)]))
    swept, tallies = evidence.sweeps(known)
    print("\n".join(["", *sweep_table(tallies)]))
    remedies = remedy.remedies(SOURCE_WEIGHT, LOSS_WEIGHT, REACHES)
    print("\n".join(["", *remedy.as_table(SOURCE_WEIGHT, LOSS_WEIGHT, remedies)]))
    found += [*evidence.closed_forms(known, suite), *swept, *evidence.remedies(remedies)]

    content: dict[str, Any] = {
        "evidence": [asdict(item) for item in found],
        "counterexample": counterexample.as_json(curve),
        "suite": suite_json(suite),
        "sweeps": {name: [_tally_json(t) for t in tallies[name]] for name in tallies},
        "remedy": {"b": SOURCE_WEIGHT, "lambda": LOSS_WEIGHT, "rows": remedy.as_json(remedies)},
        "phase": [phase.as_json(plane) for model in known for plane in model.planes()],
    }
    try:
        write_json(target, content)
    except OSError as error:
        parser.error(_unwritable(target, error))
    holding = evidence.standing(found)
    print(f"\n{holding} of {len(found)} pieces of evidence hold; written to {target}")
    return 0 if holding == len(found) else 1


def _unwritable(target: Path, error: OSError) -> str:
    return f"cannot write {target}: {error.strerror}; give a writable folder with --out"


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "ratio": finite(tally.ratio), "excess": finite(tally.excess)}


if __name__ == "__main__":
    sys.exit(main())

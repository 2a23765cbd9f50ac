"""`python -m simulate`: run every analytic model, write `simulate.json` with the evidence, print the results.

Exit status: 0 if all evidence holds, 1 if any does not; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("simulate.__main__")


import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from simulate import counterexample, evidence, example1, phase, plane, products, remedy
from simulate.models import models
from simulate.sweep import Tally
from simulate.tables import aligned, finite, suite_json, suite_table
from theory.command import OneLineParser, at_least, output_folder, show_progress
from theory.digests import write_evidence

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
    parser = OneLineParser("simulate", description="Hold every closed form against Monte Carlo.")
    parser.share("seed", default=counterexample.SEED)
    parser.share("jobs", "out", "json", "quiet")
    options = parser.parse_words(argv)
    try:
        at_least(options, jobs=1)
        shop_window = counterexample.run(seed=options.seed)
        target = output_folder("--out", options.out) / "simulate.json"
    except ValueError as error:
        parser.error(str(error))
    eps = shop_window.eps
    curve = counterexample.run(eps, curve_shifts(eps), samples=CURVE_SAMPLES, seed=options.seed)
    gathered = evidence.example_1(shop_window, curve)

    known = models()
    suite = evidence.suite(known, options.seed, workers=options.jobs, progress=show_progress(options))
    swept, tallies = evidence.sweeps(known)
    remedies = remedy.remedies(SOURCE_WEIGHT, LOSS_WEIGHT, REACHES)
    gathered += [*evidence.closed_forms(known, suite), *swept, *evidence.remedies(remedies)]

    content: dict[str, Any] = {
        "evidence": [asdict(item) for item in gathered],
        "counterexample": counterexample.as_json(curve),
        "suite": suite_json(suite),
        "sweeps": {name: [_tally_json(t) for t in tallies[name]] for name in tallies},
        "remedy": {"b": SOURCE_WEIGHT, "lambda": LOSS_WEIGHT, "rows": remedy.as_json(remedies)},
        "phase": [phase.as_json(drawn) for model in known for drawn in model.planes()],
        "products": products.clouds(known),
        "plane": plane.as_json(),
    }
    write_evidence(target, content)
    holding = evidence.standing(gathered)
    if options.json:
        print(json.dumps(content, indent=1))
    else:
        tables = suite_table(suite), sweep_table(tallies), remedy.as_table(SOURCE_WEIGHT, LOSS_WEIGHT, remedies)
        print(counterexample.as_table(shop_window), *("\n".join(["", *table]) for table in tables), sep="\n")
        print(f"\n{holding} of {len(gathered)} pieces of evidence hold; written to {target}")
    return 0 if holding == len(gathered) else 1


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "ratio": finite(tally.ratio), "excess": finite(tally.excess)}

"""`python -m simulate.circle`: one world on the circle, its factors twice, and what each form of Theorem 1 says of it.

Exit status: 0 if every closed form lies in its interval and no form is exceeded, 1 otherwise, 2 for a bad argument.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("simulate.circle.__main__")


import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from simulate.circle import world
from simulate.circle.model import DELTAS, factors
from simulate.circle.sampling import quantities
from simulate.circle.world import Circle
from simulate.comparison import Rule, compare
from simulate.sweep import TOLERANCE
from simulate.tables import add_suite_options, aligned, finite, suite_json, suite_table
from simulate.theorem1 import Factors, FormValues, evaluate_all
from theory.command import OneLineParser, at_least, integer, number, show_progress
from theory.theorem1.certificates.grid import LEVERS, Lever

Certificates = dict[Lever, tuple[Factors, dict[str, FormValues]]]


def model_of(options: Any) -> Circle:
    """The world that the options describe: K equal angles unless `--centres` places them."""
    centres = options.centres or [
        (2 * math.pi * k / options.classes + math.pi) % (2 * math.pi) - math.pi for k in range(options.classes)
    ]
    K = len(centres)
    spreads = options.spreads * K if len(options.spreads) == 1 else options.spreads
    priors = options.priors or [1 / K] * K
    strengths = options.strengths or [0.02, 1.5]
    weights = options.weights or ([1 / len(strengths)] * len(strengths) if options.strengths else [0.9, 0.1])
    return Circle(
        tuple(centres), tuple(priors), tuple(spreads), tuple(strengths), tuple(weights), options.swapped, options.radius
    )


def certificates(model: Circle) -> Certificates:
    """Every form of Theorem 1 at every (eps, delta), by lever."""
    by_lever = {lever: factors(model, DELTAS, lever) for lever in LEVERS}
    return {lever: (points, evaluate_all(points)) for lever, points in by_lever.items()}


def as_json(model: Circle, certificates: Certificates) -> dict[str, Any]:
    """The world, its error, and the best certificate of every form and lever."""
    certified = []
    for lever, (points, forms) in certificates.items():
        for form, values in forms.items():
            best = int(np.lexsort((-values.margins.min(axis=1), values.bound))[0])
            certified.append(
                {
                    "form": form,
                    "lever": lever,
                    "error": float(values.bound[best]),
                    "met": bool(values.met[best]),
                    "eps": float(points.eps[best]),
                    "delta": float(points.delta[best]),
                    "s": float(points.s[best]),
                    "margin": float(values.margins[best].min()),
                    "excess": finite(values.excess),
                }
            )
    return {
        "model": asdict(model),
        "error": world.error(model),
        "error_any_view": world.error(model, any_view=True),
        "certificates": certified,
    }


def as_table(model: Circle, results: dict[str, Any]) -> list[str]:
    """The results of `as_json` as lines for a reader; a dash where nothing is certified."""
    rows = [[c["form"], c["lever"], *_certified(c), f"{c['margin']:+.3f}"] for c in results["certificates"]]
    return [
        f"{model.classes} classes at {_short(model.centres)} on the circle, p = {_short(model.priors)}, "
        f"s = {_short(model.spreads)},",
        f"views within a = {_short(model.strengths)} with probability {_short(model.weights)}, swapped {model.swapped:g}, "
        f"radius {model.radius:.4g}.",
        f"True error {results['error']:.6f}; of any view {results['error_any_view']:.6f}.",
        "",
        *aligned(("form", "lever", "certified", "eps", "delta", "s", "margin"), rows, left=2),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module for the exit status."""
    parser = _parser()
    options = parser.parse_words(argv)
    try:
        at_least(options, jobs=1)
        if options.classes < 2:
            raise ValueError(f"classes={options.classes}: too small; give at least 2")
        model = model_of(options)
        pairs = quantities("circle", model, delta=options.delta, eps=options.eps)
        rule = Rule(options.false_alarm)
        suite = compare(pairs, rule, options.seed, workers=options.jobs, progress=show_progress(options))
    except ValueError as error:
        parser.error(str(error))
    by_lever = certificates(model)
    shown = as_json(model, by_lever)
    if options.json:
        print(json.dumps({**shown, "suite": suite_json(suite)}, indent=2, allow_nan=False))
    else:
        print("\n".join([*as_table(model, shown), "", *suite_table(suite)]))
    exceeded = any(values.excess > TOLERANCE for _, forms in by_lever.values() for values in forms.values())
    return 1 if suite.disagreeing or exceeded else 0


def _certified(c: dict[str, Any]) -> list[str]:
    if c["error"] >= 1:
        return ["-", "-", "-", "-"]
    return [f"{c['error']:.6f}", f"{c['eps']:.3f}", f"{c['delta']:.3f}", f"{c['s']:.3f}"]


def _short(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in np.asarray(values)) + ")"


def _parser() -> OneLineParser:
    parser = OneLineParser(
        "circle",
        description="Theorem 1 on classes on a circle: closed forms, Monte Carlo, certified errors.",
    )
    parser.add_argument("--classes", type=integer, default=3, help="at equal angles (default %(default)s)")
    parser.add_argument("--centres", type=number, nargs="+", help="angles in [-pi, pi] instead")
    parser.add_argument("--spreads", type=number, nargs="+", default=[0.2], help="one, or one per class (default 0.2)")
    parser.add_argument("--priors", type=number, nargs="+", help="of the classes (default equal)")
    parser.add_argument("--strengths", type=number, nargs="+", help="of the views (default 0.02 1.5)")
    parser.add_argument("--weights", type=number, nargs="+", help="of the strengths (default 0.9 0.1, or equal)")
    parser.add_argument("--swapped", type=number, default=0.1, help="share at another class (default %(default)s)")
    parser.add_argument("--radius", type=number, default=1.0, help="of the features (default %(default)s)")
    parser.add_argument("--delta", type=number, default=0.5, help="of the sigma compared (default %(default)s)")
    parser.add_argument("--eps", type=number, default=0.5, help="of the R_eps compared (default %(default)s)")
    add_suite_options(parser)
    return parser

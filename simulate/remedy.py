"""What L_AR does to Example 1, and the remedy of ArCL: its minimiser drops x2, that of the alignment loss need not.

`python -m simulate.remedy` shows it.

Views. A_theta(x) = (x1, theta x2) with theta = N(0, 1) clipped to [-B, B], and f_w(x) = x1 + w x2, X ~ N(0, I). Then

    L_align(f_w) = 2 v w^2,  v = Var theta = E min(N^2, B^2) <= 1;     L_AR(f_w) = 4 B^2 w^2;
    E sup |f_w(A1 X) - f_w(A2 X)| = 2 sqrt(2/pi) B |w|, the square-free loss for which Theorem 2 of ArCL holds.

Example 1 is w = sqrt(eps)/2: L_AR = eps B^2, at least 4 as soon as the shift c' = 2/sqrt(eps) lies within reach of the views.

The remedy as an optimisation. On the source domain x2 helps: the target is Y = X1 + b X2, b > 0, with squared loss, so
the task alone wants w = b. Downstream the label is 1(X1 >= 0) on a domain D_c that the views can reach, |c| <= B, where x2
is noise: by Example 1 the worst risk there is arctan(|w| B)/pi. Minimise E (Y - f_w)^2 + lambda * loss, where
E (Y - f_w)^2 = (w - b)^2:

    loss L_align                w = b / (1 + 2 lambda v)                   w B -> infinity with B: the worst risk tends to 1/2
    loss L_AR                   w = b / (1 + 4 lambda B^2)                 w B <= b / (4 sqrt(lambda)), and -> 0 with B
    loss E sup, square-free     w = max(0, b - lambda B sqrt(2/pi))        w = 0 exactly once B >= b sqrt(pi/2) / lambda

All three minimisers are those of a convex function of one variable. So the robust loss drops x2 as the views widen, the
alignment loss keeps a w that does not depend on how far they reach.

Source: Zhao et al., ArCL, ICLR 2023 (arXiv 2303.01092), Example 1 and section 3; the optimisation is ours.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("simulate.remedy")


import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from simulate.comparison import Quantity, Rule, compare, within
from simulate.estimators import chi_squared_mean
from simulate.models import AnalyticModel
from simulate.tables import add_suite_options, aligned, suite_json, suite_table
from theory.command import OneLineParser, at_least, number, show_progress
from theory.setting import Array

LOSSES = ("align", "robust", "square-free")


@dataclass(frozen=True)
class Remedy:
    """The three minimisers at one clipping bound; w in units of x1 per x2, risks of the worst domain within reach.

    reach      B
    weights    w by loss, in the order of `LOSSES`
    risks      arctan(w B)/pi by loss
    """

    reach: float
    weights: tuple[float, float, float]
    risks: tuple[float, float, float]


def clipped_variance(B: float) -> float:
    """v = E min(N^2, B^2) = 2 Phi(B) - 1 - 2 B phi(B) + 2 B^2 Phi(-B), the variance of theta clipped to [-B, B]."""
    density = math.exp(-(B**2) / 2) / math.sqrt(2 * math.pi)
    return float(1 - 2 * ndtr(-B) - 2 * B * density + 2 * B**2 * ndtr(-B))


def alignment(w: float, B: float) -> float:
    """L_align(f_w) = 2 v w^2."""
    return 2 * clipped_variance(B) * w**2


def robust_alignment(w: float, B: float) -> float:
    """L_AR(f_w) = 4 B^2 w^2."""
    return 4 * B**2 * w**2


def robust_displacement(w: float, B: float) -> float:
    """E sup |f_w(A1 X) - f_w(A2 X)| = 2 sqrt(2/pi) B |w|."""
    return 2 * math.sqrt(2 / math.pi) * B * abs(w)


def minimiser(loss: str, b: float, lam: float, B: float) -> float:
    """argmin_w (w - b)^2 + lam * loss(f_w); loss is one of `LOSSES`, b > 0, lam > 0, B > 0."""
    if loss == "align":
        return b / (1 + 2 * lam * clipped_variance(B))
    if loss == "robust":
        return b / (1 + 4 * lam * B**2)
    return max(0.0, b - lam * B * math.sqrt(2 / math.pi))


def worst_risk(w: float, B: float) -> float:
    """max over |c| <= B of R(f_w; D_c) = arctan(|w| B)/pi: on D_c the feature is X1 + c w X2, of slope |c w|."""
    return math.atan(abs(w) * B) / math.pi


def remedies(b: float, lam: float, reaches: Sequence[float]) -> tuple[Remedy, ...]:
    """The minimisers and their worst risks at each B; ValueError unless b, lam and every B are positive numbers."""
    for name, value in (("b", b), ("lambda", lam), *(("B", B) for B in reaches)):
        if not (1e-100 < value < 1e100):
            raise ValueError(f"{name}={value}: not a positive number of ordinary size; give for example 1")
    minimisers = []
    for B in reaches:
        align, robust, free = (minimiser(loss, b, lam, B) for loss in LOSSES)
        risks = (worst_risk(align, B), worst_risk(robust, B), worst_risk(free, B))
        minimisers.append(Remedy(B, (align, robust, free), risks))
    return tuple(minimisers)


def fitted(b: float, lam: float, B: float, n: int, m: int, generator: np.random.Generator) -> tuple[float, float]:
    """argmin_w over n samples with m views each: (w under the alignment loss, w under the AR loss).

    The empirical objective (1/n) sum_i (b - w)^2 x_i2^2 + lam w^2 x_i2^2 D_i is least at
    w = b sum x_i2^2 / sum x_i2^2 (1 + lam D_i), D_i the mean over pairs of views, or the largest, of (theta_j - theta_k)^2.
    """
    square = generator.standard_normal(n) ** 2
    theta = np.clip(generator.standard_normal((n, m)), -B, B)
    widths = (2 * theta.var(axis=1), (theta.max(axis=1) - theta.min(axis=1)) ** 2)
    align, robust = (float(b * square.sum() / (square * (1 + lam * width)).sum()) for width in widths)
    return align, robust


def quantities(name: str, w: float, B: float) -> list[Quantity]:
    """Var theta and L_AR in closed form and by Monte Carlo; given X2, the sup over the views is attained at theta = +-B."""

    def spread(n: int, generator: np.random.Generator) -> Array:
        first, second = np.clip(generator.standard_normal((2, n)), -B, B)
        return np.asarray((first - second) ** 2 / 2)

    def widest(n: int, generator: np.random.Generator) -> Array:
        x1, x2 = generator.standard_normal((2, n))
        return np.asarray(((x1 + w * B * x2) - (x1 - w * B * x2)) ** 2)

    return [
        Quantity(f"{name}: Var theta", clipped_variance(B), spread, within(0.0, 2 * B**2)),
        Quantity(f"{name}: L_AR", robust_alignment(w, B), widest, chi_squared_mean),
    ]


def suite_quantities() -> list[Quantity]:
    """Those at two clipping bounds."""
    return [q for B in (0.5, 2.0) for q in quantities(f"views to {B:g}", 0.7, B)]


MODEL = AnalyticModel(order=4, quantities=suite_quantities, supports={"l-ar": ("views",)})


def as_json(remedies: Sequence[Remedy]) -> list[dict[str, Any]]:
    """The remedies as plain dicts."""
    return [asdict(one) for one in remedies]


def as_table(b: float, lam: float, remedies: Sequence[Remedy]) -> list[str]:
    """The remedies as lines for a reader."""
    head = ("B", *(f"w, {loss}" for loss in LOSSES), *(f"risk, {loss}" for loss in LOSSES))
    rows = [[f"{one.reach:g}", *(f"{value:.6f}" for value in (*one.weights, *one.risks))] for one in remedies]
    return [
        f"f_w = x1 + w x2 minimises E (X1 + {b:g} X2 - f_w)^2 + {lam:g} * loss; views multiply x2 by theta in [-B, B].",
        "Risk: worst over the domains D_c, |c| <= B, of the label 1(X1 >= 0).",
        "",
        *aligned(head, rows, left=0),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. Returns 0 if every closed form lies in its interval, else 1; bad arguments exit with 2 and one line."""
    parser = OneLineParser(
        "remedy",
        description="The augmentation-robust loss drops the shifting feature, the alignment loss keeps it.",
    )
    parser.add_argument("--b", type=number, default=1.0, help="weight of x2 in the source task (default %(default)s)")
    parser.add_argument("--lam", type=number, default=0.5, help="weight of the loss (default %(default)s)")
    parser.add_argument("--B", type=number, nargs="+", default=[0.5, 1.0, 2.0, 4.0, 8.0, 32.0], help="clipping bounds")
    add_suite_options(parser)
    options = parser.parse_words(argv)
    try:
        at_least(options, jobs=1)
        rows = remedies(options.b, options.lam, options.B)
        pairs = [q for one in rows for q in quantities(f"B = {one.reach:g}", options.b, one.reach)]
        rule = Rule(options.false_alarm)
        suite = compare(pairs, rule, options.seed, workers=options.jobs, progress=show_progress(options))
    except ValueError as error:
        parser.error(str(error))
    if options.json:
        print(
            json.dumps({"b": options.b, "lambda": options.lam, "remedies": as_json(rows), "suite": suite_json(suite)})
        )
    else:
        print("\n".join([*as_table(options.b, options.lam, rows), "", *suite_table(suite)]))
    return 1 if suite.disagreeing else 0

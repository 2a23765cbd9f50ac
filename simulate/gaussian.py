"""Gaussian classes: sigma(delta) in closed form. `python -m simulate.gaussian` shows it beside Monte Carlo.

The world. A sample is x = (z, a): a signal z in R^q and the strength a of its views, with probability p_k of class k. There
z ~ N(c_k, s_k^2 I_q) and a = a_j with probability q_j, independently. The views of x are all z + t with ||t|| <= a, with any
nuisance coordinates whatever, so that d_A(x1, x2) = max(0, ||z1 - z2|| - a1 - a2): views that may change a coordinate
arbitrarily remove it from the distance.

Claim. sigma_k(delta) = sum_j q_j F_q(((delta + 2 a_j) / (2 s_k))^2), F_q the distribution function of chi^2_q.

Proof. Members of a main part with strength a_j have ||z1 - z2|| <= D_j = delta + 2 a_j, so they form a set of diameter at
most D_j; its closed convex hull K has the same diameter. With gamma = N(0, s^2 I): the density is log-concave and even, so
gamma((K + (-K))/2) >= sqrt(gamma(K) gamma(-K)) = gamma(K) (Prekopa and Leindler), and (K - K)/2 lies in the ball of radius
D_j/2 about 0. The balls about c_k of radii D_j/2 attain this for all j at once: ||z1 - z2|| <= D_i/2 + D_j/2
= delta + a_i + a_j. Trusted: the Prekopa-Leindler inequality; all else is written out here. In one dimension it is
elementary: d/dc (Phi(c + D/2) - Phi(c - D/2)) = phi(c + D/2) - phi(c - D/2) has the sign of -c.
The same proof serves every symmetric log-concave law, and mixtures of such with one centre.

Source: Huang et al., ICLR 2023, section 2 for (sigma, delta); the model is ours.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("simulate.gaussian")


import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import gammainc

from simulate.comparison import Quantity, Rule, compare, share
from simulate.estimators import Sampler
from simulate.models import AnalyticModel
from simulate.tables import add_suite_options, aligned, suite_json, suite_table
from theory.command import OneLineParser, at_least, integer, number, show_progress
from theory.setting import Array


@dataclass(frozen=True)
class Gaussian:
    """K classes of the module's world.

    dimension q >= 1
    priors    p_k > 0, of sum 1
    spreads   s_k > 0, in the unit of the inputs
    strengths a_j >= 0, in the same unit
    weights   q_j > 0, of sum 1
    Raises    ValueError, naming the value, for anything else
    """

    dimension: int
    priors: tuple[float, ...]
    spreads: tuple[float, ...]
    strengths: tuple[float, ...] = (0.0,)
    weights: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not 1 <= self.dimension <= 10_000:
            raise ValueError(f"dimension={self.dimension}: out of range; give 1 to 10000")
        if not self.priors or len(self.priors) != len(self.spreads):
            raise ValueError(
                f"priors={self.priors}: as many spreads are needed, not {self.spreads}; give one of each per class"
            )
        if not self.strengths or len(self.strengths) != len(self.weights):
            raise ValueError(
                f"strengths={self.strengths}: as many weights are needed, not {self.weights}; give one weight per strength"
            )
        for name, values in (("priors", self.priors), ("weights", self.weights)):
            if not (min(values) > 0 and abs(sum(values) - 1) < 1e-9):
                raise ValueError(
                    f"{name}={values}: not positive numbers of sum 1; divide positive weights by their sum"
                )
        if not all(math.isfinite(s) and s > 0 for s in self.spreads):
            raise ValueError(f"spreads={self.spreads}: not all positive; give standard deviations")
        if not all(math.isfinite(a) and a >= 0 for a in self.strengths):
            raise ValueError(f"strengths={self.strengths}: not all >= 0; give distances")


def ball_mass(radius: Array, dimension: int) -> Array:
    """P[||N(0, I_q)|| <= radius] = F_q(radius^2), the regularised incomplete gamma function at (q/2, radius^2/2)."""
    return np.asarray(gammainc(dimension / 2, np.square(radius) / 2))


def main_part_shares(model: Gaussian, delta: Array) -> Array:
    """sigma_k(delta) of every class; delta (T,) >= 0 in the unit of the inputs, result (T, K)."""
    diameters = np.asarray(delta, dtype=float)[:, None] + 2 * np.array(model.strengths)  # (T, J)
    radii = diameters[:, None, :] / (2 * np.array(model.spreads)[:, None])  # (T, K, J)
    return np.asarray(ball_mass(radii, model.dimension) @ np.array(model.weights))


def sigma(model: Gaussian, delta: Array) -> Array:
    """min_k sigma_k(delta): the sigma of a (sigma, delta)-augmentation, (T,)."""
    return np.asarray(main_part_shares(model, delta).min(axis=1))


def covered(model: Gaussian, delta: Array) -> Array:
    """P[x lies in the main part of its class] = sum_k p_k sigma_k(delta) >= sigma(delta); (T,)."""
    return np.asarray(main_part_shares(model, delta) @ np.array(model.priors))


def sample(model: Gaussian, n: int, generator: np.random.Generator, label: int | None = None) -> tuple[Array, Array]:
    """Distances ||z - c_k|| and view strengths a, each (n,), of n samples of the world or of the class `label`."""
    labels = generator.choice(len(model.priors), n, p=model.priors) if label is None else np.full(n, label)
    square = np.zeros(n)
    for _ in range(model.dimension):
        square += generator.standard_normal(n) ** 2
    strength = np.array(model.strengths)[generator.choice(len(model.strengths), n, p=model.weights)]
    return np.sqrt(square) * np.array(model.spreads)[labels], strength


def quantities(name: str, model: Gaussian, *, delta: float) -> list[Quantity]:
    """sigma_k(delta) of every class and the share covered, in closed form and by Monte Carlo."""

    def inside(label: int | None) -> Sampler:
        def sampler(n: int, generator: np.random.Generator) -> Array:
            distance, strength = sample(model, n, generator, label)
            return np.asarray(2 * distance <= delta + 2 * strength)

        return sampler

    at = np.array([delta])
    shares = [Quantity(f"{name}: covered", float(covered(model, at)[0]), inside(None), share)]
    for k, value in enumerate(main_part_shares(model, at)[0]):
        shares.append(Quantity(f"{name}: sigma_{k}", float(value), inside(k), share))
    return shares


def suite_quantities() -> list[Quantity]:
    """Those of a world on a line and of one in space, each with two classes and two strengths of views."""
    return [
        *quantities("line", Gaussian(1, (0.7, 0.3), (0.3, 0.5), (0.0, 0.2), (0.5, 0.5)), delta=0.5),
        *quantities("space", Gaussian(3, (0.2, 0.8), (0.3, 0.5), (0.1, 0.6), (0.4, 0.6)), delta=1.0),
    ]


MODEL = AnalyticModel(order=3, quantities=suite_quantities)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line. Returns 0 if every closed form lies in its interval, else 1; bad arguments exit with 2 and one line."""
    parser = _parser()
    options = parser.parse_words(argv)
    spreads = tuple(options.spreads)
    try:
        at_least(options, jobs=1)
        model = Gaussian(
            options.dimension,
            tuple(options.priors or [1 / len(spreads)] * len(spreads)),
            spreads,
            tuple(options.strengths),
            tuple(options.weights or [1 / len(options.strengths)] * len(options.strengths)),
        )
        if not all(math.isfinite(delta) and delta >= 0 for delta in options.delta):
            raise ValueError(f"delta={options.delta}: not all distances; give numbers >= 0")
        pairs = [q for delta in options.delta for q in quantities(f"delta {delta:g}", model, delta=delta)]
        suite = compare(
            pairs, Rule(options.false_alarm), options.seed, workers=options.jobs, progress=show_progress(options)
        )
    except ValueError as error:
        parser.error(str(error))
    if options.json:
        print(
            json.dumps({"model": asdict(model), **as_json(model, options.delta), "suite": suite_json(suite)}, indent=2)
        )
    else:
        print("\n".join([*as_table(model, options.delta), "", *suite_table(suite)]))
    return 1 if suite.disagreeing else 0


def as_json(model: Gaussian, delta: Sequence[float]) -> dict[str, Any]:
    """sigma_k(delta), sigma(delta) and the share covered at each delta, as plain lists."""
    at = np.array(delta)
    return {
        "delta": at.tolist(),
        "sigma_k": main_part_shares(model, at).tolist(),
        "sigma": sigma(model, at).tolist(),
        "covered": covered(model, at).tolist(),
    }


def as_table(model: Gaussian, delta: Sequence[float]) -> list[str]:
    """The same as lines for a reader."""
    at = np.array(delta)
    head = ["delta", "sigma", "covered", *(f"sigma_{k}" for k in range(len(model.priors)))]
    columns = np.column_stack([at, sigma(model, at), covered(model, at), main_part_shares(model, at)])
    rows = [[f"{row[0]:g}", *(f"{value:.6f}" for value in row[1:])] for row in columns]
    return [
        f"Classes N(c_k, s_k^2 I) in {model.dimension} signal dimensions, s = {model.spreads}, p = {_short(model.priors)},",
        f"views within a = {model.strengths} with probability {_short(model.weights)}.",
        "sigma_k(delta) = sum_j q_j P[chi2 <= ((delta + 2 a_j)/(2 s_k))^2]; sigma = min_k sigma_k.",
        "",
        *aligned(head, rows),
    ]


def _short(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def _parser() -> OneLineParser:
    parser = OneLineParser(
        "gaussian",
        description="Concentration of Gaussian classes: sigma(delta) in closed form and by Monte Carlo.",
    )
    parser.add_argument("--dimension", type=integer, default=3, help="of the signal (default %(default)s)")
    parser.add_argument("--spreads", type=number, nargs="+", default=[0.3, 0.5], help="s_k (default 0.3 0.5)")
    parser.add_argument("--priors", type=number, nargs="+", help="p_k (default equal)")
    parser.add_argument("--strengths", type=number, nargs="+", default=[0.1, 0.6], help="a_j (default 0.1 0.6)")
    parser.add_argument("--weights", type=number, nargs="+", help="q_j (default equal)")
    parser.add_argument("--delta", type=number, nargs="+", default=[0.5, 1.0, 2.0], help="(default 0.5 1 2)")
    add_suite_options(parser)
    return parser

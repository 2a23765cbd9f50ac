"""Wang and Isola 2020: with many negatives InfoNCE is alignment plus uniformity.

The paper was not read; from memory, it has a deviation O(M^(-1/2)). For features of norm 1 it is of order 1/M:
u = e^(f(x1).f(x2)) for a positive, v = e^(f(x1).f(x-)) for a negative, V = E[v | x1].
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.logsum import EXPONENTIAL, log
from theory.divergence.losses import LINEAR, class_agreement, unit_features
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.neighbours.neighbour import Finding, Neighbour, left_out
from theory.prove import identity, implication
from theory.setting import Array, FiniteWorld
from theory.worlds import labelled_features, on_sphere

SOURCE = f"Wang and Isola 2020 ({UNREAD}); derived here"
VIEWS = 6000
"""Views up to which an audit contrasts all pairs."""
ROWS = 256
"""Views that are contrasted with all views at once."""
ABOVE, BELOW = float(np.exp(2)), float((np.e - 1) ** 2)
"""What `deviation` is at most, for any features of norm 1."""


def _contrasts(features: Array) -> Iterator[Array]:
    """e^(f(x1).f(x-)) for `ROWS` views x1 at a time and all views x-; features (n, m, d)."""
    views = features.reshape(-1, features.shape[2])
    for start in range(0, len(views), ROWS):
        yield np.exp(views[start : start + ROWS] @ views.T)


def asymptotic_loss(features: Array) -> float:
    """L_inf = -E f(x1).f(x2) + E log E[e^(f(x1).f(x-)) | x1], samples and views uniform; features (n, m, d) of norm 1."""
    agreement = float(class_agreement(features, np.zeros(len(features), dtype=int))[0])
    return float(np.mean(np.concatenate([np.log(v.mean(axis=1)) for v in _contrasts(features)]))) - agreement


def deviation(features: Array) -> tuple[float, float]:
    """M times by how much L_M - log M may lie above L_inf, E u/V, and below it, E Var(v | x1)/(V min v)."""
    V, variance, least = np.concatenate(
        [np.stack([v.mean(axis=1), v.var(axis=1), v.min(axis=1)]) for v in _contrasts(features)], axis=1
    )
    u = np.exp(features @ features.transpose(0, 2, 1)).mean(axis=2).ravel()
    return float((u / V).mean()), float((variance / (V * least)).mean())


def loss_of_negatives(features: Array, M: int) -> float:
    """L_M = E -log(u/(u + v_1 + ... + v_M)) over all choices of M independent negatives: (n m)^(M + 1) m terms."""
    n, m, d = features.shape
    views = features.reshape(n * m, d)
    v = np.exp(views @ views.T)
    sums = np.zeros((n * m, 1))
    for _ in range(M):
        sums = (sums[:, :, None] + v[:, None, :]).reshape(n * m, -1)
    u = np.exp(features @ features.transpose(0, 2, 1)).reshape(n * m, m)
    return float(negatives_term(u[:, :, None], sums[:, None, :]).mean())


def negatives_term(u: Any, total: Any) -> Any:
    """-log(u/(u + v_1 + ... + v_M)), total = v_1 + ... + v_M."""
    return -log(u / (u + total))


@dataclass(frozen=True)
class Contrasted:
    """Features (n, m, d) of norm 1 and a number of negatives."""

    features: Array
    negatives: int


def contrasted(rng: Rng) -> Start:
    """At most four samples with two views, 1 to 3 negatives; now and then views of a sample opposite to each other."""
    features, labels = labelled_features(rng)
    features = features[rng.permutation(len(labels))[:4], :2]
    features[:, 1] *= rng.choice([1.0, -1.0], p=[0.8, 0.2])
    M = int(rng.integers(1, 4))
    return features.ravel(), lambda point: Contrasted(on_sphere(point.reshape(features.shape)), M)


def _read(world: Contrasted) -> Reading:
    features, M = world.features, world.negatives
    excess = loss_of_negatives(features, M) - np.log(M) - asymptotic_loss(features)
    above, below = (bound / M for bound in deviation(features))
    return Reading(hypotheses={}, left=[excess, -excess, above, below], right=[above, below, ABOVE / M, BELOW / M])


def _term() -> Evidence:
    u, total, M = sympy.symbols("u total M", positive=True)
    return identity(
        "e to the left side of: -log(u/(u + sum of v_i)) - log M = -log u + log(u/M + mean of v_i); e to the right side",
        sympy.exp(negatives_term(u, total) - sympy.log(M)),
        sympy.exp(-sympy.log(u) + sympy.log(u / M + total / M)),
    )


def _above() -> Evidence:
    logarithm, V, u, M, mean, excess = z3.Reals("logarithm V u M mean excess")
    return implication(
        "log t <= t - 1 at t = (u/M + mean of v_i)/V, whose mean over the negatives, E v_i = V, is 1 + u/(M V)",
        [V > 0, M >= 1, u > 0, excess * M * V == u, mean == 1 + excess, logarithm <= mean - 1],
        logarithm <= u / (M * V),
        example={logarithm: 0, V: 1, u: 1, M: 1, mean: 2, excess: 1},
    )


def _below() -> Evidence:
    logarithm, V, v, a = z3.Reals("logarithm V v a")
    return implication(
        "log t >= 1 - 1/t at t = v/V, v the mean of the negatives, all >= a: log(v/V) >= (v - V)/V - (v - V)^2/(V a)",
        [V > 0, a > 0, v >= a, logarithm >= 1 - V / v],
        logarithm >= (v - V) / V - (v - V) ** 2 / (V * a),
        example={logarithm: 0, V: 1, v: 1, a: 1},
    )


def _variance() -> Evidence:
    M, variance, covariance = sympy.symbols("M variance covariance", positive=True)
    total = M * variance + M * (M - 1) * covariance
    return identity(
        "the mean of M negatives has the variance (M Var + M (M-1) Cov)/M^2, and Cov = 0 for independent ones: Var/M",
        (total / M**2).subs(covariance, 0),
        variance / M,
    )


def _worst_variance() -> Evidence:
    V, p, q = sympy.symbols("V p q", positive=True)
    return identity(
        "v in [a, b] with a = p^2, b = q^2: Var <= (b - V)(V - a) = V (q - p)^2 - (V - p q)^2, so Var/(V a) <= (q/p - 1)^2",
        (q**2 - V) * (V - p**2),
        V * (q - p) ** 2 - (V - p * q) ** 2,
    )


def _range() -> Evidence:
    mean, a, b, square = z3.Reals("mean a b square")
    return implication(
        "(b - v)(v - a) >= 0 on average: Var = E v^2 - V^2 <= (b - V)(V - a)",
        [a > 0, a <= b, (a + b) * mean - a * b - square >= 0],
        square - mean * mean <= (b - mean) * (mean - a),
        example={mean: 1, a: 1, b: 2, square: 1},
    )


def findings(world: FiniteWorld) -> tuple[Finding, ...]:
    """The limit of InfoNCE, and how far it may be for M negatives; no label enters."""
    features = unit_features(world)
    views = features.shape[0] * features.shape[1]
    if views > VIEWS:
        return (left_out("wang-isola", "InfoNCE of M negatives", views, VIEWS, "views"),)
    return (
        Finding(
            claim="wang-isola",
            quantity=f"M |InfoNCE of M negatives - log M - ({asymptotic_loss(features):.3f})|",
            bound=max(deviation(features)),
            measured=None,
            trivial=ABOVE,
            unmet="no label enters: it bounds no error",
        ),
    )


NEIGHBOUR = Neighbour(order=30, title="Wang and Isola 2020", findings=findings)

CLAIMS = (
    Claim(
        id="wang-isola",
        title="InfoNCE with M negatives: its limit within C/M",
        source=SOURCE,
        statement=r"\|f\|=1,\ u=e^{f(x_1)^\top f(x_2)},\ v=e^{f(x_1)^\top f(x^-)},\ V=E[v|x_1]:\ -\frac{(e-1)^2}{M}\leq"
        r"-\frac{1}{M}E\frac{Var(v|x_1)}{V\min v}\leq L_M-\log M-(-E\,f(x_1)^\top f(x_2)+E\log V)\leq"
        r"\frac{1}{M}E\frac{u}{V}\leq\frac{e^2}{M}",
        predicate=Predicate(worlds=contrasted, read=_read),
        expected=Verdict.PROVED,
        reduction="Given x1 and x2 the difference is the mean of log((u/M + mean of v_i)/V) over the negatives (`term`). "
        "From above: `above`. From below u/M is left out: `below`, with (v - V)^2 of mean Var/M (`variance`). Values between "
        "1/e and e: u/V <= e^2, and `range`, `worst variance` with a = 1/e, b = e. From memory the paper has O(M^(-1/2)).",
        trusted=(EXPONENTIAL, LINEAR),
        steps={
            "term": _term,
            "above": _above,
            "below": _below,
            "variance": _variance,
            "range": _range,
            "worst variance": _worst_variance,
        },
    ),
)

"""Linear heads on a finite domain: n features with targets, uniform weights. Risks, and all best heads, exactly.

Source: lecture, "Transferability Evaluation": R(f; D) = min_h E l(h.f(X), Y). A sample that repeats weighs more. The
losses are piecewise linear in h with their kink at h.f = y, so the vertices of the best heads solve d of these equations.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from typing import Any

import flint
import numpy as np

from theory.elementary import sqrt
from theory.setting import Array

Loss = Callable[[Any, Any], Any]


def absolute_loss(prediction: Any, target: Any) -> Any:
    """l(t, y) = |t - y|: 1-Lipschitz in t."""
    return abs(prediction - target)


def hinge_loss(prediction: Any, target: Any) -> Any:
    """l(t, y) = max(0, 1 - y t) for y = -1 or 1: 1-Lipschitz in t."""
    return np.maximum(0, 1 - target * prediction)


def zero_one_loss(prediction: Any, target: Any) -> Any:
    """1 where 1(t >= 0) is not the target, 0 or 1; floats or exact numbers. The loss of Example 1; it is not Lipschitz."""
    return ((np.asarray(prediction) >= 0) != (np.asarray(target) == 1)).astype(int)


def head_risk(head: Array, features: Array, targets: Array, loss: Loss = absolute_loss) -> Any:
    """R(h o f; D) = (1/n) sum_i l(h.f_i, y_i); head (d,), features (n, d), targets (n,); exact on Fractions."""
    return loss(features @ head, targets).sum() / len(features)


def head_norm(head: Array) -> Any:
    """||h||, Euclidean: the operator norm of a linear head with one output; head (d,)."""
    return sqrt((head**2).sum())


def optimal_heads(features: Array, targets: Array, loss: Loss = absolute_loss) -> Array:
    """The vertices of argmin_h R(h o f; D), no intercept, (count, d) Fractions. With `absolute_loss` their hull is all of it.

    features (n, d), targets (n,): Fractions, or floats taken at their exact value. `loss` is convex, piecewise linear, and
    kinked at t = y only, as `absolute_loss` and `hinge_loss` (there y = -1 or 1) are. Solves C(n, d) systems exactly.

    Raises ValueError where the features do not span R^d (then no best head is a vertex), and for other shapes.
    """
    if features.ndim != 2 or targets.shape != features.shape[:1]:
        raise ValueError(
            f"features.shape={features.shape}: with targets.shape={targets.shape}; give (n, d) and one target each, (n,)"
        )
    n, d = features.shape
    exact = np.frompyfunc(Fraction, 1, 1)
    features, targets = np.asarray(exact(features)), np.asarray(exact(targets))
    vertices = [
        vertex
        for rows in map(list, combinations(range(n), d))
        if (vertex := _interpolating(features[rows], targets[rows])) is not None
    ]
    if not vertices:
        raise ValueError(
            f"features.shape={features.shape}: they do not span R^{d}, so no best head is determined; drop a coordinate"
        )
    risks = [head_risk(vertex, features, targets, loss) for vertex in vertices]
    best = {tuple(vertex) for vertex, risk in zip(vertices, risks, strict=True) if risk == min(risks)}
    return np.array(sorted(best), dtype=object)


def _interpolating(features: Array, targets: Array) -> Array | None:
    """The head with h.f_i = y_i for the d samples given, or None where they are dependent."""
    d = len(targets)
    matrix = flint.fmpq_mat(d, d, [flint.fmpq(x.numerator, x.denominator) for x in features.ravel()])
    right = flint.fmpq_mat(d, 1, [flint.fmpq(y.numerator, y.denominator) for y in targets])
    if matrix.det() == 0:
        return None
    return np.array([Fraction(int(h.p), int(h.q)) for h in matrix.solve(right).entries()], dtype=object)

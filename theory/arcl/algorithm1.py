"""Algorithm 1 of ArCL (SimCLR + ArCL) as pure functions of features, and what it is at two views and beyond.

Source: Algorithm 1 of ArCL (Zhao et al., ICLR 2023, arXiv 2303.01092) as the lecture states it. z (N, m, d) holds m views of
N samples, s their cosine similarity, s[i, j, k, l] = sim(z_ij, z_kl), (N, m, N, m). In the sum over 2N columns, "j != i"
leaves out s_i,i = sim(z_i1, z_i1) alone: column N + i, sim(z_i1, z_i2), the positive pair of SimCLR, is in it. Line 11, which
says what the columns N + 1 to 2N are, is lost in the transcription; sim(z_i1, z_j2) is our reading of it.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import sympy
import z3
from scipy.special import logsumexp

from theory.arcl.augmentation_robust import robust_loss
from theory.checks import check_positive, check_views
from theory.falsification import Point, Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array
from theory.worlds import on_sphere


def similarities(z: Array) -> Array:
    """Cosine similarity of all pairs of views, (N, m, N, m); z (N >= 2, m >= 2, d), any non-zero norms.

    Raises ValueError for other shapes, values that are not finite, and zero vectors.
    """
    z = np.asarray(z, dtype=float)
    check_views("z", z)
    norms = np.linalg.norm(z, axis=2, keepdims=True)
    if not (norms > 0).all():
        place = [int(i) for i in np.argwhere(norms == 0)[0][:2]]
        raise ValueError(f"z{place}=0: a zero vector has no direction; drop that sample or repair the encoder")
    unit = z / norms
    return np.asarray(np.einsum("ija,kla->ijkl", unit, unit))  # i, k: samples; j, l: views; a: coordinates


def _positives(s: Array) -> Array:
    """(pairs, N): similarity of each pair of different views of a sample. A view with itself, at 1, is never the worst."""
    own = s[np.arange(len(s)), :, np.arange(len(s)), :]  # (N, m, m)
    return np.array([own[:, j, k] for j, k in combinations(range(s.shape[1]), 2)])


def worst_positive(s: Array) -> Array:
    """s_i^+ = min over j, k in [m] of sim(z_ij, z_ik), (N,). Lecture, Algorithm 1, line 7."""
    return np.asarray(np.minimum.reduce(_positives(s)))


def mean_positive(s: Array) -> Array:
    """Mean over pairs of different views of sim(z_ij, z_ik), (N,): what AAL has in the place of s_i^+."""
    positives = _positives(s)
    return np.asarray(positives.sum(axis=0) / len(positives))


def columns(s: Array) -> Array:
    """s_ij, j != i, of the 2N columns sim(z_i1, z_j1), sim(z_i1, z_j2), (N, 2N - 1). Lecture, Algorithm 1, lines 9-12."""
    n = len(s)
    both = np.concatenate([s[:, 0, :, 0], s[:, 0, :, 1]], axis=1)
    return both[~np.eye(n, 2 * n, dtype=bool)].reshape(n, 2 * n - 1)


def _log_sum_exp(x: Array) -> Array:
    if x.dtype == object:
        return np.array([sympy.log(sum(sympy.exp(value) for value in row)) for row in x])
    return np.asarray(logsumexp(x, axis=1))


def contrast(positive: Array, others: Array, tau: Any) -> Any:
    """-(1/N) sum_i log( exp(positive_i/tau) / sum_j exp(others_ij/tau) ); positive (N,), others (N, columns). Line 12."""
    if not isinstance(tau, sympy.Basic):
        check_positive("tau", tau, "give a temperature; 0.1 to 1 is usual")
    return (_log_sum_exp(others / tau) - positive / tau).sum() / len(positive)


def arcl_loss(z: Array, tau: float) -> float:
    """L of Algorithm 1: the worst positive pair over m views against 2N - 1 columns; z (N, m, d), tau > 0.

    At m = 2 it is `nt_xent_one_way`; it is never below `aal_loss`, grows with m, and for identical features is log(2N - 1).
    """
    s = similarities(z)
    return float(contrast(worst_positive(s), columns(s), tau))


def aal_loss(z: Array, tau: float) -> float:
    """As `arcl_loss` with the mean over pairs of different views in place of the worst; may be negative for m > 2."""
    s = similarities(z)
    return float(contrast(mean_positive(s), columns(s), tau))


def nt_xent_one_way(z: Array, tau: float) -> float:
    """NT-Xent anchored at view 1 only; z (N, m, d), of which views 1 and 2 are used, tau > 0.

    Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations", equation 1, averaged over the N
    anchors of view 1; `empirical.training.objectives.nt_xent` averages over the 2N anchors of both.
    """
    return float(_nt_xent_of(similarities(z), tau))


def _nt_xent_of(s: Array, tau: Any) -> Any:
    n = len(s)
    stacked = s[:, :2, :, :2].transpose(1, 0, 3, 2).reshape(2 * n, 2 * n)  # all first views, then all second views
    anchors = np.arange(n)
    others = np.array([np.delete(stacked[i], i) for i in anchors])
    return contrast(stacked[anchors, anchors + n], others, tau)


def _symbolic(n: int, m: int) -> Array:
    """A symmetric similarity tensor of free symbols."""
    s = np.empty((n, m, n, m), dtype=object)
    for index in np.ndindex(s.shape):
        i, j, k, l = index
        first, second = sorted([(i, j), (k, l)])
        s[index] = sympy.Symbol(f"s_{first[0]}{first[1]}_{second[0]}{second[1]}", real=True)
    return s


def _two_views(n: int) -> Evidence:
    tau = sympy.symbols("tau", positive=True)
    s = _symbolic(n, 2)
    return identity(
        f"Algorithm 1 at m = 2 is the one-directional NT-Xent, {n} samples with free similarities",
        contrast(worst_positive(s), columns(s), tau),
        _nt_xent_of(s, tau),
    )


def _itself() -> Evidence:
    x, y, u, v = z3.Reals("x y u v")
    similarity = x * u + y * v
    return implication(
        "unit (x, y), (u, v) have similarity <= 1 = sim(z, z): the minimum of line 7 over j, k in [m], j = k included, "
        "is that over different views",
        [x * x + y * y == 1, u * u + v * v == 1],
        z3.If(similarity <= 1, similarity, 1) == similarity,
        example={x: 1, y: 0, u: "3/5", v: "4/5"},
    )


def _same_columns() -> Evidence:
    i, j, view = z3.Reals("i j view")
    return implication(
        "the columns of Algorithm 1, (j, 1) with j != i and all (j, 2), are those of NT-Xent, all but the anchor (i, 1)",
        [z3.Or(view == 1, view == 2)],
        z3.Or(z3.And(view == 1, j != i), view == 2) == z3.Not(z3.And(j == i, view == 1)),
        example={i: 1, j: 2, view: 1},
    )


def _worst_below_mean() -> Evidence:
    mean, last, worst, w = z3.Reals("mean last worst w")
    return implication(
        "the worst positive is at most any weighted mean of positives: if of the first k, then of k + 1",
        [worst <= mean, worst <= last, w >= 0, w <= 1],
        worst <= w * mean + (1 - w) * last,
        example={mean: 1, last: 0, worst: 0, w: "1/2"},
    )


def _free(name: str, *shape: int) -> Array:
    symbols = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        symbols[index] = sympy.Symbol("_".join([name, *map(str, index)]), real=True)
    return symbols


def _anchors() -> Evidence:
    tau = sympy.symbols("tau", positive=True)
    positive, others = _free("p", 3), _free("s", 3, 2)
    return identity(
        "a loss is the mean over its anchors, each with its own positive and columns: N + 1 of them from N, at N = 2",
        3 * contrast(positive, others, tau),
        2 * contrast(positive[:2], others[:2], tau) + contrast(positive[2:], others[2:], tau),
    )


def _difference() -> Evidence:
    tau, spread = sympy.symbols("tau spread", positive=True)
    worst, other = _free("worst", 1), _free("p", 1)
    columns = np.array([[tau * spread]], dtype=object)  # one in the place of all: log sum_j exp(s_j/tau) = spread
    return identity(
        "same columns: for each anchor the losses differ by (p_i - s_i^+)/tau, p the mean positive, or that of views 1 and 2",
        contrast(worst, columns, tau) - contrast(other, columns, tau),
        (other[0] - worst[0]) / tau,
    )


def _positive_is_counted() -> Evidence:
    own, rest = z3.Reals("own rest")
    return implication(
        "the positive of NT-Xent is a term of its own sum of exponentials: own/(own + rest) < 1, each term > 0",
        [own > 0, rest > 0],
        own / (own + rest) < 1,
        example={own: 1, rest: 1},
    )


def _split() -> Evidence:
    tau, spread, square = sympy.symbols("tau spread D2", positive=True)
    columns = np.array([[tau * spread]], dtype=object)  # as in `_difference`
    return identity(
        "unit features: sim = 1 - ||.||^2/2, so each anchor has (D^2/2 - 1)/tau + log sum_j exp(s_ij/tau)",
        contrast(np.array([1 - square / 2]), columns, tau),
        (square / 2 - 1) / tau + spread,
    )


@dataclass(frozen=True)
class Batch:
    """z (N, m, d), m views of N samples as unit vectors; tau > 0."""

    z: Array
    tau: float


def _batches(rng: Rng) -> Start:
    """Clusters, tight or loose, of two to five samples and views."""
    n, m, d = (int(rng.integers(2, 6)) for _ in range(3))
    z = rng.normal(size=(n, 1, d)) + rng.choice([0.0, 0.01, 0.3, 2.0]) * rng.normal(size=(n, m, d))

    def build(point: Point) -> Batch:
        return Batch(on_sphere(point[1:].reshape(z.shape)), math.exp(np.clip(point[0], -4, 4)))

    return np.concatenate([rng.uniform(-3, 2, 1), z.ravel()]), build


def _relations(batch: Batch) -> Reading:
    """In units of 1/tau: equality at two views, the three comparisons beyond, and the split by L_AR."""
    z, tau = batch.z, batch.tau
    s = similarities(z)
    others, simclr = columns(s), _nt_xent_of(s, tau)
    two, loss, mean = (
        contrast(p, others, tau) for p in (worst_positive(s[:, :2, :, :2]), worst_positive(s), mean_positive(s))
    )
    split = (robust_loss(z) / 2 - 1) / tau + contrast(np.zeros(len(z)), others, tau)
    left = [abs(two - simclr), mean - loss, simclr - loss, -simclr, abs(loss - split)]
    return Reading(hypotheses={}, left=tau * np.array(left), right=np.zeros(len(left)))


CLAIMS = (
    Claim(
        id="arcl-algorithm-1",
        title="ArCL is NT-Xent at two views, above it beyond",
        source="ArCL (Zhao et al., ICLR 2023), Algorithm 1, as the lecture states it (as transcribed)",
        statement=r"m=2:\ L_{ArCL}=-\frac{1}{N}\sum_i\log\frac{e^{sim(z_{i1},z_{i2})/\tau}}"
        r"{\sum_{k\neq i1}e^{sim(z_{i1},z_k)/\tau}};\quad m\geq 2:\ L_{ArCL}\geq L_{AAL},\ "
        r"L_{ArCL}\geq L_{NT\,Xent}>0,\quad L_{ArCL}=\frac{1}{\tau}\left(\frac{1}{2}L_{AR,m}-1\right)+"
        r"\frac{1}{N}\sum_i\log\sum_{j\neq i}e^{s_{ij}/\tau}",
        expected=Verdict.PROVED,
        unchecked={"that the code has these columns for every N: checked at N = 2, 3": ""},
        reduction="Each loss is a mean over anchors (`anchors`). At m = 2 one pair of views is left (`itself`), and "
        "the columns are the same for every N (`same columns`); that the code has these columns is checked on free "
        "similarities at N = 2, 3. For m > 2 the columns stay those of views 1 and 2, so losses differ by their "
        "positives alone (`difference`): s_i^+ is at most the mean positive and sim(z_i1, z_i2) (`worst below mean`), "
        "and a further view can only lower it. NT-Xent is positive by `counted`; AAL need not be, as its positive is "
        "not a term of its sum. `split` adds up to L_AR,m over the anchors.",
        trusted=("exp is positive, and log x < 0 for 0 < x < 1",),
        predicate=Predicate(worlds=_batches, read=_relations),
        steps={
            "anchors": _anchors,
            "itself": _itself,
            "same columns": _same_columns,
            "m = 2, N = 2": lambda: _two_views(2),
            "m = 2, N = 3": lambda: _two_views(3),
            "worst below mean": _worst_below_mean,
            "difference": _difference,
            "counted": _positive_is_counted,
            "split": _split,
        },
    ),
)

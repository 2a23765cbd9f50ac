"""Theorem 1 for vertices on the images themselves: which vertices a class owns whatever the unproved images do.

Notation: class k has n_k images, of which N_kj are proved to lie at vertex j with all their views, and U_k are not proved.
In barycentric weights its mean is p = (N_k + U_k q)/n_k, q any law on the vertices; x = ||p - e_i||^2.
"""

from dataclasses import dataclass

import numpy as np
import sympy
import z3
from scipy.special import softmax

from theory.averages import jensen
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array
from theory.theorem1.certificates.vertex import VertexWorld, farthest_squares, nearest_squares, owned_vertices
from theory.theorem1.proofs.steps import PAPER


def _barycentric() -> Evidence:
    J, total, squares = sympy.symbols("J total squares")
    products = (total**2 - squares) * (-1 / (J - 1))  # sum over j != k of w_j w_k v_j.v_k
    return identity(
        "weights w = p - e_i add up to 0: ||sum_j w_j v_j||^2 = J/(J-1) sum_j w_j^2, so distances compare as weights do",
        (squares + products).subs(total, 0),
        J / (J - 1) * squares,
    )


def _corner() -> Evidence:
    k, most, u = z3.Reals("k most u")
    return implication(
        "all of q at v_j, j != i, adds u^2 + 2 u k_j to the square: most where k_j is largest",
        [k <= most, u >= 0],
        (k + u) ** 2 - k * k <= u * u + 2 * u * most,
        example={k: 0, most: 1, u: 1},
    )


def _home() -> Evidence:
    rest, most, u = z3.Reals("rest most u")
    return implication(
        "all of q at v_i makes the square no larger than at another vertex: 1 - k_i falls from rest + u to rest",
        [rest >= 0, most >= 0, u >= 0],
        rest * rest <= (rest + u) ** 2 + u * u + 2 * u * most,
        example={rest: 0, most: 0, u: 1},
    )


def _nearest() -> Evidence:
    rest, u, q, k, moved = z3.Reals("rest u q k moved")
    return implication(
        "1 - k_i - u q_i >= 1 - k_i - u = rest >= 0 and k_j + u q_j >= k_j: no law brings p nearer to e_i than q = e_i does",
        [rest >= 0, u >= 0, q <= 1, k >= 0, moved >= 0],
        z3.And((rest + u - u * q) ** 2 >= rest * rest, (k + u * moved) ** 2 >= k * k),
        example={rest: 0, u: 1, q: 0, k: 0, moved: 0},
    )


def _compared() -> Evidence:
    own, most, rival, least = z3.Reals("own most rival least")
    return implication(
        "own <= max < min <= rival whatever the laws are; and the laws that attain max and min are of two classes, so free",
        [own <= most, most < least, least <= rival],
        own < rival,
        example={own: 0, most: 0, least: 1, rival: 1},
    )


@dataclass(frozen=True)
class Counted:
    """Counts (K, J), unproved (K,), and laws (K, J) of the unproved."""

    counts: Array
    unproved: Array
    laws: Array


def _squares(of: Counted, laws: Array) -> Array:
    """||p_k - e_i||^2 by the definition, (K, J), for laws (K, J)."""
    sizes = of.counts.sum(axis=1) + of.unproved
    weights = (of.counts + of.unproved[:, None] * laws) / sizes[:, None]
    return np.asarray(((weights[:, None] - np.eye(laws.shape[1])) ** 2).sum(axis=2))


def _worlds(rng: Rng) -> Start:
    """Mostly proved at one vertex; the laws of the unproved at random, or next to a vertex."""
    K, J = int(rng.integers(2, 5)), int(rng.integers(2, 6))
    counts = rng.integers(0, 4, (K, J)) * (rng.random((K, J)) < 0.5)
    counts[np.arange(K), rng.integers(0, J, K)] += rng.integers(1, 12, K)
    unproved = rng.integers(0, 6, K)
    logits = rng.choice([1.0, 20.0]) * rng.normal(size=(K, J))
    return logits.ravel(), lambda point: Counted(counts, unproved, softmax(point.reshape(K, J), axis=1))


def _read(of: Counted) -> Reading:
    """The laws lie between the extremes, which all of q at some vertex attains; and the error under the laws."""
    K, J = of.counts.shape
    sizes = of.counts.sum(axis=1) + of.unproved
    most, least = (
        (squares / sizes.astype(object)[:, None] ** 2).astype(float)
        for squares in (farthest_squares(of.counts, of.unproved), nearest_squares(of.counts))
    )
    corners = np.array([_squares(of, np.broadcast_to(corner, (K, J))) for corner in np.eye(J)])
    squares = _squares(of, of.laws)
    owned = owned_vertices(of.counts, of.unproved)
    rivals = np.array([np.delete(squares, k, axis=0).min(axis=0) for k in range(K)])
    wrong = of.unproved.sum() + of.counts[squares >= rivals].sum()
    certified = VertexWorld(of.counts, of.unproved, owned).error
    return Reading(
        hypotheses={},
        left=np.array([*squares.flat, *least.flat, *most.flat, *corners.min(axis=0).flat, wrong / sizes.sum()]),
        right=np.array([*most.flat, *squares.flat, *corners.max(axis=0).flat, *least.flat, certified]),
    )


CLAIMS = (
    Claim(
        id="thm-1-vertex-exact",
        title="Vertices that a class owns, on the images themselves",
        source="derived from " + PAPER,
        statement=r"p_k=\frac{N_k+U_kq_k}{n_k},\ q_k\in\Delta:\quad "
        r"\max_q n_l^2\|p_l-e_i\|^2=(n_l-N_{li})^2+\sum_{j\neq i}N_{lj}^2+U_l^2+2U_l\max_{j\neq i}N_{lj},\quad "
        r"\min_q n_k^2\|p_k-e_i\|^2=(n_k-N_{ki}-U_k)^2+\sum_{j\neq i}N_{kj}^2;\quad "
        r"Err(G_f)\leq 1-\frac{1}{n}\sum_{(l,i):\max_q\|p_l-e_i\|<\min_q\|p_k-e_i\|\forall k\neq l}N_{li}",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="Features are vertices of a regular simplex, so distances are those of `barycentric` weights up to a "
        "common factor. x is convex in q (`convex`), so its maximum lies at a vertex: the fullest of the others (`corner`, "
        "`home`). Its minimum lies at q = e_i (`nearest`, coordinate by coordinate). A proved image at v_i is then "
        "classified correctly in every view, for every law on A(x) (`compared`), and the condition is necessary: "
        "the two extremes are attained together. Unproved images count as wrong.",
        unchecked={"the laws of two classes are free of each other, so that both extremes are attained together": ""},
        steps={
            "barycentric": _barycentric,
            "convex": lambda: jensen("the square of a coordinate is convex in the law, and so is a sum of squares"),
            "corner": _corner,
            "home": _home,
            "nearest": _nearest,
            "compared": _compared,
        },
    ),
)

"""Theorem 1 for features that are vertices: alpha_l + alpha_k > 1 and pi(k) != pi(l) for all k != l.

Notation: v_j are points D apart of each other, for instance the vertices of a regular simplex; alpha_l is any lower bound on
the share of class l all of whose views lie at v_{pi(l)}. The other views of a class lie at any vertices, by any law.
u = v_{pi(l)}, p = mu_l, q = mu_k.

The condition compares one class with one rival, so that a class is met whatever the anchors of its rivals are to each other:
classes that share an anchor cost their own mass and nothing else. Of a rival some vertex other than pi(l) must be known to
hold a share alpha_k > 1 - alpha_l. Without one (no anchor, or the anchor of l itself) the rival may lie at v_{pi(l)} with
all its views; then its mean is v_{pi(l)} too, at least as near as p, and class l is misclassified at alpha_l = 1 even.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy
import z3

from theory.averages import markov, triangle
from theory.factors import nearest_mean_error
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.setting import Array, FiniteWorld
from theory.theorem1.certificates.vertex import rival_shares, vertex_margin
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.proofs.steps import PAPER
from theory.worlds import with_pinned


def _simplex() -> Evidence:
    J = sympy.Symbol("J", positive=True)
    product = -1 / (J - 1)
    distance = 2 - 2 * product
    return identity(
        "unit vectors of products -1/(J-1): ||v_i - v_j||^2 = 2 J/(J-1) =: D^2, and (v_j - v_i).(v_k - v_i) = D^2/2",
        (distance - 2 * J / (J - 1)) ** 2 + (product - product - product + 1 - distance / 2) ** 2,
        sympy.Integer(0),
    )


def _polarised() -> Evidence:
    a, b, i = (sympy.Matrix(sympy.symbols(f"{name}1:4", real=True)) for name in "abi")
    return identity(
        "2 (a - i).(b - i) = ||a - i||^2 + ||b - i||^2 - ||a - b||^2: D^2 for a = b, D^2/2 for points D apart, 0 for a = i",
        sympy.expand(2 * (a - i).dot(b - i)),
        sympy.expand((a - i).dot(a - i) + (b - i).dot(b - i) - (a - b).dot(a - b)),
    )


def _own() -> Evidence:
    alpha, D, inside, outside, own = z3.Reals("alpha D inside outside own")
    return implication(
        "||u - p|| is at most the mean of ||u - f(x')||: 0 on the share alpha or more, D at most elsewhere",
        [D > 0, inside >= alpha, outside >= 0, inside + outside == 1, own <= inside * 0 + outside * D],
        own <= (1 - alpha) * D,
        example={alpha: "1/2", D: 1, inside: 1, outside: 0, own: 0},
    )


def _rival() -> Evidence:
    alpha, D, along, rival = z3.Reals("alpha D along rival")
    return implication(
        "(q - u).(v_{pi(k)} - u) is the mean of numbers that are D^2 on the share alpha_k and nowhere negative: >= alpha_k "
        "D^2, and <= ||q - u|| D",
        [D > 0, along >= alpha * (D * D), along <= rival * D],
        rival >= alpha * D,
        example={alpha: "1/2", D: 1, along: 1, rival: 1},
    )


def _condition() -> Evidence:
    a, b, D, own, rival = z3.Reals("a b D own rival")
    return implication(
        "||u - p|| <= (1 - alpha_l) D < alpha_k D <= ||u - q||",
        [D > 0, vertex_margin(a, b) > 0, own <= (1 - a) * D, rival >= b * D],
        own < rival,
        example={a: 1, b: 1, D: 1, own: 0, rival: 1},
    )


def _lost() -> Evidence:
    error, share, kept, own, p, inside = z3.Reals("error share kept own p inside")
    return implication(
        "one more class that is met: its errors weigh at most p_l - mass_l, by which the sum over classes grows at most",
        [error <= share - kept, own <= p - inside],
        error + own <= (share + p) - (kept + inside),
        example={error: 0, share: 1, kept: 1, own: 0, p: 1, inside: 1},
    )


def _tie() -> Evidence:
    alpha, beta = sympy.symbols("alpha beta", real=True)
    a, b = (sympy.Matrix(sympy.symbols(f"{name}1:4", real=True)) for name in "ab")
    apart = (alpha * a + (1 - alpha) * b - beta * b - (1 - beta) * a).subs(beta, 1 - alpha)
    return identity(
        "alpha_k = 1 - alpha_l, the rest of either class at the other's anchor: the two means are one point, all ties",
        sympy.expand(apart.dot(apart)),
        sympy.Integer(0),
    )


def _shared() -> Evidence:
    alpha, D, own, rival = z3.Reals("alpha D own rival")
    return implication(
        "pi(k) = pi(l), alpha_k = 1: ||u - q|| <= (1 - alpha_k) D is 0, and u is not nearer to p than to q",
        [D > 0, alpha == 1, own >= 0, rival <= (1 - alpha) * D],
        z3.Not(own < rival),
        example={alpha: 1, D: 1, own: 0, rival: 0},
    )


@dataclass(frozen=True)
class Vertices:
    """A world whose features are vertices.

    corners  (J, d) of one norm, equally far from each other
    places   (n, m) which of them each view lies at
    labels   (n,)
    anchors  (K,)
    met      (K,) bool: the classes of which the condition is asked
    part     in [0, 1]: which part of the share at the anchor alpha_l is
    """

    corners: Array
    places: Array
    labels: Array
    anchors: Array
    met: Array
    part: float

    @property
    def world(self) -> FiniteWorld:
        """The features, which are their own inputs."""
        features = self.corners[self.places]
        return FiniteWorld(features, features, self.labels)

    @property
    def inside(self) -> Array:
        """Samples all of whose views lie at the anchor of their class, (n,) bool."""
        return np.asarray((self.places == self.anchors[self.labels][:, None]).all(axis=1))


def tied() -> Vertices:
    """Two classes of two samples, one of either at each of two vertices: alpha_l = alpha_k = 1/2, and both means coincide."""
    corners = np.array([[1.0], [-1.0]])
    places = np.array([[0, 0], [1, 1], [1, 1], [0, 0]])
    return Vertices(corners, places, np.array([0, 0, 1, 1]), np.array([0, 1]), np.ones(2, dtype=bool), 1.0)


def _equidistant(J: int, lift: float) -> Array:
    """J unit vectors, (J, J), equally far from each other: orthonormal at lift 0, a simplex about the origin near lift 1."""
    rows = np.eye(J) - lift / J
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _worlds(rng: Rng) -> Start:
    """Scores whose largest names the vertex: mostly the anchor's, else the anchor of a rival or any, in all views or one.

    Half the time the shares at the anchors of two classes add up to about 1; a quarter of the time anchors may be shared.
    """
    J, views = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    K = int(rng.integers(2, J + 1))
    labels = np.repeat(np.arange(K), rng.integers(2, 9, K))
    anchors = rng.integers(0, J, K) if rng.random() < 0.25 else rng.permutation(J)[:K]
    share = rng.uniform(0.2, 0.9) if rng.random() < 0.5 else 1.0
    kept = np.where(labels == 0, share, np.where(labels == 1, 1.15 - share if share < 1 else 0.9, 0.9))
    home = anchors[labels]
    away = np.where(rng.random(len(labels)) < 0.7, anchors[(labels + 1) % K], rng.integers(0, J, len(labels)))
    places = np.repeat(np.where(rng.random(len(labels)) < kept, home, away)[:, None], views, axis=1)
    places = np.where(rng.random(places.shape) < rng.choice([0.0, 0.1]), rng.integers(0, J, places.shape), places)
    met = np.arange(K) == rng.integers(K) if rng.random() < 0.5 else rng.random(K) < 0.7
    scores = np.eye(J)[places] + 0.1 * rng.normal(size=(*places.shape, J))
    rest = np.array([rng.choice([1.0, 0.9, 0.0, rng.random()]), rng.choice([1.0, rng.random()])])

    def build(point: Array) -> Vertices:
        lift, part = np.clip(point[-2:], 0.0, 1.0)
        places = point[:-2].reshape(scores.shape).argmax(axis=2)
        return Vertices(_equidistant(J, float(lift)), places, labels, anchors, met, float(part))

    return np.append(scores.ravel(), rest), build


def _read(of: Vertices) -> Reading:
    """The condition for the classes of which it is asked, each against every other class."""
    counts = np.bincount(of.labels)
    inside = np.bincount(of.labels[of.inside], minlength=len(counts))
    alpha = of.part * inside / counts
    margins = vertex_margin(alpha[:, None], rival_shares(alpha, of.anchors))[of.met]
    return Reading(
        hypotheses={"alpha_l + alpha_k > 1, pi(k) != pi(l)": float(margins.min(initial=np.inf)) - ROUNDING},
        left=float(nearest_mean_error(of.world, any_view=True)),
        right=float(1 - Fraction(int(inside[of.met].sum()), len(of.labels))),
        trivial=1.0,
    )


CLAIMS = (
    Claim(
        id="thm-1-vertex",
        title="Theorem 1 for vertices: alpha_l + alpha_k > 1",
        source="derived from " + PAPER,
        statement=r"f(x^\prime)\in\{v_1,\ldots,v_J\},\ \|v_i-v_j\|=D\ \forall i\neq j,\quad "
        r"\alpha_l\leq P[x\in C_l,\ \forall x^\prime\in A(x):f(x^\prime)=v_{\pi(l)}]/p_l:\quad "
        r"\pi(k)\neq\pi(l),\ \alpha_l+\alpha_k>1\ \forall l\in M,\ k\neq l\ \Rightarrow\ "
        r"Err(G_f)\leq 1-\sum_{l\in M}P[x\in C_l,\ \forall x^\prime\in A(x):f(x^\prime)=v_{\pi(l)}]",
        predicate=Predicate(worlds=with_pinned(tied(), _worlds), read=_read),
        expected=Verdict.PROVED,
        reduction="u = v_{pi(l)}. `triangle`: ||u - p|| is at most the mean of the distances from u, `own`. Along "
        "v_{pi(k)} - u, which has length D, every vertex lies at D^2, D^2/2 or 0 (`products`), so `markov` and "
        "`Cauchy-Schwarz` give `rival`; `condition` makes u strictly nearer to p than to q. What lies elsewhere is "
        "misclassified at most (`lost`). `simplex`: the vertices of a regular simplex are such points. `tie`: with "
        "alpha_l + alpha_k = 1 the conclusion is false, at every alpha_l; `shared`: so it is at alpha_l = alpha_k = 1 where "
        "pi(k) = pi(l). Rivals of l may share an anchor. No norm and no law on A(x) is used.",
        trusted=("the class mean is a mean of features",),
        steps={
            "simplex": _simplex,
            "products": _polarised,
            "triangle": triangle,
            "own": _own,
            "markov": markov,
            "Cauchy-Schwarz": cauchy_schwarz,
            "rival": _rival,
            "condition": _condition,
            "lost": _lost,
            "tie": _tie,
            "shared": _shared,
        },
    ),
)

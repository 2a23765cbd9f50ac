"""HaoChen et al. 2021: spectral contrastive learning factorises the augmentation graph, and a linear probe finds the classes.

The paper was not read; the statements are from memory, and the proofs are ours. phi = P[y(v) != y(v+)] counts the
edges between classes; with the first k eigenvectors as features the probe fails on at most 2 phi/lambda_(k+1). For the
features of any encoder 1/lambda_(k+1) becomes nu, the best constant for the space that they span. Where no two samples share
a view the graph falls into n pieces, and both are infinite for every k < n.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
import z3

from theory.divergence.infonce_split import unit_product
from theory.divergence.losses import class_agreement
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.neighbours.augmentation_graph import (
    RANK,
    ViewGraph,
    basis,
    graph_of_nodes,
    normalised_adjacency,
    probe,
    sharpness,
    spectrum,
    view_nodes,
)
from theory.neighbours.neighbour import Finding, Neighbour
from theory.prove import cauchy_schwarz, identity, implication
from theory.setting import Array, FiniteWorld

SOURCE = f"HaoChen et al. 2021, spectral contrastive learning ({UNREAD}); derived here"
NODES = 1500
"""Distinct views up to which the eigenvalues are computed."""


def residual_bound(phi: Any, nu: Any) -> Any:
    """min_B E ||B f(v) - e_y(v)||^2 is at most this; nu = 1/lambda_(k+1) for the first k eigenvectors."""
    return phi * nu


def error_bound(phi: Any, nu: Any, ambiguity: Any = 0) -> Any:
    """The error of that head is at most this: on views, and with P[y(v) != class of the sample] added on samples."""
    return 2 * residual_bound(phi, nu) + ambiguity


def spectral_loss(features: Array) -> Any:
    """L_spec = -2 E f(x1).f(x2) + E (f(x1).f(x-))^2, features (n, m, d)."""
    rows = features.reshape(-1, features.shape[2])
    second = rows.T @ rows / len(rows)
    return -2 * class_agreement(features, np.zeros(len(features), dtype=int))[0] + (second**2).sum()


def edge_loss(w: Any, own: Any, other: Any, product: Any) -> Any:
    """What the pair of views v, v' adds to L_spec: w(v, v'), w(v), w(v') and f(v).f(v')."""
    return -2 * w * product + own * other * product**2


@dataclass(frozen=True)
class Encoded:
    """A graph of views, features (N, d) of any norm, and how many eigenvectors are taken."""

    graph: ViewGraph
    features: Array
    k: int


def encoded_graphs(rng: Rng) -> Start:
    """Graphs of 2 to 6 samples on 3 to 8 views, with random features.

    Laws of all kinds: any, one law for all samples, blocks of samples that are separate or nearly so, with the classes or
    across them.
    """
    n, views, classes = int(rng.integers(2, 7)), int(rng.integers(3, 9)), int(rng.integers(2, 4))
    labels = rng.permutation(np.arange(n) % min(classes, n))
    k, d = int(rng.integers(1, views)), int(rng.integers(1, views))
    blocks = labels if rng.random() < 0.5 else rng.permutation(labels)
    home = np.arange(views) % (int(blocks.max()) + 1) == blocks[:, None]
    laws = [
        rng.random((n, views)),
        np.tile(rng.random(views), (n, 1)),
        home * rng.random((n, views)) + rng.choice([0.0, 1e-3, 1e-2, 0.1]) * rng.random((n, views)),
    ][rng.integers(3)]
    seen = laws > 0

    def build(point: Array) -> Encoded:
        laws = (abs(point[: n * views].reshape(n, views)) + 1e-6) * seen
        graph = ViewGraph(laws / laws.sum(axis=1, keepdims=True), labels)
        return Encoded(graph, point[n * views :].reshape(views, d), k)

    return np.concatenate([laws.ravel(), rng.normal(size=views * d)]), build


def _own(graph: ViewGraph, features: Array) -> Array:
    """A basis of the affine functions of features (N, d)."""
    return basis(graph, np.column_stack([np.ones(len(features)), features]))


def _read_probe(world: Encoded) -> Reading:
    """The first k eigenvectors, and the affine functions of the features where they hold the kernel of L."""
    graph, (values, vectors) = world.graph, spectrum(world.graph)
    own, phi, ambiguity = _own(graph, world.features), graph.inconsistency, graph.ambiguity
    nu, inverse = sharpness(values, vectors, own), 1 / max(values[world.k], RANK)
    spaces, left, right = [(vectors[:, : world.k], inverse)], [], []
    for space, constant in [*spaces, (own, nu)] if nu < np.inf else spaces:
        fit = probe(graph, space)
        left += [fit.residual, fit.error, fit.samples]
        right += [residual_bound(phi, constant), error_bound(phi, constant), error_bound(phi, constant, ambiguity)]
    return Reading(hypotheses={"lambda_(k+1) > 0": values[world.k] - RANK}, left=left, right=right, trivial=1.0)


def _read_factorisation(world: Encoded) -> Reading:
    graph, f = world.graph, world.features
    F = np.sqrt(graph.weights)[:, None] * f
    A = normalised_adjacency(graph)
    loss = edge_loss(graph.joint, graph.weights[:, None], graph.weights, f @ f.T).sum()
    return Reading(hypotheses={}, left=abs(((A - F @ F.T) ** 2).sum() - loss - (A**2).sum()), right=0.0)


def separate_graphs(rng: Rng) -> Start:
    """Graphs of 2 to 5 samples of which no two share a view, and k < n."""
    n, m = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    labels, k = np.arange(n) % 2, int(rng.integers(1, n))

    def build(point: Array) -> Encoded:
        laws = np.kron(np.eye(n), np.ones(m)) * np.tile(abs(point.reshape(n, m)) + 1e-3, n)
        return Encoded(ViewGraph(laws / laws.sum(axis=1, keepdims=True), labels), np.ones((n * m, 1)), k)

    return rng.random(n * m), build


def _read_separate(world: Encoded) -> Reading:
    values, _ = spectrum(world.graph)
    samples = int((values == 0).sum())
    expected = np.where(np.arange(len(values)) < samples, 0.0, 1.0)
    return Reading(
        hypotheses={}, left=[abs(values - expected).max(), values[world.k], world.graph.inconsistency], right=[0.0] * 3
    )


def _entry() -> Evidence:
    w, own, other, product = sympy.symbols("w own other product", positive=True)
    root = sympy.sqrt(own * other)
    return identity(
        "one entry of ||A-bar - F F^T||^2, where F has the rows sqrt(w(v)) f(v): its square, and the pair's part of L_spec",
        (w / root - root * product) ** 2,
        (w / root) ** 2 + edge_loss(w, own, other, product),
    )


def _edges() -> Evidence:
    w, a, b = sympy.symbols("w a b", real=True)
    return identity(
        "w (a^2 + b^2)/2 - w a b = w (a - b)^2/2 for one pair of views; summed: g^T L g = E (g(v) - g(v+))^2/2",
        w * (a**2 + b**2) / 2 - w * a * b,
        w * (a - b) ** 2 / 2,
    )


def _residual() -> Evidence:
    r, form, energy, nu, phi = z3.Reals("r form energy nu phi")
    return implication(
        "r = (I-P) g: ||r||^2 = r.g, (r.g)^2 <= (r^T L^+ r) (g^T L g) and r^T L^+ r <= nu ||r||^2 give ||r||^2 <= nu g^T L g",
        [r >= 0, form >= 0, energy >= 0, r * r <= form * energy, form <= nu * r, nu >= 0, phi == energy],
        r <= residual_bound(phi, nu),
        example={r: 1, form: 1, energy: 2, nu: 1, phi: 2},
    )


def _wrong() -> Evidence:
    own, rival, rest = z3.Reals("own rival rest")
    return implication(
        "where a rival's score is no smaller than that of the class: ||B f - e_y||^2 >= (1 - own)^2 + rival^2 >= 1/2",
        [rival >= own, rest >= 0],
        2 * ((1 - own) ** 2 + rival * rival + rest) >= 1,
        example={own: 0, rival: 1, rest: 0},
    )


def _samples() -> Evidence:
    views, ambiguity, samples, phi, nu = z3.Reals("views ambiguity samples phi nu")
    return implication(
        "a head that is wrong on the sample is wrong on the view, or the view's label is not the sample's",
        [samples <= views + ambiguity, views <= error_bound(phi, nu)],
        samples <= error_bound(phi, nu, ambiguity),
        example={views: 0, ambiguity: 0, samples: 0, phi: 0, nu: 1},
    )


def _block() -> Evidence:
    p, a, b = sympy.symbols("p a b", positive=True)
    return identity(
        "views a, b of one sample and of no other: w(v, v') = p a b and w(v) = p a, so A-bar has the entry sqrt(a b)",
        p * a * b / sympy.sqrt(p * a * p * b),
        sympy.sqrt(a) * sympy.sqrt(b),
    )


def findings(world: FiniteWorld) -> tuple[Finding, ...]:
    """The linear probe on 2 K spectral features, and the affine probe on the encoder's own features."""
    nodes, k = view_nodes(world), 2 * world.classes
    graph = graph_of_nodes(nodes, world.labels)
    views, pieces = graph.laws.shape[1], graph.components
    own = _own(graph, world.features.reshape(nodes.size, -1)[np.unique(nodes, return_index=True)[1]])
    measured, inverse, nu, error = probe(graph, own).samples, np.inf, np.inf, None
    solvable, split = views <= NODES, f"{views} different views form {pieces} components"
    if solvable and pieces <= max(k, own.shape[1]):
        values, vectors = spectrum(graph)
        nu = sharpness(values, vectors, own)
        if pieces <= k:
            first = vectors[:, :k]
            inverse, error = sharpness(values, vectors, first), probe(graph, first).samples
    many = f"{views} different views: eigenvalues left out beyond {NODES}"
    none = f"{split}: lambda_{k + 1} = 0" if pieces > k else many
    torn = f"{split}, not told apart by affine functions" if solvable or pieces > own.shape[1] else many
    return (
        _finding(graph, f"probe on {k} spectral features", inverse, error, none),
        _finding(graph, "affine probe on the features", nu, measured, torn),
    )


def _finding(graph: ViewGraph, quantity: str, nu: float, measured: float | None, unmet: str) -> Finding:
    met = nu < np.inf
    return Finding(
        claim="haochen-probe",
        quantity=f"{quantity}, share of views misclassified",
        bound=error_bound(graph.inconsistency, nu, graph.ambiguity) if met else np.inf,
        measured=measured,
        trivial=1.0,
        unmet="" if met else unmet,
    )


NEIGHBOUR = Neighbour(order=10, title="HaoChen et al. 2021", findings=findings)

SPECTRAL = "the spectral theorem for symmetric matrices"
CLAIMS = (
    Claim(
        id="haochen-factorisation",
        title="Spectral contrastive loss factorises the graph",
        source=SOURCE,
        statement=r"\bar A_{vv'}=w_{vv'}/\sqrt{w_vw_{v'}},\ F_v=\sqrt{w_v}f(v):\ \|\bar A-FF^\top\|_F^2="
        r"-2E\,f(x_1)^\top f(x_2)+E(f(x_1)^\top f(x^-))^2+\|\bar A\|_F^2",
        predicate=Predicate(worlds=encoded_graphs, read=_read_factorisation),
        expected=Verdict.PROVED,
        reduction="Entry by entry (`entry`): the positives x1, x2 are the pair v, v' with probability w(v, v'), the "
        "negatives with probability w(v) w(v').",
        steps={"entry": _entry},
    ),
    Claim(
        id="haochen-probe",
        title="Linear probe on spectral features, 2 phi/lambda",
        source=SOURCE,
        statement=r"y(v)\text{ the class that }v\text{ is most often of},\ \phi=P[y(v)\neq y(v^+)],\ \lambda_{k+1}>0:\ "
        r"\min_BE\|Bf(v)-e_{y(v)}\|^2\leq\frac{\phi}{\lambda_{k+1}},\ "
        r"P[\arg\max Bf(v)\neq y(v)]\leq\frac{2\phi}{\lambda_{k+1}},\ "
        r"P[\arg\max Bf(v)\neq y]\leq\frac{2\phi}{\lambda_{k+1}}+P[y(v)\neq y]\ "
        r"(f\text{ the first }k\text{ eigenvectors});\ \text{for any }f\text{ whose span holds }\ker L,"
        r"\text{ with }\nu=\lambda_{max}((I-P_f)L^+(I-P_f))\text{ for }"
        r"1/\lambda_{k+1}",
        predicate=Predicate(worlds=encoded_graphs, read=_read_probe),
        expected=Verdict.PROVED,
        reduction="g = sqrt(w) e_y, class by class: the sum of g^T L g is phi (`edges`; `unit vectors`, ||e_y - e_y'||^2/2 "
        "= 1 - e_y.e_y'). Its residual r = (I-P) g satisfies ||r||^2 = r.g <= nu g^T L g (`Cauchy-Schwarz` for L^(-1/2) r "
        "and L^(1/2) g, `residual`); r is orthogonal to the kernel of L, or nu is infinite. For the first k eigenvectors "
        "nu = 1/lambda_(k+1). A wrong view costs at least 1/2 (`wrong`; a tie is wrong). Where samples of several classes "
        "share a view, P[y(v) != class of the sample] is added (`samples`). Both constants are attained: samples of two "
        "equally large classes with one law of views, k = 1 (a test).",
        trusted=(SPECTRAL,),
        steps={
            "edges": _edges,
            "unit vectors": unit_product,
            "Cauchy-Schwarz": cauchy_schwarz,
            "residual": _residual,
            "wrong": _wrong,
            "samples": _samples,
        },
    ),
    Claim(
        id="haochen-disjoint",
        title="Disjoint view sets: the graph of views is void",
        source=f"derived; HaoChen et al. 2021 ({UNREAD})",
        statement=r"A(x)\cap A(x')=\emptyset\ \forall x\neq x':\ \lambda_1=\dots=\lambda_n=0,\ \lambda_{n+1}=\dots=1,\ "
        r"\phi=0:\ \phi/\lambda_{k+1}\text{ is undefined for every }k<n",
        predicate=Predicate(worlds=separate_graphs, read=_read_separate),
        expected=Verdict.PROVED,
        reduction="A-bar consists of one block for each sample, u u^T with u = sqrt(A(.|x)) (`block`), and ||u||^2 = sum of "
        "A(v|x) = 1: (u u^T) g = (u.g) u has the eigenvalue 1 once, else 0. All views of a sample have its label: phi = 0.",
        trusted=(SPECTRAL,),
        steps={"block": _block},
    ),
)

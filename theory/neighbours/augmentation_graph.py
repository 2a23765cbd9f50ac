"""The augmentation graph: views are nodes, and two are joined by how often they are views of one sample.

w(v, v') = E_x A(v|x) A(v'|x), w(v) = sum_v' w(v, v'), A-bar = w(v, v') / sqrt(w(v) w(v')), L = I - A-bar with eigenvalues
0 = lambda_1 <= lambda_2 <= ... <= 1. A function g of views is the vector of sqrt(w(v)) g(v): then E g^2 is its squared norm.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from theory.setting import Array, FiniteWorld

RANK = 1e-9
"""Singular values below this share of the largest, and eigenvalues of L below this, count as 0."""
TIE = 1e-12
"""Scores that differ by no more than this are a tie, which counts as wrong."""


@dataclass(frozen=True)
class ViewGraph:
    """The graph of N views of n samples that are equally likely.

    laws    (n, N) A(v|x), an array or a sparse one; every view occurs
    labels  (n,) 0..K-1, K >= 2
    """

    laws: Any
    labels: Array

    @property
    def joint(self) -> Array:
        """w(v, v'), (N, N)."""
        product = self.laws.T @ self.laws / len(self.labels)
        return np.asarray(product.toarray() if sparse.issparse(product) else product)

    @property
    def mass(self) -> Array:
        """P[view v, class k of the sample], (N, K)."""
        return np.asarray(self.laws.T @ np.eye(int(self.labels.max()) + 1)[self.labels] / len(self.labels))

    @property
    def weights(self) -> Array:
        """w(v), (N,)."""
        return np.asarray(self.mass.sum(axis=1))

    @property
    def view_labels(self) -> Array:
        """y(v), (N,): the class that a view belongs to most often, the first at a tie."""
        return np.asarray(self.mass.argmax(axis=1))

    @property
    def ambiguity(self) -> float:
        """P[y(v) != class of the sample]: what no head on views can avoid."""
        return float(1 - self.mass.max(axis=1).sum())

    @property
    def inconsistency(self) -> float:
        """phi = P[y(v) != y(v+)] for two independent views v, v+ of one sample."""
        labels = self.view_labels
        return float(self.joint[labels[:, None] != labels].sum())

    @property
    def components(self) -> int:
        """Connected components: n where no two samples share a view."""
        laws = sparse.csr_array(self.laws)
        return int(connected_components(sparse.block_array([[None, laws], [laws.T, None]]), directed=False)[0])


def view_nodes(world: FiniteWorld) -> Array:
    """The node of every view, (n, m), 0..N-1 in the order of their first views: equal views are one node."""
    rows = np.ascontiguousarray(world.views.reshape(-1, world.views.shape[2])) + 0.0  # -0.0 is 0.0
    nodes = dict[bytes, int]()
    return np.array([nodes.setdefault(row.tobytes(), len(nodes)) for row in rows]).reshape(world.views.shape[:2])


def graph_of_nodes(nodes: Array, labels: Array) -> ViewGraph:
    """The graph of samples with these nodes (n, m), m uniform views each."""
    n, m = nodes.shape
    entries = (np.full(n * m, 1 / m), (np.repeat(np.arange(n), m), nodes.ravel()))
    return ViewGraph(sparse.csr_array(entries, shape=(n, int(nodes.max()) + 1)), labels)


def normalised_adjacency(graph: ViewGraph) -> Array:
    """A-bar, (N, N)."""
    roots = np.sqrt(graph.weights)
    return np.asarray(graph.joint / np.outer(roots, roots))


def spectrum(graph: ViewGraph) -> tuple[Array, Array]:
    """The eigenvalues of L in increasing order (N,), those below `RANK` as 0, and its eigenvectors in columns (N, N)."""
    values, vectors = np.linalg.eigh(np.eye(len(graph.joint)) - normalised_adjacency(graph))
    return np.where(values < RANK, 0.0, values), vectors


def basis(graph: ViewGraph, features: Array) -> Array:
    """An orthonormal basis (N, r) of the functions B f of features (N, d)."""
    left, values, _ = np.linalg.svd(np.sqrt(graph.weights)[:, None] * features, full_matrices=False)
    return np.asarray(left[:, values > RANK * values[0]])


@dataclass(frozen=True)
class Probe:
    """The least-squares head on a space of functions of views.

    residual  min_B E ||B f(v) - e_y(v)||^2
    error     P[argmax_k (B f(v))_k is not y(v) alone]
    samples   the same against the class of the sample that v was drawn from
    """

    residual: float
    error: float
    samples: float


def probe(graph: ViewGraph, space: Array) -> Probe:
    """The least-squares head for the labels of the views, on the space with the orthonormal basis (N, r)."""
    mass, classes = graph.mass, np.eye(int(graph.labels.max()) + 1)
    roots, own = np.sqrt(mass.sum(axis=1))[:, None], classes[mass.argmax(axis=1)]
    fitted = space @ (space.T @ (roots * own))
    scores = fitted / roots
    first, second = np.sort(scores, axis=1)[:, :-3:-1].T
    alone = (first - second > TIE)[:, None]
    missed = 1 - classes[scores.argmax(axis=1)] * alone
    return Probe(
        residual=float(((roots * own - fitted) ** 2).sum()),
        error=float((missed * own).sum(axis=1) @ mass.sum(axis=1)),
        samples=float((missed * mass).sum()),
    )


def sharpness(values: Array, vectors: Array, space: Array) -> float:
    """nu, the least number with min_B E (B f(v) - g(v))^2 <= nu/2 E (g(v) - g(v+))^2 for all g: the largest eigenvalue of
    (I - P) L^+ (I - P), P the projection on the space; inf where a function that is constant on components is not in it.

    values, vectors   `spectrum` of the graph
    space             (N, r) an orthonormal basis

    For the space of the first k eigenvectors of L it is 1/lambda_(k+1); no space of dimension k has a smaller one.
    """
    outside = vectors - space @ (space.T @ vectors)
    kernel = values == 0
    if np.linalg.norm(outside[:, kernel]) > RANK:
        return float("inf")
    return float(np.linalg.norm(outside[:, ~kernel] / np.sqrt(values[~kernel]), 2) ** 2) if not kernel.all() else 0.0

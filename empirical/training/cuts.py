"""Clusters of a neighbour graph by normalised cuts: of a few thousand samples with all their distances, or of many points.

Samples are joined to their nearest neighbours with weight exp(-d_ij^2 / (s_i s_j)), where s_i is the distance of sample i to
its neighbour `LOCAL_NEIGHBOUR`. Source: Shi and Malik 2000; local scale: Zelnik-Manor and Perona 2004.
"""

import warnings

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import eigsh
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.neighbors import NearestNeighbors

from theory.setting import Array

LOCAL_NEIGHBOUR = 7
"""The distance to this neighbour is a sample's local scale. Source: Zelnik-Manor and Perona 2004, section 3."""
TINY = 1e-12
"""The least local scale, degree and norm: equal samples have none."""


def graph(distances: Array, neighbours: int) -> Array:
    """Edge weights (n, n), symmetric, 0 where neither sample is among the nearest of the other.

    Raises ValueError for fewer samples than neighbours + 1.
    """
    n = len(distances)
    _check_samples(n, neighbours)
    order = np.argsort(distances, axis=1, kind="stable")
    scale = np.maximum(np.take_along_axis(distances, order, axis=1)[:, LOCAL_NEIGHBOUR], TINY)
    rows = np.repeat(np.arange(n), neighbours + 1)
    columns = order[:, : neighbours + 1].ravel()
    weights = np.zeros_like(distances)
    weights[rows, columns] = np.exp(-(distances[rows, columns] ** 2) / (scale[rows] * scale[columns]))
    weights = np.maximum(weights, weights.T)
    np.fill_diagonal(weights, 0)
    return weights


def sparse_graph(points: Array, neighbours: int) -> sparse.csr_matrix:
    """The same of points (n, d), without a matrix of all distances."""
    n = len(points)
    _check_samples(n, neighbours)
    search = NearestNeighbors(n_neighbors=max(neighbours, LOCAL_NEIGHBOUR), algorithm="brute").fit(points)
    distances, columns = search.kneighbors()  # of each point to others, the nearest first
    scale = np.maximum(distances[:, LOCAL_NEIGHBOUR - 1], TINY)
    rows, columns = np.repeat(np.arange(n), neighbours), columns[:, :neighbours].ravel()
    weights = np.exp(-(distances[:, :neighbours].ravel() ** 2) / (scale[rows] * scale[columns]))
    edges = sparse.csr_matrix((weights, (rows, columns)), shape=(n, n))
    return edges.maximum(edges.T)


def cut(distances: Array, clusters: int, neighbours: int, seed: int) -> Array:
    """Clusters (n,) of the neighbour graph by normalised cuts."""
    weights = graph(distances, neighbours)
    with warnings.catch_warnings():
        # A graph in pieces is fine: each piece has an eigenvector of eigenvalue 0, which tells it from the others.
        warnings.filterwarnings("ignore", "Graph is not fully connected")
        labels = SpectralClustering(clusters, affinity="precomputed", random_state=seed).fit_predict(weights)
    return np.asarray(labels, dtype=np.int64)


def sparse_cut(points: Array, clusters: int, neighbours: int, seed: int) -> Array:
    """Clusters (n,) of points (n, d): k-means on the rows of the leading eigenvectors, scaled to norm 1.

    Source: Ng, Jordan and Weiss 2001, "On Spectral Clustering: Analysis and an Algorithm".
    """
    weights = sparse_graph(points, neighbours)
    scaling = sparse.diags(np.maximum(np.asarray(weights.sum(axis=1)).ravel(), TINY) ** -0.5)
    n = len(points)
    start, width = np.random.default_rng(seed).uniform(-1, 1, n), min(n, 4 * clusters + 20)
    _, vectors = eigsh(scaling @ weights @ scaling, k=clusters, which="LA", v0=start, ncv=width)
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), TINY)
    labels = KMeans(clusters, n_init=10, random_state=seed).fit_predict(rows)
    return np.asarray(labels, dtype=np.int64)


def _check_samples(n: int, neighbours: int) -> None:
    needed = max(neighbours, LOCAL_NEIGHBOUR)
    if n <= needed:
        raise ValueError(f"samples={n}: too few for {needed} neighbours; use {needed + 1} or more, or lower neighbours")

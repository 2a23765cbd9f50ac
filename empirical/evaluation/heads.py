"""Post-processing of features. A head fitted on training features, without labels, is part of the encoder it ends.

A head maps features (n, d) to unit vectors (n, d'), so that Theorem 1, which needs ||f|| = r, speaks about the result.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from empirical.training.networks import normalized
from theory.checks import check_integer
from theory.setting import Array

Head = Callable[[Tensor], Array]

HEADS: dict[str, str] = {
    "unit": "unit norm",
    "centred": "centred on the fitting half, unit norm",
    "whitened": "whitened on the fitting half, unit norm",
    "clusters": "clusters of the fitting half (k-means, no labels), simplex vertices",
    "vertices": "largest output, simplex vertices",
}
FEW_VALUED = ("clusters", "vertices")
"""Heads whose values are the vertices of a simplex."""
COLLAPSED = 1e-6
"""Deviation from the mean, as a share of the largest value, that is the rounding of a float32 encoder."""


def check_head(name: str) -> None:
    """ValueError unless it is one of `HEADS`."""
    if name not in HEADS:
        raise ValueError(f"head={name!r}: unknown; choose one of {', '.join(HEADS)}")


def make_head(name: str, raw: Tensor | None, clusters: int, seed: int) -> Head:
    """The head `name` of `HEADS`, fitted on raw features (n, d) where it `needs_fit`. ValueError for an unknown name."""
    check_head(name)
    if name == "unit":
        return unit()
    if name == "vertices":
        return vertices()
    assert raw is not None
    if name == "centred":
        return centred(raw)
    if name == "whitened":
        return whitened(raw)
    check_integer("clusters", clusters)
    return discretised(raw, int(clusters), seed)


def needs_fit(name: str) -> bool:
    """Whether the head is fitted on features of the fitting half."""
    return name in ("centred", "whitened", "clusters")


def unit() -> Head:
    """Scale to unit norm: the sphere on which SimCLR trains its head."""
    return lambda features: normalized(features.double()).numpy()


def centred(train: Tensor) -> Head:
    """Subtract the mean of the training features (n, d), then scale to unit norm. ValueError where they are all equal."""
    mean = _mean(train.double())
    return lambda features: normalized(features.double() - mean).numpy()


def check_clusters(clusters: int, samples: int) -> None:
    """ValueError unless 2 <= clusters <= samples."""
    if not 2 <= clusters <= samples:
        raise ValueError(f"clusters={clusters}: outside 2..{samples}; use the number of classes or a little more")


def discretised(train: Tensor, clusters: int, seed: int) -> Head:
    """Send each vector to the vertex of a regular simplex that belongs to its cluster; result (n, clusters).

    Clusters: k-means on the centred unit training features (scikit-learn, 10 starts), no labels. The spread s of a sample
    whose views fall into one cluster is 0, which is what the conditions of Theorem 1 ask for.
    Raises ValueError unless 2 <= clusters <= n, and for fewer different vectors than clusters.
    """
    check_clusters(clusters, len(train))
    centre = centred(train)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            means = KMeans(clusters, n_init=10, random_state=seed).fit(centre(train)).cluster_centers_
        except ConvergenceWarning as error:
            raise ValueError(
                f"clusters={clusters}: more than there are different training features; lower it, or check the encoder"
            ) from error
    corners = simplex(clusters)
    return lambda features: corners[(centre(features) @ means.T - (means**2).sum(axis=1) / 2).argmax(axis=1)]


def whitened(train: Tensor) -> Head:
    """Centre, decorrelate to unit variance (PCA of the training features (n, d)), then scale to unit norm; (n, rank).

    Directions of less than 1e-6 of the largest standard deviation are dropped: they hold rounding, not features.
    Raises ValueError where the training features are all equal.
    """
    rows = train.double()
    mean = _mean(rows)
    _, deviation, axes = torch.linalg.svd(rows - mean, full_matrices=False)
    kept = deviation > 1e-6 * deviation.max()
    scale = axes[kept].T / deviation[kept]  # the common factor of unit variance goes with the norm
    return lambda features: normalized((features.double() - mean) @ scale).numpy()


def vertices() -> Head:
    """Send scores (n, K) to the vertex of a regular simplex that belongs to the largest one, the first at a tie.

    The head raises ValueError for K = 1.
    """
    return lambda features: simplex(features.shape[1])[features.argmax(dim=1).numpy()]


def simplex(corners: int) -> Array:
    """The vertices of a regular simplex about the origin, rows of norm 1 and inner product -1/(K - 1); (K, K).

    Raises ValueError for fewer than two: one vertex has no direction.
    """
    if corners < 2:
        raise ValueError(f"corners={corners}: a simplex about the origin has 2 or more; give that many outputs")
    points = np.eye(corners) - 1 / corners
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def _mean(rows: Tensor) -> Tensor:
    """The mean of the rows (n, d), which do not all equal it."""
    mean = rows.mean(dim=0)
    if (rows - mean).abs().max() <= COLLAPSED * rows.abs().max():
        raise ValueError(
            "all training features are equal up to rounding, so nothing is left beside their mean: the encoder has "
            "collapsed; check its weights, or take the head `unit`"
        )
    return mean

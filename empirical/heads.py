"""Post-processing of features. A head fitted on training features, without labels, is part of the encoder it ends.

A head maps features (n, d) to unit vectors (n, d'), so that Theorem 1, which needs ||f|| = r, speaks about the result.
"""

from collections.abc import Callable

import numpy as np
from sklearn.cluster import KMeans
from torch import Tensor

from empirical.encoders import normalized
from theory.setting import Array

Head = Callable[[Tensor], Array]


def unit() -> Head:
    """Scale to unit norm: the sphere on which SimCLR trains its head."""
    return lambda features: normalized(features.double()).numpy()


def centred(train: Tensor) -> Head:
    """Subtract the mean of the training features (n, d), then scale to unit norm."""
    mean = train.double().mean(dim=0)
    return lambda features: normalized(features.double() - mean).numpy()


def check_clusters(clusters: int, samples: int) -> None:
    """ValueError unless 2 <= clusters <= samples."""
    if not 2 <= clusters <= samples:
        raise ValueError(f"clusters={clusters} must lie in 2..{samples}: use the number of classes or a little more")


def discretised(train: Tensor, clusters: int, seed: int) -> Head:
    """Send each vector to the vertex of a regular simplex that belongs to its cluster; result (n, clusters).

    Clusters: k-means on the centred unit training features (scikit-learn, 10 starts), no labels. The spread s of a sample
    whose views fall into one cluster is 0, which is what the conditions of Theorem 1 ask for.
    Raises ValueError unless 2 <= clusters <= n.
    """
    check_clusters(clusters, len(train))
    centre = centred(train)
    means = KMeans(clusters, n_init=10, random_state=seed).fit(centre(train)).cluster_centers_
    vertices = np.eye(clusters) - 1 / clusters
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)

    def head(features: Tensor) -> Array:
        scores = centre(features) @ means.T - (means**2).sum(axis=1) / 2
        return np.asarray(vertices[scores.argmax(axis=1)])

    return head

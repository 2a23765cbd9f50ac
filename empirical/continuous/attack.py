"""The search for a view of the box whose cluster is another one; it counts only once a bound over it alone proves that."""

from itertools import product

import numpy as np
import torch
from torch import Tensor

from empirical.continuous.backward import Network, margins
from empirical.continuous.geometry import Box, cells
from theory.setting import Array

RANDOM_VIEWS = 192
"""Besides the corners of the box."""
STARTS = 8
ROUNDS = 10
"""Of steps from the best views so far; the step begins with a quarter of the box and shrinks by a third a round."""


def attack(network: Network, image: Tensor, box: Box, cluster: int) -> Array | None:
    """A point (D,) of the box whose view is not of the cluster, or None: corners, random points, then steps downhill.

    image  (1, C, H, W)
    """
    generator = np.random.default_rng(0)
    D = len(box.dimensions)
    if D == 0:
        return None
    corners = np.array(list(product((-1.0, 1.0), repeat=D)))
    points = np.concatenate([corners, generator.uniform(-1, 1, (RANDOM_VIEWS, D))])
    values = leads(network, image, box, cluster, points)
    step = 0.5
    for _ in range(ROUNDS):
        best = np.argsort(values, kind="stable")[:STARTS]
        if values[best[0]] < 0:
            break
        points, values = points[best], values[best]
        axes = np.broadcast_to(np.eye(D), (STARTS, D, D))
        moves = np.concatenate([axes, -axes, generator.uniform(-1, 1, (STARTS, D, D))], axis=1)
        tried = np.clip(points[:, None] + step * moves, -1, 1).reshape(STARTS * 3 * D, D)
        points, values = (
            np.concatenate([points, tried]),
            np.concatenate([values, leads(network, image, box, cluster, tried)]),
        )
        step *= 2 / 3
    return first_refuting(network, image, box, cluster, points, values)


def leads(network: Network, image: Tensor, box: Box, cluster: int, points: Array) -> Array:
    """By how much (n,) the cluster's score leads the best other one at points (n, D), up to rounding."""
    views = box.views(image.expand(len(points), -1, -1, -1), torch.from_numpy(points))
    scores = network.scores(views.numpy())
    own = scores[:, cluster].copy()
    scores[:, cluster] = -np.inf
    return np.asarray(own - scores.max(axis=1))


def first_refuting(
    network: Network, image: Tensor, box: Box, cluster: int, points: Array, values: Array
) -> Array | None:
    """The point (D,) with the least lead, where the lead is provably below 0; else None."""
    best = int(np.argmin(values))
    if not values[best] < 0:
        return None
    point = torch.from_numpy(points[best : best + 1])
    affine = cells(image, point, point, box)
    for rival in range(network.classes):
        only = np.zeros((1, network.classes), dtype=bool)
        only[0, cluster] = True
        if rival != cluster and margins(network, affine, rival, only)[0, cluster] > 0:
            return np.asarray(points[best])
    return None

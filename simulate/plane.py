"""A world in the plane that can be drawn: views, main parts at a threshold delta, and what alignment makes of it.

Three classes lie along arcs, a tenth of the samples of each off them. A view of a sample is a displacement within a disc,
whose radius is how rich the views are. Everything else is computed: d_A and the main parts by `theory.concentration`, and
the features as the minimiser of alignment among all f: samples -> R^2 with E f = 0 and E f f^T = I, where two samples are
views of one another with weight exp(-d_A / LINK): eigenvectors of that graph's Laplacian.

Source: lecture, Definition 1 and "Intuition"; the minimiser is that of Balestriero and LeCun, NeurIPS 2022.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh

from theory.concentration import augmented_distances, main_part
from theory.setting import Array

CLASSES, SAMPLES, VIEWS = 3, 20, 12
RADII = {"poor": 0.06, "rich": 0.3}
DELTA, LINK = 0.6, 0.1
SCATTER, OUTLYING = 0.06, 0.1


@dataclass(frozen=True)
class PlaneWorld:
    """One set of views.

    radius    of the disc of displacements
    points    (n, 2) samples; labels (n,)
    views     (n, m, 2)
    parts     by class, indices of the samples of its main part at `DELTA`
    exact     whether every search of a main part ended
    edges     (E, 2) pairs of samples with d_A <= LINK
    features  (n, 2)
    """

    radius: float
    points: Array
    labels: Array
    views: Array
    parts: tuple[Array, ...]
    exact: bool
    edges: Array
    features: Array

    @property
    def sigma(self) -> float:
        """Least share of a class in its main part."""
        return min(len(part) for part in self.parts) / SAMPLES


def samples(generator: np.random.Generator) -> tuple[Array, Array]:
    """(points, labels): arcs of a third of the unit circle each, with scatter, and a few samples near the centre."""
    labels = np.repeat(np.arange(CLASSES), SAMPLES)
    place = np.tile(np.linspace(-0.75, 0.75, SAMPLES), CLASSES)
    angle = 2 * np.pi * labels / CLASSES + np.pi / 2 + place
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) + generator.normal(0, SCATTER, (len(labels), 2))
    inward = generator.permuted(np.arange(SAMPLES) < round(OUTLYING * SAMPLES))
    points[np.tile(inward, CLASSES)] *= 0.35
    return points, labels


def world(radius: float, seed: int = 0) -> PlaneWorld:
    """The world with views of this radius; all radii share their samples and the directions of their views."""
    generator = np.random.default_rng(seed)
    points, labels = samples(generator)
    size, turn = np.sqrt(generator.uniform(size=(len(points), VIEWS))), generator.uniform(size=(len(points), VIEWS))
    shift = size[..., None] * np.stack([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)], axis=-1)
    shift[:, 0] = 0  # the sample itself is a view
    views = points[:, None] + radius * shift
    distances = augmented_distances(views)
    parts, exact = [], True
    for k in range(CLASSES):
        members = np.flatnonzero(labels == k)
        part = main_part(distances[np.ix_(members, members)], DELTA)
        parts.append(members[part.indices])
        exact = exact and part.lower == part.upper
    linked = np.argwhere(np.triu(distances <= LINK, 1))
    return PlaneWorld(radius, points, labels, views, tuple(parts), exact, linked, aligned(distances))


def aligned(distances: Array) -> Array:
    """(n, 2) the f with least alignment among those that are centred and white, weighted by degree; its signs are fixed."""
    weights = np.exp(-distances / LINK)  # no tail so short that pieces come apart in double precision
    degrees = np.diag(weights.sum(axis=1))
    _, vectors = eigh(degrees - weights, degrees, subset_by_index=(1, 2))
    largest = np.abs(vectors).argmax(axis=0)
    return np.asarray(vectors * np.sign(vectors[largest, [0, 1]]) * np.sqrt(degrees.sum()))


def as_json(seed: int = 0) -> list[dict[str, Any]]:
    """One world for each of `RADII`, coordinates to five digits."""
    worlds = {name: world(radius, seed) for name, radius in RADII.items()}
    return [
        {
            "views": name,
            "radius": one.radius,
            "delta": DELTA,
            "link": LINK,
            "sigma": one.sigma,
            "exact": one.exact,
            "points": np.round(one.points, 5).tolist(),
            "labels": one.labels.tolist(),
            "displaced": np.round(one.views, 5).tolist(),
            "main_parts": [part.tolist() for part in one.parts],
            "links": one.edges.tolist(),
            "features": np.round(one.features, 5).tolist(),
        }
        for name, one in worlds.items()
    ]

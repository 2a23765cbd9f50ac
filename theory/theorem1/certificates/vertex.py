"""Theorem 1 for features that are vertices of a regular simplex, and of which it is proved where all views of an image lie.

An image is "proved" where every view in A(x), of however many, has the same vertex, its cluster; what the views of the other
images do is unknown, and so is the law on A(x). Lengths do not matter: vertices are equally far from each other, so all that
counts are shares. With an anchor, a vertex pi(l), for every class l:

    alpha_l   P[proved, cluster = pi(l) | C_l]     mass_l   P[C_l, proved, cluster = pi(l)]

Class l is met if pi(k) != pi(l) and alpha_l + alpha_k > 1 for all k != l (thm-1-vertex), and then Err(G_f), any view
counted, is at most 1 - mass_l, summed over the met classes. Classes that share an anchor are not met, and leave the others
as they are; of a class without an anchor nothing is known, alpha = 0, and against it no class is met.
`certify_vertices` bounds these shares for a population, by 2 K + 1 events; `exact_vertices` takes the images
themselves as the world, where the class means are known but for the unproved.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from theory.checks import check_labels
from theory.population import Bound, LevelSplit, clopper_pearson, split_level
from theory.setting import Array
from theory.theorem1.certificates.world import ROUNDING


def vertex_margin(own: Any, rival: Any) -> Any:
    """alpha_l + alpha_k - 1: where it is positive, the vertex pi(l) is nearer to mu_l than to mu_k."""
    return own + rival - 1


def rival_shares(alpha: Array, anchors: Array) -> Array:
    """The share of class k that lies at one vertex other than pi(l), (..., l, k), from alpha (..., K) and anchors (K,).

    It is alpha_k where the anchors differ, else 0: nothing; and infinite for k = l, which is no rival.
    """
    shares = np.where(anchors[:, None] == anchors, 0.0, alpha[..., None, :])
    return np.asarray(np.where(np.eye(len(anchors), dtype=bool), np.inf, shares))


def vertex_margins(alpha: Array, anchors: Array) -> Array:
    """The margin of every class against the rival of least share, (..., K), from lower bounds alpha (..., K)."""
    return np.asarray(vertex_margin(alpha, rival_shares(alpha, anchors).min(axis=-1)))


def vertex_error(met: Array, mass: Array, pooled: Array) -> Array:
    """1 - the mass that is surely classified correctly, (...): class by class, or pooled where all classes are met.

    met (..., K) bool; mass (..., K) and pooled (...) lower bounds.
    """
    return np.asarray(1.0 - np.maximum((met * mass).sum(axis=-1), met.all(axis=-1) * pooled))


@dataclass(frozen=True)
class VertexClass:
    """One class of a population.

    anchor  its vertex pi(l), -1 where it has none
    rival   the k != l of least share at an anchor other than pi(l)
    margin  alpha_l + alpha_k - 1 for it, of the lower bounds; alpha_l - 1 where it has the same anchor
    """

    label: int
    samples: int
    anchor: int
    alpha: Bound
    mass: Bound
    rival: int
    margin: float

    @property
    def met(self) -> bool:
        """Whether the condition holds, up to rounding on the safe side."""
        return self.margin > ROUNDING


@dataclass(frozen=True)
class VertexCertificate:
    """Err(G_f) <= error for the population, for every law on A(x), with probability at least `level`.

    error   1 where no class is met
    split   the union bound, written out
    pooled  mass of all classes together at their anchors
    """

    level: float
    samples: int
    split: LevelSplit
    pooled: Bound
    classes: tuple[VertexClass, ...]
    error: float


def vertex_events(classes: int) -> list[str]:
    """The 2 K + 1 events that the level is shared among."""
    return [f"{kind} {k}" for kind in ("alpha", "mass") for k in range(classes)] + ["pooled"]


def vertex_anchors(clusters: Array, labels: Array) -> Array:
    """An anchor for every class, (K,), such that most images of a fitting sample lie at that of their class.

    No two classes are given the same, but where none with an image of a class is left: that class then shares the vertex of
    most of its images with another.

    clusters, labels  (n,) of images that will not be counted

    Raises ValueError for what `check_clusters` refuses.
    """
    check_clusters(clusters, labels)
    counts = _counts(clusters, labels)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    anchors: Array = counts.argmax(axis=1)
    anchors[rows] = np.where(counts[rows, columns] > 0, columns, anchors[rows])
    return anchors


def certify_vertices(proved: Array, clusters: Array, labels: Array, anchors: Array, level: float) -> VertexCertificate:
    """Certify a population from n independent images that had no part in choosing the network and the anchors.

    proved    (n,) bool: all views of the image are proved to lie at its cluster
    clusters  (n,) vertices 0..J-1; those of images that are not proved are not used
    labels    (n,) 0..K-1, all present
    anchors   (K,) of `vertex_anchors` or any others; -1 for no anchor
    level     at which all bounds hold together, in (0, 1)

    Raises ValueError for what `check_clusters`, `check_proved` and `split_level` refuse, and for anchors of another shape.
    Source: claims thm-1-vertex, population-vertices.
    """
    check_clusters(clusters, labels)
    check_proved(proved, len(labels))
    counts, n = np.bincount(labels), len(labels)
    K = len(counts)
    _check_anchors(anchors, K)
    split = split_level(level, vertex_events(K))
    inside = np.bincount(labels[proved & (clusters == anchors[labels])], minlength=K)
    alpha, mass = (
        [
            clopper_pearson(int(inside[k]), int(total), split.levels[f"{kind} {k}"], "lower")
            for k, total in enumerate(totals)
        ]
        for kind, totals in (("alpha", counts), ("mass", np.full(K, n)))
    )
    pooled = clopper_pearson(int(inside.sum()), n, split.levels["pooled"], "lower")
    low = np.array([bound.lower for bound in alpha])
    margins, rivals = vertex_margins(low, anchors), rival_shares(low, anchors).argmin(axis=1)
    classes = tuple(
        VertexClass(
            label=k,
            samples=int(counts[k]),
            anchor=int(anchors[k]),
            alpha=alpha[k],
            mass=mass[k],
            rival=int(rivals[k]),
            margin=float(margins[k]),
        )
        for k in range(K)
    )
    met = np.array([of_class.met for of_class in classes])
    error = vertex_error(met, np.array([bound.lower for bound in mass]), pooled.lower)
    return VertexCertificate(level, n, split, pooled, classes, float(error))


@dataclass(frozen=True)
class VertexWorld:
    """The images themselves as the world: Err(G_f) <= error there, for every law on every A(x), any view counted.

    counts    (K, J) proved images of each class at each vertex
    unproved  (K,) the other images of each class
    owned     (K, J) bool: whatever the views of the unproved are, the vertex is nearer to the mean of this class than to any
              other; and where it is False, some views of theirs make it wrong
    """

    counts: Array
    unproved: Array
    owned: Array

    @property
    def correct(self) -> int:
        """Number of images all of whose views are surely classified correctly."""
        return int(self.counts[self.owned].sum())

    @property
    def error(self) -> float:
        """The certified error, rounded to the nearest float."""
        total = int(self.counts.sum() + self.unproved.sum())
        return float(1 - Fraction(self.correct, total))

    @property
    def met(self) -> Array:
        """Classes with an image that is surely classified correctly, (K,) bool."""
        return np.asarray((self.owned & (self.counts > 0)).any(axis=1))


def exact_vertices(proved: Array, clusters: Array, labels: Array) -> VertexWorld:
    """Certify the finite world of these images; arguments as for `certify_vertices`, of which it needs no anchors.

    The mean of class k has the barycentric weights (N_k + U_k q)/n_k: N_k counts its proved images by vertex, q is any law
    of its U_k unproved ones. All is integers, hence exact.

    Raises ValueError for what `check_clusters` and `check_proved` refuse.
    Source: claim thm-1-vertex-exact.
    """
    check_clusters(clusters, labels)
    check_proved(proved, len(labels))
    shape = len(np.bincount(labels)), max(int(clusters.max()) + 1, 2)
    counts = _counts(clusters[proved], labels[proved], shape)
    unproved = np.bincount(labels[~proved], minlength=shape[0])
    return VertexWorld(counts, unproved, owned_vertices(counts, unproved))


def owned_vertices(counts: Array, unproved: Array) -> Array:
    """For which classes and vertices max ||mu_l - v_i|| < min ||mu_k - v_i|| for all k != l, (K, J) bool, exactly.

    counts (K, J >= 2) and unproved (K,) integers.
    """
    sizes = counts.sum(axis=1) + unproved
    own, rival = farthest_squares(counts, unproved), nearest_squares(counts)
    weights = sizes.astype(object) ** 2
    nearer = own[:, None] * weights[None, :, None] < rival[None] * weights[:, None, None]  # (l, k, i)
    nearer[np.arange(len(sizes)), np.arange(len(sizes))] = True
    return np.asarray(nearer.all(axis=1), dtype=bool)


def farthest_squares(counts: Array, unproved: Array) -> Array:
    """max over q of ||n p - n e_i||^2 for n p = N + U q, (K, J) integers: all of q at the fullest of the other vertices."""
    counts, unproved = counts.astype(object), unproved.astype(object)[:, None]
    others = np.stack([np.delete(counts, i, axis=1) for i in range(counts.shape[1])], axis=1)  # (K, J, J - 1)
    squares = (others**2).sum(axis=2) + unproved**2 + 2 * unproved * others.max(axis=2)
    return np.asarray((others.sum(axis=2) + unproved) ** 2 + squares)


def nearest_squares(counts: Array) -> Array:
    """min over q of the same, (K, J) integers: all of q at v_i, so that U is not seen."""
    others = counts.sum(axis=1, keepdims=True).astype(object) - counts.astype(object)
    squares = (counts.astype(object) ** 2).sum(axis=1, keepdims=True) - counts.astype(object) ** 2
    return np.asarray(others**2 + squares)


def check_clusters(clusters: Array, labels: Array) -> None:
    """ValueError unless clusters are (n,) integers >= 0 and labels are of `check_labels`."""
    check_labels(labels, len(labels))
    if clusters.shape != labels.shape:
        raise ValueError(f"clusters.shape={clusters.shape}: not {labels.shape}; give one vertex per image")
    if not np.issubdtype(clusters.dtype, np.integer):
        raise ValueError(f"clusters.dtype={clusters.dtype}: not integers; give vertices 0..J-1")
    if clusters.min() < 0:
        raise ValueError(f"clusters={clusters.min()}: negative; number the vertices 0..J-1")


def check_proved(proved: Array, n: int) -> None:
    """ValueError unless `proved` is (n,) bool."""
    if proved.shape != (n,):
        raise ValueError(f"proved.shape={proved.shape}: not ({n},); say of every image whether it is proved")
    if proved.dtype != bool:
        raise ValueError(f"proved.dtype={proved.dtype}: not bool; say of every image whether it is proved")


def _check_anchors(anchors: Array, classes: int) -> None:
    if anchors.shape != (classes,):
        raise ValueError(f"anchors.shape={anchors.shape}: not ({classes},); give one vertex per class")
    if not np.issubdtype(anchors.dtype, np.integer):
        raise ValueError(f"anchors.dtype={anchors.dtype}: not integers; give vertices 0..J-1, or -1 for none")
    if anchors.min() < -1:
        raise ValueError(f"anchors={anchors.min()}: no vertex; give 0..J-1, or -1 for none")


def _counts(clusters: Array, labels: Array, shape: tuple[int, int] | None = None) -> Array:
    """Images of each class at each vertex, (K, J)."""
    counts = np.zeros(shape or (int(labels.max()) + 1, int(clusters.max()) + 1), dtype=np.int64)
    np.add.at(counts, (labels, clusters), 1)
    return counts

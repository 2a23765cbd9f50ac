"""The choice of anchors and radii on a fitting sample.

Any choice gives a valid certificate; this one is made so that much of the population is certified.
"""

from dataclasses import dataclass, replace

import numpy as np

from theory.population import clopper_pearson, refined_mean_radius, split_level
from theory.setting import Array
from theory.theorem1.certificates.population import Anchors, check_sample, events, farthest
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms.anchored import bounded_margin, mean_ball

CANDIDATES = 64
"""Samples of a class whose first views may become its anchor, beside the direction of its mean."""
RADII = 48
"""Radii that are tried about an anchor."""
SWEEPS = 2
"""How often the radius of every class is chosen anew, given those of the others."""


def choose_anchors(features: Array, labels: Array, held_out: int, level: float) -> Anchors:
    """Anchors, radii and hoped classes from the fitting sample.

    The anchor of a class is the candidate that locates the class mean best. Then the radii are changed, class by class, as
    long as that raises the mass which is foreseen to be certified: by Clopper-Pearson bounds at the counts that are to come
    if the shares stay what they are here.

    features  (n, m, d) of unit norm
    labels    (n,) 0..K-1; the audit uses them, the encoder does not
    held_out  number of samples that will be counted
    level     at which they will be

    Raises ValueError for what `check_sample` and `split_level` refuse, and for held_out < 1.
    """
    check_sample(features, labels)
    K = int(labels.max()) + 1
    at = split_level(level, events(K)).levels["pooled"]
    if held_out < 1:
        raise ValueError(f"held_out={held_out}: too few; leave one sample or more to certify on")
    shares = np.bincount(labels) / len(labels)
    means, points, options = [], [], []
    for k in range(K):
        own, count = features[labels == k], max(int(held_out * shares[k]), 1)
        means.append(own.mean(axis=(0, 1)))
        points.append(_best_anchor(own, means[-1]))
        reach, share = _reaches(farthest(own, points[-1]))
        options.append((reach, np.array([clopper_pearson(int(a * count), count, at, "lower").low for a in share])))
    spread = np.array(
        [
            refined_mean_radius(min(float(np.linalg.norm(m)), 1.0), max(int(held_out * share), 1), at, 1.0)
            for m, share in zip(means, shares, strict=True)
        ]
    )
    state = _State.start(np.array(points), np.array(means), spread, options)
    for _ in range(SWEEPS):
        for k, (reach, alpha) in enumerate(options):
            state = state.improved(k, reach, alpha, shares)
    return Anchors(state.points, state.radii, state.margins() > ROUNDING)


def _reaches(far: Array) -> tuple[Array, Array]:
    """Up to `RADII` radii, quantiles of the distances, and the share of samples within each."""
    far = np.sort(far)
    reach = np.unique(far[np.unique(np.linspace(0, len(far) - 1, RADII).round().astype(int))])
    return reach, np.searchsorted(far, reach, side="right") / len(far)


def _best_anchor(own: Array, mean: Array) -> Array:
    """The candidate whose ball locates the class mean best; own (n, m, d). By one matrix product: any choice is valid."""
    chosen = own[np.unique(np.linspace(0, len(own) - 1, CANDIDATES).round().astype(int)), 0]
    norm = np.linalg.norm(mean)
    candidates = np.unique(np.concatenate([chosen, mean[None] / norm]) if norm > 0 else chosen, axis=0)
    nearness = (own.reshape(-1, own.shape[2]) @ candidates.T).reshape(*own.shape[:2], -1).min(axis=1)
    values = []
    for column in nearness.T:
        reach, share = _reaches(np.sqrt(np.maximum(2 - 2 * column, 0.0)))
        values.append(mean_ball(share, reach).min())
    return np.asarray(candidates[int(np.argmin(values))])


@dataclass(frozen=True)
class _State:
    """Anchors with the radii chosen so far, and what is foreseen of the distances ||a_l - mu_k||.

    points   (K, d) a_l
    to_mean  (K, K) distance of a_l from the sample mean of class k
    spread   (K,) how far that mean may be from mu_k
    radii    (K,) t_l
    alpha    (K,) foreseen lower bounds on the shares within t_l of a_l
    own      (K,) upper bounds on ||a_l - mu_l||
    rivals   (K, K) lower bounds on ||a_l - mu_k||, infinite on the diagonal
    """

    points: Array
    to_mean: Array
    spread: Array
    radii: Array
    alpha: Array
    own: Array
    rivals: Array

    @staticmethod
    def start(points: Array, means: Array, spread: Array, options: list[tuple[Array, Array]]) -> "_State":
        """Every class with the radius that locates its own mean best."""
        first = [int(mean_ball(alpha, reach).argmin()) for reach, alpha in options]
        radii = np.array([reach[i] for i, (reach, _) in zip(first, options, strict=True)])
        alpha = np.array([a[i] for i, (_, a) in zip(first, options, strict=True)])
        to_mean = np.linalg.norm(points[:, None] - means[None], axis=2)
        empty = _State(points, to_mean, spread, radii, alpha, np.empty(len(points)), np.empty((len(points),) * 2))
        columns = [empty.column(k, radii[k : k + 1], alpha[k : k + 1]) for k in range(len(points))]
        return replace(
            empty,
            own=np.array([own[0] for own, _ in columns]),
            rivals=np.stack([rivals[0] for _, rivals in columns], axis=1),
        )

    def column(self, k: int, reach: Array, alpha: Array) -> tuple[Array, Array]:
        """For I options of class k: its own distance (I,), and every class's least distance to mu_k (I, K)."""
        about = mean_ball(alpha, reach)
        away = np.linalg.norm(self.points[None] - alpha[:, None, None] * self.points[k], axis=2)
        own = np.minimum(away[:, k] + about, self.to_mean[k, k] + self.spread[k])
        rivals = np.maximum(away - about[:, None], self.to_mean[:, k] - self.spread[k])
        rivals[:, k] = np.inf
        return own, rivals

    def margins(self) -> Array:
        """Foreseen margin of every class."""
        return np.asarray(bounded_margin(self.radii, self.own, self.rivals.min(axis=1)))

    def improved(self, k: int, reach: Array, alpha: Array, shares: Array) -> "_State":
        """With the option of class k under which most mass looks certified; the present one where none is better."""
        own, column = self.column(k, reach, alpha)
        others = np.delete(self.rivals, k, axis=1).min(axis=1)
        margins = bounded_margin(self.radii, self.own, np.minimum(others, column))
        margins[:, k] = bounded_margin(reach, own, others[k])
        weights = np.broadcast_to(shares * self.alpha, margins.shape).copy()
        weights[:, k] = shares[k] * alpha
        mass = np.where(margins > ROUNDING, weights, 0.0).sum(axis=1)
        best = int(mass.argmax())
        if mass[best] <= (shares * self.alpha)[self.margins() > ROUNDING].sum():
            return self
        radii, alphas, owns, rivals = self.radii.copy(), self.alpha.copy(), self.own.copy(), self.rivals.copy()
        radii[k], alphas[k], owns[k], rivals[:, k] = reach[best], alpha[best], own[best], column[best]
        return replace(self, radii=radii, alpha=alphas, own=owns, rivals=rivals)

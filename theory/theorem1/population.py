"""Theorem 1 for a population: anchors and radii chosen on one sample, everything else counted on another.

The world is P over (x, A_m(x), label): each sample comes with its m views, drawn with it or the same m transformations for
all. n independent samples of it are counted. For class l with anchor a_l and radius t_l, all of them chosen elsewhere:

    alpha_l   P[all views within t_l of a_l | C_l]          >= Clopper-Pearson, on the n_l samples of class l
    mass_l    P[C_l, all views within t_l of a_l]           >= Clopper-Pearson, on all n samples
    pooled    the same event summed over the hoped classes  >= Clopper-Pearson, one event
    sigma_l, R_l   P[some view within t_l/2 of a_l | C_l] from below, P[x not in S_eps | C_l] from above, eps = t_l/2
    mu_l      in B(m_l, e_l) (population-mean-sharp) and in B(alpha_l a_l, alpha_l t_l + 1 - alpha_l) (thm-1-anchor-bounds)

All 5 K + 1 events hold together at the level (population-union), and then every form that is met bounds Err(G_f), for G_f
with the means of the population, from above.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from theory.population import (
    Bound,
    LevelSplit,
    clopper_pearson,
    distance_interval,
    gram_interval,
    refined_mean_radius,
    split_level,
)
from theory.setting import Array, check_labels, check_views
from theory.theorem1.anchored import bounded_margin, mean_ball
from theory.theorem1.certificate import ROUNDING
from theory.theorem1.forms import chord_margin, rho_corrected, rho_printed, rho_sharp, threshold

POPULATION_FORMS = ("printed", "corrected", "sharp", "chord", "anchored")
"""cap and exact need ||mu_l|| and the angle between two means; a ball for either mean gives no closed bound on them."""
CANDIDATES = 64
RADII = 48


@dataclass(frozen=True)
class Anchors:
    """What is chosen before the counted sample is looked at; lengths in units of r.

    points (K, d) a_l;  radii (K,) t_l >= 0;  hoped (K,) bool: the classes of the pooled event
    """

    points: Array
    radii: Array
    hoped: Array


@dataclass(frozen=True)
class PopulationClass:
    """One class: its events, where its mean is, and by how much each form is met (met where above `ROUNDING`).

    own        U >= ||a_l - mu_l||;  rival, rival_distance: the k with the least L_k <= ||a_l - mu_k||, and that
    located_by "sample": the ball about the sample mean is the smaller one; "anchor": that about alpha_l a_l
    """

    label: int
    samples: int
    radius: float
    alpha: Bound
    mass: Bound
    sigma: Bound
    misaligned: Bound
    mean_radius: float
    located_by: str
    located_radius: float
    own: float
    rival: int
    rival_distance: float
    margins: Mapping[str, float]

    def met(self, form: str) -> bool:
        """Whether the condition of a form holds, up to rounding on the safe side."""
        return self.margins[form] > ROUNDING


@dataclass(frozen=True)
class PopulationCertificate:
    """Err(G_f) <= errors[form] for the population, all forms together, with probability at least `level`.

    direction "upper" throughout; 1 where no class is met.  split: the union bound, written out.
    sample_error: of the nearest class mean on the counted sample itself, in any view; an estimate, certified by nothing
    """

    level: float
    samples: int
    split: LevelSplit
    pooled: Bound
    hoped: tuple[int, ...]
    classes: tuple[PopulationClass, ...]
    errors: Mapping[str, float]
    sample_error: float

    @property
    def error(self) -> float:
        """The least certified error: all forms hold together."""
        return min(self.errors.values())

    @property
    def form(self) -> str:
        """The form that gives it, the strongest one where several do."""
        return min(reversed(POPULATION_FORMS), key=lambda form: self.errors[form])


def events(classes: int) -> list[str]:
    """The 5 K + 1 events that the level is shared among."""
    return [f"{kind} {k}" for kind in ("alpha", "mass", "mean", "sigma", "R") for k in range(classes)] + ["pooled"]


def farthest(features: Array, anchor: Array) -> Array:
    """max over views of ||f(x') - a||, (n,); features (n, m, d), anchor (d,)."""
    return np.asarray(np.linalg.norm(features - anchor, axis=2).max(axis=1))


def nearest(features: Array, anchor: Array) -> Array:
    """min over views of ||f(x') - a||, (n,)."""
    return np.asarray(np.linalg.norm(features - anchor, axis=2).min(axis=1))


def certify_population(
    features: Array, labels: Array, diameters: Array, anchors: Anchors, level: float
) -> PopulationCertificate:
    """Certify from n samples that had no part in choosing the anchors.

    features (n, m, d) of unit norm; labels (n,) 0..K-1, all present; diameters (n,) of `factors.view_diameters`.
    ValueError for what `check_sample`, `check_anchors` and `split_level` refuse.
    Source: claims thm-1-anchor-bounds, population-binomial, population-mean-sharp, population-products, population-union.
    """
    check_sample(features, labels)
    K, n = int(labels.max()) + 1, len(labels)
    check_anchors(anchors, K, features.shape[2])
    split = split_level(level, events(K))
    at = split.levels
    members = [np.flatnonzero(labels == k) for k in range(K)]
    counts = [len(rows) for rows in members]
    inside, close, wide = [], [], []
    for k, rows in enumerate(members):
        t = anchors.radii[k]
        inside.append(int((farthest(features[rows], anchors.points[k]) <= t).sum()))
        close.append(int((nearest(features[rows], anchors.points[k]) <= t / 2).sum()))
        wide.append(int((diameters[rows] > t / 2).sum()))
    alpha = [clopper_pearson(inside[k], counts[k], at[f"alpha {k}"], "lower") for k in range(K)]
    mass = [clopper_pearson(inside[k], n, at[f"mass {k}"], "lower") for k in range(K)]
    sigma = [clopper_pearson(close[k], counts[k], at[f"sigma {k}"], "lower") for k in range(K)]
    misaligned = [clopper_pearson(wide[k], counts[k], at[f"R {k}"], "upper") for k in range(K)]
    pooled = clopper_pearson(
        sum(c for c, hoped in zip(inside, anchors.hoped, strict=True) if hoped), n, at["pooled"], "lower"
    )

    per_sample = features.mean(axis=1)
    means = np.array([per_sample[rows].mean(axis=0) for rows in members])
    radii = np.array(
        [
            refined_mean_radius(min(float(np.linalg.norm(m)), 1.0), counts[k], at[f"mean {k}"], 1.0)
            for k, m in enumerate(means)
        ]
    )
    low = np.array([a.low for a in alpha])
    own, rivals, centres, balls = located(anchors, low, means, radii)
    products = gram_interval(centres, balls, level, n).high
    apart = distance_interval(centres, balls, level, n).low
    classes = []
    for k in range(K):
        others = np.delete(np.arange(K), k)
        t, s = float(anchors.radii[k]), float(min(2 * anchors.radii[k], 2.0))
        product, gap = float(products[k, others].max()), float(apart[k, others].min())
        rival = int(others[rivals[k, others].argmin()])
        rho = rho_printed(sigma[k].low, misaligned[k].high, 1.0, s)
        margins = {
            "printed": threshold(rho) - product,
            "corrected": threshold(rho_corrected(low[k], s)) - product,
            "sharp": threshold(rho_sharp(low[k], s)) - product,
            "chord": chord_margin(low[k], s, gap**2, 0.0, 0.0),
            "anchored": bounded_margin(t, own[k], rivals[k, rival]),
        }
        classes.append(
            PopulationClass(
                label=k,
                samples=counts[k],
                radius=t,
                alpha=alpha[k],
                mass=mass[k],
                sigma=sigma[k],
                misaligned=misaligned[k],
                mean_radius=float(radii[k]),
                located_by="sample" if radii[k] < mean_ball(low[k], t) else "anchor",
                located_radius=float(balls[k]),
                own=float(own[k]),
                rival=rival,
                rival_distance=float(rivals[k, rival]),
                margins={form: float(value) for form, value in margins.items()},
            )
        )
    hoped = tuple(int(k) for k in np.flatnonzero(anchors.hoped))
    return PopulationCertificate(
        level=level,
        samples=n,
        split=split,
        pooled=pooled,
        hoped=hoped,
        classes=tuple(classes),
        errors={form: _error(form, classes, hoped, pooled) for form in POPULATION_FORMS},
        sample_error=_sample_error(features, labels, means),
    )


def located(anchors: Anchors, alpha: Array, means: Array, radii: Array) -> tuple[Array, Array, Array, Array]:
    """Where the means are, from both balls: U (K,), L (K, K) with L[l, k] <= ||a_l - mu_k||, and the smaller balls.

    alpha (K,) lower bounds; means (K, d) and radii (K,) of the balls about the sample means. The last two results are
    centres (K, d) and radii (K,).
    """
    points, about = anchors.points, mean_ball(alpha, anchors.radii)
    centres = alpha[:, None] * points
    to_centre = np.linalg.norm(points[:, None] - centres[None], axis=2)
    to_mean = np.linalg.norm(points[:, None] - means[None], axis=2)
    own = np.minimum(to_centre.diagonal() + about, to_mean.diagonal() + radii)
    rivals = np.maximum(to_centre - about[None], to_mean - radii[None])
    smaller = radii < about
    return own, rivals, np.where(smaller[:, None], means, centres), np.where(smaller, radii, about)


def _error(form: str, classes: list[PopulationClass], hoped: tuple[int, ...], pooled: Bound) -> float:
    """1 - the mass that is surely classified correctly: class by class, or by the pooled event where all hoped are met."""
    met = [c for c in classes if c.met(form)]
    if form == "printed":  # mass_l <= p_l, and (1 - sigma) + R of it may be lost
        correct = [c.mass.low * max(c.sigma.low - c.misaligned.high, 0.0) for c in met]
        return 1.0 - float(sum(correct))
    by_class = sum(c.mass.low for c in met)
    together = 0.0
    if hoped and set(hoped) <= {c.label for c in met}:
        together = pooled.low + sum(c.mass.low for c in met if c.label not in hoped)
    return 1.0 - float(max(by_class, together))


def _sample_error(features: Array, labels: Array, means: Array) -> float:
    """Share of samples of which some view is no nearer to its own sample mean than to every other."""
    own = np.linalg.norm(features - means[labels][:, None], axis=2)
    wrong = np.zeros(len(labels), dtype=bool)
    for k, mean in enumerate(means):
        rows = labels != k
        wrong[rows] |= (np.linalg.norm(features[rows] - mean, axis=2) <= own[rows]).any(axis=1)
    return float(wrong.mean())


def choose_anchors(features: Array, labels: Array, held_out: int, level: float) -> Anchors:
    """Anchors, radii and hoped classes from the fitting sample; labels are used for the audit, not by the encoder.

    features (n, m, d) of unit norm, labels (n,); held_out: how many samples will be counted; level: at which.
    Per class, the anchor is the candidate (up to `CANDIDATES` of its samples' first views, and its mean direction) that
    locates the class mean best; then radii grow, class by class, as far as all conditions still look met, foreseen with
    Clopper-Pearson bounds at the counts to come. Any choice is valid; this one costs O(n m d).
    ValueError for what `check_sample` and `split_level` refuse, and held_out < 1.
    """
    check_sample(features, labels)
    K = int(labels.max()) + 1
    at = split_level(level, events(K)).levels["pooled"]
    if held_out < 1:
        raise ValueError(f"held_out is {held_out}; leave one sample or more to certify on")
    shares = np.bincount(labels) / len(labels)
    per_sample = features.mean(axis=1)
    means = np.array([per_sample[labels == k].mean(axis=0) for k in range(K)])
    points, radii, reaches, foreseen = [], [], [], []
    for k in range(K):
        own = features[labels == k]
        candidates = own[np.unique(np.linspace(0, len(own) - 1, CANDIDATES).round().astype(int)), 0]
        norm = np.linalg.norm(means[k])
        candidates = np.concatenate([candidates, means[k : k + 1] / norm]) if norm > 0 else candidates
        best: tuple[float, Array, Array, Array, int] | None = None
        for point in np.unique(candidates, axis=0):
            far = np.sort(farthest(own, point))
            reach = np.unique(far[np.unique(np.linspace(0, len(far) - 1, RADII).round().astype(int))])
            alpha = np.searchsorted(far, reach, side="right") / len(far)
            value = mean_ball(alpha, reach)
            if best is None or value.min() < best[0]:
                best = (float(value.min()), point, reach, alpha, int(value.argmin()))
        assert best is not None
        count = max(int(held_out * shares[k]), 1)
        lower = [clopper_pearson(int(a * count), count, at, "lower").low for a in best[3]]
        points.append(best[1])
        reaches.append(best[2])
        foreseen.append(np.array(lower))
        radii.append(int(mean_ball(np.array(lower), best[2]).argmin()))
    errors = np.array(
        [
            refined_mean_radius(min(float(np.linalg.norm(m)), 1.0), max(int(held_out * share), 1), at, 1.0)
            for m, share in zip(means, shares, strict=True)
        ]
    )

    def conditions(index: list[int]) -> Array:
        """Foreseen margin of every class."""
        chosen = Anchors(
            np.array(points), np.array([r[i] for r, i in zip(reaches, index, strict=True)]), np.ones(K, bool)
        )
        alpha = np.array([a[i] for a, i in zip(foreseen, index, strict=True)])
        own, rivals, _, _ = located(chosen, alpha, means, errors)
        np.fill_diagonal(rivals, np.inf)
        return np.asarray(bounded_margin(chosen.radii, own, rivals.min(axis=1)))

    def certified(index: list[int]) -> float:
        met = conditions(index) > ROUNDING
        return float(sum(p * a[i] for p, a, i, ok in zip(shares, foreseen, index, met, strict=True) if ok))

    index = radii
    for _ in range(2):
        for k in range(K):
            options = [[*index[:k], i, *index[k + 1 :]] for i in range(len(reaches[k]))]
            index = max([index, *options], key=certified)
    return Anchors(
        np.array(points),
        np.array([r[i] for r, i in zip(reaches, index, strict=True)]),
        np.asarray(conditions(index) > ROUNDING),
    )


def check_sample(features: Array, labels: Array) -> None:
    """ValueError unless features (n, m, d) are finite and of unit norm, with one label 0..K-1 each and K >= 2."""
    check_views("features", features)
    check_labels(labels, len(features))
    norms = np.linalg.norm(features, axis=2)
    if abs(norms - 1).max() > ROUNDING:
        raise ValueError(
            f"feature norms run from {norms.min():.6g} to {norms.max():.6g}; give float64 features of norm 1"
        )


def check_anchors(anchors: Anchors, classes: int, dimension: int) -> None:
    """ValueError unless there is one finite anchor of the features' dimension, one radius >= 0 and one hope per class."""
    if anchors.points.shape != (classes, dimension) or anchors.radii.shape != (classes,) != anchors.hoped.shape:
        raise ValueError(
            f"anchors have shapes {anchors.points.shape}, {anchors.radii.shape}, {anchors.hoped.shape}; give ({classes}, "
            f"{dimension}), ({classes},), ({classes},)"
        )
    if not np.isfinite(anchors.points).all() or not (anchors.radii >= 0).all():
        raise ValueError(f"anchors must be finite and radii >= 0; radii are {anchors.radii}")

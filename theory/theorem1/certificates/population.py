"""Theorem 1 for a population: anchors and radii chosen on one sample, everything else counted on another.

The world is P over (x, A_m(x), label): each sample comes with its m views, drawn with it or the same m transformations for
all. Its classes are the K named: a class of which no sample came belongs to another world, however rare. n independent
samples of it are counted. For class l with anchor a_l and radius t_l, all of them chosen elsewhere:

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

from theory.checks import check_labels, check_views
from theory.factors import nearer_to_another
from theory.population import (
    Bound,
    LevelSplit,
    clopper_pearson,
    distance_interval,
    gram_interval,
    refined_mean_radius,
    split_level,
)
from theory.setting import Array
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms import POPULATION_FORMS
from theory.theorem1.forms.anchored import cell_margin, mean_ball
from theory.theorem1.forms.form import PopulationPair

NORM = 1e-12
"""How far the norms of features may be from 1, and those of anchors above 1.

Then rounding makes no margin exceed `ROUNDING` = 1e-9 that is not positive. Every length in a margin is a sum of fewer than
eight terms of at most 2 + 2 NORM, for vectors have norm at most 1 + NORM, radii are at most 2 + NORM and shares lie in
[0, 1]. A distance in d dimensions errs by (d + 4) 2^-53 of itself at most, a mean of n samples of m views by (n + m) 2^-53.
What is counted is whether the distance as computed is at most t, an event of each sample alone; there the true distance is
at most t (1 + (d + 4) 2^-53). Norms off by NORM move each ball by at most NORM. Together that is less than
16 NORM + 16 (n + m + d + 8) 2^-53 < 1e-9 up to n + m + d = 500 000. The forms by sigma take the root of rho >= 1 - sigma;
a Clopper-Pearson bound on sigma is below 1 - 1/n, so that they multiply this by at most sqrt(n).
"""


@dataclass(frozen=True)
class Anchors:
    """What is chosen before the counted sample is looked at; lengths in units of r.

    points  (K, d) a_l, in the unit ball
    radii   (K,) t_l, from 0 to 2
    hoped   (K,) bool: the classes that are hoped to meet the condition; the pooled event counts them together
    """

    points: Array
    radii: Array
    hoped: Array


@dataclass(frozen=True)
class PopulationClass:
    """One class: its events, where its mean is, and by how much each form is met (met where above `ROUNDING`).

    mean_radius     of the ball about the sample mean that holds mu_l
    located_by      "sample" if that ball is the smaller one, "anchor" if the one about alpha_l a_l is
    located_radius  radius of the smaller one
    own             U >= ||a_l - mu_l||
    rival           the k with the least L_k <= ||a_l - mu_k||
    rival_distance  that L_k
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

    errors        direction "upper" throughout; 1 where no class is met
    split         the union bound, written out
    pooled        mass of the hoped classes together
    sample_error  of the nearest class mean on the counted sample itself, in any view: an estimate, not a bound
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

    features   (n, m, d) of unit norm
    labels     (n,) 0..K-1, all present
    diameters  (n,) of `factors.view_diameters`
    level      at which all bounds hold together, in (0, 1)

    Raises ValueError for what `check_sample`, `check_anchors` and `split_level` refuse.
    Source: claims thm-1-anchor-bounds, population-binomial, population-mean-sharp, population-products, population-union.
    """
    check_sample(features, labels)
    K, n = int(labels.max()) + 1, len(labels)
    check_anchors(anchors, K, features.shape[2])
    split = split_level(level, events(K))
    bounds = _binomial_bounds(features, labels, diameters, anchors, split)

    means, radii = _mean_balls(features, labels, split)
    low = np.array([of_class.alpha.lower for of_class in bounds])
    own, rivals, centres, balls = located(anchors, low, means, radii)
    products = gram_interval(centres, balls, level, n).upper
    apart = distance_interval(centres, balls, level, n).lower
    classes = []
    for k, of_class in enumerate(bounds):
        others = np.delete(np.arange(K), k)
        rival = int(others[rivals[k, others].argmin()])
        pairs = {
            share: PopulationPair(
                share=lower,
                s=float(min(2 * anchors.radii[k], 2.0)),
                q=of_class.misaligned.upper,
                product=float(products[k, others].max()),
                apart=float(apart[k, others].min()),
                t=float(anchors.radii[k]),
                own=own[k],
                rival=rivals[k, rival],
            )
            for share, lower in (("sigma", of_class.sigma.lower), ("alpha", low[k]))
        }
        classes.append(
            PopulationClass(
                label=k,
                samples=of_class.samples,
                radius=float(anchors.radii[k]),
                alpha=of_class.alpha,
                mass=of_class.mass,
                sigma=of_class.sigma,
                misaligned=of_class.misaligned,
                mean_radius=float(radii[k]),
                located_by="sample" if radii[k] < mean_ball(low[k], float(anchors.radii[k])) else "anchor",
                located_radius=float(balls[k]),
                own=float(own[k]),
                rival=rival,
                rival_distance=float(rivals[k, rival]),
                margins={name: float(form.margin(pairs[form.share])) for name, form in POPULATION_FORMS.items()},
            )
        )
    hoped = tuple(int(k) for k in np.flatnonzero(anchors.hoped))
    pooled = clopper_pearson(sum(bounds[k].inside for k in hoped), n, split.levels["pooled"], "lower")
    return PopulationCertificate(
        level=level,
        samples=n,
        split=split,
        pooled=pooled,
        hoped=hoped,
        classes=tuple(classes),
        errors={form: _error(form, classes, hoped, pooled) for form in POPULATION_FORMS},
        sample_error=float(nearer_to_another(features, labels, means).mean()),
    )


@dataclass(frozen=True)
class _Counted:
    """The events of one class: `inside` of its `samples` have all views within t of the anchor.

    The other fields are those of `PopulationClass`.
    """

    samples: int
    inside: int
    alpha: Bound
    mass: Bound
    sigma: Bound
    misaligned: Bound


def _binomial_bounds(
    features: Array, labels: Array, diameters: Array, anchors: Anchors, split: LevelSplit
) -> list[_Counted]:
    """Count the four events of every class and bound their probabilities by Clopper-Pearson."""
    counted = []
    for k, (anchor, t) in enumerate(zip(anchors.points, anchors.radii, strict=True)):
        rows = np.flatnonzero(labels == k)
        at = {kind: split.levels[f"{kind} {k}"] for kind in ("alpha", "mass", "sigma", "R")}
        inside = int((farthest(features[rows], anchor) <= t).sum())
        close = int((nearest(features[rows], anchor) <= t / 2).sum())
        wide = int((diameters[rows] > t / 2).sum())
        counted.append(
            _Counted(
                samples=len(rows),
                inside=inside,
                alpha=clopper_pearson(inside, len(rows), at["alpha"], "lower"),
                mass=clopper_pearson(inside, len(labels), at["mass"], "lower"),
                sigma=clopper_pearson(close, len(rows), at["sigma"], "lower"),
                misaligned=clopper_pearson(wide, len(rows), at["R"], "upper"),
            )
        )
    return counted


def _mean_balls(features: Array, labels: Array, split: LevelSplit) -> tuple[Array, Array]:
    """The sample means of the classes (K, d), and within which radii (K,) the means of the population lie."""
    per_sample = features.mean(axis=1)
    means, radii = [], []
    for k, count in enumerate(np.bincount(labels)):
        means.append(per_sample[np.flatnonzero(labels == k)].mean(axis=0))
        norm = min(float(np.linalg.norm(means[-1])), 1.0)
        radii.append(refined_mean_radius(norm, int(count), split.levels[f"mean {k}"], 1.0))
    return np.array(means), np.array(radii)


def anchored_world(features: Array, labels: Array, anchors: Anchors) -> tuple[float, Array]:
    """The anchored form on the finite world of the samples themselves: certified error, and the margins (K,).

    Means and shares are then known, the condition is `cell_margin`. Arguments as for `certify_population`.
    Source: claim thm-1-anchor.
    """
    check_sample(features, labels)
    K = int(labels.max()) + 1
    check_anchors(anchors, K, features.shape[2])
    means = np.array([features[labels == k].mean(axis=(0, 1)) for k in range(K)])
    to_mean = np.linalg.norm(anchors.points[:, None] - means[None], axis=2)
    apart = np.linalg.norm(means[:, None] - means[None], axis=2)
    margins = cell_margin(anchors.radii[:, None], to_mean.diagonal()[:, None], to_mean, apart)
    np.fill_diagonal(margins, np.inf)
    worst = margins.min(axis=1)
    inside = [
        int((farthest(features[labels == k], anchors.points[k]) <= anchors.radii[k]).sum())
        if worst[k] > ROUNDING
        else 0
        for k in range(K)
    ]
    return 1.0 - sum(inside) / len(labels), worst


def located(anchors: Anchors, alpha: Array, means: Array, radii: Array) -> tuple[Array, Array, Array, Array]:
    """Where the means are, by two balls each: U (K,), L (K, K) with L[l, k] <= ||a_l - mu_k||, centres and radii.

    The last two are those of the smaller ball of each mean, (K, d) and (K,).

    alpha  (K,) lower bounds on alpha_l
    means  (K, d) sample means
    radii  (K,) of the balls about them
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
    if POPULATION_FORMS[form].share == "sigma":  # mass_l <= p_l, and (1 - sigma) + R of it may be lost
        correct = [c.mass.lower * max(c.sigma.lower - c.misaligned.upper, 0.0) for c in met]
        return 1.0 - float(sum(correct))
    by_class = sum(c.mass.lower for c in met)
    together = 0.0
    if hoped and set(hoped) <= {c.label for c in met}:
        together = pooled.lower + sum(c.mass.lower for c in met if c.label not in hoped)
    return 1.0 - float(max(by_class, together))


def check_sample(features: Array, labels: Array) -> None:
    """ValueError unless features (n, m, d) are finite and of unit norm, with one label 0..K-1 each and K >= 2."""
    check_views("features", features)
    check_labels(labels, len(features))
    norms = np.sqrt(np.einsum("nmd,nmd->nm", features, features))
    if abs(norms - 1).max() > NORM:
        raise ValueError(
            f"features: norms run from {norms.min():.6g} to {norms.max():.6g}; give float64 features of norm 1"
        )


def check_anchors(anchors: Anchors, classes: int, dimension: int) -> None:
    """ValueError unless each class has an anchor of the features' dimension in the unit ball, a radius in 0..2 and a hope."""
    shapes = (anchors.points.shape, anchors.radii.shape, anchors.hoped.shape)
    if shapes != ((classes, dimension), (classes,), (classes,)):
        raise ValueError(
            f"anchors={', '.join(map(str, shapes))}: wrong shapes; give ({classes}, {dimension}), ({classes},), ({classes},)"
        )
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(anchors.points, axis=1)
    outside = np.flatnonzero(~(norms <= 1 + NORM))  # NaN is outside too
    if len(outside):
        k = int(outside[0])
        raise ValueError(
            f"anchors.points[{k}]={norms[k]:.17g}: its norm, outside the unit ball; give finite points of norm <= 1"
        )
    if not ((anchors.radii >= 0) & (anchors.radii <= 2 + NORM)).all():
        raise ValueError(f"radii={anchors.radii}: no distances on the sphere; give finite radii >= 0 and <= 2")

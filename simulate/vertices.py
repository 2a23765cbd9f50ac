"""Features at orthogonal vertices: a discretised encoder in any dimension d >= K, every quantity a finite sum.

The world. Features are the d vectors r e_j. A sample of class k (probability p_k) has its home at vertex k with probability
1 - h (h: swapped), else at another of the first K vertices, all alike. With probability q (torn) its views scatter: each
view, independently, stays at home with probability 1 - m (m: moved), else sits at any of the d vertices, all alike. The
views of all other samples stay at home; x itself is always at home.

At eps = 0 the samples outside S_eps are the torn ones. The lever is local, for a map to vertices has no Lipschitz constant:
d_{A,f} = min over views ||f(x1') - f(x2')||. A torn sample has every vertex among its views, so the main part of class k at
delta = 0 holds the samples at home in k and the torn ones: sigma_k = (1 - q)(1 - h) + q, alpha_k = (1 - q)(1 - h), s = 0.
Both are the most there is for 1 - h >= h/(K - 1): samples that are not torn and live apart are r sqrt(2) apart.

Source: Huang et al., ICLR 2023, sections 2 to 4 for the quantities; the model is ours.
"""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from simulate import theorem1
from simulate.comparison import Quantity, share, within
from simulate.estimators import Sampler, choose
from simulate.models import AnalyticModel, Sweep
from simulate.theorem1 import Factors
from simulate.theorems3and4 import THEOREM_3, THEOREM_4, CorrelationFactors, InfoNCEFactors
from theory.divergence.losses import identity_distance
from theory.setting import Array


@dataclass(frozen=True)
class Vertices:
    """The module's world.

    priors     p_k > 0 of sum 1, K >= 2 of them
    dimension  d >= K
    swapped    h in [0, (K - 1)/K]
    torn       q in [0, 1)
    moved      m in (0, 1]
    radius     r > 0
    Raises     ValueError, naming the value, for anything else
    """

    priors: tuple[float, ...]
    dimension: int
    swapped: float = 0.0
    torn: float = 0.0
    moved: float = 0.5
    radius: float = 1.0

    def __post_init__(self) -> None:
        K = len(self.priors)
        if K < 2 or not (min(self.priors) > 0 and abs(sum(self.priors) - 1) < 1e-9):
            raise ValueError(
                f"priors={self.priors}: not at least 2 positive numbers of sum 1; divide positive weights by their sum"
            )
        if self.dimension < K:
            raise ValueError(f"dimension={self.dimension}: less than the {K} classes; give one vertex to each")
        if not 0 <= self.swapped <= (K - 1) / K:
            raise ValueError(
                f"swapped={self.swapped}: not in [0, {(K - 1) / K:g}]; leave at least 1/K of a class at home"
            )
        if not 0 <= self.torn < 1:
            raise ValueError(f"torn={self.torn}: not in [0, 1); give a share")
        if not 0 < self.moved <= 1:
            raise ValueError(f"moved={self.moved}: not in (0, 1]; give torn = 0 to keep every view at home")
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise ValueError(f"radius={self.radius}: not a positive number; give for example 1")

    @property
    def classes(self) -> int:
        """K."""
        return len(self.priors)


def homes(model: Vertices) -> Array:
    """P[home j | class k], (K, d)."""
    K = model.classes
    own = (1 - model.swapped) * np.eye(K) + model.swapped / (K - 1) * (1 - np.eye(K))
    return np.concatenate([own, np.zeros((K, model.dimension - K))], axis=1)


def scattered(model: Vertices) -> Array:
    """P[view at i | home j, torn], (d, d), row j."""
    d = model.dimension
    return (1 - model.moved) * np.eye(d) + model.moved / d


def views(model: Vertices) -> Array:
    """P[view at j | class k], (K, d)."""
    return np.asarray(homes(model) @ ((1 - model.torn) * np.eye(model.dimension) + model.torn * scattered(model)))


def class_means(model: Vertices) -> Array:
    """mu_k = r P[view at . | class k], (K, d)."""
    return np.asarray(model.radius * views(model))


def pairs(model: Vertices) -> Array:
    """P[first view at i, second view at j], (d, d): C = r^2 times this."""
    shares = np.array(model.priors) @ homes(model)
    both = scattered(model)
    return np.asarray((1 - model.torn) * np.diag(shares) + model.torn * (both.T * shares) @ both)


def agreement(model: Vertices) -> float:
    """E f(x1).f(x2) / r^2 = 1 - q + q P[two scattered views meet], the same in every class."""
    return float(1 - model.torn + model.torn * (scattered(model)[0] ** 2).sum())


def alignment(model: Vertices) -> float:
    """L_align = 2 r^2 (1 - E f(x1).f(x2)/r^2)."""
    return 2 * model.radius**2 * (1 - agreement(model))


def robust_alignment(model: Vertices) -> float:
    """L_AR = 2 r^2 q: the views of a torn sample reach two vertices."""
    return 2 * model.radius**2 * model.torn


def sigma(model: Vertices) -> float:
    """(1 - q)(1 - h) + q, the share of each class in its main part at delta = 0."""
    return (1 - model.torn) * (1 - model.swapped) + model.torn


def alpha(model: Vertices) -> float:
    """(1 - q)(1 - h), the share of each class in its main part and in S_0."""
    return (1 - model.torn) * (1 - model.swapped)


def class_errors(model: Vertices, *, any_view: bool = False) -> Array:
    """P[G_f(x) != k | C_k], (K,), or that some view is misclassified; a tie counts as wrong. See `circle.world`."""
    means = views(model)
    scores = 2 * means - (means**2).sum(axis=1)[:, None]  # (K, d): the larger, the nearer r e_j is to mu_k
    best = scores.max(axis=0)
    right = (scores >= best) & ((scores >= best - 1e-14).sum(axis=0) == 1)
    wrong = (homes(model) * ~right).sum(axis=1)
    if not any_view:
        return np.asarray(wrong)
    return np.asarray((1 - model.torn) * wrong + model.torn * ~right.all(axis=1))


def error(model: Vertices, *, any_view: bool = False) -> float:
    """Err(G_f) = sum_k p_k P[G_f(x) != k | C_k]."""
    return float(np.array(model.priors) @ class_errors(model, any_view=any_view))


def info_nce_regulariser(model: Vertices) -> float:
    """L_2 = E log(e^{f(x1).f(x2)} + e^{f(x1).f(x-)}) at r = 1, where both products are 0 or 1; ValueError elsewhere."""
    if model.radius != 1:
        raise ValueError(f"radius={model.radius}: InfoNCE is for ||f|| = 1; give radius 1")
    share_of = np.array(model.priors) @ views(model)
    meet = pairs(model).diagonal()
    both, own = float(meet @ share_of), float(meet.sum())
    other = float(share_of @ share_of)
    neither = 1 - own - other + both
    return both * (1 + math.log(2)) + (own + other - 2 * both) * math.log(1 + math.e) + neither * math.log(2)


def view_correlation(model: Vertices) -> Array:
    """C = E f(x1) f(x2)^T, (d, d)."""
    return np.asarray(model.radius**2 * pairs(model))


def within_class_covariance(model: Vertices) -> Array:
    """S = C - sum_k p_k mu_k mu_k^T, (d, d), positive semidefinite."""
    means = class_means(model)
    return np.asarray(view_correlation(model) - (means.T * np.array(model.priors)) @ means)


@dataclass(frozen=True)
class VertexSamples:
    """Class, home, and whether torn, of n samples; (n,) each."""

    label: Array
    home: Array
    torn: Array


def sample(model: Vertices, n: int, generator: Generator, label: int | None = None) -> VertexSamples:
    """n samples of the world, or of one of its classes."""
    labels = choose(model.priors, n, generator) if label is None else np.full(n, label)
    elsewhere = (labels + generator.integers(1, model.classes, n)) % model.classes
    home = np.where(generator.random(n) < model.swapped, elsewhere, labels)
    return VertexSamples(labels, home, generator.random(n) < model.torn)


def view(model: Vertices, samples: VertexSamples, generator: Generator) -> Array:
    """The vertex of one random view of each sample."""
    n = len(samples.home)
    jumps = samples.torn & (generator.random(n) < model.moved)
    return np.where(jumps, generator.integers(0, model.dimension, n), samples.home)


def quantities(name: str, model: Vertices) -> list[Quantity]:
    """Theorem 1 and the losses in closed form and by Monte Carlo: shares by counting, losses over independent samples."""
    r2, d = model.radius**2, model.dimension
    means = class_means(model)

    def wrong(vertex: Array, label: Array) -> Array:
        distances = r2 - 2 * model.radius * means + (means**2).sum(axis=1)[:, None]  # from r e_j to mu_k
        ties = (distances <= distances.min(axis=0) + 1e-12).sum(axis=0) > 1
        return np.asarray((distances.argmin(axis=0)[vertex] != label) | ties[vertex])

    def misclassified(n: int, generator: Generator) -> Array:
        samples = sample(model, n, generator)
        return wrong(samples.home, samples.label)

    def any_misclassified(n: int, generator: Generator) -> Array:
        samples = sample(model, n, generator)
        somewhere = np.array([wrong(np.arange(d), np.full(d, k)).any() for k in range(model.classes)])
        return np.where(samples.torn, somewhere[samples.label], wrong(samples.home, samples.label))

    def main_part(aligned: bool) -> Sampler:
        def sampler(n: int, generator: Generator) -> Array:
            samples = sample(model, n, generator)
            inside = (samples.home == samples.label) | samples.torn
            return np.asarray(inside & ~samples.torn if aligned else inside)

        return sampler

    def apart(n: int, generator: Generator) -> Array:
        samples = sample(model, n, generator)
        return np.asarray(2 * r2 * (view(model, samples, generator) != view(model, samples, generator)))

    def torn(n: int, generator: Generator) -> Array:
        return np.asarray(2 * r2 * sample(model, n, generator).torn)

    def regulariser(n: int, generator: Generator) -> Array:
        samples, other = sample(model, n, generator), sample(model, n, generator)
        first, second, negative = (view(model, x, generator) for x in (samples, samples, other))
        return np.asarray(np.logaddexp((first == second).astype(float), (first == negative).astype(float)))

    def distance(n: int, generator: Generator) -> Array:
        one, two = sample(model, n, generator), sample(model, n, generator)
        f1, f2, g1, g2 = (view(model, x, generator) for x in (one, one, two, two))
        return np.asarray(r2**2 * ((f1 == g1) & (f2 == g2)) - r2 * (f1 == f2) - r2 * (g1 == g2) + d)

    def at_first(n: int, generator: Generator) -> Array:
        return np.asarray(model.radius * (view(model, sample(model, n, generator, 0), generator) == 0))

    L_2 = float(identity_distance(view_correlation(model)))
    compared = [
        Quantity("Err", error(model), misclassified, share, error(model) or 1.0),
        Quantity(
            "Err, any view", error(model, any_view=True), any_misclassified, share, error(model, any_view=True) or 1.0
        ),
        Quantity("sigma", sigma(model), main_part(aligned=False), share),
        Quantity("alpha", alpha(model), main_part(aligned=True), share),
        Quantity("mu_0 at its vertex", float(means[0, 0]), at_first, within(0.0, model.radius)),
        Quantity("cross-correlation L_2", L_2, distance, within(d - 2 * r2, r2**2 + d), max(L_2, 1.0)),
    ]
    if model.torn > 0:
        compared.append(Quantity("L_align", alignment(model), apart, within(0.0, 2 * r2)))
        compared.append(Quantity("L_AR", robust_alignment(model), torn, within(0.0, 2 * r2)))
    if model.radius == 1:
        bounds = within(math.log(2), math.log(2) + 1)
        compared.append(Quantity("InfoNCE L_2", info_nce_regulariser(model), regulariser, bounds))
    return [Quantity(f"{name}: {q.name}", q.closed, q.sampler, q.interval, q.scale) for q in compared]


def worlds() -> list[Vertices]:
    """The worlds of the sweep: 2 to 10 classes, up to five dimensions more than classes."""
    models = []
    for K, extra, swapped, torn, moved in itertools.product(
        (2, 3, 5, 10), (0, 1, 5), (0.0, 0.02, 0.1, 0.3), (0.0, 0.02, 0.1, 0.4), (0.2, 1.0)
    ):
        for shares in ((1,) * K, tuple(range(K, 2 * K))):
            priors = tuple(share / sum(shares) for share in shares)
            models.append(Vertices(priors, K + extra, swapped, torn, moved))
    return models


def suite_quantities() -> list[Quantity]:
    """Those of two worlds with every feature of the model, where errors of 1% need few million draws."""
    return [
        *quantities("vertices", Vertices((0.2, 0.3, 0.5), 5, 0.3, 0.4, 0.7)),
        *quantities("vertices of radius sqrt d", Vertices((0.1, 0.2, 0.7), 5, 0.2, 0.3, 0.5, math.sqrt(5))),
    ]


def factors(model: Vertices) -> Factors:
    """Those of Theorem 1 at eps = delta = 0, lever local."""
    means = class_means(model) / model.radius
    return Factors(
        eps=np.zeros(1),
        delta=np.zeros(1),
        s=np.zeros(1),
        R=np.array([model.torn]),
        sigma=np.full((1, model.classes), sigma(model)),
        alpha=np.full((1, model.classes), alpha(model)),
        gram=means @ means.T,
        priors=np.array(model.priors),
        wrong=class_errors(model, any_view=True),
        error=error(model),
    )


def info_nce_factors(model: Vertices) -> InfoNCEFactors:
    """What Theorem 3 needs, at radius 1."""
    agreements = np.full(model.classes, agreement(model))
    return InfoNCEFactors(np.array(model.priors), class_means(model), agreements, info_nce_regulariser(model))


def correlation_factors(model: Vertices) -> CorrelationFactors:
    """What Theorem 4 needs, at radius sqrt(d)."""
    model = replace(model, radius=math.sqrt(model.dimension))
    within_class = within_class_covariance(model)
    return CorrelationFactors(np.array(model.priors), class_means(model), view_correlation(model), within_class)


def alignments(model: Vertices) -> tuple[float, float]:
    """(L_align, L_AR)."""
    return alignment(model), robust_alignment(model)


MODEL = AnalyticModel(
    order=2,
    quantities=suite_quantities,
    supports={
        **dict.fromkeys(theorem1.CLAIMS, ("vertices",)),
        **dict.fromkeys(THEOREM_3, ("vertices: InfoNCE", "vertices: mu", "vertices: L_align")),
        **dict.fromkeys(THEOREM_4, ("vertices of radius",)),
        "l-ar": ("vertices: L_A",),
    },
    theorem_1=Sweep("vertices", worlds, lambda model: [factors(model)]),
    theorem_3=Sweep("pairs of classes at vertices", worlds, info_nce_factors),
    theorem_4=Sweep("pairs of classes at vertices", worlds, correlation_factors),
    alignments=Sweep("vertices", worlds, alignments),
)

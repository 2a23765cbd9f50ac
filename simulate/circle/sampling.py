"""The circle by Monte Carlo: samplers that follow the definition of the model, and the quantities that they estimate.

The samplers use no closed form of `world` or `losses` except the class means, which define the classifier whose error is
counted; the means are compared with Monte Carlo themselves. A supremum over views is a maximum over `VIEW_GRID`: the views
of a sample are a segment of angles, and a grid on it that contains both ends is exact for view diameters up to a half turn,
and for misclassification when every wrong arc is wider than a step of the grid.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from simulate.circle import losses, world
from simulate.circle.world import Circle
from simulate.comparison import Quantity, share, within
from simulate.estimators import Sampler, choose
from theory.divergence.losses import diagonal_distance, identity_distance
from theory.setting import Array

VIEW_GRID = np.linspace(-1, 1, 9)


@dataclass(frozen=True)
class CircleSamples:
    """n samples: class, angle phi and strength a of each; (n,)."""

    label: Array
    phi: Array
    strength: Array


def sample(model: Circle, n: int, generator: Generator, label: int | None = None) -> CircleSamples:
    """n samples of the world, or of one of its classes."""
    labels = choose(model.priors, n, generator) if label is None else np.full(n, label)
    moved = generator.random(n) < model.swapped
    cluster = np.where(moved, (labels + generator.integers(1, model.classes, n)) % model.classes, labels)
    phi = np.array(model.centres)[cluster] + np.array(model.spreads)[cluster] * generator.standard_normal(n)
    return CircleSamples(labels, phi, np.array(model.strengths)[choose(model.weights, n, generator)])


def view(samples: CircleSamples, generator: Generator) -> Array:
    """The angle of one random view of each sample."""
    return np.asarray(samples.phi + samples.strength * generator.uniform(-1, 1, len(samples.phi)))


def nearest_mean(model: Circle, angle: Array) -> Array:
    """G_f by the distances of f(angle) from the class means; angle (n,), result (n,)."""
    means = world.class_means(model)
    scores = model.radius * (np.outer(means[:, 0], np.cos(angle)) + np.outer(means[:, 1], np.sin(angle)))
    return np.asarray((scores - (means**2).sum(axis=1)[:, None] / 2).argmax(axis=0))


def quantities(name: str, model: Circle, *, delta: float, eps: float) -> list[Quantity]:
    """Every quantity of Theorem 1 in closed form and by Monte Carlo; the losses too where the radius suits them.

    name   first part of every quantity's name
    model  the world
    delta  at which sigma and alpha are compared
    eps    at which R_eps and alpha are compared
    """
    compared = _shares(model, delta, eps) + _means(model) + _alignments(model)
    if model.radius == 1:
        compared += _info_nce(model)
    if abs(model.radius**2 - 2) < 1e-12:
        compared += _correlation(model)
    return [Quantity(f"{name}: {q.name}", q.closed, q.sampler, q.interval, q.scale) for q in compared]


def _shares(model: Circle, delta: float, eps: float) -> list[Quantity]:
    """Probabilities: p, R_eps, sigma, alpha, Err."""

    def probability(title: str, closed: float, event: Callable[[int, Generator], Array]) -> Quantity:
        return Quantity(title, closed, event, share, scale=closed if closed > 0 else 1.0)

    def wide(samples: CircleSamples) -> Array:
        angles = np.multiply.outer(VIEW_GRID, np.unique(samples.strength))
        points = model.radius * np.exp(1j * angles)
        diameters = np.abs(points[:, None] - points[None, :]).max(axis=(0, 1))
        return np.asarray(diameters[np.searchsorted(np.unique(samples.strength), samples.strength)] > eps)

    def main(samples: CircleSamples, label: int) -> Array:
        return np.asarray(np.abs(samples.phi - model.centres[label]) <= delta / 2 + samples.strength)

    def misclassified(n: int, generator: Generator) -> Array:
        samples = sample(model, n, generator)
        return np.asarray(nearest_mean(model, samples.phi) != samples.label)

    def any_misclassified(n: int, generator: Generator) -> Array:
        samples = sample(model, n, generator)
        wrong = np.zeros(n, dtype=bool)
        for t in VIEW_GRID:
            wrong |= nearest_mean(model, samples.phi + t * samples.strength) != samples.label
        return wrong

    events = [
        probability("R_eps", world.misaligned_share(model, eps), lambda n, g: wide(sample(model, n, g))),
        probability("Err", world.error(model), misclassified),
        probability("Err, any view", world.error(model, any_view=True), any_misclassified),
    ]
    sigma = world.main_part_shares(model, np.array([delta]))[0]
    alpha = world.main_part_shares(model, np.array([delta]), eps)[0]
    for k in range(model.classes):

        def in_main(n: int, generator: Generator, label: int = k) -> Array:
            return main(sample(model, n, generator, label), label)

        def in_both(n: int, generator: Generator, label: int = k) -> Array:
            samples = sample(model, n, generator, label)
            return np.asarray(main(samples, label) & ~wide(samples))

        def of_class(n: int, generator: Generator, label: int = k) -> Array:
            return np.asarray(sample(model, n, generator).label == label)

        events += [
            probability(f"p_{k}", model.priors[k], of_class),
            probability(f"sigma_{k}", float(sigma[k]), in_main),
            probability(f"alpha_{k}", float(alpha[k]), in_both),
        ]
    return events


def _means(model: Circle) -> list[Quantity]:
    """mu_k along the direction of its centre and across it."""
    means = []
    for k, centre in enumerate(model.centres):
        along = np.array([math.cos(centre), math.sin(centre)])
        for part, direction in (("along", along), ("across", np.array([-along[1], along[0]]))):

            def sampler(n: int, generator: Generator, label: int = k, e: Array = direction) -> Array:
                angle = view(sample(model, n, generator, label), generator)
                return np.asarray(model.radius * (e[0] * np.cos(angle) + e[1] * np.sin(angle)))

            closed = float(world.class_means(model)[k] @ direction)
            scale = abs(closed) if part == "along" else model.radius
            means.append(Quantity(f"mu_{k} {part}", closed, sampler, within(-model.radius, model.radius), scale))
    return means


def _alignments(model: Circle) -> list[Quantity]:
    """L_align and L_AR, where some views differ; their squares are at most 4 r^2 sin(min(max a, pi/2))^2."""
    widest = 2 * model.radius * math.sin(min(max(model.strengths), math.pi / 2))
    if widest == 0:
        return []

    def pair(n: int, generator: Generator) -> Array:
        samples = sample(model, n, generator)
        gap = view(samples, generator) - view(samples, generator)
        return np.asarray(4 * model.radius**2 * np.sin(gap / 2) ** 2)

    def farthest(n: int, generator: Generator) -> Array:
        strength = sample(model, n, generator).strength
        gaps = np.multiply.outer(strength, VIEW_GRID + 1)  # a view from the first one of the segment
        return np.asarray(4 * model.radius**2 * (np.sin(np.minimum(gaps, math.pi) / 2) ** 2).max(axis=1))

    most = within(0.0, widest**2)
    return [
        Quantity("L_align", world.alignment(model), pair, most),
        Quantity("L_AR", world.robust_alignment(model), farthest, most),
    ]


def _three(model: Circle, n: int, generator: Generator) -> tuple[Array, Array, Array]:
    """Angles of two views of x and of one view of an independent x'."""
    samples, other = sample(model, n, generator), sample(model, n, generator)
    return view(samples, generator), view(samples, generator), view(other, generator)


def _info_nce(model: Circle) -> list[Quantity]:
    def regulariser(n: int, generator: Generator) -> Array:
        first, second, negative = _three(model, n, generator)
        return np.asarray(np.logaddexp(np.cos(first - second), np.cos(first - negative)))

    def loss(n: int, generator: Generator) -> Array:
        first, second, negative = _three(model, n, generator)
        return np.asarray(np.logaddexp(0.0, np.cos(first - negative) - np.cos(first - second)))

    low, high = math.log(2) - 1, math.log(2) + 1
    return [
        Quantity("InfoNCE L_2", losses.info_nce_regulariser(model), regulariser, within(low, high)),
        Quantity("L_InfoNCE", losses.info_nce(model), loss, within(0.0, math.log1p(math.e**2))),
    ]


def _correlation(model: Circle) -> list[Quantity]:
    """C, and ||C - I||^2 and sum_i (1 - C_ii)^2 as means over two independent samples, so that nothing is biased."""

    def features(n: int, generator: Generator) -> tuple[Array, Array]:
        samples = sample(model, n, generator)
        angles = view(samples, generator), view(samples, generator)
        first, second = (model.radius * np.stack([np.cos(a), np.sin(a)]) for a in angles)
        return first, second

    def regulariser(n: int, generator: Generator) -> Array:
        (f1, f2), (g1, g2) = features(n, generator), features(n, generator)
        paired = (f1 * g1).sum(axis=0) * (f2 * g2).sum(axis=0)
        return np.asarray(paired - (f1 * f2).sum(axis=0) - (g1 * g2).sum(axis=0) + 2)

    def diagonal(n: int, generator: Generator) -> Array:
        (f1, f2), (g1, g2) = features(n, generator), features(n, generator)
        return np.asarray(((1 - f1 * f2) * (1 - g1 * g2)).sum(axis=0))

    def entry(i: int, j: int) -> Sampler:
        def sampler(n: int, generator: Generator) -> Array:
            first, second = features(n, generator)
            return np.asarray(first[i] * second[j])

        return sampler

    C = losses.view_correlation(model)
    entries = [
        Quantity(f"C_{i}{j}", float(C[i, j]), entry(i, j), within(-2.0, 2.0), 1.0) for i, j in ((0, 0), (0, 1), (1, 1))
    ]
    for title, value, sampler, bounds in (
        ("cross-correlation L_1", diagonal_distance(C), diagonal, (-6.0, 18.0)),
        ("cross-correlation L_2", identity_distance(C), regulariser, (-6.0, 10.0)),
    ):
        entries.append(Quantity(title, float(value), sampler, within(*bounds), max(float(value), 1.0)))
    return entries

"""The audit: which form of Theorem 1 an encoder meets on given data and views, what is certified, what blocks the rest."""

import numbers
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from empirical.audit.check import MOST_VIEWS, check_size
from empirical.audit.continuous import Continuous, prove, requested
from empirical.audit.diagnosis import Diagnosis, examine
from empirical.audit.encoders import Subject, subject
from empirical.audit.halves import Halves, halves
from empirical.evaluation import domains
from empirical.evaluation.features import check_repeats, drawn_in_blocks, encode_all, encode_views
from empirical.evaluation.heads import FEW_VALUED, HEADS, Head, check_head, make_head, needs_fit
from empirical.evaluation.world import Measurement
from empirical.training.loop import pick_device
from empirical.views.augmentations import apply
from empirical.views.callables import Transform
from empirical.views.parsing import as_views
from empirical.views.protocol import Views, ViewSource
from theory.arcl import risk_shift, robust_displacement, robust_loss
from theory.checks import check_integer, check_seed
from theory.factors import view_diameters
from theory.neighbours import Findings, neighbouring
from theory.setting import Array, FiniteWorld
from theory.theorem1 import (
    Anchors,
    Points,
    PointsCertificate,
    PopulationCertificate,
    anchored_world,
    certify_points,
    certify_population,
    choose_anchors,
    choose_points,
)
from theory.theorem1.certificates.points import MOST_POINTS

CROSS_ENTROPY = 2**0.5
"""Lipschitz constant of the cross-entropy in the scores: its gradient is softmax - e_y, of norm at most sqrt 2."""
DOMAIN_SAMPLES = 2000


@dataclass(frozen=True)
class DomainShift:
    """What moving between the test domains may cost, for one linear head fitted on the original fitting images.

    domains                          names, "Original" first
    risks, accuracies                mean cross-entropy and accuracy of that head on each domain
    robust_alignment, displacement   L_AR and E sup ||f(A x) - f(A' x)|| over the domains
    head_norm                        ||h||, the operator norm
    bound                            sqrt 2 ||h|| displacement >= the largest difference of two risks (arcl-2-corrected)
    """

    domains: tuple[str, ...]
    risks: tuple[float, ...]
    accuracies: tuple[float, ...]
    robust_alignment: float
    displacement: float
    head_norm: float
    bound: float

    @property
    def gap(self) -> float:
        """The largest difference of two risks, as measured."""
        return max(self.risks) - min(self.risks)


@dataclass(frozen=True)
class Audit:
    """What was audited and what came of it.

    subject, ..., device   the arguments of `audit`, each in its final form
    features, labels       (n, m, d), (n,) of the certifying half: a certificate is checked against them
    exact, diagnosis       exact mode: the finite world of the certifying images and their views
    neighbours             what the neighbouring theories say of that world
    anchors                of population mode, chosen on the fitting half
    anchored               certified error and margins (K,) of the anchored form in exact mode, with these anchors
    population             the certificate of population mode
    points                 of features of a few values: points chosen on the fitting half, and their certificate; else None
    domain_shift           None where it was not measured
    continuous             every view of the box of warps; None where it was not asked for
    unchanged              share of images all of whose views are the image itself
    shared                 share of certifying images that are also fitting images
    seconds, memory        of the whole audit; peak of this process, bytes
    """

    subject: Subject
    data: Halves
    views: Views
    head: str
    clusters: int
    seed: int
    level: float
    device: str
    features: Array
    labels: Array
    exact: Measurement
    diagnosis: Diagnosis
    neighbours: Findings
    anchors: Anchors
    anchored: tuple[float, Array]
    population: PopulationCertificate
    points: tuple[Points, PointsCertificate] | None
    domain_shift: DomainShift | None
    continuous: Continuous | None
    unchanged: float
    shared: float
    seconds: float
    memory: int

    @property
    def false(self) -> bool:
        """Whether a certified error of exact mode lies below the true one: a contradiction to Theorem 1, or a defect here. So
        is a drawn view that contradicts a proof.
        """
        errors = [self.anchored[0], *(c.error for c in self.exact.certificates)]
        if self.continuous is not None:
            if self.continuous.contradicted:
                return True
            errors.append(self.continuous.exact.error)
        return min(errors) < self.exact.error_any_view - 1e-12


def audit(
    encoder: nn.Module | Subject,
    data: Any,
    views: Views | ViewSource | Transform | str,
    *,
    head: str = "unit",
    layer: str | None = None,
    clusters: int | None = None,
    m: int = 8,
    seed: int = 0,
    same: bool = False,
    level: float = 0.95,
    class_names: Sequence[str] | None = None,
    test_domains: bool = True,
    continuous: int | None = None,
    boxes: int = 0,
    jobs: int = 1,
    runs: Path | None = None,
    device: str = "auto",
    progress: bool = True,
) -> Audit:
    """Audit any encoder on any labelled data under any augmentation.

    encoder       a module in evaluation mode, images (n, C, H, W) -> (n, d), or what `load_encoder` returns
    data          see `halves`: one half fits the head and chooses anchors and radii, the other is certified
    views         an augmentation, a warp, letters such as "abcd", or a callable from one image to one view
    head          post-processing that counts as part of the encoder, one of `heads.HEADS`
    layer         a submodule whose output is audited instead of the encoder's
    clusters      of the head "clusters"; by default the number of classes
    m             views per image, the image itself included
    same          the same transformations for all images, else each image has draws of its own
    level         probability with which the population certificate holds
    test_domains  measure the lecture's five test domains too (images of three channels only)
    continuous    for the head "vertices" and a warp: prove for every view of its box, with at most so many cells an image;
                  None: nothing is proved of views that were not drawn
    boxes         with `continuous`: search the largest boxes of 2 or 3 parameters that so many images of each class bear
    jobs          processes that prove; the result does not depend on it
    runs          folder below which each image's verdict is kept as it falls, for a call after one that was stopped; None:
                  nothing is kept
    Raises ValueError, before any long work where that can be, for everything that would make a number meaningless.
    """
    start = time.perf_counter()
    m, seed = check_integer("m", m, most=MOST_VIEWS), check_seed("seed", seed)
    clusters = None if clusters is None else check_integer("clusters", clusters)
    level = _checked_level(level)
    check_head(head)
    audited = encoder if isinstance(encoder, Subject) else subject(encoder, type(encoder).__name__, layer)
    split = data if isinstance(data, Halves) else halves(data, class_names, seed)
    drawn = as_views(views, m, seed, same)
    clusters = len(split.class_names) if clusters is None else clusters
    place = pick_device(device)
    request = None
    if continuous is not None:
        request = requested(audited, head, drawn, split, continuous, boxes, jobs, runs)
    module = audited.module.to(place)
    check_repeats(module, split.images, place)
    drawn.drawn(1).block(split.images[:1], 0)  # a broken callable shows before the long work
    fitted_on = encode_all(module, split.fit_images, place) if needs_fit(head) else None
    made = make_head(head, fitted_on, clusters, seed)
    first = drawn_in_blocks(split.images[:1], drawn)
    one = encode_views(module, made, first, place, samples=1, subject="certifying half")
    check_size(len(split.images), one.shape[1], one.shape[2], len(split.class_names))

    def features_of(images: Tensor, of_images: Views, name: str) -> Array:
        blocks = drawn_in_blocks(images, of_images)
        return encode_views(module, made, blocks, place, samples=len(images), subject=name, progress=progress)

    fit = features_of(split.fit_images, drawn.for_fitting(), "fitting half")
    anchors = choose_anchors(fit, split.fit_labels.numpy(), len(split.images), level)
    points = None
    if head in FEW_VALUED and fit.shape[2] <= MOST_POINTS:
        points = choose_points(fit, split.fit_labels.numpy(), len(split.images), level)
    shift = None
    if test_domains and split.images.shape[1] == 3:
        shift = _domain_shift(module, made, split, fit[:, 0], seed, place)
    fit = fit[:, 0].copy()
    features, labels = features_of(split.images, drawn, "certifying half"), split.labels.numpy()
    population = certify_population(features, labels, view_diameters(features), anchors, level)
    exact, diagnosis = examine(features, labels, HEADS[head], drawn.name)
    return Audit(
        subject=audited,
        data=split,
        views=drawn,
        head=head,
        clusters=clusters,
        seed=seed,
        level=level,
        device=place.type,
        features=features,
        labels=labels,
        exact=exact,
        diagnosis=diagnosis,
        neighbours=neighbouring(FiniteWorld(features, features, labels)),
        anchors=anchors,
        anchored=anchored_world(features, labels, anchors),
        population=population,
        points=None if points is None else (points, certify_points(features, labels, points, level)),
        domain_shift=shift,
        continuous=None if request is None else prove(request, split, fit, features, level, progress),
        unchanged=drawn.unchanged(split.images),
        shared=split.shared(),
        seconds=time.perf_counter() - start,
        memory=_peak_memory(),
    )


def _checked_level(level: Any) -> float:
    """As a float, also from a number of NumPy's: a certificate writes it."""
    if not isinstance(level, numbers.Real) or not 0 < float(level) < 1:
        raise ValueError(f"level={level!r}: no probability; give one strictly between 0 and 1, for example 0.95")
    return float(level)


def _domain_shift(
    module: nn.Module, head: Head, data: Halves, fit: Array, seed: int, device: torch.device
) -> DomainShift:
    """Measure the domains on up to `DOMAIN_SAMPLES` certifying images; fit (n, d): features of the fitting images."""
    images, labels = data.images[:DOMAIN_SAMPLES], data.labels[:DOMAIN_SAMPLES].numpy()
    names = (domains.ORIGINAL, *domains.DOMAINS)

    def seen(name: str) -> Tensor:
        return images if name == domains.ORIGINAL else apply(images, domains.parameters(name, len(images), seed, 1))

    features = np.stack([head(encode_all(module, seen(name), device)) for name in names], axis=1)
    probe = LogisticRegression(max_iter=2000).fit(fit, data.fit_labels.numpy())
    weights, bias = probe.coef_, probe.intercept_
    if len(weights) == 1:  # two classes share one score
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    scores = features @ weights.T + bias
    scores -= scores.max(axis=2, keepdims=True)
    losses = np.log(np.exp(scores).sum(axis=2)) - np.take_along_axis(scores, labels[:, None, None], axis=2)[:, :, 0]
    norm = float(np.linalg.norm(weights, 2))
    displacement = float(robust_displacement(features))
    return DomainShift(
        domains=names,
        risks=tuple(losses.mean(axis=0).tolist()),
        accuracies=tuple((scores.argmax(axis=2) == labels[:, None]).mean(axis=0).tolist()),
        robust_alignment=float(robust_loss(features)),
        displacement=displacement,
        head_norm=norm,
        bound=float(risk_shift(CROSS_ENTROPY, norm, displacement)),
    )


def _peak_memory() -> int:
    """The most memory that this process has held so far, bytes; 0 on Windows, which does not count it."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

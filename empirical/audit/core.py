"""The audit: which form of Theorem 1 an encoder meets on given data and views, what is certified, what blocks the rest."""

import numbers
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from empirical.audit.encoders import Subject, subject
from empirical.audit.exact import Exact, examine
from empirical.audit.halves import Halves, halves
from empirical.evaluation import domains
from empirical.evaluation.features import HEADS, check_repeats, encode, encode_views, joined, make_head, needs_fit
from empirical.evaluation.heads import Head
from empirical.thirdparty import check_integers
from empirical.training.loop import pick_device
from empirical.views.augmentations import apply
from empirical.views.callables import Transform
from empirical.views.parsing import as_views
from empirical.views.protocol import Views, ViewSource
from theory.arcl import risk_shift, robust_displacement, robust_loss
from theory.factors import view_diameters
from theory.setting import Array
from theory.theorem1 import Anchors, PopulationCertificate, anchored_world, certify_population, choose_anchors

CROSS_ENTROPY = 2**0.5
"""Lipschitz constant of the cross-entropy in the scores: its gradient is softmax - e_y, of norm at most sqrt 2."""
DOMAIN_SAMPLES = 2000


@dataclass(frozen=True)
class Transfer:
    """What moving between the test domains may cost, for one linear head fitted on the original fitting images.

    domains, risks, accuracies   "Original" first; mean cross-entropy and accuracy of that head on each
    robust_alignment, displacement   L_AR and E sup ||f(A x) - f(A' x)|| over the domains
    head_norm   operator norm;  bound  sqrt 2 ||h|| displacement >= the largest difference of two risks (arcl-2-corrected)
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
    """What was audited and what was found. features, labels: of the certifying half, what a certificate is checked against.

    anchored: certified error and margins (K,) of the anchored form in exact mode, with the anchors of population mode.
    unchanged: share of images all of whose views are the image itself.
    shared: share of certifying images that are also fitting images.
    seconds: of the whole audit; memory: peak of this process, bytes.
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
    exact: Exact
    anchors: Anchors
    anchored: tuple[float, Array]
    population: PopulationCertificate
    transfer: Transfer | None
    unchanged: float
    shared: float
    seconds: float
    memory: int

    @property
    def false(self) -> bool:
        """Whether a certified error of exact mode lies below the true one: a contradiction to Theorem 1, or a defect here."""
        errors = [self.anchored[0], *(c.error for c in self.exact.certificates)]
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
    device: str = "auto",
    progress: bool = True,
) -> Audit:
    """Audit any encoder on any labelled data under any augmentation.

    encoder: a module in evaluation mode, images (n, C, H, W) -> (n, d). data: see `data.halves`: one half fits the head and
    chooses anchors and radii, the other is certified. views: an augmentation, a warp, letters such as "abcd", or a callable
    from one image to one view; m of them per image, the image itself included; same: the same ones for all images.
    head: post-processing that counts as part of the encoder, one of `features.HEADS`; layer: a submodule to take instead of
    the output. clusters: of the head "clusters" (the number of classes). level: of the population certificate.
    test_domains: measure transfer over the lecture's five domains (images of three channels only).
    Raises ValueError, before any long work where that can be, for everything that would make a number meaningless.
    """
    start = time.perf_counter()
    check_integers(m=m, seed=seed)
    if not isinstance(level, numbers.Real) or not 0 < level < 1:
        raise ValueError(f"level is {level!r}: give a probability strictly between 0 and 1, for example 0.95")
    if head not in HEADS:
        raise ValueError(f"head={head!r} is unknown: choose one of {', '.join(HEADS)}")
    who = encoder if isinstance(encoder, Subject) else subject(encoder, type(encoder).__name__, layer)
    found = data if isinstance(data, Halves) else halves(data, class_names, seed)
    what = as_views(views, m, seed, same)
    K = len(found.class_names)
    count = K if clusters is None else clusters
    where = pick_device(device)
    module = who.module.to(where)
    check_repeats(module, found.images, where)
    what.drawn(1).block(found.images[:1], 0)  # a broken callable shows before the long work
    raw = None
    if needs_fit(head):
        raw = joined([encode(module, batch, where) for batch in found.fit_images.split(512)])
    ending = make_head(head, raw, count, seed)
    fit = encode_views(module, ending, found.fit_images, what.for_fitting(), where, progress, "fitting half")
    anchors = choose_anchors(fit, found.fit_labels.numpy(), len(found.images), level)
    transfer = None
    if test_domains and found.images.shape[1] == 3:
        transfer = _transfer(module, ending, found, fit[:, 0], seed, where)
    del fit
    features = encode_views(module, ending, found.images, what, where, progress, "certifying half")
    labels = found.labels.numpy()
    population = certify_population(features, labels, view_diameters(features), anchors, level)
    return Audit(
        subject=who,
        data=found,
        views=what,
        head=head,
        clusters=count,
        seed=seed,
        level=level,
        device=where.type,
        features=features,
        labels=labels,
        exact=examine(features, labels),
        anchors=anchors,
        anchored=anchored_world(features, labels, anchors),
        population=population,
        transfer=transfer,
        unchanged=what.unchanged(found.images),
        shared=found.shared(),
        seconds=time.perf_counter() - start,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _transfer(module: nn.Module, head: Head, data: Halves, fit: Array, seed: int, device: torch.device) -> Transfer:
    """Measure the domains on up to `DOMAIN_SAMPLES` certifying images; fit (n, d): features of the fitting images."""
    images, labels = data.images[:DOMAIN_SAMPLES], data.labels[:DOMAIN_SAMPLES].numpy()
    names = (domains.ORIGINAL, *domains.DOMAINS)

    def seen(name: str) -> Tensor:
        return images if name == domains.ORIGINAL else apply(images, domains.parameters(name, len(images), seed, 1))

    features = np.stack(
        [head(joined([encode(module, b, device) for b in seen(name).split(512)])) for name in names], axis=1
    )
    probe = LogisticRegression(max_iter=2000).fit(fit, data.fit_labels.numpy())
    weights, bias = probe.coef_, probe.intercept_
    if len(weights) == 1:  # two classes share one score
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    scores = features @ weights.T + bias
    scores -= scores.max(axis=2, keepdims=True)
    losses = np.log(np.exp(scores).sum(axis=2)) - np.take_along_axis(scores, labels[:, None, None], axis=2)[:, :, 0]
    norm = float(np.linalg.norm(weights, 2))
    displacement = float(robust_displacement(features))
    return Transfer(
        domains=names,
        risks=tuple(losses.mean(axis=0).tolist()),
        accuracies=tuple((scores.argmax(axis=2) == labels[:, None]).mean(axis=0).tolist()),
        robust_alignment=float(robust_loss(features)),
        displacement=displacement,
        head_norm=norm,
        bound=float(risk_shift(CROSS_ENTROPY, norm, displacement)),
    )

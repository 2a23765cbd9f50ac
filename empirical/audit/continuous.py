"""What an audit says of every view of a box: which images keep their cluster, and what Theorem 1 makes of it."""

import time
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirical.audit.encoders import Subject
from empirical.audit.halves import Halves
from empirical.continuous.geometry import Box
from empirical.continuous.kept import kept_verdict, verdict_file
from empirical.continuous.network import Plain, plain
from empirical.continuous.search import Verdict, VerdictOn, verify, verify_one
from empirical.continuous.sub_boxes import class_scales, largest_scales, part_of
from empirical.views.boxes import BoxSource
from empirical.views.protocol import Views
from theory.checks import check_integer
from theory.setting import Array
from theory.theorem1.certificates.vertex import (
    VertexCertificate,
    VertexWorld,
    certify_vertices,
    exact_vertices,
    vertex_anchors,
)


@dataclass(frozen=True)
class Request:
    """What is asked: cells an image, images of each class whose largest boxes are searched, processes, and the folder below
    which verdicts are kept, None for nowhere."""

    network: Plain
    box: Box
    cells: int
    boxes: int
    jobs: int
    runs: Path | None

    @property
    def verdict_on(self) -> VerdictOn:
        """One image."""
        return verify_one if self.runs is None else partial(kept_verdict, self.runs)

    def kept(self, images: Tensor) -> int:
        """On how many images an earlier call has left the verdict."""
        if self.runs is None:
            return 0
        return sum(verdict_file(self.runs, self.network, image, self.box, self.cells).exists() for image in images)


@dataclass(frozen=True)
class Borne:
    """How large a box of some of the parts of the views the classes bear, the other parts left out.

    parts    of the views, with two or three parameters together
    scales   for each class the largest share of the ranges at which more than half of the images searched are proved
    """

    parts: tuple[str, ...]
    scales: tuple[float, ...]


@dataclass(frozen=True)
class Continuous:
    """What was proved of every view of the box.

    network, box, cells   the exact real function, the box of views, the budget of cells an image
    verdicts              one a certifying image
    anchors (K,)          vertices of the classes, chosen on the fitting half
    exact                 the certifying images as the world, under any law of their views
    population            at the level of the audit, under any law of their views
    contradicted          proved images with a drawn view that lies elsewhere, as float32 computes it: there should be none
    borne                 largest boxes, by images of each class, an estimate for the others; empty where not asked for
    searched              images of each class for them, at most
    kept                  verdicts that an earlier call had left
    seconds               of proving, in this call
    """

    network: Plain
    box: Box
    cells: int
    verdicts: tuple[Verdict, ...]
    anchors: Array
    exact: VertexWorld
    population: VertexCertificate
    contradicted: int
    borne: tuple[Borne, ...]
    searched: int
    kept: int
    seconds: float

    def having(self, status: str) -> Array:
        """Whether each image has this status, (n,)."""
        return np.array([verdict.status == status for verdict in self.verdicts])


def requested(
    encoder: Subject, head: str, views: Views, data: Halves, cells: Any, boxes: Any, jobs: Any, runs: Path | None
) -> Request:
    """Check what is asked, before any long work. ValueError where it cannot be done."""
    cells, jobs, boxes = (
        check_integer(name, value, least)
        for name, value, least in (("continuous", cells, 1), ("jobs", jobs, 1), ("boxes", boxes, 0))
    )
    if head != "vertices":
        raise ValueError(f"continuous={cells}: the head {head!r} moves with every view; give the head 'vertices'")
    if not isinstance(views.source, BoxSource):
        raise ValueError(
            f"continuous={cells}: no box of views in {views.name!r}; give 'mild-warp', 'warp', 'mild-crop' or 'crop', "
            "with '+flip' for mirror images too, or an object with the methods of empirical.views.boxes.BoxSource"
        )
    if encoder.layer is not None:
        raise ValueError(
            f"continuous={cells}: an encoder cut off at the layer {encoder.layer!r} is not traced; leave the layer out, and "
            "give a module that ends there"
        )
    box = Box(views.source)
    if not box.dimensions:
        raise ValueError(f"continuous={cells}: all ranges of {views.name!r} are 0; give a range")
    channels, height, width = data.images.shape[1:]
    return Request(plain(encoder.module, (channels, height, width)), box, cells, boxes, jobs, runs)


def prove(request: Request, data: Halves, fitting: Array, features: Array, level: float, progress: bool) -> Continuous:
    """Verify all certifying images, and certify by what was proved.

    fitting    vertices (n', J) of the fitting images
    features   vertices (n, m, J) of the drawn views of the certifying images
    """
    start = time.perf_counter()
    labels = data.labels.numpy()
    anchors = vertex_anchors(fitting.argmax(axis=1), data.fit_labels.numpy())
    kept = request.kept(data.images)
    verdicts = verify(
        request.network, data.images, request.box, request.cells, request.jobs, progress, request.verdict_on
    )
    proved = np.array([verdict.status == "proved" for verdict in verdicts])
    clusters = np.array([verdict.cluster for verdict in verdicts])
    elsewhere = (features.argmax(axis=2) != clusters[:, None]).any(axis=1)
    return Continuous(
        network=request.network,
        box=request.box,
        cells=request.cells,
        verdicts=tuple(verdicts),
        anchors=anchors,
        exact=exact_vertices(proved, clusters, labels),
        population=certify_vertices(proved, clusters, labels, anchors, level),
        contradicted=int((proved & elsewhere).sum()),
        borne=_borne(request, data, anchors, progress) if request.boxes else (),
        searched=request.boxes,
        kept=kept,
        seconds=time.perf_counter() - start,
    )


def _borne(request: Request, data: Halves, anchors: Array, progress: bool) -> tuple[Borne, ...]:
    """Of every choice of parts with two or three parameters, by the first images of each class."""
    labels, source = data.labels.numpy(), request.box.source
    rows = np.concatenate([np.flatnonzero(labels == k)[: request.boxes] for k in range(len(anchors))])
    present = [part for part, range_ in source.parts.items() if range_]
    results = []
    for parts in (parts for size in (1, 2, 3) for parts in combinations(present, size)):
        part = part_of(source, parts)
        if len(Box(part).dimensions) not in (2, 3):
            continue
        scales, clusters = largest_scales(
            request.network,
            data.images[rows],
            part,
            request.cells,
            jobs=request.jobs,
            progress=progress,
            verdict_on=request.verdict_on,
        )
        results.append(Borne(parts, class_scales(scales, clusters, labels[rows], anchors)))
    return tuple(results)


def refuting_views(continuous: Continuous, images: Tensor, rows: Array) -> Tensor:
    """The views (n, C, H, W) that refute these images."""
    points = torch.tensor([continuous.verdicts[i].view for i in rows], dtype=torch.float64)
    source = continuous.box.source
    return source.apply(images[rows].double(), source.maps(points))

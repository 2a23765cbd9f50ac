"""How large a box of views an encoder bears: for each image the largest share of the ranges at which all are proved.

Boxes of smaller ranges lie within each other, so that an image proved at one scale is proved at all smaller ones: one search
an image tells for every scale which images are proved, and so for each class the largest scale at which it is met.
"""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from torch import Tensor
from tqdm import tqdm

from empirical.continuous.geometry import Box
from empirical.continuous.network import Plain
from empirical.continuous.search import VerdictOn, verify_one
from empirical.views.boxes import BoxSource
from theory.checks import check_choice, check_integer
from theory.setting import Array


def part_of(source: BoxSource, parts: Sequence[str], share: float = 1.0) -> BoxSource:
    """The views whose ranges are those of `parts` times the share, and the others 0.

    Raises ValueError for a part that the source does not have, and a share outside 0..1.
    """
    every = source.parts
    for part in parts:
        check_choice("part", part, tuple(every))
    if not 0 <= share <= 1:
        raise ValueError(f"share={share}: outside 0..1; use a part of the ranges")
    return source.with_parts({part: share * range_ if part in parts else 0.0 for part, range_ in every.items()})


def largest_scale(
    network: Plain,
    image: Tensor,
    source: BoxSource,
    budget: int,
    steps: int,
    verdict_on: VerdictOn = verify_one,
) -> tuple[float, int]:
    """The largest multiple of 2^-steps, at most 1, at which all views of an image (C, H, W) are proved; and its cluster.

    Found by bisection: for every scale tried and not proved, the verdict was "refuted" or "open" within the budget of cells.
    The scale is 0 where none was proved.
    """
    verdict = verdict_on(network, image, Box(source), budget)
    if verdict.status == "proved":
        return 1.0, verdict.cluster
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        part = Box(part_of(source, tuple(source.parts), middle))
        low, high = (middle, high) if verdict_on(network, image, part, budget).status == "proved" else (low, middle)
    return low, verdict.cluster


def largest_scales(
    network: Plain,
    images: Tensor,
    source: BoxSource,
    budget: int,
    steps: int = 5,
    jobs: int = 1,
    progress: bool = False,
    verdict_on: VerdictOn = verify_one,
) -> tuple[Array, Array]:
    """`largest_scale` of each image (n, C, H, W), and its cluster, both (n,)."""
    check_integer("budget", budget, 1)
    check_integer("steps", steps, 1)
    tasks = (delayed(largest_scale)(network, image, source, budget, steps, verdict_on) for image in images)
    results = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    pairs = list(tqdm(results, total=len(images), desc="boxes", unit="image", disable=not progress))
    return np.array([scale for scale, _ in pairs]), np.array([cluster for _, cluster in pairs], dtype=np.int64)


def class_scales(scales: Array, clusters: Array, labels: Array, anchors: Array) -> tuple[float, ...]:
    """For each class the largest scale at which more than half of its images are proved to be of its cluster; 0: at none.

    Two classes of different clusters meet the vertex form of Theorem 1 together, alpha_l + alpha_k > 1, at every scale up to
    the smaller of theirs.

    scales    (n,)  `largest_scales` of images
    clusters  (n,)  of the images
    labels    (n,)  in 0..K-1
    anchors   (K,)  cluster of each class
    """
    result = []
    for label, anchor in enumerate(anchors):
        own = labels == label
        reached = np.sort(scales[own & (clusters == anchor)])[::-1]
        needed = int(own.sum()) // 2
        result.append(float(reached[needed]) if len(reached) > needed else 0.0)
    return tuple(result)

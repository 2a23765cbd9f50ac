"""Branch and bound over a box of views: is the cluster of an image the cluster of all its views?

A cell that no bound decides is halved along the dimension that moves its pixels furthest, for what bounds lose over a cell
is mostly how far interpolation between pixels is from affine; rivals that are excluded over a cell are excluded over its
halves. The budget counts cells, never seconds, so that a verdict depends on the network, the image, the box and the budget
only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from joblib import Parallel, delayed
from torch import Tensor
from tqdm import tqdm

from empirical.continuous.attack import attack, first_refuting, leads
from empirical.continuous.backward import Bound, Network, bound, can_be_grey
from empirical.continuous.geometry import Box, cells, displacements
from empirical.continuous.network import Plain
from theory.checks import check_integer
from theory.concentration.pools import one_blas_thread
from theory.setting import Array

BATCH = 32
"""Cells that are bounded at once."""
PROBES = 4
"""Cells of a batch, the worst ones, that are attacked where their bound is least."""
LEAF = 255


@dataclass(frozen=True)
class Verdict:
    """What is known of the views of one image.

    status    "proved": all are of the cluster; "refuted": a view is not; "open": the budget ended first
    cluster   of the image itself
    cells     that were bounded
    splits    tree of the box in preorder: d = halved along dimension d of the box, lower half first; `LEAF` = a bound over
              the cell proves it; empty unless proved
    view      (P,) point of the `maps` of the box whose view is of another cluster; None unless refuted
    """

    status: str
    cluster: int
    cells: int
    splits: bytes
    view: tuple[float, ...] | None


VerdictOn = Callable[[Plain, Tensor, Box, int], Verdict]
"""`verify_one`, or `kept.kept_verdict`, which goes on where an earlier call was stopped."""


def verify(
    network: Plain,
    images: Tensor,
    box: Box,
    budget: int,
    jobs: int = 1,
    progress: bool = False,
    verdict_on: VerdictOn | None = None,
) -> list[Verdict]:
    """The verdict on each image (n, C, H, W).

    budget      cells an image
    jobs        processes; the verdicts do not depend on it
    progress    whether to draw a bar
    verdict_on  gives the verdict on one image; None: `verify_one`

    Raises ValueError for a budget or jobs below 1, images of another shape, and pixels that are not finite.
    """
    check_integer("budget", budget, 1)
    check_integer("jobs", jobs, 1)
    if images.ndim != 4 or tuple(images.shape[1:]) != network.shape:
        raise ValueError(f"images.shape={tuple(images.shape)}: not (n, *{network.shape}); give images of the network")
    if not torch.isfinite(images).all():
        raise ValueError("images: a pixel is not finite; give finite pixels")
    tasks = (delayed(verdict_on or verify_one)(network, image, box, budget) for image in images)
    counts = {"proved": 0, "refuted": 0, "open": 0}
    verdicts = []
    with tqdm(total=len(images), desc="views", unit="image", disable=not progress) as bar:
        for verdict in Parallel(n_jobs=jobs, return_as="generator")(tasks):
            verdicts.append(verdict)
            counts[verdict.status] += 1
            bar.set_postfix(counts, refresh=False)
            bar.update()
    return verdicts


def verify_one(network: Plain, image: Tensor, box: Box, budget: int) -> Verdict:
    """The verdict on one image (C, H, W)."""
    grey = can_be_grey(network) and bool((image == image[:1]).all())
    with one_blas_thread:
        return _Search(Network(network, grey), image[:1] if grey else image, box).run(budget)


_Cell = tuple[int, Array, Array, Array]
"""A node, its least and largest coordinates (D,), and the rivals (K,) that are not excluded over it."""


class _Search:
    """The tree of one image: splits[i] of node i is None while it is open; children are two nodes in a row."""

    def __init__(self, network: Network, image: Tensor, box: Box) -> None:
        self.network, self.image, self.box = network, image[None].double(), box
        self.reach = displacements(box, *image.shape[1:]).numpy()
        self.cluster = int(network.scores(self.image.numpy())[0].argmax())
        self.splits: list[int | None] = [None]
        self.children: list[int] = [0]

    def run(self, budget: int) -> Verdict:
        D, K = len(self.box.dimensions), self.network.classes
        point = attack(self.network, self.image, self.box, self.cluster)
        others = np.arange(K) != self.cluster
        pending: list[_Cell] = [(0, -np.ones(D), np.ones(D), others)]
        for d in self.box.jumps:  # an image and its mirror image have a tree each
            pending = [half for cell in pending for half in self._halves(*cell, d)]
        done = 0
        while pending and point is None:
            if done + len(pending) > budget:
                return Verdict("open", self.cluster, done, b"", None)
            batch, pending = pending[-BATCH:], pending[:-BATCH]
            low, high, rivals = (np.array([cell[i] for cell in batch]) for i in (1, 2, 3))
            done += len(batch)
            owners, columns = np.nonzero(rivals)
            affine = cells(
                self.image.expand(len(batch), -1, -1, -1), torch.from_numpy(low), torch.from_numpy(high), self.box
            )
            result = bound(self.network, affine, self.cluster, owners, columns)
            proved = result.margins > 0
            point = self._probe(result, owners, low, high)
            rivals[owners[proved], columns[proved]] = False
            for i, (node, *_) in enumerate(batch):
                if not rivals[i].any():
                    self.splits[node] = LEAF
                    continue
                if D > 0:
                    d = int((self.reach * (high[i] - low[i])).argmax())
                    pending += self._halves(node, low[i], high[i], rivals[i], d)
        if point is not None:
            view = self.box.points(torch.from_numpy(point[None]))[0]
            return Verdict("refuted", self.cluster, done, b"", tuple(view.tolist()))
        if None in self.splits:  # a box without dimension cannot be halved
            return Verdict("open", self.cluster, done, b"", None)
        return Verdict("proved", self.cluster, done, bytes(self._preorder()), None)

    def _halves(self, node: int, low: Array, high: Array, rivals: Array, d: int) -> list[_Cell]:
        first = len(self.splits)
        self.splits[node], self.children[node] = d, first
        self.splits += [None, None]
        self.children += [0, 0]
        below, above = high.copy(), low.copy()
        below[d] = above[d] = (low[d] + high[d]) / 2
        return [(first, low, below, rivals), (first + 1, above, high, rivals)]

    def _probe(self, result: Bound, owners: Array, low: Array, high: Array) -> Array | None:
        worst = np.argsort(result.margins, kind="stable")[:PROBES]
        signs = -np.sign(result.slopes[worst])
        rows = owners[worst]
        points = (low[rows] + high[rows]) / 2 + signs * (high[rows] - low[rows]) / 2
        values = leads(self.network, self.image, self.box, self.cluster, points)
        return first_refuting(self.network, self.image, self.box, self.cluster, points, values)

    def _preorder(self) -> Iterator[int]:
        stack = [0]
        while stack:
            node = stack.pop()
            split = self.splits[node]
            assert split is not None
            yield split
            if split != LEAF:
                stack += [self.children[node] + 1, self.children[node]]

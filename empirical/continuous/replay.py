"""Prove again that a network's largest score is the same in every view of a box, from the leaves of a split tree alone."""

from collections.abc import Iterator, Sequence

import numpy as np

from empirical.continuous.replayed_network import Layer, lower_bounds, ranges_of
from empirical.continuous.replayed_views import BoxRanges, views_over
from theory.setting import Array

LEAF = 255
DEEPEST = 40
"""How often a tree may halve one dimension: far from where halving floats ends."""
BATCH = 64
HALVINGS = 8
"""How often a leaf whose bound does not prove it here may be halved further."""


def leaves(tree: bytes, dimensions: int) -> tuple[Array, Array]:
    """The lowest and highest coordinates (n, D) of the leaves of a split tree of [-1, 1]^D, in its order.

    tree   preorder: d, where a cell is halved along dimension d, its lower half first; or `LEAF`
    Raises ValueError for what is no such tree, or too deep.
    """
    whole = np.concatenate([-np.ones(dimensions), np.ones(dimensions)])
    stack, proved = [whole], []
    for step in tree:
        if not stack:
            raise ValueError("the tree goes on behind its last leaf")
        cell = stack.pop()
        if step == LEAF:
            proved.append(cell)
            continue
        if step >= dimensions:
            raise ValueError(f"the tree halves dimension {step} of {dimensions}")
        middle = (cell[step] + cell[dimensions + step]) / 2
        lower, upper = cell.copy(), cell.copy()
        lower[dimensions + step] = upper[step] = middle
        if middle - cell[step] < 2.0**-DEEPEST:
            raise ValueError(f"the tree halves a dimension more than {DEEPEST} times")
        stack += [upper, lower]
    if stack:
        raise ValueError("the tree ends before its last leaf")
    cells = np.array(proved)
    return cells[:, :dimensions], cells[:, dimensions:]


def reproved(
    layers: Sequence[Layer],
    image: Array,
    ranges: BoxRanges,
    low: Array,
    high: Array,
    cluster: int,
    halvings: int = HALVINGS,
) -> bool:
    """Whether the score `cluster` exceeds all others in every view of the image (H, W, C) in all of the cells (n, D), each of
    which may be halved so often, along the dimension that costs its bound most."""
    return all(_proved(layers, image, ranges, low[part], high[part], cluster, halvings) for part in _parts(len(low)))


def refuted(layers: Sequence[Layer], image: Array, ranges: BoxRanges, view: Array, cluster: int) -> bool:
    """Whether another score exceeds the score `cluster` in the view (P,), a cell of one point; False for one outside of the
    box."""
    own = ranges.dimensions
    point = view[own][None]
    if (np.abs(view) > 1).any() or np.delete(view, own).any():
        return False
    over = ranges_of(layers, *views_over(image, point, point, ranges))
    scores = np.eye(layers[-1].shape[0])
    targets = np.delete(scores, cluster, axis=0) - scores[cluster]
    return bool((lower_bounds(layers, over, np.zeros(len(targets), dtype=np.int64), targets)[0] > 0).any())


def _parts(n: int) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, n, BATCH))


def _proved(
    layers: Sequence[Layer], image: Array, ranges: BoxRanges, low: Array, high: Array, cluster: int, halvings: int
) -> bool:
    """`reproved` of at most `BATCH` cells."""
    n, scores = len(low), layers[-1].shape[0]
    over = ranges_of(layers, *views_over(image, low, high, ranges))
    targets = np.tile(np.eye(scores)[cluster] - np.delete(np.eye(scores), cluster, axis=0), (n, 1))
    bounds, slopes = lower_bounds(layers, over, np.repeat(np.arange(n), scores - 1), targets)
    bounds, slopes = bounds.reshape(n, scores - 1), slopes.reshape(n, scores - 1, -1)
    rows = np.flatnonzero(~(bounds > 0).all(axis=1))
    if not len(rows):
        return True
    if halvings == 0:
        return False
    widest = slopes[rows, bounds[rows].argmin(axis=1)].argmax(axis=1)
    split = np.arange(len(rows)), widest
    lower, upper = high[rows], low[rows]
    lower[split] = upper[split] = (low[rows][split] + high[rows][split]) / 2
    low, high = np.concatenate([low[rows], upper]), np.concatenate([lower, high[rows]])
    return reproved(layers, image, ranges, low, high, cluster, halvings - 1)

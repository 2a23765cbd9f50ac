"""The linear layers of a network as matrix products in float64, forward and backward, with bounds of their rounding.

Arrays hold channels last: (n, H, W, C) for a node of shape (C, H, W), and (n, d) for a vector. A convolution is one product
of the patches of all images with the matrix of its weights. Nothing here is faster in exact arithmetic (no Winograd, no
Strassen), so that every result is a sum of products in some order, with or without fused multiply-add, and

    |computed - exact| <= gamma(k) sum |factor| |factor|,    gamma(k) = k u / (1 - k u),  u = 2^-53,

for a sum of at most k - 1 products that are not zero. Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms",
section 3.1.
"""

from dataclasses import dataclass

import numpy as np

from empirical.continuous.network import AveragePool, Convolution, Flatten, Linear
from theory.concentration.compiled import compiled
from theory.continuous import formulas
from theory.setting import Array

Layer = AveragePool | Convolution | Flatten | Linear
UNIT = float(formulas.UNIT)
UNDERFLOW = 1e-200
"""More than what falls below the normal numbers adds to fewer than 2^80 products with factors below `LARGEST`."""
LARGEST = 1e90


def rounding(terms: int, size: Array) -> Array:
    """gamma(terms) times the size, which may itself be computed with as many terms.

    Raises ValueError for 2^40 terms or more.
    """
    if terms >= 2**40:
        raise ValueError(f"terms={terms}: too many to bound their rounding; use a smaller network")
    return np.asarray(formulas.slack_share(terms, 1.01, UNIT) * size + UNDERFLOW)


def limited(sizes: Array) -> Array:
    """The sizes, infinite from `LARGEST` on and where they are no numbers, so that nothing is proved with them."""
    return np.where(sizes < LARGEST, sizes, np.inf)


@dataclass(frozen=True)
class Map:
    """A linear layer x -> matrix x + bias.

    source           shape of x
    matrix   (k, O)  of patches (h, w, C) to output channels; empty for pools and `Flatten`, which have no weights
    bias     (O,)
    weight           the largest sum of absolute weights of an output: |matrix x| <= weight max |x|
    offset           the largest absolute bias
    """

    node: Layer
    source: tuple[int, ...]
    matrix: Array
    bias: Array
    weight: float
    offset: float

    def apply(self, values: Array) -> Array:
        """The matrix times values (n, ...), without the bias."""
        return self._product(values, self.matrix)

    def apply_absolute(self, values: Array) -> Array:
        """The matrix of absolute values times values (n, ...)."""
        return self._product(values, np.abs(self.matrix))

    def _product(self, values: Array, matrix: Array) -> Array:
        match self.node:
            case Linear():
                return np.asarray(values @ matrix)
            case Convolution(shape=shape, stride=stride, padding=padding, weight=weight):
                patches = np.zeros((len(values), *shape[1:], *weight.shape[2:], values.shape[3]))
                _exchange(values, patches, *stride, *padding, False)
                return (patches.reshape(-1, len(matrix)) @ matrix).reshape(len(values), *shape[1:], shape[0])
            case AveragePool(shape=shape, kernel=kernel, stride=stride):
                patches = np.zeros((len(values), *shape[1:], *kernel, values.shape[3]))
                _exchange(values, patches, *stride, 0, 0, False)
                return np.asarray(patches.sum(axis=(3, 4)) / (kernel[0] * kernel[1]))
            case Flatten():
                return values.transpose(0, 3, 1, 2).reshape(len(values), -1)

    def transposed(self, rows: Array) -> Array:
        """Rows (n, ...) of the node's shape times the matrix: rows of its source's shape."""
        channels, *sides = (*self.source, 1, 1)[:3]
        match self.node:
            case Linear():
                return np.asarray(rows @ self.matrix.T)
            case Convolution(weight=weight, stride=stride, padding=padding):
                patches = rows.reshape(-1, rows.shape[-1]) @ self.matrix.T
                patches = patches.reshape(*rows.shape[:3], *weight.shape[2:], channels)
                return _scattered(patches, sides, stride, padding)
            case AveragePool(kernel=kernel, stride=stride):
                share = rows / (kernel[0] * kernel[1])
                spread = np.broadcast_to(share[:, :, :, None, None], (*rows.shape[:3], *kernel, channels))
                return _scattered(np.ascontiguousarray(spread), sides, stride, (0, 0))
            case Flatten():
                return np.ascontiguousarray(rows.reshape(len(rows), *self.source).transpose(0, 2, 3, 1))


def linear_map(node: Layer, source: tuple[int, ...]) -> Map:
    """The node behind a node of the shape `source`.

    A convolution of several channels behind an image (1, H, W) takes that one channel for each of them: it adds their
    weights, while `weight` remains the sum of the absolute values of all of them.
    """
    match node:
        case Linear(weight=weight, bias=bias):
            matrix = np.ascontiguousarray(weight.T)
        case Convolution(weight=weight, bias=bias):
            merged = weight if weight.shape[1] == source[0] else weight.sum(axis=1, keepdims=True)
            matrix = np.ascontiguousarray(merged.transpose(2, 3, 1, 0)).reshape(-1, len(weight))
        case _:
            return Map(node, source, np.zeros((0, 0)), np.zeros(1), 1.0, 0.0)
    largest = float(np.abs(weight).reshape(len(weight), -1).sum(axis=1).max())
    return Map(node, source, matrix, bias, largest, float(np.abs(bias).max()))


def _scattered(patches: Array, sides: list[int], stride: tuple[int, int], padding: tuple[int, int]) -> Array:
    """The sum (n, H, W, C) of patches (n, H', W', h, w, C) put back where they were taken."""
    values = np.zeros((len(patches), *sides, patches.shape[5]))
    _exchange(values, patches, *stride, *padding, True)
    return values


@compiled
def _exchange(values: Array, patches: Array, down: int, across: int, top: int, left: int, back: bool) -> None:
    """Write patches (n, H', W', h, w, C) of values (n, H, W, C), or add them back to the values they are taken from.

    What lies in the padding stays as it is.
    """
    n, rows, columns, height, width, channels = patches.shape
    for m in range(n):
        for i in range(rows):
            for j in range(columns):
                for a in range(height):
                    p = i * down + a - top
                    if 0 <= p < values.shape[1]:
                        for b in range(width):
                            q = j * across + b - left
                            if 0 <= q < values.shape[2]:
                                if back:
                                    for c in range(channels):
                                        values[m, p, q, c] += patches[m, i, j, a, b, c]
                                else:
                                    for c in range(channels):
                                        patches[m, i, j, a, b, c] = values[m, p, q, c]

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
from theory.setting import Array

Layer = AveragePool | Convolution | Flatten | Linear
UNIT = 2.0**-53
UNDERFLOW = 1e-200
"""More than what falls below the normal numbers adds to fewer than 2^80 products with factors below `LARGEST`."""
LARGEST = 1e90


def rounding(terms: int, size: Array) -> Array:
    """gamma(terms) times the size, which may itself be computed with as many terms.

    Raises ValueError for 2^40 terms or more.
    """
    if terms >= 2**40:
        raise ValueError(f"terms={terms}: too many to bound their rounding; use a smaller network")
    return np.asarray(1.01 * terms * UNIT * size + UNDERFLOW)


def limited(sizes: Array) -> Array:
    """The sizes, infinite from `LARGEST` on and where they are no numbers, so that nothing is proved with them."""
    return np.where(sizes < LARGEST, sizes, np.inf)


@dataclass(frozen=True)
class Map:
    """A linear layer x -> matrix x + bias.

    matrix   (k, O)   of patches (h, w, C) to output channels; None for `Flatten`
    bias     (O,)
    weight            the largest sum of absolute weights of an output: |matrix x| <= weight max |x|
    offset            the largest absolute bias
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
                return _convolved(values, matrix, shape, (weight.shape[2], weight.shape[3]), stride, padding)
            case AveragePool(shape=shape, kernel=kernel, stride=stride):
                patches = _windows(values, shape, kernel, stride)
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
                kernel = (weight.shape[2], weight.shape[3])
                flat = rows.reshape(-1, rows.shape[-1]) @ self.matrix.T
                return _scattered(flat.reshape(*rows.shape[:3], *kernel, channels), sides, stride, padding)
            case AveragePool(kernel=kernel, stride=stride):
                share = rows / (kernel[0] * kernel[1])
                spread = np.broadcast_to(share[:, :, :, None, None], (*rows.shape[:3], *kernel, channels))
                return _scattered(spread, sides, stride, (0, 0))
            case Flatten():
                return np.ascontiguousarray(rows.reshape(len(rows), *self.source).transpose(0, 2, 3, 1))


def linear_map(node: Layer, source: tuple[int, ...]) -> Map:
    """The node behind a node of the shape `source`."""
    match node:
        case Linear(weight=weight, bias=bias):
            matrix = np.ascontiguousarray(weight.T)
        case Convolution(weight=weight, bias=bias):
            matrix = np.ascontiguousarray(weight.transpose(2, 3, 1, 0)).reshape(-1, len(weight))
        case _:
            return Map(node, source, np.zeros((0, 0)), np.zeros(1), 1.0, 0.0)
    return Map(node, source, matrix, bias, float(np.abs(matrix).sum(axis=0).max()), float(np.abs(bias).max()))


def _windows(values: Array, shape: tuple[int, ...], kernel: tuple[int, int], stride: tuple[int, int]) -> Array:
    """A view (n, H', W', h, w, C) of the patches."""
    n, down, across, channel = values.strides
    return np.lib.stride_tricks.as_strided(
        values,
        (len(values), *shape[1:], *kernel, values.shape[3]),
        (n, down * stride[0], across * stride[1], down, across, channel),
        writeable=False,
    )


def _convolved(
    values: Array,
    matrix: Array,
    shape: tuple[int, ...],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Array:
    if padding != (0, 0):
        values = np.pad(values, ((0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0)))
    patches = _windows(values, shape, kernel, stride).reshape(-1, len(matrix))
    return (patches @ matrix).reshape(len(values), *shape[1:], shape[0])


def _scattered(patches: Array, sides: list[int], stride: tuple[int, int], padding: tuple[int, int]) -> Array:
    """The sum (n, H, W, C) of patches (n, H', W', h, w, C) put back where they were taken."""
    n, down, across, height, width, channels = patches.shape
    padded = np.zeros((n, sides[0] + 2 * padding[0], sides[1] + 2 * padding[1], channels))
    for a in range(height):
        for b in range(width):
            rows = slice(a, a + stride[0] * (down - 1) + 1, stride[0])
            columns = slice(b, b + stride[1] * (across - 1) + 1, stride[1])
            padded[:, rows, columns] += patches[:, :, :, a, b]
    return np.ascontiguousarray(padded[:, padding[0] : padding[0] + sides[0], padding[1] : padding[1] + sides[1]])

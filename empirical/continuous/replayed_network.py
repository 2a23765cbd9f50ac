"""The bounds of a network over cells, for the checker: layer by layer forwards, then linear ones backwards, in NumPy.

Rounding. A sum of k products, in any order, is off by at most k 2^-53 / (1 - k 2^-53) times the sum of the absolute values.
`Layer.rounding` is (k + 16) 2^-52 for the longest sum of a layer, forwards, backwards or with its bias; it also covers
weights known up to a factor of 1 +- 2^-51. Forwards that share of |W| m + |b| is added to the error, where m bounds the
absolute values of the inputs; backwards the same share of |c|.(|W| m + |b|) is taken off, c the coefficients. Slopes and
intercepts of ReLU are such that any rounding of the slope is harmless. Sums of the error terms themselves, which are not
negative, have a relative error far below the `GENEROUS` they are multiplied by; underflow is below `TINY`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theory.setting import Array

GENEROUS = 1 + 2.0**-20
TINY = 1e-100


@dataclass(frozen=True)
class Layer:
    """One layer of a stored network.

    kind           image, convolution, linear, relu, pool, flatten, sum
    shape          of its values for one image: (H, W, C) or (d,)
    sources        indices of the layers that it reads
    weight         convolution (h, w, C, O), linear (d, d')
    bias           (O,), (d',)
    kernel, stride, padding   down, across
    """

    kind: str
    shape: tuple[int, ...]
    sources: tuple[int, ...] = ()
    weight: Array | None = None
    bias: Array | None = None
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)

    @property
    def rounding(self) -> float:
        """Relative error of the layer's sums, as shares of the sums of absolute values."""
        terms = int(np.prod(self.shape)) + (0 if self.weight is None else self.weight.size) + int(np.prod(self.kernel))
        return (terms + 16) * 2.0**-52


@dataclass(frozen=True)
class Range:
    """What the values of a layer are over n cells: rows[:, 0] + sum_d z_d rows[:, 1 + d] +- error, z in [-1, 1]^D.

    rows          (n, 1 + D, *shape)
    error         (n, *shape)
    low, high     (n, *shape) of the values
    size          (n, *shape) at least the absolute values, and those of the rows' sums
    weighed       (n, *shape) |W| size of the inputs + |bias|, where the layer has sums
    """

    rows: Array
    error: Array
    low: Array
    high: Array
    size: Array
    weighed: Array | None


def ranges_of(layers: Sequence[Layer], rows: Array, error: Array) -> list[Range]:
    """The ranges of all layers, from that of the pixels."""
    ranges = [_range(rows, error, None)]
    for layer in layers[1:]:
        ranges.append(_forward(layer, [ranges[i] for i in layer.sources]))
    return ranges


def _range(rows: Array, error: Array, weighed: Array | None) -> Range:
    radius = (np.abs(rows[:, 1:]).sum(axis=1) + error) * GENEROUS
    centre = np.abs(rows[:, 0])
    radius += 2.0**-50 * centre
    return Range(rows, error, rows[:, 0] - radius, rows[:, 0] + radius, centre + radius, weighed)


def _forward(layer: Layer, sources: list[Range]) -> Range:
    first = sources[0]
    if layer.kind == "relu":
        slope, above = _chord(first.low, first.high), _above(first.low, first.high)
        rows = slope[:, None] * first.rows
        rows[:, 0] += above / 2
        error = slope * first.error + above / 2 + 2.0**-49 * (slope * first.size + above)
        return _range(rows, error * GENEROUS, None)
    if layer.kind == "flatten":
        return _range(_flat(first.rows), _flat(first.error), None)
    if layer.kind == "sum":
        weighed = sources[0].size + sources[1].size
        rows, error = sources[0].rows + sources[1].rows, sources[0].error + sources[1].error
    else:
        n, length = first.rows.shape[:2]
        bias = 0.0 if layer.bias is None else layer.bias
        rows = _linear(layer, first.rows.reshape(-1, *first.rows.shape[2:]))
        rows = rows.reshape(n, length, *layer.shape)
        rows[:, 0] += bias
        both = _linear(layer, np.concatenate([first.error, first.size]), absolute=True)
        error, weighed = both[:n], both[n:] + np.abs(bias)
    return _range(rows, (error + layer.rounding * weighed) * GENEROUS + TINY, weighed)


def _chord(low: Array, high: Array) -> Array:
    """The slope of the chord of ReLU over [low, high], 0 or 1 where it is linear there. Any slope in [0, 1] is sound."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(low >= 0, 1.0, np.where(high <= 0, 0.0, high / (high - low))))


def _above(low: Array, high: Array) -> Array:
    """The most that ReLU exceeds the line through 0 with the slope of the chord: it is convex, so at an end."""
    slope = _chord(low, high)
    return np.where((low >= 0) | (high <= 0), 0.0, np.maximum((1 - slope) * high, -slope * low))


def _flat(values: Array) -> Array:
    """(..., H, W, C) as (..., C H W), the order of torch."""
    return np.asarray(np.moveaxis(values, -1, -3).reshape(*values.shape[:-3], -1))


def _linear(layer: Layer, values: Array, absolute: bool = False) -> Array:
    """The layer without its bias, of values (N, *shape of its source); absolute: with |W| for W."""
    if layer.kind == "pool":
        return np.asarray(_windows(values, layer).mean(axis=(3, 4)))
    assert layer.weight is not None
    weight = np.abs(layer.weight) if absolute else layer.weight
    if layer.kind == "linear":
        return values @ weight
    windows = _windows(np.pad(values, ((0, 0), *((p, p) for p in layer.padding), (0, 0))), layer)
    h, w, c, o = weight.shape
    return (windows.reshape(-1, h * w * c) @ weight.reshape(-1, o)).reshape(len(values), *layer.shape)


def _windows(values: Array, layer: Layer) -> Array:
    """(N, H, W, C) -> (N, H', W', h, w, C)."""
    down, across = layer.stride
    windows = np.lib.stride_tricks.sliding_window_view(values, layer.kernel, axis=(1, 2))[:, ::down, ::across]
    return np.moveaxis(windows, 3, 5)


def _transposed(layer: Layer, c: Array, shape: tuple[int, ...]) -> Array:
    """Coefficients (N, *shape of the source) from those (N, *shape) of the layer."""
    if layer.kind == "linear":
        assert layer.weight is not None
        return c @ layer.weight.T
    (h, w), (down, across), (above, left) = layer.kernel, layer.stride, layer.padding
    n, rows, columns = c.shape[:3]
    if layer.kind == "pool":
        parts = np.broadcast_to((c / (h * w))[:, :, :, None, None], (n, rows, columns, h, w, shape[2]))
    else:
        assert layer.weight is not None
        matrix = layer.weight.reshape(-1, layer.weight.shape[3]).T
        parts = (c.reshape(-1, c.shape[3]) @ matrix).reshape(n, rows, columns, h, w, shape[2])
    padded = np.zeros((n, shape[0] + 2 * above, shape[1] + 2 * left, shape[2]))
    for i in range(h):
        for j in range(w):
            padded[:, i : i + down * rows : down, j : j + across * columns : across] += parts[:, :, :, i, j]
    return padded[:, above : above + shape[0], left : left + shape[1]]


def lower_bounds(layers: Sequence[Layer], ranges: Sequence[Range], cells: Array, targets: Array) -> tuple[Array, Array]:
    """Lower bounds of linear functions of the scores over cells, by propagating their coefficients back to the pixels.

    ranges    as from `ranges_of`
    cells     (N,) the cell of each function
    targets   (N, K) its coefficients
    Returns the bounds (N,), the best over all layers where the function could be bounded, and slopes (N, D): how much each
    coordinate contributes to the uncertainty of the last of these.
    """
    best = np.full(len(targets), -np.inf)
    active = np.arange(len(targets))
    slopes = np.zeros((len(targets), ranges[0].rows.shape[1] - 1))
    constant, slack = np.zeros(len(targets)), np.zeros(len(targets))
    pending = {len(layers) - 1: targets}
    for i in range(len(layers) - 1, -1, -1):
        if i not in pending:
            continue
        c, layer, over = pending.pop(i), layers[i], ranges[i]
        if not pending and (i == 0 or layer.kind in ("flatten", "relu", "linear")):
            bound, per_dimension = _concrete(over, cells[active], c)
            bound += constant - GENEROUS * (slack + 2.0**-49 * np.abs(constant)) - TINY
            best[active] = np.fmax(best[active], bound)
            slopes[active] = per_dimension
            open_ = ~(best[active] > 0)
            active, c, constant, slack = active[open_], c[open_], constant[open_], slack[open_]
        if i == 0 or not len(active):
            break
        own = cells[active]
        if layer.kind == "relu":
            source = ranges[layer.sources[0]]
            low, high = source.low[own], source.high[own]
            coefficients, intercepts = _through_relu(c, low, high)
            constant = constant + _sum(intercepts)
            slack = (
                slack + (intercepts[0].size + 16) * 2.0**-52 * _sum(np.abs(intercepts)) + 2.0**-50 * np.abs(constant)
            )
            passed = [coefficients]
        elif layer.kind == "flatten":
            height, width, channels = layers[layer.sources[0]].shape
            passed = [np.moveaxis(c.reshape(-1, channels, height, width), 1, 3)]
        elif layer.kind == "sum":
            passed = [c, c]
        else:
            assert over.weighed is not None
            slack = slack + layer.rounding * _sum(np.abs(c) * over.weighed[own])
            if layer.bias is not None:
                constant = constant + _sum(c * layer.bias)
                slack = slack + 2.0**-50 * np.abs(constant)
            passed = [_transposed(layer, c, layers[layer.sources[0]].shape)]
        for source_index, coefficients in zip(layer.sources, passed, strict=True):
            if source_index in pending:
                coefficients = pending[source_index] + coefficients
                slack = slack + 2.0**-52 * _sum(np.abs(coefficients) * ranges[source_index].size[own])
            pending[source_index] = coefficients
    return best, slopes


def _concrete(over: Range, cells: Array, c: Array) -> tuple[Array, Array]:
    """The least of c.values over each cell, and how much each dimension takes from it (N, D)."""
    n, flat = len(c), c.reshape(len(c), -1)
    rows = over.rows.reshape(*over.rows.shape[:2], -1)
    products = np.empty((n, rows.shape[1]))
    lost = np.empty(n)
    weight = (over.error + (flat.shape[1] + 16) * 2.0**-52 * over.size).reshape(len(rows), -1)
    for cell in np.unique(cells):
        own = cells == cell
        products[own] = flat[own] @ rows[cell].T
        lost[own] = np.abs(flat[own]) @ weight[cell]
    slopes = np.abs(products[:, 1:])
    return products[:, 0] - (slopes.sum(axis=1) + lost) * GENEROUS - 2.0**-49 * np.abs(products[:, 0]), slopes


def _through_relu(c: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Coefficients d and intercepts with c relu(y) >= d y + intercept for y in [low, high].

    c >= 0: relu(y) >= a y for every a in [0, 1], and d = c a with a 0 or 1. c < 0: d is the rounded c times the slope of the
    chord, whatever that is; c relu(y) - d y is concave, so at least its lesser value at the ends, (c - d) high and -d low.
    """
    slope = np.where(c >= 0, np.where(low >= 0, 1.0, np.where(high > -low, 1.0, 0.0)), _chord(low, high))
    d = c * slope
    crossing = (c < 0) & (low < 0) & (high > 0)
    return d, np.where(crossing, np.minimum((c - d) * high, -d * low), 0.0)


def _sum(values: Array) -> Array:
    """Over everything but the first axis."""
    return np.asarray(values.reshape(len(values), -1).sum(axis=1))

"""Lower bounds of score differences over cells: affine bounds forward, then linear lower bounds backward through the network.

Forward, every node is base + sum_d slopes_d z_d +- error over the cell, z in [-1, 1]^D. A rectifier of x in [l, u] lies
between slope x and slope x + height for any slope in [0, 1], with height = max(relu(l) - slope l, relu(u) - slope u), a
convex function having its maximum at an end; u / (u - l) makes it least. Backward, a difference of scores is at least
sum coefficient * node + constant, node by node towards the image: at a rectifier a coefficient >= 0 takes any slope in
[0, 1] without a constant, a coefficient < 0 the slope and height above. At the image the affine pixels give the bound.
Source: Zhang et al. 2018, "Efficient Neural Network Robustness Certification with General Activation Functions" (CROWN).

Rounding. The numbers that are stored are taken as exact, and each step is charged what its own rounding may change, so that
no error is ever carried on. Let m be the largest |base| + sum |slopes| + error of a node: no value of the node exceeds it.
1. Forward, linear. base, slopes and error are sums of at most K products (K the size of the source). Together they are off
   by gamma(K + 16) (weight m + offset) at most, which is added to the error. weight is the largest sum of absolute weights
   of an output, offset the largest bias; 16 covers the addition, the bias, and weights that were folded (2^-51 = 4 u).
2. Rectifier. l and u are D + 2 additions: gamma(16) m wider. height is a product of differences, (1 + 8 u) times itself at
   most; slopes may be rounded as they like. Its results are off by gamma(16) m.
3. Backward, linear. If S is the sum of the absolute coefficients at the node, then the coefficients of the source, each a
   sum of at most N products (N the size of the node), change the bound by gamma(N) S weight m at most, m of the source;
   the constant by gamma(N) S offset; folded weights by 2^-51 S (weight m + offset).
4. Backward, rectifier: the products by u S m, the constant, a sum of N products, by gamma(N + 1) S m.
5. At the image: the products with base, slopes and error, and their sum, by gamma(K + 16) S m.
Coefficients of two users of a node are added: off by u S m of the sum. Sums of constants over the nodes, and of the bound's
parts, are covered by the operations beside K and N. All sums in the charges have terms >= 0, so that they are right up to
the factor that `rounding` allows for.
"""

from dataclasses import dataclass

import numpy as np

from empirical.continuous.geometry import Affine
from empirical.continuous.linear import UNIT, Map, limited, linear_map, rounding
from empirical.continuous.network import Convolution, Image, Plain, Relu, Sum, sources
from theory.concentration.compiled import compiled
from theory.setting import Array

EXTRA = 16
"""Operations besides the sum of products in each step above."""


@dataclass(frozen=True)
class Form:
    """A node over n cells.

    forms  (n, D + 1, ...)  base, then slopes
    error  (n, ...)
    size   (n,)             m, no value is larger
    """

    forms: Array
    error: Array
    size: Array


@dataclass(frozen=True)
class Relaxation:
    """A rectifier over n cells: lower x <= relu(x) <= upper x + height.

    lower, upper, height  (n, size)
    size                  (n,)       of its input
    """

    lower: Array
    upper: Array
    height: Array
    size: Array


@dataclass(frozen=True)
class Bound:
    """score_cluster - score_rival >= base + sum_d slopes_d z_d - error, of P pairs of a cell and a rival.

    base    (P,)
    slopes  (P, D)
    error   (P,)    rounding included
    """

    base: Array
    slopes: Array
    error: Array

    @property
    def margins(self) -> Array:
        """The least difference (P,) over the cell, -infinity where nothing is known."""
        with np.errstate(invalid="ignore"):
            least = self.base - np.abs(self.slopes).sum(axis=1) - self.error
        return np.where(np.isnan(least), -np.inf, least)


class Network:
    """A network prepared for bounds; grey: of images (n, 1, H, W) whose one channel stands for all channels."""

    def __init__(self, network: Plain, grey: bool = False) -> None:
        self.nodes = (Image((1, *network.shape[1:])), *network.nodes[1:]) if grey else network.nodes
        self.maps: dict[int, Map] = {}
        for i, node in enumerate(self.nodes):
            if not isinstance(node, Image | Relu | Sum):
                self.maps[i] = linear_map(node, self.nodes[node.source].shape)

    @property
    def classes(self) -> int:
        """K."""
        return self.nodes[-1].shape[0]

    def scores(self, images: Array) -> Array:
        """Scores (n, K) of images (n, C, H, W), up to rounding."""
        values = [np.ascontiguousarray(images.transpose(0, 2, 3, 1))]
        for i, node in enumerate(self.nodes[1:], start=1):
            if isinstance(node, Relu):
                values.append(np.maximum(values[node.source], 0))
            elif isinstance(node, Sum):
                values.append(values[node.source] + values[node.other])
            else:
                values.append(self.maps[i].apply(values[self.maps[i].node.source]) + self.maps[i].bias)
        return values[-1]

    def sizes(self, i: int) -> int:
        """How many numbers node i holds."""
        return int(np.prod(self.nodes[i].shape))


def can_be_grey(network: Plain) -> bool:
    """Whether the image is read by convolutions only."""
    readers = [node for node in network.nodes if 0 in sources(node)]
    return all(isinstance(node, Convolution) for node in readers)


def margins(network: Network, affine: Affine, cluster: int, rivals: Array) -> Array:
    """Lower bounds (n, K) of score_cluster - score_j over each cell for each rival (n, K) that is True, else infinity."""
    owners, columns = np.nonzero(rivals)
    result = np.full(rivals.shape, np.inf)
    result[owners, columns] = bound(network, affine, cluster, owners, columns).margins
    return result


def bound(network: Network, affine: Affine, cluster: int, owners: Array, rivals: Array) -> Bound:
    """The affine lower bound of score_cluster - score_rival over the cell `owner`, for pairs of an owner and a rival."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number proves nothing
        return _bound(network, affine, cluster, owners, rivals)


def _bound(network: Network, affine: Affine, cluster: int, owners: Array, rivals: Array) -> Bound:
    image, relaxations, sizes = forward(network, affine)
    last = len(network.nodes) - 1
    scores = np.zeros((len(owners), network.nodes[last].shape[0]))
    scores[:, cluster] = 1
    scores[np.arange(len(owners)), rivals] -= 1
    return _descend(network, last, scores, owners, image, relaxations, sizes)


def _descend(
    network: Network,
    last: int,
    rows: Array,
    owners: Array,
    image: Form,
    relaxations: dict[int, Relaxation],
    sizes: list[Array],
) -> Bound:
    """The affine lower bound of rows (P, ...) times node `last`, each over the cell of its owner."""
    pending = {last: rows}
    constant, slack = np.zeros(len(owners)), np.zeros(len(owners))
    extra = EXTRA + 2 * len(network.nodes)
    for i in range(last, 0, -1):
        if i not in pending:
            continue
        rows, node = pending.pop(i), network.nodes[i]
        total = _absolute(rows)
        if isinstance(node, Relu):
            relaxation = relaxations[i]
            slack += rounding(network.sizes(i) + extra, total * relaxation.size[owners])
            flat = rows.reshape(len(rows), -1).copy()
            constant += _rectified(flat, owners, relaxation.lower, relaxation.upper, relaxation.height)
            result = [(node.source, flat.reshape(rows.shape))]
        elif isinstance(node, Sum):
            result = [(node.source, rows), (node.other, rows)]
        else:
            layer = network.maps[i]
            source = layer.node.source
            size = layer.weight * sizes[source][owners] + layer.offset
            slack += rounding(network.sizes(i) + extra, total * size)
            if layer.offset > 0:
                constant += (rows @ layer.bias).reshape(len(rows), -1).sum(axis=1)
            result = [(source, layer.transposed(rows))]
        for source, one in result:
            if source in pending:
                one = pending[source] + one
                slack += rounding(extra, _absolute(one) * sizes[source][owners])
            pending[source] = one
    rows = pending[0].reshape(len(owners), -1)
    slack += rounding(network.sizes(0) + extra, _absolute(rows) * image.size[owners])
    forms, error = image.forms.reshape(*image.forms.shape[:2], -1), image.error.reshape(len(image.error), -1)
    values = _at_image(rows, owners, forms, error)
    return Bound(constant + values[:, 0], values[:, 1:-1], values[:, -1] + slack)


def _absolute(rows: Array) -> Array:
    return limited(np.abs(rows.reshape(len(rows), -1)).sum(axis=1))


def forward(network: Network, affine: Affine) -> tuple[Form, dict[int, Relaxation], list[Array]]:
    """The image, each rectifier's relaxation, and the size of each node, over the cells."""
    image = _image(affine)
    forms: dict[int, Form] = {0: image}
    sizes = [image.size]
    relaxations = {}
    for i, node in enumerate(network.nodes[1:], start=1):
        if isinstance(node, Relu):
            low, high = _interval(forms[node.source])
            relaxations[i], form = _relaxed(forms[node.source], low, high)
        elif isinstance(node, Sum):
            left, right = forms[node.source], forms[node.other]
            slack = rounding(EXTRA, left.size + right.size)
            form = _form(left.forms + right.forms, left.error + right.error, slack)
        else:
            layer = network.maps[i]
            form = _mapped(layer, forms[layer.node.source], network.sizes(layer.node.source))
        forms[i] = form
        sizes.append(form.size)
    return image, relaxations, sizes


def _image(affine: Affine) -> Form:
    base, slopes, error = (part.double().numpy() for part in (affine.base, affine.slopes, affine.error))
    forms = np.concatenate([base[:, None], slopes], axis=1)
    return _form(np.ascontiguousarray(np.moveaxis(forms, 2, -1)), np.ascontiguousarray(np.moveaxis(error, 1, -1)), None)


def _form(forms: Array, error: Array, slack: Array | None) -> Form:
    """With the slack (n,) added to each error; slack that is None is nothing."""
    if slack is not None:
        error = error + slack.reshape(-1, *[1] * (error.ndim - 1))
    reach = np.abs(forms).sum(axis=1) + error
    return Form(forms, error, limited(reach.reshape(len(reach), -1).max(axis=1)))


def _mapped(layer: Map, source: Form, terms: int) -> Form:
    n, count = source.forms.shape[:2]
    forms = layer.apply(source.forms.reshape(n * count, *source.forms.shape[2:]))
    forms = forms.reshape(n, count, *forms.shape[1:])
    if layer.offset > 0:
        forms[:, 0] += layer.bias
    error = layer.apply_absolute(source.error)
    return _form(forms, error, rounding(terms + EXTRA, layer.weight * source.size + layer.offset))


def _interval(source: Form) -> tuple[Array, Array]:
    """The least and the largest value (n, size) of a node."""
    n = len(source.forms)
    reach = np.abs(source.forms[:, 1:]).sum(axis=1) + source.error
    reach = reach.reshape(n, -1) + rounding(EXTRA, source.size)[:, None]
    base = source.forms[:, 0].reshape(n, -1)
    return base - reach, base + reach


def _relaxed(source: Form, low: Array, high: Array) -> tuple[Relaxation, Form]:
    """The relaxation, and the rectifier's form: slope x + height / 2 +- height / 2."""
    lower, upper, height = (np.empty_like(low) for _ in range(3))
    _relax(low, high, lower, upper, height)
    slope, middle = (part.reshape(source.error.shape) for part in (upper, height / 2))
    forms = source.forms * slope[:, None]
    forms[:, 0] += middle
    form = _form(forms, slope * source.error + middle, rounding(EXTRA, source.size))
    return Relaxation(lower, upper, height, source.size), form


@compiled
def _relax(lows: Array, highs: Array, lower: Array, upper: Array, height: Array) -> None:
    """Write the relaxation of each rectifier of numbers (n, size) between low and high."""
    n, size = lows.shape
    for cell in range(n):
        for k in range(size):
            low, high = lows[cell, k], highs[cell, k]
            if low >= 0:
                lower[cell, k], upper[cell, k], height[cell, k] = 1, 1, 0
            elif high <= 0:
                lower[cell, k], upper[cell, k], height[cell, k] = 0, 0, 0
            else:
                slope = high / (high - low)
                lower[cell, k], upper[cell, k] = 1.0 if high > -low else 0.0, slope
                height[cell, k] = max(-slope * low, (1 - slope) * high) * (1 + 8 * UNIT)


@compiled
def _rectified(rows: Array, owners: Array, lower: Array, upper: Array, height: Array) -> Array:
    """The constants that coefficients (P, size) < 0 add at a rectifier; in their place, the coefficients of its input."""
    constants = np.zeros(len(rows))
    for pair in range(len(rows)):
        cell = owners[pair]
        constant = 0.0
        for k in range(rows.shape[1]):
            coefficient = rows[pair, k]
            if coefficient >= 0:
                rows[pair, k] = coefficient * lower[cell, k]
            else:
                rows[pair, k] = coefficient * upper[cell, k]
                constant += coefficient * height[cell, k]
        constants[pair] = constant
    return constants


@compiled
def _at_image(rows: Array, owners: Array, forms: Array, error: Array) -> Array:
    """Coefficients (P, size) times base and slopes, and absolute ones times the error: (P, D + 2)."""
    count = forms.shape[1]
    result = np.zeros((len(rows), count + 1))
    for pair in range(len(rows)):
        cell = owners[pair]
        for d in range(count):
            total = 0.0
            for k in range(rows.shape[1]):
                total += rows[pair, k] * forms[cell, d, k]
            result[pair, d] = total
        total = 0.0
        for k in range(rows.shape[1]):
            total += abs(rows[pair, k]) * error[cell, k]
        result[pair, count] = total
    return result

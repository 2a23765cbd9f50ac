"""A network in evaluation mode as plain data: a list of nodes of arrays, for the verifier, the certificate and its checker.

What is certified is the exact real function of the module's weights. Weights of the nodes are float64 and equal the
module's, except behind batch normalisation, which is folded into the layer before it: then each differs from the exact
real number by a factor within 1 +- `WEIGHT_ERROR`, or by less than 1e-300.
"""

import copy
import math
import operator
from dataclasses import dataclass, replace
from typing import Any

import flint
import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional

from theory.setting import Array

WEIGHT_ERROR = 2.0**-51
"""Relative error of a folded weight: its factor is rounded once, and so is the product; twice that is allowed."""
FOLDING_BITS = 4096
"""A bias folded from float32 numbers that is not 0 keeps its leading digits at this precision, whatever cancels."""


@dataclass(frozen=True)
class Image:
    """The image itself, the first node."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Convolution:
    """Cross-correlation with zeros around the border.

    shape    (O, H', W')
    weight   (O, C, h, w)
    bias     (O,)
    stride   down, across
    padding  down, across
    folded   whether batch normalisation was taken into the weights
    """

    shape: tuple[int, ...]
    source: int
    weight: Array
    bias: Array
    stride: tuple[int, int]
    padding: tuple[int, int]
    folded: bool = False


@dataclass(frozen=True)
class Linear:
    """weight (d', d) times a vector, plus bias (d',); folded as in `Convolution`."""

    shape: tuple[int, ...]
    source: int
    weight: Array
    bias: Array
    folded: bool = False


@dataclass(frozen=True)
class Relu:
    """max(0, x)."""

    shape: tuple[int, ...]
    source: int


@dataclass(frozen=True)
class AveragePool:
    """Means over windows of the kernel's size, without padding."""

    shape: tuple[int, ...]
    source: int
    kernel: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) as a vector, rows of W numbers after each other."""

    shape: tuple[int, ...]
    source: int


@dataclass(frozen=True)
class Sum:
    """The sum of two nodes of one shape."""

    shape: tuple[int, ...]
    source: int
    other: int


Node = Image | Convolution | Linear | Relu | AveragePool | Flatten | Sum


@dataclass(frozen=True)
class Plain:
    """Nodes in an order in which sources, which are indices into it, come first. The last node holds the scores (K,)."""

    nodes: tuple[Node, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image, (C, H, W)."""
        return self.nodes[0].shape


def plain(module: nn.Module, shape: tuple[int, int, int]) -> Plain:
    """The module in evaluation mode, for images of the shape (C, H, W).

    Raises ValueError, naming the layer, for everything but Conv2d, BatchNorm behind a convolution or a linear layer, ReLU,
    average pooling, Flatten, Linear, Dropout, Identity, and sums of two layers; for weights that are not finite; and for a
    module that torch.fx cannot trace.
    """
    subject = copy.deepcopy(module).eval()
    try:
        graph = fx.symbolic_trace(subject).graph
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"network={type(module).__name__}: torch.fx cannot trace it ({reason}); "
            "use a module without control flow that depends on its input"
        ) from error
    layers = dict(subject.named_modules())
    nodes: list[Node] = []
    index: dict[fx.Node, int] = {}
    for step in graph.nodes:
        if step.op == "output":
            network = _kept(nodes, index.get(step.args[0], -1), module)
            _compare(network, subject)
            return network
        if step.op == "placeholder":
            if nodes:
                raise ValueError(f"network={type(module).__name__}: takes two inputs; use one that takes images only")
            nodes.append(Image(tuple(shape)))
        else:
            layer = layers[step.target] if step.op == "call_module" else None
            result = _node(step, layer, [index.get(one, -1) for one in step.all_input_nodes], nodes)
            if isinstance(result, int):
                index[step] = result
                continue
            nodes.append(result)
        index[step] = len(nodes) - 1
    raise AssertionError("a graph of torch.fx ends with its output")


def scores(network: Plain, images: Array) -> Array:
    """Scores (n, K) of images (n, C, H, W), in float64."""
    values: list[Any] = []
    for node in network.nodes:
        values.append(torch.from_numpy(np.asarray(images, dtype=np.float64)) if isinstance(node, Image) else None)
        if isinstance(node, Image):
            continue
        value = values[node.source]
        match node:
            case Convolution(weight=weight, bias=bias, stride=stride, padding=padding):
                kernel = torch.from_numpy(weight)
                values[-1] = functional.conv2d(value, kernel, torch.from_numpy(bias), stride, padding)
            case Linear(weight=weight, bias=bias):
                values[-1] = functional.linear(value, torch.from_numpy(weight), torch.from_numpy(bias))
            case Relu():
                values[-1] = value.relu()
            case AveragePool(kernel=size, stride=stride):
                values[-1] = functional.avg_pool2d(value, size, stride)
            case Flatten():
                values[-1] = value.flatten(1)
            case Sum(other=other):
                values[-1] = value + values[other]
    return np.asarray(values[-1].numpy())


def _kept(nodes: list[Node], last: int, module: nn.Module) -> Plain:
    """The nodes up to the last, without those that lead nowhere."""
    if last < 0 or len(nodes[last].shape) != 1:
        raise ValueError(f"network={type(module).__name__}: its result is no row of scores; use one that gives (n, K)")
    used = {0, last}
    for i in range(last, 0, -1):
        if i in used:
            used |= set(sources(nodes[i]))
    order = {old: new for new, old in enumerate(sorted(used))}
    kept: list[Node] = []
    for old in sorted(used):
        node = nodes[old]
        if isinstance(node, Sum):
            node = replace(node, source=order[node.source], other=order[node.other])
        elif not isinstance(node, Image):
            node = replace(node, source=order[node.source])
        kept.append(node)
    return Plain(tuple(kept))


def _compare(network: Plain, module: nn.Module) -> None:
    """ValueError where the module does something else, as when a layer overwrites what another one reads."""
    images = np.random.default_rng(0).random((2, *network.shape))
    with torch.no_grad():
        expected = module.double()(torch.from_numpy(images)).numpy()
    result = scores(network, images)
    if expected.shape != result.shape or not np.allclose(
        result, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max()
    ):
        raise ValueError(
            f"network={type(module).__name__}: its layers, one after the other, do not give its scores; "
            "use one whose layers write nothing in place that others read"
        )


def sources(node: Node) -> tuple[int, ...]:
    """Indices of the nodes that this one is computed from."""
    if isinstance(node, Image):
        return ()
    return (node.source, node.other) if isinstance(node, Sum) else (node.source,)


def _node(step: fx.Node, layer: nn.Module | None, inputs: list[int], nodes: list[Node]) -> Node | int:
    """The step as a node, or the index of the node that it passes on. ValueError for a step of another kind."""
    if inputs and min(inputs) >= 0:
        source = inputs[0]
        if layer is not None:
            result = _of_module(step, layer, source, nodes)
        else:
            result = _of_function(step, inputs, nodes)
        if result is not None:
            return result
    kind = type(layer).__name__ if layer is not None else getattr(step.target, "__name__", str(step.target))
    raise ValueError(f"layer={step.name}: {kind} {_detail(layer)}is not verified; use {_KNOWN}")


_KNOWN = (
    "Conv2d (ungrouped, undilated, zeros as padding), BatchNorm behind it or behind Linear, ReLU, average pooling "
    "without padding, Flatten, Linear, Dropout, Identity and sums"
)


def _detail(layer: nn.Module | None) -> str:
    text = layer.extra_repr() if layer is not None else ""
    return f"({text}) " if text else ""


def _of_module(step: fx.Node, layer: nn.Module, source: int, nodes: list[Node]) -> Node | int | None:
    shape = nodes[source].shape
    match layer:
        case nn.Identity() | nn.Dropout() | nn.Dropout1d() | nn.Dropout2d() | nn.Dropout3d():
            return source
        case nn.Conv2d():
            return _convolution(step, layer, source, shape)
        case nn.Linear():
            if len(shape) != 1 or shape[0] != layer.in_features:
                raise ValueError(
                    f"layer={step.name}: Linear behind {shape}, not ({layer.in_features},); flatten before it"
                )
            weight = _numbers(step, layer.weight)
            return Linear((len(weight),), source, weight, _bias(step, layer.bias, len(weight)))
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return _folded(step, layer, nodes[source])
        case nn.ReLU():
            return Relu(shape, source)
        case nn.AvgPool2d():
            if layer.ceil_mode or layer.divisor_override is not None or _pair(layer.padding) != (0, 0):
                return None
            return _pool(step, source, shape, _pair(layer.kernel_size), _pair(layer.stride or layer.kernel_size))
        case nn.AdaptiveAvgPool2d():
            return _whole_pool(step, source, shape, layer.output_size)
        case nn.Flatten():
            return _flatten(source, shape, layer.start_dim, layer.end_dim)
    return None


_SUMS: tuple[Any, ...] = (operator.add, operator.iadd, torch.add)
_RELUS: tuple[Any, ...] = (functional.relu, torch.relu, functional.relu_)


def _of_function(step: fx.Node, inputs: list[int], nodes: list[Node]) -> Node | int | None:
    target: Any = step.target
    shape = nodes[inputs[0]].shape
    if step.op == "call_method":
        target = {
            "relu": torch.relu,
            "relu_": torch.relu,
            "flatten": torch.flatten,
            "add": torch.add,
            "add_": torch.add,
        }.get(target)
    source, tail = inputs[0], step.args[1:]
    if target in _SUMS and len(step.args) == 2 and not step.kwargs and all(isinstance(a, fx.Node) for a in step.args):
        return Sum(shape, source, inputs[-1]) if nodes[inputs[-1]].shape == shape else None
    if target in _RELUS:
        return Relu(shape, source)
    if target is torch.flatten:
        dims: dict[str, Any] = dict(zip(("start_dim", "end_dim"), tail, strict=False)) | step.kwargs
        return _flatten(source, shape, dims.get("start_dim", 0), dims.get("end_dim", -1))
    if target is functional.adaptive_avg_pool2d:
        return _whole_pool(step, source, shape, tail[0] if tail else step.kwargs.get("output_size"))
    return None


def _convolution(step: fx.Node, layer: nn.Conv2d, source: int, shape: tuple[int, ...]) -> Node | None:
    if layer.groups != 1 or _pair(layer.dilation) != (1, 1) or layer.padding_mode != "zeros":
        return None
    if isinstance(layer.padding, str):
        if layer.padding != "valid":
            return None
        padding = (0, 0)
    else:
        padding = _pair(layer.padding)
    stride, kernel = _pair(layer.stride), _pair(layer.kernel_size)
    if len(shape) != 3 or shape[0] != layer.in_channels:
        raise ValueError(
            f"layer={step.name}: Conv2d of {layer.in_channels} channels behind {shape}; give images it takes"
        )
    sides = tuple((shape[i + 1] + 2 * padding[i] - kernel[i]) // stride[i] + 1 for i in (0, 1))
    if min(sides) < 1:
        raise ValueError(f"layer={step.name}: Conv2d leaves no pixel of {shape}; use larger images")
    weight = _numbers(step, layer.weight)
    return Convolution((len(weight), *sides), source, weight, _bias(step, layer.bias, len(weight)), stride, padding)


def _folded(step: fx.Node, layer: nn.BatchNorm1d | nn.BatchNorm2d, before: Node) -> Node | None:
    """The layer before with the normalisation by the running statistics taken into its weights."""
    if not isinstance(before, Convolution | Linear) or before.folded:
        return None
    if layer.running_mean is None or layer.running_var is None:
        return None
    if layer.num_features != before.shape[0]:
        raise ValueError(f"layer={step.name}: {layer.num_features} features behind {before.shape}; make them agree")
    n = layer.num_features
    mean, variance = _numbers(step, layer.running_mean), _numbers(step, layer.running_var)
    scale = np.ones(n) if layer.weight is None else _numbers(step, layer.weight)
    shift = _bias(step, layer.bias, n)
    if np.any(variance < 0) or layer.eps < 0 or np.any(variance + layer.eps <= 0):
        raise ValueError(f"layer={step.name}: a running variance is not positive; train the network first")
    factor, bias = np.empty(n), np.empty(n)
    bits = flint.ctx.prec
    flint.ctx.prec = FOLDING_BITS
    try:
        for i in range(n):
            exact = flint.arb(scale[i]) / (flint.arb(variance[i]) + flint.arb(layer.eps)).sqrt()
            factor[i] = float(exact)
            bias[i] = float(flint.arb(shift[i]) + (flint.arb(before.bias[i]) - flint.arb(mean[i])) * exact)
    finally:
        flint.ctx.prec = bits
    weight = before.weight * factor.reshape(-1, *[1] * (before.weight.ndim - 1))
    return replace(before, weight=weight, bias=bias, folded=True)


def _pool(step: fx.Node, source: int, shape: tuple[int, ...], kernel: tuple[int, int], stride: tuple[int, int]) -> Node:
    if len(shape) != 3 or any(shape[i + 1] < kernel[i] for i in (0, 1)):
        raise ValueError(f"layer={step.name}: average pooling of {kernel} over {shape}; use larger images")
    sides = tuple((shape[i + 1] - kernel[i]) // stride[i] + 1 for i in (0, 1))
    return AveragePool((shape[0], *sides), source, kernel, stride)


def _whole_pool(step: fx.Node, source: int, shape: tuple[int, ...], size: Any) -> Node | None:
    if len(shape) != 3 or _pair(size) != (1, 1):
        return None
    return _pool(step, source, shape, (shape[1], shape[2]), (1, 1))


def _flatten(source: int, shape: tuple[int, ...], start: int, end: int) -> Node | int | None:
    if start != 1 or end not in (-1, len(shape)):
        return None
    return source if len(shape) == 1 else Flatten((math.prod(shape),), source)


def _numbers(step: fx.Node, values: torch.Tensor) -> Array:
    array = values.detach().double().cpu().numpy()
    if not np.all(np.isfinite(array)):
        raise ValueError(f"layer={step.name}: a weight is not finite; train the network again")
    return np.ascontiguousarray(array)


def _bias(step: fx.Node, values: torch.Tensor | None, n: int) -> Array:
    return np.zeros(n) if values is None else _numbers(step, values)


def _pair(value: Any) -> tuple[int, int]:
    down, across = value if isinstance(value, tuple | list) else (value, value)
    return int(down), int(across)

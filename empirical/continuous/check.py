"""Check the proofs that a certificate of continuous views brings: every leaf again, by code that shares nothing with the
verifier.

Replayed are, from images, network and ranges alone: for an image called proved, that its cluster has the largest score in
every view of the box, cell by cell; for one called refuted, that its cluster has not in the view that is named. An image
called open claims nothing. The network is the exact real function of the weights that are stored, those that a normalisation
was folded into known up to a factor of 1 +- 2^-51.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from safetensors import safe_open
from tqdm import tqdm

from empirical.continuous.replay import leaves, refuted, reproved
from empirical.continuous.replayed_network import Layer
from empirical.continuous.replayed_views import BoxRanges, FlippedRanges
from empirical.thirdparty import first_line
from theory.setting import Array

MOST_NUMBERS = 2**31
"""In all arrays together: 16 GiB."""
MOST_WORK = 2**47
"""Multiplications that are replayed at most: hours."""
STATUS = ("open", "proved", "refuted")
TYPES = {
    "images": ("F32", "F64"),
    "status": ("U8",),
    "clusters": ("I64",),
    "views": ("F64",),
    "lengths": ("I64",),
    "trees": ("U8",),
}


@dataclass(frozen=True)
class Proofs:
    """What is stored.

    images    (n, H, W, C) float64
    status    (n,) uint8, places in `STATUS`
    clusters  (n,) int64
    views     (n, P) float64, a row of coordinates of the box each
    trees     n of them
    layers    of the network
    """

    images: Array
    status: Array
    clusters: Array
    views: Array
    trees: tuple[bytes, ...]
    layers: tuple[Layer, ...]

    def having(self, status: str) -> Array:
        """The images (n,) that are called so."""
        return np.asarray(self.status == STATUS.index(status))


def read_proofs(path: Path, nodes: Sequence[dict[str, Any]]) -> tuple[Proofs, dict[str, Array]]:
    """The proofs, and the arrays as they are in the file.

    nodes   of the network: kind, sources, kernel, stride, padding of each, of the types that the schema asks for
    Raises ValueError, one line, for a file that cannot be read or is larger than what is checked, for arrays that do not fit
    each other, and for nodes that are no network of these images.
    """
    weighted = [i for i, node in enumerate(nodes) if node["kind"] in ("convolution", "linear")]
    types = TYPES | {f"{i}.{name}": ("F64",) for i in weighted for name in ("weight", "bias")}
    arrays = _read(path, types)
    images, n = arrays["images"], len(arrays["images"])
    shapes = {"status": (n,), "clusters": (n,), "lengths": (n,)}
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    lengths, trees = arrays["lengths"], arrays["trees"]
    views = arrays["views"]
    if images.ndim != 4 or 0 in images.shape or wrong or trees.ndim != 1 or views.ndim != 2 or len(views) != n:
        raise ValueError(
            f"proofs {path}: {', '.join(wrong) or 'images, views or trees'} of a shape that does not fit {n} images"
        )
    if (lengths < 0).any() or (lengths > len(trees)).any() or sum(lengths.tolist()) != len(trees):
        raise ValueError(f"proofs {path}: the lengths of the trees do not add up to the {len(trees)} steps there are")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError(f"proofs {path}: a number is not finite")
    if (np.abs(views) > 1).any() or np.abs(images).max() > 2.0**20 or max(images.shape[1:]) > 2**12:
        raise ValueError(f"proofs {path}: a view outside of the box, or images larger than what is checked")
    layers = read_layers(nodes, arrays)
    scores, clusters = layers[-1].shape[0], arrays["clusters"]
    if (clusters < 0).any() or (clusters >= scores).any() or (arrays["status"] >= len(STATUS)).any():
        raise ValueError(
            f"proofs {path}: a cluster that is none of the {scores} scores, or a status of none of the kinds"
        )
    ends = np.cumsum(lengths)
    parts = tuple(trees[end - length : end].tobytes() for end, length in zip(ends, lengths, strict=True))
    pixels = np.ascontiguousarray(np.moveaxis(images.astype(np.float64), 1, 3))
    return Proofs(pixels, arrays["status"], clusters, arrays["views"], parts, tuple(layers)), arrays


def _read(path: Path, types: dict[str, tuple[str, ...]]) -> dict[str, Array]:
    try:
        with safe_open(path, framework="numpy") as file:
            if set(file.keys()) != set(types):
                raise ValueError(f"it does not hold {', '.join(types)[:200]}, and nothing else")
            headers = {name: file.get_slice(name) for name in types}
            for name, header in headers.items():
                if header.get_dtype() not in types[name]:
                    raise ValueError(f"{name} of type {header.get_dtype()}, not {types[name][-1]}")
            numbers = sum(math.prod(header.get_shape()) for header in headers.values())
            if numbers > MOST_NUMBERS:
                raise ValueError(f"{numbers} numbers, more than {MOST_NUMBERS}")
            return {name: file.get_tensor(name) for name in types}
    except Exception as error:  # decoders of broken files raise many kinds
        raise ValueError(f"proofs {path} cannot be read ({first_line(error)}): truncated, or another kind") from error


def read_layers(nodes: Sequence[dict[str, Any]], arrays: dict[str, Array]) -> list[Layer]:
    """The layers, every shape computed anew. ValueError for nodes that do not fit each other or their weights."""
    channels, height, width = arrays["images"].shape[1:]
    layers: list[Layer] = []
    for i, node in enumerate(nodes):
        kind, sources = node["kind"], tuple(node["sources"])
        if (kind == "image") != (i == 0) or any(not 0 <= source < i for source in sources):
            raise ValueError(f"network: node {i} ({kind}) does not read nodes before it")
        if len(sources) != {"image": 0, "sum": 2}.get(kind, 1):
            raise ValueError(f"network: node {i} ({kind}) reads {len(sources)} others")
        if kind == "image":
            layers.append(Layer("image", (height, width, channels)))
            continue
        layer = _layer(
            node, [layers[source].shape for source in sources], arrays.get(f"{i}.weight"), arrays.get(f"{i}.bias")
        )
        if layer is None:
            raise ValueError(f"network: node {i} ({kind}) does not fit what it reads or its weights")
        layers.append(layer)
    if not layers or len(layers[-1].shape) != 1 or layers[-1].shape[0] < 2:
        raise ValueError("network: its last node is no row of two scores or more")
    return layers


def _layer(
    node: dict[str, Any], shapes: list[tuple[int, ...]], weight: Array | None, bias: Array | None
) -> Layer | None:
    """The layer; None where it does not fit."""
    kind, shape, sources = node["kind"], shapes[0], tuple(node["sources"])
    spatial = len(shape) == 3
    stride, padding, kernel = ((*node[name],) for name in ("stride", "padding", "kernel"))
    if kind == "relu":
        return Layer(kind, shape, sources)
    if kind == "flatten":
        return Layer(kind, (math.prod(shape),), sources) if spatial else None
    if kind == "sum":
        return Layer(kind, shape, sources) if shapes[1] == shape else None
    if kind == "linear":
        assert weight is not None
        assert bias is not None
        fits = not spatial and weight.ndim == 2 and weight.shape[1:] == shape and bias.shape == weight.shape[:1]
        return Layer(kind, bias.shape, sources, np.ascontiguousarray(weight.T), bias) if fits else None
    if not spatial or len(stride) != 2 or min(stride) < 1:
        return None
    if kind == "convolution":
        assert weight is not None
        assert bias is not None
        if weight.ndim != 4 or 0 in weight.shape or weight.shape[1] != shape[2] or bias.shape != weight.shape[:1]:
            return None
        if len(padding) != 2 or max(padding) > 2**12:
            return None
        kernel, outputs = weight.shape[2:], len(weight)
        weight = np.ascontiguousarray(weight.transpose(2, 3, 1, 0))
    else:
        padding, outputs = (0, 0), shape[2]
        if len(kernel) != 2 or min(kernel) < 1:
            return None
    sides = [(shape[a] + 2 * padding[a] - kernel[a]) // stride[a] + 1 for a in (0, 1)]
    if min(sides) < 1:
        return None
    return Layer(kind, (*sides, outputs), sources, weight, bias, kernel, stride, padding)


def problems(
    proofs: Proofs, ranges: BoxRanges, rows: Sequence[int], jobs: int = 1, progress: bool = False
) -> Iterator[str]:
    """What does not stand among the proofs of these images, one line for each.

    Raises ValueError for more work than is checked.
    """
    dimensions, work = ranges.dimensions, _multiplications(proofs.layers)
    if proofs.views.shape[1] != len(ranges.coordinates):
        yield f"continuous: views of {proofs.views.shape[1]} coordinates, the box has {len(ranges.coordinates)}"
        return
    steps = sum(len(proofs.trees[i]) for i in rows)
    if not dimensions:
        yield "continuous: the box has no dimension, so that there is one view"
        return
    if steps * work * (len(dimensions) + 3) > MOST_WORK:
        raise ValueError(f"trees: {steps} steps for this network are more than what is checked; certify fewer images")
    replays = (delayed(_problem)(proofs.layers, proofs.images[i], ranges, _Claim.of(proofs, i)) for i in map(int, rows))
    results = Parallel(n_jobs=jobs, return_as="generator")(replays)
    for i, wrong in zip(rows, tqdm(results, total=len(rows), desc="proofs", disable=not progress), strict=True):
        if wrong:
            yield f"continuous, image {i}: {wrong}"


def _multiplications(layers: Sequence[Layer]) -> int:
    """Of one pass of one image."""
    inputs = (1 if layer.weight is None else layer.weight.size // layer.weight.shape[-1] for layer in layers)
    return sum(math.prod(layer.shape) * terms for layer, terms in zip(layers, inputs, strict=True))


@dataclass(frozen=True)
class _Claim:
    """Of one image."""

    status: str
    cluster: int
    view: Array
    tree: bytes

    @staticmethod
    def of(proofs: Proofs, i: int) -> "_Claim":
        return _Claim(STATUS[int(proofs.status[i])], int(proofs.clusters[i]), proofs.views[i], proofs.trees[i])


def _problem(layers: Sequence[Layer], image: Array, ranges: BoxRanges, claim: _Claim) -> str:
    """What is wrong with the claim; empty where it stands."""
    if (claim.status == "proved") != bool(claim.tree):
        return f"{claim.status}, with a tree of {len(claim.tree)} steps"
    if claim.status == "proved":
        try:
            low, high = leaves(claim.tree, len(ranges.dimensions))
        except ValueError as error:
            return str(error)
        if isinstance(ranges, FlippedRanges) and ranges.mixed(low, high).any():
            return "a leaf of its tree is of views of the image and of its mirror image"
        if not reproved(layers, image, ranges, low, high, claim.cluster):
            return f"a leaf of its tree is not proved for cluster {claim.cluster}"
    if claim.status == "refuted" and not refuted(layers, image, ranges, claim.view, claim.cluster):
        return f"no other score is larger than that of cluster {claim.cluster} in the view named"
    return ""

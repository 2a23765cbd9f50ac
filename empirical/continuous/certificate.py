"""What a checker needs to replay the verifier's proofs, as plain JSON types and arrays.

The nodes of the network, in order, are JSON; its weights, the images, and for each image its status, cluster, split tree or
refuting view are arrays. Nothing of the verifier is needed to read them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from empirical.continuous.geometry import Box
from empirical.continuous.network import AveragePool, Convolution, Flatten, Image, Linear, Node, Plain, Relu, Sum
from empirical.continuous.search import Verdict
from theory.setting import Array

STATUSES = ("open", "proved", "refuted")
"""A status is stored as its place here."""
KINDS: dict[type[Node], str] = {
    Image: "image",
    Convolution: "convolution",
    Linear: "linear",
    Relu: "relu",
    AveragePool: "pool",
    Flatten: "flatten",
    Sum: "sum",
}


def stored_nodes(network: Plain) -> list[dict[str, Any]]:
    """The nodes without their weights."""
    return [
        {
            "kind": KINDS[type(node)],
            "sources": [getattr(node, name) for name in ("source", "other") if hasattr(node, name)],
            "kernel": list(getattr(node, "kernel", ())),
            "stride": list(getattr(node, "stride", ())),
            "padding": list(getattr(node, "padding", ())),
            "folded": bool(getattr(node, "folded", False)),
        }
        for node in network.nodes
    ]


def stored_arrays(network: Plain, images: Array, verdicts: Sequence[Verdict], box: Box) -> dict[str, Array]:
    """The arrays by name; P is the number of parameters of the views of the box.

    images     (n, C, H, W) float
    status     (n,) uint8, places in `STATUSES`
    clusters   (n,) int64
    views      (n, P) float64: a point of the box whose view refutes, else 0
    lengths    (n,) int64 of the trees
    trees      uint8, one after the other
    I.weight, I.bias   of node I, as torch lays them out, float64
    """
    nowhere = np.zeros(len(box.source.ranges))
    arrays = {
        "images": np.ascontiguousarray(images),
        "status": np.array([STATUSES.index(v.status) for v in verdicts], dtype=np.uint8),
        "clusters": np.array([v.cluster for v in verdicts], dtype=np.int64),
        "views": np.array([nowhere if v.view is None else v.view for v in verdicts], dtype=np.float64),
        "lengths": np.array([len(v.splits) for v in verdicts], dtype=np.int64),
        "trees": np.frombuffer(b"".join(v.splits for v in verdicts), dtype=np.uint8),
    }
    return arrays | stored_weights(network)


def stored_weights(network: Plain) -> dict[str, Array]:
    """I.weight and I.bias of every node I that has them, in the order of the nodes."""
    layers = [(i, node) for i, node in enumerate(network.nodes) if isinstance(node, Convolution | Linear)]
    return {f"{i}.{name}": getattr(node, name) for i, node in layers for name in ("weight", "bias")}

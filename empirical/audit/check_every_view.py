"""Check what a certificate says of every view of a box: the proofs by `empirical.continuous.check`, then what follows.

From statuses and clusters that stand, the labels and the numbers in the file are recomputed:
- the finite world: with N_k the proved images of class k by vertex, U_k its others and n_k all, the mean of the class has the
  barycentric weights (N_k + U_k q) / n_k for some q of the simplex; class l owns vertex i if that is nearer to its own mean
  for every q than to any other's. The error is the share of images that are not proved at a vertex their class owns;
- the population: Clopper-Pearson bounds by the binomial tail, the condition alpha_l + alpha_k > 1 with anchors that differ,
  and the error.
The drawn views in the features must lie where the proofs say. That network and images are those of the encoder and the data
is taken on trust, as all that no features show.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from empirical.audit.schema import number
from empirical.audit.tails import array_digest, below
from empirical.continuous.check import Proofs, problems, read_proofs
from empirical.continuous.replayed_views import ranges_from
from theory.population import split_level
from theory.setting import Array

PROOFS = "proofs.safetensors"
MET = 1e-9
"""A margin above this counts as positive."""


@dataclass(frozen=True)
class Replay:
    """How proofs are replayed.

    images   of so many images, spread over all; None: of all
    """

    images: int | None = None
    jobs: int = 1
    progress: bool = False

    def rows(self, n: int) -> list[int]:
        """The images, of n, whose proofs are replayed."""
        if self.images is None or self.images >= n:
            return list(range(n))
        return [i * n // self.images for i in range(self.images)]


def arrays_digest(arrays: dict[str, Array]) -> str:
    """SHA-256 over names and arrays."""
    lines = (f"{name} {array_digest(arrays[name])}\n" for name in sorted(arrays))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def every_view_problems(
    content: dict[str, Any], folder: Path, features: Array, labels: Array, replay: Replay
) -> Iterator[str]:
    """What is wrong with the entry `continuous` of a certificate whose other entries stand.

    folder   of the proofs
    Raises ValueError for proofs that cannot be read or are larger than what is checked.
    """
    claim = content["continuous"]
    proofs, arrays = read_proofs(folder / Path(claim["file"]).name, claim["network"])
    if arrays_digest(arrays) != claim["arrays_sha256"]:
        yield "continuous: the proofs are not those of the certificate"
    if len(proofs.images) != len(labels) or proofs.layers[-1].shape[0] != features.shape[2]:
        yield f"continuous: {len(proofs.images)} images and their scores do not fit features {features.shape}"
        return
    stated = list(_stated(content, proofs, features, labels))
    yield from stated
    if not stated:
        ranges = ranges_from({name: number(value) for name, value in claim["ranges"].items()})
        yield from problems(proofs, ranges, replay.rows(len(labels)), replay.jobs, replay.progress)


def _stated(content: dict[str, Any], proofs: Proofs, features: Array, labels: Array) -> Iterator[str]:
    """What of the numbers stated does not follow from the statuses and clusters, taken as true."""
    claim = content["continuous"]
    for status in ("open", "proved", "refuted"):
        if int(proofs.having(status).sum()) != claim[status]:
            yield f"continuous: {int(proofs.having(status).sum())} images are {status}, not {claim[status]}"
    proved = proofs.having("proved")
    elsewhere = proved & (features.argmax(axis=2) != proofs.clusters[:, None]).any(axis=1)
    if elsewhere.any():
        yield f"continuous: a drawn view of image {int(elsewhere.argmax())} is not at the vertex that is proved of all"
    ranges = {name: number(value) for name, value in claim["ranges"].items()}
    parameters = content["views"].get("parameters") if isinstance(content["views"], dict) else None
    if parameters != ranges:
        yield "continuous: the ranges of the box are not those of the views"
    yield from _world(claim["exact"], proofs, labels)
    yield from _population(claim, content["population"]["level"], proofs, labels)


def standing(claim: dict[str, Any] | None) -> list[str]:
    """What to print of an entry that stands."""
    if claim is None:
        return []
    population, exact = claim["population"], claim["exact"]
    met, K = sum(c["met"] for c in population["classes"]), len(population["classes"])
    return [
        f"holds  every view: {claim['proved']} images proved, {claim['refuted']} refuted, {claim['open']} open",
        f"       {claim['claim']}",
        f"holds  every view, exact: error <= {float(exact['error']):.6f}, {len(exact['met'])}/{K} classes",
        f"       {exact['claim']}",
        f"holds  every view, population: error <= {float(population['error']):.6f}, level {float(population['level']):.9g}, "
        f"{met}/{K} classes",
        f"       {population['claim']}",
    ]


def _world(claim: dict[str, Any], proofs: Proofs, labels: Array) -> Iterator[str]:
    proved, J = proofs.having("proved"), proofs.layers[-1].shape[0]
    counts = [np.bincount(proofs.clusters[proved & (labels == k)], minlength=J) for k in range(int(labels.max()) + 1)]
    totals = np.bincount(labels).tolist()
    tables = [row.tolist() for row in counts]
    sure = [sum(row[i] for i in range(J) if row[i] and _owns(k, i, tables, totals)) for k, row in enumerate(tables)]
    least = 1 - Fraction(sum(sure), len(labels))
    if Fraction(claim["error"]) < least:
        yield f"continuous, exact: the error claimed is {number(claim['error']):.6g}, certain is {float(least):.6g}"
    met = [k for k, images in enumerate(sure) if images]
    if claim["met"] != met:
        yield f"continuous, exact: met are the classes {met}, not {claim['met']}"


def _owns(label: int, vertex: int, tables: Sequence[Sequence[int]], totals: Sequence[int]) -> bool:
    """Whether the vertex is nearer to the mean of the class, wherever its unproved images lie, than to any other's."""
    own = Fraction(_square(tables[label], totals[label], vertex, nearest=False), totals[label] ** 2)
    return all(
        own < Fraction(_square(row, total, vertex, nearest=True), total**2)
        for k, (row, total) in enumerate(zip(tables, totals, strict=True))
        if k != label
    )


def _square(row: Sequence[int], total: int, vertex: int, nearest: bool) -> int:
    """||N + U q - n e_i||^2 for the law q of the unproved that makes it least or greatest.

    It is convex in q. The greatest is at a vertex. The least is at q = e_i: there the derivative along e_j - e_i is
    2 U (N_j - (N_i + U - n)) >= 0, since N_i + U <= n.
    """
    unproved = total - sum(row)
    at = [[count + unproved * (i == j) - total * (i == vertex) for i, count in enumerate(row)] for j in range(len(row))]
    squares = [sum(x * x for x in point) for point in at]
    return squares[vertex] if nearest else max(squares)


def _population(entry: dict[str, Any], level: str, proofs: Proofs, labels: Array) -> Iterator[str]:
    claim, n, K = entry["population"], len(labels), int(labels.max()) + 1
    anchors = [-1 if vertex is None else vertex for vertex in entry["anchors"]]
    if len(anchors) != K:
        yield f"continuous, population: the anchors are not one for each of {K} classes"
        return
    if [c["label"] for c in claim["classes"]] != list(range(K)):
        yield "continuous, population: the classes are not 0..K-1"
        return
    events = [f"{kind} {k}" for kind in ("alpha", "mass") for k in range(K)] + ["pooled"]
    try:
        split = split_level(number(claim["level"]), events)
    except ValueError as error:
        yield f"continuous, population: {error}"
        return
    if claim["level"] != level or claim["events"] != len(events) or claim["union_bound"] != str(split):
        yield "continuous, population: level, events or union bound are not those of the certificate and its classes"
        return
    allowed = (1 - number(level)) / len(events)
    inside = np.bincount(labels[proofs.having("proved") & (proofs.clusters == np.array(anchors)[labels])], minlength=K)
    alpha, mass = ([number(c[key]) for c in claim["classes"]] for key in ("alpha", "mass"))
    pooled, totals = number(claim["pooled_mass"]), np.bincount(labels)
    tests = [(f"class {k}: alpha", alpha[k], int(inside[k]), int(totals[k])) for k in range(K)]
    tests += [(f"class {k}: mass", mass[k], int(inside[k]), n) for k in range(K)]
    tests.append(("pooled mass", pooled, int(inside.sum()), n))
    for name, bound, count, total in tests:
        if not below(bound, count, total, allowed):
            yield f"continuous, population, {name} = {bound:.6g} is more than {count} of {total} support at the level"
    correct, met = Fraction(0), 0
    for k, c in enumerate(claim["classes"]):
        margin = alpha[k] + min(alpha[j] if anchors[j] != anchors[k] else 0 for j in range(K) if j != k) - 1
        if not abs(number(c["margin"]) - margin) <= MET:
            yield f"continuous, population, class {k}: margin is {margin:.6g}, not {number(c['margin']):.6g}"
        if c["met"] and not margin > MET:
            yield f"continuous, population, class {k}: the condition does not hold (margin {margin:.3g})"
        elif c["met"]:
            met += 1
            correct += Fraction(mass[k])
    if met == K:
        correct = max(correct, Fraction(pooled))
    if Fraction(claim["error"]) < 1 - correct - (K + 1) * Fraction(1, 2**53):  # the rounding of K + 1 float sums
        certain = float(1 - correct)
        yield f"continuous, population: the error claimed is {number(claim['error']):.6g}, certain is {certain:.6g}"

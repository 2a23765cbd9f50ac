"""Check what a certificate says of points: features of a few values, and which class owns which of them.

From the features, the labels, the points and their owners are recomputed: the wealth of every bet, the masses by the binomial
tail, and the error. That points and owners were chosen on other samples is taken on trust.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from empirical.audit.schema import number
from empirical.audit.tails import below
from theory.population import split_level
from theory.setting import Array

MET = 1e-7
"""A margin above this counts as positive: ln wealth is off by less."""
AGREE = 1e-9
NORM = 1e-12
MOST_RATE = 0.2


def points_problems(content: dict[str, Any], features: Array, labels: Array) -> Iterator[str]:
    """What is wrong with the entry `points` of a certificate whose other entries stand."""
    claim, n, K = content["points"], len(labels), int(labels.max()) + 1
    owners = [-1 if owner is None else owner for owner in claim["owners"]]
    rows = claim["values"]
    if len(rows) != len(owners) or {len(row) for row in rows} != {features.shape[2]} or max(owners) >= K:
        yield "points: values and owners do not fit the features and the classes"
        return
    if [c["label"] for c in claim["classes"]] != list(range(K)):
        yield "points: the classes are not 0..K-1"
        return
    values = np.array([[number(x) for x in row] for row in rows])
    if abs(np.linalg.norm(values, axis=1) - 1).max() > NORM:
        yield "points: a value is not of norm 1"
        return
    claiming = sorted({owner for owner in owners if owner >= 0})
    events = [f"point {j} against {k}" for j, owner in enumerate(owners) if owner >= 0 for k in range(K) if k != owner]
    events += [f"mass {k}" for k in claiming] + ["pooled"]
    level = number(claim["level"])
    try:
        split = split_level(level, events)
    except ValueError as error:
        yield f"points: {error}"
        return
    if claim["level"] != content["population"]["level"] or claim["union_bound"] != str(split):
        yield "points: level or union bound are not those of the certificate and its events"
        return
    if claim["events"] != len(events):
        yield f"points: {claim['events']} events share the level, there are {len(events)}"
    allowed = (1 - level) / len(events)
    inside = _inside(features, labels, values, owners)
    if not below(number(claim["pooled_mass"]), sum(inside), n, allowed):
        yield f"points: pooled mass {number(claim['pooled_mass']):.6g} is more than {sum(inside)} of {n} support"
    correct, met = Fraction(0), []
    for k, c in enumerate(claim["classes"]):
        own = [j for j, owner in enumerate(owners) if owner == k]
        if c["points"] != own:
            yield f"points, class {k}: its points are {own}, not {c['points']}"
        if not below(number(c["mass"]), inside[k], n, allowed):
            yield f"points, class {k}: mass = {number(c['mass']):.6g} is more than {inside[k]} of {n} support at the level"
        margin = min((m for j in own for m in _margins(features, labels, values[j], k, K, allowed)), default=None)
        stated = None if c["margin"] is None else number(c["margin"])
        if (stated is None) != (margin is None) or (margin is not None and not abs(margin - (stated or 0.0)) <= AGREE):
            yield f"points, class {k}: margin is {margin}, not {stated}"
        if c["met"] and not (margin is not None and margin > MET):
            yield f"points, class {k}: a bet has not won (margin {margin})"
        elif c["met"]:
            met.append(k)
            correct += Fraction(number(c["mass"]))
    if met and met == claiming:
        correct = max(correct, Fraction(number(claim["pooled_mass"])))
    if Fraction(claim["error"]) < 1 - correct - (K + 1) * Fraction(1, 2**53):  # the rounding of K + 1 float sums
        yield f"points: the error claimed is {number(claim['error']):.6g}, certain is {float(1 - correct):.6g}"


def standing_points(claim: dict[str, Any] | None) -> list[str]:
    """What to print of an entry that stands."""
    if claim is None:
        return []
    met, K = sum(c["met"] for c in claim["classes"]), len(claim["classes"])
    return [
        f"holds  points: error <= {float(claim['error']):.6f}, level {float(claim['level']):.9g}, {met}/{K} classes",
        f"       {claim['claim']}",
    ]


def _inside(features: Array, labels: Array, values: Array, owners: list[int]) -> list[int]:
    """For every class, how many of its samples have all views at points of its own."""
    owner_of = {value.tobytes(): owner for value, owner in zip(values + 0.0, owners, strict=True)}  # + 0.0: no -0
    counts = [0] * (int(labels.max()) + 1)
    for views, label in zip(features + 0.0, labels.tolist(), strict=True):
        counts[label] += all(owner_of.get(view.tobytes(), -1) == label for view in views)
    return counts


def _margins(features: Array, labels: Array, value: Array, k: int, K: int, allowed: float) -> Iterator[float]:
    """ln wealth - ln 1/a of the bets that a point is nearer to the mean of class k than to those of the others."""
    own = _squares(features[labels == k], value)
    for rival in range(K):
        if rival != k:
            gains = [b - a for a, b in zip(own, _squares(features[labels == rival], value), strict=False)]
            rate = min(MOST_RATE, math.sqrt(2 * math.log(1 / allowed) / max(len(gains), 1)))
            yield math.fsum(math.log1p(rate * gain) for gain in gains) + math.log(allowed)


def _squares(features: Array, value: Array) -> list[float]:
    """(v - f).(v - f') for one sample after the other, two by two, f the mean over a sample's views."""
    away = value - features.sum(axis=1) / features.shape[1]
    return [float((a * b).sum()) for a, b in zip(away[::2], away[1::2], strict=False)]

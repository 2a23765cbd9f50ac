"""Check what a certificate says of points: features of a few values, and which class owns which of them.

From the features, the labels, the points and their owners are recomputed: the wealth of every bet, how many points in their
order are won, their mass by the binomial tail, and the error. That points, order and owners were chosen on other samples is
taken on trust.
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
    owners = [owner for owner in claim["owners"] if owner is not None]
    rows = claim["values"]
    if len(rows) != len(claim["owners"]) or {len(row) for row in rows} != {features.shape[2]}:
        yield "points: values and owners do not fit the features"
        return
    if claim["owners"][: len(owners)] != owners or any(owner >= K for owner in owners):
        yield "points: the owners are not classes, then none"
        return
    values = np.array([[number(x) for x in row] for row in rows])
    if abs(np.linalg.norm(values, axis=1) - 1).max() > NORM:
        yield "points: a value is not of norm 1"
        return
    events = ["owners", *(f"first {j}" for j in range(1, len(owners) + 1))]
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
    margins = [min(_margins(features, labels, values[j], k, K, allowed)) for j, k in enumerate(owners)]
    stated = [number(margin) for margin in claim["margins"]]
    if len(stated) != len(margins) or not all(abs(a - b) <= AGREE for a, b in zip(stated, margins, strict=True)):
        yield f"points: the margins are {margins}, not {stated}"
    won = next((j for j, margin in enumerate(margins) if not margin > MET), len(margins))
    if claim["won"] != won:
        yield f"points: {won} of them are won in their order, not {claim['won']}"
        return
    mass, inside = number(claim["pooled_mass"]), _inside(features, labels, values, owners[:won])
    if not below(mass, inside, n, allowed):
        yield f"points: pooled mass {mass:.6g} is more than {inside} of {n} support"
    if Fraction(claim["error"]) < 1 - Fraction(mass) - Fraction(1, 2**53):  # the rounding of one float difference
        yield f"points: the error claimed is {number(claim['error']):.6g}, certain is {1 - mass:.6g}"


def standing_points(claim: dict[str, Any] | None) -> list[str]:
    """What to print of an entry that stands."""
    if claim is None:
        return []
    owners = claim["owners"][: claim["won"]]
    return [
        f"holds  points: error <= {float(claim['error']):.6f}, level {float(claim['level']):.9g}, {len(owners)} points of "
        f"{len(set(owners))} classes",
        f"       {claim['claim']}",
    ]


def _inside(features: Array, labels: Array, values: Array, owners: list[int]) -> int:
    """How many samples have all views at points of their own class."""
    pairs = zip(values + 0.0, owners, strict=False)  # + 0.0: no -0
    owned = {(value.tobytes(), owner) for value, owner in pairs}
    samples = zip(features + 0.0, labels.tolist(), strict=True)
    return sum(all((view.tobytes(), label) in owned for view in views) for views, label in samples)


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

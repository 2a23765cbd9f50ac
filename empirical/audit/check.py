"""Check a certificate from features alone, by code that shares none of the search that made it.

What is recomputed, from the features (n, m, d), the labels and the numbers in the file:
- exact mode: every main part is inside S_eps and pairwise within its reach (or about its anchor), alpha is its share, the
  means are those of the features, the condition of the form holds, and the error is 1 - sum of p_l alpha_l; of the anchored
  form the same with the anchors and radii of the population;
- points, where features take a few values: see `check_points`;
- population: the counts, every Clopper-Pearson bound by the binomial tail at the bound itself, the radii of the means, the
  condition, and the error at the stated level.
A claim that is smaller than what is certain fails, as does any number, word or hash that does not fit. What no features can
show is taken on trust: that anchors and head were chosen without the certifying samples, and where all of it came from.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from empirical.audit.check_every_view import Replay, every_view_problems
from empirical.audit.check_points import points_problems
from empirical.audit.distances import farthest_within, nearest_within, pairwise_within, views_within
from empirical.audit.reading import MOST_NUMBERS, read_certificate, read_features
from empirical.audit.schema import CONTENT, OPTIONAL, misfits, number
from empirical.audit.tails import array_digest, below
from theory.factors import nearer_to_another
from theory.population import split_level
from theory.setting import Array
from theory.theorem1.forms import margin

MET = 1e-9
"""A margin above this counts as positive, in units of r."""
AGREE = 1e-9
"""Two evaluations of one float formula agree within this."""
NORM = 1e-12
"""How far the norm of a feature may be from 1, and that of an anchor above 1."""
CLOSE = 3e-12
"""Two evaluations of one distance agree within this: far below `MET`, so that no margin rests on it."""
GUARD = 1e-11
"""Rounding allowed in the norms of means and in s, where the slope of a margin in them is infinite.

It covers what is let pass here: `CLOSE` in the reach and twice in the views of a sample, 9e-12 in s; in the norm of a mean
`NORM`, and (m + 100) 2^-53 of the sums over m views and, pairwise, over samples and dimensions: less than 3e-12 up to
m = `MOST_VIEWS`. What is Lipschitz in them is covered by `MET`: every number lies in a range of the schema, and no vector is
longer than 1 + `NORM`, so no sum of a margin has more than eight terms of at most 4, each with a relative error of at most
(m + d + 100) 2^-53.
"""
EVENTS_PER_CLASS = ("alpha", "mass", "mean", "sigma", "R")
MOST_VIEWS, MOST_CLASSES, MOST_WORK = 10_000, 10_000, 2**42
"""What is checked at most: views per sample, classes, and multiplications for distances (minutes)."""
SHOWN = 100
"""Problems listed at most."""


def check(certificate: Path, features: Path | None = None, replay: Replay | None = None) -> list[str]:
    """What is wrong with a certificate; empty where it stands.

    features  the safetensors or npz file with `features` (n, m, d) and `labels` (n,); by default the one beside the
              certificate that it names
    replay    of which proofs of every view of a box; by default of all, in this process
    Raises ValueError for files that are missing, unreadable, or larger than what is checked.
    """
    return problems(read_certificate(certificate), certificate, features, replay)


def problems(
    content: dict[str, Any], certificate: Path, features: Path | None, replay: Replay | None = None
) -> list[str]:
    """`check` of a certificate that was read from a file."""
    changed = digest(content) != content.get("digest")
    edited = ["the digest does not fit the certificate: it was changed after it was written"] if changed else []
    optional = {name: shape for name, shape in OPTIONAL.items() if name in content}
    malformed = list(islice(misfits(content, CONTENT | optional), SHOWN))
    if malformed:
        return edited + [f"the certificate is malformed: {line}" for line in malformed]
    arrays = read_features(features or certificate.parent / Path(content["features"]["file"]).name)
    wrong = edited + list(islice(_problems(content, *arrays), SHOWN))
    if "points" in content and not wrong:
        wrong += islice(points_problems(content, *arrays), SHOWN)
    if "continuous" in content and not wrong:
        wrong += islice(every_view_problems(content, certificate.parent, *arrays, replay or Replay()), SHOWN)
    return wrong


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of everything but the digest, in canonical JSON."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _problems(content: dict[str, Any], features: Array, labels: Array) -> Iterator[str]:
    fit = features.ndim == 3 and features.shape[1] >= 2 and labels.shape == features.shape[:1]
    if not fit or features.dtype != np.float64 or labels.dtype.kind not in "iu":
        yield (
            f"features {features.shape} {features.dtype} and labels {labels.shape} {labels.dtype} are not (n, m >= 2, d) "
            "float64 and (n,) integers"
        )
        return
    if list(features.shape) != content["features"]["shape"] or len(labels) != content["data"]["certifying_images"]:
        yield f"the features {features.shape} have not the shape or the number that the certificate names"
    if array_digest(features) != content["features"]["features_sha256"]:
        yield "the features are not those of the certificate"
    if array_digest(labels) != content["features"]["labels_sha256"]:
        yield "the labels are not those of the certificate"
    (n, m, d), K = features.shape, len(content["data"]["class_names"])
    check_size(n, m, d, K)
    if K < 2 or sorted(set(labels.tolist())) != list(range(K)):
        present = sorted(set(labels.tolist()))[:10]
        yield f"{K} classes are named and the labels are {present}: not 0..K-1, each present, K >= 2"
        return
    norms = np.linalg.norm(features, axis=2)
    if not np.isfinite(norms).all() or abs(norms - 1).max() > NORM:
        yield "the features are not of norm 1"
        return
    world = _World.of(features, labels.astype(np.int64), K)
    yield from _exact(content["exact"], world)
    of_population = list(_population(content["population"], world))
    yield from of_population or _anchored(content["anchored"], content["population"], world)


def check_size(n: int, m: int, d: int, K: int) -> None:
    """ValueError for features (n, m, d) of K classes that would not be read, or not be checked in minutes, or where rounding
    was not thought through.
    """
    for name, size, most in (("m", m, MOST_VIEWS), ("K", K, MOST_CLASSES)):
        if size > most:
            raise ValueError(f"{name}={size}: more than the {most} that are checked; certify with fewer")
    for name, size, most in (
        ("n m d", n * m * d, MOST_NUMBERS),
        ("n m^2 d", n * m * m * d, MOST_WORK),
        ("K^2 d", K * K * d, MOST_WORK),
    ):
        if size > most:
            raise ValueError(
                f"{name}={size}: more than the {most} that are checked; certify fewer images, views or classes"
            )


@dataclass(frozen=True)
class _World:
    """Features (n, m, d) with labels (n,), and per class: its samples, its mean (K, d), products of means (K, K)."""

    features: Array
    labels: Array
    rows: list[Array]
    means: Array
    gram: Array

    @staticmethod
    def of(features: Array, labels: Array, K: int) -> "_World":
        """Sums over samples and dimensions run along contiguous rows, so that NumPy adds them pairwise."""
        order = np.argsort(labels, kind="stable")
        rows = np.split(order, np.cumsum(np.bincount(labels, minlength=K))[:-1])
        per_sample = features.mean(axis=1)
        means = np.array([np.ascontiguousarray(per_sample[own].T).sum(axis=1) / len(own) for own in rows])
        gram = np.array([(means * mean).sum(axis=1) for mean in means])
        return _World(features, labels, rows, means, gram)


def _exact(claim: dict[str, Any], world: _World) -> Iterator[str]:
    K, n = len(world.rows), len(world.labels)
    certain = 0
    if [c["label"] for c in claim["classes"]] != list(range(K)):
        yield "exact: the classes are not 0..K-1"
        return
    pairs = sum(min(len(c["members"]), n) ** 2 for c in claim["classes"] if c["anchor"] is None)
    if (work := pairs * world.features[0].size * world.features.shape[1]) > MOST_WORK:
        raise ValueError(
            f"members: {work} multiplications, more than the {MOST_WORK} that are checked; use fewer views"
        )
    for c in claim["classes"]:
        certain_of_class, wrong = _exact_class(c, claim["form"], world)
        certain += certain_of_class
        yield from wrong
    least = 1 - Fraction(certain, n)
    if Decimal(claim["error"]) < least:
        yield f"exact: the error claimed is {number(claim['error']):.6g}, certain is {float(least):.6g}"
    wrong_share = float(nearer_to_another(world.features, world.labels, world.means).mean())
    if number(claim["measured_error_any_view"]) != wrong_share:
        yield f"exact: the measured error is {wrong_share:.6g}, not {number(claim['measured_error_any_view']):.6g}"
    if number(claim["error"]) < wrong_share:
        yield "exact: the error claimed is below the measured one"


def _exact_class(c: dict[str, Any], form: str, world: _World) -> tuple[int, list[str]]:
    """How many samples the claim for one class makes certain, and what is wrong with it."""
    k, eps, reach = c["label"], number(c["eps"]), number(c["reach"])
    features, own, d = world.features, world.rows[k], world.features.shape[2]
    subject = f"exact, class {k}"
    if len(set(c["members"])) != len(c["members"]) or max(c["members"], default=0) >= len(world.labels):
        return 0, [f"{subject}: members are repeated or out of range"]
    members = np.array(c["members"], dtype=np.int64)
    if (world.labels[members] != k).any():
        return 0, [f"{subject}: a member of the main part has another label"]
    wrong = []
    aligned = views_within(features[own], eps + CLOSE)
    if not aligned[np.searchsorted(own, members)].all():
        wrong.append(f"{subject}: a member's views are farther apart than eps")
    if c["anchor"] is not None:
        anchor = np.array([number(x) for x in c["anchor"]])
        if len(anchor) != d:
            return 0, [f"{subject}: the anchor has {len(anchor)} coordinates, the features {d}"]
        if problem := _outside(anchor):
            return 0, [f"{subject}: {problem}"]
        if not nearest_within(features[members], anchor, (reach + CLOSE) / 2).all():
            wrong.append(f"{subject}: a member has no view within reach/2 of the anchor")
    elif not pairwise_within(features[members], reach + CLOSE):
        wrong.append(f"{subject}: two members are farther apart than the reach")
    share = len(members) / len(own)
    rivals = np.delete(np.arange(len(world.rows)), k)
    gram, s = world.gram, min(reach + 2 * eps, 2.0)
    slack = float(np.min(margin(form, share, s, gram[k, k], gram.diagonal()[rivals], gram[k, rivals], GUARD)))
    R = float(np.mean(~aligned))
    for name, value, tolerance in (("alpha", share, 0.0), ("R", R, 0.0), ("margin", slack, AGREE)):
        if not abs(number(c[name]) - value) <= tolerance:
            wrong.append(f"{subject}: {name} is {value:.6g}, not {number(c[name]):.6g}")
    if c["met"] and not slack > MET:
        wrong.append(f"{subject}: the condition of the {form} form does not hold (margin {slack:.3g})")
    return len(members) if c["met"] and not wrong else 0, wrong


def _outside(anchor: Array) -> str:
    """What is wrong with an anchor (d,), in words: beyond the unit ball distances from it may round to anything."""
    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(anchor))
    return "" if norm <= 1 + NORM else f"the anchor has norm {norm:.17g}, outside the unit ball"


def _population(claim: dict[str, Any], world: _World) -> Iterator[str]:
    features, K, n, d = world.features, len(world.rows), len(world.labels), world.features.shape[2]
    level = number(claim["level"])
    if not 0 < level < 1:
        yield f"population: the level {level} is no probability"
        return
    events = [f"{kind} {k}" for kind in EVENTS_PER_CLASS for k in range(K)] + ["pooled"]
    if claim["events"] != len(events):
        yield f"population: {claim['events']} events share the level, there are {len(events)}"
        return
    try:
        split = split_level(level, events)
    except ValueError as error:
        yield f"population: {error}"
        return
    if claim["union_bound"] != str(split):
        yield "population: the union bound is not that of the level and the classes"
    allowed = (1 - level) / len(events)
    if {len(row) for row in claim["anchors"]} != {d}:
        yield f"population: an anchor has not the {d} coordinates of the features"
        return
    anchors = np.array([[number(x) for x in row] for row in claim["anchors"]])
    if anchors.shape != (K, d) or [c["label"] for c in claim["classes"]] != list(range(K)):
        yield "population: anchors or classes do not fit the features"
        return
    outside = [f"population, class {k}: {problem}" for k, a in enumerate(anchors) if (problem := _outside(a))]
    if outside:
        yield from outside
        return
    radius, alpha, mass = (np.array([number(c[key]) for c in claim["classes"]]) for key in ("radius", "alpha", "mass"))
    counts = [len(own) for own in world.rows]
    inside = [int(farthest_within(features[own], anchors[k], radius[k]).sum()) for k, own in enumerate(world.rows)]
    pooled = number(claim["pooled_mass"])
    tests = [("alpha", k, alpha[k], counts[k]) for k in range(K)] + [("mass", k, mass[k], n) for k in range(K)]
    for name, k, bound, total in tests:
        if not below(float(bound), inside[k], total, allowed):
            yield f"population, class {k}: {name} = {bound:.6g} is more than {inside[k]} of {total} support at the level"
    hoped = claim["hoped"]
    if len(set(hoped)) != len(hoped) or not set(hoped) <= set(range(K)):
        yield f"population: the hoped classes {hoped[:10]} are repeated or out of range"
        return
    if not below(pooled, sum(inside[k] for k in hoped), n, allowed):
        yield f"population: pooled mass {pooled:.6g} is more than the counts support at the level"

    norms = np.linalg.norm(world.means, axis=1)
    spread = np.array([mean_radius(float(norms[k]), counts[k], allowed) for k in range(K)])
    located = alpha * radius + (1 - alpha)
    met = []
    for k, c in enumerate(claim["classes"]):
        to_centres = np.linalg.norm(anchors[k] - alpha[:, None] * anchors, axis=1)
        to_means = np.linalg.norm(anchors[k] - world.means, axis=1)
        own = min(to_centres[k] + located[k], to_means[k] + spread[k])
        rivals = np.maximum(to_centres - located, to_means - spread)
        slack = np.delete(rivals, k).min() - own - 2 * radius[k]
        for name, value in (("margin", slack), ("mean_radius", spread[k])):
            if not abs(number(c[name]) - value) <= AGREE:
                yield f"population, class {k}: {name} is {value:.6g}, not {number(c[name]):.6g}"
        if c["met"] and not slack > MET:
            yield f"population, class {k}: the condition of the anchored form does not hold (margin {slack:.3g})"
        elif c["met"]:
            met.append(k)
    correct = sum(Fraction(number(claim["classes"][k]["mass"])) for k in met)
    if hoped and set(hoped) <= set(met):
        rest = (Fraction(number(claim["classes"][k]["mass"])) for k in met if k not in hoped)
        correct = max(correct, Fraction(pooled) + sum(rest))
    if Fraction(claim["error"]) < 1 - correct - (K + 1) * Fraction(1, 2**53):  # the rounding of K + 1 float sums
        yield f"population: the error claimed is {number(claim['error']):.6g}, certain is {float(1 - correct):.6g}"


def _anchored(claim: dict[str, Any], population: dict[str, Any], world: _World) -> Iterator[str]:
    """The anchored form on the finite world, with the anchors and radii of the population's entry, which stands."""
    anchors = np.array([[number(x) for x in row] for row in population["anchors"]])
    certain, margins = 0, [number(margin) for margin in claim["margins"]]
    if len(margins) != len(anchors):
        yield f"anchored: {len(margins)} margins of {len(anchors)} classes"
        return
    for k, (anchor, c, stated) in enumerate(zip(anchors, population["classes"], margins, strict=True)):
        squares = ((anchor - world.means) ** 2).sum(axis=1)
        apart = np.linalg.norm(world.means - world.means[k], axis=1)
        radius = number(c["radius"])
        margin = float(np.delete((squares - squares[k]) / 2 - radius * apart, k).min())
        if not abs(stated - margin) <= AGREE:
            yield f"anchored, class {k}: margin is {margin:.6g}, not {stated:.6g}"
        if margin > MET:
            certain += int(farthest_within(world.features[world.rows[k]], anchor, radius).sum())
    least = 1 - Fraction(certain, len(world.labels))
    if Fraction(claim["error"]) < least - Fraction(1, 2**52):  # the rounding of a quotient and a difference
        yield f"anchored: the error claimed is {number(claim['error']):.6g}, certain is {float(least):.6g}"


def mean_radius(norm: float, n: int, allowed: float) -> float:
    """e >= ||m - mu|| except with probability `allowed`: the greatest with n (e - t)^2 <= 1 - (||m|| - e)^2.

    Source: claim population-mean-sharp.
    """
    t = math.sqrt(2 * math.log(1 / allowed) / n)
    square = max((n + 1) - n * (norm - t) ** 2, 0.0)
    return max(t, (n * t + norm + math.sqrt(square)) / (n + 1))

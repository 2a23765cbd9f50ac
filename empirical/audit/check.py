"""Check a certificate from features alone, by code that shares none of the search that made it.

What is recomputed, from the features (n, m, d), the labels and the numbers in the file:
- exact mode: every main part is inside S_eps and pairwise within its reach (or about its anchor), alpha is its share, the
  means are those of the features, the condition of the form holds, and the error is 1 - sum of p_l alpha_l;
- population: the counts, every Clopper-Pearson bound by the binomial tail at the bound itself, the radii of the means, the
  condition, and the error at the stated level.
A claim that is smaller than what is certain fails, as does any number, word or hash that does not fit. What no features can
show is taken on trust: that anchors and head were chosen without the certifying samples, and where all of it came from.
"""

import hashlib
import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError
from scipy.stats import binom

from empirical.audit.schema import CONTENT, FORMAT, misfits, number
from theory.population import split_level
from theory.setting import Array
from theory.theorem1.forms import margin

MET = 1e-9
"""A margin above this counts as positive, in units of r."""
AGREE = 1e-9
"""Two evaluations of one float formula agree within this."""
CLOSE = 1e-11
"""Two evaluations of one distance agree within this: far below `MET`, so that no margin rests on it."""
ROUNDED = 1e-12
"""Far above the rounding of an inner product of two unit vectors."""
EVENTS_PER_CLASS = ("alpha", "mass", "mean", "sigma", "R")
GUARD = 1e-11
"""Rounding allowed in the norms of means where the slope of a margin in them is infinite."""


def check(certificate: Path, features: Path | None = None) -> list[str]:
    """What is wrong with a certificate; empty where it stands.

    features: the safetensors or npz file with `features` (n, m, d) and `labels` (n,); by default the one beside the
    certificate that it names. Raises ValueError for files that are missing or unreadable.
    """
    content = _json(certificate)
    malformed = list(misfits(content, CONTENT))
    if malformed:
        return [f"the certificate is malformed: {line}" for line in malformed]
    return list(
        _problems(content, *read_features(features or certificate.parent / Path(content["features"]["file"]).name))
    )


def read_features(path: Path) -> tuple[Array, Array]:
    """`features` and `labels` from a safetensors or npz file; ValueError where it is missing, truncated or lacks one."""
    try:
        if not path.is_file():
            raise ValueError(f"features {path} do not exist: give the file the audit wrote, by --data")
    except OSError as error:
        raise ValueError(f"features {path!s:.80} cannot be looked for: {error.strerror}") from error
    try:
        if path.suffix == ".npz":
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:  # NumPy leaves a broken one open
                arrays = {name: file[name] for name in file.files}
        else:
            arrays = safetensors.numpy.load_file(path)
    except (
        SafetensorError,
        ValueError,
        OSError,
        EOFError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"features {path} cannot be read ({type(error).__name__}): truncated, or another kind of file"
        ) from error
    if not {"features", "labels"} <= set(arrays):
        raise ValueError(f"features {path} hold {', '.join(arrays) or 'nothing'}: features and labels are needed")
    return arrays["features"], arrays["labels"]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise ValueError(f"certificate {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"certificate {path} is no JSON, or is truncated: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"certificate {path} is none of this program, or of another version of it")
    return content


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The entries; ValueError where a key is repeated, since readers of JSON differ in which of the two they take."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("an entry is there twice")
    return dict(pairs)


def array_digest(array: Array) -> str:
    """SHA-256 over dtype, shape and content."""
    hasher = hashlib.sha256(f"{array.dtype.str} {array.shape}\n".encode())
    hasher.update(np.ascontiguousarray(array).data)
    return hasher.hexdigest()


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of everything but the digest, in canonical JSON."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _problems(content: dict[str, Any], features: Array, labels: Array) -> Iterator[str]:
    if digest(content) != content["digest"]:
        yield "the digest does not fit the certificate: it was changed after it was written"
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
    K = len(content["data"]["class_names"])
    if K < 2 or sorted(set(labels.tolist())) != list(range(K)):
        present = sorted(set(labels.tolist()))[:10]
        yield f"{K} classes are named and the labels are {present}: not 0..K-1, each present, K >= 2"
        return
    norms = np.linalg.norm(features, axis=2)
    if not np.isfinite(norms).all() or abs(norms - 1).max() > MET:
        yield "the features are not of norm 1"
        return
    yield from _exact(content["exact"], features, labels, K)
    yield from _population(content["population"], features, labels, K)


def _exact(claim: dict[str, Any], features: Array, labels: Array, K: int) -> Iterator[str]:
    counts = np.bincount(labels, minlength=K)
    means = np.array([features[labels == k].mean(axis=(0, 1)) for k in range(K)])
    gram = means @ means.T
    certain = 0
    if [c["label"] for c in claim["classes"]] != list(range(K)):
        yield "exact: the classes are not 0..K-1"
        return
    for c in claim["classes"]:
        k, eps, reach = c["label"], number(c["eps"]), number(c["reach"])
        rows = np.array(c["members"], dtype=np.int64)
        subject = f"exact, class {k}"
        if len(set(rows.tolist())) != len(rows) or (len(rows) and (rows.min() < 0 or rows.max() >= len(labels))):
            yield f"{subject}: members are repeated or out of range"
            continue
        if (labels[rows] != k).any():
            yield f"{subject}: a member of the main part has another label"
            continue
        if eps < 0 or reach < 0:
            yield f"{subject}: eps = {eps:.3g} or reach = {reach:.3g} is negative"
            continue
        if any(_diameter(features[i]) > eps + CLOSE for i in rows):
            yield f"{subject}: a member's views are farther apart than eps"
        if c["anchor"] is not None:
            anchor = np.array([number(x) for x in c["anchor"]])
            if anchor.shape != features.shape[2:]:
                yield f"{subject}: the anchor has {len(anchor)} coordinates, the features {features.shape[2]}"
                continue
            if len(rows) and (2 * np.linalg.norm(features[rows] - anchor, axis=2).min(axis=1)).max() > reach + CLOSE:
                yield f"{subject}: a member has no view within reach/2 of the anchor"
        elif not pairwise_within(features[rows], reach + CLOSE):
            yield f"{subject}: two members are farther apart than the reach"
        share = len(rows) / counts[k]
        if abs(number(c["alpha"]) - share) > AGREE:
            yield f"{subject}: alpha is {number(c['alpha']):.6g}, the main part is {share:.6g} of the class"
        s = min(reach + 2 * eps, 2.0)
        rivals = [j for j in range(K) if j != k]
        ll, kk, lk = gram[k, k], gram.diagonal()[rivals], gram[k, rivals]
        slack = float(np.min(margin(claim["form"], share, s, ll, kk, lk, GUARD)))
        R = float(np.mean([_diameter(f) > eps + CLOSE for f in features[labels == k]]))
        if abs(R - number(c["R"])) > AGREE:
            yield f"{subject}: R is {R:.6g}, not {number(c['R']):.6g}"
        if abs(number(c["margin"]) - slack) > AGREE:
            yield f"{subject}: the margin is {slack:.6g}, not {number(c['margin']):.6g}"
        if c["met"] and not slack > MET:
            yield f"{subject}: the condition of the {claim['form']} form does not hold (margin {slack:.3g})"
        elif c["met"]:
            certain += len(rows)
    least = 1 - Fraction(certain, len(labels))
    if Decimal(claim["error"]) < least:
        yield f"exact: the error claimed is {number(claim['error']):.6g}, certain is {float(least):.6g}"
    wrong = float(_misclassified(features, labels, means).mean())
    if abs(wrong - number(claim["measured_error_any_view"])) > AGREE:
        yield f"exact: the measured error is {wrong:.6g}, not {number(claim['measured_error_any_view']):.6g}"
    if number(claim["error"]) < wrong - AGREE:
        yield "exact: the error claimed is below the measured one"


def _population(claim: dict[str, Any], features: Array, labels: Array, K: int) -> Iterator[str]:
    level, n = number(claim["level"]), len(labels)
    if not 0 < level < 1:
        yield f"population: the level {level} is no probability"
        return
    events = [f"{kind} {k}" for kind in EVENTS_PER_CLASS for k in range(K)] + ["pooled"]
    if claim["events"] != len(events):
        yield f"population: {claim['events']} events share the level, there are {len(events)}"
        return
    if claim["union_bound"] != str(split_level(level, events)):
        yield "population: the union bound is not that of the level and the classes"
    allowed = (1 - level) / len(events)
    if {len(row) for row in claim["anchors"]} != {features.shape[2]}:
        yield f"population: an anchor has not the {features.shape[2]} coordinates of the features"
        return
    anchors = np.array([[number(x) for x in row] for row in claim["anchors"]])
    counts = np.bincount(labels, minlength=K)
    if anchors.shape != (K, features.shape[2]) or [c["label"] for c in claim["classes"]] != list(range(K)):
        yield "population: anchors or classes do not fit the features"
        return
    radius = np.array([number(c["radius"]) for c in claim["classes"]])
    if not (radius >= 0).all():
        yield "population: a radius is negative"
        return
    inside = np.array(
        [(np.linalg.norm(features[labels == k] - anchors[k], axis=2).max(axis=1) <= radius[k]).sum() for k in range(K)]
    )
    alpha, mass = (np.array([number(c[key]) for c in claim["classes"]]) for key in ("alpha", "mass"))
    pooled = number(claim["pooled_mass"])
    tests = [("alpha", k, alpha[k], inside[k], counts[k]) for k in range(K)]
    tests += [("mass", k, mass[k], inside[k], n) for k in range(K)]
    for name, k, bound, count, total in tests:
        if not below(bound, int(count), int(total), allowed):
            yield f"population, class {k}: {name} = {bound:.6g} is more than {count} of {total} support at the level"
    hoped = claim["hoped"]
    if len(set(hoped)) != len(hoped) or not set(hoped) <= set(range(K)):
        yield f"population: the hoped classes {hoped} are repeated or out of range"
        return
    if not below(pooled, int(inside[hoped].sum()), n, allowed):
        yield f"population: pooled mass {pooled:.6g} is more than the counts support at the level"

    means = np.array([features[labels == k].mean(axis=(0, 1)) for k in range(K)])
    spread = np.array([mean_radius(float(np.linalg.norm(means[k])), int(counts[k]), allowed) for k in range(K)])
    located = alpha * radius + (1 - alpha)
    met = []
    for k in range(K):
        own = min(
            np.linalg.norm(anchors[k] - alpha[k] * anchors[k]) + located[k],
            np.linalg.norm(anchors[k] - means[k]) + spread[k],
        )
        rival = min(
            max(
                np.linalg.norm(anchors[k] - alpha[j] * anchors[j]) - located[j],
                np.linalg.norm(anchors[k] - means[j]) - spread[j],
            )
            for j in range(K)
            if j != k
        )
        slack = rival - own - 2 * radius[k]
        for name, value in (("margin", slack), ("mean_radius", spread[k])):
            if abs(number(claim["classes"][k][name]) - value) > AGREE:
                yield f"population, class {k}: {name} is {value:.6g}, not {number(claim['classes'][k][name]):.6g}"
        if claim["classes"][k]["met"] and not slack > MET:
            yield f"population, class {k}: the condition of the anchored form does not hold (margin {slack:.3g})"
        elif claim["classes"][k]["met"]:
            met.append(k)
    correct = sum(mass[k] for k in met)
    if hoped and set(hoped) <= set(met):
        correct = max(correct, pooled + sum(mass[k] for k in met if k not in hoped))
    if number(claim["error"]) < 1 - correct - AGREE:
        yield f"population: the error claimed is {number(claim['error']):.6g}, certain is {1 - correct:.6g}"


def below(p: float, successes: int, n: int, allowed: float) -> bool:
    """Whether p is a Clopper-Pearson lower bound: were the probability p, so many successes would be that rare."""
    return p == 0 or (0 < p < 1 and successes > 0 and float(binom.sf(successes - 1, n, p)) <= allowed * (1 + 1e-6))


def mean_radius(norm: float, n: int, allowed: float) -> float:
    """e >= ||m - mu|| except with probability `allowed`: the greatest with n (e - t)^2 <= 1 - (||m|| - e)^2.

    Source: claim population-mean-sharp.
    """
    t = math.sqrt(2 * math.log(1 / allowed) / n)
    square = max((n + 1) - n * (norm - t) ** 2, 0.0)
    return max(t, (n * t + norm + math.sqrt(square)) / (n + 1))


def _diameter(views: Array) -> float:
    return float(max(np.linalg.norm(a - b) for a in views for b in views))


def pairwise_within(features: Array, reach: float) -> bool:
    """Whether any two samples, features (n, m, d) of norm 1, have views within `reach` of each other.

    One matrix product settles what is clear in spite of its rounding; the rest is evaluated directly.
    """
    n, m, d = features.shape
    for i in range(n - 1):
        rest = features[i + 1 :]
        norms = (features[i] ** 2).sum(axis=1)[:, None, None] + (rest**2).sum(axis=2)
        squares = norms - 2 * (features[i] @ rest.reshape(-1, d).T).reshape(m, -1, m)
        for block in np.array_split(rest[squares.min(axis=(0, 2)) > reach**2 - ROUNDED], max(1, n // 64)):
            gaps = np.linalg.norm(features[i][:, None, None] - block[None], axis=3)
            if len(block) and gaps.min(axis=(0, 2)).max() > reach:
                return False
    return True


def _misclassified(features: Array, labels: Array, means: Array) -> Array:
    """Samples of which some view is at least as near to the mean of another class as to its own, (n,) bool."""
    own = np.linalg.norm(features - means[labels][:, None], axis=2)
    wrong = np.zeros(len(labels), dtype=bool)
    for k, mean in enumerate(means):
        rival = labels != k
        wrong[rival] |= (np.linalg.norm(features[rival] - mean, axis=2) <= own[rival]).any(axis=1)
    return wrong

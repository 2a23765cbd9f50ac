"""The certificate of an audit: a JSON file with every number in exact decimal, beside the features it speaks about.

It states what `check` can verify from the features alone: the exact-mode bound with a main part for every class, and the
population bound with its anchors, counts and level. Hashes name the encoder, the data and the features; a digest over the
whole content makes any later change visible.
"""

import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from empirical.audit.check import GUARD, check, digest
from empirical.audit.check_every_view import PROOFS, Replay, arrays_digest
from empirical.audit.continuous import Continuous
from empirical.audit.core import Audit
from empirical.audit.schema import (
    EVERY_VIEW,
    EXACT,
    EXACT_ANCHORED,
    EXACT_VERTICES,
    FORMAT,
    POPULATION,
    POPULATION_POINTS,
    POPULATION_VERTICES,
)
from empirical.audit.tails import array_digest
from empirical.continuous.certificate import stored_arrays, stored_nodes
from empirical.evaluation.heads import HEADS
from empirical.machine import machine, versions
from theory.files import lock_in_turn, write_bytes, write_json
from theory.messages import Notice
from theory.setting import Array
from theory.theorem1 import Certificate, Points, PointsCertificate, PopulationCertificate, margin
from theory.theorem1.certificates.world import ROUNDING


def decimal(value: float) -> str:
    """The exact decimal expansion of a float."""
    return format(Decimal(float(value)), "f")


def at_least(value: Fraction) -> float:
    """The least float that is not below the value: an upper bound stays one."""
    nearest = float(value)
    return nearest if Fraction(nearest) >= value else float(np.nextafter(nearest, np.inf))


def decimals(values: Array) -> Any:
    """Nested lists of exact decimals."""
    return [decimals(v) for v in values] if np.ndim(values) else decimal(float(values))


def certificate(audit: Audit, features_name: str, proofs: dict[str, Array] | None = None) -> dict[str, Any]:
    """The content of the file, plain JSON types; proofs: the arrays that are stored of every view of the box."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "what": "certificate of an audit, checked by python -m empirical.audit --check",
        "encoder": {
            "name": audit.subject.name,
            "layer": audit.subject.layer,
            "checkpoint": audit.subject.checkpoint,
            "weights_sha256": audit.subject.weights_sha256,
            "head": HEADS[audit.head],
            "clusters": audit.clusters if audit.head == "clusters" else None,
        },
        "data": {
            "name": audit.data.name,
            "sha256": audit.data.fingerprint(),
            "class_names": list(audit.data.class_names),
            "fitting_images": len(audit.data.fit_images),
            "certifying_images": len(audit.data.images),
            "shared_with_fitting": decimal(audit.shared),
        },
        "views": audit.views.description(),
        "seed": audit.seed,
        "device": audit.device,
        "versions": versions() | machine(),
        "features": {
            "file": features_name,
            "features_sha256": array_digest(audit.features),
            "labels_sha256": array_digest(audit.labels),
            "shape": list(audit.features.shape),
        },
        "exact": _exact(audit.exact.best, audit),
        "anchored": {
            "claim": EXACT_ANCHORED,
            "error": decimal(audit.anchored[0]),
            "direction": "upper",
            "margins": decimals(audit.anchored[1]),
        },
        "population": _population(audit.population, audit),
    }
    if audit.points is not None:
        content["points"] = _points(*audit.points)
    if audit.continuous is not None and proofs is not None:
        content["continuous"] = _continuous(audit.continuous, proofs)
    return content | {"digest": digest(content)}


def _exact(best: Certificate, audit: Audit) -> dict[str, Any]:
    """Alpha, margin and error follow from the main parts that are written down, not from the search that found them."""
    gram, labels, certain, classes = audit.exact.products, audit.labels, 0, []
    for verdict, witness in zip(best.classes, audit.diagnosis.witnesses, strict=True):
        k = verdict.label
        rivals = np.delete(np.arange(len(gram)), k)
        alpha = len(witness.members) / int((labels == k).sum())
        s = min(witness.reach + 2 * witness.eps, 2.0)
        slack = float(margin(best.form, alpha, s, gram[k, k], gram.diagonal()[rivals], gram[k, rivals], GUARD).min())
        certain += len(witness.members) if slack > ROUNDING else 0
        classes.append(
            {
                "label": k,
                "met": slack > ROUNDING,
                "eps": decimal(witness.eps),
                "reach": decimal(witness.reach),
                "members": [int(i) for i in witness.members],
                "anchor": None if witness.anchor is None else decimals(witness.anchor),
                "alpha": decimal(alpha),
                "R": decimal(verdict.R),
                "margin": decimal(slack),
            }
        )
    return {
        "claim": EXACT,
        "form": best.form,
        "error": decimal(at_least(1 - Fraction(certain, len(labels)))),
        "direction": "upper",
        "measured_error_any_view": decimal(audit.exact.error_any_view),
        "classes": classes,
    }


def _population(population: PopulationCertificate, audit: Audit) -> dict[str, Any]:
    return {
        "claim": POPULATION,
        "form": "anchored",
        "level": decimal(population.level),
        "error": decimal(population.errors["anchored"]),
        "direction": "upper",
        "events": len(population.split.levels),
        "union_bound": str(population.split),
        "anchors": decimals(audit.anchors.points),
        "hoped": list(population.hoped),
        "pooled_mass": decimal(population.pooled.lower),
        "classes": [
            {
                "label": c.label,
                "met": c.met("anchored"),
                "radius": decimal(c.radius),
                "alpha": decimal(c.alpha.lower),
                "mass": decimal(c.mass.lower),
                "mean_radius": decimal(c.mean_radius),
                "margin": decimal(c.margins["anchored"]),
            }
            for c in population.classes
        ],
    }


def _points(points: Points, certified: PointsCertificate) -> dict[str, Any]:
    return {
        "claim": POPULATION_POINTS,
        "level": decimal(certified.level),
        "error": decimal(certified.error),
        "direction": "upper",
        "events": len(certified.split.levels),
        "union_bound": str(certified.split),
        "pooled_mass": decimal(certified.claimed[certified.won - 1].mass.lower if certified.won else 0.0),
        "values": decimals(points.values),
        "owners": [None if owner < 0 else int(owner) for owner in points.owners],
        "won": certified.won,
        "margins": [decimal(point.margin) for point in certified.claimed],
    }


def _continuous(continuous: Continuous, proofs: dict[str, Array]) -> dict[str, Any]:
    exact, population = continuous.exact, continuous.population
    statuses = [verdict.status for verdict in continuous.verdicts]
    return {
        "claim": EVERY_VIEW,
        "file": PROOFS,
        "arrays_sha256": arrays_digest(proofs),
        "network": stored_nodes(continuous.network),
        "ranges": {name: decimal(value) for name, value in continuous.box.source.describe().items()},
        "cells": continuous.cells,
        **{status: statuses.count(status) for status in ("proved", "refuted", "open")},
        "anchors": [None if vertex < 0 else int(vertex) for vertex in continuous.anchors],
        "exact": {
            "claim": EXACT_VERTICES,
            "error": decimal(at_least(1 - Fraction(exact.correct, len(statuses)))),
            "direction": "upper",
            "met": np.flatnonzero(exact.met).tolist(),
        },
        "population": {
            "claim": POPULATION_VERTICES,
            "level": decimal(population.level),
            "error": decimal(population.error),
            "direction": "upper",
            "events": len(population.split.levels),
            "union_bound": str(population.split),
            "pooled_mass": decimal(population.pooled.lower),
            "classes": [
                {
                    "label": c.label,
                    "met": c.met,
                    "alpha": decimal(c.alpha.lower),
                    "mass": decimal(c.mass.lower),
                    "margin": decimal(c.margin),
                }
                for c in population.classes
            ],
        },
    }


REPLAYED = 16
"""Images whose proofs are replayed when a certificate is written; `contrastive-theory check` replays all."""


def _problems(target: Path, jobs: int, progress: bool) -> list[str]:
    """What the check finds; a Notice where the file is larger than what it reads, which the digits of anchors decide."""
    try:
        return check(target, None, Replay(REPLAYED, jobs, progress))
    except ValueError as error:
        warnings.warn(f"written, and not checked: {error}", Notice, stacklevel=3)
        return []


def write(audit: Audit, folder: Path, jobs: int = 1, progress: bool = False) -> tuple[Path, Path]:
    """certificate.json and features.safetensors (features and labels of the certifying half), the certificate last; and,
    of every view of a box, proofs.safetensors, of which `REPLAYED` are replayed.

    Raises ArithmeticError where it does not pass its own check.
    """
    folder.mkdir(parents=True, exist_ok=True)
    features, target = folder / "features.safetensors", folder / "certificate.json"
    with lock_in_turn(folder / "certificate.lock"):  # the two files belong together
        write_bytes(features, safetensors.numpy.save({"features": audit.features, "labels": audit.labels}))
        proofs = None
        if audit.continuous is not None:
            images, every = audit.data.images.numpy(), audit.continuous
            proofs = stored_arrays(every.network, images, every.verdicts, every.box)
            write_bytes(folder / PROOFS, safetensors.numpy.save(proofs))
        write_json(target, certificate(audit, features.name, proofs))
        wrong = _problems(target, jobs, progress)
    if wrong:
        raise ArithmeticError(f"{target} does not pass its own check, please report it: {'; '.join(wrong)}")
    return target, features

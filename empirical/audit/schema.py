"""The shape of a certificate: which entries it has, of which type, and which words stand in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from theory.theorem1.forms import FORMS

FORMAT = 3
BY_ALPHA = tuple(name for name, form in FORMS.items() if form.share == "alpha")
"""Forms that a class may be certified by."""
EXACT = "Err(G_f) <= error on this finite world, in any view: Theorem 1 class by class, s from feature space"
EXACT_ANCHORED = "Err(G_f) <= error on this finite world, in any view: the anchored form, balls as for the population"
POPULATION = (
    "with probability >= level over independent certifying samples, without which anchors and head were chosen: Err(G_f) <= "
    "error for the population of the classes named, samples with their views, G_f having that population's means"
)
EVERY_VIEW = (
    "of an image called proved, the score of its cluster is the largest in every view of the box, of one called refuted not "
    "in the view named; views are exact bilinear samples, scores the exact function of the weights stored"
)
EXACT_VERTICES = (
    "Err(G_f) <= error on this finite world of images, for every law of their views on the box: Theorem 1 for vertices"
)
POPULATION_VERTICES = (
    "with probability >= level over independent certifying images, without which network and anchors were chosen: Err(G_f) "
    "<= error for the population of the classes named, for every law of the views on the box, G_f having that population's "
    "means"
)
POPULATION_POINTS = (
    "with probability >= level over independent certifying samples, without which points, their order and owners, and head "
    "were chosen: Err(G_f) <= error for the population of the classes named, samples with their views, G_f having that "
    "population's means"
)


DECIMAL = re.compile(r"-?[0-9]{1,309}(\.[0-9]{1,1074})?")
"""The exact decimals of floats: ASCII digits, no exponent, no more places than a float has."""
MOST_INTEGER = 2**63 - 1


def number(text: Any) -> float:
    """A float from its exact decimal; TypeError for anything that is not a decimal string of a finite number."""
    if not isinstance(text, str) or not DECIMAL.fullmatch(text) or abs(float(text)) == float("inf"):
        raise TypeError(f"{text!r:.80} is no decimal string of a finite number")
    return float(text)


@dataclass(frozen=True)
class Between:
    """A decimal string of a number from `low` to `high`, taken exactly."""

    low: str
    high: str


SHARE = Between("0", "1")
DISTANCE = Between("0", "2.000000001")
"""Between two vectors of norm 1, with room for rounding."""
COORDINATE = Between("-1.000000001", "1.000000001")
"""Of a point in the unit ball, with room for rounding."""
RANGE = Between("0", "1000")
"""Of shear, scale or shift."""
COUNT = object()
"""An integer from 0 to `MOST_INTEGER`."""
ANY = object()
"""What no features can show: where they come from."""
_EXACT_CLASS = {
    "label": COUNT,
    "met": bool,
    "eps": DISTANCE,
    "reach": Between("0", "4.000000001"),
    "members": [COUNT],
    "anchor": (None, [COORDINATE]),
    "alpha": SHARE,
    "R": SHARE,
    "margin": number,
}
_POPULATION_CLASS = {
    "label": COUNT,
    "met": bool,
    "radius": DISTANCE,
    "alpha": SHARE,
    "mass": SHARE,
    "mean_radius": number,
    "margin": number,
}
CONTENT = {
    "format": FORMAT,
    "what": str,
    "encoder": ANY,
    "data": {
        "name": str,
        "sha256": str,
        "class_names": [str],
        "fitting_images": COUNT,
        "certifying_images": COUNT,
        "shared_with_fitting": SHARE,
    },
    "views": ANY,
    "seed": int,
    "device": str,
    "versions": ANY,
    "features": {"file": str, "features_sha256": str, "labels_sha256": str, "shape": [COUNT]},
    "exact": {
        "claim": EXACT,
        "form": BY_ALPHA,
        "error": SHARE,
        "direction": "upper",
        "measured_error_any_view": SHARE,
        "classes": [_EXACT_CLASS],
    },
    "anchored": {"claim": EXACT_ANCHORED, "error": SHARE, "direction": "upper", "margins": [number]},
    "population": {
        "claim": POPULATION,
        "form": "anchored",
        "level": SHARE,
        "error": SHARE,
        "direction": "upper",
        "events": COUNT,
        "union_bound": str,
        "anchors": [[COORDINATE]],
        "hoped": [COUNT],
        "pooled_mass": SHARE,
        "classes": [_POPULATION_CLASS],
    },
    "digest": str,
}
"""A type, a value, `number`, `Between`, `COUNT`, [of each], or a tuple of what it may be."""
_NODE = {
    "kind": ("image", "convolution", "linear", "relu", "pool", "flatten", "sum"),
    "sources": [COUNT],
    "kernel": [COUNT],
    "stride": [COUNT],
    "padding": [COUNT],
    "folded": bool,
}
_WARP = {"rotation": Between("0", "180"), "shear": RANGE, "scale": RANGE, "shift": RANGE}
_CROP = {"across": SHARE, "down": SHARE}
_FLIP = {"flip": Between("1", "1")}
_AT_LEVEL = {
    "level": SHARE,
    "error": SHARE,
    "direction": "upper",
    "events": COUNT,
    "union_bound": str,
    "pooled_mass": SHARE,
}
CONTINUOUS = {
    "claim": EVERY_VIEW,
    "file": str,
    "arrays_sha256": str,
    "network": [_NODE],
    "ranges": (_WARP, _CROP, _WARP | _FLIP, _CROP | _FLIP),
    "cells": COUNT,
    "proved": COUNT,
    "refuted": COUNT,
    "open": COUNT,
    "anchors": [(None, COUNT)],
    "exact": {"claim": EXACT_VERTICES, "error": SHARE, "direction": "upper", "met": [COUNT]},
    "population": {
        "claim": POPULATION_VERTICES,
        **_AT_LEVEL,
        "classes": [{"label": COUNT, "met": bool, "alpha": SHARE, "mass": SHARE, "margin": number}],
    },
}
"""The entry `continuous`, which an audit of every view of a box has beside those of `CONTENT`."""

POINTS = {
    "claim": POPULATION_POINTS,
    **_AT_LEVEL,
    "values": [[COORDINATE]],
    "owners": [(None, COUNT)],
    "won": COUNT,
    "margins": [number],
}
"""The entry `points`, which an audit of features of a few values has."""
OPTIONAL = {"continuous": CONTINUOUS, "points": POINTS}


def misfits(value: Any, wanted: Any, place: str = "certificate") -> Iterator[str]:
    """Where a value is not of the shape `wanted`."""
    if isinstance(wanted, dict):
        if type(value) is not dict or value.keys() != wanted.keys():
            yield f"{place} has not the entries {', '.join(wanted)}"
            return
        for key in wanted:
            yield from misfits(value[key], wanted[key], f"{place}.{key}")
    elif isinstance(wanted, list):
        if type(value) is not list:
            yield f"{place} is no list"
            return
        for i, item in enumerate(value):
            yield from misfits(item, wanted[0], f"{place}[{i}]")
    elif isinstance(wanted, tuple):
        if all(any(misfits(value, one, place)) for one in wanted):
            yield f"{place} is {value!r:.80}, none of what it may be"
    elif wanted is number:
        try:
            number(value)
        except TypeError:
            yield f"{place} is {value!r:.80}, no decimal string of a finite number"
    elif isinstance(wanted, Between):
        if any(misfits(value, number)) or not Decimal(wanted.low) <= Decimal(value) <= Decimal(wanted.high):
            yield f"{place} is {value!r:.80}, no decimal string of a number from {wanted.low} to {wanted.high}"
    elif wanted is COUNT:
        if type(value) is not int or not 0 <= value <= MOST_INTEGER:
            yield f"{place} is {value!r:.80}, no integer from 0 to {MOST_INTEGER}"
    elif isinstance(wanted, type):
        if type(value) is not wanted:
            yield f"{place} is {value!r:.80}, no {wanted.__name__}"
    elif wanted is not ANY and (type(value) is not type(wanted) or value != wanted):
        yield f"{place} is {value!r:.80}, not {wanted!r:.80}"

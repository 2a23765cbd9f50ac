"""The shape of a certificate: which entries it has, of which type, and which words stand in them."""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from theory.theorem1.forms import FORMS

FORMAT = 2
BY_ALPHA = tuple(name for name, form in FORMS.items() if form.share == "alpha")
"""Forms that a class may be certified by."""
EXACT = "Err(G_f) <= error on this finite world, in any view: Theorem 1 class by class, s from feature space"
POPULATION = (
    "with probability >= level over independent certifying samples, without which anchors and head were chosen: Err(G_f) <= "
    "error for the population of the classes named, samples with their views, G_f having that population's means"
)


def number(text: Any) -> float:
    """A float from its exact decimal; TypeError for anything that is not a decimal string of a finite number."""
    if not isinstance(text, str) or not (value := Decimal(text)).is_finite() or not math.isfinite(float(value)):
        raise TypeError(f"{text!r} is no decimal string of a finite number")
    return float(value)


ANY = object()
"""What no features can show: where they come from."""
_EXACT_CLASS = {
    "label": int,
    "met": bool,
    "eps": number,
    "reach": number,
    "members": [int],
    "anchor": (None, [number]),
    "alpha": number,
    "R": number,
    "margin": number,
}
_POPULATION_CLASS = {
    "label": int,
    "met": bool,
    "radius": number,
    "alpha": number,
    "mass": number,
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
        "fitting_images": int,
        "certifying_images": int,
        "shared_with_fitting": number,
    },
    "views": ANY,
    "seed": int,
    "device": str,
    "versions": ANY,
    "features": {"file": str, "features_sha256": str, "labels_sha256": str, "shape": [int]},
    "exact": {
        "claim": EXACT,
        "form": BY_ALPHA,
        "error": number,
        "direction": "upper",
        "measured_error_any_view": number,
        "classes": [_EXACT_CLASS],
    },
    "population": {
        "claim": POPULATION,
        "form": "anchored",
        "level": number,
        "error": number,
        "direction": "upper",
        "events": int,
        "union_bound": str,
        "anchors": [[number]],
        "hoped": [int],
        "pooled_mass": number,
        "classes": [_POPULATION_CLASS],
    },
    "digest": str,
}
"""A type, a value, `number`, [of each], or a tuple of what it may be."""


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
        except (TypeError, ArithmeticError, ValueError):
            yield f"{place} is {value!r:.80}, no decimal string of a finite number"
    elif isinstance(wanted, type):
        if type(value) is not wanted:
            yield f"{place} is {value!r:.80}, no {wanted.__name__}"
    elif wanted is not ANY and (type(value) is not type(wanted) or value != wanted):
        yield f"{place} is {value!r:.80}, not {wanted!r:.80}"

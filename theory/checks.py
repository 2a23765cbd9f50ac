"""The checks of arguments, each with one form of message: "name=value: reason; remedy".

A check raises ValueError where the value is refused, and returns the value, an integer of any kind as an int.
Names of files and classes are data of other people: they are kept as they are, and `printable` escapes them for messages.
"""

import math
import operator
from collections.abc import Iterable
from dataclasses import fields
from numbers import Rational, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.messages import nearest


def check_integer(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Return an integer from `least` to `most` as an int; NumPy's integers are integers, booleans and 3.0 are not."""
    if least is not None and most is not None:
        remedy = f"give an integer in {least}..{most}"
    else:
        remedy = "give an integer" + (
            f" >= {least}" if least is not None else f" <= {most}" if most is not None else ""
        )
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool | np.bool):
        raise ValueError(f"{name}={value!r}: a {type(value).__name__}, not an integer; {remedy}")
    if least is not None and number < least:
        raise ValueError(f"{name}={number}: too small; {remedy}")
    if most is not None and number > most:
        raise ValueError(f"{name}={number}: too large; {remedy}")
    return number


MOST_SEED = 2**32 - 1
"""The largest seed that NumPy, torch and scikit-learn all take."""


def check_seed(name: str, value: Any) -> int:
    """Return a seed from 0 to `MOST_SEED` as an int."""
    return check_integer(name, value, 0, MOST_SEED)


def plain(value: Any) -> Any:
    """The value with NumPy's scalars as Python's own, which JSON can hold, in tuples too; a list becomes a tuple."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return tuple(plain(one) for one in value) if isinstance(value, tuple | list) else value


def make_plain(record: Any) -> None:
    """Make every field of a frozen dataclass `plain`, from its `__post_init__`."""
    for field in fields(record):
        object.__setattr__(record, field.name, plain(getattr(record, field.name)))


def check_positive(name: str, value: Any, remedy: str = "") -> Any:
    """Return a number, or an array of numbers, positive and finite."""
    good = (np.asarray(value) > 0) & (np.asarray(value) < math.inf)
    if not np.all(good):
        raise ValueError(f"{name}={value}: not positive and finite; {remedy or f'give a finite {name} > 0'}")
    return value


def check_nonnegative(name: str, value: Any, remedy: str = "") -> Any:
    """Return a number, or an array of numbers, finite and >= 0."""
    good = (np.asarray(value) >= 0) & (np.asarray(value) < math.inf)
    if not np.all(good):
        raise ValueError(f"{name}={value}: negative or not finite; {remedy or f'give a finite {name} >= 0'}")
    return value


def check_threshold(name: str, value: Any) -> Any:
    """Return a threshold of distances, or an array of them: real numbers >= 0, infinity included."""
    values = check_real(name, np.asarray(value))
    good = np.asarray(values >= 0, dtype=bool)
    if not good.all():
        raise ValueError(f"{name}={values[~good][0]}: no distance; give {name} >= 0")
    return value


def check_budget(name: str, value: Any) -> Any:
    """Return a budget of a search: a number > 0, infinity included."""
    if not value > 0:
        raise ValueError(f"{name}={value}: a search needs a budget; give {name} > 0")
    return value


def check_probability(name: str, value: Any) -> Any:
    """Return a probability strictly between 0 and 1, such as a level."""
    if not 0 < value < 1:
        raise ValueError(f"{name}={value}: no level; give a probability strictly between 0 and 1, for example 0.95")
    return value


def check_choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return one of the choices; the message names the nearest ones first."""
    choices = list(choices)
    if value in choices:
        return str(value)
    near = nearest(str(value), choices)
    raise ValueError(f"{name}={value}: unknown; {near + ' ' if near else ''}choose one of {', '.join(choices)}")


def check_real(name: str, values: Any) -> NDArray[Any]:
    """Return an array of real numbers; those of dtype object are also finite."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biufO":
        kind = f".dtype={values.dtype}" if isinstance(values, np.ndarray) else f"={type(values).__name__}"
        raise ValueError(f"{name}{kind}: no array of real numbers; give a NumPy array: np.asarray(..., dtype=float)")
    if values.dtype == object:
        for place, value in np.ndenumerate(values):
            if not (isinstance(value, Rational) or (isinstance(value, Real) and math.isfinite(value))):
                raise ValueError(
                    f"{name}{list(place) or ''}={value!r}: no finite number; give Fractions or integers in dtype object"
                )
    return values


def check_finite(name: str, values: NDArray[Any], remedy: str = "remove or repair that sample") -> NDArray[Any]:
    """Return an array without NaN and infinity; Fractions are taken to be finite."""
    if values.dtype != object and not np.isfinite(values).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(f"{name}{list(place)}={values[place]}: not finite; {remedy}")
    return values


def check_views(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return an array (n >= 2, m >= 2, D >= 1) of finite numbers: m views of each of n samples."""
    if values.ndim != 3 or values.shape[0] < 2 or values.shape[2] < 1:
        raise ValueError(f"{name}.shape={values.shape}: not (n, m, D); give n >= 2 samples of m views")
    if values.shape[1] < 2:
        raise ValueError(
            f"{name}.shape={values.shape}: {values.shape[1]} view of a sample, alignment needs 2; sample more views"
        )
    return check_finite(name, values)


def check_labels(labels: NDArray[Any], n: int) -> NDArray[Any]:
    """Return labels (n,), integers that cover 0..K-1 with K >= 2."""
    if labels.shape != (n,):
        raise ValueError(f"labels.shape={labels.shape}: not ({n},); give one label per sample")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels.dtype={labels.dtype}: not integers; give integers 0..K-1")
    if labels.min() < 0:
        raise ValueError(f"labels={labels.min()}: negative; number the classes 0..K-1")
    counts = np.bincount(labels)
    if len(counts) < 2:
        raise ValueError("labels=0: all the same, and a theorem separates classes; give at least 2")
    if (counts == 0).any():
        raise ValueError(
            f"labels={int(np.argmin(counts))}: class without a sample; number the classes 0..K-1 without gaps"
        )
    return labels

"""Views by name: what a command line or a caller may write in the place of an object."""

from dataclasses import asdict, replace
from typing import Any

from empirical.thirdparty import imported
from empirical.views.augmentations import MILD, Augmentation
from empirical.views.callables import Transform
from empirical.views.crops import MILD_CROP, Crop
from empirical.views.flips import Flipped
from empirical.views.protocol import Views, ViewSource, as_source
from empirical.views.warps import MILD_WARP, Warp

NAMED: dict[str, Augmentation | Warp | Crop] = {
    "mild": MILD,
    "warp": Warp(),
    "mild-warp": MILD_WARP,
    "crop": Crop(),
    "mild-crop": MILD_CROP,
}
FLIP = "+flip"
"""Behind the name of a warp or crop: of the mirror image too."""


def as_views(views: Views | ViewSource | Transform | str, m: int, seed: int, same: bool) -> Views:
    """`Views` from words as in `parse_views`, from a view of any kind, or from a callable; ValueError for anything else."""
    if isinstance(views, Views):
        return views
    if isinstance(views, str):
        return parse_views(views, m, seed, same)
    return Views(as_source(views), getattr(views, "__qualname__", type(views).__name__), m, seed, same)


def parse_views(text: str, m: int, seed: int, same: bool) -> Views:
    """Views from the command line.

    text: letters of abcdef; or "mild", "warp", "mild-warp", "crop", "mild-crop", each with ":name=value,..." behind it where
    its parameters are to be others (a range as low..high); or "package.module:name" of a view of one's own, a callable or a
    `ViewSource`. Behind the name of a warp or crop "+flip" adds the views of the mirror image.
    Raises ValueError for what is none of these, and for parameters out of range.
    """
    name, _, rest = text.partition(":")
    kind = name.removesuffix(FLIP)
    if kind in NAMED:
        source = _changed(NAMED[kind], text, rest) if rest else NAMED[kind]
        if kind == name:
            return Views(source, text, m, seed, same)
        if isinstance(source, Augmentation):
            raise ValueError(f"views={text!r}: flips are a parameter of {kind!r}; write {kind}:flip_probability=0.5")
        return Views(Flipped(source), text, m, seed, same)
    if rest:
        own = imported(text, "views")
        if not callable(own) and not isinstance(own, ViewSource):
            raise ValueError(
                f"views={text!r}: names a {type(own).__name__}; give a callable from an image to a view, or an object "
                "with draw, apply and describe"
            )
        return Views(as_source(own, text), text, m, seed, same)
    return Views(Augmentation.from_letters(text), text, m, seed, same)


def _changed(source: Augmentation | Warp | Crop, text: str, rest: str) -> Augmentation | Warp | Crop:
    """The source with the parameters that `rest` names."""
    try:
        changes = dict(part.split("=") for part in rest.split(","))
        return replace(source, **{key.strip(): _value(word) for key, word in changes.items()})
    except TypeError as error:  # an unknown name, or a number where a range belongs
        known = ", ".join(f"{key}={value}" for key, value in asdict(source).items())
        raise ValueError(f"views={text!r}: {error}; the parameters are {known}, write a range as low..high") from error
    except ValueError as error:
        raise ValueError(f"views={text!r}: {error}; write name=number,... after the colon") from error


def _value(word: str) -> Any:
    """int, float, or a range of two floats."""
    if ".." in word:
        low, high = map(float, word.split(".."))
        return low, high
    return int(word) if word.strip().isdigit() else float(word)

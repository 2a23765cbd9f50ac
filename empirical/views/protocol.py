"""Any augmentation, as a finite set of m views of each image, view 0 the image itself, replayable from a seed.

`same`: the same m - 1 transformations for every image. Then A(x) is that finite set and the supremum over it is exact.
Otherwise each image has m - 1 draws of its own: exact for the m views, and of a larger or continuous A(x) nothing is claimed.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from empirical.thirdparty import FOREIGN_ERRORS, check_integers, first_line, imported, seeded
from empirical.views.augmentations import MILD, Augmentation, ViewParameters, apply, sample_parameters, seeded_generator
from empirical.views.warps import MILD_WARP, Warp, matrices, warp_images

NAMED: dict[str, Augmentation | Warp] = {
    "mild": MILD,
    "warp": Warp(),
    "mild-warp": MILD_WARP,
}
"""Views by name.  mild, mild-warp: nearly the identity."""
Transform = Callable[[Tensor], Tensor]
"""One random view (C, H, W) or (1, C, H, W) of one image (C, H, W); a torchvision or kornia pipeline for instance."""
BEYOND = 0.5
"""How far a callable's view may leave [0, 1]: noise and bicubic resampling do, by less; a Normalize does, by more."""
COMPARED = 256
AUDIT = 0xA0D17
"""First key of all draws of an audit: were they those of a training with the same seed, nothing would be independent."""


@dataclass(frozen=True)
class Views:
    """What makes the m views. source: an augmentation, a warp, or any callable; name: how a reader finds it again.

    stream: draws of different streams are independent of each other; with `same`, they are equal.
    """

    source: Augmentation | Warp | Transform
    name: str
    m: int = 8
    seed: int = 0
    same: bool = False
    stream: int = 0

    def __post_init__(self) -> None:
        check_integers(views=self.m, seed=self.seed)
        if self.m < 2:
            raise ValueError(f"views={self.m}: alignment compares views of one image; give 2 or more")
        if self.seed < 0:
            raise ValueError(f"seed={self.seed} is negative: use 0 or more")

    def description(self) -> dict[str, Any]:
        """Plain JSON types: everything the views depend on beside the images, for a callable as far as its name goes."""
        parameters: Any = json.loads(json.dumps(describe(self.source)))
        if not parameters:  # without the address, which is another one in every process
            parameters = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(self.source))
        return {
            "name": self.name,
            "parameters": parameters,
            "views": self.m,
            "seed": self.seed,
            "same_for_all": self.same,
        }

    def for_fitting(self) -> "Views":
        """For the images that anchors and radii are chosen on: what is counted on the others must not share their draws."""
        return self if self.same else replace(self, stream=1)

    def keys(self, j: int, *row: int) -> tuple[int, ...]:
        """What view j depends on beside the image; no encoder trained here draws its views from such keys."""
        return (AUDIT, self.seed, self.stream, j, *row)

    def drawn(self, n: int) -> "Drawn":
        """The views of n images, block by block."""
        return Drawn(self, n)

    def unchanged(self, images: Tensor) -> float:
        """Share of the first `COMPARED` images (n, C, H, W) all of whose views are the image itself, pixel by pixel; where it
        is 1, alignment says nothing.
        """
        first = images[:COMPARED]
        block = self.drawn(len(first)).block(first, 0)
        return float((block == block[:, :1]).flatten(1).all(dim=1).double().mean())


class Drawn:
    """The parameters of all views of n images; `block` applies them. View j of row i depends on (seed, stream, j, i) only."""

    def __init__(self, views: Views, n: int) -> None:
        self.views = views
        source, rows = views.source, 1 if views.same else n
        self.parameters: list[ViewParameters | Tensor] = []
        for j in range(1, views.m):
            generator = seeded_generator(*views.keys(j))
            if isinstance(source, Augmentation):
                self.parameters.append(sample_parameters(source, rows, generator))
            elif isinstance(source, Warp):
                self.parameters.append(matrices(source, rows, generator))

    def block(self, images: Tensor, start: int) -> Tensor:
        """Views (b, m, C, H, W) of images (b, C, H, W), which are rows start, start + 1, ...

        Raises ValueError where an augmentation does not fit the channels, and where a callable changes the shape, returns no
        float tensor about [0, 1], or cannot be replayed.
        """
        keys = torch.zeros(len(images), dtype=torch.long) if self.views.same else start + torch.arange(len(images))
        made = [self._view(images, j, keys) for j in range(1, self.views.m)]
        return torch.stack([images, *made], dim=1)

    def _view(self, images: Tensor, j: int, keys: Tensor) -> Tensor:
        source = self.views.source
        if isinstance(source, Augmentation | Warp):
            p = self.parameters[j - 1][keys]
            return _augmented(images, p) if isinstance(p, ViewParameters) else warp_images(images, p)
        seeds = [self.views.keys(j, i) for i in keys.tolist()]
        found = [_sample(source, image, seed) for image, seed in zip(images, seeds, strict=True)]
        if not torch.equal(found[0], _sample(source, images[0], seeds[0])):
            raise ValueError(
                f"the augmentation {self.views.name} makes another view of the same image from the same seed: it must draw "
                "from the global random states of torch, NumPy or Python, and keep no state"
            )
        return torch.stack(found)


def _augmented(images: Tensor, parameters: ViewParameters) -> Tensor:
    """`apply`, of grey images too: their three equal channels stay equal."""
    if images.shape[1] == 1:
        return apply(images.expand(-1, 3, -1, -1), parameters)[:, :1]
    if images.shape[1] != 3:
        raise ValueError(
            f"the images have {images.shape[1]} channels, the augmentation is for 1 or 3: take a warp or a callable"
        )
    return apply(images, parameters)


def _sample(transform: Transform, image: Tensor, keys: tuple[int, ...]) -> Tensor:
    """One view by a callable, float (C, H, W), from the random states that the keys give."""
    remedy = "it must take and return a float tensor (C, H, W) in [0, 1] of one shape"
    try:
        with seeded(*keys), torch.no_grad():
            view = transform(image.clone())
            view = view.to_dense().cpu() if isinstance(view, Tensor) else view
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"the augmentation fails on an image of shape {tuple(image.shape)} ({first_line(error)}): {remedy} "
            "(begin with ToPILImage and end with ToTensor where it needs PIL)"
        ) from error
    if isinstance(view, Tensor) and view.ndim == image.ndim + 1 and len(view) == 1:
        view = view[0]
    if not isinstance(view, Tensor) or view.shape != image.shape or not view.is_floating_point():
        got = f"{tuple(view.shape)} {view.dtype}" if isinstance(view, Tensor) else f"a {type(view).__name__}"
        raise ValueError(f"the augmentation returned {got} for an image of shape {tuple(image.shape)}: {remedy}")
    view = view.to(image.dtype)  # float8 has no minimum
    low, high = float(view.min()), float(view.max())
    if not (-BEYOND <= low and high <= 1 + BEYOND):
        raise ValueError(
            f"the augmentation returned values from {low:.4g} to {high:.4g}, far from [0, 1]: check it, and leave a "
            "Normalize to the encoder, since view 0 is the image itself"
        )
    return view


def describe(source: Augmentation | Warp | Transform) -> dict[str, Any]:
    """The parameters of a view, by name; none of a callable, which is known by its own name only."""
    return asdict(source) if isinstance(source, Augmentation | Warp) else {}


def as_views(views: Views | Augmentation | Warp | Transform | str, m: int, seed: int, same: bool) -> Views:
    """`Views` from an augmentation, a warp, a callable, or words as in `parse_views`. ValueError for anything else."""
    if isinstance(views, Views):
        return views
    if isinstance(views, str):
        return parse_views(views, m, seed, same)
    if isinstance(views, Augmentation | Warp):
        return Views(views, type(views).__name__, m, seed, same)
    if not callable(views):
        raise ValueError(
            f"views is a {type(views).__name__}: give letters, an Augmentation, a Warp, or a callable from an image to a view"
        )
    return Views(views, getattr(views, "__qualname__", type(views).__name__), m, seed, same)


def parse_views(text: str, m: int, seed: int, same: bool) -> Views:
    """Views from the command line: letters of abcdef, "mild", "warp", "mild-warp", either with ":name=value,..." (a range as
    low..high), or "package.module:callable".

    Raises ValueError for what is none of these, and for parameters out of range.
    """
    name, _, rest = text.partition(":")
    if name in NAMED:
        return Views(_changed(NAMED[name], text, rest) if rest else NAMED[name], text, m, seed, same)
    if rest:
        found = imported(text, "views")
        if not callable(found):
            raise ValueError(f"views={text!r} is a {type(found).__name__}: give a callable from an image to a view")
        return Views(found, text, m, seed, same)
    return Views(Augmentation.from_letters(text), text, m, seed, same)


def _changed(source: Augmentation | Warp, text: str, rest: str) -> Augmentation | Warp:
    try:
        changes = dict(part.split("=") for part in rest.split(","))
        return replace(source, **{key.strip(): _value(word) for key, word in changes.items()})
    except TypeError as error:  # an unknown name, or a number where a range belongs
        known = ", ".join(f"{key}={value}" for key, value in asdict(source).items())
        raise ValueError(f"views={text!r} ({error}): the parameters are {known}; write a range as low..high") from error
    except ValueError as error:
        raise ValueError(f"views={text!r}: {error}; write name=number,... after the colon") from error


def _value(word: str) -> Any:
    """int, float, or a range of two floats."""
    if ".." in word:
        low, high = map(float, word.split(".."))
        return low, high
    return int(word) if word.strip().isdigit() else float(word)

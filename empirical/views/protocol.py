"""What a view is, and the finite set of m views of each image that replays from a seed.

A view is anything with `draw`, `apply` and `describe`, see `ViewSource`; a plain callable is made one by `callables`. View 0
of an image is the image itself, as the theory needs x in A(x).
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from empirical.views.callables import CallableView, Transform
from theory.checks import check_integer, check_seed

MOST_VIEWS = 10_000
"""Views of an image that are drawn at most; what an audit certifies is checked up to as many."""
COMPARED = 256
"""Images whose views are compared with them."""
AUDIT = 0xA0D17
"""First key of all draws of an audit: were they those of a training with the same seed, nothing would be independent."""


@runtime_checkable
class ViewSource(Protocol):
    """A distribution over views of an image."""

    def draw(self, n: int, *keys: int) -> Any:
        """Parameters of n views, a row each; indexing by a tensor of rows gives those rows.

        Row i depends on the keys, non-negative integers, and on i, not on n. Different keys give independent draws.
        """

    def apply(self, images: Tensor, parameters: Any) -> Tensor:
        """Views (n, C, H, W) of images (n, C, H, W), with a row of the parameters each."""

    def describe(self) -> dict[str, Any] | str:
        """What identifies it, in plain types: the parameters by name, or words where it has none that can be read."""


def as_source(source: ViewSource | Transform, name: str = "") -> ViewSource:
    """The source itself, or a callable made one; ValueError for anything else."""
    if isinstance(source, ViewSource) and not isinstance(source, type):
        return source
    if not callable(source):
        raise ValueError(
            f"views: a {type(source).__name__} makes no view; give letters, an Augmentation, a Warp, an object with draw, "
            "apply and describe, or a callable from an image to a view"
        )
    return CallableView(source, name or getattr(source, "__qualname__", type(source).__name__))


@dataclass(frozen=True)
class FiniteViews:
    """m views of each of n images.

    source       makes the views
    parameters   of view 1, ..., m - 1: one row per image, or, with `same`, one row for all
    same         the transformations are the same for every image
    """

    source: ViewSource
    parameters: tuple[Any, ...]
    same: bool

    def block(self, images: Tensor, start: int) -> Tensor:
        """Views (b, m, C, H, W) of images (b, C, H, W), which are rows start, start + 1, ...

        Raises ValueError where the source refuses the images.
        """
        rows = torch.zeros(len(images), dtype=torch.long) if self.same else start + torch.arange(len(images))
        return torch.stack([images, *(self.source.apply(images, p[rows]) for p in self.parameters)], dim=1)


def draw_views(source: ViewSource, n: int, m: int, *keys: int, same: bool = False) -> FiniteViews:
    """m views of each of n images; view j of row i depends on the keys, on j and, unless `same`, on i."""
    return FiniteViews(source, tuple(source.draw(1 if same else n, *keys, j) for j in range(1, m)), same)


def finite_views(images: Tensor, source: ViewSource | Transform, m: int, seed: int) -> Tensor:
    """m views of each image, view 0 the image itself: (n, C, H, W) -> (n, m, C, H, W).

    View j of row i depends on (seed, j, i) only, so fewer images or fewer views give a part of the same set.
    Raises ValueError for m outside 1..`MOST_VIEWS`, a seed out of range, and images that the source refuses.
    """
    check_integer("m", m, 1, MOST_VIEWS)
    check_seed("seed", seed)
    return draw_views(as_source(source), len(images), m, seed).block(images, 0)


@dataclass(frozen=True)
class Views:
    """The finite set of views that an audit takes of each image.

    source   an augmentation, a warp, or anything else with the protocol; a callable is wrapped
    name     how a reader finds it again
    m        views of each image, the image itself included
    seed     of the draws
    same     the same m - 1 transformations for every image: then A(x) is that finite set, and the supremum over it is exact.
             Otherwise each image has m - 1 draws of its own: exact for the m views, and nothing is claimed of a larger A(x).
    stream   draws of different streams are independent of each other; with `same`, they are equal
    """

    source: ViewSource
    name: str
    m: int = 8
    seed: int = 0
    same: bool = False
    stream: int = 0

    def __post_init__(self) -> None:
        # also from NumPy: a certificate writes them; alignment compares two views of one image
        object.__setattr__(self, "m", check_integer("views", self.m, 2, MOST_VIEWS))
        object.__setattr__(self, "seed", check_seed("seed", self.seed))
        object.__setattr__(self, "source", as_source(self.source, self.name))

    def description(self) -> dict[str, Any]:
        """Everything the views depend on beside the images, in plain JSON types; for a callable as far as its name goes."""
        return {
            "name": self.name,
            "parameters": json.loads(json.dumps(self.source.describe())),
            "views": self.m,
            "seed": self.seed,
            "same_for_all": self.same,
        }

    def for_fitting(self) -> "Views":
        """For the images that anchors and radii are chosen on: what is counted on the others must not share their draws."""
        return self if self.same else replace(self, stream=1)

    def keys(self, *view: int) -> tuple[int, ...]:
        """What a view depends on beside the image and its row; no encoder trained here draws its views from such keys."""
        return (AUDIT, self.seed, self.stream, *view)

    def drawn(self, n: int) -> FiniteViews:
        """The views of n images, block by block."""
        return draw_views(self.source, n, self.m, *self.keys(), same=self.same)

    def unchanged(self, images: Tensor) -> float:
        """Share of the first `COMPARED` images (n, C, H, W) all of whose views are the image itself, pixel by pixel.

        Where it is 1, alignment says nothing.
        """
        first = images[:COMPARED]
        block = self.drawn(len(first)).block(first, 0)
        return float((block == block[:, :1]).flatten(1).all(dim=1).double().mean())

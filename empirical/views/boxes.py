"""Views by affine maps whose parameters fill a box: what is asked of a kind of views for all of them to be proved at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, Self, runtime_checkable

from torch import Tensor

from empirical.views.protocol import ViewSource
from theory.setting import Array

Beyond = Literal["zeros", "border"]
"""What an image is beyond its border: black, or the pixel of the edge, repeated."""


@dataclass(frozen=True)
class Readings:
    """Where the pixels of views read, over cells of parameters: an affine function of these, and how far off it may be.

    A pixel at (x, y), in pixels from the middle of the image, reads at (p, q), in pixels from there, too.

    jets         (n, P + 1, 2, 3)   coefficients of x, y and 1 in p and q: at the centre of the cell, then the change of each
                                    from there to the end of each of the P parameters
    remainders   (n, 3)             of the jets: p and q are off by at most so much per pixel of |x|, of |y|, and in pixels
    slack        (n, 3)             the largest coordinates that enter, likewise; rounding adds a share of them
    """

    jets: Array
    remainders: Array
    slack: Array


@runtime_checkable
class BoxSource(ViewSource, Protocol):
    """A distribution over views that read their image, bilinear between its pixels, where an affine map says.

    The parameters of the map are P numbers of [-1, 1], in units of their ranges. What is proved of the views is as true as
    their `readings`, and a certificate of it is checked where `empirical.continuous.replayed_views` knows the kind.
    """

    @property
    def ranges(self) -> tuple[float, ...]:
        """Of each parameter; 0 where it changes nothing."""

    @property
    def jumps(self) -> tuple[int, ...]:
        """Parameters at 0 of which the map jumps: readings are continuous up to 0, and above it."""

    @property
    def beyond(self) -> Beyond:
        """What views see beyond the border of their image; where it is "border", they see less than a pixel of it."""

    @property
    def parts(self) -> dict[str, float]:
        """The ranges by name that may be smaller; one may be that of several parameters."""

    def with_parts(self, parts: Mapping[str, float]) -> Self:
        """The same with these ranges, one for each name."""

    def maps(self, points: Tensor) -> Tensor:
        """The affine maps (n, 2, 3) of output to input coordinates, which are [-1, 1], at points (n, P)."""

    def readings(self, points: Array, halves: Array, height: int, width: int) -> Readings:
        """Over the cells of these centres and half sides (n, P), none of which has a jump inside, of images of this size."""

    def describe(self) -> dict[str, float]:
        """Every range by name, from which a checker knows the kind."""

    def box_in_words(self) -> str:
        """The ranges, as a reader is told them."""

    def view_in_words(self, point: tuple[float, ...]) -> str:
        """The parameters of the view at a point (P,), those that the ranges leave free."""


def kinds(source: BoxSource) -> list[type[BoxSource]]:
    """The class of the source, and those of the sources that it is made of: their code decides what its views are."""
    inner = (part for part in vars(source).values() if isinstance(part, BoxSource))
    return [type(source), *(kind for part in inner for kind in kinds(part))]

"""One look for all figures: colours that the colour-blind can tell apart (Okabe and Ito), no frames, small files."""

import io
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import matplotlib
import matplotlib.figure
import matplotlib.style
from matplotlib.axes import Axes

Canvas: TypeAlias = matplotlib.figure.Figure
"""What matplotlib draws on, as opposed to `figures.figure.Figure`, which says what a figure is."""

Subject = TypeVar("Subject")

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
CLASS_COLOURS = matplotlib.color_sequences["tab10"]
FORM_COLOURS = {"printed": PINK, "corrected": BLUE, "sharp": GREEN, "chord": RED, "cap": ORANGE, "exact": BLACK}

SETTINGS = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "contrastive-theory",
}
"""What differs from the settings that matplotlib is shipped with; the user's own settings count for nothing."""


def colour(colours: Mapping[str, str], name: str) -> Any:
    """The colour chosen for `name`; where none is, one of `CLASS_COLOURS` that depends on nothing but the name."""
    return colours.get(name, CLASS_COLOURS[sum(name.encode()) % len(CLASS_COLOURS)])


def canvas(columns: int, width: float, height: float, *, sharey: bool = False) -> tuple[Canvas, list[Axes]]:
    """A figure with a row of axes; width and height in inches."""
    figure = matplotlib.figure.Figure(figsize=(width, height))
    return figure, list(figure.subplots(1, columns, squeeze=False, sharey=sharey)[0])


def render(draw: Callable[[Subject], Canvas], subject: Subject, **options: Any) -> str:
    """What `draw` makes of `subject`, in our style, as SVG text: the same bytes for the same data.

    options  for matplotlib's `savefig`
    """
    with matplotlib.style.context(["default", SETTINGS]):
        buffer = io.StringIO()
        draw(subject).savefig(buffer, format="svg", metadata={"Date": None}, **options)
        return buffer.getvalue()

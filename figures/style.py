"""One look for all figures: colours that the colour-blind can tell apart (Okabe and Ito), no frames, small files."""

import io
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

try:
    import matplotlib
except ValueError as error:  # matplotlib reads the user's settings when it is imported
    reason = " ".join(str(error).split())
    raise ValueError(f"matplotlib: refuses your settings ({reason}); mend your matplotlibrc and MPLBACKEND") from error
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

UNSHOWN = frozenset({"Cc", "Cn", "Cs", "Zl", "Zp"})
"""Unicode categories without a shape: control characters, noncharacters, surrogates, breaks of lines and paragraphs."""

SETTINGS: dict[str, Any] = {
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


def plain(text: str) -> str:
    """The text, such as a name of the user's, so that matplotlib shows it as it is: a $ starts no formula.

    Control characters and halves of surrogate pairs, which an SVG file cannot hold, are shown by their codes.
    """
    shown = (c if unicodedata.category(c) not in UNSHOWN else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown).replace("$", r"\$")


def render(draw: Callable[[Subject], Canvas], subject: Subject, **options: Any) -> str:
    """What `draw` makes of `subject`, in our style, as SVG text: the same bytes for the same data.

    Text is drawn as outlines, or, where it has a letter that matplotlib's font lacks, left to the fonts of the viewer.

    options  for matplotlib's `savefig`
    """
    lacking = r"Glyph \d+ .* missing from font"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", lacking, UserWarning)
        try:
            return _svg(draw, subject, SETTINGS, options)
        except UserWarning:
            warnings.filterwarnings("ignore", lacking, UserWarning)
            return _svg(draw, subject, SETTINGS | {"svg.fonttype": "none"}, options)


def _svg(draw: Callable[[Subject], Canvas], subject: Subject, settings: dict[str, Any], options: dict[str, Any]) -> str:
    with matplotlib.style.context(["default", settings]):
        buffer = io.StringIO()
        draw(subject).savefig(buffer, format="svg", metadata={"Date": None}, **options)
        return buffer.getvalue()

"""One look for all figures: exact width, text that stays text, colours that the colour-blind can tell apart.

The user's own matplotlib settings count for nothing.
"""

import io
import logging
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
"""Source: Okabe and Ito, Color Universal Design, 2008."""
GREY = "#767676"
CLASS_COLOURS = matplotlib.color_sequences["petroff10"]
"""Source: Petroff, Accessible Color Sequences for Data Visualization, 2021."""
FORM_COLOURS = {
    "printed": PINK, "corrected": BLUE, "sharp": GREEN, "chord": RED, "cap": ORANGE, "exact": BLACK, "anchored": SKY,
}  # fmt: skip
FORM_LINES: dict[str, Any] = {
    "printed": ":", "corrected": "--", "sharp": "-.", "chord": (0, (5, 1, 1, 1, 1, 1)), "cap": (0, (8, 2)), "exact": "-",
    "anchored": (0, (1, 1)),
}  # fmt: skip
METHODS = {
    "SimCLR": (BLUE, "-", "o"),
    "Barlow Twins": (RED, "--", "s"),
    "MoCo": (GREEN, "-.", "D"),
    "SimSiam": (PINK, ":", "^"),
}
"""Colour, line and marker of the lecture's methods."""
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
MARKERS = "osD^vP*X<>"

WIDTHS = {"iclr": 5.5, "neurips": 5.5, "icml": 3.25}
"""Inches of a line of text: ICLR and NeurIPS have one column, ICML two."""
FORMATS = ("svg", "pdf", "png")
HIGHEST_PANEL = 2.6
DOTS = 300
"""Per inch, of PNG files and of what lies as an image in the others."""

UNSHOWN = frozenset({"Cc", "Cn", "Cs", "Zl", "Zp"})
"""Unicode categories without a shape: control characters, noncharacters, surrogates, breaks of lines and paragraphs."""

SHARED: dict[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "figure.constrained_layout.use": True,
    "figure.dpi": DOTS,
    "savefig.dpi": "figure",
    "svg.fonttype": "none",
    "svg.hashsalt": "contrastive-theory",
    "pdf.fonttype": 42,
}
STYLES: dict[str, dict[str, Any]] = {
    "paper": {
        "font.family": "STIXGeneral",
        "mathtext.fontset": "stix",
        "font.size": 8.5,
        "axes.titlesize": 8.5,
        "xtick.labelsize": 7.5,
        "ytick.labelsize": 7.5,
        "legend.fontsize": 7.5,
    },
    "screen": {
        "font.size": 9,
        "axes.titlesize": 9.5,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 8,
    },
}
"""`paper`: Times-like, beside the text of a paper; `screen`: without serifs, for the report."""


@dataclass(frozen=True)
class Look:
    """How a figure is made.

    style   one of `STYLES`
    width   in, of the whole figure; that of the saved file, to the last digit
    """

    style: str = "screen"
    width: float = 8.4

    def settings(self) -> dict[str, Any]:
        """What differs from the settings that matplotlib is shipped with."""
        return SHARED | STYLES[self.style] | {"figure.figsize": (self.width, self.width / 2)}


SCREEN = Look()


def small() -> float:
    """Points of the smallest text of a figure: notes inside the axes."""
    return float(matplotlib.rcParams["xtick.labelsize"])


def colour(colours: Mapping[str, str], name: str) -> Any:
    """The colour chosen for `name`; where none is, one of `CLASS_COLOURS` that depends on nothing but the name."""
    return colours.get(name, CLASS_COLOURS[sum(name.encode()) % len(CLASS_COLOURS)])


def canvas(
    panels: int, ratio: float, *, least: float = 1.7, sharey: bool = False, sharex: bool = False
) -> tuple[Canvas, list[Axes]]:
    """A figure of the asked width with so many axes, in one row or, where that is too narrow, in several.

    ratio   height of a panel by its width; no panel is higher than `HIGHEST_PANEL`
    least   inches; a row with narrower panels is broken
    """
    width = matplotlib.rcParams["figure.figsize"][0]
    columns = max(1, min(panels, int(width / least)))
    rows = -(-panels // columns)
    columns = -(-panels // rows)
    height = rows * min(width / columns * ratio, HIGHEST_PANEL * max(1.0, width / WIDTHS["iclr"]))
    figure = matplotlib.figure.Figure(figsize=(width, height))
    axes = list(figure.subplots(rows, columns, squeeze=False, sharey=sharey, sharex=sharex).flat)
    for unused in axes[panels:]:
        unused.remove()
    return figure, axes[:panels]


def plain(text: str) -> str:
    """The text, such as a name of the user's, so that matplotlib shows it as it is: a $ starts no formula.

    Control characters and halves of surrogate pairs, which an SVG file cannot hold, are shown by their codes.
    """
    shown = (c if unicodedata.category(c) not in UNSHOWN else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown).replace("$", r"\$")


def save(
    draw: Callable[[Subject], Canvas],
    subject: Subject,
    look: Look = SCREEN,
    formats: Sequence[str] = ("svg",),
    metadata: Mapping[str, str] | None = None,
    **options: Any,
) -> dict[str, bytes]:
    """What `draw` makes of `subject`, by format: the same bytes for the same data. Text is left to the fonts of the viewer.

    metadata   Title, Creator, Description, written into every file
    options    for matplotlib's `savefig`
    """
    with matplotlib.style.context(["default", look.settings()]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        figure = draw(subject)
        return {name: _bytes(figure, name, metadata or {}, options) for name in formats}


def render(draw: Callable[[Subject], Canvas], subject: Subject, **options: Any) -> str:
    """`save` as SVG text, for the screen."""
    return save(draw, subject, **options)["svg"].decode()


def _bytes(figure: Canvas, name: str, metadata: Mapping[str, str], options: Mapping[str, Any]) -> bytes:
    """One file, without the time at which it was made."""
    words = dict[str, str | None](metadata)
    if name == "pdf":
        words = {("Subject" if key == "Description" else key): word for key, word in words.items()}
        words["CreationDate"] = None
    elif name == "svg":
        words["Date"] = None
    buffer, remarks = io.BytesIO(), logging.getLogger("fontTools")
    level = remarks.level
    remarks.setLevel(logging.ERROR)  # it warns of the dates in matplotlib's own fonts
    try:
        figure.savefig(buffer, format=name, metadata=words, **options)
    finally:
        remarks.setLevel(level)
    return buffer.getvalue()

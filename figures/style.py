"""One look for all figures: colours that the colour-blind can tell apart (Okabe and Ito), text as text, small files."""

import base64
import io
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
CLASS_COLOURS = plt.get_cmap("tab10").colors
FORM_COLOURS = {"corrected": BLUE, "sharp": GREEN, "chord": RED, "cap": ORANGE, "exact": BLACK}

plt.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
        "svg.hashsalt": "contrastive-theory",
    }
)


def canvas(columns: int = 1, width: float = 7.2, height: float = 3.4, **options: Any) -> tuple[Figure, Any]:
    """A figure with a row of axes."""
    return plt.subplots(1, columns, figsize=(width, height), **options)


def svg(figure: Figure, **options: Any) -> str:
    """The figure as SVG text, the same bytes for the same data; the figure is closed."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, **options)
    plt.close(figure)
    return buffer.getvalue()


def data_uri(text: str) -> str:
    """SVG text as a data URI: an image of its own, whose ids cannot clash with those of another."""
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()

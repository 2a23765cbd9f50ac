"""Where each form of Theorem 1 certifies, over planes of analytic worlds, beside the true error."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from figures.evidence import SIMULATION
from figures.figure import Figure, Row, Section
from figures.style import FORM_COLOURS, FORM_LINES, Canvas, canvas, colour

LEAST_ERROR = 1e-3


def draw(simulation: dict[str, Any]) -> Canvas:
    """One panel for each plane. Grey: the true error. Below its line a form certifies every class.

    Forms that certify the same worlds share one line, drawn once and named together.

    simulation  the content of simulate.json
    """
    planes = simulation["phase"]
    figure, panels = canvas(len(planes), 1.0, least=2.2)
    for axes, plane in zip(panels, planes, strict=True):
        x, y = np.array(plane["x"]), np.array(plane["y"])
        error = np.maximum(np.array(plane["error"]), LEAST_ERROR)
        image = axes.pcolormesh(
            x, y, error, cmap="Greys", norm=LogNorm(LEAST_ERROR, 1), shading="nearest", rasterized=True, alpha=0.6, lw=0
        )
        handles = []
        for forms in together(plane):
            values, line, dashes = (
                np.array(plane["margin"][forms[-1]]),
                colour(FORM_COLOURS, forms[-1]),
                FORM_LINES.get(forms[-1], "-"),
            )
            if values.min() < 0 < values.max():
                axes.contour(x, y, values, levels=[0.0], colors=[line], linewidths=1.6, linestyles=[dashes])
                handles.append(Line2D([], [], color=line, ls=dashes, lw=1.6, label=" = ".join(forms)))
        if x[0] > 0 and np.allclose(np.diff(np.log(x)), np.log(x[1] / x[0])):
            axes.set_xscale("log")
        axes.grid(visible=False)
        axes.set(xlabel=plane["x_name"], ylabel=plane["y_name"], title=plane["title"], ylim=(y[0], y[-1]))
        below = axes.transAxes + ScaledTranslation(0, -0.42, figure.dpi_scale_trans)
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=below, ncols=2)
    figure.colorbar(image, ax=panels, label="true error", aspect=30, pad=0.02)
    return figure


def together(plane: dict[str, Any]) -> list[list[str]]:
    """The forms from weak to strong, those together that certify the same grid points."""
    groups: dict[bytes, list[str]] = {}
    for form, margin in plane["margin"].items():
        groups.setdefault((np.array(margin) > 0).tobytes(), []).append(form)
    return sorted(groups.values(), key=lambda forms: certified(plane, forms[0]))


def certified(plane: dict[str, Any], form: str) -> int:
    """At how many grid points the form certifies every class."""
    return int((np.array(plane["margin"][form]) > 0).sum())


def caption(simulation: dict[str, Any]) -> str:
    """What the panels show, and how far the closed forms are checked."""
    suite = simulation["suite"]
    counts = "; ".join(
        ", ".join(f"{form} {certified(plane, form)}" for form in plane["margin"]) for plane in simulation["phase"]
    )
    points = ", ".join(f"{np.array(plane['error']).size}" for plane in simulation["phase"])
    return (
        "Theorem 1 as a ladder: grey is the true error, and a form certifies every class of the worlds below its line. Of "
        f"the grid points ({points}) are certified: {counts}. Every closed form behind the picture is held against Monte "
        f"Carlo: {len(suite['comparisons'])} comparisons, {len(suite['disagreeing'])} disagree; false alarm of the whole "
        f"suite {suite['false_alarm']:g}, a planted error of {100 * suite['planted']:g}% is seen with probability at least "
        f"{suite['least_power']:.3f}."
    )


def data(simulation: dict[str, Any]) -> list[Row]:
    """One row for each grid point: the true error, and by form the margin of the class that meets it least."""
    return [
        {
            "plane": plane["name"],
            "x": x,
            "y": y,
            "error": plane["error"][i][j],
            **{form: margin[i][j] for form, margin in plane["margin"].items()},
        }
        for plane in simulation["phase"]
        for i, y in enumerate(plane["y"])
        for j, x in enumerate(plane["x"])
    ]


TITLE = "<h2>Where Theorem 1 certifies, on worlds in closed form</h2>"
SECTION = Section(order=30, inputs=SIMULATION, opening=lambda _: TITLE)
PART = Figure(
    name="phase",
    title="Theorem 1's ladder as a phase diagram",
    section=SECTION,
    order=10,
    draw=draw,
    caption=caption,
    data=data,
    alt="regions of two planes of worlds in which each form of Theorem 1 certifies",
)

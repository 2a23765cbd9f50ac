"""Where each form of Theorem 1 certifies, over planes of analytic worlds, beside the true error."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm

from figures.evidence import SIMULATION
from figures.figure import Figure, Section
from figures.style import FORM_COLOURS, Canvas, canvas, colour

LEAST_ERROR = 1e-6


def draw(simulation: dict[str, Any]) -> Canvas:
    """One panel for each plane. Grey: the true error. Below its line a form certifies every class.

    simulation  the content of simulate.json
    """
    planes = simulation["phase"]
    figure, panels = canvas(len(planes), width=9.6, height=4.0)
    for axes, plane in zip(panels, planes, strict=True):
        x, y = np.array(plane["x"]), np.array(plane["y"])
        error = np.maximum(np.array(plane["error"]), LEAST_ERROR)
        image = axes.pcolormesh(
            x, y, error, cmap="Greys", norm=LogNorm(1e-3, 1), shading="nearest", rasterized=True, alpha=0.8
        )
        for form, margin in plane["margin"].items():
            values, line = np.array(margin), colour(FORM_COLOURS, form)
            if values.min() < 0 < values.max():
                axes.contour(x, y, values, levels=[0.0], colors=[line], linewidths=1.6)
            axes.plot([], [], color=line, lw=1.6, label=form)
        if x[0] > 0 and np.allclose(np.diff(np.log(x)), np.log(x[1] / x[0])):
            axes.set_xscale("log")
        axes.grid(visible=False)
        axes.set(xlabel=plane["x_name"], ylabel=plane["y_name"], title=plane["title"])
        figure.colorbar(image, ax=axes, label="true error")
    panels[-1].legend(loc="upper right", fontsize=8)
    return figure


def caption(simulation: dict[str, Any]) -> str:
    """What the panels show, and how far the closed forms are checked."""
    suite = simulation["suite"]
    return (
        "Grey: the true error. Below its line a form certifies every class. Every closed form behind the picture is held "
        f"against Monte Carlo: {len(suite['comparisons'])} comparisons, {len(suite['disagreeing'])} disagree; false alarm "
        f"of the whole suite {suite['false_alarm']:g}, a planted error of {100 * suite['planted']:g}% is seen with "
        f"probability at least {suite['least_power']:.3f}."
    )


TITLE = "<h2>Where Theorem 1 certifies, on worlds in closed form</h2>"
SECTION = Section(order=30, inputs=SIMULATION, opening=lambda _: TITLE)
PART = Figure(name="phase", section=SECTION, order=10, draw=draw, caption=caption, alt="phases of Theorem 1")

"""Where each form of Theorem 1 certifies, over planes of analytic worlds, beside the true error."""

from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from figures.style import FORM_COLOURS, PINK, canvas

COLOURS = {"printed": PINK, **FORM_COLOURS}
LEAST_ERROR = 1e-6


def draw(planes: list[dict[str, Any]]) -> Figure:
    """`planes`: the "phase" of simulate.json. Grey: true error. Below its line a form certifies every class."""
    figure, panels = canvas(len(planes), width=9.6, height=4.0, squeeze=False)
    for axes, plane in zip(panels[0], planes, strict=True):
        x, y = np.array(plane["x"]), np.array(plane["y"])
        error = np.maximum(np.array(plane["error"]), LEAST_ERROR)
        image = axes.pcolormesh(
            x, y, error, cmap="Greys", norm=LogNorm(1e-3, 1), shading="nearest", rasterized=True, alpha=0.8
        )
        for form, margin in plane["margin"].items():
            values = np.array(margin)
            if values.min() < 0 < values.max():
                axes.contour(x, y, values, levels=[0.0], colors=[COLOURS[form]], linewidths=1.6)
            axes.plot([], [], color=COLOURS[form], lw=1.6, label=form)
        if x[0] > 0 and np.allclose(np.diff(np.log(x)), np.log(x[1] / x[0])):
            axes.set_xscale("log")
        axes.grid(visible=False)
        axes.set(xlabel=plane["x_name"], ylabel=plane["y_name"], title=plane["title"])
        figure.colorbar(image, ax=axes, label="true error")
    panels[0][-1].legend(loc="upper right", fontsize=8)
    return figure

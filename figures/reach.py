"""How much of each class lies within a spread s, and how much each form of Theorem 1 would need."""

from typing import Any

import numpy as np

from figures.figure import Figure
from figures.records import Study, drawn_measurements
from figures.study import SECTION
from figures.style import FORM_COLOURS, Canvas, canvas, colour, plain
from theory.theorem1 import FORMS, margin


def needed_alpha(form: str, s: Any, product: float, square: float) -> Any:
    """Least alpha at which `form` is met at spread s, for mu_l.mu_k = product and |mu_l|^2 = |mu_k|^2 = square."""
    alpha = np.linspace(0, 1, 1001)[:, None]
    met = margin(form, alpha, s, square, square, product) > 0
    return np.where(met.any(axis=0), alpha[met.argmax(axis=0), 0], np.nan)


def draw(study: Study) -> Canvas:
    """One panel for each measurement drawn, lever "local". Grey: alpha(s) of every class.

    Coloured: what each form but the printed one needs, for the median over classes of the nearest rival.
    """
    measurements = drawn_measurements(study)
    figure, panels = canvas(len(measurements), width=9.2, height=3.2, sharey=True)
    for axes, measurement in zip(panels, measurements, strict=True):
        reached = next(f for f in measurement["frontiers"] if f["lever"] == "local")["best"]
        axes.step(np.array(reached["s"]), np.array(reached["alpha"]), where="post", color="grey", lw=0.8, alpha=0.8)
        products = np.array(measurement["products"])
        nearest = np.where(np.eye(len(products), dtype=bool), -np.inf, products).max(axis=1)
        square = float(np.median(products.diagonal()))
        s = np.linspace(0, 2, 400)
        for form in (name for name in FORMS if FORMS[name].share == "alpha"):
            needed = needed_alpha(form, s, float(np.median(nearest)), square)
            axes.plot(s, needed, color=colour(FORM_COLOURS, form), label=f"{form} needs")
        axes.set(xlim=(0, 2), ylim=(0, 1.02), xlabel="spread s")
        axes.set_title(f"{plain(measurement['layer'])}\n{plain(measurement['views'])}", fontsize=9)
    panels[0].set_ylabel(r"share $\alpha$ of the class")
    panels[0].plot([], [], color="grey", lw=0.8, label="a class reaches")
    panels[0].legend(fontsize=8, loc="lower right")
    return figure


CAPTION = (
    "Share of each class that lies within a spread s of each other (grey) against the share that each form needs at "
    "that s, for the median over classes of the nearest rival (colour). A class is certified where grey rises above "
    "colour."
)
PART = Figure(
    name="reach",
    section=SECTION,
    order=70,
    draw=draw,
    caption=lambda _: CAPTION,
    alt="share of a class within a spread",
)

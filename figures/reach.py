"""How much of each class lies within a spread s, and how much each form of Theorem 1 would need."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.style import FORM_COLOURS, canvas
from theory.theorem1 import FORMS, margin


def needed_alpha(form: str, s: Any, product: float, square: float) -> Any:
    """Least alpha at which `form` is met at spread s, for mu_l.mu_k = product and |mu_l|^2 = |mu_k|^2 = square."""
    alpha = np.linspace(0, 1, 1001)[:, None]
    met = margin(form, alpha, s, square, square, product) > 0
    return np.where(met.any(axis=0), alpha[met.argmax(axis=0), 0], np.nan)


def draw(measurements: list[dict[str, Any]]) -> Figure:
    """Grey: alpha(s) of every class, lever "local". Coloured: what each form needs for the median nearest pair of classes."""
    figure, panels = canvas(len(measurements), width=9.2, height=3.2, squeeze=False, sharey=True)
    for axes, measurement in zip(panels[0], measurements, strict=True):
        best = next(f for f in measurement["frontiers"] if f["lever"] == "local")["best"]
        s = np.array(best["s"])
        alpha = np.array(best["alpha"])
        axes.step(s, alpha, where="post", color="grey", lw=0.8, alpha=0.8)
        products = np.array(measurement["products"])
        off = np.where(np.eye(len(products), dtype=bool), -np.inf, products).max(axis=1)
        square = float(np.median(products.diagonal()))
        grid = np.linspace(0, 2, 400)
        for form in (name for name in FORMS if FORMS[name].share == "alpha"):
            axes.plot(
                grid,
                needed_alpha(form, grid, float(np.median(off)), square),
                color=FORM_COLOURS.get(form),
                label=f"{form} needs",
            )
        axes.set(xlim=(0, 2), ylim=(0, 1.02), xlabel="spread s")
        axes.set_title(f"{measurement['layer']}\n{measurement['views']}", fontsize=9)
    panels[0][0].set_ylabel(r"share $\alpha$ of the class")
    panels[0][0].plot([], [], color="grey", lw=0.8, label="a class reaches")
    panels[0][0].legend(fontsize=8, loc="lower right")
    return figure

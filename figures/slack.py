"""Theorem 1 term by term: what each form spends of 1 - mu_l.mu_k, for the class that binds."""

from typing import Any

from matplotlib.figure import Figure

from figures.style import BLACK, BLUE, GREEN, ORANGE, PINK, RED, SKY, YELLOW, canvas

COST_COLOURS = {
    "2 (1 - sigma)": BLUE,
    "2 (1 - alpha)": BLUE,
    "R / min p": SKY,
    "sigma s": GREEN,
    "alpha s": GREEN,
    "alpha s^2 / 2": GREEN,
    "sqrt(2 rho)": ORANGE,
    "Delta_mu / 2": PINK,
    "2 D^2": RED,
    "spread s": GREEN,
    "1 - alpha": BLUE,
    "R": SKY,
    "1 - (|mu_l|^2 + |mu_k|^2) / 2": YELLOW,
}


def draw(measurements: list[dict[str, Any]], class_names: list[str]) -> Figure:
    """One panel per measurement, lever "local", per class; a form certifies a class when its bar ends left of the mark."""
    figure, panels = canvas(len(measurements), width=9.2, height=3.2, squeeze=False)
    shown = {}
    for axes, measurement in zip(panels[0], measurements, strict=True):
        certificates = [c for c in measurement["certificates"] if (c["lever"], c["scope"]) == ("local", "class")]
        for row, certificate in enumerate(certificates):
            worst = min(certificate["classes"], key=lambda v: v["margin"])
            left = 0.0
            for name, cost in worst["costs"].items():
                bar = axes.barh(row, cost, left=left, height=0.55, color=COST_COLOURS[name], edgecolor="white", lw=0.5)
                shown.setdefault(name, bar)
                left += cost
            available = 1 - worst["product"]
            axes.plot([available, available], [row - 0.4, row + 0.4], color=BLACK, lw=2)
            pair = f"{class_names[worst['label']]} / {class_names[worst['rival']]}"
            axes.text(max(left, available) + 0.04, row, pair, va="center", fontsize=7)
        axes.set_yticks(range(len(certificates)), [c["form"] for c in certificates])
        axes.invert_yaxis()
        axes.set_title(f"{measurement['layer']}\n{measurement['views']}", fontsize=9)
        axes.set_xlabel(r"spent (bar) against $1-\mu_l\cdot\mu_k$ (mark)")
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.28)
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=5, fontsize=8)
    return figure

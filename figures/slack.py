"""Theorem 1 term by term: what each form spends of 1 - mu_l.mu_k, for the class that binds."""

from matplotlib.patches import Rectangle

from figures.figure import Figure
from figures.records import Study, drawn_measurements
from figures.study import SECTION
from figures.style import BLACK, BLUE, GREEN, ORANGE, PINK, RED, SKY, YELLOW, Canvas, canvas, colour, plain

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


def draw(study: Study) -> Canvas:
    """One panel for each measurement drawn, one bar for each form, lever "local" and scope "class".

    A form certifies a class when its bar ends left of the mark.
    """
    measurements = drawn_measurements(study)
    figure, panels = canvas(len(measurements), width=9.2, height=3.2)
    bars: dict[str, Rectangle] = {}
    for axes, measurement in zip(panels, measurements, strict=True):
        certificates = [c for c in measurement["certificates"] if (c["lever"], c["scope"]) == ("local", "class")]
        for row, certificate in enumerate(certificates):
            binding = min(certificate["classes"], key=lambda c: c["margin"])
            left = 0.0
            for name, cost in binding["costs"].items():
                fill = colour(COST_COLOURS, name)
                bar = axes.barh(row, cost, left=left, height=0.55, color=fill, edgecolor="white", lw=0.5)
                bars.setdefault(name, bar.patches[0])
                left += cost
            available = 1 - binding["product"]
            axes.plot([available, available], [row - 0.4, row + 0.4], color=BLACK, lw=2)
            pair = f"{study['class_names'][binding['label']]} / {study['class_names'][binding['rival']]}"
            axes.text(max(left, available) + 0.04, row, plain(pair), va="center", fontsize=7)
        axes.set_yticks(range(len(certificates)), [c["form"] for c in certificates])
        axes.invert_yaxis()
        axes.set_title(f"{plain(measurement['layer'])}\n{plain(measurement['views'])}", fontsize=9)
        axes.set_xlabel(r"spent (bar) against $1-\mu_l\cdot\mu_k$ (mark)")
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.28)
    figure.legend(bars.values(), bars.keys(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


CAPTION = (
    "What each form spends, lever local, per class, for the class that binds it (class / nearest rival). The condition "
    "is met when the bar ends left of the mark."
)
PART = Figure(
    name="slack", section=SECTION, order=60, draw=draw, caption=lambda _: CAPTION, alt="slack of Theorem 1 term by term"
)

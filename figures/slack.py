"""Theorem 1 term by term: what each form spends of 1 - mu_l.mu_k, for the class that binds."""

from collections.abc import Iterator
from typing import Any

from figures.figure import Figure, Row
from figures.records import CertificateRecord, Measurement, Study, drawn_measurements
from figures.study import SECTION
from figures.style import BLACK, BLUE, GREEN, ORANGE, RED, SKY, YELLOW, Canvas, canvas, colour, plain, small

MEANINGS = {
    "2 (1 - sigma)": "outside the main part",
    "2 (1 - alpha)": "outside the main part",
    "1 - alpha": "outside the main part",
    "R / min p": "views misaligned, R",
    "sigma s": "spread s",
    "alpha s": "spread s",
    "alpha s^2 / 2": "spread s",
    "spread s": "spread s",
    "sqrt(2 rho)": "turn to the mean, √(2ρ)",
    "Delta_mu / 2": "short means",
    "1 - (|mu_l|^2 + |mu_k|^2) / 2": "short means",
    "2 D^2": "displacement of the mean, 2D²",
}
"""What each cost of a form is paid for."""
FILLS = {
    "outside the main part": (BLUE, ""),
    "views misaligned, R": (SKY, "\\\\\\"),
    "spread s": (GREEN, "///"),
    "turn to the mean, √(2ρ)": (ORANGE, "..."),
    "short means": (YELLOW, "xxx"),
    "displacement of the mean, 2D²": (RED, "---"),
}
"""One colour and one hatch for each meaning."""


LIMIT = 3
"""Bars are cut there; what is spent stands beside them."""


def draw(study: Study) -> Canvas:
    """One panel for each measurement drawn, one bar for each form, lever "local" and scope "class".

    A form certifies a class when its bar ends left of the mark. A term below 0 shortens the bar at its left end.
    """
    measurements = drawn_measurements(study)
    figure, panels = canvas(len(measurements), 1.2)
    bars: dict[str, Any] = {}
    for axes, measurement in zip(panels, measurements, strict=True):
        certificates = local(measurement)
        for row, certificate in enumerate(certificates):
            binding = min(certificate["classes"], key=lambda c: c["margin"])
            left = sum(cost for cost in binding["costs"].values() if cost < 0)
            for name, cost in sorted(binding["costs"].items(), key=lambda item: -item[1]):
                if cost > 0 and left < LIMIT:
                    meaning = MEANINGS.get(name, name)
                    fill, hatch = FILLS.get(meaning, (colour({}, meaning), ""))
                    bar = axes.barh(
                        row,
                        min(cost, LIMIT - left),
                        left=left,
                        height=0.55,
                        color=fill,
                        hatch=hatch,
                        edgecolor="white",
                        lw=0.4,
                    )
                    bars.setdefault(meaning, bar)
                left += max(cost, 0.0)
            available = 1 - binding["product"]
            axes.plot([available, available], [row - 0.4, row + 0.4], color=BLACK, lw=2)
            pair = f"{study['class_names'][binding['label']]} / {study['class_names'][binding['rival']]}"
            beyond = f"\u2192 {left:.1f}  " if left > LIMIT else ""
            axes.text(min(max(left, available), LIMIT) + 0.1, row, plain(beyond + pair), va="center", fontsize=small())
        axes.set_yticks(range(len(certificates)), [c["form"] for c in certificates])
        axes.invert_yaxis()
        axes.set_title(f"{plain(measurement['layer'])}\n{plain(measurement['views'])}", fontsize=small())
        axes.grid(visible=False, axis="y")
        axes.set(xlim=(0, 3.6 * LIMIT), xticks=range(LIMIT + 1), xlabel=r"cost; mark: $1-\mu_\ell\cdot\mu_k$")
    figure.legend(bars.values(), bars.keys(), loc="outside lower center", ncols=3)
    return figure


def local(measurement: Measurement) -> list[CertificateRecord]:
    """The certificates with lever "local" and scope "class"."""
    return [c for c in measurement["certificates"] if (c["lever"], c["scope"]) == ("local", "class")]


def caption(study: Study) -> str:
    """What a bar is, and how many of the bars are short enough."""
    certificates = [c for m in drawn_measurements(study) for c in local(m)]
    met = sum(min(v["margin"] for v in c["classes"]) > 0 for c in certificates)
    return (
        "What each form of Theorem 1 spends, lever local, for the class that binds it (class / nearest rival) at the main "
        "part that comes closest. The condition is met for all classes when the bar ends left of the mark: here for "
        f"{met} of {len(certificates)} bars. One colour is one meaning in all forms."
    )


def data(study: Study) -> Iterator[Row]:
    """One row for each term of each bar."""
    for measurement in drawn_measurements(study):
        for certificate in local(measurement):
            binding = min(certificate["classes"], key=lambda c: c["margin"])
            for name, cost in binding["costs"].items():
                yield {
                    "layer": measurement["layer"],
                    "views": measurement["views"],
                    "form": certificate["form"],
                    "class": study["class_names"][binding["label"]],
                    "rival": study["class_names"][binding["rival"]],
                    "term": name,
                    "meaning": MEANINGS.get(name, name),
                    "cost": cost,
                    "available": 1 - binding["product"],
                }


PART = Figure(
    name="slack",
    title="What each form of Theorem 1 spends",
    section=SECTION,
    order=60,
    draw=draw,
    caption=caption,
    data=lambda study: list(data(study)),
    alt="slack of Theorem 1 term by term",
)

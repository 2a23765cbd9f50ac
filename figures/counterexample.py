"""Example 1 as paradox, risk and remedy. Source: lecture, A Counter-Example, and Augmentation-Robust Loss."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
from scipy.stats import skewnorm

from figures.evidence import SIMULATION
from figures.figure import Figure, Row, Section
from figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, Canvas, canvas, small
from theory.arcl import example_risk

LOSSES = (("$L_{align}$", RED, "-", "o"), ("$L_{AR}$", BLUE, "--", "s"), ("E sup", GREEN, "-.", "^"))


def draw(simulation: dict[str, Any]) -> Canvas:
    """Left: the feature on both domains. Middle: the risk by shift. Right: the worst risk of each loss's minimiser.

    simulation  the content of simulate.json
    """
    figure, (left, middle, right) = canvas(3, 1.05)
    _paradox(left, simulation["counterexample"])
    _risk(middle, simulation["counterexample"])
    _remedy(right, simulation["remedy"])
    return figure


def _paradox(axes: Any, example: dict[str, Any]) -> None:
    """Densities of f given the class: half-normal at c = 0, skew normal at c', where f = x1 + x2."""
    t = np.linspace(-3.5, 3.5, 301)
    for row, (name, spread) in enumerate((("$D_0$", 0.0), ("$D_{c'}$", 1.0))):
        base = 1.15 * (1 - row)
        for sign, fill, hatch in ((-1, ORANGE, "//"), (1, BLUE, "")):
            if spread:
                height = skewnorm.pdf(sign * t, 1 / spread, scale=np.hypot(1, spread))
            else:
                height = np.where(sign * t >= 0, 2 * np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi), 0)
            axes.fill_between(t, base, base + height, color=fill, alpha=0.45, lw=0, hatch=hatch)
        axes.axhline(base, color=GREY, lw=0.5)
        risk = 0.0 if spread == 0 else example["verdict"]["claimed"]
        axes.text(-3.5, base + 0.82, f"{name}: risk {risk:g}", fontsize=small(), va="top")
    axes.axvline(0, color=BLACK, lw=0.7, ls=":")
    axes.text(1.2, 0.42, r"$x_1 \geq 0$", color=BLUE, fontsize=small(), ha="left")
    axes.text(-1.2, 0.42, "$x_1 < 0$", color="#8a5a00", fontsize=small(), ha="right")
    axes.set(yticks=[], xlabel="feature $f$", ylim=(-0.02, 2.05))
    axes.set_title(f"paradox: $L_{{align}}$ = {example['align']['closed_form']:g}")
    axes.grid(visible=False)


def _risk(axes: Any, example: dict[str, Any]) -> None:
    rows, eps = example["rows"], example["eps"]
    c = np.array([row["c"] for row in rows])
    curve = np.linspace(0, c.max(), 400)
    axes.plot(curve, example_risk(curve, eps), color=BLUE, label="closed form")
    low, high, at = (np.array([row["counted"][end] for row in rows]) for end in ("low", "high", "estimate"))
    axes.errorbar(
        c, at, [at - low, high - at], fmt=".", color=ORANGE, ms=3, capsize=1.5, lw=0.8,
        label=f"counted, {100 * example['level']:g}%",
    )  # fmt: skip
    axes.plot(c, [row["probe"]["risk"] for row in rows], "x", color=GREEN, ms=3.5, label="trained probe")
    axes.plot(
        [example["verdict"]["c"]], [example["verdict"]["claimed"]], "D", color=RED, ms=6, mfc="none", label="$c'$"
    )
    axes.set(xlabel="shift $c$ of the domain", ylabel="$R(f; D_c)$", ylim=(-0.02, 0.53), title="risk")
    axes.legend(loc="lower right")


def _remedy(axes: Any, remedy: dict[str, Any]) -> None:
    reach = [row["reach"] for row in remedy["rows"]]
    for number, (name, line, style, marker) in enumerate(LOSSES):
        risks = [row["risks"][number] for row in remedy["rows"]]
        axes.plot(reach, risks, ls=style, marker=marker, color=line, ms=3, label=name)
    axes.set_xscale("log", base=2)
    axes.set(xlabel="reach $B$ of the views", ylabel="worst risk within reach", ylim=(-0.02, 0.53), title="remedy")
    axes.legend(loc="upper left", handlelength=2, borderpad=0)


def caption(simulation: dict[str, Any]) -> str:
    """What the panels show, with the measured gain of conditioning."""
    example, remedy = simulation["counterexample"], simulation["remedy"]
    gain = median(
        (r["counted"]["high"] - r["counted"]["low"]) / (r["conditioned"]["high"] - r["conditioned"]["low"])
        for r in example["rows"]
        if r["c"] > 0
    )
    widest = remedy["rows"][-1]
    return (
        f"Example 1 at ε = {example['eps']:g}. Left: the feature f = x_1 + √ε/2 x_2 has alignment loss ε/2, yet separates "
        "the classes without error on the domain D_0 and not on D_c′, c′ = 2/√ε, where a quarter is misclassified. Middle: "
        f"the risk of the best linear probe by shift; counted from {example['samples']} samples a point, and a probe that "
        f"was trained. At equal samples conditioning on x_1 makes the interval {gain:,.0f} times narrower (median). Right: "
        f"the remedy. Squared error for Y = x_1 + {remedy['b']:g} x_2 plus {remedy['lambda']:g} times a loss; as the views "
        f"reach further, the minimiser under L_align keeps x_2 (worst risk {widest['risks'][0]:.2f} at B = "
        f"{widest['reach']:g}), under L_AR, and under its square-free form E sup, it drops x_2 ({widest['risks'][1]:.3f})."
    )


def data(simulation: dict[str, Any]) -> list[Row]:
    """The risks by shift, then the remedy's by reach."""
    risk = [
        {
            "panel": "risk",
            "c": row["c"],
            "closed_form": row["closed_form"],
            **{f"counted_{end}": row["counted"][end] for end in ("estimate", "low", "high")},
            "probe": row["probe"]["risk"],
        }
        for row in simulation["counterexample"]["rows"]
    ]
    remedy = [
        {
            "panel": "remedy",
            "B": row["reach"],
            **dict(zip(("align", "robust", "square_free"), row["risks"], strict=True)),
        }
        for row in simulation["remedy"]["rows"]
    ]
    return [*risk, *remedy]


def _points(documents: Sequence[dict[str, Any]]) -> list[str]:
    example = documents[0]["counterexample"]
    return [
        f"Example 1 {'stands' if example['stands'] else 'does not stand'}: an encoder with L_align = eps/2 = "
        f"{example['align']['closed_form']:g} has risk 0 on one augmented domain and 1/4 on another."
    ]


TITLE = "<h2>Alignment does not bound the risk</h2>"
SECTION = Section(order=20, inputs=SIMULATION, opening=lambda _: TITLE, points=_points)
PART = Figure(
    name="counterexample",
    title="Example 1: paradox, risk, remedy",
    section=SECTION,
    order=10,
    draw=draw,
    caption=caption,
    data=data,
    alt="Example 1: the feature on two domains, the risk by shift, and the worst risk of each loss by reach of the views",
)

"""Example 1: the risk against the shift c, closed form and simulation. Source: lecture, A Counter-Example."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from figures.evidence import SIMULATION
from figures.figure import Figure, Section
from figures.style import BLUE, GREEN, ORANGE, RED, Canvas, canvas
from theory.arcl import example_risk


def draw(simulation: dict[str, Any]) -> Canvas:
    """Risk, and distance of each estimate from the closed form; intervals are those of the simulation, at its level.

    simulation  the content of simulate.json
    """
    example = simulation["counterexample"]
    rows, eps = example["rows"], example["eps"]
    c = np.array([row["c"] for row in rows])
    figure, (left, right) = canvas(2, width=8.4, height=3.4)
    curve = np.linspace(0, c.max(), 400)
    left.plot(curve, example_risk(curve, eps), color=BLUE, label=r"$\arctan(c\sqrt{\epsilon}/2)/\pi$")
    low, high = (np.array([row["counted"][end] for row in rows]) for end in ("low", "high"))
    middle = np.array([row["counted"]["estimate"] for row in rows])
    left.errorbar(
        c, middle, [middle - low, high - middle], fmt=".", color=ORANGE, ms=3, capsize=2,
        label=f"counted, {100 * example['level']:g}% interval",
    )  # fmt: skip
    left.plot(c, [row["probe"]["risk"] for row in rows], "x", color=GREEN, ms=4, label="trained linear probe")
    left.plot([2 / eps**0.5], [0.25], "o", color=RED, ms=7, mfc="none", label=r"$c'=2/\sqrt{\epsilon}$: risk 1/4")
    left.axhline(0.5, color="grey", lw=0.7, ls=":")
    left.set(xlabel="shift c of the domain", ylabel=r"$R(f; D_c)$", ylim=(-0.02, 0.53))
    left.legend(loc="lower right")

    closed = np.array([row["closed_form"] for row in rows])
    for name, colour, move in (("counted", ORANGE, 0.97), ("conditioned", BLUE, 1.03)):
        off = np.array([row[name]["estimate"] for row in rows]) - closed
        reach = np.array(
            [[row[name]["estimate"] - row[name]["low"], row[name]["high"] - row[name]["estimate"]] for row in rows]
        )
        shifted = c > 0
        right.errorbar(
            c[shifted] * move,
            off[shifted],
            reach[shifted].T,
            fmt=".",
            ms=3,
            capsize=2,
            color=colour,
            label=name,
            lw=0.9,
        )
    right.axhline(0, color="grey", lw=0.7)
    right.set_xscale("log")
    right.set_yscale("symlog", linthresh=1e-8)
    right.set(xlabel="shift c of the domain", ylabel="estimate - closed form")
    right.legend(loc="upper left")
    return figure


def caption(simulation: dict[str, Any]) -> str:
    """What the panels show, with the measured gain of conditioning."""
    example = simulation["counterexample"]
    gain = median(
        (r["counted"]["high"] - r["counted"]["low"]) / (r["conditioned"]["high"] - r["conditioned"]["low"])
        for r in example["rows"]
        if r["c"] > 0
    )
    return (
        f"Example 1 at eps = {example['eps']:g}. Left: the risk of the best linear probe on the shifted domain. Right: "
        f"distance of each estimate from the closed form, with its {100 * example['level']:g}% interval. At equal samples "
        f"the conditioned interval is narrower than that of counting by a factor {gain:,.0f} (median over c)."
    )


def _points(documents: Sequence[dict[str, Any]]) -> list[str]:
    example = documents[0]["counterexample"]
    return [
        f"Example 1 {'stands' if example['stands'] else 'does not stand'}: an encoder with L_align = eps/2 = "
        f"{example['align']['closed_form']:g} has risk 0 on one augmented domain and 1/4 on another."
    ]


TITLE = "<h2>Alignment does not bound the risk</h2>"
SECTION = Section(order=20, inputs=SIMULATION, opening=lambda _: TITLE, points=_points)
PART = Figure(name="risk", section=SECTION, order=10, draw=draw, caption=caption, alt="risk against the shift")

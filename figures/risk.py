"""Example 1: the risk against the shift c, closed form and simulation. Source: lecture, A Counter-Example."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.style import BLUE, GREEN, ORANGE, RED, canvas
from theory.arcl import example_risk


def draw(result: dict[str, Any]) -> Figure:
    """`result`: the "counterexample" of simulate.json. Intervals are those of the simulation, at its level."""
    rows, eps = result["rows"], result["eps"]
    c = np.array([row["c"] for row in rows])
    figure, (left, right) = canvas(2, width=8.4)
    curve = np.linspace(0, c.max(), 400)
    left.plot(curve, example_risk(curve, eps), color=BLUE, label=r"$\arctan(c\sqrt{\epsilon}/2)/\pi$")
    low, high = (np.array([row["counted"][end] for row in rows]) for end in ("low", "high"))
    middle = np.array([row["counted"]["estimate"] for row in rows])
    left.errorbar(
        c, middle, [middle - low, high - middle], fmt=".", color=ORANGE, ms=3, capsize=2,
        label=f"counted, {100 * result['level']:g}% interval",
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
        shown = c > 0
        right.errorbar(
            c[shown] * move, off[shown], reach[shown].T, fmt=".", ms=3, capsize=2, color=colour, label=name, lw=0.9
        )
    right.axhline(0, color="grey", lw=0.7)
    right.set_xscale("log")
    right.set_yscale("symlog", linthresh=1e-8)
    right.set(xlabel="shift c of the domain", ylabel="estimate - closed form")
    right.legend(loc="upper left")
    return figure

"""Accuracy by strength of the colour distortion. Source: lecture, The Effect of Concentration Factor, second table."""

from figures import ladder
from figures.experiments import SECTIONS
from figures.figure import Figure

PART = Figure(
    name="strength",
    title="Accuracy by strength of the colour distortion",
    section=SECTIONS["strength"],
    order=10,
    draw=lambda experiment: ladder.draw(experiment, "strength.csv", "strength", "strength"),
    caption=lambda experiment: ladder.caption(
        experiment, "Accuracy by strength of the colour distortion, views ad (crop and colour distortion)."
    ),
    data=lambda experiment: list(ladder.data(experiment, "strength.csv", "strength")),
    alt="accuracy by strength of the colour distortion for each method",
)

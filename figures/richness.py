"""Accuracy by richness of the views. Source: lecture, The Effect of Concentration Factor, first table."""

from figures import ladder
from figures.experiments import SECTIONS
from figures.figure import Figure

PART = Figure(
    name="richness",
    title="Accuracy by richness of the views",
    section=SECTIONS["richness"],
    order=10,
    draw=lambda experiment: ladder.draw(experiment, "richness.csv", "views", "views"),
    caption=lambda experiment: ladder.caption(
        experiment,
        "Accuracy by richness of the views: (a) crop, (b) blur, (c) grey, (d) colour distortion, (e) flip.",
    ),
    data=lambda experiment: list(ladder.data(experiment, "richness.csv", "views")),
    alt="accuracy by richness of the views for each method",
)

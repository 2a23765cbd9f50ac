"""The embedding before and after training, by t-SNE. Source: lecture, Figure: Embedding Space."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.style import CLASS_COLOURS, canvas


def draw(study: dict[str, Any]) -> Figure:
    """`study`: one empirical-*.json. Test images, centred unit backbone features, each panel with a map of its own."""
    labels = np.array(study["embedding"]["labels"])
    figure, panels = canvas(2, width=8.4, height=3.8)
    for axes, when in zip(panels, ("before", "after"), strict=True):
        points = np.array(study["embedding"][when])
        for k, name in enumerate(study["class_names"]):
            own = points[labels == k]
            axes.scatter(*own.T, s=5, color=CLASS_COLOURS[k % 10], alpha=0.7, linewidths=0, label=name, rasterized=True)
        axes.set(xticks=[], yticks=[], title=f"{when} training")
        axes.grid(visible=False)
    panels[1].legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2.5, fontsize=8)
    return figure

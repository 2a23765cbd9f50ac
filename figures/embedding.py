"""The embedding before and after training, by t-SNE. Source: lecture, Figure: Embedding Space."""

import numpy as np

from figures.figure import Figure
from figures.records import Study
from figures.study import SECTION
from figures.style import CLASS_COLOURS, Canvas, canvas, plain


def draw(study: Study) -> Canvas:
    """Test images by their centred unit backbone features, coloured by class; each panel has a map of its own."""
    labels, names = np.array(study["embedding"]["labels"]), [plain(name) for name in study["class_names"]]
    figure, panels = canvas(2, width=8.4, height=3.8)
    for axes, when in zip(panels, ("before", "after"), strict=True):
        points = np.array(study["embedding"][when])
        marks = []
        for k in range(len(names)):
            x, y = points[labels == k].T
            marks.append(axes.scatter(x, y, s=5, color=CLASS_COLOURS[k % 10], alpha=0.7, linewidths=0, rasterized=True))
        axes.set(xticks=[], yticks=[], title=f"{when} training")
        axes.grid(visible=False)
    panels[1].legend(marks, names, loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2.5, fontsize=8)
    return figure


CAPTION = "t-SNE of the backbone features of test images; for the eye only."
PART = Figure(name="embedding", section=SECTION, order=20, draw=draw, caption=lambda _: CAPTION, alt="embedding")

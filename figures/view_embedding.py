"""The embedding under no, colour and all augmentations. Source: lecture, "Richer data augmentation leads to ..."."""

from typing import Any

import numpy as np

from figures.embedding import class_legend, points, scatter
from figures.evidence import EvidenceFiles, how_made
from figures.figure import Figure, Row, Section
from figures.style import Canvas, canvas

EMBEDDING = EvidenceFiles(
    pattern="embedding.json", command="contrastive-theory embedding", minutes=2, required=False, kept="embedding"
)


def draw(embedding: dict[str, Any]) -> Canvas:
    """One panel for each set of views, of the same test images; each has a map of its own."""
    figure, panels = canvas(len(embedding["maps"]), 0.95)
    labels = np.array(embedding["labels"])
    for axes, one in zip(panels, embedding["maps"], strict=True):
        marks = scatter(axes, np.array(one["points"]), labels)
        axes.set_title(f"{one['views']}\nkNN {one['kNN']:.3f}")
    class_legend(figure, marks, embedding["class_names"])
    return figure


def caption(embedding: dict[str, Any]) -> str:
    """What is shown, with the accuracies."""
    accuracies = [one["kNN"] for one in embedding["maps"]]
    says = "; ".join(f"{one['views']} {one['kNN']:.3f}" for one in embedding["maps"])
    return (
        f"t-SNE of the backbone features of {len(embedding['labels'])} test images of {embedding['dataset']} after "
        f"{embedding['epochs']} epochs of {embedding['method']}, seed {embedding['seed']} (scale {embedding['scale']}, "
        f"{how_made(embedding)}). "
        "For the eye only. The lecture asserts that richer views cluster more; in numbers, the kNN accuracy here "
        f"{'rises' if accuracies == sorted(accuracies) else 'does not rise'} from the left to the right: {says}."
    )


def data(embedding: dict[str, Any]) -> list[Row]:
    """The coordinates."""
    maps = {one["views"]: one["points"] for one in embedding["maps"]}
    return points(embedding["labels"], embedding["class_names"], maps)


SECTION = Section(order=55, inputs=EMBEDDING, opening=lambda _: "<h2>The embedding by richness of the views</h2>")
PART = Figure(
    name="view-embedding",
    title="Embedding under no, colour and all augmentations",
    section=SECTION,
    order=10,
    draw=draw,
    caption=caption,
    data=data,
    alt="three maps of test images by encoders trained with no, colour and all augmentations",
)

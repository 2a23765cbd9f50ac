"""What a proof of every view of an image costs, by the size of the box of views and by how many parameters it has."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from figures.evidence import EvidenceFiles
from figures.figure import Figure, Row, Section
from figures.style import BLUE, GREEN, LINES, RED, Canvas, canvas

PROOF_COST = EvidenceFiles(
    pattern="proof-cost*.json",
    command="contrastive-theory cluster --certifiable --out build/encoders/certifiable && contrastive-theory proof-cost",
    minutes=10,
    required=False,
    kept="proof-cost",
)
COLOURS = (BLUE, GREEN, RED)


def by_dimension(document: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
    """The boxes by their number of parameters, both in ascending order."""
    boxes = sorted(document["boxes"], key=lambda box: (box["parameters"], box["share"]))
    return {d: [box for box in boxes if box["parameters"] == d] for d in dict.fromkeys(b["parameters"] for b in boxes)}


def draw(document: dict[str, Any]) -> Canvas:
    """Left: CPU seconds an image, median and quartiles, by share of the ranges. Right: the shares of images proved."""
    figure, (left, right) = canvas(2, 1.3)
    for (parameters, boxes), colour, line in zip(by_dimension(document).items(), COLOURS, LINES, strict=False):
        shares = [box["share"] for box in boxes]
        low, median, high = np.quantile([box["cpu_seconds"] for box in boxes], (0.25, 0.5, 0.75), axis=1)
        left.fill_between(shares, low, high, color=colour, alpha=0.2, lw=0)
        left.plot(shares, median, color=colour, ls=line, marker="o", ms=3, label=f"{parameters} parameters")
        proved = [box["statuses"].count("proved") / len(box["statuses"]) for box in boxes]
        right.plot(shares, proved, color=colour, ls=line, marker="o", ms=3)
    left.set(yscale="log", xlabel="share of the ranges", ylabel="CPU seconds an image")
    left.legend(loc="upper left")
    ticks = sorted({box["share"] for box in document["boxes"]})
    for axes in (left, right):
        axes.set_xticks(ticks, [f"{share:g}" for share in ticks])
    right.set(xlabel="share of the ranges", ylabel="share of images proved", ylim=(0, 1.05))
    return figure


def caption(document: dict[str, Any]) -> str:
    """Whose proofs, and on which machine."""
    setting, made = document["setting"], document["made"]
    last = max(document["boxes"], key=lambda box: (box["parameters"], box["share"]))
    counts = ", ".join(f"{last['statuses'].count(status)} {status}" for status in ("proved", "refuted", "open"))
    return (
        f"Cost of proving every view: {setting['images']} certifying images of {setting['data']}, a network of "
        f"`cluster --certifiable` (weights {setting['weights_sha256'][:12]}), {setting['cells']} cells an image at most, one "
        f"thread of {made['machine']['cpu']}. Left: median over all images and the quartiles (band). Boxes: shifts (2 "
        "parameters), with rotation (3), with scales (5), each at a share of the ranges of mild-warp; of the whole box, "
        f"{counts}."
    )


def data(document: dict[str, Any]) -> Iterator[Row]:
    """One row for each box and image."""
    for box in document["boxes"]:
        for image, (status, cells, seconds) in enumerate(
            zip(box["statuses"], box["cells"], box["cpu_seconds"], strict=True)
        ):
            yield {
                "parameters": box["parameters"],
                "share": box["share"],
                "image": image,
                "status": status,
                "cells": cells,
                "cpu_seconds": seconds,
            }


PART = Figure(
    name="proof-cost",
    title="What a proof of every view costs, by size and dimension of the box",
    section=Section(order=74, inputs=PROOF_COST, shown=False),
    order=10,
    draw=draw,
    caption=caption,
    data=lambda document: list(data(document)),
    alt="CPU seconds an image and share of images proved, by share of the ranges, for 2, 3 and 5 parameters",
)

"""What a proof of every view costs, by the size and the dimension of the box of views: `contrastive-theory proof-cost`.

Of a network that `contrastive-theory cluster --certifiable` has trained, certifying images are verified over parts of the box
of mild-warp: 2 parameters (the shifts), 3 (and rotation) and 5 (and scales), at a quarter, half, three quarters and all of
their ranges. proof-cost.json holds the verdict, the cells and the CPU seconds of each image in each box.
Exit status 0: measured; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.experiments.proof_cost")


import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor
from tqdm import tqdm

from empirical.audit.halves import halves
from empirical.continuous.geometry import Box
from empirical.continuous.network import Plain, plain
from empirical.continuous.search import verify_one
from empirical.continuous.sub_boxes import part_of
from empirical.data.sets import load
from empirical.evaluation.features import weights_hash
from empirical.experiments import kept
from empirical.machine import made
from empirical.thirdparty import first_line
from empirical.training.clustering import network
from empirical.views.warps import MILD_WARP
from theory.command import OneLineParser, at_least, integer, output_folder, show_progress
from theory.digests import write_evidence

PARTS = (("shift",), ("rotation", "shift"), ("rotation", "scale", "shift"))
"""Of the warp: 2, 3 and 5 parameters."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the ranges."""


def costs(verified: Plain, images: Tensor, cells: int, progress: bool) -> list[dict[str, Any]]:
    """Of each box: its parts and parameters, its share of the ranges, and of each image (n, C, H, W) what came of it."""
    verify_one(
        verified, images[0], Box(part_of(MILD_WARP, PARTS[0], SHARES[0])), 1
    )  # compiles, or loads what was compiled
    boxes = [(parts, share) for parts in PARTS for share in SHARES]
    results = []
    for parts, share in tqdm(boxes, desc="boxes", disable=not progress):
        box, verdicts, seconds = Box(part_of(MILD_WARP, parts, share)), [], []
        for image in images:
            start = time.process_time()
            verdicts.append(verify_one(verified, image, box, cells))
            seconds.append(time.process_time() - start)
        results.append(
            {
                "parts": list(parts),
                "parameters": len(box.dimensions),
                "share": share,
                "statuses": [verdict.status for verdict in verdicts],
                "cells": [verdict.cells for verdict in verdicts],
                "cpu_seconds": seconds,
            }
        )
    return results


def trained(path: Path, shape: tuple[int, int, int]) -> tuple[Plain, str]:
    """The network in the file, for images of this shape, and the hash of its weights.

    Raises ValueError, with the remedy, where the file or the JSON beside it does not hold one.
    """
    remedy = (
        "run `contrastive-theory cluster --certifiable --out build/encoders/certifiable`, or give a file it has written"
    )
    try:
        content = json.loads(path.with_suffix(".json").read_bytes())
        module = network(content["config"]["clusters"], content["config"]["backbone"])
        module.load_state_dict(safetensors.torch.load_file(path))
        recorded = content["weights_sha256"]
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"--encoder={path}: cannot be read ({first_line(error)}); {remedy}") from error
    if recorded != weights_hash(module):
        raise ValueError(f"--encoder={path}: not the weights that the JSON beside it names; {remedy}")
    return plain(module.eval(), shape), recorded


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser(
        "proof-cost", description="CPU seconds of proving every view, by size and dimension of the box."
    )
    parser.add_argument(
        "--encoder",
        type=Path,
        default=Path("build/encoders/certifiable/digits.safetensors"),
        help="of `cluster --data digits --certifiable --out build/encoders/certifiable` (%(default)s)",
    )
    parser.add_argument("--n", type=integer, default=24, help="certifying images (%(default)s)")
    parser.add_argument("--cells", type=integer, default=20_000, help="an image at most (%(default)s)")
    parser.share("seed", help="of the data's halves; the one the encoder was trained with (%(default)s)")
    parser.share("out", "quiet")
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        at_least(options, n=1, cells=1)
        data = halves(load("digits", seed=options.seed))
        channels, height, width = data.images.shape[1:]
        verified, weights = trained(options.encoder, (channels, height, width))
        folder = output_folder("--out", options.out)
    except ValueError as error:
        parser.error(str(error))
    images = data.images[: options.n]
    boxes = costs(verified, images, options.cells, show_progress(options))
    spent = sum(sum(box["cpu_seconds"]) for box in boxes)
    content = {
        "setting": {
            "data": "digits",
            "seed": options.seed,
            "images": len(images),
            "cells": options.cells,
            "weights_sha256": weights,
            "warp": MILD_WARP.describe(),
        },
        "made": made(spent) | {"command": kept.words("proof-cost", n=options.n, cells=options.cells)},
        "boxes": boxes,
    }
    write_evidence(folder / "proof-cost.json", content)
    for box in boxes:
        proved = box["statuses"].count("proved")
        mean = sum(box["cpu_seconds"]) / len(images)
        print(
            f"{box['parameters']} parameters, {box['share']:g} of the ranges: {proved} of {len(images)} proved, {mean:.2f} s"
        )
    print(folder / "proof-cost.json")
    return 0

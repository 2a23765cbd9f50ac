"""`contrastive-theory embedding`: maps of test images by encoders that were trained with no, colour and all augmentations.

Source: lecture, figure "SimCLR's embedding space with different richnesses of data augmentations".
Exit status 0: done; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.experiments.embedding")


import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from empirical.data.sets import Dataset
from empirical.evaluation.classifiers import KNN, NearestMean, evaluate
from empirical.experiments import kept
from empirical.experiments.design import SCALES, Scale
from empirical.experiments.running import load_for
from empirical.experiments.study import SHOWN, at_most, balanced, plane
from empirical.machine import made
from empirical.training.loop import pick_device, train
from theory.checks import check_choice
from theory.command import OneLineParser, output_folder, show_progress
from theory.digests import write_evidence

VIEWS = {"no augmentation": "", "colour only": "cd", "all augmentations": "abcde"}


def maps(
    scale: Scale, seed: int, paths: Mapping[str, Path], device: torch.device, runs: Path, *, progress: bool
) -> dict[str, Any]:
    """Train SimCLR once for each of `VIEWS` (or take the finished run), map the same test images, measure.

    Returns plain JSON types; the CPU minutes are those of this process.
    """
    started = time.process_time()
    method = scale.methods["SimCLR"]
    configs = {name: scale.config(method, letters, seed) for name, letters in VIEWS.items()}
    data: Dataset = load_for(next(iter(configs.values())), paths)
    shown = balanced(data.test_labels, at_most(data.test_labels, SHOWN))
    drawn = []
    for name, config in tqdm(configs.items(), desc="embedding", disable=not progress):
        encoder = train(config, data, device, runs, progress=False).encoder
        knn, mean = evaluate(encoder.backbone, data, device, [KNN(), NearestMean()])
        points = np.round(plane(encoder, data, shown, device), 5).tolist()
        accuracy = {"kNN": knn.accuracy, "nearest mean": mean.accuracy}
        drawn.append({"views": name, "letters": config.letters, "points": points, **accuracy})
    return {
        "name": "embedding",
        "scale": scale.name,
        "dataset": data.name,
        "method": "SimCLR",
        "seed": seed,
        "epochs": next(iter(configs.values())).epochs,
        "class_names": list(data.class_names),
        "labels": data.test_labels[shown].tolist(),
        "maps": drawn,
        "made": made(time.process_time() - started) | {"command": kept.words("embedding", scale=scale.name, seed=seed)},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("embedding", description="Map test images by encoders trained with poor and rich views.")
    parser.add_argument("--scale", default="embedded", help=f"{', '.join(SCALES)} (%(default)s)")
    parser.share("path", help="where the scale's data lie, where they are not embedded")
    parser.share("seed", "device", "runs", "out", "json", "quiet")
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        scale = SCALES[check_choice("--scale", options.scale, SCALES)]
        output_folder("--runs", options.runs)
        target = output_folder("--out", options.out) / "embedding.json"
        paths = {} if options.path is None else {scale.dataset: options.path}
        device = pick_device(options.device)
        content = maps(scale, options.seed, paths, device, options.runs, progress=show_progress(options))
    except ValueError as error:
        parser.error(str(error))
    write_evidence(target, content)
    lines = [
        f"{one['views']:<20}kNN {one['kNN']:.3f}   nearest mean {one['nearest mean']:.3f}" for one in content["maps"]
    ]
    print(json.dumps(content, indent=1) if options.json else "\n".join([*lines, f"written to {target}"]))
    return 0

"""sigma(delta) of whole classes, at the lecture's size: `contrastive-theory class-frontiers`.

For every class and view set one finite world of the class's first n training images with m views each, the image itself
among them: exact augmented distances, and from them a certified interval for the main part at every delta. The view sets are
the lecture's ten pairs of a to e, crops (a) and colour (d) alone, and patches masked at random (f, with the share masked).

One JSON file per class and view set; one that is there with the same setting is not computed again, and one of another
setting is left alone: the command then asks for another folder. The values of delta are the
same for all view sets of a class, so that these can be compared: equal steps up to the largest distance of two plain images.
When all are there, class-frontiers.json holds every sigma as a number of images, which is what the repository keeps.
Exit status 0: all are there; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.experiments.class_frontiers")


import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from empirical.data.reading import add_data_options, read_named
from empirical.experiments import kept
from empirical.experiments.design import PAIRS
from empirical.machine import made
from empirical.views.augmentations import Augmentation
from empirical.views.protocol import MOST_VIEWS, finite_views
from theory.checks import check_choice, check_integer
from theory.command import OneLineParser, at_least, integer, output_folder
from theory.concentration import augmented_distances, frontier
from theory.digests import read_evidence, write_evidence

SETS = {
    **{letters: Augmentation.from_letters(letters) for letters in (*PAIRS, "a", "d")},
    **{f"f {share:g}": Augmentation.from_letters("f", mask_share=share) for share in (0.25, 0.5, 0.75)},
}
"""By name; f with the share of patches masked."""
STEPS = 200
"""Steps of delta."""
DECIDING = ("data", "n", "n_views", "seed", "nodes", "side", "classes", "sets")
"""Options that decide a result."""
LEVELS = tuple(k / 100 for k in range(101))
"""Levels of the quantiles of the augmented distances at which the frontier is kept besides."""


def class_frontier(images: Tensor, name: str, views: int, seed: int, nodes: int) -> dict[str, Any]:
    """What is kept of one class's frontier under one view set; images (n, C, H, W).

    Raises ValueError for less than 2 images.
    """
    started = time.process_time()
    world = finite_views(images, SETS[name], views, seed).flatten(2).numpy()
    drawn = time.process_time()
    distances = augmented_distances(world)
    plain = augmented_distances(images.flatten(1)[:, None].numpy(), images.flatten(1)[:, None].numpy())
    measured = time.process_time()
    curve = frontier(distances, nodes=nodes)
    ended = time.process_time()
    deltas = np.linspace(0, plain.max(), STEPS + 1)
    quantiles = np.quantile(distances[np.triu_indices(len(distances), 1)], LEVELS)
    (low, high), (low_at, high_at) = curve.sigma(deltas), curve.sigma(quantiles)
    return {
        "deltas": deltas.tolist(),
        "sigma_low": low.tolist(),
        "sigma_high": high.tolist(),
        "quantiles": quantiles.tolist(),
        "sigma_low_at_quantiles": low_at.tolist(),
        "sigma_high_at_quantiles": high_at.tolist(),
        "mean_width": curve.width,
        "largest_width": float((curve.upper - curve.lower).max()) / len(distances),
        "exact": curve.exact,
        "nodes_spent": curve.nodes,
        "cpu_seconds": {"views": drawn - started, "distances": measured - drawn, "frontier": ended - measured},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("class-frontiers", description="sigma(delta) of whole classes under many view sets.")
    add_data_options(parser, default="folder")
    parser.share("n-views", "seed")
    parser.add_argument("--classes", nargs="+", help="names of classes (all)")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help=f"of {', '.join(SETS)} (all)")
    parser.add_argument("--n", type=integer, default=1000, help="training images per class (%(default)s)")
    parser.add_argument("--nodes", type=integer, default=2_000_000, help="search budget per frontier (%(default)s)")
    parser.share("out", help="folder of the results (%(default)s)")
    options = parser.parse_words(argv)
    torch.set_num_threads(1)
    try:
        at_least(options, n=2, nodes=1)
        check_integer("--n-views", options.n_views, 2, MOST_VIEWS)
        for name in options.sets:
            check_choice("--sets", name, tuple(SETS))
        reading = read_named(options)
        data = reading.data
        for name in options.classes or ():
            check_choice("--classes", name, data.class_names)
        folder, results = output_folder("--out", options.out), []
        for class_name in options.classes or data.class_names:
            members = (data.train_labels == data.class_names.index(class_name)).nonzero()[: options.n, 0]
            if len(members) < options.n:
                raise ValueError(
                    f"--n={options.n}: class {class_name} has {len(members)} training images; give at most these"
                )
            for name in options.sets:
                setting = {
                    "data": reading.name,
                    "class": class_name,
                    "set": name,
                    "n": options.n,
                    "views": options.n_views,
                    "seed": options.seed,
                    "nodes": options.nodes,
                    **({} if options.side is None else {"side": options.side}),
                }
                result, line = _one(folder, setting, data.train_images[members])
                results.append(result)
                print(line, flush=True)
        command = kept.words("class-frontiers", **{name: getattr(options, name) for name in DECIDING})
        write_evidence(folder / "class-frontiers.json", gathered(results, command))
        for note in reading.notes:
            print(note)
    except ValueError as error:
        parser.error(str(error))
    return 0


def gathered(results: Sequence[dict[str, Any]], command: list[str]) -> dict[str, Any]:
    """All results of one setting in one document: for every class and view set the bounds on |main part| at each delta.

    command   the words that made them
    """
    first = results[0]
    classes: dict[str, Any] = {}
    for result in results:
        setting, n = result["setting"], result["setting"]["n"]
        of_class = classes.setdefault(setting["class"], {"deltas": result["deltas"], "sets": {}})
        of_class["sets"][setting["set"]] = {
            end: [round(sigma * n) for sigma in result[f"sigma_{end}"]] for end in ("low", "high")
        } | {"mean_width": result["mean_width"], "cpu_seconds": result["cpu_seconds"]}
    return {
        "setting": {key: value for key, value in first["setting"].items() if key not in ("class", "set")},
        "made": first["made"]
        | {
            "commit": " ".join(sorted({str(result["made"]["commit"]) for result in results})),
            "cpu_minutes": sum(sum(result["cpu_seconds"].values()) for result in results) / 60,
            "command": command,
        },
        "classes": classes,
    }


def _one(folder: Path, setting: dict[str, Any], images: Tensor) -> tuple[dict[str, Any], str]:
    """Compute and write one result unless it is there; a line about it. ValueError where one of another setting is there."""
    name = re.sub(r"[^\w.]+", "-", f"{setting['class']}-{setting['set']}-{setting['n']}")  # a class may be called a/b
    path = folder / f"sigma-{name}.json"
    if path.exists():
        written = read_evidence(path, "delete it to compute it again")
        if not isinstance(written, dict) or written.get("setting") != setting:
            raise ValueError(f"--out={folder}: {path.name} there is of another setting; give another folder")
        return written, f"{path}: is there"
    measured = class_frontier(images, setting["set"], setting["views"], setting["seed"], setting["nodes"])
    result = {"setting": setting, "made": made(sum(measured["cpu_seconds"].values())), **measured}
    write_evidence(path, result)
    seconds = ", ".join(f"{name} {value:.1f}" for name, value in result["cpu_seconds"].items())
    return result, f"{path}: mean width {result['mean_width']:.4%}, CPU s: {seconds}"

"""Train and measure the runs of an experiment, in parallel, each of them once.

A finished run leaves one JSON file, named by its configuration and by the code that decides what is in it; it is written
whole or not at all, and never repeated. Training itself resumes after a kill (see `empirical.training.loop`).
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import Parallel, delayed
from scipy.spatial.distance import pdist
from torch import nn
from tqdm import tqdm

from empirical.data.sets import Dataset, fingerprint, load
from empirical.evaluation import heads, transfer
from empirical.evaluation.classifiers import KNN, NearestMean, evaluate
from empirical.evaluation.domains import ORIGINAL, on_domains
from empirical.evaluation.finetuning import FineTuning
from empirical.evaluation.probe import LinearProbe
from empirical.evaluation.world import world_of
from empirical.experiments.design import DOMAIN_METRICS, Cell, Experiment, Scale
from empirical.experiments.study import balanced, factors_probe
from empirical.provenance import source_digest
from empirical.training.loop import Diverged, TrainingConfig, TrainingResult, pick_device, train
from empirical.training.methods import initial_encoder
from empirical.training.networks import Encoder
from empirical.views.protocol import finite_views
from theory.arcl import robust_displacement
from theory.concentration import augmented_distances, main_part
from theory.files import write_json

WORLD_SAMPLES, WORLD_VIEWS = 20, 8
"""Test images per class, and views of each, on which distances between views are measured."""


@dataclass(frozen=True)
class Trained:
    """What a measure is given: one run with its encoder, its data, and the folders of other data sets."""

    cell: Cell
    data: Dataset
    result: TrainingResult
    device: torch.device
    scale: Scale
    paths: Mapping[str, Path]


def accuracy(run: Trained) -> dict[str, float]:
    """kNN(20) and nearest class mean on backbone features of the test images."""
    evaluations = evaluate(run.result.encoder.backbone, run.data, run.device, [KNN(), NearestMean()])
    knn, mean = (e.accuracy for e in evaluations)
    return {"kNN": knn, "nearest mean": mean, "nearest mean error": 1 - mean}


def concentration(run: Trained) -> dict[str, float]:
    """Share of test images outside the main parts of their classes, 1 - sum_k p_k sigma_k(delta), in input space.

    delta is the median distance between two plain images of one class, or their lower quartile; both are the same for every
    kind of view. The share is exact on the finite views drawn if every clique search ends, and else an upper bound.
    """
    chosen = balanced(run.data.test_labels, WORLD_SAMPLES)
    images, labels = run.data.test_images[chosen], run.data.test_labels[chosen].numpy()
    views = finite_views(images, run.cell.config.augmentation(), WORLD_VIEWS, seed=0).flatten(2).double().numpy()
    members = [np.flatnonzero(labels == k) for k in range(len(run.data.class_names))]
    upper = np.triu_indices(WORLD_SAMPLES, 1)
    plain = np.concatenate([augmented_distances(views[m][:, [0, 0]])[upper] for m in members])
    distances = [augmented_distances(views[m]) for m in members]

    def outside(delta: float) -> float:
        return 1 - sum(main_part(d, delta).lower for d in distances) / len(labels)

    return {
        "1 - sigma": outside(float(np.median(plain))),
        "1 - sigma, quartile": outside(float(np.quantile(plain, 0.25))),
    }


def factors(run: Trained) -> dict[str, float]:
    """Alignment, divergence and R_eps over training: before it, after an epoch, at the peak of L_align, and at the end."""
    history = run.result.history
    return {
        "alignment first": history[0]["alignment"],
        "alignment epoch 1": history[1]["alignment"],
        "alignment peak": max(record["alignment"] for record in history),
        "alignment last": history[-1]["alignment"],
        "product first": history[0]["largest_product"],
        "product last": history[-1]["largest_product"],
        "R_eps last": history[-1]["misaligned"],
    }


def domains(run: Trained) -> dict[str, float]:
    """Linear probe fitted on each test domain; `carried`: the mean over domains of the one fitted on the originals."""
    evaluations = on_domains(
        run.result.encoder.backbone, run.data, run.device, LinearProbe(), seed=run.cell.config.seed
    )
    own = {e.domain: e.own.accuracy for e in evaluations}
    shifted = [e for e in evaluations if e.domain != ORIGINAL]
    return {
        **{name: own[name] for name in DOMAIN_METRICS},
        "mean of domains": float(np.mean([e.own.accuracy for e in shifted])),
        "carried": float(np.mean([e.carried.accuracy for e in shifted])),
    }


def displacement(run: Trained) -> dict[str, float]:
    """E_x of the largest distance between two views of x, unit head features, on test images under the training views.

    `relative displacement` is the same divided by the mean distance between the test images themselves. An encoder that
    draws all features together lowers the first, but not the second.
    """
    chosen = balanced(run.data.test_labels, WORLD_SAMPLES)
    views = finite_views(run.data.test_images[chosen], run.cell.config.augmentation(), WORLD_VIEWS, seed=0)
    features = world_of(run.result.encoder, heads.unit(), views, run.data.test_labels[chosen], run.device).features
    largest = float(robust_displacement(features))
    return {"displacement": largest, "relative displacement": largest / float(pdist(features[:, 0]).mean())}


def transferred(run: Trained) -> dict[str, float]:
    """Linear probe and fine-tuning on the scale's target data set."""
    target = load_target(run.cell.config, run.scale, run.paths)
    backbone, seed = run.result.encoder.backbone, run.cell.config.seed
    linear = transfer.linear(backbone, run.data, target, run.device, LinearProbe())
    tuned = transfer.fine_tuned(backbone, run.data, target, run.device, FineTuning(seed=seed))
    return {"linear": linear.accuracy, "fine-tuned": tuned.accuracy}


MEASURES: dict[str, Callable[[Trained], dict[str, float]]] = {
    "accuracy": accuracy,
    "concentration": concentration,
    "factors": factors,
    "domains": domains,
    "displacement": displacement,
    "transfer": transferred,
}


def load_for(config: TrainingConfig, paths: Mapping[str, Path]) -> Dataset:
    """The data set of a run."""
    return load(
        config.dataset,
        seed=config.seed,
        train_size=config.train_size,
        path=paths.get(config.dataset),
        classes=config.classes,
        side=config.side,
    )


def load_target(config: TrainingConfig, scale: Scale, paths: Mapping[str, Path]) -> Dataset:
    """The data set that a run is transferred to."""
    return load(scale.target, seed=config.seed, path=paths.get(scale.target))


def result_file(out: Path, cell: Cell, measures: Sequence[str], device: torch.device, data: Sequence[Dataset]) -> Path:
    """Where the numbers of a run are kept: named by configuration, measures, device, data, and the code that decides them."""
    words = [cell.config.key(), cell.encoder, *measures, device.type, *map(fingerprint, data)]
    digest = hashlib.sha256(json.dumps(words).encode())
    digest.update(source_digest(__name__).encode())
    return out / f"{digest.hexdigest()[:16]}.json"


def _encoder_of(cell: Cell, data: Dataset, device: torch.device, runs: Path) -> TrainingResult:
    """The cell's encoder and how it came about; one that was not trained has no history."""
    config = cell.config
    if cell.encoder == "trained":
        probe = factors_probe(data, config.augmentation(), device)
        try:
            return train(config, data, device, runs, progress=False, probe=probe)
        except Diverged as error:  # its remedies are settings, which the scale fixes
            raise ValueError(
                f"group={cell.group!r}: {cell.row} with seed {config.seed} diverges; choose other groups, and report this"
            ) from error
    if cell.encoder == "initial":
        encoder = initial_encoder(config.method, config.encoder, config.seed)
    else:
        encoder = Encoder(nn.Flatten(), nn.Identity())
    return TrainingResult(encoder, (), runs)


def run_cell(
    cell: Cell, measures: Sequence[str], scale: Scale, paths: Mapping[str, Path], runs: Path, out: Path, device: str
) -> dict[str, Any]:
    """Train (or take the finished run), measure, keep.

    Returns {"group", "row", "seed", "values", "history", "cpu_seconds"}: what was measured at the end, the training's records
    epoch by epoch, and the CPU time of the process that ended the run (what an interrupted one had spent is not in it).
    """
    torch.set_num_threads(1)
    place = pick_device(device)
    data = load_for(cell.config, paths)
    others = [load_target(cell.config, scale, paths)] if "transfer" in measures else []
    target = result_file(out, cell, measures, place, [data, *others])
    if not target.exists():
        start = time.process_time()
        run = Trained(cell, data, _encoder_of(cell, data, place, runs), place, scale, paths)
        values = {name: value for measure in measures for name, value in MEASURES[measure](run).items()}
        content = {
            "config": cell.config.description(),
            "device": place.type,
            "values": values,
            "history": [{name: v for name, v in r.items() if name != "images_per_second"} for r in run.result.history],
            "cpu_seconds": time.process_time() - start,
        }
        write_json(target, {**content, "sha256": _digest(content)})
    return {"group": cell.group, "row": cell.row, "seed": cell.config.seed, **_kept(target)}


def _kept(target: Path) -> dict[str, Any]:
    """What a finished run is reported by; ValueError where its file is not as it was written."""
    try:
        content = json.loads(target.read_bytes())
        written = content.pop("sha256", None)
        kept = {name: content[name] for name in ("values", "history", "cpu_seconds")}
    except (AttributeError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"result={target}: no result of a run ({error!r}); delete it to measure the run again"
        ) from error
    if written != _digest(content):
        raise ValueError(f"result={target}: changed after it was written; delete it to measure the run again")
    return kept


def _digest(content: dict[str, Any]) -> str:
    """SHA-256 of what a result file says beside it; one file, so that no kill parts them."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def run_all(
    experiment: Experiment,
    scale: Scale,
    seeds: Sequence[int],
    *,
    jobs: int,
    paths: Mapping[str, Path],
    runs: Path,
    out: Path,
    device: str = "auto",
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Every run of the grid, `jobs` at a time, through joblib: `joblib.parallel_config` sends them elsewhere.

    The result does not depend on `jobs`. ValueError as `load` and `train` give, the first before any run starts.
    """
    cells = [cell for seed in seeds for cell in experiment.cells(scale, seed)]
    load_for(cells[0].config, paths)
    pick_device(device)
    work = (delayed(run_cell)(cell, experiment.measures, scale, paths, runs, out, device) for cell in cells)
    results = Parallel(n_jobs=jobs, return_as="generator")(work)
    return list(tqdm(results, total=len(cells), desc=experiment.name, unit="run", disable=not progress))

"""One training at the scale `cifar-gpu`, of as many epochs as the time allows, with its curve; the network is kept."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from empirical.cuda import weights
from empirical.cuda.images import stored
from empirical.cuda.plan import Request
from empirical.cuda.sizes import Sizes, sizes_of
from empirical.cuda.stage import Notes
from empirical.data.sets import Dataset
from empirical.evaluation.classifiers import KNN, NearestMean, accuracy, evaluate
from empirical.evaluation.features import BLOCK, evaluating
from empirical.training.loop import Probe, TrainingConfig, pick_device, train
from empirical.training.methods import autocast, initial_encoder
from empirical.training.networks import Encoder

NAME = "encoder"
LAST = 12.0
"""Seconds kept for what follows the last epoch: its evaluation, and the files of the network."""
MARGIN = 1.08
"""An epoch may take so much longer than measured."""
GAIN = 1.05
"""What compiling must gain in images per second for the training to be compiled."""


def run(request: Request, notes: Notes) -> None:
    """Measure the pace, plain and compiled; train; evaluate the network that is kept, the one of the last epoch."""
    device, data = pick_device(request.device), stored(request)
    sizes = sizes_of(request.rehearsal)
    torch.backends.cudnn.benchmark = True  # shapes never change
    work, out = Path(request.work) / "runs", Path(request.out)
    weights.remove(out, NAME)  # of an earlier call, which would not be repeated
    shutil.rmtree(work, ignore_errors=True)
    config = replace(sizes.training, dataset=data.name)
    pace = measured_pace(config, data, device, work, sizes.rate_steps, notes)
    config = replace(config, compiled=pace["compiled"] > GAIN * pace["plain"])
    rate = max(pace.values()) if config.compiled else pace["plain"]
    steps = len(data.train_images) // config.batch_size
    began = time.time()
    probe, points = curve(sizes, data, device, out, began, notes)
    probe(initial_encoder(config.method, config.encoder, config.seed).to(device), 0)
    seconds = MARGIN * steps * config.batch_size / rate + points[0]["probe_seconds"] / sizes.probe_every
    config = replace(config, epochs=epochs_that_fit(request.deadline - LAST - time.time(), seconds, config.epochs))
    notes.add(config=config.description(), epoch_seconds_expected=seconds)
    result = train(config, data, device, work, progress=False, probe=probe, save_every=config.epochs)
    notes.add(
        training_seconds=time.time() - began,
        images_per_second=[round(record["images_per_second"]) for record in result.history[1:]],
        loss=[record["loss"] for record in result.history[1:]],
    )
    weights.round_to_halves(result.encoder)
    evaluations = evaluate(result.encoder.backbone, data, device, (KNN(), NearestMean()))
    notes.add(
        weights=weights.save(result.encoder, out, NAME),
        load=f"build_encoder(0, {config.encoder!r}, {config.method.head.widths}), weights.load(FOLDER, {NAME!r})",
        evaluations=[asdict(evaluation) for evaluation in evaluations],
    )


def measured_pace(
    config: TrainingConfig, data: Dataset, device: torch.device, work: Path, steps: int, notes: Notes
) -> dict[str, float]:
    """Images per second of a few steps, plain and compiled, from the second epoch of short runs; and what compiling took."""
    n = min(len(data.train_images), steps * config.batch_size)
    few = replace(data, train_images=data.train_images[:n], train_labels=data.train_labels[:n])
    pace: dict[str, float] = {}
    for name in ("plain", "compiled"):
        start = time.perf_counter()
        short = replace(config, epochs=2, compiled=name == "compiled", seed=config.seed + 1)
        history = train(short, few, device, work, progress=False, save_every=2).history
        pace[name] = history[-1]["images_per_second"]
        notes.add(pace=pace, **{f"{name}_seconds": time.perf_counter() - start})
    return pace


def epochs_that_fit(left: float, seconds: float, most: int) -> int:
    """Epochs of so many seconds in the time that is left, at most `most`; ValueError where not one fits."""
    fitting = int(left / seconds)
    if fitting < 1:
        raise ValueError(
            f"minutes: {left:.0f} s are left for training, an epoch takes {seconds:.1f} s; give more time (--minutes)"
        )
    return min(fitting, most)


def curve(
    sizes: Sizes, data: Dataset, device: torch.device, out: Path, began: float, notes: Notes
) -> tuple[Probe, list[dict[str, float]]]:
    """A probe that adds a point every `probe_every` epochs, kept at once together with the network; and its points.

    A point is the accuracy of kNN(20) and the seconds since `began`, those of former points included.
    """
    train_images, test_images = data.train_images.to(device), data.test_images.to(device)
    train_labels, test_labels = data.train_labels.to(device), data.test_labels.to(device)
    points: list[dict[str, float]] = []

    def probe(encoder: Encoder, epoch: int) -> dict[str, float]:
        if epoch % sizes.probe_every or (epoch == 0 and points):
            return {}
        start = time.time()
        features = features_of(encoder.backbone, device)
        knn = accuracy(KNN().fit(features(train_images), train_labels), features(test_images), test_labels)
        point = {"epoch": epoch, "seconds": start - began, "knn": knn, "probe_seconds": time.time() - start}
        points.append(point)
        notes.add(curve=points)
        if epoch > 0:
            weights.save(encoder, out, NAME)
        return {"knn": knn}

    return probe, points


def features_of(module: nn.Module, device: torch.device) -> Callable[[torch.Tensor], torch.Tensor]:
    """Features in the precision of training, left on the device: for points of a curve, not for a reported number."""

    def features(images: torch.Tensor) -> torch.Tensor:
        with evaluating(module, device), torch.no_grad(), autocast(device):
            return torch.cat([module(block).float() for block in images.split(BLOCK)])

    return features

"""One study: train an encoder, evaluate it before and after, measure it, hold it against every form of Theorem 1."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.manifold import TSNE
from torch import Tensor
from tqdm import tqdm

from empirical.data.sets import Dataset
from empirical.evaluation import heads
from empirical.evaluation.classifiers import knn_accuracy, nearest_mean_accuracy
from empirical.evaluation.features import extract, weights_hash
from empirical.evaluation.losses import LossBound, loss_bounds
from empirical.evaluation.world import Measurement, as_json, measure, world_of
from empirical.training.loop import Probe, TrainingConfig, train
from empirical.training.methods import initial_encoder
from empirical.training.networks import Encoder
from empirical.views.augmentations import MILD, Augmentation
from empirical.views.protocol import finite_views
from theory import factors
from theory.ledger import Evidence
from theory.setting import Array
from theory.theorem1 import FORMS

NEIGHBOURS = 20
TEMPERATURE = 0.1
PROBE_SAMPLES, PROBE_VIEWS = 20, 4
PROBE_EPS = 0.5
"""eps of the R_eps that is recorded during training, for features of norm 1."""
SHOWN = 60


@dataclass(frozen=True)
class Accuracy:
    """kNN and nearest-class-mean accuracy on the test images, features of unit norm, means from the training images."""

    layer: str
    knn: float
    nearest_mean: float


@dataclass(frozen=True)
class Study:
    """The results of one run.

    before, after      accuracies of both layers, untrained and after the last epoch
    history            one record per epoch, see `TrainingResult`
    embedding          (n, 2) t-SNE maps of the backbone features, "before" and "after";  embedding_labels  (n,)
    measurements       of the finite world, for every layer under every set of views
    losses             what Theorems 3 and 4 say of each of these worlds
    """

    config: TrainingConfig
    device: str
    data: Dataset
    weights_hash: str
    before: tuple[Accuracy, ...]
    after: tuple[Accuracy, ...]
    history: tuple[dict[str, float], ...]
    embedding: dict[str, Array]
    embedding_labels: Array
    measurements: tuple[Measurement, ...]
    losses: tuple[tuple[LossBound, ...], ...]


def balanced(labels: Tensor, samples_per_class: int) -> Tensor:
    """Indices of the first samples of every class, class by class; ValueError where a class has fewer."""
    counts = labels.bincount()
    least = int(counts.min())
    if not 1 <= samples_per_class <= least:
        raise ValueError(
            f"samples_per_class={samples_per_class}: the smallest class has {least} images; choose 1 to {least}"
        )
    return torch.cat([(labels == k).nonzero()[:samples_per_class, 0] for k in range(len(counts))])


def at_most(labels: Tensor, samples_per_class: int) -> int:
    """So many samples of every class, or as many as the smallest class has."""
    return min(samples_per_class, int(labels.bincount().min()))


def factors_probe(data: Dataset, augmentation: Augmentation, device: torch.device) -> Probe:
    """Alignment, R_eps and divergence of the unit head features on a few test images, for the curves over training."""
    chosen = balanced(data.test_labels, at_most(data.test_labels, PROBE_SAMPLES))
    views, labels = finite_views(data.test_images[chosen], augmentation, PROBE_VIEWS, seed=0), data.test_labels[chosen]

    def probe(encoder: Encoder, epoch: int) -> dict[str, float]:  # noqa: ARG001
        world = world_of(encoder, heads.unit(), views, labels, device)
        products = factors.divergence(world)
        off = products[~np.eye(world.classes, dtype=bool)]
        return {
            "alignment": float(factors.alignment(world)),
            "robust_alignment": float(factors.robust_alignment(world)),
            "misaligned": float(factors.misaligned_share(world, PROBE_EPS)),
            "largest_product": float(off.max()),
            "mean_product": float(off.mean()),
            "error": float(factors.nearest_mean_error(world)),
        }

    return probe


def accuracy(layer: str, module: torch.nn.Module, data: Dataset, device: torch.device) -> Accuracy:
    """Evaluation of a module, images to features, with its weights frozen."""
    train_features = extract(module, data.train_images, device)
    test_features = extract(module, data.test_images, device)
    pair = (train_features, data.train_labels, test_features, data.test_labels)
    k = min(NEIGHBOURS, len(train_features))
    return Accuracy(layer, knn_accuracy(*pair, k, TEMPERATURE), nearest_mean_accuracy(*pair))


def accuracies(encoder: Encoder, data: Dataset, device: torch.device) -> tuple[Accuracy, ...]:
    """Evaluation of both layers."""
    return accuracy("backbone", encoder.backbone, data, device), accuracy("head", encoder, data, device)


def knn_curve(history: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """Accuracy by CPU time: epoch, CPU minutes of training until then, kNN(20) of the backbone.

    One point for each record in which `curve.curve_probe` has measured it; empty where another probe made the history.
    """
    seconds = accumulate(record.get("cpu_seconds", 0.0) for record in history)
    return [
        {"epoch": record["epoch"], "cpu_minutes": spent / 60, "knn": record["knn"]}
        for record, spent in zip(history, seconds, strict=True)
        if "knn" in record
    ]


def plane(encoder: Encoder, data: Dataset, shown: Tensor, device: torch.device) -> Array:
    """t-SNE map of the centred unit backbone features of the test images `shown`, (n, 2). For the eye only."""
    head = heads.centred(extract(encoder.backbone, data.train_images, device))
    features = head(extract(encoder.backbone, data.test_images[shown], device))
    perplexity = min(30.0, (len(features) - 1) / 3)
    return np.asarray(TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(features))


def run(
    config: TrainingConfig,
    data: Dataset,
    device: torch.device,
    runs: Path,
    *,
    samples_per_class: int,
    views: int,
    clusters: int | None = None,
    probing: Callable[[Dataset, Augmentation, torch.device], Probe] = factors_probe,
    progress: bool = True,
) -> Study:
    """Train (or take the finished run), evaluate, measure.

    samples_per_class, views   the finite world is so many test images of every class with so many views each
    clusters                   of the discretising head; by default the number of classes
    probing                    makes the probe of the training, just before it
    runs                       folder of all training runs
    """
    clusters = len(data.class_names) if clusters is None else clusters
    heads.check_clusters(clusters, len(data.train_images))
    chosen = balanced(data.test_labels, samples_per_class)
    shown = balanced(data.test_labels, at_most(data.test_labels, SHOWN))
    untrained = initial_encoder(config.method, config.encoder, config.seed).to(device)
    before = accuracies(untrained, data, device)
    plane_before = plane(untrained, data, shown, device)
    result = train(config, data, device, runs, progress, probing(data, config.augmentation(), device))
    encoder = result.encoder

    backbone_train = extract(encoder.backbone, data.train_images, device)
    layers = (
        ("head, unit norm", encoder, heads.unit()),
        ("backbone, centred", encoder.backbone, heads.centred(backbone_train)),
        (f"backbone, {clusters} clusters", encoder.backbone, heads.discretised(backbone_train, clusters, config.seed)),
    )
    view_sets = ((f"training views ({config.letters})", config.augmentation()), ("mild views (crop .9-1)", MILD))
    measurements, losses = [], []
    with tqdm(total=len(layers) * len(view_sets), desc="measuring", disable=not progress) as bar:
        for view_name, augmentation in view_sets:
            sampled = finite_views(data.test_images[chosen], augmentation, views, seed=config.seed)
            for layer, module, head in layers:
                world = world_of(module, head, sampled, data.test_labels[chosen], device)
                measurements.append(measure(world, layer, view_name))
                losses.append(loss_bounds(world))
                bar.update()
    return Study(
        config=config,
        device=device.type,
        data=data,
        weights_hash=weights_hash(encoder),
        before=before,
        after=accuracies(encoder, data, device),
        history=result.history,
        embedding={"before": plane_before, "after": plane(encoder, data, shown, device)},
        embedding_labels=data.test_labels[shown].numpy(),
        measurements=tuple(measurements),
        losses=tuple(losses),
    )


def evidence(study: Study) -> list[Evidence]:
    """What the measurements say of Theorem 1: no certified error may lie below the true one, of any view."""

    def of(claim: str, *, form: str | None = None, lever: str | None = None, scope: str | None = None) -> Evidence:
        """Of all certificates with this form, lever and scope."""
        wanted = {"form": form, "lever": lever, "scope": scope}
        pairs = [
            (c, m)
            for m in study.measurements
            for c in m.certificates
            if all(value in (None, getattr(c, name)) for name, value in wanted.items())
        ]
        gaps = [c.error - m.error_any_view for c, m in pairs]
        met = sum(any(v.met for v in c.classes) for c, _ in pairs)
        return Evidence(
            claim=claim,
            kind="measurement",
            step=f"encoder on {study.data.name}, seed {study.config.seed}",
            summary=f"certified error >= true error of any view in {len(pairs)} finite worlds of trained encoders; "
            f"the condition held for every class in {sum(c.met for c, _ in pairs)}, for some class in {met}",
            holds=min(gaps) >= -1e-12,
            computed=f"least certified - true = {min(gaps):.4f}",
            slack=min(gaps),
            worlds=len(pairs),
            met=met,
        )

    return [
        of("thm-1", form="printed", lever="lipschitz", scope="world"),
        of("thm-1-per-class", scope="class"),
        of("thm-1-local", lever="local"),
        *(of(FORMS[form].claim, form=form) for form in FORMS),
    ]


def study_json(study: Study) -> dict[str, Any]:
    """Plain JSON types."""
    return {
        "dataset": study.data.name,
        "train_images": len(study.data.train_images),
        "test_images": len(study.data.test_images),
        "class_names": list(study.data.class_names),
        "config": study.config.description(),
        "device": study.device,
        "weights_sha256": study.weights_hash,
        "evaluation": {
            "k": NEIGHBOURS,
            "temperature": TEMPERATURE,
            "normalisation": "unit norm",
            "epoch": "last",
            "before": [asdict(a) for a in study.before],
            "after": [asdict(a) for a in study.after],
        },
        "history": list(study.history),
        "curve": knn_curve(study.history),
        "embedding": {
            "labels": study.embedding_labels.tolist(),
            **{when: np.round(points, 5).tolist() for when, points in study.embedding.items()},
        },
        "measurements": [
            as_json(m, study.data.class_names) | {"losses": [asdict(bound) for bound in bounds]}
            for m, bounds in zip(study.measurements, study.losses, strict=True)
        ],
        "evidence": [asdict(e) for e in evidence(study)],
    }

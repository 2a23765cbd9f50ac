"""The trained encoder made discrete without labels, and audited: exact mode, and population mode at 95%.

The steps of `empirical.training.clustering`, on more images: clusters of the graph of some images in the encoder's features,
a vote of the nearest of these for every other image, and a network that learns the clusters under views.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from empirical.audit.certificate import write
from empirical.audit.core import audit
from empirical.audit.halves import Halves
from empirical.audit.report import as_json, report
from empirical.cuda import weights
from empirical.cuda.images import stored
from empirical.cuda.plan import Request
from empirical.cuda.sizes import sizes_of
from empirical.cuda.stage import Notes
from empirical.cuda.training import NAME as ENCODER
from empirical.cuda.training import features_of
from empirical.data.sets import Dataset
from empirical.evaluation.classifiers import KNN
from empirical.evaluation.features import extract
from empirical.evaluation.heads import unit
from empirical.training.clustering import Clustering, teach
from empirical.training.cuts import cut
from empirical.training.loop import pick_device
from empirical.training.methods import initial_encoder
from empirical.training.networks import Encoder
from empirical.views.parsing import parse_views
from theory.concentration import augmented_distances
from theory.setting import Array

NAME = "discretising"
VOTERS = 20


def run(request: Request, notes: Notes) -> None:
    """Cluster, teach, keep the network, audit it under each kind of views; the first audit leaves a certificate."""
    device, data, out = pick_device(request.device), stored(request), Path(request.out)
    sizes = sizes_of(request.rehearsal)
    config = replace(sizes.clustering, clusters=len(data.class_names))
    encoder = initial_encoder(sizes.training.method, sizes.training.encoder, sizes.training.seed)
    encoder.load_state_dict(weights.load(out, ENCODER))
    clusters = clusters_of_all(config, encoder, data, device, notes)
    start = time.perf_counter()
    taught = teach(config, data.train_images, clusters, encoder.backbone, device)
    weights.round_to_halves(taught.network)
    notes.add(
        losses=taught.losses,
        teaching_seconds=time.perf_counter() - start,
        weights=weights.save(taught.network, out, NAME),
        load=f"clustering.network({config.clusters}, {config.backbone!r}).load_state_dict(weights.load(FOLDER, {NAME!r}))",
    )
    half = sizes.certified
    split = Halves(
        data.name,
        data.class_names,
        data.train_images[:half],
        data.train_labels[:half],
        data.test_images[:half],
        data.test_labels[:half],
    )
    audits: list[dict[str, Any]] = []
    for number, name in enumerate(sizes.audits):
        views = parse_views(name, config.views if request.rehearsal else 8, 0, False)
        result = audit(
            taught.network, split, views, head="vertices", test_domains=False, device=request.device, progress=False
        )
        files = [path.name for path in write(result, out)] if number == 0 else []
        audits.append({**as_json(result, ""), "text": report(result).splitlines(), "files": files})
        notes.add(audits=audits)


def clusters_of_all(config: Clustering, encoder: Encoder, data: Dataset, device: torch.device, notes: Notes) -> Array:
    """Clusters (n,) of all training images; labels are read only to say how pure the clusters are."""
    start = time.perf_counter()
    images, labels = data.train_images, data.train_labels.numpy()
    views = config.finite(images[: config.samples], config.views, config.seed)
    n, m = views.shape[:2]
    points = unit()(extract(encoder, views.flatten(0, 1), device)).reshape(n, m, -1)
    cut_clusters = cut(augmented_distances(points), config.clusters, config.neighbours, config.seed)
    notes.add(cut_seconds=time.perf_counter() - start, cut_purity=purity(cut_clusters, labels[:n]))
    features = features_of(encoder.backbone, device)(images.to(device))
    vote = KNN(min(VOTERS, n)).fit(features[:n], torch.from_numpy(cut_clusters).to(device))
    clusters = vote(features).cpu().numpy()
    notes.add(clusters_seconds=time.perf_counter() - start, purity=purity(clusters, labels))
    return np.asarray(clusters)


def purity(clusters: Array, labels: Array) -> float:
    """Share of the samples that belong to the most frequent class of their cluster."""
    counts = np.zeros((int(clusters.max()) + 1, int(labels.max()) + 1), dtype=np.int64)
    np.add.at(counts, (clusters, labels), 1)
    return float(counts.max(axis=1).sum() / len(labels))

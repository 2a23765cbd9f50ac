"""The lecture's five test domains: every image of a data set under one fixed kind of view.

A domain D_A is the data seen through A; R(f; D_A) = min_h R(h f; D_A) is the risk of the best linear classifier ON that
domain. Theorem 2 (Zhao et al. 2023, "ArCL: Enhancing Contrastive Learning with Augmentation-Robust Representations")
bounds what is lost by a classifier fitted on another domain. So each domain gets both: a classifier fitted on its own
training images, and the one fitted on the original ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor, nn

from empirical.data.sets import Dataset
from empirical.evaluation.classifiers import Classifier, Evaluation, features_of, fitted, score
from empirical.evaluation.features import frozen
from empirical.views.augmentations import Augmentation, ViewParameters, apply, sample_parameters, seeded_generator

_JITTER = Augmentation(colour_strength=1.0, colour_probability=1.0)
DOMAINS: Mapping[str, Augmentation] = MappingProxyType(
    {
        "Gray": Augmentation(gray_probability=1.0),
        "Crop": Augmentation(crop_scale=(0.3, 1.0)),
        "Flip": Augmentation(flip_probability=1.0),
        "Jitter": _JITTER,
        "Gray+Jitter": replace(_JITTER, gray_probability=1.0),
    }
)
"""Lecture, "Performance on Augmented Datasets", Aug 1 to 5. Each kind is applied to every image; the lecture gives no
parameters, so they are those of the training views: crops of .3 to 1 of the area, colour distortion .8/.8/.8/.2."""
ORIGINAL = "Original"
_CHUNK = 4096
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class DomainEvaluation:
    """Two classifiers on the test images of one domain.

    own       fitted on the domain's training images
    carried   fitted on the original ones; gap = own - carried accuracy is what Theorem 2 speaks of
    """

    domain: str
    own: Evaluation
    carried: Evaluation

    @property
    def gap(self) -> float:
        """Accuracy lost by the classifier that was fitted on the original images."""
        return self.own.accuracy - self.carried.accuracy


def parameters(domain: str, n: int, seed: int, half: int) -> ViewParameters:
    """theta of the n images of one half (0: training, 1: test): row i depends on (seed, half, i) and the domain only.

    The domains share their draws: Gray+Jitter is the grey of the very jitter in Jitter.
    Raises ValueError for an unknown domain, a negative seed, n < 1.
    """
    if domain not in DOMAINS:
        raise ValueError(f"domain={domain!r}: unknown; choose one of {', '.join(DOMAINS)}")
    return sample_parameters(DOMAINS[domain], n, seeded_generator(seed, half))


def shifted(data: Dataset, domain: str, seed: int = 0, device: torch.device = _CPU) -> Dataset:
    """The data set on a domain: each image replaced by one view of it; named "data/domain". Views made on `device`."""

    def views(images: Tensor, half: int) -> Tensor:
        p = parameters(domain, len(images), seed, half).to(device)
        starts = range(0, len(images), _CHUNK)
        return torch.cat(
            [apply(images[i : i + _CHUNK].to(device), p[i : i + _CHUNK]).to(images.device) for i in starts]
        )

    return replace(
        data,
        name=f"{data.name}/{domain}",
        train_images=views(data.train_images, 0),
        test_images=views(data.test_images, 1),
    )


def on_domains(
    encoder: nn.Module,
    data: Dataset,
    device: torch.device,
    classifier: Classifier,
    layer: str = "backbone",
    seed: int = 0,
) -> tuple[DomainEvaluation, ...]:
    """The original data first (own and carried are one there), then the five domains, the encoder frozen throughout.

    seed: of the views. Raises ValueError as `parameters`, `extract`, `frozen` and the classifier do.
    """
    with frozen(encoder) as digest:
        original = features_of(encoder, data, device)
        carried = fitted(classifier, original)
        first = score(carried, original, layer, digest, seed)
        evaluations = [DomainEvaluation(ORIGINAL, first, first)]
        for domain in DOMAINS:
            features = features_of(encoder, shifted(data, domain, seed, device), device)
            own = score(fitted(classifier, features), features, layer, digest, seed)
            evaluations.append(DomainEvaluation(domain, own, score(carried, features, layer, digest, seed)))
    return tuple(evaluations)

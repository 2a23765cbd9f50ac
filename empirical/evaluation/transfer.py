"""Transfer: an encoder trained on a source data set, evaluated on a target data set, linearly or fine-tuned."""

import torch
from torch import nn

from empirical.data.sets import Dataset, matched
from empirical.evaluation.classifiers import Classifier, Evaluation, evaluate
from empirical.evaluation.finetuning import FineTuning, fine_tune


def linear(
    encoder: nn.Module,
    source: Dataset,
    target: Dataset,
    device: torch.device,
    classifier: Classifier,
    layer: str = "backbone",
) -> Evaluation:
    """Accuracy of a classifier, in the lecture `probe.LinearProbe`, on the target's features, the encoder frozen.

    The target's images are brought to the size of the source's. source: what the encoder was trained on.
    """
    return evaluate(encoder, _sized(target, source), device, [classifier], layer)[0]


def fine_tuned(
    encoder: nn.Module,
    source: Dataset,
    target: Dataset,
    device: torch.device,
    settings: FineTuning,
    layer: str = "backbone",
) -> Evaluation:
    """Accuracy on the target after fine-tuning a copy of the encoder there; sizes as in `linear`."""
    return fine_tune(encoder, _sized(target, source), device, settings, layer)


def _sized(target: Dataset, source: Dataset) -> Dataset:
    height, width = source.train_images.shape[2:]
    return matched(target, height, width)

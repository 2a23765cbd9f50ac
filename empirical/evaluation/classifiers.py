"""What a frozen encoder's features are good for: classifiers on top of them, and the record that goes with a number.

An evaluation is fitted on training images and scored on test images. The encoder is the one of the LAST epoch, in
evaluation mode; its weights are hashed before and after. The classes are those of the training labels.
"""

import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from empirical.data.sets import Dataset
from empirical.evaluation.features import extract, frozen
from empirical.training.networks import normalized

_BLOCK = 2**24

Predict = Callable[[Tensor], Tensor]
"""Features (n, d) to labels (n,)."""


class Classifier(typing.Protocol):
    """A frozen dataclass of settings that fits features: the name of the protocol and all that decides its result."""

    @property
    def name(self) -> str:
        """The protocol: "knn", "nearest mean", "linear probe"."""

    @property
    def normalisation(self) -> str:
        """What is done to the features first."""

    def fit(self, features: Tensor, labels: Tensor) -> Predict:
        """From training features (n, d) and labels (n,) to a map from features to labels."""


@dataclass(frozen=True)
class Evaluation:
    """One accuracy, and what it was measured with.

    protocol               the classifier, or `finetuning.FineTuning`, with all its settings
    accuracy               share of the test images
    layer                  what the encoder ends in
    fitted_on, tested_on   names of the data
    weights_hash           of the encoder
    seed                   of the evaluation's own randomness (order of fine-tuning, views of a test domain); None: none
    epoch_rule             "last", never the epoch that is best on test images
    """

    protocol: object
    accuracy: float
    layer: str
    fitted_on: str
    tested_on: str
    weights_hash: str
    seed: int | None = None
    epoch_rule: str = "last"


@dataclass(frozen=True)
class Features:
    """Features (n, d) of both halves of the data set `name`, with their labels (n,)."""

    name: str
    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor


@dataclass(frozen=True)
class Fitted:
    """A classifier fitted to the training half of the data set `on`."""

    classifier: Classifier
    on: str
    predict: Predict


@dataclass(frozen=True)
class KNN:
    """A vote of the k nearest training samples: one at cosine similarity s weighs exp(s / temperature).

    A tie goes to the smallest label. Memory: blocks of at most 2^24 similarities, whatever the number of samples.
    Raises ValueError for temperature <= 0, and in `fit` for k outside 1..n.
    Source: Wu et al. 2018, "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", section 3.4.
    """

    k: int = 20
    temperature: float = 0.1
    name: str = field(default="knn", init=False)
    normalisation: str = field(default="unit norm", init=False)

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature={self.temperature}: not positive; 0.1 is usual")

    def fit(self, features: Tensor, labels: Tensor) -> Predict:
        """Keep the unit training features (n, d)."""
        classes, targets = check_training(features, labels)
        train = normalized(features)
        if not 1 <= self.k <= len(train):
            raise ValueError(
                f"k={self.k}: outside 1..{len(train)}, the number of training samples; lower k or add samples"
            )

        def predict(test: Tensor) -> Tensor:
            unit = normalized(test)
            blocks = unit.split(max(1, _BLOCK // len(train)))
            won = [votes(b, train, targets, len(classes), self.k, self.temperature).argmax(dim=1) for b in blocks]
            return classes[torch.cat(won)]

        return predict


@dataclass(frozen=True)
class NearestMean:
    """G_f(x) = argmin_k |f(x) - mu_k|: f of unit norm, mu_k its mean over class k of the training samples.

    The means are not normalised. 1 - accuracy is Err(G_f). Source: Huang et al. 2021, "Towards the Generalization of
    Contrastive Self-Supervised Learning", section 2.
    """

    name: str = field(default="nearest mean", init=False)
    normalisation: str = field(default="unit norm", init=False)

    def fit(self, features: Tensor, labels: Tensor) -> Predict:
        """The class means of the unit training features (n, d)."""
        classes, targets = check_training(features, labels)
        train = normalized(features)
        means = torch.stack([train[targets == k].mean(dim=0) for k in range(len(classes))])

        def predict(test: Tensor) -> Tensor:
            score = normalized(test) @ means.T - means.square().sum(dim=1) / 2
            return classes[score.argmax(dim=1)]

        return predict


def votes(test: Tensor, train: Tensor, targets: Tensor, classes: int, k: int, temperature: float) -> Tensor:
    """Votes (n', classes) of the k nearest rows of train (n, d) for each row of test (n', d), all of unit norm."""
    similarity, neighbours = (test @ train.T).topk(k, dim=1)
    counted = torch.zeros(len(test), classes, dtype=test.dtype, device=test.device)
    # The largest exponent is 0, so no temperature overflows; all of a sample's votes scale alike.
    return counted.scatter_add(1, targets[neighbours], ((similarity - similarity[:, :1]) / temperature).exp())


def evaluate(
    encoder: nn.Module,
    data: Dataset,
    device: torch.device,
    classifiers: Sequence[Classifier],
    layer: str = "backbone",
) -> tuple[Evaluation, ...]:
    """One evaluation per classifier: fitted on the training images' features, scored on the test images'.

    encoder: any module from images (n, 3, H, W) to features (n, d); `layer` names it in the record.
    Raises ValueError as `extract`, the classifiers and `frozen` do.
    """
    with frozen(encoder) as digest:
        features = features_of(encoder, data, device)
        return tuple(score(fitted(classifier, features), features, layer, digest) for classifier in classifiers)


def features_of(encoder: nn.Module, data: Dataset, device: torch.device) -> Features:
    """Features of all images of a data set, kept on `device`."""
    train, test = (extract(encoder, images, device).to(device) for images in (data.train_images, data.test_images))
    return Features(data.name, train, data.train_labels.to(device), test, data.test_labels.to(device))


def fitted(classifier: Classifier, features: Features) -> Fitted:
    """Fit to the training half."""
    return Fitted(classifier, features.name, classifier.fit(features.train, features.train_labels))


def score(fitted: Fitted, tested: Features, layer: str, digest: str, seed: int | None = None) -> Evaluation:
    """Accuracy on the test half of `tested`, as a record; digest: hash of the encoder's weights."""
    value = accuracy(fitted.predict, tested.test, tested.test_labels)
    return Evaluation(fitted.classifier, value, layer, fitted.on, tested.name, digest, seed)


def accuracy(predict: Predict, features: Tensor, labels: Tensor) -> float:
    """Share of samples whose label is predicted; ValueError unless there is one label per row, and one row or more."""
    _check_pairs("test", features, labels)
    return int((predict(features) == labels).sum()) / len(labels)


def knn_accuracy(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    k: int = 20,
    temperature: float = 0.1,
) -> float:
    """Accuracy of `KNN(k, temperature)`: train_features (n, d), test_features (n', d), any norm; labels (n,), (n',).

    A test sample of a class that no training sample has counts as an error.
    Raises ValueError for k outside 1..n, temperature <= 0, lengths or widths that differ, zero or non-finite features,
    and a single training class.
    """
    return _accuracy(KNN(k, temperature), train_features, train_labels, test_features, test_labels)


def nearest_mean_accuracy(
    train_features: Tensor, train_labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> float:
    """Accuracy of `NearestMean`; shapes and errors as in `knn_accuracy`, apart from k and the temperature."""
    return _accuracy(NearestMean(), train_features, train_labels, test_features, test_labels)


def check_training(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The sorted training classes (K,), and each sample's index among them (n,).

    Raises ValueError unless features are (n, d), labels (n,) with n >= 1 and two classes or more.
    """
    _check_pairs("train", features, labels)
    classes, targets = labels.unique(return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"train_labels hold the single class {classes.tolist()}: two or more are needed to classify")
    return classes, targets


def _check_pairs(half: str, features: Tensor, labels: Tensor) -> None:
    if labels.ndim != 1 or len(features) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"{half}_features {tuple(features.shape)} and {half}_labels {tuple(labels.shape)} must be (n, d) and "
            "(n,) with n >= 1: pass one label per row"
        )


def _accuracy(
    classifier: Classifier, train_features: Tensor, train_labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> float:
    if train_features.shape[1:] != test_features.shape[1:]:
        raise ValueError(
            f"train_features have width {train_features.shape[-1]}, test_features {test_features.shape[-1]}: use one encoder"
        )
    return accuracy(classifier.fit(train_features, train_labels), test_features, test_labels)

"""What a frozen encoder's features are good for: kNN and nearest class mean, by features of unit norm."""

import hashlib

import torch
from torch import Tensor, nn

from empirical.encoders import normalized

_CHUNK = 1024


def extract(module: nn.Module, images: Tensor, device: torch.device, batch_size: int = 512) -> Tensor:
    """Features of images (n, 3, H, W) by the module in evaluation mode, without gradients: float32 (n, d) on the CPU.

    The module is moved to `device`; each submodule's mode is restored afterwards.
    Raises ValueError for no images, batch_size < 1, and features that are no (n, d) matrix or not finite.
    """
    if len(images) == 0:
        raise ValueError("images is empty: pass one image or more")
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size} must be 1 or more")
    modes = [(part, part.training) for part in module.modules()]
    module.to(device).eval()
    try:
        with torch.inference_mode():
            parts = [module(batch.to(device)).float().cpu() for batch in images.split(batch_size)]
    finally:
        for part, mode in modes:
            part.training = mode
    # Cloned outside of inference mode, so that autograd may use the result.
    features = torch.cat(parts).clone()
    if features.ndim != 2:
        raise ValueError(
            f"module returned shape {tuple(features.shape)}, not (n, d): pass a module that ends in vectors"
        )
    if not torch.isfinite(features).all():
        raise ValueError("module returned features that are not finite: check its weights and the images")
    return features


def knn_accuracy(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    k: int = 20,
    temperature: float = 0.1,
) -> float:
    """Share of test samples whose class wins the vote of the k nearest training samples.

    A neighbour at cosine similarity s votes with weight exp(s / temperature); a tie goes to the smallest label. Classes
    are those of the TRAINING labels, so a test sample of another class counts as an error. Source: Wu et al. 2018,
    "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", section 3.4.
    train_features (n, d), test_features (n', d): any norm; labels (n,), (n',).
    Raises ValueError for k outside 1..n, temperature <= 0, lengths or widths that differ, zero or non-finite features,
    and a single training class.
    """
    train, test, classes, targets = _prepare(train_features, train_labels, test_features, test_labels)
    if not 1 <= k <= len(train):
        raise ValueError(f"k={k} must lie in 1..{len(train)}, the number of training samples: lower k or add samples")
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be positive: 0.1 is usual")
    correct = 0
    for chunk, truth in zip(test.split(_CHUNK), test_labels.split(_CHUNK), strict=True):
        similarity, neighbours = (chunk @ train.T).topk(k, dim=1)
        votes = torch.zeros(len(chunk), len(classes))
        # The largest exponent is 0, so no temperature overflows; all of a sample's votes scale alike.
        votes.scatter_add_(1, targets[neighbours], ((similarity - similarity[:, :1]) / temperature).exp())
        correct += int((classes[votes.argmax(dim=1)] == truth).sum())
    return correct / len(test)


def nearest_mean_accuracy(
    train_features: Tensor, train_labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> float:
    """Share of test samples nearest to their own class's mean: 1 - Err(G_f) with G_f(x) = argmin_k |f(x) - mu_k|.

    f has unit norm; mu_k is the mean of f over class k of the training samples and is not normalised.
    Shapes and errors as in `knn_accuracy`, apart from k and the temperature.
    """
    train, test, classes, targets = _prepare(train_features, train_labels, test_features, test_labels)
    means = torch.stack([train[targets == k].mean(dim=0) for k in range(len(classes))])
    score = test @ means.T - means.square().sum(dim=1) / 2
    return int((classes[score.argmax(dim=1)] == test_labels).sum()) / len(test)


def weights_hash(module: nn.Module) -> str:
    """SHA-256 over names, types, shapes and bytes of the state dict: equal if and only if the weights are."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _prepare(
    train_features: Tensor, train_labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Unit features of both halves, the sorted training classes, and each training sample's index among them."""
    for half, features, labels in (("train", train_features, train_labels), ("test", test_features, test_labels)):
        if labels.ndim != 1 or len(features) != len(labels) or len(labels) == 0:
            raise ValueError(
                f"{half}_features {tuple(features.shape)} and {half}_labels {tuple(labels.shape)} must be (n, d) and "
                "(n,) with n >= 1: pass one label per row"
            )
    train, test = normalized(train_features), normalized(test_features)
    if train.shape[1] != test.shape[1]:
        raise ValueError(f"train_features have width {train.shape[1]}, test_features {test.shape[1]}: use one encoder")
    classes, targets = train_labels.unique(return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"train_labels hold the single class {classes.tolist()}: two or more are needed to classify")
    return train, test, classes, targets

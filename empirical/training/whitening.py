"""Whitening of a trained backbone: a linear change of coordinates, from the training images without their labels.

A contrastive loss spreads features over few directions, and these decide every cosine between them. In the new coordinates
all directions have about the same variance. Nothing is trained for it, and what the head computes stays as it was.
"""

import torch
from torch import Tensor, nn

from empirical.training.networks import Encoder, Whitening

SHRINKAGE = 0.1
"""Share of the mean variance that is added to every variance: bounds how much a direction of little variance is stretched."""
LEAST_VARIANCE = 1e-5
"""Added to every variance, so that constant features can be whitened."""
BLOCK = 512
"""Images encoded at a time."""


def settle(encoder: Encoder, images: Tensor) -> None:
    """Let a backbone that ends in `Whitening` whiten the features of these images, and the head undo it.

    The covariance C of the features, with variances enlarged as `SHRINKAGE` says, is L L' with L lower triangular; features x
    become L^-1 (x - mean). Their cosines are those of any other root of C's inverse, such as that of principal components.
    An encoder whose backbone ends otherwise is left as it is; one that is whitened is left in evaluation mode.

    images   (n, 3, H, W), n > 1
    Source: Kessy, Lewin and Strimmer 2018, "Optimal Whitening and Decorrelation": Cholesky whitening.
    """
    layers = list(encoder.backbone.children())
    if not (layers and isinstance(layers[-1], Whitening)):
        return
    whitening = layers[-1]
    encoder.eval()
    with torch.no_grad():
        blocks = (block.contiguous(memory_format=torch.channels_last) for block in images.split(BLOCK))
        features = torch.cat([encoder.backbone(block) for block in blocks]).double()
        mean, factor = features.mean(dim=0), _factor(features)
        _undo(encoder.project, mean, factor)
        identity = torch.eye(len(factor)).to(factor)
        whitening.matrix.copy_(torch.linalg.solve_triangular(factor, identity, upper=False))
        whitening.mean.copy_(mean)


def _factor(features: Tensor) -> Tensor:
    """L (d, d) of features (n, d)."""
    covariance = torch.cov(features.T, correction=0)
    added = SHRINKAGE * covariance.diagonal().mean() + LEAST_VARIANCE
    factor: Tensor = torch.linalg.cholesky(covariance + added * torch.eye(len(covariance)).to(covariance))
    return factor


def _undo(head: nn.Module, mean: Tensor, factor: Tensor) -> None:
    """Make the head's first layer take L^-1 (x - mean) for what was x.

    Without a bias it is followed by batch normalisation, whose mean moves instead. ValueError for a head of another kind.
    """
    first, following, *_ = head.children()
    if not isinstance(first, nn.Linear):
        raise ValueError(f"head={type(first).__name__}, ...: cannot undo a whitening; let it begin with nn.Linear")
    weight = first.weight.double()
    shift = weight @ mean
    first.weight.copy_(weight @ factor)
    if "bias" in dict(first.named_parameters()):
        first.bias.add_(shift)
    else:
        following.get_buffer("running_mean").sub_(shift)

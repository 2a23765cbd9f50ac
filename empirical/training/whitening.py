"""Whitening of features by their own covariance: a batch normalisation that takes out correlations as well.

A contrastive backbone spreads its features over few directions, and these decide every cosine between them. Whitening gives
all directions the same variance, without a label.
"""

import torch
from torch import Tensor, nn

from empirical.training.distributed import process_count, total

SHRINKAGE = 0.1
"""Share of the mean variance that is added to every variance: bounds how much a direction of little variance is stretched."""
MOMENTUM = 0.05
"""Weight of the newest batch in the running moments."""
LEAST_VARIANCE = 1e-5
"""Added to every variance, so that constant features can be whitened."""


class Whitening(nn.Module):
    """Whitened features W (x - mean): W is the inverse Cholesky factor of their covariance C, shrunk as `whitened` says.

    In training mean and C are those of the batch, over all processes, and gradients flow through them; in evaluation they are
    the running ones. The cosines between outputs are those of any other root W of the inverse, such as that of principal
    components.

    running_mean         (d,)
    running_covariance   (d, d)

    Source: Siarohin et al. 2019, "Whitening and Coloring Batch Transform for GANs"; Ermolov et al. 2021, "Whitening for
    Self-Supervised Representation Learning".
    """

    running_mean: Tensor
    running_covariance: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(dim))
        self.register_buffer("running_covariance", torch.eye(dim))

    def forward(self, x: Tensor) -> Tensor:
        """Whitened x (n, d), in single precision where x is in half precision."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.running_mean.dtype)
            if not self.training:
                return whitened(x - self.running_mean, self.running_covariance)
            count = len(x) * process_count()
            mean = total(x.sum(dim=0)) / count
            centred = x - mean
            covariance = total(centred.T @ centred) / count
            with torch.no_grad():
                self.running_mean.lerp_(mean, MOMENTUM)
                self.running_covariance.lerp_(covariance, MOMENTUM)
            return whitened(centred, covariance)


def whitened(centred: Tensor, covariance: Tensor) -> Tensor:
    """Rows (n, d) times the inverse Cholesky factor of their covariance (d, d) plus a multiple of 1.

    What is not finite stays visible: then no result is.
    """
    variances = covariance.diagonal()
    shift = SHRINKAGE * variances.mean() + LEAST_VARIANCE
    factor, _ = torch.linalg.cholesky_ex(covariance + shift * torch.eye(len(variances)).to(covariance))
    columns: Tensor = torch.linalg.solve_triangular(factor, centred.T, upper=False)
    return columns.T

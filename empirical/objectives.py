"""Contrastive losses as pure functions of features."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(z1: Tensor, z2: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss, symmetric over the 2N views; a scalar.

    With z = (z1_1..z1_N, z2_1..z2_N), j(i) the other view of view i's sample, and cosine similarity sim,

        L = 1/(2N) sum_i -log( exp(sim(z_i, z_j(i)) / t) / sum_{k != i} exp(sim(z_i, z_k) / t) ).

    z1, z2 (N, d): row i of each is a view of sample i; any norm, rows are normalised here. Identical features give
    log(2N - 1). Source: Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations",
    equation 1.
    Raises ValueError for temperature <= 0, unequal or non-matrix shapes, and N < 2 (no negatives).
    """
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be positive: 0.1 to 1 is usual")
    if z1.ndim != 2 or z1.shape != z2.shape:
        raise ValueError(
            f"z1 {tuple(z1.shape)} and z2 {tuple(z2.shape)} must have one shape (N, d): pair the views by row"
        )
    n = z1.shape[0]
    if n < 2:
        raise ValueError(f"z1 has N={n} sample, so there are no negatives: pass 2 or more")
    z = functional.normalize(torch.cat([z1, z2]), dim=1)
    itself = torch.eye(2 * n, dtype=torch.bool, device=z.device)
    logits = (z @ z.T / temperature).masked_fill(itself, float("-inf"))
    other = torch.arange(2 * n, device=z.device).roll(n)
    return functional.cross_entropy(logits, other)

"""Contrastive losses as pure functions of features.

There are N samples, d features and m views of each sample: z (N, d) is one view of every sample, z (N, m, d) are all views.
Rows are scaled to unit norm where a formula has the cosine similarity sim, so that any norm may be passed. A loss is a
scalar, the mean over samples. Every loss needs the whole batch: over several processes, gather features first.
"""

from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

CONSTANT_VARIANCE = 1e-12
"""A feature of smaller variance over the batch counts as constant: its correlations are 0, not noise."""

POSITIVES = ("pair", "worst", "mean")
"""What a sample's positive is: one pair of views, the worst pair (ArCL), the mean over pairs (AAL)."""


def nt_xent(z1: Tensor, z2: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss, symmetric over the 2N views.

    With z = (z1_1..z1_N, z2_1..z2_N), j(i) the other view of view i's sample, and cosine similarity sim,

        L = 1/(2N) sum_i -log( exp(sim(z_i, z_j(i)) / t) / sum_{k != i} exp(sim(z_i, z_k) / t) ).

    z1, z2        (N, d)  row i of each is a view of sample i
    temperature           t

    Identical features give log(2N - 1).
    Raises ValueError for temperature <= 0, unequal or non-matrix shapes, and N < 2 (no negatives).
    Source: Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations", equation 1.
    """
    _check_positive("temperature", temperature)
    _check_pair("z1", z1, "z2", z2)
    z = functional.normalize(torch.cat([z1, z2]), dim=1)
    return _other_view_entropy(z @ z.T / temperature)


def t_info_nce(z1: Tensor, z2: Tensor, temperature: float, degrees: float) -> Tensor:
    """NT-Xent with Student's t in the place of the exponential kernel: contrastive learning read as t-SNE.

    With squared distances D between the 2N views, nu degrees of freedom, and j(i) as in `nt_xent`,

        L = 1/(2N) sum_i -log( k(D_i,j(i)) / sum_{k != i} k(D_ik) ),    k(D) = (1 + D / (t nu))^(-(nu + 1) / 2).

    z1, z2        (N, d)  as in `nt_xent`, but not scaled: the heavy tail bounds the pull of distant pairs, so that features
                          need not lie on a sphere
    temperature           t
    degrees               nu

    On the sphere nu -> infinity gives `nt_xent`. Identical features give log(2N - 1).
    Raises ValueError for temperature <= 0, degrees <= 0, unequal or non-matrix shapes, and N < 2 (no negatives).
    Source: Hu et al. 2023, "Your Contrastive Learning Is Secretly Doing Stochastic Neighbor Embedding", t-SimCLR.
    """
    _check_positive("temperature", temperature)
    _check_positive("degrees", degrees)
    _check_pair("z1", z1, "z2", z2)
    z = torch.cat([z1, z2])
    norms = z.square().sum(dim=1)
    # Rounding may leave a squared distance below 0, and far below -1 the logarithm would not exist.
    squares = (norms[:, None] + norms[None, :] - 2 * z @ z.T).clamp_min(0)
    return _other_view_entropy(-(degrees + 1) / 2 * torch.log1p(squares / (temperature * degrees)))


def arcl(z: Tensor, temperature: float) -> Tensor:
    """SimCLR with ArCL: the worst positive pair over m views, anchored at view 1.

    With s_i = min over pairs j < k of sim(z_ij, z_ik),

        L = 1/N sum_i [ log sum exp(sim(z_i1, z_jl) / t) - s_i / t ],  the sum over l = 1, 2 and all j, (i, 1) left out.

    z             (N, m, d)  m views of each sample
    temperature              t

    At m = 2 it is the half of NT-Xent that is anchored at view 1; it grows with m. Identical features give log(2N - 1).
    Raises ValueError for temperature <= 0, another shape, N < 2 (no negatives) and m < 2 (no pair).
    Source: Zhao et al., ArCL, ICLR 2023, Algorithm 1; the same on NumPy: `theory.arcl.algorithm1.arcl_loss`.
    """
    return _anchored(z, temperature, "worst")


def aal(z: Tensor, temperature: float) -> Tensor:
    """As `arcl` with the mean over pairs of views, 2/(m(m - 1)) sum_{j < k} sim(z_ij, z_ik), in place of the worst."""
    return _anchored(z, temperature, "mean")


def info_nce(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float, positive: str = "pair") -> Tensor:
    """MoCo's loss: each query against its own key and a queue of Q keys of other samples.

        L = 1/N sum_i -log( exp(s_i / t) / (exp(s_i / t) + sum_j exp(sim(q_i1, queue_j) / t)) )

    with s_i = sim(q_i1, k_i2) for positive "pair"; the minimum (ArCL) or the mean (AAL) of sim(q_ij, k_il) over the
    ordered pairs j != l of views for "worst" and "mean".
    queries, keys  (N, m, d)  m views of each sample; "pair" reads view 1 of the queries and view 2 of the keys, which may be
                              passed alone, as (N, d)
    queue          (Q, d)     keys of other samples
    temperature               t
    positive                  one of `POSITIVES`

    Gradients flow where the arguments ask for them: detach keys and queue. Identical features give log(Q + 1).
    Raises ValueError for temperature <= 0, an unknown `positive`, and shapes that do not fit.
    Source: He et al. 2020, "Momentum Contrast for Unsupervised Visual Representation Learning", equation 1; Zhao et al.,
    ArCL, ICLR 2023.
    """
    _check_positive("temperature", temperature)
    if positive not in POSITIVES:
        raise ValueError(f"positive={positive!r}: unknown; choose one of {', '.join(POSITIVES)}")
    single = queries.ndim == 2 and positive == "pair"
    if queries.shape != keys.shape or not (single or (queries.ndim == 3 and queries.shape[1] >= 2)):
        raise ValueError(
            f"queries.shape={tuple(queries.shape)}, keys.shape={tuple(keys.shape)}: not of one shape; give (N, m, d) with "
            "m >= 2 views, or (N, d) for positive='pair'"
        )
    if queue.ndim != 2 or len(queue) < 1 or queue.shape[1] != queries.shape[-1]:
        raise ValueError(
            f"queue.shape={tuple(queue.shape)}: not keys like these; give (Q, {queries.shape[-1]}) with Q >= 1"
        )
    q, k, negatives = (functional.normalize(x, dim=-1) for x in (queries, keys, queue))
    if single:
        anchor, own = q, (q * k).sum(dim=1)
    elif positive == "pair":
        anchor, own = q[:, 0], (q[:, 0] * k[:, 1]).sum(dim=1)
    else:
        m = q.shape[1]
        every = torch.einsum("ija,ila->ijl", q, k)  # i: sample; j, l: views; a: coordinate
        own = _reduce([every[:, j, other] for j in range(m) for other in range(m) if j != other], positive)
        anchor = q[:, 0]
    return _entropy(own, torch.cat([own[:, None], anchor @ negatives.T], dim=1), temperature)


def barlow_twins(z1: Tensor, z2: Tensor, weight: float) -> Tensor:
    """Barlow Twins: the cross-correlation of two views, driven to the identity.

        C_ij = 1/N sum_n u_ni v_nj,    L = sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2,

    u and v being z1 and z2 standardised over the batch, each view by its own mean and its own standard deviation with /N, so
    that C is a correlation: features that agree up to a positive affine map per coordinate have C_ii = 1. A coordinate
    that is constant over the batch (variance below 1e-12) has C_ii = 0.

    z1, z2  (N, d)  row i of each is a view of sample i
    weight          lambda, 0 or more

    Raises ValueError for a negative weight, unequal or non-matrix shapes, and N < 2 (nothing varies).
    Source: Zbontar et al. 2021, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", equations 1 and 2.
    """
    if not weight >= 0:
        raise ValueError(f"weight={weight}: lambda is negative; use 0 or more, the paper has 0.005")
    _check_pair("z1", z1, "z2", z2)
    correlation = standardised(z1).T @ standardised(z2) / len(z1)
    diagonal = correlation.diagonal()
    return (1 - diagonal).square().sum() + weight * (correlation.square().sum() - diagonal.square().sum())


def simsiam(p1: Tensor, p2: Tensor, z1: Tensor, z2: Tensor) -> Tensor:
    """SimSiam: -1/2 mean [ sim(p1, stop(z2)) + sim(p2, stop(z1)) ], in [-1, 1].

    p1, p2  (N, d)  predictions from views 1 and 2
    z1, z2  (N, d)  projections of views 1 and 2, through which no gradient flows

    Raises ValueError for unequal or non-matrix shapes.
    Source: Chen and He 2021, "Exploring Simple Siamese Representation Learning", equations 1 to 4.
    """
    for name, value in (("p2", p2), ("z1", z1), ("z2", z2)):
        _check_pair("p1", p1, name, value, least=1)
    first = functional.cosine_similarity(p1, z2.detach(), dim=1)
    second = functional.cosine_similarity(p2, z1.detach(), dim=1)
    return -(first + second).mean() / 2


def standardised(z: Tensor) -> Tensor:
    """z (N, d) with mean 0 and variance 1 over the batch in every coordinate, variance with /N; constant ones become 0."""
    centred = z - z.mean(dim=0)
    return centred * centred.square().mean(dim=0).clamp_min(CONSTANT_VARIANCE).rsqrt()


def _other_view_entropy(scores: Tensor) -> Tensor:
    """Cross-entropy of (2N, 2N) scores, each row's target its sample's other view, itself left out."""
    rows = len(scores)
    itself = torch.eye(rows, dtype=torch.bool, device=scores.device)
    other = torch.arange(rows, device=scores.device).roll(rows // 2)
    return functional.cross_entropy(scores.masked_fill(itself, float("-inf")), other)


def _anchored(z: Tensor, temperature: float, positive: str) -> Tensor:
    """Algorithm 1 with the given reduction of the positive pairs."""
    _check_positive("temperature", temperature)
    if z.ndim != 3 or z.shape[0] < 2 or z.shape[1] < 2:
        raise ValueError(
            f"z.shape={tuple(z.shape)}: no negatives or no pairs; give (N, m, d) with N >= 2 samples and m >= 2 views"
        )
    n, m, _ = z.shape
    unit = functional.normalize(z, dim=2)
    own = _reduce([(unit[:, j] * unit[:, k]).sum(dim=1) for j, k in combinations(range(m), 2)], positive)
    columns = unit[:, 0] @ torch.cat([unit[:, 0], unit[:, 1]]).T
    itself = torch.eye(n, 2 * n, dtype=torch.bool, device=z.device)
    return _entropy(own, columns.masked_fill(itself, float("-inf")), temperature)


def _reduce(pairs: list[Tensor], positive: str) -> Tensor:
    """(N,) from one (N,) per pair of views."""
    stacked = torch.stack(pairs)
    return stacked.amin(dim=0) if positive == "worst" else stacked.mean(dim=0)


def _entropy(positive: Tensor, columns: Tensor, temperature: float) -> Tensor:
    """Mean of log sum exp(columns / t) - positive / t; positive (N,), columns (N, any)."""
    return (torch.logsumexp(columns / temperature, dim=1) - positive / temperature).mean()


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{name}={value}: not positive; {'0.1 to 1' if name == 'temperature' else '1 to 10'} is usual")


def _check_pair(first: str, a: Tensor, second: str, b: Tensor, least: int = 2) -> None:
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(
            f"{first}.shape={tuple(a.shape)}, {second}.shape={tuple(b.shape)}: not of one shape (N, d); pair the views by row"
        )
    if len(a) < least:
        raise ValueError(f"{first}.shape={tuple(a.shape)}: no negatives; give N = {least} samples or more")

"""The encoder: a small convolutional network with a projection head."""

import torch
from torch import Tensor, nn

BACKBONE_DIM = 256
HEAD_DIM = 64


class Encoder(nn.Module):
    """Four 3x3 convolutions and a projection head; about 0.43 million weights.

    backbone: (n, 3, H, W) -> (n, 256); channels 3-32-64-128-256, strides 2, 2, 2, 1, each convolution followed by batch
    normalisation and ReLU, then the mean over positions. project: (n, 256) -> (n, 64) by 256-128-64 with one ReLU.
    forward is project(backbone(x)). Neither output is normalised.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            *_block(3, 32, stride=2),
            *_block(32, 64, stride=2),
            *_block(64, 128, stride=2),
            *_block(128, BACKBONE_DIM, stride=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.project = nn.Sequential(nn.Linear(BACKBONE_DIM, 128), nn.ReLU(), nn.Linear(128, HEAD_DIM))

    def forward(self, images: Tensor) -> Tensor:
        """Head features (n, 64) of images (n, 3, H, W)."""
        features: Tensor = self.project(self.backbone(images))
        return features


def build(seed: int) -> Encoder:
    """An encoder on the CPU whose initial weights depend on the seed only; the global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoder()


def normalized(features: Tensor) -> Tensor:
    """Features (n, d) scaled to unit Euclidean norm, row by row.

    Raises ValueError when they are not (n, d), or when a row is zero or not finite: such a row has no direction.
    """
    if features.ndim != 2:
        raise ValueError(f"features of shape {tuple(features.shape)} must be (n, d): one row per sample")
    norms: Tensor = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    bad = ~(torch.isfinite(norms) & (norms > 0)).squeeze(1)
    if bad.any():
        row = int(bad.nonzero()[0])
        raise ValueError(
            f"features: {int(bad.sum())} of {len(features)} rows are zero or not finite (first: row {row}, norm "
            f"{norms[row].item()}) and have no direction: check the encoder and its input, or lower the learning rate"
        )
    return features / norms


def _block(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

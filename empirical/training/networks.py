"""Encoders: a backbone (a small network, ResNet-18, or any module) and a projection head."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from empirical.thirdparty import imported

SMALL_DIM = 256
MEDIUM_DIM = 384
WHITENED_DIM = 512
RESNET18_DIM = 512
CERTIFIABLE_DIM = 1024
CERTIFIABLE_SIDE = 16

Backbone = tuple[nn.Module, int]
"""A module (n, 3, H, W) -> (n, d), and d."""


class Encoder(nn.Module):
    """A backbone and a projection head; forward is project(backbone(x)). Neither output is normalised.

    backbone   (n, 3, H, W) -> (n, d)
    project    (n, d) -> (n, d')
    """

    def __init__(self, backbone: nn.Module, project: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.project = project

    def forward(self, images: Tensor) -> Tensor:
        """Head features (n, d') of images (n, 3, H, W)."""
        features: Tensor = self.project(self.backbone(images))
        return features


def small_convnet() -> Backbone:
    """Four 3x3 convolutions, 0.39 million weights, d = 256; made for 16x16 images.

    Channels 3-32-64-128-256, strides 2, 2, 2, 1, each convolution followed by batch normalisation and ReLU, then the mean
    over positions.
    """
    return _pooled(32, SMALL_DIM), SMALL_DIM


def medium_convnet() -> Backbone:
    """`small_convnet` with channels 3-48-96-192-384, 0.87 million weights, d = 384; made for 32x32 images on a CPU."""
    return _pooled(48, MEDIUM_DIM), MEDIUM_DIM


def whitened_convnet() -> Backbone:
    """`medium_convnet` that keeps where features lie, 0.43 million weights, d = 512; made for 32x32 images on a CPU.

    Channels 3-48-96-192-128, then the mean over each quarter of the positions; the four are whitened once trained.
    """
    channels = WHITENED_DIM // 4
    quarters = (nn.AdaptiveAvgPool2d(2), nn.Flatten(), Whitening(WHITENED_DIM))
    return nn.Sequential(*_strided(48, channels), *quarters), WHITENED_DIM


def resnet18() -> Backbone:
    """ResNet-18 with the CIFAR stem, 11.17 million weights, d = 512; made for 32x32 images.

    The stem is one 3x3 convolution of stride 1 without pooling; then four stages of two residual blocks, channels
    64-128-256-512, strides 1, 2, 2, 2, and the mean over positions. Weights are drawn as in He et al. 2015 (normal, by fan
    out). Source: He et al. 2016, "Deep Residual Learning for Image Recognition"; stem: Chen et al. 2020, appendix B.9.
    """
    stages, width = [], 64
    for outputs, stride in ((64, 1), (128, 2), (256, 2), (RESNET18_DIM, 2)):
        stages += [_ResidualBlock(width, outputs, stride), _ResidualBlock(outputs, outputs, 1)]
        width = outputs
    backbone = nn.Sequential(*_convolution(3, 64, stride=1), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for part in backbone.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
    return backbone, RESNET18_DIM


def certifiable_convnet() -> Backbone:
    """Two convolutions without normalisation, 35 thousand weights, d = 1024; for 16x16 images only.

    Channels 3-32-64: 5x5 of stride 2 and 4x4 of stride 2, each followed by ReLU. Bounds over a whole cell of views stay tight
    through two layers of ReLU; those of a third would be bounded from bounds that are loose, see `empirical.continuous`.
    """
    body = nn.Sequential(
        nn.Conv2d(3, 32, kernel_size=5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
    )
    return body, CERTIFIABLE_DIM


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "small": small_convnet,
    "medium": medium_convnet,
    "whitened": whitened_convnet,
    "resnet18": resnet18,
    "certifiable": certifiable_convnet,
}
ANY_SIZE = tuple(name for name in BACKBONES if name != "certifiable")
"""Those that take images of any size."""


def backbone_maker(name: str) -> Callable[[], Backbone]:
    """What builds the backbone `name`: one of `BACKBONES`, or "package.module:function" for one of your own.

    The function takes no argument and returns a module (n, 3, H, W) -> (n, d) and d. Written as a name, a backbone can be
    built again in another process, and its run is told from the runs of others.
    Raises ValueError for a name that is neither.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    module, colon, function = name.partition(":")
    remedy = f"choose {', '.join(BACKBONES)}, or 'package.module:function' for your own"
    if not (module and colon and function):
        raise ValueError(f"encoder={name!r}: no backbone; {remedy}")
    maker: Callable[[], Backbone] = imported(name, "encoder")
    return maker


def projection_head(widths: tuple[int, ...], norm: bool = False, final_norm: bool = False) -> nn.Sequential:
    """Linear layers widths[0] -> widths[1] -> ... with ReLU between them.

    norm         batch normalisation before each ReLU
    final_norm   batch normalisation of the result

    Raises ValueError for fewer than two widths.
    """
    if len(widths) < 2:
        raise ValueError(f"widths={widths}: no layer; give at least the input's and the output's width")
    layers: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        last = i == len(widths) - 2
        normed = final_norm if last else norm
        # A bias before batch normalisation is taken out again by it.
        layers.append(nn.Linear(inputs, outputs, bias=not normed))
        if normed:
            layers.append(nn.BatchNorm1d(outputs))
        if not last:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def build_encoder(
    seed: int,
    backbone: str = "small",
    widths: tuple[int, ...] = (128, 64),
    norm: bool = False,
    final_norm: bool = False,
) -> Encoder:
    """An encoder on the CPU whose initial weights depend on the arguments only; the global random state is left alone.

    seed               of the initial weights
    backbone           as in `backbone_maker`
    widths             of the head's layers after the backbone's d
    norm, final_norm   as in `projection_head`
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module, dim = backbone_maker(backbone)()
        return Encoder(module, projection_head((dim, *widths), norm, final_norm))


def normalized(features: Tensor) -> Tensor:
    """Features (n, d) scaled to unit Euclidean norm, row by row.

    Raises ValueError when they are not (n, d), or when a row is zero or not finite: such a row has no direction.
    """
    if features.ndim != 2:
        raise ValueError(f"features.shape={tuple(features.shape)}: not (n, d); give one row per sample")
    norms: Tensor = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    bad = ~(torch.isfinite(norms) & (norms > 0)).squeeze(1)
    if bad.any():
        row = int(bad.nonzero()[0])
        raise ValueError(
            f"features: {int(bad.sum())} of {len(features)} rows are zero or not finite (first: row {row}, norm "
            f"{norms[row].item()}) and have no direction; check the encoder and its input, or lower the learning rate"
        )
    return features / norms


class Whitening(nn.Module):
    """matrix (x - mean) for features x (n, d), fixed; the identity until `whitening.settle` sets it, after training."""

    mean: Tensor
    matrix: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("matrix", torch.eye(dim))

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, d) in the new coordinates."""
        return (x - self.mean) @ self.matrix.T


class _ResidualBlock(nn.Module):
    """relu(body(x) + skip(x)): two 3x3 convolutions beside the identity, or a 1x1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_convolution(inputs, outputs, stride), *_convolution(outputs, outputs, 1)[:-1])
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + self.skip(x))


def _pooled(width: int, outputs: int) -> nn.Sequential:
    """`_strided`, then the mean over positions."""
    return nn.Sequential(*_strided(width, outputs), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _strided(width: int, outputs: int) -> list[nn.Module]:
    """Four convolutions, to 1, 2 and 4 times the width in channels at half the side each, and to `outputs` channels."""
    return [
        *_convolution(3, width, stride=2),
        *_convolution(width, 2 * width, stride=2),
        *_convolution(2 * width, 4 * width, stride=2),
        *_convolution(4 * width, outputs, stride=1),
    ]


def _convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

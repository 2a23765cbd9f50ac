"""3x3 convolution of 2x2 maps by one matrix product, which is faster on the CPU.

A small network ends in such maps. Wherever a padded 3x3 kernel stands on a 2x2 map, four of its nine taps meet the map and
five meet the padding; torch multiplies by all nine. Every output pixel depends on every input pixel, so one matrix product
gives the same result with 4/9 of the multiplications. The parameters stay those of nn.Conv2d.
"""

import torch
from torch import Tensor, nn

LEAST_BATCH = 128
"""The least number of maps at which the product is faster, laying out the matrix included (measured, 128 to 256 channels)."""


class SmallMapConvolution(nn.Conv2d):
    """An nn.Conv2d with a 3x3 kernel, stride 1 and padding 1: the same parameters, names, and results up to rounding."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (n, channels, H, W) of the same size."""
        if x.device.type != "cpu" or x.shape[2:] != (2, 2) or len(x) < LEAST_BATCH:
            return super().forward(x)
        y = convolve_2x2(x, self.weight)
        return y if self.bias is None else y + self.bias[:, None, None]


def convolve_2x2(x: Tensor, weight: Tensor) -> Tensor:
    """The padded convolution of maps x (n, i, 2, 2) by weight (o, i, 3, 3): (n, o, 2, 2), channels last.

    Output pixel (p, q) sees input pixel (r, s) through the tap (1 + r - p, 1 + s - q).
    """
    n, i = x.shape[:2]
    o = len(weight)
    taps = weight.permute(0, 2, 3, 1)
    seen = torch.stack([taps[:, 1 - p : 3 - p, 1 - q : 3 - q] for p in (0, 1) for q in (0, 1)])
    y = x.permute(0, 2, 3, 1).reshape(n, 4 * i) @ seen.reshape(4 * o, 4 * i).T
    return y.view(n, 2, 2, o).permute(0, 3, 1, 2)


def speed_up_small_maps(module: nn.Module) -> None:
    """Replace, inside the module, each nn.Conv2d that `SmallMapConvolution` can stand for, on the same parameters."""
    for name, child in module.named_children():
        if type(child) is nn.Conv2d and _fits(child):
            bias = child.bias is not None
            twin = SmallMapConvolution(child.in_channels, child.out_channels, 3, padding=1, bias=bias, device="meta")
            twin._parameters = child._parameters
            setattr(module, name, twin.train(child.training))
        else:
            speed_up_small_maps(child)


def _fits(layer: nn.Conv2d) -> bool:
    form = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups, layer.padding_mode)
    return form == ((3, 3), (1, 1), (1, 1), (1, 1), 1, "zeros")

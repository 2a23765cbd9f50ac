import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from empirical.evaluation.features import weights_hash
from empirical.training import convolution
from empirical.training.convolution import LEAST_BATCH, SmallMapConvolution, convolve_2x2, speed_up_small_maps
from empirical.training.networks import build_encoder


def test_it_is_the_padded_convolution_and_so_are_its_gradients() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, 2, 2, dtype=torch.float64, generator=generator).requires_grad_()
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64, generator=generator).requires_grad_()
    ours, theirs = convolve_2x2(x, weight), functional.conv2d(x, weight, padding=1)
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)
    seed = torch.randn(ours.shape, dtype=torch.float64, generator=generator)
    for a, b in zip(
        torch.autograd.grad(ours, (x, weight), seed), torch.autograd.grad(theirs, (x, weight), seed), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-13)


def test_the_result_is_channels_last_as_the_networks_are() -> None:
    x = torch.rand(LEAST_BATCH, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    assert convolve_2x2(x, torch.rand(4, 3, 3, 3)).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("bias", [False, True])
def test_large_batches_of_2x2_maps_take_the_product_and_others_torch(
    bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = nn.Conv2d(3, 4, 3, padding=1, bias=bias)
    ours = nn.Sequential(copy.deepcopy(plain))
    speed_up_small_maps(ours)
    used: list[int] = []

    def counted(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        used.append(len(x))
        return convolve_2x2(x, weight)

    monkeypatch.setattr(convolution, "convolve_2x2", counted)
    for n, side in ((LEAST_BATCH, 2), (LEAST_BATCH - 1, 2), (LEAST_BATCH, 3), (LEAST_BATCH, 1)):
        x = torch.rand(n, 3, side, side)
        torch.testing.assert_close(ours(x), plain(x), rtol=1e-5, atol=1e-5)
    assert used == [LEAST_BATCH]
    with torch.device("meta"):
        assert ours.to("meta")(torch.rand(LEAST_BATCH, 3, 2, 2)).shape == (LEAST_BATCH, 4, 2, 2)
    assert used == [LEAST_BATCH]


def test_only_what_it_stands_for_is_replaced_and_the_weights_stay() -> None:
    encoder = build_encoder(0).eval()
    before, parameters = weights_hash(encoder), list(encoder.parameters())
    speed_up_small_maps(encoder)
    assert weights_hash(encoder) == before
    assert all(a is b for a, b in zip(parameters, encoder.parameters(), strict=True))
    assert [type(part) is SmallMapConvolution for part in encoder.modules() if isinstance(part, nn.Conv2d)] == [
        *[False] * 3,
        True,
    ]
    assert not any(part.training for part in encoder.modules())

    class Own(nn.Conv2d):
        pass

    others = [
        nn.Conv2d(2, 2, 3), nn.Conv2d(2, 2, 3, padding=1, stride=2), nn.Conv2d(2, 2, 3, padding=1, groups=2),
        nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"), nn.Conv2d(2, 2, 3, padding=2, dilation=2),
        nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, padding="same"), Own(2, 2, 3, padding=1),
    ]  # fmt: skip
    left = nn.Sequential(*others)
    speed_up_small_maps(left)
    assert list(left) == others

import pytest
import torch
from torch import nn

from empirical.evaluation.features import weights_hash
from empirical.training.networks import (
    CERTIFIABLE_SIDE,
    Encoder,
    _ResidualBlock,
    backbone_maker,
    build_encoder,
    certifiable_convnet,
    medium_convnet,
    projection_head,
    resnet18,
    small_convnet,
    whitened_convnet,
)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def linear() -> tuple[nn.Module, int]:
    """A backbone of one's own, found by name."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 10)), 10


def test_small_encoder_shapes_and_size() -> None:
    encoder = build_encoder(0).eval()
    x = torch.rand(2, 3, 16, 16)
    assert encoder.backbone(x).shape == (2, 256)
    assert encoder(x).shape == (2, 64)
    assert torch.equal(encoder(x), encoder.project(encoder.backbone(x)))
    backbone, dim = small_convnet()
    assert dim == 256
    assert parameters(backbone) == sum(9 * a * b + 2 * b for a, b in ((3, 32), (32, 64), (64, 128), (128, 256)))


def test_the_medium_network_is_the_small_one_with_more_channels() -> None:
    backbone, dim = medium_convnet()
    assert dim == 384
    assert parameters(backbone) == sum(9 * a * b + 2 * b for a, b in ((3, 48), (48, 96), (96, 192), (192, 384)))
    small, _ = small_convnet()
    assert [type(part) for part in backbone] == [type(part) for part in small]
    for side in (16, 32):
        assert backbone(torch.rand(2, 3, side, side)).shape == (2, dim)


def test_the_whitened_network_keeps_the_four_quarters_of_the_image() -> None:
    backbone, dim = whitened_convnet()
    assert dim == 512
    assert parameters(backbone) == sum(9 * a * b + 2 * b for a, b in ((3, 48), (48, 96), (96, 192), (192, 128)))
    body = backbone.eval()[:-1]
    for side in (16, 32):
        assert backbone(torch.rand(2, 3, side, side)).shape == (2, dim)
    corner = torch.zeros(1, 3, 32, 32)
    lit = corner.clone()
    lit[..., :4, :4] = 1
    change = (body(lit) - body(corner)).abs().view(128, 4).sum(dim=0)
    assert change.argmax() == 0, "the first quarter sees its own corner most"
    assert change[0] > 0


def test_the_certifiable_network_has_two_plain_convolutions() -> None:
    backbone, dim = certifiable_convnet()
    side = CERTIFIABLE_SIDE
    assert backbone(torch.rand(2, 3, side, side)).shape == (2, dim)
    assert parameters(backbone) == (5 * 5 * 3 + 1) * 32 + (4 * 4 * 32 + 1) * 64
    assert {type(part) for part in backbone} == {nn.Conv2d, nn.ReLU, nn.Flatten}


def test_resnet18_has_the_published_number_of_parameters_and_the_cifar_stem() -> None:
    network, dim = resnet18()
    # torchvision's resnet18 without fc has 11176512, its 7x7 stem 9408; the 3x3 stem has 1728.
    assert parameters(network) == 11176512 - 9408 + 1728 == 11168832
    assert dim == 512
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    assert len(convolutions) == 17 + 3
    assert sum(c.kernel_size == (1, 1) for c in convolutions) == 3
    stem = convolutions[0]
    assert (stem.kernel_size, stem.stride, stem.in_channels, stem.out_channels) == ((3, 3), (1, 1), 3, 64)
    assert not any(isinstance(part, nn.MaxPool2d) for part in network.modules())
    # 32 -> 32 -> 16 -> 8 -> 4 before the mean over positions.
    with torch.device("meta"):
        on_meta, _ = resnet18()
    assert on_meta[:-2](torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 512, 4, 4)
    assert on_meta(torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 512)


def test_a_residual_block_is_a_sum_and_every_weight_gets_a_gradient() -> None:
    block = _ResidualBlock(4, 4, 1).eval()
    x = torch.rand(2, 4, 5, 5)
    torch.testing.assert_close(block(x), torch.relu(block.body(x) + x))
    for weight in block.body.parameters():
        nn.init.zeros_(weight)
    assert torch.equal(block(x), x)
    assert isinstance(_ResidualBlock(4, 8, 2).skip, nn.Sequential)

    network, _ = resnet18()
    network(torch.rand(2, 3, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_resnet18_keeps_the_scale_of_its_input() -> None:
    """Weights normal by fan out: features neither vanish nor explode over 17 convolutions."""
    torch.manual_seed(0)
    network, _ = resnet18()
    features = network.train()(torch.rand(16, 3, 16, 16))
    assert 0.1 < features.std() < 10


def test_projection_head_layers() -> None:
    plain = [type(layer) for layer in projection_head((8, 6, 4))]
    assert plain == [nn.Linear, nn.ReLU, nn.Linear]
    normed = [type(layer) for layer in projection_head((8, 6, 4), norm=True, final_norm=True)]
    assert normed == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear, nn.BatchNorm1d]
    assert [layer.bias is None for layer in projection_head((8, 6, 4), norm=True) if isinstance(layer, nn.Linear)] == [
        True,
        False,
    ]
    with pytest.raises(ValueError, match=r"widths=\(8,\)"):
        projection_head((8,))


def test_build_depends_on_its_arguments_only() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = build_encoder(3)
    assert torch.equal(torch.rand(3), expected)
    assert weights_hash(build_encoder(3)) == weights_hash(first)
    assert weights_hash(build_encoder(4)) != weights_hash(first)
    other = build_encoder(3, widths=(32, 16), norm=True)
    assert weights_hash(other.backbone) == weights_hash(first.backbone)
    assert other(torch.rand(2, 3, 16, 16)).shape == (2, 16)


def test_any_module_is_a_backbone_by_name() -> None:
    name = f"{__name__}:linear"
    encoder = build_encoder(0, name, (4,))
    assert isinstance(encoder, Encoder)
    assert encoder(torch.rand(2, 3, 16, 16)).shape == (2, 4)
    assert backbone_maker(name) is linear
    for wrong in ("resnet", "resnet18:", ":linear"):
        with pytest.raises(
            ValueError, match=rf"encoder='{wrong}': no backbone; choose small, medium, whitened, resnet18"
        ):
            backbone_maker(wrong)
    for missing in ("no_such_module:linear", f"{__name__}:no_such_function"):
        with pytest.raises(ValueError, match="cannot be imported"):
            backbone_maker(missing)

import pytest
import torch
from torch import Tensor

from empirical.training.whitening import LEAST_VARIANCE, MOMENTUM, SHRINKAGE, Whitening


def correlated(n: int) -> Tensor:
    """Rows of unequal means, variances and correlations."""
    generator = torch.Generator().manual_seed(0)
    mixture = torch.randn(5, 5, generator=generator, dtype=torch.float64) * torch.tensor([9.0, 3, 1, 0.3, 0.1])
    return torch.randn(n, 5, generator=generator, dtype=torch.float64) @ mixture.T + 7


def covariance(x: Tensor) -> Tensor:
    return torch.cov(x.T, correction=0)


def test_inner_products_are_those_of_whitened_principal_components() -> None:
    x = correlated(400)
    values, axes = torch.linalg.eigh(covariance(x))
    components = (x - x.mean(dim=0)) @ axes / (values + SHRINKAGE * values.mean() + LEAST_VARIANCE).sqrt()
    y = Whitening(5).double()(x)
    torch.testing.assert_close(y @ y.T, components @ components.T)


def test_every_direction_gets_nearly_the_same_variance() -> None:
    x = correlated(400)
    before = torch.linalg.eigvalsh(covariance(x))
    after = torch.linalg.eigvalsh(covariance(Whitening(5).double()(x)))
    share = before / before.mean()
    torch.testing.assert_close(after, share / (share + SHRINKAGE), rtol=1e-5, atol=1e-5)
    assert after[-1] / after[1] < (before[-1] / before[1]) / 10


def test_the_gradient_passes_through_the_moments_of_the_batch() -> None:
    layer = Whitening(5).double()
    x = correlated(8).requires_grad_()
    assert torch.autograd.gradcheck(layer, (x,))
    # Whitening takes out every affine map, so what only shifts or scales all features changes nothing.
    (gradient,) = torch.autograd.grad(layer(x).pow(3).sum(), x)
    torch.testing.assert_close(gradient.sum(dim=0), torch.zeros(5, dtype=torch.float64), atol=1e-9, rtol=0)


def test_evaluation_uses_the_running_moments_row_by_row() -> None:
    layer = Whitening(5).double()
    x = correlated(400)
    first = layer(x)
    torch.testing.assert_close(layer.running_mean, MOMENTUM * x.mean(dim=0))
    for _ in range(1000):
        layer(x)
    state = {name: value.clone() for name, value in layer.state_dict().items()}
    torch.testing.assert_close(layer.eval()(x), first)
    torch.testing.assert_close(layer(x[:1]), first[:1])
    assert set(state) == {"running_mean", "running_covariance"}
    assert all(torch.equal(layer.state_dict()[name], value) for name, value in state.items())


@pytest.mark.parametrize("rows", [2, 8])
def test_fewer_rows_than_features_and_constant_ones_have_finite_features_and_gradients(rows: int) -> None:
    for x in (torch.rand(rows, 20), torch.ones(rows, 20)):
        x.requires_grad_()
        y = Whitening(20)(x)
        y.sum().backward()
        assert y.isfinite().all()
        assert torch.as_tensor(x.grad).isfinite().all()


def test_half_precision_is_whitened_in_single_precision() -> None:
    layer = Whitening(5)
    x = correlated(64).to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, Whitening(5)(x.float()))


def test_features_that_are_not_finite_stay_visible() -> None:
    assert not Whitening(5)(torch.full((8, 5), float("nan"))).isfinite().any()

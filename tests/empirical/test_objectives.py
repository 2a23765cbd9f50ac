import math

import pytest
import torch

from empirical.objectives import nt_xent


def pair(n: int, d: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z1, z2 = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    return z1, z2


def naive(z1: torch.Tensor, z2: torch.Tensor, temperature: float) -> float:
    n = len(z1)
    rows = [*z1.tolist(), *z2.tolist()]

    def similarity(u: list[float], v: list[float]) -> float:
        dot = sum(a * b for a, b in zip(u, v, strict=True))
        return dot / math.sqrt(sum(a * a for a in u) * sum(b * b for b in v))

    total = 0.0
    for i in range(2 * n):
        others = sum(math.exp(similarity(rows[i], rows[k]) / temperature) for k in range(2 * n) if k != i)
        total -= math.log(math.exp(similarity(rows[i], rows[(i + n) % (2 * n)]) / temperature) / others)
    return total / (2 * n)


@pytest.mark.parametrize(("n", "d", "temperature"), [(2, 3, 1.0), (5, 4, 0.5), (17, 8, 0.1)])
def test_equals_the_naive_double_loop(n: int, d: int, temperature: float) -> None:
    z1, z2 = pair(n, d)
    assert nt_xent(z1, z2, temperature).item() == pytest.approx(naive(z1, z2, temperature), rel=1e-12)


@pytest.mark.parametrize("n", [2, 7, 256])
@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_identical_features_give_log_2n_minus_1(n: int, temperature: float) -> None:
    z = torch.tensor([[3.0, -4.0]], dtype=torch.float64).repeat(n, 1)
    assert nt_xent(z, z, temperature).item() == pytest.approx(math.log(2 * n - 1), rel=1e-12)


def test_orthogonal_samples_with_equal_views_have_the_closed_form() -> None:
    n, temperature = 6, 0.3
    z = torch.eye(n, dtype=torch.float64)
    expected = -1 / temperature + math.log(math.exp(1 / temperature) + 2 * n - 2)
    assert nt_xent(z, z, temperature).item() == pytest.approx(expected, rel=1e-12)


def test_symmetries() -> None:
    z1, z2 = pair(8, 5)
    loss = nt_xent(z1, z2, 0.2)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(1))
    scale = torch.linspace(0.1, 9, 8, dtype=torch.float64)[:, None]
    torch.testing.assert_close(nt_xent(z2, z1, 0.2), loss)
    torch.testing.assert_close(nt_xent(z1[order], z2[order], 0.2), loss)
    torch.testing.assert_close(nt_xent(scale * z1, z2, 0.2), loss)
    assert nt_xent(z1, z2[order], 0.2) != loss


def test_gradient() -> None:
    z1, z2 = (z.requires_grad_() for z in pair(4, 3))
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.3), (z1, z2))


def test_runs_on_the_meta_device() -> None:
    loss = nt_xent(torch.empty(4, 3, device="meta"), torch.empty(4, 3, device="meta"), 0.2)
    assert loss.shape == ()
    assert loss.device.type == "meta"


def test_errors_name_value_and_remedy() -> None:
    z1, z2 = pair(4, 3)
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=r"temperature=.*positive"):
            nt_xent(z1, z2, temperature)
    with pytest.raises(ValueError, match=r"z1 \(4, 3\) and z2 \(3, 3\)"):
        nt_xent(z1, z2[:3], 0.2)
    with pytest.raises(ValueError, match="one shape"):
        nt_xent(z1[0], z2[0], 0.2)
    with pytest.raises(ValueError, match="N=1"):
        nt_xent(z1[:1], z2[:1], 0.2)

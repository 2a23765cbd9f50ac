import math

import numpy as np
import pytest
import torch

from empirical.training import objectives
from empirical.training.objectives import aal, arcl, barlow_twins, info_nce, nt_xent, simsiam, t_info_nce
from theory.arcl import algorithm1
from theory.divergence import losses


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


def views(n: int, m: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, m, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cosine(u: list[float], v: list[float]) -> float:
    dot = sum(a * b for a, b in zip(u, v, strict=True))
    return dot / math.sqrt(sum(a * a for a in u) * sum(b * b for b in v))


# ArCL and AAL ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m", "d", "temperature"), [(2, 2, 3, 1.0), (5, 4, 4, 0.5), (9, 3, 8, 0.1)])
def test_arcl_and_aal_are_algorithm_1(n: int, m: int, d: int, temperature: float) -> None:
    z = views(n, m, d)
    assert arcl(z, temperature).item() == pytest.approx(algorithm1.arcl_loss(z.numpy(), temperature), rel=1e-12)
    assert aal(z, temperature).item() == pytest.approx(algorithm1.aal_loss(z.numpy(), temperature), rel=1e-12)
    if m > 2:
        assert arcl(z, temperature) - aal(z, temperature) > 0.1


def test_arcl_at_two_views_is_half_of_nt_xent() -> None:
    z = views(6, 2, 4)
    halves = (arcl(z, 0.3) + arcl(z.flip(1), 0.3)) / 2
    torch.testing.assert_close(halves, nt_xent(z[:, 0], z[:, 1], 0.3), rtol=1e-12, atol=0)
    torch.testing.assert_close(aal(z, 0.3), arcl(z, 0.3), rtol=1e-12, atol=0)


@pytest.mark.parametrize("loss", [arcl, aal])
def test_arcl_and_aal_closed_form_and_invariances(loss) -> None:
    same = torch.tensor([3.0, -4.0], dtype=torch.float64).expand(7, 4, 2)
    assert loss(same, 0.2).item() == pytest.approx(math.log(13), rel=1e-12)
    z = views(6, 4, 5)
    value = loss(z, 0.2)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss(z[order], 0.2), value)
    torch.testing.assert_close(loss(z[:, [0, 1, 3, 2]], 0.2), value)
    torch.testing.assert_close(loss(z * torch.linspace(0.1, 9, 24, dtype=torch.float64).view(6, 4, 1), 0.2), value)
    assert torch.autograd.gradcheck(lambda x: loss(x, 0.3), (views(3, 3, 3).requires_grad_(),))


def test_more_views_raise_arcl() -> None:
    z = views(6, 5, 4)
    losses = [arcl(z[:, :m], 0.2).item() for m in range(2, 6)]
    assert losses == sorted(losses)
    assert losses[-1] > losses[0] + 1


# InfoNCE with a queue -------------------------------------------------------------------------------------------------


def naive_info_nce(q, k, queue, temperature: float, positive: str) -> float:
    total = 0.0
    for own, other in zip(q.tolist(), k.tolist(), strict=True):
        m = len(own)
        pairs = [cosine(own[j], other[l]) for j in range(m) for l in range(m) if j != l]
        s = {"pair": cosine(own[0], other[1]), "worst": min(pairs), "mean": sum(pairs) / len(pairs)}[positive]
        rest = sum(math.exp(cosine(own[0], key) / temperature) for key in queue.tolist())
        total -= math.log(math.exp(s / temperature) / (math.exp(s / temperature) + rest))
    return total / len(q)


@pytest.mark.parametrize("positive", ["pair", "worst", "mean"])
def test_info_nce_equals_the_naive_loop(positive: str) -> None:
    q, k, queue = views(5, 3, 4, 1), views(5, 3, 4, 2), views(11, 1, 4, 3)[:, 0]
    expected = naive_info_nce(q, k, queue, 0.3, positive)
    assert info_nce(q, k, queue, 0.3, positive).item() == pytest.approx(expected, rel=1e-12)


def test_info_nce_closed_forms_and_invariances() -> None:
    same = torch.tensor([3.0, -4.0], dtype=torch.float64)
    for positive in ("pair", "worst", "mean"):
        q = same.expand(5, 3, 2)
        assert info_nce(q, 2 * q, same.expand(9, 2), 0.2, positive).item() == pytest.approx(math.log(10), rel=1e-12)
    # Queries that equal their keys, orthogonal to a queue of Q: log(1 + Q exp(-1/t)).
    eye = torch.eye(6, dtype=torch.float64)
    loss = info_nce(eye[:4], eye[:4], eye[4:], 0.5)
    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-2)), rel=1e-12)

    q, k, queue = views(5, 2, 4, 1), views(5, 2, 4, 2), views(11, 1, 4, 3)[:, 0]
    value = info_nce(q, k, queue, 0.3)
    torch.testing.assert_close(info_nce(q[:, 0], k[:, 1], queue, 0.3), value)
    torch.testing.assert_close(info_nce(3 * q, k / 7, 2 * queue.flip(0), 0.3), value)
    torch.testing.assert_close(info_nce(q.flip(0), k.flip(0), queue, 0.3), value)
    worst, mean = (info_nce(q, k, queue, 0.3, positive) for positive in ("worst", "mean"))
    assert worst > mean
    assert worst >= value
    # With the encoder as its own momentum encoder both ordered pairs are one.
    torch.testing.assert_close(info_nce(q, q, queue, 0.3, "worst"), info_nce(q, q, queue, 0.3))


@pytest.mark.parametrize("positive", ["pair", "worst", "mean"])
def test_info_nce_gradient(positive: str) -> None:
    arguments = (views(3, 2, 3, 1).requires_grad_(), views(3, 2, 3, 2).requires_grad_(), views(4, 1, 3, 3)[:, 0])
    assert torch.autograd.gradcheck(lambda q, k, queue: info_nce(q, k, queue, 0.3, positive), arguments)


# Barlow Twins ---------------------------------------------------------------------------------------------------------


def correlation(z1: torch.Tensor, z2: torch.Tensor) -> np.ndarray:
    d = z1.shape[1]
    return np.corrcoef(z1.numpy(), z2.numpy(), rowvar=False)[:d, d:]


@pytest.mark.parametrize(("n", "d", "weight"), [(3, 2, 1.0), (20, 6, 0.005), (50, 4, 0.0)])
def test_barlow_twins_is_the_loss_of_the_theory_on_correlations_of_numpy(n: int, d: int, weight: float) -> None:
    z1, z2 = pair(n, d)
    z2 = 5 * z2 + 3  # The views have statistics of their own.
    expected = losses.cross_correlation_loss(correlation(z1, z2), weight)
    assert barlow_twins(z1, z2, weight).item() == pytest.approx(expected, rel=1e-12)


def test_barlow_twins_of_affinely_equal_views_is_0_on_the_diagonal() -> None:
    z, _ = pair(7, 5)
    scale, shift = torch.linspace(0.3, 8, 5, dtype=torch.float64), torch.linspace(-4, 4, 5, dtype=torch.float64)
    for other in (z, scale * z + shift):
        # At 7 samples an unbiased deviation with /N would leave 6/7 on the diagonal, and 5/49 in the loss.
        assert barlow_twins(z, other, 0.0).item() < 1e-28
    assert barlow_twins(z, -z, 0.0).item() == pytest.approx(4 * 5, rel=1e-12)


def test_barlow_twins_closed_form_and_invariances() -> None:
    # Two independent signs, all four combinations: C = I. The same coordinate twice: C all ones.
    signs = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
    assert barlow_twins(signs, signs, 0.7).item() == pytest.approx(0, abs=1e-28)
    twice = signs[:, [0, 0]]
    assert barlow_twins(twice, twice, 0.7).item() == pytest.approx(2 * 0.7, rel=1e-12)

    z1, z2 = pair(9, 4)
    value = barlow_twins(z1, z2, 0.1)
    torch.testing.assert_close(barlow_twins(z2, z1, 0.1), value)
    torch.testing.assert_close(barlow_twins(z1.flip(0), z2.flip(0), 0.1), value)
    torch.testing.assert_close(barlow_twins(z1[:, [2, 0, 3, 1]], z2[:, [2, 0, 3, 1]], 0.1), value)
    torch.testing.assert_close(barlow_twins(3 * z1 - 1, z2 / 5 + 2, 0.1), value)
    assert abs(barlow_twins(z1, z2.flip(0), 0.1) - value) > 0.1


def test_a_constant_coordinate_has_correlation_0_and_a_finite_gradient() -> None:
    z1, z2 = pair(8, 3)
    z1[:, 1] = 4.2
    z1.requires_grad_()
    loss = barlow_twins(z1, z2, 0.1)
    loss.backward()
    assert torch.isfinite(z1.grad).all()
    kept = [0, 2]
    row = barlow_twins(z1.detach()[:, kept], z2[:, kept], 0.1).item()
    off = 0.1 * (np.array(correlation(z1.detach()[:, kept], z2))[:, 1] ** 2).sum()
    assert loss.item() == pytest.approx(row + 1 + off, rel=1e-9)


def test_barlow_twins_gradient() -> None:
    z1, z2 = (z.requires_grad_() for z in pair(5, 3))
    assert torch.autograd.gradcheck(lambda a, b: barlow_twins(a, b, 0.1), (z1, z2))


# SimSiam --------------------------------------------------------------------------------------------------------------


def test_simsiam_equals_the_naive_loop_and_its_closed_forms() -> None:
    (p1, p2), (z1, z2) = pair(6, 4, 1), pair(6, 4, 2)
    rows = zip(p1.tolist(), p2.tolist(), z1.tolist(), z2.tolist(), strict=True)
    expected = -sum(cosine(a, d) + cosine(b, c) for a, b, c, d in rows) / 12
    assert simsiam(p1, p2, z1, z2).item() == pytest.approx(expected, rel=1e-12)
    assert simsiam(2 * z2, z1 / 3, z1, z2).item() == pytest.approx(-1, rel=1e-12)
    assert simsiam(-z2, -z1, z1, z2).item() == pytest.approx(1, rel=1e-12)
    torch.testing.assert_close(simsiam(p2, p1, z2, z1), simsiam(p1, p2, z1, z2))


def test_simsiam_stops_the_gradient_of_the_projections_only() -> None:
    p1, p2, z1, z2 = (z.requires_grad_() for z in (*pair(4, 3, 1), *pair(4, 3, 2)))
    simsiam(p1, p2, z1, z2).backward()
    assert z1.grad is None
    assert z2.grad is None
    assert torch.autograd.gradcheck(lambda a, b: simsiam(a, b, z1, z2), (p1, p2))
    # Projections that are their own predictions: half of the derivative of the cosine, not all of it.
    z = z1.detach().requires_grad_()
    simsiam(z, z2.detach(), z, z2.detach()).backward()
    whole = z1.detach().requires_grad_()
    (-torch.cosine_similarity(whole, z2.detach(), dim=1)).mean().backward()
    torch.testing.assert_close(z.grad, whole.grad / 2, rtol=1e-10, atol=1e-14)


# t-InfoNCE ------------------------------------------------------------------------------------------------------------


def test_t_info_nce_equals_the_naive_loop() -> None:
    n, temperature, degrees = 5, 0.7, 3.0
    z1, z2 = pair(n, 4)
    rows = [*z1.tolist(), *z2.tolist()]

    def kernel(u: list[float], v: list[float]) -> float:
        distance = sum((a - b) ** 2 for a, b in zip(u, v, strict=True))
        return (1 + distance / (temperature * degrees)) ** (-(degrees + 1) / 2)

    total = 0.0
    for i in range(2 * n):
        others = sum(kernel(rows[i], rows[k]) for k in range(2 * n) if k != i)
        total -= math.log(kernel(rows[i], rows[(i + n) % (2 * n)]) / others)
    assert t_info_nce(z1, z2, temperature, degrees).item() == pytest.approx(total / (2 * n), rel=1e-12)


def test_t_info_nce_tends_to_nt_xent_on_the_sphere() -> None:
    z1, z2 = (torch.nn.functional.normalize(z, dim=1) for z in pair(6, 4))
    target = nt_xent(z1, z2, 0.5).item()
    gaps = [abs(t_info_nce(z1, z2, 0.5, degrees).item() - target) for degrees in (1e2, 1e4, 1e6)]
    assert gaps[0] > 10 * gaps[1] > 100 * gaps[2]
    assert gaps[2] < 1e-5


def test_t_info_nce_closed_form_and_invariances() -> None:
    z = torch.tensor([[3.0, -4.0]], dtype=torch.float64).repeat(8, 1)
    assert t_info_nce(z, z, 0.5, 2.0).item() == pytest.approx(math.log(15), rel=1e-9)
    z1, z2 = pair(6, 3)
    value = t_info_nce(z1, z2, 0.5, 2.0)
    rotation = torch.linalg.qr(pair(3, 3, 9)[0])[0]
    torch.testing.assert_close(t_info_nce(z1 @ rotation + 1, z2 @ rotation + 1, 0.5, 2.0), value)
    torch.testing.assert_close(t_info_nce(2 * z1, 2 * z2, 2.0, 2.0), value)
    torch.testing.assert_close(t_info_nce(z2.flip(0), z1.flip(0), 0.5, 2.0), value)
    assert abs(t_info_nce(2 * z1, z2, 0.5, 2.0) - value) > 0.01
    z1.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: t_info_nce(a, z2, 0.5, 2.0), (z1,))


# All of them ----------------------------------------------------------------------------------------------------------

EVERY = {
    "nt_xent": lambda z: nt_xent(z[:, 0], z[:, 1], 0.2),
    "t_info_nce": lambda z: t_info_nce(z[:, 0], z[:, 1], 0.2, 3),
    "arcl": lambda z: arcl(z, 0.2),
    "aal": lambda z: aal(z, 0.2),
    "info_nce": lambda z: info_nce(z, z, z[:, 0], 0.2, "worst"),
    "barlow_twins": lambda z: barlow_twins(z[:, 0], z[:, 1], 0.2),
    "simsiam": lambda z: simsiam(z[:, 0], z[:, 1], z[:, 0], z[:, 1]),
}


@pytest.mark.parametrize("name", EVERY)
def test_runs_on_the_meta_device(name: str) -> None:
    loss = EVERY[name](torch.empty(4, 3, 5, device="meta"))
    assert loss.shape == ()
    assert loss.device.type == "meta"


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", EVERY)
def test_cuda_gives_the_losses_of_the_cpu(name: str) -> None:
    z = views(16, 3, 8)
    torch.testing.assert_close(EVERY[name](z.cuda()).cpu(), EVERY[name](z))


def test_errors_name_value_and_remedy() -> None:
    z1, z2 = pair(4, 3)
    z = views(4, 3, 5)
    for temperature in (0.0, -1.0, math.nan):
        for loss in (
            lambda t: nt_xent(z1, z2, t),
            lambda t: t_info_nce(z1, z2, t, 3),
            lambda t: arcl(z, t),
            lambda t: aal(z, t),
            lambda t: info_nce(z1, z2, z1, t),
        ):
            with pytest.raises(ValueError, match=r"temperature=.*positive"):
                loss(temperature)
    for loss in (nt_xent, barlow_twins):
        with pytest.raises(ValueError, match=r"z1\.shape=\(4, 3\), z2\.shape=\(3, 3\)"):
            loss(z1, z2[:3], 0.2)
        with pytest.raises(ValueError, match="one shape"):
            loss(z1[0], z2[0], 0.2)
        with pytest.raises(ValueError, match=r"z1\.shape=\(1, \d+\): no negatives"):
            loss(z1[:1], z2[:1], 0.2)
    with pytest.raises(ValueError, match=r"degrees=0.*positive"):
        t_info_nce(z1, z2, 0.2, 0)
    with pytest.raises(ValueError, match="weight=-1: lambda is negative"):
        barlow_twins(z1, z2, -1)
    with pytest.raises(ValueError, match=r"p1\.shape=\(4, 3\), z2\.shape=\(3, 3\)"):
        simsiam(z1, z1, z1, z2[:3])
    for wrong in (z[:1], z[:, :1], z[0]):
        with pytest.raises(ValueError, match="N >= 2 samples and m >= 2 views"):
            arcl(wrong, 0.2)
    with pytest.raises(ValueError, match=r"positive='best'.*pair, worst, mean"):
        info_nce(z, z, z[0], 0.2, "best")
    with pytest.raises(ValueError, match=r"queries\.shape=\(4, 3\), keys\.shape=\(3, 3\)"):
        info_nce(z1, z2[:3], z1, 0.2)
    with pytest.raises(ValueError, match="m >= 2 views"):
        info_nce(z1, z2, z1, 0.2, "worst")
    with pytest.raises(ValueError, match=r"queue\.shape=\(4, 3\): .* give \(Q, 5\)"):
        info_nce(z, z, z1, 0.2)


@pytest.mark.parametrize(
    ("target", "wrong", "broken"),
    [
        # Each mutant must be seen by a test above; here, by the naive value itself.
        ("standardised", lambda z: (z - z.mean(0)) / z.std(0), lambda: barlow_twins(*pair(7, 5)[:1] * 2, 0.0) < 1e-6),
        (
            "_reduce",
            lambda pairs, _: torch.stack(pairs).mean(dim=0),
            lambda: (
                arcl(views(5, 4, 4), 0.5).item() == pytest.approx(algorithm1.arcl_loss(views(5, 4, 4).numpy(), 0.5))
            ),
        ),
    ],
)
def test_mutants_are_seen(monkeypatch: pytest.MonkeyPatch, target: str, wrong, broken) -> None:
    assert broken()
    monkeypatch.setattr(objectives, target, wrong)
    assert not broken()

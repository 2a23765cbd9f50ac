from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from empirical.data.sets import load
from empirical.evaluation.features import weights_hash
from empirical.training.loop import TrainingConfig, train
from empirical.training.networks import Encoder, Whitening, build_encoder
from empirical.training.whitening import LEAST_VARIANCE, SHRINKAGE, settle


def correlated(n: int) -> Tensor:
    """Images (n, 3, 1, 1) whose features have unequal means, variances and correlations."""
    generator = torch.Generator().manual_seed(0)
    mixture = torch.tensor([[9.0, 0, 0], [4, 1, 0], [1, 2, 0.1]], dtype=torch.float64)
    rows = torch.randn(n, 3, generator=generator, dtype=torch.float64) @ mixture.T + 7
    return rows[:, :, None, None]


def plain(*head: nn.Module) -> Encoder:
    """An encoder whose backbone does nothing but whiten."""
    return Encoder(nn.Sequential(nn.Flatten(), Whitening(3)), nn.Sequential(*head, nn.ReLU())).double()


def covariance(x: Tensor) -> Tensor:
    return torch.cov(x.T, correction=0)


def test_cosines_are_those_of_whitened_principal_components() -> None:
    images = correlated(400)
    x = images.flatten(1)
    values, axes = torch.linalg.eigh(covariance(x))
    variances = values + SHRINKAGE * values.mean() + LEAST_VARIANCE
    components = (x - x.mean(dim=0)) @ axes / variances.sqrt()
    encoder = plain(nn.Linear(3, 2))
    settle(encoder, images)
    y = encoder.backbone(images)
    torch.testing.assert_close(y @ y.T, components @ components.T)
    torch.testing.assert_close(torch.linalg.eigvalsh(covariance(y)), values / variances)


def test_until_it_is_settled_a_whitening_is_the_identity() -> None:
    x = torch.randn(5, 3)
    assert torch.equal(Whitening(3)(x), x)


@pytest.mark.parametrize("norm", [False, True])
def test_the_head_computes_what_it_computed(norm: bool) -> None:
    torch.manual_seed(0)
    encoder = build_encoder(0, "whitened", (16, 8), norm=norm)
    images = torch.rand(700, 3, 16, 16)
    encoder.train()(images)
    encoder.eval()
    with torch.no_grad():
        expected = encoder(images)
        settle(encoder, images)
        torch.testing.assert_close(encoder(images), expected, rtol=1e-4, atol=1e-5)
        whitened = encoder.backbone(images)
    assert whitened.std() > 0.1
    assert expected.std() > 1e-3


def test_constant_features_and_few_images_can_be_whitened() -> None:
    for images in (torch.ones(4, 3, 1, 1).double(), correlated(2)):
        encoder = plain(nn.Linear(3, 2))
        settle(encoder, images)
        assert encoder.backbone(images).isfinite().all()


def test_a_head_that_cannot_undo_a_whitening_is_refused() -> None:
    with pytest.raises(ValueError, match=r"head=ReLU, ...: cannot undo a whitening; let it begin with nn.Linear"):
        settle(plain(nn.ReLU()), correlated(8))


def test_an_encoder_without_whitening_is_not_touched() -> None:
    encoder = build_encoder(0).train()
    before = weights_hash(encoder)
    settle(encoder, torch.rand(3, 3, 16, 16))
    assert weights_hash(encoder) == before
    assert encoder.training


def test_a_training_ends_whitened_by_the_training_images(tmp_path: Path) -> None:
    """Only its last epoch: until then the features are those that the loss sees."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    data = load("digits", seed=0, train_size=100)
    config = TrainingConfig(dataset="digits", epochs=2, batch_size=32, train_size=100, encoder="whitened")
    settled: list[float] = []

    def probe(encoder: Encoder, _: int) -> dict[str, float]:
        matrix = dict(encoder.backbone.named_buffers())["14.matrix"]
        settled.append(float(not torch.equal(matrix, torch.eye(512))))
        return {}

    result = train(config, data, torch.device("cpu"), tmp_path, progress=False, probe=probe)
    again = train(config, data, torch.device("cpu"), tmp_path, progress=False, probe=probe)
    torch.set_num_threads(threads)
    assert settled == [0, 0, 1]
    assert weights_hash(again.encoder) == weights_hash(result.encoder)
    with torch.no_grad():
        mean = result.encoder.backbone(data.train_images).mean(dim=0)
    torch.testing.assert_close(mean, torch.zeros(512), atol=1e-4, rtol=0)

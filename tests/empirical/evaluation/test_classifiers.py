import copy
import math
from dataclasses import asdict

import pytest
import torch
from torch import nn

from empirical.data.sets import Dataset, load
from empirical.evaluation import classifiers as evaluation
from empirical.evaluation.classifiers import (
    KNN,
    NearestMean,
    evaluate,
    features_of,
    fitted,
    knn_accuracy,
    nearest_mean_accuracy,
    score,
    votes,
)
from empirical.evaluation.features import extract, frozen, weights_hash
from empirical.evaluation.probe import LinearProbe
from empirical.training.networks import build_encoder as build
from empirical.training.networks import normalized

CPU = torch.device("cpu")


def blobs(n: int, classes: int, spread: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % classes
    return torch.eye(classes)[labels] + spread * torch.randn(n, classes, generator=generator), labels


def test_separable_features_are_classified_without_error() -> None:
    train, test = blobs(100, 5, 0.05, 0), blobs(60, 5, 0.05, 1)
    assert knn_accuracy(*train, *test, k=10) == 1
    assert nearest_mean_accuracy(*train, *test) == 1


@pytest.mark.parametrize(("k", "temperature"), [(1, 0.1), (7, 0.1), (60, 0.5), (20, 0.001)])
def test_knn_equals_a_naive_loop(k: int, temperature: float) -> None:
    (train, train_labels), (test, test_labels) = blobs(60, 4, 0.8, 2), blobs(50, 4, 0.8, 3)
    train_labels = train_labels * 10 + 3
    test_labels = test_labels * 10 + 3
    correct = 0
    for x, y in zip(test.double(), test_labels.tolist(), strict=True):
        cosines = [float(x @ t / (x.norm() * t.norm())) for t in train.double()]
        nearest = sorted(range(60), key=lambda i: -cosines[i])[:k]
        votes: dict[int, float] = {}
        for i in nearest:
            label = int(train_labels[i])
            votes[label] = votes.get(label, 0.0) + math.exp((cosines[i] - 1) / temperature)
        correct += max(votes, key=lambda label: votes[label]) == y
    accuracy = knn_accuracy(train, train_labels, test, test_labels, k=k, temperature=temperature)
    assert accuracy == correct / 50
    assert 0.3 < accuracy < 0.95


def test_nearest_mean_equals_a_naive_loop_on_unnormalised_means() -> None:
    (train, train_labels), (test, test_labels) = blobs(80, 3, 0.9, 4), blobs(70, 3, 0.9, 5)
    # A class scattered over the circle has a short mean: normalising the means would change the answer.
    train[train_labels == 0] = torch.randn(27, 3, generator=torch.Generator().manual_seed(6))
    unit = train / train.norm(dim=1, keepdim=True)
    means = [unit[train_labels == k].mean(dim=0) for k in range(3)]
    expected = 0
    for x, y in zip(test / test.norm(dim=1, keepdim=True), test_labels.tolist(), strict=True):
        distances = [float((x - mean).norm()) for mean in means]
        expected += distances.index(min(distances)) == y
    assert nearest_mean_accuracy(train, train_labels, test, test_labels) == expected / 70


def test_classes_come_from_the_training_labels() -> None:
    train, labels = blobs(30, 3, 0.01, 7)
    test, test_labels = blobs(30, 3, 0.01, 8)
    moved = torch.where(test_labels == 2, 9, test_labels)
    assert knn_accuracy(train, labels, test, moved, k=5) == pytest.approx(2 / 3)
    assert nearest_mean_accuracy(train, labels, test, moved) == pytest.approx(2 / 3)


@pytest.mark.parametrize("measure", [knn_accuracy, nearest_mean_accuracy])
def test_bad_features_and_labels_are_refused(measure) -> None:
    train, labels = blobs(30, 3, 0.1, 9)
    test, test_labels = blobs(20, 3, 0.1, 10)
    broken = test.clone()
    broken[4, 1] = math.nan
    with pytest.raises(ValueError, match="row 4"):
        measure(train, labels, broken, test_labels)
    broken = train.clone()
    broken[2] = 0
    with pytest.raises(ValueError, match=r"row 2, norm 0\.0"):
        measure(broken, labels, test, test_labels)
    with pytest.raises(ValueError, match="train_labels"):
        measure(train, labels[:-1], test, test_labels)
    with pytest.raises(ValueError, match="test_labels"):
        measure(train, labels, test[:0], test_labels[:0])
    with pytest.raises(ValueError, match="width 3, test_features 2"):
        measure(train, labels, test[:, :2] + 1, test_labels)
    with pytest.raises(ValueError, match=r"single class \[1\]"):
        measure(train, torch.ones(30, dtype=torch.int64), test, test_labels)


def test_knn_refuses_k_and_temperature_out_of_range() -> None:
    train, test = blobs(30, 3, 0.1, 11), blobs(20, 3, 0.1, 12)
    for k in (0, 31):
        with pytest.raises(ValueError, match=rf"k={k}: outside 1\.\.30"):
            knn_accuracy(*train, *test, k=k)
    with pytest.raises(ValueError, match="temperature=0"):
        knn_accuracy(*train, *test, temperature=0)


def test_extract_evaluates_in_batches_and_restores_the_modes() -> None:
    encoder = build(0).train()
    encoder.project.eval()
    before = weights_hash(encoder)
    x = torch.rand(10, 3, 16, 16)
    features = extract(encoder.backbone, x, CPU, batch_size=3)
    assert features.shape == (10, 256)
    assert features.dtype == torch.float32
    assert not features.requires_grad
    assert weights_hash(encoder) == before
    assert encoder.backbone.training
    assert not encoder.project.training
    assert all(part.training for part in encoder.backbone.modules())
    torch.testing.assert_close(features, extract(encoder.backbone, x, CPU, batch_size=10), atol=1e-6, rtol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(features, encoder.backbone.eval()(x), atol=1e-6, rtol=1e-5)
    (features * nn.Parameter(torch.ones(256))).sum().backward()


def test_extract_restores_the_mode_after_an_error_and_refuses_bad_output() -> None:
    class Broken(nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("broken")

    module = Broken()
    with pytest.raises(ValueError, match=r"fails on images of shape .*RuntimeError: broken"):
        extract(module, torch.rand(2, 3, 4, 4), CPU)
    assert module.training
    with pytest.raises(ValueError, match=r"shape \(2, 3, 4, 4\)"):
        extract(nn.Identity(), torch.rand(2, 3, 4, 4), CPU)
    with pytest.raises(ValueError, match="not finite"):
        extract(nn.Flatten(), torch.full((2, 3, 4, 4), math.inf), CPU)
    with pytest.raises(ValueError, match="images is empty"):
        extract(nn.Flatten(), torch.rand(0, 3, 4, 4), CPU)
    with pytest.raises(ValueError, match="batch_size=0"):
        extract(nn.Flatten(), torch.rand(2, 3, 4, 4), CPU, batch_size=0)


def test_weights_hash_sees_every_weight_and_buffer() -> None:
    encoder = build(0)
    reference = weights_hash(encoder)
    assert weights_hash(build(0)) == reference
    assert weights_hash(build(1)) != reference
    for change in ("project.2.bias", "backbone.1.running_var", "backbone.1.num_batches_tracked"):
        other = copy.deepcopy(encoder)
        other.state_dict()[change].view(-1)[0] += 1
        assert weights_hash(other) != reference


def test_build_is_reproducible_and_leaves_the_global_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build(3)
    assert torch.equal(torch.rand(3), expected)


def test_encoder_shapes() -> None:
    encoder = build(0).eval()
    x = torch.rand(2, 3, 16, 16)
    assert encoder.backbone(x).shape == (2, 256)
    assert encoder(x).shape == (2, 64)
    torch.testing.assert_close(encoder(x), encoder.project(encoder.backbone(x)))


def test_normalized() -> None:
    unit = normalized(torch.tensor([[3.0, 4.0], [0.0, -1e-20]]))
    torch.testing.assert_close(unit, torch.tensor([[0.6, 0.8], [0.0, -1.0]]))
    with pytest.raises(ValueError, match=r"1 of 2 rows .*row 1, norm inf"):
        normalized(torch.tensor([[1.0, 0.0], [math.inf, 0.0]]))
    with pytest.raises(ValueError, match=r"\(2, 2, 1\)"):
        normalized(torch.ones(2, 2, 1))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", train_size=200, test_size=100)


def test_evaluate_records_what_a_number_was_measured_with(digits: Dataset) -> None:
    encoder = build(0)
    found = evaluate(encoder.backbone, digits, CPU, [KNN(k=5), NearestMean(), LinearProbe(l2=1e-2)], layer="backbone")
    features = [extract(encoder.backbone, images, CPU) for images in (digits.train_images, digits.test_images)]
    pair = (features[0], digits.train_labels, features[1], digits.test_labels)
    assert found[0].accuracy == knn_accuracy(*pair, k=5)
    assert found[1].accuracy == nearest_mean_accuracy(*pair)
    assert found[2].accuracy > 0.8
    assert asdict(found[0]) == {
        "protocol": {"k": 5, "temperature": 0.1, "name": "knn", "normalisation": "unit norm"},
        "accuracy": found[0].accuracy,
        "layer": "backbone",
        "fitted_on": "digits",
        "tested_on": "digits",
        "weights_hash": weights_hash(encoder.backbone),
        "seed": None,
        "epoch_rule": "last",
    }
    assert [e.protocol.name for e in found] == ["knn", "nearest mean", "linear probe"]
    assert found[2].protocol.normalisation == "standardised on the training features"


def test_a_classifier_fitted_to_one_set_scores_another(digits: Dataset) -> None:
    encoder, other = build(0).backbone, load("digits", seed=1, train_size=200, test_size=50)
    ours, theirs = features_of(encoder, digits, CPU), features_of(encoder, other, CPU)
    found = score(fitted(KNN(k=3), ours), theirs, "backbone", "hash", seed=9)
    assert found.accuracy == knn_accuracy(ours.train, ours.train_labels, theirs.test, theirs.test_labels, k=3)
    assert (found.seed, found.weights_hash) == (9, "hash")


def test_weights_that_change_during_an_evaluation_are_an_error(digits: Dataset) -> None:
    class Learning(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shift = nn.Parameter(torch.zeros(()))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.shift.data += 1e-7
            return images.flatten(1) + 1 + self.shift

    with pytest.raises(ValueError, match=r"changes its own weights or buffers .* freeze them"):
        evaluate(Learning(), digits, CPU, [NearestMean()])
    module = Learning()
    with frozen(module) as digest:
        pass
    assert digest == weights_hash(module)


@pytest.mark.parametrize("block", [1, 700, 2**24])
def test_knn_in_blocks_is_knn(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = blobs(120, 4, 0.8, 20), blobs(90, 4, 0.8, 21)
    whole = KNN(k=9).fit(*train)(test[0])
    sizes: list[int] = []

    def count(rows: torch.Tensor, *arguments):
        sizes.append(len(rows))
        return votes(rows, *arguments)

    monkeypatch.setattr(evaluation, "_BLOCK", block)
    monkeypatch.setattr(evaluation, "votes", count)
    assert torch.equal(KNN(k=9).fit(*train)(test[0]), whole)
    assert max(sizes) == max(1, min(90, block // 120))
    assert sum(sizes) == 90


def test_votes_run_where_their_arguments_are() -> None:
    test, train = torch.empty(7, 5, device="meta"), torch.empty(30, 5, device="meta")
    found = votes(test, train, torch.empty(30, dtype=torch.int64, device="meta"), 3, 4, 0.1)
    assert found.device.type == "meta"
    assert found.shape == (7, 3)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_evaluates_as_the_cpu_does(digits: Dataset) -> None:
    classifiers = [KNN(), NearestMean(), LinearProbe(l2=1e-2)]
    here = evaluate(build(0).backbone, digits, CPU, classifiers)
    there = evaluate(build(0).backbone, digits, torch.device("cuda"), classifiers)
    for a, b in zip(here, there, strict=True):
        assert a.accuracy == pytest.approx(b.accuracy, abs=0.03)
        assert a.weights_hash == b.weights_hash

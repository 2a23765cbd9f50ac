"""Fine-tuning, and transfer by it and by the linear probe."""

import copy
from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from empirical.data.sets import Dataset, load, matched
from empirical.evaluation import transfer
from empirical.evaluation.classifiers import NearestMean, evaluate
from empirical.evaluation.features import extract, weights_hash
from empirical.evaluation.finetuning import FineTuning, fine_tune, step, tuned
from empirical.evaluation.probe import LinearProbe
from empirical.training.networks import build_encoder as build

CPU = torch.device("cpu")
QUICK = FineTuning(epochs=2, batch_size=40, lr=0.05, seed=3)


class Small(nn.Module):
    """Two convolutions, batch normalisation and dropout: 3 channels to 16 features."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.first = nn.Conv2d(3, 16, 3, stride=2, padding=1)
            self.norm = nn.BatchNorm2d(16)
            self.second = nn.Conv2d(16, 16, 3, stride=2, padding=1)
            self.drop = nn.Dropout(0.1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.drop(torch.relu(self.second(torch.relu(self.norm(self.first(images))))).mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", train_size=400, test_size=200)


def test_fine_tuning_learns_and_leaves_the_encoder_alone(digits: Dataset) -> None:
    encoder = build(0).backbone.train()
    before = copy.deepcopy(encoder.state_dict())
    found = fine_tune(encoder, digits, CPU, replace(QUICK, epochs=4, lr=0.1), layer="backbone")
    assert found.accuracy > 0.6
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    assert encoder.training
    assert all(part.grad is None for part in encoder.parameters())
    assert found.weights_hash == weights_hash(encoder)
    assert (found.fitted_on, found.tested_on, found.layer) == ("digits", "digits", "backbone")
    assert (found.seed, found.epoch_rule) == (3, "last")
    assert asdict(found)["protocol"] == {
        "epochs": 4,
        "batch_size": 40,
        "lr": 0.1,
        "weight_decay": 1e-4,
        "seed": 3,
        "name": "fine-tuning",
        "normalisation": "none",
    }


def test_the_seed_decides_and_nothing_else(digits: Dataset) -> None:
    torch.manual_seed(1)
    model, classes = tuned(Small(), digits, CPU, QUICK)
    state = torch.get_rng_state()
    torch.manual_seed(2)
    again, _ = tuned(Small(), digits, CPU, QUICK)
    other, _ = tuned(Small(), digits, CPU, replace(QUICK, seed=4))
    assert weights_hash(model) == weights_hash(again)
    assert weights_hash(model) != weights_hash(other)
    assert classes.tolist() == list(range(10))
    assert not any(part.training for part in model.modules())
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state()), "the global random state is left alone"


def test_the_whole_copy_is_trained_even_where_the_encoder_was_frozen(digits: Dataset) -> None:
    encoder = Small().requires_grad_(False).eval()
    model, _ = tuned(encoder, digits, CPU, QUICK)
    assert not torch.equal(model[0].norm.running_mean, encoder.norm.running_mean), "trained in training mode"
    for name, value in model[0].named_parameters():
        assert not torch.equal(value, encoder.get_parameter(name)), name
    assert not any(value.requires_grad for value in encoder.parameters())


def test_one_epoch_is_plain_sgd_with_momentum_on_a_cosine(digits: Dataset) -> None:
    """A linear encoder, full batches: the update by hand."""
    data = replace(digits, train_images=digits.train_images[:50, :, ::4, ::4], train_labels=digits.train_labels[:50])
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(48, 7, bias=False))
    nn.init.constant_(encoder[1].weight, 0.01)
    settings = FineTuning(epochs=3, batch_size=50, lr=0.5, weight_decay=0.01)
    model, _ = tuned(encoder, data, CPU, settings)
    w, v, b = torch.full((7, 48), 0.01), torch.zeros(10, 7), torch.zeros(10)
    speeds = [torch.zeros_like(part) for part in (w, v, b)]
    x, y = data.train_images.flatten(1), nn.functional.one_hot(data.train_labels, 10).float()
    for rate in (0.5, 0.375, 0.125):  # 0.5 (1 + cos(pi t / 3)) / 2
        error = (torch.softmax(x @ w.T @ v.T + b, dim=1) - y) / 50
        gradients = [v.T @ error.T @ x, error.T @ (x @ w.T), error.sum(dim=0)]
        parts = [w, v, b]
        speeds = [0.9 * s + g + 0.01 * part for s, g, part in zip(speeds, gradients, parts, strict=True)]
        w, v, b = (part - rate * s for part, s in zip(parts, speeds, strict=True))
    torch.testing.assert_close(model[0][1].weight, w, atol=1e-5, rtol=0)
    torch.testing.assert_close(model[1].weight, v, atol=1e-5, rtol=0)
    torch.testing.assert_close(model[1].bias, b, atol=1e-5, rtol=0)


def test_classes_come_from_the_training_labels(digits: Dataset) -> None:
    moved = replace(digits, train_labels=digits.train_labels * 10 + 3, test_labels=digits.test_labels * 10 + 3)
    unseen = replace(moved, test_labels=torch.full_like(moved.test_labels, 7))
    model, classes = tuned(Small(), moved, CPU, QUICK)
    assert classes.tolist() == list(range(3, 103, 10))
    logits = extract(model, digits.test_images, CPU)
    expected = float((classes[logits.argmax(dim=1)] == moved.test_labels).float().mean())
    assert fine_tune(Small(), moved, CPU, QUICK).accuracy == pytest.approx(expected)
    assert fine_tune(Small(), unseen, CPU, QUICK).accuracy == 0


def test_bad_settings_and_data_are_refused(digits: Dataset) -> None:
    for arguments, message in (
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 1}, "batch_size=1"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"lr": float("nan")}, "lr=nan"),
        ({"weight_decay": -1.0}, "weight_decay=-1.0"),
        ({"seed": -1}, "seed=-1"),
    ):
        with pytest.raises(ValueError, match=message):
            FineTuning(**arguments)
    with pytest.raises(ValueError, match="batch_size=401: more than the 400 training images"):
        fine_tune(Small(), digits, CPU, FineTuning(batch_size=401))
    with pytest.raises(ValueError, match="single class"):
        fine_tune(Small(), replace(digits, train_labels=torch.zeros(400, dtype=torch.int64)), CPU, QUICK)
    with pytest.raises(ValueError, match=r"loss in epoch 1 of fine-tuning is not finite: lower lr=1e\+30"):
        fine_tune(Small(), digits, CPU, replace(QUICK, lr=1e30))


def test_transfer_scales_the_target_to_the_source(digits: Dataset) -> None:
    source, target = load("fashion", train_size=20, test_size=10, side=12), digits
    encoder = Small()
    sized = matched(target, 12, 12)
    linear = transfer.linear(encoder, source, target, CPU, LinearProbe(l2=1e-2))
    assert linear == evaluate(encoder, sized, CPU, [LinearProbe(l2=1e-2)])[0]
    assert linear != evaluate(encoder, target, CPU, [LinearProbe(l2=1e-2)])[0]
    assert (linear.fitted_on, linear.tested_on) == ("digits", "digits")
    assert linear.accuracy > 0.3
    assert transfer.linear(encoder, source, target, CPU, NearestMean(), layer="x").layer == "x"
    tuned_there = transfer.fine_tuned(encoder, source, target, CPU, QUICK)
    assert tuned_there == fine_tune(encoder, sized, CPU, QUICK)
    assert tuned_there.protocol == QUICK


def test_a_step_runs_where_its_arguments_are() -> None:
    model = nn.Sequential(Small(), nn.Linear(16, 10)).to("meta")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    images, labels = torch.empty(8, 3, 16, 16, device="meta"), torch.empty(8, dtype=torch.int64, device="meta")
    loss = step(model, images, labels, optimizer)
    assert loss.device.type == "meta"
    assert not loss.requires_grad


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_fine_tunes(digits: Dataset) -> None:
    found = fine_tune(build(0).backbone, digits, torch.device("cuda"), replace(QUICK, epochs=4, lr=0.1))
    assert found.accuracy > 0.6

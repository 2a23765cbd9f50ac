import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from empirical import training
from empirical.datasets import Dataset, load
from empirical.encoders import Encoder, build
from empirical.evaluation import weights_hash
from empirical.training import TrainingConfig, pick_device, run_dir, train

CPU = torch.device("cpu")
SMALL = TrainingConfig(dataset="digits", epochs=3, batch_size=32, train_size=100, seed=4)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", seed=4, train_size=100)


def interrupt_after(last: int):
    """A probe that interrupts the run after epoch `last`, before its checkpoint is written."""

    def probe(_: Encoder, epoch: int) -> dict[str, float]:
        if epoch > last:
            raise KeyboardInterrupt
        return {"seen": float(epoch)}

    return probe


def test_interrupted_and_resumed_run_ends_bit_identical(digits: Dataset, tmp_path: Path) -> None:
    whole = train(SMALL, digits, CPU, tmp_path / "whole", progress=False)
    for last in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, digits, CPU, tmp_path / "parts", progress=False, probe=interrupt_after(last))
        torch.rand(7)
    epochs: list[int] = []

    def probe(encoder: Encoder, epoch: int) -> dict[str, float]:
        encoder.eval()
        torch.manual_seed(epoch)
        epochs.append(epoch)
        return {"seen": float(epoch)}

    resumed = train(SMALL, digits, CPU, tmp_path / "parts", progress=False, probe=probe)
    assert epochs == [3]
    assert weights_hash(resumed.encoder) == weights_hash(whole.encoder)
    assert [record.get("loss") for record in resumed.history[1:]] == [record["loss"] for record in whole.history]
    assert [record["seen"] for record in resumed.history] == [0, 1, 2, 3]
    assert not any(part.training for part in resumed.encoder.modules())
    lines = (resumed.folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(resumed.history)


def test_finished_run_is_not_repeated(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(SMALL, epochs=1)
    first = train(config, digits, CPU, tmp_path, progress=False)
    assert first.folder == run_dir(tmp_path, config, CPU)
    assert sorted(path.name for path in first.folder.iterdir()) == ["checkpoint.pt", "metrics.jsonl"]

    def refuse(*_: object) -> float:
        raise AssertionError("trained again")

    monkeypatch.setattr(training, "_train_epoch", refuse)
    again = train(config, digits, CPU, tmp_path, progress=False)
    assert weights_hash(again.encoder) == weights_hash(first.encoder)
    assert again.history == first.history


def test_other_seed_or_views_give_other_weights(digits: Dataset, tmp_path: Path) -> None:
    config = replace(SMALL, epochs=1)
    hashes = {
        weights_hash(train(c, digits, CPU, tmp_path, progress=False).encoder)
        for c in (config, replace(config, seed=5), replace(config, letters="ab"), replace(config, strength=0.5))
    }
    assert len(hashes) == 4


def test_each_epoch_draws_its_own_views_whatever_the_process_did_before(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[torch.Tensor] = []
    draw = training.sample_parameters

    def record(*arguments):
        parameters = draw(*arguments)
        drawn.append(parameters.box)
        return parameters

    monkeypatch.setattr(training, "sample_parameters", record)
    train(SMALL, digits, CPU, tmp_path / "one", progress=False)
    train(replace(SMALL, epochs=2), digits, CPU, tmp_path / "two", progress=False)
    assert [box.shape for box in drawn] == [(2 * 96, 4)] * 5
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[1], drawn[2])
    assert torch.equal(torch.cat(drawn[:2]), torch.cat(drawn[3:]))


def test_truncated_and_foreign_checkpoints_name_the_file_and_the_remedy(digits: Dataset, tmp_path: Path) -> None:
    config = replace(SMALL, epochs=1)
    path = train(config, digits, CPU, tmp_path, progress=False).folder / "checkpoint.pt"
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:100], b"", b"not a checkpoint"):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"checkpoint\.pt cannot be read.*delete it"):
            train(config, digits, CPU, tmp_path, progress=False)
    torch.save({"weights": torch.ones(2)}, path)
    with pytest.raises(ValueError, match=r"checkpoint\.pt was not written by this program: delete it"):
        train(config, digits, CPU, tmp_path, progress=False)
    other = replace(config, lr=1e-3)
    moved = run_dir(tmp_path, other, CPU) / "checkpoint.pt"
    moved.parent.mkdir()
    moved.write_bytes(whole)
    with pytest.raises(ValueError, match=r"checkpoint\.pt belongs to another configuration.*delete it"):
        train(other, digits, CPU, tmp_path, progress=False)


def test_checkpoint_is_replaced_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training._replace(path, fail)
    assert path.read_text() == "old"
    training._replace(path, lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "new"


def test_training_lowers_the_loss_and_shows_progress(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = TrainingConfig(epochs=3, train_size=1000, batch_size=200)
    data = load("fashion", seed=0, train_size=1000)
    result = train(config, data, CPU, tmp_path)
    losses = [record["loss"] for record in result.history]
    assert [record["epoch"] for record in result.history] == [1, 2, 3]
    # Features that ignore the image give log(2 * 200 - 1) = 5.99.
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < losses[0] - 0.2
    assert all(record["images_per_second"] > 0 for record in result.history)
    assert weights_hash(result.encoder) != weights_hash(build(0))
    shown = capfd.readouterr()
    assert "loss=" in shown.err
    assert "images/s=" in shown.err
    assert shown.out == ""


def test_key_names_every_field_and_is_stable() -> None:
    config = TrainingConfig()
    assert config.key() == TrainingConfig().key()
    assert len(config.key()) == 16
    variants = [
        replace(config, dataset="digits"),
        replace(config, letters="a"),
        replace(config, strength=0.5),
        replace(config, epochs=11),
        replace(config, batch_size=128),
        replace(config, lr=1e-3),
        replace(config, temperature=0.5),
        replace(config, weight_decay=0.0),
        replace(config, seed=1),
        replace(config, train_size=100),
    ]
    assert len({c.key() for c in [config, *variants]}) == 11
    assert run_dir("runs", config, CPU) != run_dir("runs", config, torch.device("cuda"))
    assert run_dir("runs", config, CPU).parent == Path("runs")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 1}, "batch_size=1"),
        ({"seed": -1}, "seed=-1"),
        ({"weight_decay": -0.1}, "weight_decay=-0.1"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"letters": "xyz"}, "letters='xyz'"),
        ({"strength": 9.0}, "colour_strength=9.0"),
    ],
)
def test_config_refuses_values_out_of_range(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**arguments)


def test_data_must_be_those_of_the_config(digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"data\.name='digits'"):
        train(replace(SMALL, dataset="fashion"), digits, CPU, tmp_path)
    with pytest.raises(ValueError, match="holds 100 training images"):
        train(replace(SMALL, train_size=200), digits, CPU, tmp_path)
    with pytest.raises(ValueError, match="batch_size=128 exceeds the 100"):
        train(replace(SMALL, batch_size=128), digits, CPU, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_is_not_finite_stops_the_run(digits: Dataset, tmp_path: Path) -> None:
    poisoned = replace(digits, train_images=torch.full_like(digits.train_images, float("nan")))
    with pytest.raises(ValueError, match="loss=nan in epoch 1"):
        train(SMALL, poisoned, CPU, tmp_path, progress=False)
    assert not (run_dir(tmp_path, SMALL, CPU) / "checkpoint.pt").exists()


def test_other_code_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    before = TrainingConfig().key()
    monkeypatch.setattr(training, "RECIPE", (*training.RECIPE, "evaluation"))
    assert TrainingConfig().key() != before


def test_pick_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_device("cpu") == CPU
    with pytest.raises(ValueError, match=r"device='tpu'.*auto, cpu or cuda"):
        pick_device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == CPU
    with pytest.raises(ValueError, match=r"device='cuda'.*use 'cpu' or 'auto'"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == pick_device("cuda") == torch.device("cuda")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_training_lowers_the_loss_and_resumes(tmp_path: Path) -> None:
    device = pick_device("cuda")
    data = load("fashion", train_size=2000)
    config = TrainingConfig(epochs=2, train_size=2000)
    with pytest.raises(KeyboardInterrupt):
        train(config, data, device, tmp_path, progress=False, probe=interrupt_after(1))
    result = train(config, data, device, tmp_path, progress=False)
    losses = [record["loss"] for record in result.history[1:]]
    assert losses[1] < losses[0]
    assert all(value.device.type == "cuda" for value in result.encoder.state_dict().values())

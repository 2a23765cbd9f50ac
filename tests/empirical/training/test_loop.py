import importlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from empirical import provenance
from empirical.data.sets import Dataset, load
from empirical.evaluation.features import weights_hash
from empirical.training import checkpoint
from empirical.training import loop as training
from empirical.training.loop import TrainingConfig, pick_device, run_dir, train
from empirical.training.methods import METHODS
from empirical.training.methods.barlow_twins import BarlowTwins
from empirical.training.methods.moco import MoCo
from empirical.training.methods.simclr import SimCLR
from empirical.training.methods.simsiam import SimSiam
from empirical.training.networks import Encoder, build_encoder

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
SMALL = TrainingConfig(dataset="digits", epochs=3, batch_size=32, train_size=100, seed=4)


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


@pytest.mark.parametrize("coarse", [0.0, 0.7])
def test_interrupted_and_resumed_run_ends_bit_identical(digits: Dataset, tmp_path: Path, coarse: float) -> None:
    config = replace(SMALL, coarse=coarse)
    whole = train(config, digits, CPU, tmp_path / "whole", progress=False)
    for last in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            train(config, digits, CPU, tmp_path / "parts", progress=False, probe=interrupt_after(last))
        torch.rand(7)
    epochs: list[int] = []

    def probe(encoder: Encoder, epoch: int) -> dict[str, float]:
        encoder.eval()
        torch.manual_seed(epoch)
        epochs.append(epoch)
        return {"seen": float(epoch)}

    resumed = train(config, digits, CPU, tmp_path / "parts", progress=False, probe=probe)
    assert epochs == [3]
    assert weights_hash(resumed.encoder) == weights_hash(whole.encoder)
    assert [record.get("loss") for record in resumed.history[1:]] == [record["loss"] for record in whole.history]
    assert [record["seen"] for record in resumed.history] == [0, 1, 2, 3]
    assert not any(part.training for part in resumed.encoder.modules())
    lines = (resumed.folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(resumed.history)


def test_the_first_epochs_see_views_of_half_the_side(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four epochs the first three at a share of .7."""
    seen: list[tuple[int, ...]] = []
    views = training.apply

    def record(*arguments):
        made = views(*arguments)
        seen.append(tuple(made.shape[2:]))
        return made

    monkeypatch.setattr(training, "apply", record)
    train(replace(SMALL, epochs=4, coarse=0.7), digits, CPU, tmp_path, progress=False)
    steps = 100 // SMALL.batch_size
    assert seen == [(8, 8)] * 3 * steps + [(16, 16)] * steps


def test_a_run_that_is_saved_less_often_resumes_from_its_last_checkpoint(digits: Dataset, tmp_path: Path) -> None:
    whole = train(SMALL, digits, CPU, tmp_path / "whole", progress=False)
    for last, begun in ((1, False), (2, True)):
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, digits, CPU, tmp_path / "parts", progress=False, probe=interrupt_after(last), save_every=2)
        folder = run_dir(tmp_path / "parts", SMALL, digits, CPU, interrupt_after(last))
        assert (folder / "checkpoint.json").exists() is begun
    resumed = train(SMALL, digits, CPU, tmp_path / "parts", progress=False, probe=interrupt_after(9), save_every=2)
    assert [record["epoch"] for record in resumed.history] == [0, 1, 2, 3]
    assert weights_hash(resumed.encoder) == weights_hash(whole.encoder)
    assert len((resumed.folder / "metrics.jsonl").read_text().splitlines()) == 4


def test_finished_run_is_not_repeated(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(SMALL, epochs=1)
    first = train(config, digits, CPU, tmp_path, progress=False)
    assert first.folder == run_dir(tmp_path, config, digits, CPU)
    names = sorted(path.name for path in first.folder.iterdir())
    assert names[:2] == ["checkpoint.json", "metrics.jsonl"]
    assert len(names) == 3
    assert names[2].endswith(".safetensors")

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
    folder = train(config, digits, CPU, tmp_path, progress=False).folder
    path, tensors = folder / "checkpoint.json", next(folder.glob("*.safetensors"))
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:100], b"", b"not a checkpoint"):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"checkpoint\.json: cannot be read.*; delete it"):
            train(config, digits, CPU, tmp_path, progress=False)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"checkpoint\.json: not written by this program; move its folder"):
        train(config, digits, CPU, tmp_path, progress=False)
    path.write_bytes(whole)
    content = tensors.read_bytes()
    tensors.write_bytes(content[:-1])
    with pytest.raises(ValueError, match="truncated or was changed; delete it"):
        train(config, digits, CPU, tmp_path, progress=False)
    tensors.write_bytes(content)

    other = replace(config, lr=1e-3)
    moved = run_dir(tmp_path, other, digits, CPU)
    shutil.copytree(folder, moved)
    with pytest.raises(ValueError, match=r"checkpoint\.json: belongs to another configuration.*; move its folder"):
        train(other, digits, CPU, tmp_path, progress=False)
    changed = replace(digits, train_images=digits.train_images.flip(0))
    shutil.copytree(folder, run_dir(tmp_path, config, changed, CPU))
    with pytest.raises(ValueError, match="trained on other images than these; move its folder"):
        train(config, changed, CPU, tmp_path, progress=False)


def test_checkpoint_of_other_tensors_is_refused(digits: Dataset, tmp_path: Path) -> None:
    config = replace(SMALL, epochs=1)
    folder = train(config, digits, CPU, tmp_path, progress=False).folder
    tensors, state = checkpoint.load(folder)
    missing = {name: value for name, value in tensors.items() if name != "learner.encoder.project.0.weight"}
    extra = tensors | {"learner.spare": torch.ones(2)}
    fewer = {name: value for name, value in tensors.items() if not name.startswith("optimizer.3.")}
    for wrong in (missing, extra):
        checkpoint.save(folder, wrong, state)
        with pytest.raises(ValueError, match="holds other tensors than those of this configuration; move its folder"):
            train(config, digits, CPU, tmp_path, progress=False)
    checkpoint.save(folder, fewer, state)
    with pytest.raises(ValueError, match="holds other tensors than those of this configuration; move its folder"):
        train(config, digits, CPU, tmp_path, progress=False)
    checkpoint.save(folder, tensors, {"epoch": 1})
    with pytest.raises(ValueError, match="not written by this program; move its folder"):
        train(config, digits, CPU, tmp_path, progress=False)


@pytest.mark.parametrize(
    "change",
    [
        {"method": MoCo(queue_size=64)},
        {"method": MoCo(queue_size=64, positives="worst", views=3), "optimizer": "sgd", "schedule": "cosine"},
        {"method": SimSiam(), "letters": "abcdf"},
        {"method": BarlowTwins(), "optimizer": "sgd", "lr": 0.05},
        {"encoder": "whitened"},
    ],
)
def test_every_method_optimiser_and_network_resumes_bit_identical(
    digits: Dataset, tmp_path: Path, change: dict
) -> None:
    config = replace(SMALL, epochs=2, **change)
    whole = train(config, digits, CPU, tmp_path / "whole", progress=False)
    with pytest.raises(KeyboardInterrupt):
        train(config, digits, CPU, tmp_path / "parts", progress=False, probe=interrupt_after(1))
    resumed = train(config, digits, CPU, tmp_path / "parts", progress=False, probe=interrupt_after(9))
    assert resumed.history[-1]["loss"] == whole.history[-1]["loss"]
    (first, _), (second, _) = checkpoint.load(whole.folder), checkpoint.load(resumed.folder)
    assert set(first) == set(second)
    # Everything: the encoder, predictor, momentum encoder and queue, and the optimiser's moments.
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(name.startswith("optimizer.") for name in first)


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
    assert weights_hash(result.encoder) != weights_hash(build_encoder(0))
    shown = capfd.readouterr()
    assert "loss=" in shown.err
    assert "images/s=" in shown.err
    assert shown.out == ""


def test_key_names_every_field_and_is_stable(digits: Dataset) -> None:
    config = TrainingConfig()
    assert config.key() == TrainingConfig().key()
    assert len(config.key()) == 16
    variants = [
        replace(config, dataset="digits"),
        replace(config, letters="a"),
        replace(config, strength=0.5),
        replace(config, epochs=11),
        replace(config, coarse=0.5),
        replace(config, batch_size=128),
        replace(config, lr=1e-3),
        replace(config, method=SimCLR(temperature=0.5)),
        replace(config, method=MoCo()),
        replace(config, mask_share=0.25),
        replace(config, encoder="resnet18"),
        replace(config, optimizer="sgd"),
        replace(config, schedule="cosine"),
        replace(config, classes=("Bag", "Trouser")),
        replace(config, side=32),
        replace(config, weight_decay=0.0),
        replace(config, seed=1),
        replace(config, train_size=100),
        replace(config, compiled=True),
    ]
    assert len({c.key() for c in [config, *variants]}) == 1 + len(variants) == 20
    folder = run_dir("runs", config, digits, CPU)
    assert folder.parent == Path("runs")
    assert folder != run_dir("runs", config, digits, torch.device("cuda"))
    assert folder != run_dir("runs", config, replace(digits, test_labels=digits.test_labels.flip(0)), CPU)


def test_settings_of_a_method_give_way_to_what_is_asked() -> None:
    assert all(TrainingConfig.for_method(method).method == method for method in METHODS.values())
    assert TrainingConfig.for_method(SimCLR()) == TrainingConfig()
    config = TrainingConfig.for_method(SimSiam(), lr=0.1, seed=3)
    assert (config.method, config.batch_size, config.lr, config.seed) == (SimSiam(), 64, 0.1, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"coarse": 1.1}, "coarse=1.1: no share of the epochs"),
        ({"batch_size": 1}, "batch_size=1"),
        ({"seed": -1}, "seed=-1"),
        ({"weight_decay": -0.1}, "weight_decay=-0.1"),
        ({"lr": 0.0}, "lr=0.0"),
        ({"optimizer": "adam"}, "optimizer='adam': unknown; choose adamw or sgd"),
        ({"schedule": "linear"}, "schedule='linear': unknown; choose one-cycle or cosine"),
        ({"encoder": "vgg"}, "encoder='vgg': no backbone"),
        ({"mask_share": 1.0, "letters": "f"}, "mask_share=1.0"),
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
    with pytest.raises(ValueError, match=r"data: 100 training images, not config\.train_size=200"):
        train(replace(SMALL, train_size=200), digits, CPU, tmp_path)
    with pytest.raises(ValueError, match="batch_size=128: more than the 100"):
        train(replace(SMALL, batch_size=128), digits, CPU, tmp_path)
    with pytest.raises(ValueError, match=r"config\.classes=\('1', '2'\)"):
        train(replace(SMALL, classes=("1", "2")), digits, CPU, tmp_path)
    with pytest.raises(ValueError, match=r"images of \(16, 16\) pixels, not config\.side=32"):
        train(replace(SMALL, side=32), digits, CPU, tmp_path)
    dots = replace(digits, train_images=digits.train_images[..., :1, :1])
    with pytest.raises(ValueError, match=r"coarse=0\.5: half of an image of one pixel"):
        train(replace(SMALL, coarse=0.5), dots, CPU, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_edited_probe_is_not_answered_with_an_old_history(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    config = replace(SMALL, epochs=1)

    def history(value: float) -> list[float]:
        (tmp_path / "edited_probe.py").write_text(f"def probe(encoder, epoch):\n    return {{'seen': {value}}}\n")
        for cached in (provenance._tree, provenance._code):
            cached.cache_clear()
        importlib.invalidate_caches()
        sys.modules.pop("edited_probe", None)
        module = importlib.import_module("edited_probe")
        result = train(config, digits, CPU, tmp_path / "runs", progress=False, probe=module.probe)
        return [record["seen"] for record in result.history]

    assert history(1.0) == [1.0, 1.0]
    assert history(22.0) == [22.0, 22.0]
    assert history(22.0) == [22.0, 22.0]
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_a_loss_that_is_not_finite_stops_the_run(digits: Dataset, tmp_path: Path) -> None:
    poisoned = replace(digits, train_images=torch.full_like(digits.train_images, float("nan")))
    with pytest.raises(ValueError, match="loss=nan: not finite in epoch 1"):
        train(SMALL, poisoned, CPU, tmp_path, progress=False)
    assert not (run_dir(tmp_path, SMALL, poisoned, CPU) / "checkpoint.json").exists()


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_training_lowers_the_loss_and_resumes(tmp_path: Path) -> None:
    device = pick_device("cuda")
    data = load("fashion", train_size=2000)
    config = TrainingConfig(epochs=2, train_size=2000)
    with pytest.raises(KeyboardInterrupt):
        train(config, data, device, tmp_path, progress=False, probe=interrupt_after(1))
    result = train(config, data, device, tmp_path, progress=False, probe=interrupt_after(9))
    losses = [record["loss"] for record in result.history[1:]]
    assert losses[1] < losses[0]
    assert all(value.device.type == "cuda" for value in result.encoder.state_dict().values())

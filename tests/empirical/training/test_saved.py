"""What a run can carry is saved, resumed, or refused before its first epoch; what was changed is noticed."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from empirical.data.sets import Dataset, load
from empirical.evaluation.features import weights_hash
from empirical.training import checkpoint
from empirical.training import loop as training
from empirical.training.loop import TrainingConfig, batch_that_fits, train
from empirical.training.methods.moco import MoCo
from empirical.training.methods.simclr import SimCLR

CPU = torch.device("cpu")
SMALL = TrainingConfig(dataset="digits", letters="a", epochs=2, batch_size=32, train_size=100, seed=4)

BACKBONES = '''
import torch
from torch import nn


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3 * 16 * 16, 32)
        self.again = self.first
        self.last = nn.Linear(32, 32)

    def forward(self, x):
        return self.last(torch.relu(self.again(x.flatten(1))))


class Views(Tied):
    """Two buffers that lie in one piece of memory, and a layer that nothing reaches."""

    def __init__(self):
        super().__init__()
        whole = torch.arange(8.0)
        self.register_buffer("left", whole[:4])
        self.register_buffer("right", whole[2:])
        self.unused = nn.Linear(3, 3)


class Sparse(Tied):
    def __init__(self):
        super().__init__()
        self.register_buffer("graph", torch.eye(3).to_sparse())


class Extra(Tied):
    def get_extra_state(self):
        return {"calls": 3}

    def set_extra_state(self, state):
        pass


def tied():
    return Tied(), 32


def views():
    return Views(), 32


def sparse():
    return Sparse(), 32


def extra():
    return Extra(), 32
'''


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits", seed=4, train_size=100)


@pytest.fixture(autouse=True)
def backbones(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("backbones")
    (folder / "odd_backbones.py").write_text(BACKBONES)
    monkeypatch.syspath_prepend(folder)
    yield
    sys.modules.pop("odd_backbones", None)


def stop_before_the_second(_: nn.Module, epoch: int) -> dict[str, float]:
    if epoch > 1:
        raise KeyboardInterrupt
    return {}


def nothing(_: nn.Module, epoch: int) -> dict[str, float]:  # noqa: ARG001
    return {}


@pytest.mark.parametrize("method", [SimCLR(), MoCo(queue_size=64)])
@pytest.mark.parametrize("name", ["tied", "views"])
def test_shared_memory_and_unused_layers_are_saved_and_resumed(name, method, digits, tmp_path):
    config = replace(SMALL, encoder=f"odd_backbones:{name}", method=method)
    whole = train(config, digits, CPU, tmp_path / "whole", progress=False)
    with pytest.raises(KeyboardInterrupt):
        train(config, digits, CPU, tmp_path / "parts", progress=False, probe=stop_before_the_second)
    resumed = train(config, digits, CPU, tmp_path / "parts", progress=False, probe=nothing)
    assert weights_hash(resumed.encoder) == weights_hash(whole.encoder)
    first, second = (checkpoint.load(run.folder)[0] for run in (whole, resumed))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert resumed.encoder.backbone.first is resumed.encoder.backbone.again


@pytest.mark.parametrize("name", ["sparse", "extra"])
def test_what_no_checkpoint_can_hold_is_refused_before_the_first_epoch(name, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_train_epoch", lambda *_: pytest.fail("trained"))
    config = replace(SMALL, encoder=f"odd_backbones:{name}")
    with pytest.raises(
        ValueError, match=r"tensors=.*: a checkpoint cannot hold them .*; keep what training changes in"
    ):
        train(config, digits, CPU, tmp_path, progress=False)


@pytest.mark.parametrize(
    "options",
    [
        {"seed": np.int64(1)},
        {"epochs": np.int32(2), "batch_size": np.uint8(32)},
        {"lr": np.float32(0.001953125), "weight_decay": np.float64(0.01)},
        {"strength": np.float16(0.5), "mask_share": np.array(0.25)},
        {"classes": tuple(np.array(["1", "2"])), "side": np.int64(16)},
        {"method": MoCo(queue_size=np.int64(64), temperature=np.float32(0.25), widths=tuple(np.array([16, 8])))},
    ],
)
def test_numpy_numbers_name_the_same_run_as_pythons(options):
    config = TrainingConfig(**options)
    plain = {name: value for name, value in config.description().items() if name != "method"}
    again = TrainingConfig(
        **{**plain, "method": config.method, "classes": plain["classes"] and tuple(plain["classes"])}
    )
    assert config == again
    assert config.key() == again.key()
    assert json.loads(json.dumps(config.description()))["seed"] == config.seed


@pytest.mark.parametrize("options", [{"seed": 1.5}, {"epochs": "2"}, {"batch_size": True}, {"epochs": np.float64(2)}])
def test_what_is_no_integer_is_refused_at_once(options):
    with pytest.raises(ValueError, match=r"not an integer; give an integer"):
        TrainingConfig(**options)


def test_a_probe_of_numpy_numbers_is_kept_and_one_of_nan_is_refused_before_training(digits, tmp_path, monkeypatch):
    config = replace(SMALL, epochs=1)
    result = train(config, digits, CPU, tmp_path, progress=False, probe=lambda _, epoch: {"seen": np.float32(epoch)})
    assert [record["seen"] for record in result.history] == [0, 1]
    monkeypatch.setattr(training, "_train_epoch", lambda *_: pytest.fail("trained"))
    with pytest.raises(ValueError, match="probe=seen: nan after epoch 0, not finite"):
        train(config, digits, CPU, tmp_path / "b", progress=False, probe=lambda *_: {"seen": np.float32("nan")})


def edits(saved: dict) -> dict[str, dict]:
    """Changed states of a checkpoint, each with the tensors as they were."""
    state = saved["state"]
    history = [dict(record) for record in state["history"]]
    history[0]["loss"] += 1e-9
    return {
        "epoch": state | {"epoch": 1},
        "history": state | {"history": history},
        "untrained": state | {"untrained": [0]},
        "more": state | {"note": "x"},
        "type": state | {"epoch": "2"},
    }


def test_every_edit_of_the_state_is_noticed(digits, tmp_path):
    folder = train(SMALL, digits, CPU, tmp_path, progress=False).folder
    path = folder / "checkpoint.json"
    saved = json.loads(path.read_text())
    for state in edits(saved).values():
        path.write_text(json.dumps(saved | {"state": state}))
        with pytest.raises(ValueError, match=r"checkpoint\.json: was changed after it was written; delete it"):
            train(SMALL, digits, CPU, tmp_path, progress=False)
    path.write_text(json.dumps(saved))
    train(SMALL, digits, CPU, tmp_path, progress=False)


def loaded_or_refused(folder: Path) -> tuple | None:
    """The checkpoint; None where it is refused, which must name the file."""
    try:
        return checkpoint.load(folder)
    except ValueError as error:
        if "checkpoint.json" not in str(error):
            raise
        return None


@pytest.mark.parametrize("count", [300, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_mutated_checkpoint_is_read_as_another(count, tmp_path):
    """Bytes changed, removed and repeated in both files: refused with a ValueError, or read as what was saved."""
    tensors = {"learner.w": torch.arange(64.0), "optimizer.0.step": torch.tensor(3.0)}
    state = {"epoch": 3, "config": {"lr": 0.002}, "data": "ab", "history": [{"epoch": 1, "loss": 0.25}]}
    checkpoint.save(tmp_path, tensors, state)
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    rng = np.random.default_rng(count)
    refused = 0
    for _ in range(count):
        for path, content in whole.items():
            path.write_bytes(content)
        path = list(whole)[rng.integers(2)]
        content = bytearray(whole[path])
        at = int(rng.integers(len(content)))
        length = int(rng.integers(1, 40))
        kind = rng.integers(4)
        if kind == 0:
            content[at] ^= int(rng.integers(1, 256))
        elif kind == 1:
            del content[at : at + length]
        elif kind == 2:
            content[at:at] = content[at : at + length]
        else:
            content[at : at + 1] = bytes(rng.integers(32, 127, size=length, dtype=np.uint8))
        path.write_bytes(content)
        found = loaded_or_refused(tmp_path)
        if found is None:
            refused += 1
        else:
            assert found[1] == state
            assert found[0].keys() == tensors.keys()
            assert all(torch.equal(found[0][name], tensors[name]) for name in tensors)
    assert refused > 0.9 * count


RACE = """
import sys
from pathlib import Path
import torch
from empirical.training import checkpoint
folder, number = Path(sys.argv[1]), int(sys.argv[2])
for step in range(100):
    checkpoint.save(folder, {"learner.w": torch.full((50_000,), float(step + 1000 * number))}, {"epoch": step})
    tensors, state = checkpoint.load(folder)
    assert float(tensors["learner.w"][0]) % 1000 == state["epoch"]
"""


def test_two_processes_that_save_into_one_folder_leave_whole_checkpoints_at_every_moment(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(Path(checkpoint.__file__).parents[2])}
    both = [subprocess.Popen([sys.executable, "-c", RACE, tmp_path, str(n)], env=environment) for n in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    tensors, state = checkpoint.load(tmp_path)
    assert state == {"epoch": 99}
    assert float(tensors["learner.w"][0]) % 1000 == 99
    assert len(list(tmp_path.iterdir())) == 2


def test_a_second_process_is_told_that_another_one_trains_the_run(digits, tmp_path):
    second: list[str] = []

    def probe(_: nn.Module, epoch: int) -> dict[str, float]:
        if epoch == 0:
            try:
                train(SMALL, digits, CPU, tmp_path, progress=False, probe=probe)
            except ValueError as error:
                second.append(str(error))
        return {}

    first = train(SMALL, digits, CPU, tmp_path, progress=False, probe=probe)
    assert len(second) == 1
    assert "another process is training this run; wait for it, or give another folder of runs" in second[0]
    assert len(first.history) == 3
    assert len(list(first.folder.iterdir())) == 3


@pytest.mark.parametrize(("images", "fits"), [(1, 2), (2, 2), (3, 2), (7, 2), (8, 4), (144, 64), (255, 64), (256, 256)])
def test_a_batch_fits_the_images(images, fits):
    assert batch_that_fits(256, images) == fits

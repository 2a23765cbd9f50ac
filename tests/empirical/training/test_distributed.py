"""Two gloo processes train as one: losses, gradients, statistics and whole runs equal those of one process."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from empirical.training.distributed import WholeBatchNorm, gather, process_count, process_rank, synchronised, total

WORKER = """
import json, os, sys
import torch
from dataclasses import replace
from pathlib import Path
from empirical.data.sets import load
from empirical.training.distributed import averaged, process_count, process_rank, processes, synchronised
from empirical.evaluation.features import weights_hash
from empirical.experiments.design import SCALES, Cell, Experiment
from empirical.experiments.running import run_all
from empirical.training.methods import METHODS, initial_learner
from empirical.training.methods.moco import MoCo
from empirical.training.loop import TrainingConfig, run_dir, train

torch.set_num_threads(1)
cpu = torch.device("cpu")
out = Path(sys.argv[1])
chosen = {name: replace(method, widths=(16, 8)) for name, method in METHODS.items()}
chosen["moco"] = replace(chosen["moco"], queue_size=20, momentum=0.5)


def step(learner, loss_of, views):
    loss = loss_of(views)
    loss.backward()
    learner.after_step()
    named = {f"gradient.{n}": p.grad.clone() for n, p in learner.named_parameters() if p.grad is not None}
    named |= {f"buffer.{n}": b.clone() for n, b in learner.named_buffers()}
    return {"loss": loss.detach(), **named}


def both(method, backbone):
    torch.manual_seed(0)
    views = torch.rand(method.views, 8, 3, 16, 16, dtype=torch.float64)
    if process_count() == 1:
        learner = initial_learner(method, backbone, 0).double().train()
        return step(learner, learner, views)
    share = 8 // process_count()
    mine = views[:, process_rank() * share : (process_rank() + 1) * share]
    learner = synchronised(initial_learner(method, backbone, 0), cpu).double().train()
    return step(learner, averaged(learner), mine)


def everything():
    n, r = process_count(), process_rank()
    result = {name: both(method, "small") for name, method in chosen.items()}
    result["whitened"] = both(chosen["simclr"], "whitened")
    torch.save(result, out / f"steps-{n}-{r}.pt")
    config = TrainingConfig(dataset="digits", epochs=2, batch_size=20, train_size=100, lr=1e-3, method=chosen["moco"])
    data = load("digits", train_size=100)
    probed = []

    def probe(encoder, epoch):
        probed.append(epoch)
        return {"seen": 1.0}

    if n == 2:
        whole = train(config, data, cpu, out / "whole", progress=True, probe=probe)
        assert whole.folder.name.endswith("-cpux2"), whole.folder
        assert probed == ([0, 1, 2] if r == 0 else []), probed
        again = train(config, data, cpu, out / "whole", progress=False, probe=probe)
        assert weights_hash(again.encoder) == weights_hash(whole.encoder)
        try:
            train(replace(config, batch_size=21), data, cpu, out / "odd", progress=False)
        except ValueError as error:
            assert "batch_size=21: not a multiple of the 2 processes" in str(error)
        else:
            raise AssertionError("an odd batch was accepted")
    else:
        whole = train(config, data, cpu, out / "whole", progress=False)
    scale = replace(
        SCALES["embedded"], dataset="digits", settings={"batch_size": 20, "epochs": 1, "train_size": 100}
    )
    cells = lambda scale, seed: (Cell("SimCLR", "a", scale.config(chosen["simclr"], "a", seed)),)
    grid = Experiment("toy", "Toy", cells, ("accuracy",), ("kNN",), ())
    found = run_all(
        grid, scale, [0], jobs=1, paths={}, runs=out / f"runs{n}", out=out / f"found{n}", device="cpu", progress=False
    )
    losses = [h["loss"] for h in whole.history if "loss" in h]
    state = {"hash": weights_hash(whole.encoder), "losses": losses, "experiment": found[0]["values"]["kNN"]}
    (out / f"run-{n}-{r}.json").write_text(json.dumps(state))


if os.environ["RANK"] == "0":
    everything()  # alone, before the other joins
with processes(cpu):
    everything()
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The worker run as two processes that find each other as torchrun's do; the first also does all of it alone."""
    out = tmp_path_factory.mktemp("distributed")
    script = out / "worker.py"
    script.write_text(WORKER)
    plain = {k: v for k, v in os.environ.items() if k not in ("WORLD_SIZE", "RANK", "LOCAL_RANK")} | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    port = str(free_port())
    workers = [
        subprocess.Popen(
            [sys.executable, script, out],
            env=plain
            | {"WORLD_SIZE": "2", "RANK": rank, "LOCAL_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    shown = [worker.communicate(timeout=240) for worker in workers]
    for worker, (_, errors) in zip(workers, shown, strict=True):
        assert worker.returncode == 0, errors
        assert "FutureWarning" not in errors
    return out, [errors for _, errors in shown]


def test_two_processes_compute_the_gradient_of_one(results: tuple[Path, list[str]]) -> None:
    out, _ = results
    one = torch.load(out / "steps-1-0.pt", weights_only=True)
    for rank in (0, 1):
        two = torch.load(out / f"steps-2-{rank}.pt", weights_only=True)
        assert set(two) == set(one)
        for name, expected in one.items():
            assert set(two[name]) == set(expected)
            assert sum(key.startswith("gradient.") for key in expected) >= 14
            for key, value in expected.items():
                # Batch normalisation is over the whole batch, so the buffers agree as well. float64: rounding only.
                scale = max(1.0, float(value.abs().max()))
                assert float((two[name][key] - value).abs().max()) <= 1e-9 * scale, (name, key)
            biggest = max(float(v.abs().max()) for k, v in expected.items() if k.startswith("gradient."))
            assert biggest > 1e-3, "gradients that are all but 0 would agree anyhow"


def test_two_processes_train_to_one_set_of_weights(results: tuple[Path, list[str]]) -> None:
    out, errors = results
    one, first, second = (json.loads((out / f"run-{n}.json").read_text()) for n in ("1-0", "2-0", "2-1"))
    assert first["hash"] == second["hash"]
    assert first["losses"] == second["losses"]
    assert first["losses"] == pytest.approx(one["losses"], rel=1e-3)
    assert first["losses"][1] != first["losses"][0]
    assert first["experiment"] == second["experiment"] == pytest.approx(one["experiment"], abs=0.02)
    assert [path.name.endswith("-cpux2") for path in (out / "runs2").iterdir()] == [True]
    assert "images/s=" in errors[0], "process 0 shows the progress"
    assert "images/s=" not in errors[1]
    assert sorted(p.suffix for p in next((out / "whole").glob("*-cpux2")).iterdir()) == [
        ".json",
        ".jsonl",
        ".safetensors",
    ]


def test_one_process_is_left_alone() -> None:
    x = torch.rand(3, 2, requires_grad=True)
    assert gather(x) is x
    assert total(x) is x
    assert (process_count(), process_rank()) == (1, 0)
    module = nn.BatchNorm1d(2)
    assert synchronised(module, torch.device("cpu")) is module


def test_whole_batch_norm_of_one_process_is_batch_norm() -> None:
    ours, theirs = WholeBatchNorm(3), nn.BatchNorm2d(3)
    x = torch.rand(4, 3, 5, 5)
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    assert set(ours.state_dict()) == set(theirs.state_dict())
    with pytest.raises(ValueError, match="no channels; give"):
        ours(torch.rand(3))

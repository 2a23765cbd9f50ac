"""SIGKILL at random moments, resume, and the weights of an uninterrupted run, bit by bit."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 6
EPOCHS = 30

# Forked before torch has started a thread, so that all kills cost one import.
WORKER = f"""
import json, os, signal, sys, time
from pathlib import Path
import torch
from empirical.data.sets import load
from empirical.training.methods.moco import MoCo
from empirical.training.loop import TrainingConfig, run_dir, train

config = TrainingConfig(
    dataset="digits", epochs={EPOCHS}, batch_size=25, train_size=100, method=MoCo(queue_size=50), encoder="small"
)
cpu = torch.device("cpu")
torch.optim.AdamW([torch.zeros(1)])  # imports much of torch, for all that are forked


def start(out):
    process = os.fork()
    if process == 0:
        torch.set_num_threads(1)
        train(config, load("digits", train_size=100), cpu, out, progress=False)
        os._exit(0)
    return process


def lines(folder):
    metrics = folder / "metrics.jsonl"
    return len(metrics.read_text().splitlines()) if metrics.exists() else 0


root, delays = Path(sys.argv[1]), json.loads(sys.argv[2])
whole = root / "whole"
assert os.waitpid(start(whole), 0)[1] == 0
parts = root / "parts"
data = load("digits", train_size=100)
folder, signals, epochs = run_dir(parts, config, data, cpu), [], []
for delay in delays:
    process, before = start(parts), lines(folder)
    while lines(folder) == before and os.waitpid(process, os.WNOHANG) == (0, 0):
        time.sleep(0.0005)
    time.sleep(delay)
    try:
        os.kill(process, signal.SIGKILL)
        signals.append(os.WTERMSIG(os.waitpid(process, 0)[1]))
    except (ProcessLookupError, ChildProcessError):
        signals.append(0)
    epochs.append(lines(folder))
assert os.waitpid(start(parts), 0)[1] == 0
folders = [str(run_dir(p, config, data, cpu)) for p in (whole, parts)]
print(json.dumps({{"signals": signals, "epochs": epochs, "folders": folders}}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_at_random_moments_and_resumed_ends_bit_identical(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    seed = random.SystemRandom().randrange(2**32)
    # An epoch takes about 30 ms here: from the very write of a checkpoint to somewhere in the next epoch.
    delays = [random.Random(seed + i).uniform(0, 0.04) for i in range(KILLS)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, script, tmp_path, json.dumps(delays)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["signals"].count(9) >= 3, f"too few kills hit a living process: {found}"
    assert any(0 < epoch < EPOCHS for epoch in found["epochs"])

    whole, parts = (Path(folder) for folder in found["folders"])
    names = [
        sorted(p.name for p in folder.iterdir() if not p.name.endswith((".partial", ".lock")))
        for folder in (whole, parts)
    ]
    # The tensor file is named by its content: encoder, momentum encoder, queue and the optimiser's moments agree.
    assert names[0] == names[1], f"delays drawn from seed {seed}: {found}"
    tensors = next(name for name in names[0] if name.endswith(".safetensors"))
    assert (whole / tensors).read_bytes() == (parts / tensors).read_bytes()
    losses = [
        [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (whole, parts)
    ]
    assert losses[0] == losses[1]
    assert len(losses[0]) == EPOCHS

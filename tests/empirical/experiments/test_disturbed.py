"""A run of an experiment, killed or out of disk space at random moments: the next one ends with the bits of a calm one."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = """
import errno, hashlib, json, os, signal, subprocess, sys, time
from pathlib import Path
import torch
from empirical.experiments import running
from empirical.experiments.design import Cell, Scale
from empirical.training.loop import TrainingConfig
from empirical.training.methods.moco import MoCo
import empirical.training.methods.simclr, theory.files

scale = Scale("tiny", "digits", "digits", {}, {})
config = TrainingConfig(
    dataset="digits", letters="a", epochs=3, batch_size=25, train_size=100, method=MoCo(queue_size=50)
)
cell = Cell("MoCo", "a", config)


def start(out, full_at=None):
    process = os.fork()
    if process:
        return process
    torch.set_num_threads(1)
    sync, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) - 1 == full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    theory.files.os.fsync = fsync
    try:
        running.run_cell(cell, ("accuracy", "displacement"), scale, {}, out / "runs", out / "results", "cpu")
    except OSError as error:
        os._exit(2 if error.errno == errno.ENOSPC and error.filename else 3)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(4)
    os._exit(0)


def status(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def bits(out):
    paths = [*out.glob("results/*.json"), *out.glob("runs/*/tensors-*.safetensors")]
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(paths)}


root, kills, full, sizes = Path(sys.argv[1]), *map(json.loads, sys.argv[2:])
begun = time.monotonic()
assert status(start(root / "calm")) == 0
seconds, calm = time.monotonic() - begun, bits(root / "calm")
assert len(calm) == 2, calm
number, hits = 0, 0
for share in kills:
    out = root / f"killed{number}"
    process = start(out)
    time.sleep(share * seconds)
    os.kill(process, signal.SIGKILL)
    hits += status(process) == -9
    if any(out.glob("results/*.json")):
        assert status(start(out)) == 0 and bits(out) == calm, (share, bits(out), calm)
        number += 1
out = root / f"killed{number}"
assert status(start(out)) == 0 and bits(out) == calm, (bits(out), calm)
statuses = []
for call in full:
    out = root / f"full{call}"
    statuses.append(status(start(out, call)))
    assert status(start(out)) == 0 and bits(out) == calm, (call, bits(out), calm)
disks = []
for index, size in enumerate(sizes):
    out = root / f"disk{index}"
    out.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", out], check=True)
    disks.append(status(start(out)))
    subprocess.run(["mount", "-o", "remount,size=64m", out], check=True)
    assert status(start(out)) == 0 and bits(out) == calm, (size, bits(out), calm)
    subprocess.run(["umount", out], check=True)
print(json.dumps({"kills": hits, "full": statuses, "disks": disks}))
"""
SYNCS = 20
"""Files of the run that go to the disk, and their folders: three epochs of three files, and the result."""


def disturbed(root, *, kills=(), full=(), sizes=(), prefix=()):
    """What the worker tells: how many kills hit a living process, and the statuses of the runs on full disks."""
    script = root / "worker.py"
    script.write_text(WORKER)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    words = [json.dumps(list(one)) for one in (kills, full, sizes)]
    done = subprocess.run(
        [*prefix, sys.executable, str(script), str(root), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


@needs_fork
def test_a_run_that_was_killed_or_out_of_space_ends_with_the_bits_of_a_calm_one(tmp_path):
    draw = random.SystemRandom()
    kills, full = [draw.random()], [draw.randrange(SYNCS)]
    told = disturbed(tmp_path, kills=kills, full=full)
    assert told["full"] == [2], (told, full)


@pytest.mark.slow
@needs_fork
def test_fifty_kills_and_a_disk_that_is_full_at_every_single_write(tmp_path):
    draw = random.SystemRandom()
    told = disturbed(tmp_path, kills=[draw.random() for _ in range(50)], full=range(SYNCS))
    assert told["kills"] >= 25
    assert told["full"] == [2] * SYNCS


def may_mount() -> bool:
    words = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return (
        shutil.which("unshare") is not None and subprocess.run(words, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.slow
@needs_fork
def test_twenty_small_disks(tmp_path):
    """Real file systems of random sizes, too small for the run; they are enlarged, and the run goes on."""
    if not may_mount():
        pytest.skip("needs the right to mount a file system")
    draw = random.SystemRandom()
    sizes = [draw.randrange(40, 12000) for _ in range(20)]
    told = disturbed(tmp_path, sizes=sizes, prefix=("unshare", "-m"))
    assert set(told["disks"]) <= {0, 2}, told
    assert told["disks"].count(2) >= 5, (told, sizes)

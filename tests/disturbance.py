"""Commands that are killed, or run out of disk space, on the way: the next run leaves the files of a calm one.

    python -m tests.disturbance ROOT COMMANDS '{"kills": [0.3], "writes": [], "full": [0.5], "disks": []}'

Every number is a share, in [0, 1), of what a calm run takes:

    kills    of its time: SIGKILL at that moment
    writes   of its writes, files and folders that it brings to the disk: SIGKILL in place of that one
    full     of its writes: a full disk there
    disks    of the bytes that it leaves: the whole run on a disk of that size (needs the right to mount one)

Each disturbed run begins in an empty folder of its own, and a calm one follows it there. The command is the whole one, as
`contrastive-theory` starts it, in a process that is forked after the imports. Only what measures the machine is replaced, so
that every byte can be compared: the clock advances by one second whenever it is read, and the memory in use is 0.
"""

import errno
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
ENCODER = '--encoder sklearn.random_projection:GaussianRandomProjection --arguments {"n_components":4,"random_state":0}'
COMMANDS = {
    "train": "train --data npz --path ../../images.npz --batch-size 20 --epochs 6 --samples-per-class 2 --n-views 2",
    "audit": f"audit {ENCODER} --head clusters --data npz --path ../../images.npz --n-views 2 --out audit",
    "audit-every-view": "audit --encoder tests.empirical.audit.every_view:brightness --head vertices --n-views 2 --out audit "
    "--data tests.empirical.audit.every_view:pair --views mild-warp:rotation=10 --continuous 60",
    "experiment": "experiment methods --scale tiny --seeds 1",
    "concentration": "concentration --data digits --samples-per-class 2 --n-views 2",
    "report": "report --evidence ../../evidence --out report",
}
"""Each on little that goes through all of it; `images.npz` and, for the report, `evidence` lie beside the runs' folders."""
FULL = (
    r"contrastive-theory(: | \w+: --[a-z]+=')(?P<path>[^:'\n]+)(: |': cannot be written \()"
    + re.escape(os.strerror(errno.ENOSPC))
    + r".*\n"
)
"""What is said of a full disk, by the handler of errors and by the trial before the work."""
LEFTOVERS = (".partial", ".lock")
"""Endings of what a killed process may leave behind, and nobody reads."""


def moments(number: int) -> list[float]:
    """As many shares, one drawn in each of equal parts of [0, 1), so that every stage of a command is met."""
    generator = random.SystemRandom()
    return [(i + generator.random()) / number for i in range(number)]


def ends(
    commands: Iterable[str], root: Path, *prefix: str, **shares: Sequence[float]
) -> dict[str, dict[str, list[int]]]:
    """How the disturbed runs of each command ended, in the order of `shares`.

    kills, writes   how many writes were done when the process was killed; each kill met it alive
    full, disks     its status

    Raises AssertionError, with the moment, where the next run does not end with the files of a calm one, and where a run on
    a full disk does not say so in one line that names a file or folder of its own.
    """
    words = [sys.executable, "-m", "tests.disturbance", str(root), ",".join(commands), json.dumps(shares)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([*prefix, *words], env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Disturbances:
    """The runs of one command, disturbed and calm, each in a folder below `root`."""

    def __init__(self, command: str, root: Path):
        self.command, self.root = command, root
        self.files = self.calm(root / "calm")
        begun = time.monotonic()
        assert self.calm(root / "again") == self.files != {}
        self.seconds = time.monotonic() - begun
        self.bytes = sum(path.stat().st_size for path in (root / "calm").rglob("*"))

    def calm(self, out: Path) -> dict[str, str]:
        ended = status(start(self.command, out))
        assert ended == 0, out.with_suffix(".err").read_text()
        return files(out)

    def ended(self, name: str, share: float, run: Callable[[Path, float], int]) -> int:
        """What `run` gives for a disturbed run; a calm one must then leave the files of an undisturbed one."""
        out = self.root / name
        number = run(out, share)
        left = self.calm(out)
        assert left == self.files, (name, share, set(left.items()) ^ set(self.files.items()))
        return number

    def kills(self, out: Path, share: float) -> int:
        while True:  # until the process is alive at the moment
            process = start(self.command, out)
            time.sleep(share * self.seconds)
            os.kill(process, signal.SIGKILL)
            if status(process) == -signal.SIGKILL:
                return writes(out)
            shutil.rmtree(out)
            self.seconds *= 0.9

    def at_write(self, share: float) -> int:
        return int(share * writes(self.root / "calm"))

    def writes(self, out: Path, share: float) -> int:
        assert status(start(self.command, out, self.at_write(share), killed)) == -signal.SIGKILL
        return writes(out)

    def full(self, out: Path, share: float) -> int:
        return self.said(out, status(start(self.command, out, self.at_write(share), full_disk)))

    def said(self, out: Path, ended: int) -> int:
        """The status of a run on a full disk; where it is not 0, its one line must name a file or folder of the run."""
        if ended:
            text = out.with_suffix(".err").read_text()
            line = re.fullmatch(FULL, text)
            assert line, text
            named, folders = Path(line["path"]), {folder for name in self.files for folder in Path(name).parents}
            assert not {named, named.parent}.isdisjoint(folders), text
        return ended

    def disks(self, out: Path, share: float) -> int:
        out.mkdir()
        pages = max(1, int(share * self.bytes / 4096))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={4096 * pages}", "tmpfs", out], check=True)
        ended = self.said(out, status(start(self.command, out)))
        subprocess.run(["mount", "-o", f"remount,size={10 * self.bytes}", out], check=True)
        return ended


def start(command: str, out: Path, at: int | None = None, disturb: Callable[[], None] | None = None) -> int:
    """Start the command in the folder `out`; returns the number of its process. at: the write in whose place `disturb` is."""
    out.mkdir(parents=True, exist_ok=True)
    process = os.fork()
    if process:
        return process
    from contrastive_theory.__main__ import main
    from empirical.audit import core
    from theory.command import exit_status

    os.chdir(out)
    for stream, suffix in ((sys.stdout, ".out"), (sys.stderr, ".err")):
        os.dup2(opened(out.with_suffix(suffix)), stream.fileno())
    log, ticks, calls, sync = opened(out.with_suffix(".writes")), itertools.count(), itertools.count(), os.fsync

    def fsync(descriptor: int) -> None:
        if next(calls) == at:
            disturb()
        sync(descriptor)
        os.write(log, b".")

    time.perf_counter = lambda: float(next(ticks))
    core._peak_memory = lambda: 0
    os.fsync = fsync
    os._exit(exit_status(main, COMMANDS[command].split()))


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def full_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)


def writes(out: Path) -> int:
    """How many writes the last run in the folder has done."""
    return out.with_suffix(".writes").stat().st_size


def status(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


COST = re.compile(rb'"(?:cpu_seconds|cpu_minutes)": [\d.e-]+|"sha256": "\w+"|\w{64}  (?:experiment-|concentration).*')
"""CPU time in the files of an experiment, and the hashes that depend on it."""


def files(out: Path) -> dict[str, str]:
    """The hash of every file below the folder, without leftovers, and without what an experiment cost."""
    return {
        str(path.relative_to(out)): hashlib.sha256(COST.sub(b"", path.read_bytes())).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not any(part.endswith(LEFTOVERS) for part in path.relative_to(out).parts)
    }


def prepare(root: Path) -> None:
    """Import what the commands import, add the smallest scale of experiments, and write the images of the audit."""
    import torch

    import figures.report  # noqa: F401
    from contrastive_theory.__main__ import COMMANDS as ENTRIES
    from contrastive_theory.__main__ import function
    from empirical.experiments.design import SCALES, Scale
    from empirical.provenance import source_digest
    from empirical.training.methods.moco import MoCo

    for place, _ in ENTRIES.values():
        if place:
            function(place)
    torch.optim.AdamW([torch.zeros(1)])  # imports much of torch
    source_digest("empirical.experiments.running")  # is remembered
    settings = {"epochs": 3, "batch_size": 25, "train_size": 100}
    SCALES["tiny"] = Scale("tiny", "digits", "digits", {"MoCo": MoCo(queue_size=50)}, settings)
    rng, labels = np.random.default_rng(0), np.arange(60) % 2
    images = {half: 0.2 + 0.6 * labels[:, None, None] + 0.02 * rng.random((60, 6, 6)) for half in ("train", "test")}
    root.mkdir(exist_ok=True)
    np.savez(
        root / "images.npz",
        **{f"{half}_images": values.astype(np.float32) for half, values in images.items()},
        train_labels=labels,
        test_labels=labels,
    )


def main(root: Path, commands: Sequence[str], shares: dict[str, list[float]]) -> dict[str, dict[str, list[int]]]:
    """See `ends`."""
    prepare(root)
    told = {}
    for command in commands:
        runs = Disturbances(command, root / command)
        told[command] = {
            kind: [runs.ended(f"{kind}{i}", share, getattr(runs, kind)) for i, share in enumerate(given)]
            for kind, given in shares.items()
        }
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2].split(","), json.loads(sys.argv[3]))))

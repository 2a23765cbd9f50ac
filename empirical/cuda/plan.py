"""Stages of one call: each a process with a limit, whose failure costs itself and what needs it, and one file of results.

The file is written as a whole after every stage, so that a call that is stopped keeps what was measured before.
"""

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from theory.files import write_json

PACKAGES = ("torch", "triton", "numpy", "scipy", "scikit-learn", "numba", "safetensors", "torchvision", "kornia")
RESULT = "cuda.json"
SECONDS = 540.0
LOG_LINES = 40
"""Last lines of what a stage printed, kept where it failed."""


@dataclass(frozen=True)
class Stage:
    """One process.

    name      a module of `empirical.cuda` with a function `run`
    seconds   its limit in a call of `SECONDS`, which scales with another total; None: what the stages after it leave
    needs     stages without whose success it is not begun
    """

    name: str
    seconds: float | None
    needs: tuple[str, ...] = ()


Group = tuple[Stage, ...]
"""Stages that run side by side."""

PLAN: tuple[Group, ...] = (
    (Stage("images", 80), Stage("marked", 80)),
    (Stage("distances", 45, ("images",)),),
    (Stage("training", None, ("images",)),),
    (Stage("discretising", 130, ("images",)),),
    (Stage("loops", 35, ("images",)),),
)
"""What tells most for a second first. The images are read while the tests run, which measure no time."""


@dataclass(frozen=True)
class Request:
    """What every stage is told.

    source      where CIFAR-10 lies; None: embedded images, in a rehearsal
    work, out   folders of what is needed on the way, and of what is kept
    device      auto, cpu or cuda
    rehearsal   few images, the same code
    deadline    of the stage, in seconds since 1970
    """

    source: str | None
    work: str
    out: str
    device: str
    rehearsal: bool
    deadline: float = 0.0


def run_plan(
    request: Request, plan: Sequence[Group], seconds: float, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Run all stages within `seconds`; the content of the file of results."""
    start = time.time()
    folder = Path(request.work) / "stages"
    folder.mkdir(parents=True, exist_ok=True)
    scale, done = seconds / SECONDS, dict[str, Any]()
    results = {
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start)),
        "rehearsal": request.rehearsal,
        "limit": seconds,
        "machine": machine(),
        "stages": done,
    }
    for number, group in enumerate(plan):
        later = scale * sum(max(stage.seconds or 0 for stage in other) for other in plan[number + 1 :])
        with contextlib.ExitStack() as stack:
            running: list[tuple[Stage, Running]] = []
            for stage in group:
                missing = [name for name in stage.needs if done.get(name, {}).get("status") != "done"]
                left = start + seconds - time.time()
                limit = left - later if stage.seconds is None else min(scale * stage.seconds, left)
                if missing or limit <= 0:
                    reason = f"needs {', '.join(missing)}" if missing else "no time is left"
                    done[stage.name] = {"status": "not begun", "reason": reason}
                else:
                    running.append((stage, stack.enter_context(_begun(stage, request, folder, limit))))
            for stage, process in running:
                done[stage.name] = process.record()
        for stage in group:
            say(f"{stage.name:<13}{done[stage.name]['status']:<11}{done[stage.name].get('seconds', 0.0):>7.1f} s")
        results["seconds"] = round(time.time() - start, 1)
        write_json(Path(request.out) / RESULT, results)
    return results


def machine() -> dict[str, Any]:
    """Versions, and what nvidia-smi says of the device; a device that nobody sees is said so, not raised."""
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        device = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        device = f"nvidia-smi: {type(error).__name__}"
    return {"python": platform.python_version(), "cores": os.cpu_count(), "versions": versions, "nvidia-smi": device}


@dataclass(frozen=True)
class Running:
    """A stage that was begun: its process, when it was, its limit, and the files it keeps its measurements and output in."""

    process: "subprocess.Popen[bytes]"
    start: float
    limit: float
    kept: Path
    log: Path

    def record(self) -> dict[str, Any]:
        """What came of it, once it has ended or its limit is over."""
        try:
            status: int | None = self.process.wait(max(0.0, self.start + self.limit - time.time()))
        except subprocess.TimeoutExpired:
            status = None
        measured = json.loads(self.kept.read_text(encoding="utf-8")) if self.kept.exists() else {}
        ended = measured.pop("ended", time.time())
        record = {
            "status": "timed out" if status is None else "done" if status == 0 else "failed",
            "seconds": round(ended - self.start, 1),
            "limit": round(self.limit, 1),
        }
        if status != 0:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            record |= {"exit": status, "log": lines[-LOG_LINES:]}
        return record | measured


@contextlib.contextmanager
def _begun(stage: Stage, request: Request, folder: Path, limit: float) -> Iterator[Running]:
    """Inside, the stage runs; at the end its whole process group is ended, its workers too."""
    told, kept, log = (folder / f"{stage.name}.{ending}" for ending in ("request.json", "json", "log"))
    kept.unlink(missing_ok=True)
    start = time.time()
    write_json(told, asdict(request) | {"deadline": start + limit})
    words = [sys.executable, "-m", "empirical.cuda.stage", stage.name, str(told), str(kept)]
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield Running(process, start, limit, kept, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

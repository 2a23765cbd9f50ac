"""Where a result came from: commit, processor, threads and kernels, and versions of libraries."""

import contextlib
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_info

from empirical.revision import commit

LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "numba", "python-flint")


def versions() -> dict[str, str]:
    """Of Python and of the libraries that compute results."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def machine() -> dict[str, Any]:
    """What the bits depend on beside versions: the processor, and the threads and kernels of every numerical library."""
    pools = {
        f"{pool['internal_api']} {pool.get('version') or ''}".strip(): {
            "threads": pool["num_threads"],
            "kernels": pool.get("architecture"),
        }
        for pool in threadpool_info()
    }
    return {
        "cpu": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}, {_processor()}",
        "threads": torch.get_num_threads(),
        "blas": dict(sorted(pools.items())),
    }


def made(cpu_seconds: float) -> dict[str, Any]:
    """When, where and from which code a result was made, and what it cost."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "cpu_minutes": cpu_seconds / 60,
        "versions": versions(),
        "machine": machine(),
    }


def _processor() -> str:
    """The name of the processor, where the system tells it."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return platform.processor() or "unknown"

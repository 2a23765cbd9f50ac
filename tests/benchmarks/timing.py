"""What the benchmarks measure with, and how they print it."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np

BUSY = "import numpy as np\na = np.ones((1500, 1500))\nwhile True: a @ a"


def seconds(work, repeats=3):
    """Least wall time over a few runs, and the result."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def show(what, ours, theirs):
    print(f"\n{what:<70} {ours:9.5f} s against {theirs:9.4f} s: {theirs / ours:10.1f}x")


@contextmanager
def busy():
    """Beside another process that keeps all cores busy, whatever the environment says of threads."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    other = subprocess.Popen([sys.executable, "-c", BUSY], env=environment)
    try:
        yield
    finally:
        other.kill()
        other.wait()

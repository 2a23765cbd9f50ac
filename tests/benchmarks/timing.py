"""What the benchmarks measure with, and how they print it."""

import time

import numpy as np


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

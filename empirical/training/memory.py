"""Memory that is freed in one training step and asked for again in the next."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of mallopt(3), as in glibc's malloc.h."""
LARGEST = 2**31 - 1


def reuse_freed_memory() -> bool:
    """Let this process keep the memory of large tensors when they are freed; True where the C library can.

    glibc gives large blocks back to the system, which clears them page by page when they are asked for anew. For the
    activations of a training step this took half of the time (two convolutions on 1024 images: .25 s, and .13 s without).
    The process keeps its largest use of memory until it ends. Results do not change.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(name, LARGEST) for name in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD))

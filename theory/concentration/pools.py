"""One BLAS thread while small blocks are multiplied: a pool's waiting threads cost more CPU than they save."""

import threading
from functools import cache
from types import TracebackType
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The pools of this process, looked up once: NumPy's is there since it was imported."""
    return ThreadpoolController()


class _OneThread:
    """A context that may be entered by several threads at once: the first in limits the pools, the last out restores them.

    Were each to restore what it met, two overlapping calls would leave the pools limited for good.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._limits: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limits = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limits.restore_original_limits()
                self._limits = None


one_blas_thread = _OneThread()

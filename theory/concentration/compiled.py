"""Numba, with a compile cache that never stands in the way, and the bit operations it lacks."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """`function` compiled by Numba at its first call; kept on disk where a folder can be written, else in memory only.

    No fast-math: floating-point operations stay in the order written, so results are the same on every machine.
    """
    try:
        return cast(F, numba.njit(cache=True)(function))
    except RuntimeError:  # neither next to the module nor in the user's cache folder
        return cast(F, numba.njit(function))


def _lowest(_context: Any, word: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(word), generate


lowest = intrinsic(_lowest)
"""lowest(word): the position of the lowest bit of a uint64 that is set; 64 for 0."""


def _ones(_context: Any, word: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.ctpop(values[0])

    return types.int64(word), generate


ones = intrinsic(_ones)
"""ones(word): how many bits of a uint64 are set."""


@compiled
def bit(v: int) -> Any:
    """The word with only bit v mod 64 set."""
    return np.uint64(1) << np.uint64(v & 63)

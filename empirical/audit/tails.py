"""What the checks of all kinds of claims share: a bound on a probability, and digests of arrays."""

import hashlib

import flint
import numpy as np

from theory.setting import Array


def below(p: float, successes: int, n: int, allowed: float) -> bool:
    """Whether p is a Clopper-Pearson lower bound: were the probability p, so many successes would be that rare.

    The tail P_p[X >= s] = I_p(s, n - s + 1) is enclosed by Arb; `allowed` may be off by its own rounding.
    """
    if p == 0 or successes == 0 or not 0 < p < 1:
        return p == 0
    with flint.ctx.workprec(128):
        return bool(flint.arb(p).beta_lower(successes, n - successes + 1, 1) <= flint.arb(allowed * (1 + 2.0**-50)))


def array_digest(array: Array) -> str:
    """SHA-256 over dtype, shape and content."""
    hasher = hashlib.sha256(f"{array.dtype.str} {array.shape}\n".encode())
    hasher.update(np.ascontiguousarray(array).data)
    return hasher.hexdigest()

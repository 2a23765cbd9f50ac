"""Steps about sums, means and norms that several proofs share, each for any number of terms and of coordinates.

A mean of k + 1 atoms is w times the mean of the first k under their own shares plus (1 - w) times the last atom. So what
passes from two numbers to their mean under every weight w passes to every finite mean, and in the limit to every law.
"""

import sympy
import z3

from theory.ledger import Evidence
from theory.moments import expectation
from theory.prove import identity, implication

EXPECTATION = (
    "expectation is linear, monotone, a product over independent factors, and a limit of means of finitely many atoms"
)


def at_most(summary: str) -> Evidence:
    """A sum of k terms, each at most t, is at most k t: the step from k to k + 1."""
    k, t, total, term = z3.Reals("k t total term")
    return implication(
        summary,
        [k >= 0, total <= k * t, term <= t],
        total + term <= (k + 1) * t,
        example={k: 1, t: 1, total: 1, term: 1},
    )


def at_least(summary: str) -> Evidence:
    """A sum of k terms, each at least t, is at least k t: the step from k to k + 1."""
    k, t, total, term = z3.Reals("k t total term")
    return implication(
        summary,
        [k >= 0, total >= k * t, term >= t],
        total + term >= (k + 1) * t,
        example={k: 1, t: 1, total: 1, term: 1},
    )


def mean_at_most(summary: str) -> Evidence:
    """One more atom of any weight, none above the bound."""
    mean, last, most, w = z3.Reals("mean last most w")
    return implication(
        summary,
        [mean <= most, last <= most, w >= 0, w <= 1],
        w * mean + (1 - w) * last <= most,
        example={mean: 1, last: 0, most: 1, w: "1/2"},
    )


def markov() -> Evidence:
    """One more atom of any weight, which is one of the share R or is not."""
    mean, share, far, last, t, w = z3.Reals("mean share far last t w")
    return implication(
        "a nonnegative quantity that is >= t on a share R has mean >= R t: if the first k atoms do, so do k + 1",
        [w >= 0, w <= 1, t >= 0, mean >= share * t, z3.Or(far == 0, far == 1), last >= far * t],
        w * mean + (1 - w) * last >= (w * share + (1 - w) * far) * t,
        example={mean: 1, share: 1, far: 1, last: 1, t: 1, w: "1/2"},
    )


def jensen(summary: str) -> Evidence:
    """One more atom of any weight."""
    mean, square, last, w = z3.Reals("mean square last w")
    return implication(
        summary,
        [w >= 0, w <= 1, mean * mean <= square],
        (w * mean + (1 - w) * last) ** 2 <= w * square + (1 - w) * last * last,
        example={mean: 1, square: 1, last: 0, w: "1/2"},
    )


def variance() -> Evidence:
    """The alignment of one sample as a variance: only the first two moments of a law enter."""
    x, y, mean, square = sympy.symbols("x y mean square", real=True)
    law = (mean, square)
    return identity(
        "the mean squared distance of two independent draws is twice the variance, coordinate by coordinate, for every law",
        expectation((x - y) ** 2, (x, law), (y, law)),
        2 * expectation((x - mean) ** 2, (x, law)),
    )


def triangle() -> Evidence:
    """From Cauchy-Schwarz, in any number of dimensions."""
    p, q, inner, norm = z3.Reals("p q inner norm")
    return implication(
        "||x + y||^2 = p^2 + 2 x.y + q^2 and x.y <= p q, p = ||x||, q = ||y||, give ||x + y|| <= p + q",
        [p >= 0, q >= 0, norm >= 0, inner <= p * q, norm * norm == p * p + 2 * inner + q * q],
        norm <= p + q,
        example={p: 1, q: 1, inner: 1, norm: 2},
    )

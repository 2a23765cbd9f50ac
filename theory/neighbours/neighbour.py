"""What a neighbouring theory declares: its claim, and what it says of a finite world."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from theory.setting import FiniteWorld


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a theory says of one finite world.

    claim      id of the proved claim that the bound rests on
    quantity   what is bounded, in words
    direction  the side on which the bound lies
    bound      inf where the theory gives none
    measured   the quantity itself on this world; None where it is not defined
    trivial    what every world satisfies: an upper bound at or above it says nothing, nor does a lower one at or below it
    unmet      why the theory says nothing about the error on this world; "" where its hypotheses are met
    """

    claim: str
    quantity: str
    direction: Literal["upper", "lower"] = "upper"
    bound: float
    measured: float | None
    trivial: float
    unmet: str = ""

    @property
    def silence(self) -> str:
        """Why nothing follows for this world; "" where something does."""
        beats = self.bound < self.trivial if self.direction == "upper" else self.bound > self.trivial
        return self.unmet or ("" if beats else f"no better than the trivial bound {self.trivial:.3g}")


def left_out(claim: str, quantity: str, size: int, most: int, things: str) -> Finding:
    """What stands in place of a finding that would take too long: a size beyond the largest that is computed."""
    reason = f"{size} {things}: left out beyond {most}"
    return Finding(claim=claim, quantity=quantity, bound=float("inf"), measured=None, trivial=1.0, unmet=reason)


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A theory beside Theorem 1.

    order    place in tables
    title    authors and year
    findings what it says of a finite world of unit features
    """

    order: int
    title: str
    findings: Callable[[FiniteWorld], tuple[Finding, ...]]

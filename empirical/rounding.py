"""How numbers of known direction are rounded for readers: once, for every page, table and sentence."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal

from theory.theorem1.certificates.world import ROUNDING

Direction = Literal["exact", "upper", "lower", "estimate"]
NOTHING = "certifies nothing"
"""What stands in the place of an error that no class's condition bounds."""
_MODES = {"exact": ROUND_HALF_EVEN, "estimate": ROUND_HALF_EVEN, "upper": ROUND_CEILING, "lower": ROUND_FLOOR}


def shown(value: float, direction: Direction, digits: int = 3) -> str:
    """The value with so many decimals, rounded to the side on which it still is what its direction says.

    Upper bounds are rounded up and lower bounds down, beyond `ROUNDING`, by which float sums may be off.
    """
    slack = {"upper": -ROUNDING, "lower": ROUNDING}.get(direction, 0.0)
    return str(Decimal(value + slack).quantize(Decimal(1).scaleb(-digits), _MODES[direction]) + 0)

"""What the verifier takes from the lemmas: each formula once, for the claims that prove it and for the code that uses it."""

from fractions import Fraction
from typing import Any

import numpy as np

UNIT = Fraction(1, 2**53)
"""u, the unit roundoff of float64."""


def remainder(scale: Any, half_scale: Any, half_angle: Any) -> Any:
    """exp(s + h)(h^2 + g^2)/2, for log scales within h of s and angles within g: per pixel of |x|, or of |y| with t for s.

    Source: claim continuous-taylor.
    """
    return np.exp(scale + half_scale) * (half_scale**2 + half_angle**2) / 2


def slack_share(k: Any, factor: Any = Fraction(101, 100), unit: Any = UNIT) -> Any:
    """1.01 k u: by this share of the computed sum of absolute values a sum of k products may be off, but for underflow.

    Exact for integers k; in floats where factor and unit are floats. Source: claim continuous-rounding.
    """
    return factor * k * unit

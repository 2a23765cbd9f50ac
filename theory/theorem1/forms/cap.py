"""The cap form: the bounds on u.mu_l behind the sharp and the chord form confine u to a cap about mu_l, nearer to mu_l."""

from typing import Any

import numpy as np

from theory.setting import Array
from theory.theorem1.forms.caps import TINY, cap_form, half_angle
from theory.theorem1.forms.chord import chord_bound
from theory.theorem1.forms.sharp import rho_sharp


def cap_angle(alpha: Any, s: Any, w: Any, guard: float = 0.0) -> Array:
    """Phi of the cap form, in [0, pi]: w cos Phi = max(1 - rho'', (1 + w^2 - D^2)/2), w = ||mu_l||. Arrays broadcast.

    By half angles, sin^2(Phi/2) = (w - w cos Phi)/(2 w), so that nothing cancels where Phi is small.
    guard >= 0 widens the cap, to cover rounding.
    """
    w = np.maximum(w, TINY)
    by_chord = (chord_bound(alpha, s) - (1 - w)) * (chord_bound(alpha, s) + (1 - w)) / 2
    by_split = rho_sharp(alpha, s) - (1 - w)
    return half_angle((np.minimum(by_chord, by_split) + guard) / (2 * w))


FORM = cap_form(order=50, claim="thm-1-cap", angle=cap_angle)

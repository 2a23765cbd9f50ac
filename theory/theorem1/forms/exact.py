"""The exact form: the cap is as small as it can be, if all that is known is that the main part lies within s of u."""

from typing import Any

import numpy as np

from theory.setting import Array
from theory.theorem1.forms.caps import TINY, cap_form, half_angle
from theory.theorem1.forms.sharp import rho_sharp


def exact_angle(alpha: Any, s: Any, w: Any, guard: float = 0.0) -> Array:
    """Phi of the exact form, in [0, pi], w = ||mu_l||: the largest angle between mu_l and a u compatible with it.

    Compatible: unit u with mu_l = alpha v + (1 - alpha) b, v in the hull of {unit y: u.y >= cos theta}, ||b|| <= 1, where
    cos theta = 1 - s^2/2. That hull is {||v|| <= 1, u.v >= cos theta}, and at the farthest u the distance of mu_l from alpha
    hull is 1 - alpha: from the hull's edge, cos(Phi - theta) = (w^2 + alpha^2 - (1 - alpha)^2)/(2 w alpha), while
    w sin Phi >= alpha sin theta, and else from its flat face, w cos Phi = alpha cos theta - (1 - alpha) = 1 - rho''. Half
    angles and guard as in `cap.cap_angle`.
    """
    alpha, s, w = np.broadcast_arrays(np.asarray(alpha, float), np.asarray(s, float), np.maximum(w, TINY))
    theta = 2 * np.arcsin(np.clip(s / 2, 0.0, 1.0))
    turned = ((1 - w) * (1 + w - 2 * alpha) + guard) / (4 * w * np.maximum(alpha, TINY))
    edge = theta + half_angle(turned)
    face = half_angle((rho_sharp(alpha, s) - (1 - w) + guard) / (2 * w))
    at_edge = (alpha > 0) & (turned <= 1) & (edge <= np.pi) & (w * np.sin(edge) >= alpha * np.sin(theta) + guard)
    return np.where(at_edge, edge, face)


FORM = cap_form(order=60, claim="thm-1-exact", angle=exact_angle)

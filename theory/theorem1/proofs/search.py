"""Worst misclassified configurations of Theorem 1: how far each condition is from being broken.

The class mean of a point u = f(x0)/r of the main part is mu_l = alpha v + (1 - alpha) b, with v in the convex hull of the
unit vectors within s of u and ||b|| <= 1; x0 is misclassified as k when ||u - mu_k|| <= ||u - mu_l||, ||mu_k|| <= 1.
A condition mu_l.mu_k < T is broken by a configuration with mu_l.mu_k < T. The search draws configurations in the plane
and takes the worst mu_k for each in closed form, so its least slack is an upper bound on the true one.
"""

from dataclasses import dataclass

import numpy as np

from theory.ledger import Evidence
from theory.setting import Array
from theory.theorem1.forms.chord import chord_bound
from theory.theorem1.forms.corrected import rho_corrected
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.forms.sharp import rho_sharp


@dataclass(frozen=True)
class Configurations:
    """sigma, q = R/p_l, s, the least mu_l.mu_k at which x0 is misclassified, ||u - mu_l|| and ||mu_l||^2; each (n,)."""

    sigma: Array
    q: Array
    s: Array
    product: Array
    distance: Array
    square: Array

    @property
    def alpha(self) -> Array:
        """sigma - q."""
        return self.sigma - self.q


def least_product(p1: Array, p2: Array) -> Array:
    """min of p.q over ||q|| <= 1, ||u - q|| <= ||u - p|| in the plane, u = (1, 0), p = (p1, p2) in the unit disc.

    The minimum of a linear form over the lens of two discs: the point -p/||p|| of the first, the point
    u - ||u - p|| p/||p|| of the second, or a corner of the lens, whichever is the first that lies in the lens.
    """
    w = np.hypot(p1, p2)
    D = np.hypot(1 - p1, p2)
    c1 = 1 - D**2 / 2
    corner = p1 * c1 - np.abs(p2) * np.sqrt(np.maximum(1 - c1**2, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        antipode_inside = 2 + 2 * p1 / w <= D**2
        second_inside = 1 - 2 * D * p1 / w + D**2 <= 1
    return np.where(antipode_inside, -w, np.where(second_inside, p1 - w * D, corner))


def draw(n: int, seed: int) -> Configurations:
    """n configurations, half of them on the boundary of the parameter set, where the worst cases lie."""
    rng = np.random.default_rng(seed)
    sigma = 1 - rng.beta(0.5, 3, n) * (rng.random(n) < 0.7)
    q = rng.beta(0.5, 2, n) * sigma * (rng.random(n) < 0.7)
    s = rng.beta(0.5, 2, n) * 2 * (rng.random(n) < 0.7)
    alpha = sigma - q
    widest = 2 * np.arcsin(s / 2)
    arc = widest * rng.choice([-1.0, 1.0], n) * np.where(rng.random(n) < 0.5, 1.0, rng.random(n))
    inward = np.where(rng.random(n) < 0.5, 1.0, rng.random(n))  # v between the chord through u and the arc
    v1, v2 = 1 - inward * (1 - np.cos(arc)), inward * np.sin(arc)
    turn = rng.uniform(-np.pi, np.pi, n)
    size = np.where(rng.random(n) < 0.8, 1.0, np.sqrt(rng.random(n)))
    p1 = alpha * v1 + (1 - alpha) * size * np.cos(turn)
    p2 = alpha * v2 + (1 - alpha) * size * np.sin(turn)
    return Configurations(sigma, q, s, least_product(p1, p2), np.hypot(1 - p1, p2), p1**2 + p2**2)


def rhos(drawn: Configurations) -> dict[str, Array]:
    """rho of every configuration, per form, with q = R/p_l."""
    return {
        "printed": rho_printed(drawn.sigma, drawn.q, 1, drawn.s),
        "corrected": rho_corrected(drawn.alpha, drawn.s),
        "sharp": rho_sharp(drawn.alpha, drawn.s),
    }


def slacks(drawn: Configurations) -> dict[str, Array]:
    """mu_l.mu_k - threshold(rho) of every configuration, per form; a negative one breaks the form.

    The printed form is taken without its Delta_mu/2, which only makes it harder to meet.
    """
    return {form: drawn.product - threshold(rho) for form, rho in rhos(drawn).items()}


def chord_slack(drawn: Configurations) -> Array:
    """D - ||u - mu_l||: a misclassified mu_k lies within ||u - mu_l|| of u, so ||mu_l - mu_k|| <= 2 D needs it >= 0."""
    return np.asarray(chord_bound(drawn.alpha, drawn.s) - drawn.distance)


def searched(form: str) -> Evidence:
    """Evidence that no configuration drawn breaks the form, with the nearest ones at a few rho."""
    n, levels = 400_000, (0.01, 0.05, 0.2, 0.45)
    drawn = draw(n, seed=0)
    rho, slack = rhos(drawn)[form], slacks(drawn)[form]
    nearest = [float(slack[abs(rho - level) < 0.05 * level].min()) for level in levels]
    least = float(slack.min())
    return Evidence(
        kind="search",
        summary=f"none of {n} misclassified configurations lies below the threshold; the nearest lie above it by "
        + ", ".join(f"{abs(value):.2f} at rho = {level:g}" for value, level in zip(nearest, levels, strict=True)),
        holds=least > -1e-12,
        computed=f"least mu_l.mu_k - threshold = {least:.3g}",
        slack=max(nearest[2], 0.0) if nearest[2] > -1e-12 else nearest[2],
    )


def chord_searched() -> Evidence:
    """Evidence that D bounds ||u - mu_l|| in every configuration drawn, and is attained."""
    n = 400_000
    drawn = draw(n, seed=0)
    slack = chord_slack(drawn)
    least = float(slack.min())
    spread = (drawn.s > 0.1) & (drawn.alpha < 0.95)
    return Evidence(
        kind="search",
        summary=f"D bounds ||u - mu_l|| in {n} configurations; the nearest with s > .1 and alpha < .95 is "
        f"{float(slack[spread].min()):.2g} below it",
        holds=least > -1e-7,
        computed=f"least D - ||u - mu_l|| = {least:.3g}",
        slack=float(slack[spread].min()),
    )

"""The anchored form: all of a ball about an anchor, a point chosen beforehand, is nearer to mu_l than to any other mean.

Units of r; a_l is any vector. The main part and S_eps of class l are replaced by the samples whose views ALL lie within t_l
of a_l. On a finite world with known means `cell_margin` is exact for balls (`certificates.population.anchored_world`); for a
population `bounded_margin` takes bounds on two distances.
"""

from typing import Any

from theory.theorem1.forms.form import PopulationForm


def cell_margin(t: Any, to_own: Any, to_rival: Any, apart: Any) -> Any:
    """(||a - mu_k||^2 - ||a - mu_l||^2)/2 - t ||mu_l - mu_k||: positive iff all of the ball B(a, t) is nearer to mu_l.

    to_own, to_rival, apart = ||a - mu_l||, ||a - mu_k||, ||mu_l - mu_k||; t >= 0. Arrays broadcast.
    """
    return (to_rival**2 - to_own**2) / 2 - t * apart


def bounded_margin(t: Any, to_own: Any, to_rival: Any) -> Any:
    """||a - mu_k|| - ||a - mu_l|| - 2 t, from a lower bound on the first and an upper bound on the second distance."""
    return to_rival - to_own - 2 * t


def mean_ball(alpha: Any, t: Any) -> Any:
    """alpha t + (1 - alpha) >= ||mu_l - alpha a_l||, for any alpha up to the share of class l within t of a_l."""
    return alpha * t + (1 - alpha)


POPULATION_FORM = PopulationForm(
    order=70,
    claim="thm-1-anchor-bounds",
    share="alpha",
    margin=lambda pair: bounded_margin(pair.t, pair.own, pair.rival),
)

"""What a form of Theorem 1 declares: its condition on class l against a rival k, the costs it reports, its claim."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from theory.elementary import positive_part, sqrt
from theory.setting import Array

Terms = dict[str, Any]
Share = Literal["sigma", "alpha"]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Class l against a rival k where the factors are known, in units of r. Arrays broadcast.

    share       sigma_l or alpha_l, whichever the form takes
    s           spread
    ll, kk, lk  ||mu_l||^2, ||mu_k||^2 and mu_l.mu_k
    q           R_eps/p_l
    shortfall   Delta_mu/2, where the condition is asked of the world as a whole; else None
    guard       how far norms and angles may be off by rounding; see `caps.half_angle`
    """

    share: Any
    s: Any
    ll: Any
    kk: Any
    lk: Any
    q: Any = 0.0
    shortfall: Any = None
    guard: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Form:
    """A condition under which no sample of class l that lies in its main part and in S_eps is misclassified.

    order       place among the forms, weaker ones first; reports name the last of those that certify most
    claim       id of the proved claim that the form rests on
    share       what it takes of the class: sigma, of which R_eps/p_l may be lost, or alpha
    margin      by how much the condition holds, in units of r^2; positive iff it does
    costs       for scalars: what the form subtracts from 1 - mu_l.mu_k, by name; what is left is the margin
    by_product  the margin depends on the rival through mu_l.mu_k only
    """

    order: int
    claim: str
    share: Share
    margin: Callable[[Pair], Array]
    costs: Callable[[Pair], Terms]
    by_product: bool


@dataclass(frozen=True, kw_only=True)
class PopulationPair:
    """Class l against all its rivals in a population, by bounds that hold together; in units of r.

    share     lower bound on sigma_l or alpha_l
    s         spread
    q         upper bound on R_eps/p_l
    product   upper bound on every mu_l.mu_k
    apart     lower bound on every ||mu_l - mu_k||
    t         radius of the ball about the anchor a_l
    own       upper bound on ||a_l - mu_l||
    rival     lower bound on every ||a_l - mu_k||
    """

    share: float
    s: float
    q: float
    product: float
    apart: float
    t: float
    own: float
    rival: float


@dataclass(frozen=True, kw_only=True)
class PopulationForm:
    """A form that can be met from bounds on the factors of a population. Fields as in `Form`."""

    order: int
    claim: str
    share: Share
    margin: Callable[[PopulationPair], Any]


def threshold(rho: Any, root: Any = None) -> Any:
    """1 - rho - sqrt(2 rho), in units of r^2; `root` stands for sqrt(2 rho) where a prover carries it as a variable."""
    return 1 - rho - (sqrt(2 * rho) if root is None else root)


def alpha_lower(sigma: Any, R: Any, p: Any) -> Any:
    """max(sigma - R/p_l, 0) <= alpha_l: the share of a class that is sure to be in its main part and in S_eps.

    Without the floor the corrected form is false once s > 2 (`theory/formal/Theorem1Unfloored.v`).
    """
    return positive_part(sigma - R / p)


def with_root(terms: Terms) -> Terms:
    """The terms of rho, and sqrt(2 rho): together 1 - threshold(rho)."""
    rho = sum(terms.values())
    return terms | {"sqrt(2 rho)": 1 - rho - threshold(rho)}


def norm_cost(pair: Pair) -> Terms:
    """What the norms of the means take off 1 - mu_l.mu_k; what is left is ||mu_l - mu_k||^2/2."""
    return {"1 - (|mu_l|^2 + |mu_k|^2) / 2": 1 - (pair.ll + pair.kk) / 2}


def threshold_forms(order: int, claim: str, terms: Callable[[Any, Any], Terms]) -> tuple[Form, PopulationForm]:
    """The forms mu_l.mu_k/r^2 < threshold(rho) on finite worlds and on populations; rho is the sum of terms(alpha, s)."""

    def margin(alpha: Any, s: Any, product: Any) -> Any:
        return threshold(sum(terms(alpha, s).values())) - product

    form = Form(
        order=order,
        claim=claim,
        share="alpha",
        margin=lambda pair: np.asarray(margin(pair.share, pair.s, pair.lk)),
        costs=lambda pair: with_root(terms(pair.share, pair.s)),
        by_product=True,
    )
    return form, PopulationForm(
        order=order, claim=claim, share="alpha", margin=lambda pair: margin(pair.share, pair.s, pair.product)
    )

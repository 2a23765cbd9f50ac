"""Certificates: hold a finite world against the forms of Theorem 1 and say what is met, by how much, and what blocks it.

Every number is exact on the world (direction "exact"), except main parts, which are witnesses found by a search and hence
lower bounds on sigma and alpha: the safe direction. eps and delta are free in the theorem, so a grid of values attained
on the world is tried and the best is kept; any choice gives a valid certificate.

Levers, i.e. where the spread s comes from:
- lipschitz   s = (L d_A + 2 eps)/r, with d_A in input space: the theorem as stated;
- local       s = (d_{A,f} + 2 eps)/r, with d_{A,f} = min over views ||f(x1') - f(x2')||: the proof uses L delta for nothing
              else, and no Lipschitz constant is needed (derived).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from theory.concentration import Steps, augmented_distances, clique_steps
from theory.factors import (
    class_shares,
    divergence,
    lipschitz_constant,
    mean_shortfall,
    nearest_mean_error,
    view_diameters,
)
from theory.setting import Array, FiniteWorld
from theory.theorem1.forms import Terms, chord, corrected_terms, printed_terms, sharp_terms, threshold

Lever = Literal["lipschitz", "local"]
Form = Literal["printed", "corrected", "sharp", "chord"]
LEVERS: tuple[Lever, ...] = ("lipschitz", "local")
FORMS: tuple[Form, ...] = ("printed", "corrected", "sharp", "chord")

ROUNDING = 1e-9
"""A margin must exceed this to count as met: far above the rounding of the float64 sums it is made of."""


@dataclass(frozen=True)
class Frontier:
    """Concentration and alignment of a world over all (eps, delta) that matter, for one lever.

    eps    (E,) distances;  reach (T,) the values of L delta or of d_{A,f} where a main part grows, in feature units
    lipschitz  L on the points of the world for the lever "lipschitz", else None
    s      (E, T) spread (reach + 2 eps)/r, at most 2: points of a sphere of radius r are no further apart
    sigma  (T, K) share of each class in its main part
    alpha  (E, T, K) share of each class in a main part chosen inside S_eps
    R      (E,) share of samples outside S_eps
    exact  every clique search ended: sigma and alpha are the largest there are, else lower bounds with a witness
    """

    lever: Lever
    lipschitz: float | None
    eps: Array
    reach: Array
    s: Array
    sigma: Array
    alpha: Array
    R: Array
    exact: bool


@dataclass(frozen=True)
class ClassVerdict:
    """One class under one form, at the (eps, delta) kept for it.

    margin  threshold - mu_l.mu_k/r^2 for the rival k that is nearest to breaking it; met when it exceeds `ROUNDING`
    s, s_limit      the spread reached, and the largest at which the form could be met, by a main part of the whole class
    share, share_needed   of the class in its main part (sigma for the printed form, else alpha), and the least at which the
            form is met at this s; 1 where it is not met by the whole class
    error   share of the class (printed form: of all samples) that may be misclassified once the condition is met
    costs   what the form subtracts, by name, largest first: threshold = 1 - sum of the costs; the first one blocks
    """

    label: int
    met: bool
    margin: float
    rival: int
    product: float
    threshold: float
    eps: float
    reach: float
    s: float
    s_limit: float
    share: float
    share_needed: float
    sigma: float
    alpha: float
    R: float
    error: float
    costs: Terms

    @property
    def blocker(self) -> str:
        """The largest cost that is measured; sqrt(2 rho) only follows from the others."""
        return next(name for name in self.costs if name != "sqrt(2 rho)")


@dataclass(frozen=True)
class Certificate:
    """What one form of Theorem 1 says of a world.

    met         the condition holds for every class
    error       certified upper bound on Err(G_f): (1 - sigma) + R for the printed form once met; for the others
                sum over the classes met of p_l (1 - alpha_l) plus the whole mass of the rest; 1 where nothing is met
    true_error  the error of the nearest class mean, measured on the same world
    """

    form: Form
    lever: Lever
    met: bool
    error: float
    true_error: float
    classes: tuple[ClassVerdict, ...]

    @property
    def binding(self) -> ClassVerdict:
        """The class with the least margin: what blocks the certificate, or would first."""
        return min(self.classes, key=lambda verdict: verdict.margin)


def frontier(world: FiniteWorld, lever: Lever, *, eps_values: int = 8) -> Frontier:
    """sigma and alpha on `world` at `eps_values` view diameters, evenly spaced in rank, and at every delta that matters."""
    constant = lipschitz_constant(world) if lever == "lipschitz" else None
    diameters = view_diameters(world.features)
    eps = np.unique(np.quantile(diameters, np.linspace(0, 1, eps_values), method="inverted_cdf"))
    classes = [world.members(k) for k in range(world.classes)]

    def gaps(members: Array) -> Array:
        if len(members) == 1:
            return np.zeros((1, 1))
        return augmented_distances(world.features[members] if constant is None else world.views[members])

    def steps_of(members: Array) -> list[Steps]:
        within = gaps(members) * (1.0 if constant is None else constant)
        kept = [np.flatnonzero(diameters[members] <= width) for width in eps]
        return [clique_steps(within[np.ix_(inside, inside)]) for inside in [np.arange(len(members)), *kept]]

    steps = [steps_of(members) for members in classes]  # per class: the whole class, then S_eps for every eps
    reach = np.unique(np.concatenate([step.thresholds for of_class in steps for step in of_class]))
    shares = np.array(
        [
            [step.size(reach) / len(members) for step in of_class]
            for of_class, members in zip(steps, classes, strict=True)
        ]
    )  # (K, 1 + E, T)
    return Frontier(
        lever=lever,
        lipschitz=constant,
        eps=eps,
        reach=reach,
        s=np.minimum((reach[None, :] + 2 * eps[:, None]) / float(world.radius), 2.0),
        sigma=shares[:, 0].T,
        alpha=shares[:, 1:].transpose(1, 2, 0),
        R=(diameters[None, :] > eps[:, None]).mean(axis=1),
        exact=all(step.exact for of_class in steps for step in of_class),
    )


@dataclass(frozen=True)
class _Condition:
    """A form on a grid: mu_l.mu_k < 1 - sum(costs(share, s)) - pair_cost[l, k].

    share is sigma for the printed form, else alpha; share, s and the costs broadcast to (E, T, K), and so does the bound.
    """

    share: Array
    costs: Callable[[Array, Array], Terms]
    pair_name: str
    pair_cost: Array
    bound: Array


def _condition(form: Form, grid: Frontier, gram: Array, shares: Array) -> _Condition:
    if form == "chord":
        squares = gram.diagonal()
        return _Condition(
            grid.alpha,
            lambda alpha, s: {
                "2 D^2": 2 * chord(alpha, s) ** 2
            },  # ||mu_l - mu_k|| > 2 D, squared, solved for mu_l.mu_k
            "1 - (|mu_l|^2 + |mu_k|^2) / 2",
            1 - (squares[:, None] + squares[None, :]) / 2,
            1 - grid.alpha,
        )

    def with_root(terms: Terms) -> Terms:
        rho = sum(terms.values())
        return {**terms, "sqrt(2 rho)": 1 - rho - threshold(rho)}

    if form == "printed":
        sigma, R = grid.sigma.min(axis=1)[None, :, None], grid.R[:, None, None]
        shortfall = np.full_like(gram, mean_shortfall(gram) / 2)
        return _Condition(
            sigma,
            lambda share, s: with_root(printed_terms(share, R, shares.min(), s)),
            "Delta_mu / 2",
            shortfall,
            (1 - sigma) + R,
        )
    terms = corrected_terms if form == "corrected" else sharp_terms
    nothing = np.zeros_like(gram)
    return _Condition(grid.alpha, lambda alpha, s: with_root(terms(alpha, s)), "", nothing, 1 - grid.alpha)


def certify(world: FiniteWorld, form: Form, lever: Lever = "local", grid: Frontier | None = None) -> Certificate:
    """Hold `world` against one form of Theorem 1; `grid` saves the frontier when several forms are asked for."""
    grid = frontier(world, lever) if grid is None else grid
    gram, shares, shape = divergence(world), class_shares(world), grid.alpha.shape
    condition = _condition(form, grid, gram, shares)
    needed = np.where(np.eye(world.classes, dtype=bool), -np.inf, gram + condition.pair_cost)
    rivals = needed.argmax(axis=1)
    together = form == "printed"  # one (eps, delta) for all classes, as the printed theorem has it

    def margins_at(share: Array, s: Array) -> Array:
        margins = np.broadcast_to(1 - sum(condition.costs(share, s).values()), shape) - needed.max(axis=1)
        return np.broadcast_to(margins.min(axis=2, keepdims=True), shape) if together else margins

    share, spread = np.broadcast_to(condition.share, shape), np.broadcast_to(grid.s[:, :, None], shape)
    whole = np.ones(shape)
    margins = margins_at(share, spread)
    share_needed = 1 - _largest(lambda lost: margins_at(1 - lost, spread), whole)
    s_limit = _largest(lambda s: margins_at(whole, s), 2 * whole)
    bound = np.broadcast_to(condition.bound, shape)
    costs = {name: np.broadcast_to(value, shape) for name, value in condition.costs(share, spread).items()}

    def verdict(k: int) -> ClassVerdict:
        at = (*_choose(*(values[:, :, k] for values in (margins, bound, share_needed - share, spread - s_limit))), k)
        rival = int(rivals[k])
        own = {name: float(value[at]) for name, value in costs.items()}
        if condition.pair_name:
            own[condition.pair_name] = float(condition.pair_cost[k, rival])
        limit = 1 - sum(own.values())
        return ClassVerdict(
            label=k,
            met=bool(margins[at] > ROUNDING),
            margin=limit - float(gram[k, rival]),
            rival=rival,
            product=float(gram[k, rival]),
            threshold=limit,
            eps=float(grid.eps[at[0]]),
            reach=float(grid.reach[at[1]]),
            s=float(spread[at]),
            s_limit=float(s_limit[at]),
            share=float(share[at]),
            share_needed=float(share_needed[at]),
            sigma=float(grid.sigma[at[1]].min() if together else grid.sigma[at[1], k]),
            alpha=float(grid.alpha[at]),
            R=float(grid.R[at[0]]),
            error=float(bound[at]),
            costs=dict(sorted(own.items(), key=lambda item: -item[1])),
        )

    verdicts = tuple(verdict(k) for k in range(world.classes))
    met = all(v.met for v in verdicts)
    if together:
        error = min(verdicts[0].error, 1.0) if met else 1.0
    else:
        error = 1.0 - float(sum(p * v.alpha for p, v in zip(shares, verdicts, strict=True) if v.met))
    return Certificate(form, grid.lever, met, error, float(nearest_mean_error(world)), verdicts)


def _largest(margins_at: Callable[[Array], Array], most: Array) -> Array:
    """The largest x in [0, most] with margin above `ROUNDING`, for margins that fall in x, by bisection; 0 where none."""
    low, high = np.zeros_like(most), most
    low = np.where(margins_at(high) > ROUNDING, high, low)
    for _ in range(40):
        middle = (low + high) / 2
        met = margins_at(middle) > ROUNDING
        low, high = np.where(met, middle, low), np.where(met, high, middle)
    return low


def _choose(margins: Array, bound: Array, missing: Array, excess: Array) -> tuple[int, int]:
    """The (eps, delta) with the least bound among those that meet the condition; else, among the spreads at which the whole
    class would meet it (excess < 0), the one at which the least share is missing; else the least spread."""
    met = margins > ROUNDING
    if met.any():
        score = np.where(met, bound, np.inf)
    elif (excess < 0).any():
        score = np.where(excess < 0, missing, np.inf)
    else:
        score = excess
    e, t = np.unravel_index(int(score.argmin()), score.shape)
    return int(e), int(t)


def compare(world: FiniteWorld, grids: Sequence[Frontier] | None = None) -> list[Certificate]:
    """All forms under all levers, printed first. Sharp never certifies less than corrected, nor local than lipschitz."""
    grids = [frontier(world, lever) for lever in LEVERS] if grids is None else grids
    return [certify(world, form, grid.lever, grid) for grid in grids for form in FORMS]

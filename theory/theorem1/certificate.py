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
from typing import Any, Literal

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
from theory.theorem1.caps import cap_angle, cap_margin, exact_angle
from theory.theorem1.forms import Terms, chord, corrected_terms, printed_terms, rho_printed, sharp_terms, threshold

Lever = Literal["lipschitz", "local"]
Form = Literal["printed", "corrected", "sharp", "chord", "cap", "exact"]
LEVERS: tuple[Lever, ...] = ("lipschitz", "local")
FORMS: tuple[Form, ...] = ("printed", "corrected", "sharp", "chord", "cap", "exact")

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
class _Means:
    """Inner products of the class means in units of r^2: ll of class l, kk and lk of its rivals, (K - 1,)."""

    ll: float
    kk: Array
    lk: Array
    rivals: Array

    @staticmethod
    def of(gram: Array, label: int) -> "_Means":
        rivals = np.delete(np.arange(len(gram)), label)
        return _Means(float(gram[label, label]), gram.diagonal()[rivals], gram[label, rivals], rivals)


def margin(form: Form, alpha: Any, s: Any, ll: Any, kk: Any, lk: Any) -> Array:
    """By how much a form other than the printed one is met, in units of r^2; positive iff it is. Arrays broadcast.

    ll, kk, lk are ||mu_l||^2, ||mu_k||^2 and mu_l.mu_k over r^2.
    """
    if form == "cap":
        return cap_margin(cap_angle(alpha, s, np.sqrt(ll)), ll, kk, lk)
    if form == "exact":
        return cap_margin(exact_angle(alpha, s, np.sqrt(ll)), ll, kk, lk)
    costs = _costs(form, alpha, s)
    offset = (ll + kk) / 2 - 1 if form == "chord" else 0.0
    return np.asarray(1 + offset - sum(costs.values()) - lk)


def _costs(form: Form, alpha: Any, s: Any) -> Terms:
    if form == "chord":
        return {"2 D^2": 2 * chord(alpha, s) ** 2}  # ||mu_l - mu_k|| > 2 D, squared, solved for mu_l.mu_k
    return _with_root((corrected_terms if form == "corrected" else sharp_terms)(alpha, s))


def _with_root(terms: Terms) -> Terms:
    rho = sum(terms.values())
    return {**terms, "sqrt(2 rho)": 1 - rho - threshold(rho)}


def certify(world: FiniteWorld, form: Form, lever: Lever = "local", grid: Frontier | None = None) -> Certificate:
    """Hold `world` against one form of Theorem 1; `grid` saves the frontier when several forms are asked for."""
    grid = frontier(world, lever) if grid is None else grid
    gram, shares = divergence(world), class_shares(world)
    true_error = float(nearest_mean_error(world))
    if form == "printed":
        verdicts = _printed(grid, gram, float(shares.min()))
        met = all(v.met for v in verdicts)
        error = min(verdicts[0].error, 1.0) if met else 1.0
    else:
        verdicts = tuple(_of_class(form, grid, gram, k) for k in range(world.classes))
        met = all(v.met for v in verdicts)
        error = 1.0 - float(sum(p * v.alpha for p, v in zip(shares, verdicts, strict=True) if v.met))
    return Certificate(form, grid.lever, met, error, true_error, verdicts)


def _printed(grid: Frontier, gram: Array, p: float) -> tuple[ClassVerdict, ...]:
    """The printed form, with one (eps, delta) for all classes."""
    sigma, R = grid.sigma.min(axis=1)[None, :], grid.R[:, None]
    shortfall = float(mean_shortfall(gram) / 2)
    off = np.where(np.eye(len(gram), dtype=bool), -np.inf, gram)

    def margins(sigma: Array, s: Array) -> Array:
        return np.asarray(threshold(rho_printed(sigma, R, p, s)) - shortfall - off.max())

    shape = grid.s.shape
    needed = 1 - _largest(lambda lost: margins(1 - lost, grid.s), np.ones(shape))
    limit = _largest(lambda s: margins(np.ones(shape), s), np.full(shape, 2.0))
    sigma = np.broadcast_to(sigma, shape)
    e, t = np.unravel_index(_choose(margins(sigma, grid.s), (1 - sigma) + R, needed - sigma, grid.s - limit), shape)
    at = (int(e), int(t))
    costs = _with_root(printed_terms(float(sigma[at]), float(grid.R[e]), p, float(grid.s[at])))
    costs = {**costs, "Delta_mu / 2": shortfall}
    return tuple(
        _verdict(
            grid, at, label, int(off[label].argmax()), float(off[label].max()), 1 - sum(costs.values()), costs,
            share=float(sigma[at]), needed=float(needed[at]), limit=float(limit[at]),
            alpha=float(grid.alpha[(*at, label)]), error=float(1 - sigma[at] + grid.R[e]),
        )
        for label in range(len(gram))
    )  # fmt: skip


def _of_class(form: Form, grid: Frontier, gram: Array, label: int) -> ClassVerdict:
    """Any other form, with the (eps, delta) that is best for this class."""
    means = _Means.of(gram, label)
    alpha = grid.alpha[:, :, label].ravel()
    order = np.lexsort((-alpha, grid.s.ravel()))
    best_before = np.concatenate([[-1.0], np.maximum.accumulate(alpha[order])[:-1]])
    front = order[alpha[order] > best_before]  # least s for every alpha that is reached
    alpha, s = alpha[front], grid.s.ravel()[front]

    def each(alpha: Array, s: Array) -> Array:
        return margin(form, alpha[:, None], s[:, None], means.ll, means.kk, means.lk)

    margins = each(alpha, s)
    whole = np.ones(len(front))
    needed = 1 - _largest(lambda lost: each(1 - lost, s).min(axis=1), whole)
    limit = _largest(lambda s: each(whole, s).min(axis=1), 2 * whole)
    at = _choose(margins.min(axis=1), 1 - alpha, needed - alpha, s - limit)
    nearest = int(margins[at].argmin())
    product = float(means.lk[nearest])
    if form in ("cap", "exact"):
        costs = {"cap": 1 - product - float(margins[at, nearest])}
    else:
        costs = {name: float(value) for name, value in _costs(form, alpha[at], s[at]).items()}
    if form == "chord":
        costs["1 - (|mu_l|^2 + |mu_k|^2) / 2"] = 1 - (means.ll + float(means.kk[nearest])) / 2
    e, t = np.unravel_index(int(front[at]), grid.s.shape)
    return _verdict(
        grid, (int(e), int(t)), label, int(means.rivals[nearest]), product, product + float(margins[at, nearest]), costs,
        share=float(alpha[at]), needed=float(needed[at]), limit=float(limit[at]), alpha=float(alpha[at]),
        error=float(1 - alpha[at]),
    )  # fmt: skip


def _verdict(
    grid: Frontier,
    at: tuple[int, int],
    label: int,
    rival: int,
    product: float,
    limit_product: float,
    costs: Terms,
    *,
    share: float,
    needed: float,
    limit: float,
    alpha: float,
    error: float,
) -> ClassVerdict:
    return ClassVerdict(
        label=label,
        met=limit_product - product > ROUNDING,
        margin=limit_product - product,
        rival=rival,
        product=product,
        threshold=limit_product,
        eps=float(grid.eps[at[0]]),
        reach=float(grid.reach[at[1]]),
        s=float(grid.s[at]),
        s_limit=limit,
        share=share,
        share_needed=needed,
        sigma=float(grid.sigma[at[1], label]),
        alpha=alpha,
        R=float(grid.R[at[0]]),
        error=error,
        costs=dict(sorted(costs.items(), key=lambda item: -item[1])),
    )


def _largest(margins_at: Callable[[Array], Array], most: Array) -> Array:
    """The largest x in [0, most] with margin above `ROUNDING`, for margins that fall in x, by bisection; 0 where none."""
    low = np.where(margins_at(most) > ROUNDING, most, np.zeros_like(most))
    high = most
    for _ in range(40):
        middle = (low + high) / 2
        met = margins_at(middle) > ROUNDING
        low, high = np.where(met, middle, low), np.where(met, high, middle)
    return low


def _choose(margins: Array, bound: Array, missing: Array, excess: Array) -> int:
    """Flat index of the least bound among the points that meet the condition; else, among the spreads at which the whole
    class would meet it (excess < 0), of the point at which the least share is missing; else of the least spread."""
    met = margins > ROUNDING
    if met.any():
        score = np.where(met, bound, np.inf)
    elif (excess < 0).any():
        score = np.where(excess < 0, missing, np.inf)
    else:
        score = excess
    return int(score.argmin())


def compare(world: FiniteWorld, grids: Sequence[Frontier] | None = None) -> list[Certificate]:
    """All forms under all levers. Sharp never certifies less than corrected, exact than cap, cap than chord, and local never
    less than lipschitz; sharp and chord are incomparable."""
    grids = [frontier(world, lever) for lever in LEVERS] if grids is None else grids
    return [certify(world, form, grid.lever, grid) for grid in grids for form in FORMS]

"""Certificates: hold a finite world against the forms of Theorem 1 and say what is met, by how much, and what blocks it.

Every number is exact on the world (direction "exact"), except main parts, which are witnesses found by a search and hence
lower bounds on sigma and alpha: the safe direction. eps and delta are free in the theorem, so a grid of values attained
on the world is tried and the best is kept; any choice gives a valid certificate.

A certificate has a lever (see `grid`) and a scope, which says of what the condition is asked:
- world   of all classes at one (eps, delta), as the theorem is stated;
- class   of each class at the (eps, delta) that is best for it; a class whose condition fails loses its own mass only
          (thm-1-per-class). The printed form then has the class's own sigma and R, and no Delta_mu (thm-1-printed).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from theory.factors import class_shares, divergence, mean_shortfall, nearest_mean_error
from theory.setting import Array, FiniteWorld
from theory.theorem1.certificates.grid import LEVERS, Grid, Lever, clique_grid
from theory.theorem1.forms import FORMS
from theory.theorem1.forms.form import Form, Pair, Terms

Scope = Literal["world", "class"]
SCOPES: tuple[Scope, ...] = ("world", "class")

ROUNDING = 1e-9
"""A margin must exceed this to count as met: far above the rounding of the float64 sums it is made of."""

GUARD = 1e-11
"""What ||mu_l|| and s may be off by where the margin has an infinite slope in them (perfect alignment): sums over n
samples of m views in d dimensions err by at most (n + m + d) 2^-53 of their size, below this up to n + m + d = 80 000."""

Margins = Callable[[Array, Array, Array], Array]
"""(share, s, R), each (P,), to the margin against the nearest rival, (P,)."""


@dataclass(frozen=True)
class ClassCertificate:
    """One class under one form, at the (eps, delta) kept for it.

    met           the margin exceeds `ROUNDING`
    margin        threshold - mu_l.mu_k/r^2 for the rival k that is nearest to breaking the condition
    s, s_limit    the spread reached, and the largest at which a main part of the whole class would meet the form
    share         of the class in its main part: sigma or alpha, whichever the form takes
    share_needed  the least share at which the form is met at this s; 1 where not even the whole class would do
    error         share of the class (printed, scope world: of all samples) that may be misclassified once the form is met
    costs         what the form subtracts, by name, largest first: threshold = 1 - sum of the costs; the first one blocks
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
    error       certified upper bound on Err(G_f), 1 where nothing is met. Scope "world": (1 - sigma) + R for the printed
                form and sum_l p_l (1 - alpha_l) for the others, if all classes are met; scope "class": the sum over the
                classes met of p_l times their own `error`, plus the whole mass of the rest
    true_error  the error of the nearest class mean, measured on the same world
    """

    form: str
    lever: Lever
    scope: Scope
    met: bool
    error: float
    true_error: float
    classes: tuple[ClassCertificate, ...]

    @property
    def binding(self) -> ClassCertificate:
        """The class with the least margin: what blocks the certificate, or would first."""
        return min(self.classes, key=lambda of_class: of_class.margin)


@dataclass(frozen=True)
class Points:
    """The condition of one form for one class at P points of the grid.

    at        (P,) flat index into (eps, delta)
    share     (P,) sigma or alpha
    s, R      (P,) spread and misaligned share; R is 0 where the form does not take it
    bound     (P,) what may be lost of the class where the condition is met
    margins   by how much the condition is met
    """

    at: Array
    share: Array
    s: Array
    R: Array
    bound: Array
    margins: Margins

    def of(self, rows: Array) -> "Points":
        """The same at some of the points."""
        return Points(self.at[rows], self.share[rows], self.s[rows], self.R[rows], self.bound[rows], self.margins)

    def margin(self) -> Array:
        """By how much the condition is met at every point, (P,)."""
        return self.margins(self.share, self.s, self.R)

    def s_limit(self) -> Array:
        """Largest spread at which a main part of the whole class would meet the condition, (P,)."""
        return _s_limit(self.margins, self.R)

    def share_needed(self) -> Array:
        """Least share at which the condition is met at the spread reached, (P,)."""

        def margins(missing: Array, rows: Array) -> Array:
            return self.margins(1 - missing, self.s[rows], self.R[rows])

        return 1 - _largest(margins, len(self.s), 1.0)

    def kept(self) -> int:
        """The point with the least bound among those that meet the condition.

        Where none does: among the spreads at which the whole class would meet it, the point at which the least share is
        missing; else that at which the spread is least too large.
        """
        met = self.margin() > ROUNDING
        if met.any():
            return int(np.where(met, self.bound, np.inf).argmin())
        R, inverse = np.unique(self.R, return_inverse=True)  # the largest spread depends on nothing else
        excess = self.s - _s_limit(self.margins, R)[inverse]
        possible = np.flatnonzero(excess < 0)
        if possible.size:
            some = self.of(possible)
            return int(possible[(some.share_needed() - some.share).argmin()])
        return int(excess.argmin())


def _s_limit(margins: Margins, R: Array) -> Array:
    return _largest(lambda s, rows: margins(np.ones_like(s), s, R[rows]), len(R), 2.0)


def _largest(margins: Callable[[Array, Array], Array], size: int, most: float) -> Array:
    """The largest x in [0, most] with margins(x, row) above `ROUNDING`, for every row; 0 where there is none.

    The margins must fall in x. Both arguments are one-dimensional: values, and the rows that they belong to.
    """
    low, high = np.zeros(size), np.full(size, most)
    steps = np.linspace(0, 1, 33)
    all_rows = np.arange(size)
    rows = np.repeat(all_rows, steps.size)
    for _ in range(8):  # 32^8 > 10^12
        x = low[:, None] + (high - low)[:, None] * steps
        met = (margins(x.ravel(), rows) > ROUNDING).reshape(x.shape)
        last = np.where(met.all(axis=1), steps.size, met.argmin(axis=1))
        low, high = x[all_rows, np.maximum(last - 1, 0)], x[all_rows, np.minimum(last, steps.size - 1)]
    return low


@dataclass(frozen=True)
class _Condition:
    """One form in one scope on the factors of a world: gram (K, K) mu_k.mu_l/r^2, shares (K,)."""

    form: Form
    scope: Scope
    grid: Grid
    gram: Array
    shares: Array

    def pair(self, label: int, rivals: Any, share: Any, s: Any, R: Any) -> Pair:
        """The class against one rival or several; in scope "class", R is already a share of the class."""
        whole = self.scope == "world"
        return Pair(
            share=share,
            s=s,
            ll=self.gram[label, label],
            kk=self.gram.diagonal()[rivals],
            lk=self.gram[label, rivals],
            q=R / self.shares.min() if whole else R,
            shortfall=mean_shortfall(self.gram) / 2 if whole else None,
            guard=GUARD,
        )

    def rivals(self, label: int) -> Array:
        """All classes but one."""
        return np.delete(np.arange(len(self.gram)), label)

    def points(self, label: int) -> Points:
        """The points of the grid that may be best for a class."""
        rivals = self.rivals(label)

        def margins(share: Array, s: Array, R: Array) -> Array:
            pair = self.pair(label, rivals, share[:, None], s[:, None], R[:, None])
            return np.asarray(self.form.margin(pair).min(axis=1))

        return (self._by_sigma if self.form.share == "sigma" else self._by_alpha)(label, margins)

    def _by_sigma(self, label: int, margins: Margins) -> Points:
        grid, whole = self.grid, self.scope == "world"
        column = grid.sigma.min(axis=1) if whole else grid.sigma[:, label]
        least = np.flatnonzero(np.diff(column, prepend=-1.0) > 0)  # the least reach for every sigma: no other is better
        at = (np.arange(len(grid.eps))[:, None] * len(grid.reach) + least).ravel()
        sigma = np.tile(column[least], len(grid.eps))
        R = np.repeat(grid.R if whole else grid.R_class[:, label], len(least))
        return Points(at, sigma, grid.s.ravel()[at], R, np.minimum((1 - sigma) + R, 1.0), margins)

    def _by_alpha(self, label: int, margins: Margins) -> Points:
        alpha, s = self.grid.alpha[:, :, label].ravel(), self.grid.s.ravel()
        at = np.arange(s.size)
        if self.scope == "class":  # the least s for every alpha that is reached: no other point can be better
            order = np.lexsort((-alpha, s))
            at = order[alpha[order] > np.concatenate([[-1.0], np.maximum.accumulate(alpha[order])[:-1]])]
        return Points(at, alpha[at], s[at], np.zeros(len(at)), 1 - alpha[at], margins)

    def certificate(self, label: int, point: Points) -> ClassCertificate:
        """What is reported of a class at the one point that was kept for it."""
        grid, rivals = self.grid, self.rivals(label)
        e, t = np.unravel_index(int(point.at[0]), grid.s.shape)
        share, s, R = float(point.share[0]), float(point.s[0]), float(point.R[0])
        against = self.pair(label, rivals, share, s, R)
        nearest = int(against.lk.argmax() if self.form.by_product else self.form.margin(against).argmin())
        costs = self.form.costs(self.pair(label, rivals[nearest], share, s, R))
        value, product = float(point.margin()[0]), float(against.lk[nearest])
        return ClassCertificate(
            label=label,
            met=value > ROUNDING,
            margin=value,
            rival=int(rivals[nearest]),
            product=product,
            threshold=product + value,
            eps=float(grid.eps[e]),
            reach=float(grid.reach[t]),
            s=s,
            s_limit=float(point.s_limit()[0]),
            share=share,
            share_needed=float(point.share_needed()[0]),
            sigma=share if self.form.share == "sigma" else float(grid.sigma[t, label]),
            alpha=float(grid.alpha[e, t, label]),
            R=float(grid.R[e] if self.scope == "world" else grid.R_class[e, label]),
            error=float(point.bound[0]),
            costs={name: float(cost) for name, cost in sorted(costs.items(), key=lambda item: -item[1])},
        )


def certify(
    world: FiniteWorld,
    form: str = "exact",
    lever: Lever = "local",
    scope: Scope = "class",
    grid: Grid | None = None,
) -> Certificate:
    """Hold `world` against one form of Theorem 1; `grid` saves the searches when several forms are asked for.

    The default is the best form here: while the clique searches end, whatever another form, lever or scope certifies, the
    exact form with the local lever per class certifies too (thm-1-nesting, thm-1-local, thm-1-per-class).

    Raises ValueError for a form that is not in `FORMS`.
    """
    if form not in FORMS:
        raise ValueError(f"form={form!r}: unknown; give one of {', '.join(FORMS)}")
    grid = clique_grid(world, lever) if grid is None else grid
    shares = class_shares(world)
    condition = _Condition(FORMS[form], scope, grid, divergence(world), shares)
    points = [condition.points(label) for label in range(world.classes)]
    true_error = float(nearest_mean_error(world))
    if scope == "class":
        classes = tuple(condition.certificate(k, p.of(np.array([p.kept()]))) for k, p in enumerate(points))
        error = 1.0 - float(sum(p * (1 - c.error) for p, c in zip(shares, classes, strict=True) if c.met))
        return Certificate(form, grid.lever, scope, all(c.met for c in classes), error, true_error, classes)
    margins = np.min([p.margin() for p in points], axis=0)
    bound = sum(share * p.bound for share, p in zip(shares, points, strict=True))  # sigma: one bound for all classes
    met = margins > ROUNDING
    index = int(np.where(met, bound, np.inf).argmin() if met.any() else margins.argmax())
    classes = tuple(condition.certificate(k, p.of(np.array([index]))) for k, p in enumerate(points))
    error = float(bound[index]) if met.any() else 1.0
    return Certificate(form, grid.lever, scope, bool(met.any()), error, true_error, classes)


def compare(world: FiniteWorld, grids: Sequence[Grid] | None = None) -> list[Certificate]:
    """All forms in all scopes under all levers.

    While the clique searches end, sharp never certifies less than corrected, cap than sharp and chord, exact than cap and
    printed, and class never less than world.
    """
    grids = [clique_grid(world, lever) for lever in LEVERS] if grids is None else grids
    return [certify(world, form, grid.lever, scope, grid) for grid in grids for scope in SCOPES for form in FORMS]


def choose(
    certificates: Sequence[Certificate], form: str, lever: Lever = "local", scope: Scope = "class"
) -> Certificate:
    """The certificate of one form, lever and scope among those of `compare`."""
    return next(c for c in certificates if (c.form, c.lever, c.scope) == (form, lever, scope))

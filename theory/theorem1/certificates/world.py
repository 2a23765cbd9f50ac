"""Certificates: hold a finite world against the forms of Theorem 1 and say what is met, by how much, and what blocks it.

Every number is exact on the world (direction "exact"), except main parts, which are witnesses found by a search and hence
lower bounds on sigma and alpha: the safe direction. eps and delta are free in the theorem, so a grid of values attained
on the world is tried and the best is kept; any choice gives a valid certificate.

Scopes:
- world   one (eps, delta), and the condition must hold for every class, as the theorem is stated;
- class   each class with the (eps, delta) that is best for it; a class whose condition fails loses its own mass only
          (thm-1-per-class). The printed form then has the class's own sigma and R, and no Delta_mu (thm-1-printed).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from theory.factors import class_shares, divergence, mean_shortfall, nearest_mean_error
from theory.setting import Array, FiniteWorld
from theory.theorem1.certificates.grid import LEVERS, Grid, Lever, clique_grid
from theory.theorem1.forms import (
    FORMS,
    Form,
    Terms,
    chord,
    corrected_terms,
    margin,
    printed_terms,
    rho_printed,
    sharp_terms,
    threshold,
)

Scope = Literal["world", "class"]
SCOPES: tuple[Scope, ...] = ("world", "class")

ROUNDING = 1e-9
"""A margin must exceed this to count as met: far above the rounding of the float64 sums it is made of."""

GUARD = 1e-11
"""What ||mu_l|| and s may be off by where the margin has an infinite slope in them (perfect alignment): sums over n
samples of m views in d dimensions err by at most (n + m + d) 2^-53 of their size, below this up to n + m + d = 80 000."""


@dataclass(frozen=True)
class ClassVerdict:
    """One class under one form, at the (eps, delta) kept for it.

    margin  threshold - mu_l.mu_k/r^2 for the rival k that is nearest to breaking it; met when it exceeds `ROUNDING`
    s, s_limit      the spread reached, and the largest at which the form could be met, by a main part of the whole class
    share, share_needed   of the class in its main part (sigma for the printed form, else alpha), and the least at which the
            form is met at this s; 1 where it is not met by the whole class
    error   share of the class (printed, scope world: of all samples) that may be misclassified once the condition is met
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
    error       certified upper bound on Err(G_f), 1 where nothing is met. Scope "world": (1 - sigma) + R for the printed
                form and sum_l p_l (1 - alpha_l) for the others, if all classes are met; scope "class": the sum over the
                classes met of p_l times their own `error`, plus the whole mass of the rest
    true_error  the error of the nearest class mean, measured on the same world
    """

    form: Form
    lever: Lever
    scope: Scope
    met: bool
    error: float
    true_error: float
    classes: tuple[ClassVerdict, ...]

    @property
    def binding(self) -> ClassVerdict:
        """The class with the least margin: what blocks the certificate, or would first."""
        return min(self.classes, key=lambda verdict: verdict.margin)


@dataclass(frozen=True)
class _Class:
    """The condition of one form for one class, over P points of the grid.

    at       (P,) flat index into (eps, delta)
    share    (P,) sigma or alpha;  s, R (P,);  bound (P,) what may be lost of the class where the condition is met
    margins  margins(share, s, R), each (P,): by how much the condition is met for the nearest rival, (P,)
    """

    at: Array
    share: Array
    s: Array
    R: Array
    bound: Array
    margins: Callable[[Array, Array, Array], Array]

    def point(self, index: int) -> "_Class":
        """The same at one of the points."""
        one = slice(index, index + 1)
        return _Class(self.at[one], self.share[one], self.s[one], self.R[one], self.bound[one], self.margins)

    def s_limit(self) -> Array:
        """Largest spread at which a main part of the whole class would meet the condition, (P,)."""
        return self._largest(2.0, lambda x, _, R: self.margins(np.ones_like(x), x, R))

    def share_needed(self) -> Array:
        """Least share at which the condition is met at the spread reached, (P,)."""
        return 1 - self._largest(1.0, lambda x, s, R: self.margins(1 - x, s, R))

    def _largest(self, most: float, margins: Callable[[Array, Array, Array], Array]) -> Array:
        """The largest x in [0, most] with margin above `ROUNDING`, for margins that fall in x; 0 where there is none."""
        low, high = np.zeros(len(self.s)), np.full(len(self.s), most)
        steps = np.linspace(0, 1, 33)
        s, R = np.repeat(self.s, steps.size), np.repeat(self.R, steps.size)
        rows = np.arange(len(low))
        for _ in range(8):  # 32^8 > 10^12
            x = low[:, None] + (high - low)[:, None] * steps
            met = (margins(x.ravel(), s, R) > ROUNDING).reshape(x.shape)
            last = np.where(met.all(axis=1), steps.size, met.argmin(axis=1))
            low, high = x[rows, np.maximum(last - 1, 0)], x[rows, np.minimum(last, steps.size - 1)]
        return low


def certify(
    world: FiniteWorld,
    form: Form = "exact",
    lever: Lever = "local",
    scope: Scope = "class",
    grid: Grid | None = None,
) -> Certificate:
    """Hold `world` against one form of Theorem 1; `grid` saves the searches when several forms are asked for.

    The default is the best form here: while the clique searches end, whatever another form, lever or scope certifies, the
    exact form with the local lever per class certifies too (thm-1-nesting, thm-1-local, thm-1-per-class).
    """
    grid = clique_grid(world, lever) if grid is None else grid
    gram, shares = divergence(world), class_shares(world)
    classes = [_class(form, scope, grid, gram, shares, label) for label in range(world.classes)]
    true_error = float(nearest_mean_error(world))
    if scope == "class":
        verdicts = tuple(
            _verdict(form, scope, grid, gram, shares, k, c.point(_choose(c))) for k, c in enumerate(classes)
        )
        error = 1.0 - float(sum(p * (1 - v.error) for p, v in zip(shares, verdicts, strict=True) if v.met))
        return Certificate(form, grid.lever, scope, all(v.met for v in verdicts), error, true_error, verdicts)
    margins = np.min([c.margins(c.share, c.s, c.R) for c in classes], axis=0)
    bound = sum(p * c.bound for p, c in zip(shares, classes, strict=True))  # printed: the same bound for every class
    met = margins > ROUNDING
    index = int(np.where(met, bound, np.inf).argmin() if met.any() else margins.argmax())
    verdicts = tuple(_verdict(form, scope, grid, gram, shares, k, c.point(index)) for k, c in enumerate(classes))
    return Certificate(
        form, grid.lever, scope, bool(met.any()), float(bound[index]) if met.any() else 1.0, true_error, verdicts
    )


def _class(form: Form, scope: Scope, grid: Grid, gram: Array, shares: Array, label: int) -> _Class:
    rivals = np.delete(np.arange(len(gram)), label)
    s = grid.s.ravel()
    whole = scope == "world"
    if form == "printed":
        column = grid.sigma.min(axis=1) if whole else grid.sigma[:, label]
        least = np.flatnonzero(np.diff(column, prepend=-1.0) > 0)  # the least reach for every sigma: no other is better
        at = (np.arange(len(grid.eps))[:, None] * len(grid.reach) + least).ravel()
        sigma = np.tile(column[least], len(grid.eps))
        R = np.repeat(grid.R if whole else grid.R_class[:, label], len(least))
        p, shortfall = (shares.min(), mean_shortfall(gram) / 2) if whole else (1.0, 0.0)
        rival = gram[label, rivals].max() + shortfall
        return _Class(
            at, sigma, s[at], R, np.minimum((1 - sigma) + R, 1.0),
            lambda share, s, R: np.asarray(threshold(rho_printed(share, R, p, s)) - rival),
        )  # fmt: skip
    alpha = grid.alpha[:, :, label].ravel()
    kept = np.arange(s.size)
    if not whole:  # the least s for every alpha that is reached: no other point can be better
        order = np.lexsort((-alpha, s))
        kept = order[alpha[order] > np.concatenate([[-1.0], np.maximum.accumulate(alpha[order])[:-1]])]
    ll, kk, lk = gram[label, label], gram.diagonal()[rivals], gram[label, rivals]
    return _Class(
        kept, alpha[kept], s[kept], np.zeros(len(kept)), 1 - alpha[kept],
        lambda share, s, _: margin(form, share[:, None], s[:, None], ll, kk, lk, GUARD).min(axis=1),
    )  # fmt: skip


def _choose(c: _Class) -> int:
    """The point with the least bound among those that meet the condition; else, among the spreads at which the whole class
    would meet it, the point at which the least share is missing; else that at which the spread is least too large."""
    met = c.margins(c.share, c.s, c.R) > ROUNDING
    if met.any():
        return int(np.where(met, c.bound, np.inf).argmin())
    R, where = np.unique(c.R, return_inverse=True)  # the largest spread depends on nothing else
    excess = c.s - _Class(R, R, R, R, R, c.margins).s_limit()[where]
    possible = np.flatnonzero(excess < 0)
    if possible.size:
        some = _Class(c.at[possible], c.share[possible], c.s[possible], c.R[possible], c.bound[possible], c.margins)
        return int(possible[(some.share_needed() - some.share).argmin()])
    return int(excess.argmin())


def _verdict(form: Form, scope: Scope, grid: Grid, gram: Array, shares: Array, label: int, at: _Class) -> ClassVerdict:
    e, t = np.unravel_index(int(at.at[0]), grid.s.shape)
    share, s, value = float(at.share[0]), float(at.s[0]), float(at.margins(at.share, at.s, at.R)[0])
    rivals = np.delete(np.arange(len(gram)), label)
    ll, kk, lk = gram[label, label], gram.diagonal()[rivals], gram[label, rivals]
    by_distance = form in ("chord", "cap", "exact")
    nearest = int(margin(form, share, s, ll, kk, lk, GUARD).argmin() if by_distance else lk.argmax())
    if form == "printed":
        costs = _with_root(printed_terms(share, float(at.R[0]), float(shares.min()) if scope == "world" else 1.0, s))
        costs |= {"Delta_mu / 2": float(mean_shortfall(gram) / 2)} if scope == "world" else {}
    else:
        costs = _costs(form, share, s, float(ll), float(kk[nearest]), float(lk[nearest]))
    return ClassVerdict(
        label=label,
        met=value > ROUNDING,
        margin=value,
        rival=int(rivals[nearest]),
        product=float(lk[nearest]),
        threshold=float(lk[nearest]) + value,
        eps=float(grid.eps[e]),
        reach=float(grid.reach[t]),
        s=s,
        s_limit=float(at.s_limit()[0]),
        share=share,
        share_needed=float(at.share_needed()[0]),
        sigma=share if form == "printed" else float(grid.sigma[t, label]),
        alpha=float(grid.alpha[e, t, label]),
        R=float(grid.R[e] if scope == "world" else grid.R_class[e, label]),
        error=float(at.bound[0]),
        costs=dict(sorted(costs.items(), key=lambda item: -item[1])),
    )


def _costs(form: Form, alpha: float, s: float, ll: float, kk: float, lk: float) -> Terms:
    """What a form other than the printed one takes off 1 - mu_l.mu_k; what is left is its margin."""
    if form in ("corrected", "sharp"):
        return _with_root((corrected_terms if form == "corrected" else sharp_terms)(alpha, s))
    means = {"1 - (|mu_l|^2 + |mu_k|^2) / 2": 1 - (ll + kk) / 2}  # left: ||mu_l - mu_k||^2 / 2
    if form == "chord":
        return means | {"2 D^2": 2 * chord(alpha, s) ** 2}
    whole, value = (float(margin(form, share, s, ll, kk, lk, GUARD)) for share in (1.0, alpha))
    spread = max((ll + kk) / 2 - lk - whole, 0.0)
    return means | {"spread s": spread, "1 - alpha": (ll + kk) / 2 - lk - spread - value}


def _with_root(terms: Terms) -> Terms:
    rho = sum(terms.values())
    return terms | {"sqrt(2 rho)": 1 - rho - threshold(rho)}


def compare(world: FiniteWorld, grids: Sequence[Grid] | None = None) -> list[Certificate]:
    """All forms in all scopes under all levers.

    While the clique searches end, sharp never certifies less than corrected, cap than sharp and chord, exact than cap and
    printed, and class never less than world.
    """
    grids = [clique_grid(world, lever) for lever in LEVERS] if grids is None else grids
    return [certify(world, form, grid.lever, scope, grid) for grid in grids for scope in SCOPES for form in FORMS]


def choose(
    certificates: Sequence[Certificate], form: Form, lever: Lever = "local", scope: Scope = "class"
) -> Certificate:
    """The certificate of one form, lever and scope among those of `compare`."""
    return next(c for c in certificates if (c.form, c.lever, c.scope) == (form, lever, scope))

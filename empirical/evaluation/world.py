"""Exact mode: an encoder, images and finitely many views of each make a finite world, which is measured.

P is the empirical distribution over the images given, A(x) the m views drawn for x (view 0 is x itself). Every quantity
of Theorem 1 is then exact on this world; nothing is claimed about images or views that are not in it. A study of training
and the audit of an encoder both measure by `measure`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from empirical.evaluation.features import check_repeats, encode_views, evaluating, in_blocks
from empirical.evaluation.heads import Head
from theory import factors
from theory.setting import Array, FiniteWorld
from theory.theorem1 import FORMS, LEVERS, Certificate, Grid, certify, clique_grid
from theory.theorem1.certificates.world import SCOPES, Scope


@dataclass(frozen=True)
class Measurement:
    """Everything Theorem 1 speaks of, on one finite world, in units of r where a length is meant.

    layer, views                     what was measured, in words
    shares                           (K,) p_k
    mean_norms                       (K,) ||mu_k||/r
    products                         (K, K) mu_k.mu_l/r^2
    alignment, robust_alignment      L_align and L_AR
    displacement                     E sup ||f(x1) - f(x2)||
    error, error_any_view            Err(G_f), and the share of samples of which some view is misclassified
    error_by_class                   (K,) the share of each class of which some view is misclassified
    frontiers                        sigma(delta), R_eps and s, one grid for each lever
    certificates                     every form in every scope that was asked for, grid by grid
    """

    layer: str
    views: str
    samples: int
    views_per_sample: int
    classes: int
    shares: Array
    mean_norms: Array
    products: Array
    alignment: float
    robust_alignment: float
    displacement: float
    error: float
    error_any_view: float
    error_by_class: Array
    frontiers: tuple[Grid, ...]
    certificates: tuple[Certificate, ...]

    @property
    def lipschitz(self) -> float | None:
        """L on the points of the world: exact there, a lower bound for the encoder on all images; None: not measured."""
        return next((grid.lipschitz for grid in self.frontiers if grid.lipschitz is not None), None)

    @property
    def complete(self) -> bool:
        """Every search of a main part ended: sigma and alpha are the largest there are, else lower bounds."""
        return all(grid.exact for grid in self.frontiers)

    @property
    def best(self) -> Certificate:
        """Of the forms from alpha, class by class, the one that certifies most; the strongest where several do."""
        return min((c for c in reversed(self._local()) if FORMS[c.form].share == "alpha"), key=lambda c: c.error)

    @property
    def nearest(self) -> Certificate:
        """Of all forms, class by class: the one that certifies most; where none does, that which misses least of a class."""

        def missing(c: Certificate) -> float:
            v = c.binding
            return max(v.share_needed - v.share, 0.0) if v.s < v.s_limit else 1 + v.s - v.s_limit

        return min(self._local(), key=lambda c: (c.error, missing(c)))

    def _local(self) -> list[Certificate]:
        """Per class, lever "local"."""
        return [c for c in self.certificates if (c.lever, c.scope) == ("local", "class")]


def world_of(module: nn.Module, head: Head, views: Tensor, labels: Tensor, device: torch.device) -> FiniteWorld:
    """The finite world of an encoder `head(module(.))`, in evaluation mode, on views (n, m, 3, H, W) with labels (n,).

    Raises ValueError as `check_repeats`, `encode_views` and `FiniteWorld` do.
    """
    with evaluating(module, device):
        check_repeats(module, views.flatten(0, 1), device)
        features = encode_views(module, head, in_blocks(views), device, samples=len(views), subject="measured images")
    return FiniteWorld(views.flatten(2).double().numpy(), features, labels.numpy())


def measure(
    world: FiniteWorld, layer: str, views: str, grids: Sequence[Grid] | None = None, scopes: Sequence[Scope] = SCOPES
) -> Measurement:
    """Measure `world` and hold it against Theorem 1, in every form.

    layer, views   what is measured, in words
    grids          the main parts to use; by default cliques, for every lever
    scopes         of the certificates
    """
    grids = [clique_grid(world, lever) for lever in LEVERS] if grids is None else grids
    products, wrong = factors.divergence(world), factors.misclassified(world, any_view=True)
    return Measurement(
        layer=layer,
        views=views,
        samples=len(world.labels),
        views_per_sample=world.features.shape[1],
        classes=world.classes,
        shares=factors.class_shares(world),
        mean_norms=np.sqrt(products.diagonal()),
        products=products,
        alignment=float(factors.alignment(world) / world.radius**2),
        robust_alignment=float(factors.robust_alignment(world) / world.radius**2),
        displacement=float(factors.view_diameters(world.features).mean() / world.radius),
        error=float(factors.nearest_mean_error(world)),
        error_any_view=float(wrong.mean()),
        error_by_class=np.bincount(world.labels, wrong) / np.bincount(world.labels),
        frontiers=tuple(grids),
        certificates=tuple(
            certify(world, form, grid.lever, scope, grid) for grid in grids for scope in scopes for form in FORMS
        ),
    )


def blocking(certificate: Certificate, names: Sequence[str]) -> str:
    """One sentence: what the certificate says, and by how much which pair of classes misses its condition."""
    worst = certificate.binding
    if certificate.met:
        return f"met for all classes; Err <= {certificate.error:.3f}, least margin {worst.margin:.3f}"
    met = [names[v.label] for v in certificate.classes if v.met]
    held = f"met for {', '.join(met)}: Err <= {certificate.error:.3f}; " if met else ""
    pair = f"{names[worst.label]} (nearest rival {names[worst.rival]})"
    if worst.s < worst.s_limit:
        share = FORMS[certificate.form].share
        return (
            f"{held}{pair} needs {share} = {worst.share_needed:.2f} within s = {worst.s:.2f} and has {worst.share:.2f}; "
            f"largest cost {worst.blocker}"
        )
    if worst.s_limit == 0:
        return f"{held}{pair} would not be met at s = 0 either: mu_k.mu_l = {worst.product:.2f}, largest cost {worst.blocker}"
    return f"{held}{pair} needs s < {worst.s_limit:.2f} and its best aligned views reach only {worst.s:.2f}"


def as_json(measurement: Measurement, names: Sequence[str], points: int = 120) -> dict[str, Any]:
    """Plain JSON types; names: of the classes, for the sentences; points: about how many values of delta a frontier keeps."""
    plain = ("layer", "views", "samples", "views_per_sample", "classes")
    arrays = ("shares", "mean_norms", "products")
    numbers = ("alignment", "robust_alignment", "error", "error_any_view", "lipschitz")
    return {
        **{key: getattr(measurement, key) for key in plain},
        **{key: getattr(measurement, key).tolist() for key in arrays},
        **{key: getattr(measurement, key) for key in numbers},
        "frontiers": [_frontier_json(grid, points) for grid in measurement.frontiers],
        "certificates": [asdict(c) for c in measurement.certificates],
        "says": f"{measurement.nearest.form}: {blocking(measurement.nearest, names)}",
    }


def _frontier_json(grid: Grid, points: int) -> dict[str, Any]:
    kept = np.unique(np.linspace(0, len(grid.reach) - 1, points).round().astype(int))
    order = np.argsort(grid.s, axis=None, kind="stable")
    s = grid.s.ravel()[order]
    alpha = np.maximum.accumulate(grid.alpha.reshape(len(order), -1)[order], axis=0)
    ends = np.unique(np.linspace(0, len(s) - 1, points).round().astype(int))
    return {
        "lever": grid.lever,
        "lipschitz": grid.lipschitz,
        "reach": grid.reach[kept].tolist(),
        "sigma": grid.sigma[kept].min(axis=1).tolist(),
        "sigma_direction": "exact" if grid.exact else "lower",
        "eps": grid.eps.tolist(),
        "R": grid.R.tolist(),
        "best": {"s": s[ends].tolist(), "alpha": alpha[ends].tolist()},
    }

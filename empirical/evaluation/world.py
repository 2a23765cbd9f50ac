"""Exact-mode measurement: an encoder, test images and a finite view set become a finite world, and that is measured.

P is the empirical distribution over the images given, A(x) the m views drawn for x (view 0 is x itself). Every quantity
of Theorem 1 is then exact on this world; nothing is claimed about images or views that are not in it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from empirical.evaluation.classifiers import extract
from empirical.evaluation.heads import Head
from theory import factors
from theory.setting import Array, FiniteWorld
from theory.theorem1 import FORMS, LEVERS, Certificate, Grid, compare
from theory.theorem1.certificates.grid import clique_grid


@dataclass(frozen=True)
class Measurement:
    """Everything Theorem 1 speaks of, on one finite world, in units of r where a length is meant.

    layer, views       what was measured, in words
    samples, views_per_sample, classes
    shares, mean_norms (K,) p_k and ||mu_k||/r;  products (K, K) mu_k.mu_l/r^2
    alignment, robust_alignment   L_align and L_AR
    error, error_any_view         Err(G_f), and the share of samples of which some view is misclassified
    lipschitz          L on the points of the world: exact there, a lower bound for the encoder on all images
    frontiers          sigma(delta), R_eps and s for the levers "lipschitz" and "local"
    certificates       every form in every scope under every lever
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
    error: float
    error_any_view: float
    lipschitz: float
    frontiers: tuple[Grid, ...]
    certificates: tuple[Certificate, ...]

    @property
    def nearest(self) -> Certificate:
        """Per class, lever "local": the form that certifies most; where none does, that which misses least of a class."""
        local = [c for c in self.certificates if (c.lever, c.scope) == ("local", "class")]

        def missing(c: Certificate) -> float:
            v = c.binding
            return max(v.share_needed - v.share, 0.0) if v.s < v.s_limit else 1 + v.s - v.s_limit

        return min(local, key=lambda c: (c.error, missing(c)))


def world_of(
    module: nn.Module, head: Head, views: Tensor, labels: Tensor, device: torch.device, batch_size: int = 512
) -> FiniteWorld:
    """The finite world of an encoder `head(module(.))` on views (n, m, 3, H, W) with labels (n,).

    Raises ValueError as `extract` and `FiniteWorld` do, and where a second pass gives other features: an encoder left in
    training mode, or a random one, is no function.
    """
    n, m = views.shape[:2]
    images = views.flatten(0, 1)
    raw = extract(module, images, device, batch_size)
    again = extract(module, images[:batch_size], device, batch_size)
    moved = float((raw[: len(again)] - again).abs().max())
    if moved > 1e-4 * float(raw.abs().max()):
        raise ValueError(
            f"features move by {moved:.3g} between two passes: the encoder is random; fix its mode or seed"
        )
    inputs = images.flatten(1).double().numpy().reshape(n, m, -1)
    return FiniteWorld(inputs, head(raw).reshape(n, m, -1), labels.numpy())


def measure(world: FiniteWorld, layer: str, views: str) -> Measurement:
    """Measure `world` and hold it against Theorem 1, in every form."""
    grids = tuple(clique_grid(world, lever) for lever in LEVERS)
    products = factors.divergence(world)
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
        error=float(factors.nearest_mean_error(world)),
        error_any_view=float(factors.nearest_mean_error(world, any_view=True)),
        lipschitz=next(grid.lipschitz for grid in grids if grid.lipschitz is not None),
        frontiers=grids,
        certificates=tuple(compare(world, grids)),
    )


def blocking(certificate: Certificate, names: Sequence[str]) -> str:
    """One sentence: what the certificate says, and which pair of classes stands in its way by how much."""
    worst = certificate.binding
    if certificate.met:
        return f"met for all classes; Err <= {certificate.error:.3f}, least margin {worst.margin:.3f}"
    met = [names[v.label] for v in certificate.classes if v.met]
    held = f"met for {', '.join(met)}: Err <= {certificate.error:.3f}; " if met else ""
    who = f"{names[worst.label]} (nearest rival {names[worst.rival]})"
    if worst.s < worst.s_limit:
        share = FORMS[certificate.form].share
        return (
            f"{held}{who} needs {share} = {worst.share_needed:.2f} within s = {worst.s:.2f} and has {worst.share:.2f}; "
            f"largest cost {worst.blocker}"
        )
    if worst.s_limit == 0:
        return f"{held}{who} would not be met at s = 0 either: mu_k.mu_l = {worst.product:.2f}, largest cost {worst.blocker}"
    return f"{held}{who} needs s < {worst.s_limit:.2f} and its best aligned views reach only {worst.s:.2f}"


def as_json(measurement: Measurement, names: Sequence[str], points: int = 120) -> dict[str, Any]:
    """Plain JSON types; frontiers thinned to about `points` values of delta; names of the classes for the sentences."""
    content = {key: getattr(measurement, key) for key in Measurement.__dataclass_fields__}
    content["frontiers"] = [_frontier_json(grid, points) for grid in measurement.frontiers]
    content["says"] = f"{measurement.nearest.form}: {blocking(measurement.nearest, names)}"
    content["certificates"] = [asdict(c) for c in measurement.certificates]
    for key in ("shares", "mean_norms", "products"):
        content[key] = content[key].tolist()
    return content


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

"""Concentration and alignment of a finite world over all (eps, delta) that matter to Theorem 1.

Levers, i.e. where the spread s comes from:
- lipschitz   s = (L d_A + 2 eps)/r, with d_A in input space: the theorem as stated;
- local       s = (d_{A,f} + 2 eps)/r, with d_{A,f} = min over views ||f(x1') - f(x2')||: the proof uses L delta for nothing
              else, and no Lipschitz constant is needed (thm-1-local).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from theory.concentration import Steps, augmented_distances, clique_steps
from theory.factors import lipschitz_constant, view_diameters
from theory.setting import Array, FiniteWorld

Lever = Literal["lipschitz", "local"]
LEVERS: tuple[Lever, ...] = ("lipschitz", "local")


@dataclass(frozen=True)
class Frontier:
    """sigma, alpha and R of a world for one lever, at E values of eps and T of delta.

    eps    (E,) distances;  reach (T,) the values of L delta or of d_{A,f} where a main part grows, in feature units
    lipschitz  L on the points of the world for the lever "lipschitz", else None
    s      (E, T) spread (reach + 2 eps)/r, at most 2: points of a sphere of radius r are no further apart
    sigma  (T, K) share of each class in its main part
    alpha  (E, T, K) share of each class in a main part chosen inside S_eps
    R      (E,) share of samples outside S_eps;  R_class (E, K) share of each class outside S_eps
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
    R_class: Array
    exact: bool


def frontier(world: FiniteWorld, lever: Lever, *, eps_values: int = 8) -> Frontier:
    """sigma and alpha on `world` at `eps_values` view diameters, evenly spaced in rank, and at every delta that matters."""
    constant = lipschitz_constant(world) if lever == "lipschitz" else None
    diameters = view_diameters(world.features)
    eps = np.unique(np.quantile(diameters, np.linspace(0, 1, eps_values), method="inverted_cdf"))
    classes = [world.members(k) for k in range(world.classes)]

    def gaps(members: Array) -> Array:
        """What bounds d_{A,f}; for equal views whose features differ, L d_A = 0 does not."""
        if len(members) == 1:
            return np.zeros((1, 1))
        local = augmented_distances(world.features[members])
        return np.asarray(
            local if constant is None else np.maximum(local, constant * augmented_distances(world.views[members]))
        )

    def steps_of(members: Array) -> list[Steps]:
        within = gaps(members)
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
    wide = diameters[None, :] > eps[:, None]
    return Frontier(
        lever=lever,
        lipschitz=constant,
        eps=eps,
        reach=reach,
        s=np.minimum((reach[None, :] + 2 * eps[:, None]) / float(world.radius), 2.0),
        sigma=shares[:, 0].T,
        alpha=shares[:, 1:].transpose(1, 2, 0),
        R=wide.mean(axis=1),
        R_class=np.stack([wide[:, members].mean(axis=1) for members in classes], axis=1),
        exact=all(step.exact for of_class in steps for step in of_class),
    )

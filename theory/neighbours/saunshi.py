"""Saunshi et al. 2022: where no two samples share a view, contrastive losses do not see the classes.

The paper was not read; the statement is from memory, and the construction is ours. A contrastive loss is a function of
how the features of the views of one sample are distributed over the samples, whichever sample has which. Dealing the codes
out among the samples leaves it as it is, and is again a function of the view if no two samples share one. So no bound on an
error can follow from such losses alone: something like sigma(delta), which knows which samples are near each other, has to
enter.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy
import z3

from theory.divergence.losses import cross_correlation_loss, info_nce, view_correlation
from theory.factors import alignment, least_head_error, nearest_mean_error, robust_alignment
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import UNREAD, Claim, Evidence, Verdict
from theory.neighbours.augmentation_graph import graph_of_nodes, view_nodes
from theory.neighbours.haochen import spectral_loss
from theory.neighbours.neighbour import Finding, Neighbour
from theory.prove import identity, implication
from theory.setting import Array, FiniteWorld
from theory.worlds import on_sphere

APART = 1e-3
"""Least distance of two codes in the floats of the search: ties are decided up to rounding."""


def dealing(labels: Array) -> Array:
    """A permutation (n,) that deals the samples of each class out to all classes: sample i is to have the code of dealing[i].

    The samples in the order of their class are dealt to the first sample of every class, then to the second, and so on.
    """
    rank = np.empty(len(labels), dtype=int)
    for k in np.unique(labels):
        rank[labels == k] = np.arange((labels == k).sum())
    permutation = np.empty(len(labels), dtype=int)
    permutation[np.lexsort((labels, rank))] = np.argsort(labels, kind="stable")
    return permutation


def dealt(world: FiniteWorld) -> FiniteWorld:
    """The same samples and views, the features dealt out by `dealing`."""
    return FiniteWorld(world.views, world.features[dealing(world.labels)], world.labels)


def rational_losses(world: FiniteWorld) -> Array:
    """L_align, L_AR, the spectral contrastive loss and the cross-correlation loss (lambda = 1/2): exact on Fractions."""
    correlation = cross_correlation_loss(view_correlation(world.features), Fraction(1, 2))
    return np.array([alignment(world), robust_alignment(world), spectral_loss(world.features), correlation])


@dataclass(frozen=True)
class Collapsed:
    """An encoder that sends every view to the code of its class.

    codes  (K, d) of norm 1
    views  m; every class has K samples
    """

    codes: Array
    views: int

    @property
    def world(self) -> FiniteWorld:
        """The finite world, of which no two samples share a view."""
        K = len(self.codes)
        labels = np.repeat(np.arange(K), K)
        features = np.repeat(self.codes[labels][:, None], self.views, axis=1)
        return FiniteWorld(np.arange(len(labels) * self.views).reshape(-1, self.views, 1), features, labels)


def collapsed(rng: Rng) -> Start:
    """2 to 4 classes, any codes on the sphere."""
    K, d = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    m = int(rng.integers(2, 4))
    return rng.normal(size=K * d), lambda point: Collapsed(on_sphere(point.reshape(K, d)), m)


def _read(encoder: Collapsed) -> Reading:
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(encoder.codes) for b in encoder.codes[:i]]
    world, floor = encoder.world, 1 - 1 / len(encoder.codes)
    after = dealt(world)
    losses = [np.append(rational_losses(one).astype(float), info_nce(one).loss) for one in (world, after)]
    return Reading(
        hypotheses={"codes differ": min(gaps) - APART},
        left=[*abs(losses[0] - losses[1]), nearest_mean_error(world), floor, floor],
        right=[0.0] * (len(losses[0]) + 1) + [float(least_head_error(after)), nearest_mean_error(after)],
    )


def _exact() -> Evidence:
    codes = np.array([[Fraction(int(i == j)) for j in range(3)] for i in range(3)], dtype=object)
    world = Collapsed(codes, 2).world
    after = dealt(world)
    moved = (rational_losses(after) - rational_losses(world)) ** 2
    errors = nearest_mean_error(world), least_head_error(after) - Fraction(2, 3), nearest_mean_error(after) - 1
    return identity(
        "nine samples, K = 3, exact: the losses do not move, Err was 0, is 2/3 for the best head and 1 for the class means; "
        "sum of the squared deviations from that",
        sympy.Rational(moved.sum() + sum(error**2 for error in errors)),
        sympy.Integer(0),
    )


def _uniform() -> Evidence:
    K, share, most = z3.Reals("K share most")
    return implication(
        "dealt out, every code is equally often of each class: the best head is right for 1/K of its views",
        [K >= 2, share * K == 1, most <= share],
        1 - most >= 1 - 1 / K,
        example={K: 2, share: "1/2", most: "1/2"},
    )


def findings(world: FiniteWorld) -> tuple[Finding, ...]:
    """The error of the class means with the codes dealt out: below it no bound from contrastive losses alone can lie."""
    disjoint = graph_of_nodes(view_nodes(world), world.labels).components == len(world.labels)
    return (
        Finding(
            claim="saunshi",
            quantity="what any bound on Err by contrastive losses alone must allow",
            direction="lower",
            bound=nearest_mean_error(dealt(world)),
            measured=None,
            trivial=nearest_mean_error(world),
            unmet="" if disjoint else "some samples share a view",
        ),
    )


NEIGHBOUR = Neighbour(order=50, title="Saunshi et al. 2022", findings=findings)

CLAIMS = (
    Claim(
        id="saunshi",
        title="Disjoint view sets: losses do not bound Err",
        source=f"Saunshi et al. 2022 ({UNREAD}); derived here",
        statement=r"A(x)\cap A(x')=\emptyset\ (x\neq x'),\ p_k=1/K:\ \exists f,f'\text{ with the same law of }"
        r"(f(x_1),f(x_2),\dots)\text{ over }x,\text{ so that every contrastive loss agrees, yet }Err(G_f)=0,\ "
        r"P[g(f'(v))\neq y]\geq 1-1/K\ \forall g",
        predicate=Predicate(worlds=collapsed, read=_read),
        expected=Verdict.PROVED,
        reduction="f sends every view to the code of its class, f' is f with the codes dealt out among the samples: a "
        "function of the view, since each view has one sample. A contrastive loss is a mean over independent samples of a "
        "function of the features of their views: unchanged. Each code now lies in every class equally often (`uniform`). "
        "`exact` is such a world; the predicate draws any different codes and tries L_align, L_AR, the spectral, the "
        "cross-correlation loss and InfoNCE. Theorem 1 tells f and f' apart by sigma(delta) and L.",
        trusted=("a mean over all samples, or over all tuples of them, does not depend on their order",),
        steps={"uniform": _uniform, "exact": _exact},
    ),
)

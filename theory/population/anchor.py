"""sigma for a population: main parts around an anchor view.

d_A is no metric, and a clique found on a sample says nothing about fresh points. A ball does: every sample with a view
within delta/2 of one fixed vector v_k is within delta of every other such sample. v_k is chosen on one half of the data,
membership is then a coin of fixed bias, tossed anew by every sample of the other half.
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import z3
from scipy.spatial.distance import cdist
from scipy.special import softmax

from theory.checks import check_finite, check_threshold, check_views
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.population.binomial import LEVELS, SIZES, Proportion, clopper_pearson, ends, inversion
from theory.population.estimates import Bound
from theory.prove import implication
from theory.setting import Array
from theory.worlds import nearest_views


def anchor_main_part(views: Array, anchor: Array, delta: Any) -> Array:
    """Which samples have a view within delta/2 of the anchor, (n,) bool: members are pairwise within d_A <= delta.

    views (n, m, D), anchor (D,), delta >= 0; one pass, O(n m D). Exact on Fractions. In feature space likewise, with features
    for views.

    Raises ValueError where the shapes do not match, a view is not finite or delta is negative or NaN.
    """
    check_views("views", views)
    if anchor.shape != views.shape[2:]:
        raise ValueError(f"anchor.shape={anchor.shape}: for views.shape={views.shape}; give one view, (D,)")
    check_finite("anchor", anchor, "choose one of the views")
    check_threshold("delta", delta)
    return np.asarray((((views - anchor) ** 2).sum(axis=2) * 4 <= delta * delta).any(axis=1))


def choose_anchor(views: Array, delta: float) -> Array:
    """The view, (D,), whose ball of radius delta/2 meets the views of the most samples; views (n, m, D), O((n m)^2 D).

    Choose it on samples that `sigma_lower` does not count: a count on the same samples is not binomial.

    Raises ValueError as for `anchor_main_part`.
    """
    check_views("views", views)
    check_threshold("delta", delta)
    n, m, dimension = views.shape
    rows = views.reshape(n * m, dimension).astype(float)
    counts = np.concatenate(
        [(cdist(own, rows).reshape(m, n, m) <= delta / 2).any(axis=2).sum(axis=1) for own in rows.reshape(n, m, -1)]
    )
    return np.asarray(views.reshape(n * m, dimension)[int(counts.argmax())])


def sigma_lower(count: int, n: int, level: float) -> Bound:
    """Lower bound on P[C_k^0]/p_k from `count` members among n samples of class k that did not choose the anchor.

    Views sampled from a larger A(x) only lower the count: the bound then holds for the main part of the full A.

    Raises ValueError as for `clopper_pearson`.
    Source: derived (claim population-anchor).
    """
    return clopper_pearson(count, n, level, "lower")


def _ball() -> Evidence:
    delta, first, second, apart, augmented = z3.Reals("delta first second apart augmented")
    return implication(
        "views of x1, x2 within delta/2 of v: d_A(x1, x2) <= ||x1' - x2'|| <= ||x1' - v|| + ||v - x2'|| <= delta",
        [delta >= 0, first * 2 <= delta, second * 2 <= delta, apart <= first + second, augmented <= apart],
        augmented <= delta,
        example={delta: 1, first: "1/2", second: "1/2", apart: 1, augmented: 1},
    )


def _seen() -> Evidence:
    seen, mass, low = z3.Reals("seen mass low")
    return implication(
        "a sample seen to be a member is one: the probability q' of being seen is at most the mass q, so low <= q' <= q",
        [seen <= mass, low <= seen],
        low <= mass,
        example={seen: "1/2", mass: 1, low: "1/4"},
    )


@dataclass(frozen=True)
class Anchored:
    """A class of finitely many samples, drawn n times, and an anchor.

    views   (N, m, D), of which the first two are those that are sampled
    masses  (N,) probabilities of the samples
    """

    views: Array
    masses: Array
    anchor: Array
    delta: float
    n: int
    level: float


def _worlds(rng: Rng) -> Start:
    """Two to five samples of three views about the origin, and an anchor near it; delta from small to large."""
    samples, d = int(rng.integers(2, 6)), int(rng.integers(1, 3))
    n, level = int(rng.choice(SIZES)), float(rng.choice(LEVELS))
    places = rng.normal(size=samples * 3 * d)
    point = np.concatenate([places, rng.normal(size=samples), 0.3 * rng.normal(size=d), rng.uniform(0.3, 3, 1)])

    def build(point: Array) -> Anchored:
        views, masses, anchor, delta = np.split(point, np.cumsum([len(places), samples, d]))
        return Anchored(views.reshape(samples, 3, d), softmax(masses), anchor, abs(float(delta[0])), n, level)

    return point, build


def _read(world: Anchored) -> Reading:
    """d_A on the members, and the coverage of sigma_k by the members seen among two of three views."""
    apart, size = nearest_views(world.views), len(world.views)
    members = anchor_main_part(world.views, world.anchor, world.delta)
    sampled = anchor_main_part(world.views[:, :2], world.anchor, world.delta)
    seen = Proportion(min(float(world.masses @ sampled), 1.0), world.n, world.level)
    parts = np.array(list(itertools.product([False, True], repeat=size)))
    near = ~(parts[:, :, None] & parts[:, None] & (apart > world.delta)).any(axis=(1, 2))
    sigma = (parts[near] @ world.masses).max()
    low = ends(world.n, world.level, "lower")[0]
    return Reading(
        hypotheses={},
        left=[apart[np.ix_(members, members)].max(initial=0.0), world.level],
        right=[world.delta, seen.chance(low <= sigma)],
    )


CLAIMS = (
    Claim(
        id="population-anchor",
        title="Anchor view: a main part with a binomial mass",
        source="derived; Huang et al., ICLR 2023, (sigma, delta)-augmentation",
        statement=r"C_k^0=\{x\in C_k:\min_{x^\prime\in A(x)}\|x^\prime-v_k\|\leq\delta/2\}\ \Rightarrow\ "
        r"\sup_{C_k^0}d_A\leq\delta,\quad X=\#\{i\leq n:x_i\in C_k^0\}:\ P[\sigma_k\geq low(X)]\geq level",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="Any two members share the anchor (`ball`). Given v_k, chosen on other samples, the members among "
        "n samples of class k are Binomial(n, q); population-binomial covers q (`inversion`), and `seen` allows for "
        "views that were not sampled. sigma_k is the largest mass of a part of diameter delta, so at least q.",
        trusted=(
            "the triangle inequality",
            "population-binomial",
        ),
        unchecked={
            "how many of n independent samples meet a condition that was fixed beforehand is binomial": "hits_binomial"
        },
        steps={
            "ball": _ball,
            "seen": _seen,
            "inversion": inversion,
        },
    ),
)

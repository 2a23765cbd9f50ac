"""Richer views concentrate no less: the first message of the lecture's definition, and the one that orders augmentations."""

import itertools

import numpy as np
import z3

from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array
from theory.worlds import nearest_views


def _more_views() -> Evidence:
    old, new, least = z3.Reals("old new least")
    return implication(
        "the least distance over A and one more pair of views is min(old, new) <= old",
        [least == z3.If(old <= new, old, new)],
        least <= old,
        example={old: 1, new: 2, least: 1},
    )


def _still_near() -> Evidence:
    before, after, delta = z3.Reals("before after delta")
    return implication(
        "a pair within delta before is within delta after",
        [before <= delta, after <= before],
        after <= delta,
        example={before: 1, after: 0, delta: 1},
    )


def distances_and_diameters(apart: Array) -> Array:
    """Distances of all pairs, and the least diameter of a part of 2, .., n samples over all subsets; apart (n, n), n small.

    sigma(delta) is the largest share j/n whose least diameter is at most delta, so the diameters say sigma at every delta.
    """
    n = len(apart)
    parts = np.array(list(itertools.product([False, True], repeat=n))[1:])
    diameters = np.where(parts[:, :, None] & parts[:, None], apart, 0.0).max(axis=(1, 2))
    out = np.full(n + 1, np.inf)
    np.minimum.at(out, parts.sum(axis=1), diameters)
    return np.append(apart[np.triu_indices(n, 1)], out[2:])


def _worlds(rng: Rng) -> Start:
    """Two to six samples with up to four views, of which A has some."""
    n, many = int(rng.integers(2, 7)), int(rng.integers(2, 5))
    few = int(rng.integers(1, many))
    views = rng.normal(size=(n, many, int(rng.integers(1, 4))))
    return views.ravel(), lambda point: (point.reshape(views.shape)[:, :few], point.reshape(views.shape))


def _read(world: tuple[Array, Array]) -> Reading:
    """d on all pairs, and least diameters: sigma falls nowhere iff none of these rises."""
    few, many = (distances_and_diameters(nearest_views(views)) for views in world)
    return Reading(hypotheses={}, left=many, right=few)


CLAIMS = (
    Claim(
        id="mono",
        title="Richer views never concentrate less",
        source="lecture, Definition 1 and its discussion",
        statement=r"A\subseteq A'\ \Rightarrow\ d_{A'}\leq d_A,\quad \sigma_{A'}(\delta)\geq\sigma_A(\delta)\ \forall\delta",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="d_A is a minimum over pairs of views; every further view only adds pairs (`more views`, induction; an "
        "infimum over infinitely many is their limit). So a set that is pairwise within delta under A is so under A' (`still "
        "near`), and a main part of A is one of A'. Nothing is said of accuracy: A' may mix the classes.",
        steps={
            "more views": _more_views,
            "still near": _still_near,
        },
    ),
)

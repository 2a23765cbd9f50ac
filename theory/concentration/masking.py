"""Random masking: what keeping k of D patches does to the augmented distance; the lecture asks whether MAE fits in.

A(x) is the set of all images that keep k patches of x and set the others to 0: the input of a masked auto-encoder, with the
mask's value in place of what it hides. At the masking ratio q = 1 - k/D distances shrink by sqrt(1 - q) or more, so masking
concentrates every class, and so it does images of different classes.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import z3

from theory.concentration.monotony import distances_and_diameters
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.setting import Array
from theory.worlds import nearest_views


@dataclass(frozen=True)
class Masked:
    """Images (n, D) and how many entries of them are kept, 1 <= kept <= D."""

    images: Array
    kept: int

    @property
    def views(self) -> Array:
        """Every image under every mask, (n, number of masks, D)."""
        patches = self.images.shape[1]
        masks = np.array([np.isin(np.arange(patches), rows) for rows in combinations(range(patches), self.kept)])
        return np.asarray(self.images[:, None] * masks)


def _one_mask() -> Evidence:
    augmented, same, kept = z3.Reals("augmented same kept")
    return implication(
        "under one mask S for both, views differ by the entries of x - y in S: d_A^2 is at most their sum of squares",
        [same == kept, augmented <= same],
        augmented <= kept,
        example={augmented: 0, same: 1, kept: 1},
    )


def _smallest() -> Evidence:
    k, D, kept, hidden, middle = z3.Reals("k D kept hidden middle")
    return implication(
        "S keeps the k smallest squares: none exceeds m, the others are m or more, so kept <= k m and hidden >= (D - k) m, "
        "and kept <= (k/D)(kept + hidden)",
        [k >= 0, k <= D, D > 0, middle >= 0, kept <= k * middle, hidden >= (D - k) * middle],
        kept * D <= k * (kept + hidden),
        example={k: 1, D: 2, kept: 1, hidden: 2, middle: 1},
    )


def _attained() -> Evidence:
    k, j = z3.Reals("k j")
    return implication(
        "x = (2, .., 2), y = (1, .., 1): masks that differ in j entries have (k - j) 1 + j 4 + j 1 >= k = (k/D) D",
        [k >= 0, j >= 0, j <= k],
        (k - j) * 1 + j * 4 + j * 1 >= k,
        example={k: 2, j: 1},
    )


def _shrunk() -> Evidence:
    share, apart, augmented, delta = z3.Reals("share apart augmented delta")
    return implication(
        "a pair within delta in images is within sqrt(k/D) delta under masking",
        [share >= 0, share <= 1, augmented <= share * apart, apart <= delta],
        augmented <= share * delta,
        example={share: 1, apart: 1, augmented: 1, delta: 1},
    )


def _worlds(rng: Rng) -> Start:
    """Up to five images of up to five entries, random, or constant, where the bound is attained."""
    n, patches = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    kept = int(rng.integers(1, patches + 1))
    constant = np.cumsum(rng.random(n))[:, None] + 2 + 0.01 * rng.normal(size=(n, patches))
    images = constant if rng.random() < 0.5 else rng.normal(size=(n, patches))
    return images.ravel(), lambda point: Masked(point.reshape(n, patches), kept)


def _read(world: Masked) -> Reading:
    """d_A on all pairs, and least diameters, which say sigma at every delta."""
    masked, images = (distances_and_diameters(nearest_views(points)) for points in (world.views, world.images[:, None]))
    return Reading(hypotheses={}, left=masked, right=np.sqrt(world.kept / world.images.shape[1]) * images)


CLAIMS = (
    Claim(
        id="masking",
        title="Masking shrinks d by sqrt(1 - ratio) or more",
        source="derived; a question that the lecture leaves open",
        statement=r"A(x)=\{x\odot 1_S:|S|=k\},\ S\subseteq\{1..D\}:\quad d_A(x,y)\leq\sqrt{k/D}\,\|x-y\|,\quad "
        r"\sigma_A(\sqrt{k/D}\,\delta)\geq\sigma_{\{x\}}(\delta)\ \forall\delta",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="Let both images keep the k entries at which they differ least (`one mask`, `smallest`). So a part of "
        "diameter delta of the images has diameter sqrt(k/D) delta under masking (`shrunk`). `attained`: no smaller factor "
        "serves all images. The labels do not enter: images of different classes come as near.",
        steps={
            "one mask": _one_mask,
            "smallest": _smallest,
            "attained": _attained,
            "shrunk": _shrunk,
        },
    ),
)

"""Richer views concentrate no less: the first message of the lecture's definition, and the one that orders augmentations."""

import numpy as np
import z3

from theory.concentration.distances import augmented_distances
from theory.concentration.frontier import frontier
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication


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


def _searched() -> Evidence:
    rng = np.random.default_rng(0)
    worst, strict = 0.0, 0
    for _ in range(20):
        views = rng.normal(size=(12, 4, 2))
        few, many = frontier(augmented_distances(views[:, :2])), frontier(augmented_distances(views))
        deltas = np.union1d(few.thresholds, many.thresholds)
        before, after = few.sigma(deltas)[1], many.sigma(deltas)[0]
        worst, strict = max(worst, float((before - after).max())), strict + int((after > before).any())
    return Evidence(
        kind="search",
        summary=f"two of four views against all four, 20 worlds of 12 samples, every delta: sigma never falls, and "
        f"rises at some delta in {strict}",
        holds=worst <= 0 and strict > 0,
        computed=f"largest fall of sigma {worst:.3g}",
        slack=-worst + 0.0,
    )


CLAIMS = (
    Claim(
        id="mono",
        title="Richer views never concentrate less",
        source="lecture, Definition 1 and its discussion",
        statement=r"A\subseteq A'\ \Rightarrow\ d_{A'}\leq d_A,\quad \sigma_{A'}(\delta)\geq\sigma_A(\delta)\ \forall\delta",
        expected=Verdict.PROVED,
        reduction="d_A is a minimum over pairs of views; every further view only adds pairs (`more views`, induction; an "
        "infimum over infinitely many is their limit). So a set that is pairwise within delta under A is so under A' (`still "
        "near`), and a main part of A is one of A'. Nothing is said of accuracy: A' may mix the classes.",
        steps={
            "more views": _more_views,
            "still near": _still_near,
        },
        other={
            "finite worlds": _searched,
        },
    ),
)

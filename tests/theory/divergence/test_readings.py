"""What the statements on InfoNCE read of one world, by loops: a side that is too large breaks no world, and a search never
notices it."""

import numpy as np
import pytest

from theory.divergence import theorem3, theorem3_balanced, theorem3_chain, theorem3_sharp
from theory.divergence.families import InfoNceWorld, MainPartWorld
from theory.divergence.losses import info_nce
from theory.setting import FiniteWorld

CLAIMS = {c.id: c for m in (theorem3, theorem3_balanced, theorem3_chain, theorem3_sharp) for c in m.CLAIMS}
SIZES = (2, 3, 4)
LABELS = np.repeat([0, 1, 2], SIZES)
P = np.array(SIZES) / 9
PAIRS = [(k, l) for k in range(3) for l in range(3) if k != l]
TAU, EPS = 0.3, 0.2


def unit_world():
    rng = np.random.default_rng(0)
    features = np.eye(3)[LABELS][:, None] + 0.4 * rng.normal(size=(9, 2, 3))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return FiniteWorld(features, features, LABELS)


WORLD = unit_world()
MEANS = np.array([WORLD.features[LABELS == k].mean(axis=(0, 1)) for k in range(3)])
GRAM = MEANS @ MEANS.T
NORMS = np.linalg.norm(MEANS, axis=1)
L_2 = float(info_nce(WORLD).regulariser)
AGREEMENT = np.array([np.mean([x @ y for v in WORLD.features[LABELS == k] for x in v for y in v]) for k in range(3)])
PRINTED = [np.log(np.exp((L_2 + TAU) / (P[k] * P[l])) - np.exp(1 - EPS)) for k, l in PAIRS]


def read(claim, world):
    return CLAIMS[claim].predicate.read(world)


def term(k, product):
    return np.log(np.exp(AGREEMENT[k]) + np.exp(product))


def test_theorem_3_and_its_floor():
    reading = read("thm-3", InfoNceWorld(WORLD, TAU, EPS))
    assert reading.left == pytest.approx([GRAM[pair] for pair in PAIRS])
    assert reading.right == pytest.approx(PRINTED)
    assert (reading.trivial, reading.met) == (1.0, True)
    reading = read("thm-3-vacuous", InfoNceWorld(WORLD, TAU, EPS))
    floor = np.log(16 - np.e)
    assert reading.left == pytest.approx([*[floor] * 6, 2.58, *(GRAM[pair] for pair in PAIRS)])
    assert reading.right == pytest.approx([*PRINTED, floor, *[1] * 6])


def test_the_chain_asks_for_the_threshold_of_theorem_1_to_exceed_theorem_3():
    drawn = MainPartWorld(WORLD, np.ones(9, dtype=bool), EPS, TAU)
    reading = read("thm-3-chain", drawn)
    assert reading.left.tolist() == [drawn.threshold] * 6
    assert reading.right == pytest.approx(PRINTED)
    assert reading.trivial == 1.0


def test_the_sharp_form_leaves_every_other_pair_at_its_least_product():
    """At its bound the pair pays for all of L_2 that the others, at their least, leave."""
    reading = read("thm-3-sharp", WORLD)
    jensen = sum(P[i] * P[j] * term(i, GRAM[i, j]) for i in range(3) for j in range(3))
    assert (reading.left[-1], reading.right[-1]) == (pytest.approx(jensen), pytest.approx(L_2))
    assert reading.left[:-1] == pytest.approx([GRAM[pair] for pair in PAIRS])
    for (k, l), bound in zip(PAIRS, reading.right[:-1], strict=True):
        rest = sum(P[i] ** 2 * term(i, NORMS[i] ** 2) for i in range(3))
        rest += sum(P[i] * P[j] * term(i, -NORMS[i] * NORMS[j]) for i, j in PAIRS if {i, j} != {k, l})
        assert P[k] * P[l] * (term(k, bound) + term(l, bound)) + rest == pytest.approx(L_2, abs=1e-9)


def test_the_balanced_form_keeps_the_sum_of_the_products():
    reading = read("thm-3-balanced", WORLD)
    limit = L_2 - sum(P[k] ** 2 * term(k, NORMS[k] ** 2) for k in range(3))
    assert reading.right[:6] == pytest.approx([limit] * 6)  # then the bound that is solved for the product
    for (k, l), left in zip(PAIRS, reading.left[:6], strict=True):
        others = [(i, j) for i, j in PAIRS if {i, j} != {k, l}]
        w = sum(P[i] * P[j] for i, j in others)
        agreement, product = (
            sum(P[i] * P[j] * of for (i, j), of in zip(others, values, strict=True)) / w
            for values in ([AGREEMENT[i] for i, _ in others], [GRAM[pair] for pair in others])
        )
        expected = P[k] * P[l] * (term(k, GRAM[k, l]) + term(l, GRAM[k, l])) + w * np.log(
            np.exp(agreement) + np.exp(product)
        )
        assert left == pytest.approx(expected)

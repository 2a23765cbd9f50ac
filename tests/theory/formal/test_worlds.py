"""The worlds of the formal refutations, evaluated twice: by Coq, whose lemmas state the numbers, and by our own functions."""

import re
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from theory.divergence.losses import cross_correlation_loss, identity_distance, view_correlation
from theory.factors import (
    alignment,
    class_means,
    class_shares,
    divergence,
    mean_shortfall,
    misaligned_share,
    nearest_mean_error,
    squared_view_diameters,
)
from theory.formal.record import sources
from theory.setting import FiniteWorld
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed

ZERO = Fraction(0)


def number(text):
    """A rational as Coq writes it: "- (3%:R / 4%:R)", "2%:R^-1"."""
    text = re.sub(r"(\d+)%:R\^-1", r"Fraction(1, \1)", text)
    return eval(re.sub(r"(\d+)%:R", r"Fraction(\1)", text), {"Fraction": Fraction})


def stated(file, lemma):
    """The number on the right of a lemma "... = NUMBER." or on the left of "NUMBER <= ..."."""
    statement = re.search(rf"^Lemma {lemma}\b.*? : (.*?)\.\n", sources()[file], re.MULTILINE | re.DOTALL)[1]
    equal = re.fullmatch(r".* = (?:const_mx )?(.*)", statement, re.DOTALL)
    return number(equal[1] if equal else statement.split(" <= ")[0])


def on_a_line(rows, labels):
    """A world of features on the line, exact; rows (n, m) of numbers."""
    features = np.array([[[Fraction(x)] for x in row] for row in rows], dtype=object)
    return FiniteWorld(features, features, np.array(labels))


def misprint():
    """Theorem1Misprint.v: `torn` samples keep view 0 at 1."""
    torn = [0 < i < 15 for i in range(30)]
    return on_a_line([[-1 if torn[i] and j else 1 for j in range(16)] for i in range(30)], [0] * 15 + [1] * 15)


def twins():
    """Theorem1Unfloored.v."""
    return on_a_line([[1 if i < 3 or j == 0 else -1 for j in range(2)] for i in range(6)], [i % 3 for i in range(6)])


def step():
    """Lemma32Step.v, whose table `at_one` says which views lie at 1."""
    table = re.search(r"at_one[^=]*:=\s*(\[::.*?\])\.", sources()["Lemma32Step.v"], re.DOTALL)[1]
    rows = [re.findall("true|false", row) for row in re.findall(r"\[:: *((?:true|false)[^\]]*)\]", table)]
    return on_a_line([[1 if word == "true" else -1 for word in row] for row in rows], [0, 0, 1, 1])


def test_misprinted_theorem_1():
    file, world = "Theorem1Misprint.v", misprint()
    means, shares, R = class_means(world), class_shares(world), misaligned_share(world, ZERO)
    assert means[0, 0] == stated(file, "mean0")
    assert means[1, 0] == stated(file, "mean1") == 1
    assert set(shares) == {stated(file, "share_class")}
    assert R == stated(file, "misaligned_seven")
    assert mean_shortfall(divergence(world)) == stated(file, "misprint_shortfall")
    rhos = [rho_printed(1, R, p, 0) for p in shares]
    rho = rho_printed(1, R, min([*rhos, 1]), 0)
    assert threshold(rho, Fraction(1)) == stated(file, "misprint_threshold")
    assert 2 * rho == 1, "the root of 2 rho is 1"
    assert nearest_mean_error(world) >= stated(file, "misprint_error") > R


def test_theorem_1_with_alpha_below_0():
    file, world = "Theorem1Unfloored.v", twins()
    assert {mean[0] for mean in class_means(world)} == {stated(file, "twin_mean")}
    assert misaligned_share(world, ZERO) == stated(file, "twin_misaligned")
    assert set(class_shares(world)) == {stated(file, "twin_share")}
    assert nearest_mean_error(world) == 1


def test_step_of_lemma_3_2():
    file, world = "Lemma32Step.v", step()
    assert world.features.shape == (4, 3, 1)
    assert class_means(world)[0, 0] == stated(file, "step_mean")
    assert misaligned_share(world, ZERO) / class_shares(world)[0] == stated(file, "step_ratio")


def test_arcl_theorem_2():
    features = np.array([[[Fraction(1)], [Fraction(5, 4)]]], dtype=object)
    assert squared_view_diameters(features)[0] == stated("Arcl2Squared.v", "pair_alignment")


def test_theorem_4_without_tau():
    corners = np.array(list(product([Fraction(1), Fraction(-1)], repeat=3)), dtype=object)[:, None, :]
    correlation = view_correlation(np.repeat(corners, 2, axis=1))
    assert identity_distance(correlation) == 0
    assert "Lemma cube_correlation : correlation f = 1%:M." in sources()["Theorem4TauZero.v"]


def test_theorem_1_with_the_aligned_share():
    world = on_a_line([[1, -1, -1, -1], [-1, 1, 1, 1]], [0, 1])
    assert [mean[0] for mean in class_means(world)] == [Fraction(-1, 2), Fraction(1, 2)]
    assert misaligned_share(world, ZERO) == nearest_mean_error(world) == 1


def test_linear_form_of_infonce():
    world = on_a_line([[1, 1], [1, 1], [-1, -1], [-1, -1]], [0, 1, 2, 2])
    means = class_means(world)
    assert alignment(world) == world.features.sum() == 0
    assert means[0, 0] * means[1, 0] == 1


@pytest.mark.parametrize("K", [2, 3, 4])
def test_codes_dealt_out_among_disjoint_samples(K):
    codes, grid = (
        np.array([[Fraction(int(a == k)) for a in range(K)] for k in range(K)], dtype=object),
        np.arange(K * K),
    )
    labels, ranks = np.divmod(grid, K)
    by_class, by_rank = (
        FiniteWorld(features, features, labels)
        for features in (np.repeat(codes[k][:, None], 2, axis=1) for k in (labels, ranks))
    )
    losses = [cross_correlation_loss(view_correlation(world.features), Fraction(1, 2)) for world in (by_class, by_rank)]
    assert losses[0] == losses[1]
    assert alignment(by_class) == alignment(by_rank) == 0
    assert (nearest_mean_error(by_class), nearest_mean_error(by_rank)) == (0, 1)


@pytest.mark.parametrize("text", ["- (3%:R / 4%:R)", "16%:R^-1", "1"])
def test_numbers_of_coq(text):
    assert number(text) == {"- (3%:R / 4%:R)": Fraction(-3, 4), "16%:R^-1": Fraction(1, 16), "1": 1}[text]

"""The search of a statement: it catches what is false, counts what it tried, and keeps the worst world."""

import json
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from theory.falsification import Predicate, Reading, as_plain, falsify, used
from theory.ledger import ENOUGH, STATEMENT, Claim, Evidence, Verdict, gather, searched, verdict
from theory.prove import cauchy_schwarz


def numbers(rng):
    """A pair of numbers of a normal law."""
    return rng.normal(size=2), lambda point: point


def claim(read, **fields):
    return Claim(
        id="planted",
        title="",
        source="",
        statement="",
        predicate=Predicate(worlds=numbers, read=read),
        expected=Verdict.PROVED,
        **fields,
    )


def always(left, right, **fields):
    return lambda _: Reading(hypotheses={}, left=left, right=right, **fields)


STEPS = {"Cauchy-Schwarz": cauchy_schwarz}


def test_a_proof_of_something_else_does_not_prove_a_false_statement():
    planted = claim(always(abs(1 - 2), 0), steps=STEPS)
    gathered = gather(planted)
    assert [e.holds for e in gathered] == [True, False]
    assert verdict(planted, gathered) is Verdict.UNDECIDED


def test_a_proof_without_a_predicate_proves_nothing():
    planted = Claim(id="planted", title="", source="", statement="1 = 2", expected=Verdict.PROVED, steps=STEPS)
    assert verdict(planted, gather(planted)) is Verdict.UNDECIDED


def test_a_true_statement_is_proved_by_its_steps_and_the_search():
    def read(world):
        x, y = world
        return Reading(hypotheses={"x > 0": x}, left=2 * x * y, right=x * x + y * y)

    own = claim(read, steps=STEPS)
    gathered = gather(own)
    assert verdict(own, gathered) is Verdict.PROVED
    statement = gathered[-1]
    assert statement.step == STATEMENT
    assert statement.worlds == 300
    assert 120 < statement.met < 180
    assert 0 <= statement.slack < 1e-6, "equality at x = y was not approached"


def test_hypotheses_met_too_seldom_prove_nothing():
    own = claim(lambda world: Reading(hypotheses={"large": world[0] - 1.5}, left=0, right=1), steps=STEPS)
    gathered = gather(own)
    assert 0 < gathered[-1].met < ENOUGH
    assert verdict(own, gathered) is Verdict.UNDECIDED


def test_hypotheses_never_met_are_said_to_be_untested():
    evidence = searched(Predicate(worlds=numbers, read=lambda _: Reading(hypotheses={"no": -1.0}, left=0, right=1)))
    assert (evidence.holds, evidence.met, evidence.slack) == (None, 0, None)
    assert "not tested" in evidence.summary


def test_the_climb_reaches_a_corner_that_no_draw_falls_into():
    def read(world):
        x, y = world
        return Reading(hypotheses={"in the square": 3 - abs(world).max()}, left=x + y, right=5.9)

    predicate = Predicate(worlds=numbers, read=read)
    rng = np.random.default_rng(0)
    assert not any(read(rng.normal(size=2)).violated for _ in range(300))
    search = falsify(predicate)
    assert search.violated
    assert min(search.world) > 2.8


def test_a_statement_of_counts_is_climbed_by_its_distance():
    def read(world):
        return Reading(hypotheses={}, left=float(world[0] > 6), right=0, distance=6 - world[0])

    assert falsify(Predicate(worlds=numbers, read=read)).violated


def test_nan_counts_as_violated():
    assert falsify(Predicate(worlds=numbers, read=always(np.nan, 1.0))).violated


@pytest.mark.parametrize(("left", "right", "violated"), [(np.inf, 1, True), (1, -np.inf, True), (1, np.inf, False)])
def test_infinite_sides_are_compared_as_such(left, right, violated):
    assert Reading(hypotheses={}, left=left, right=right).violated is violated
    assert Reading(hypotheses={}, left=[left, 0], right=[right, 1]).violated is violated


@pytest.mark.parametrize(
    ("left", "bound", "part"),
    [(1, 4, 0.25), (3, 2, 1.5), (-1, 2, -0.5), (0, 0, 0), (1e-12, 0, 0), (1, 0, np.inf), (1, np.inf, 0)],
)
def test_the_part_of_a_bound_that_is_used(left, bound, part):
    assert used(left, bound) == part
    assert used([left, 0.0], bound).tolist() == [part, 0]
    assert Reading(hypotheses={}, left=used(left, bound), right=1.0).violated is (left > bound + 1e-9)


def test_rounding_of_a_difference_is_no_excess():
    """Two risks near 1.8 whose difference is 3e-9: rounding takes 1e-16 of them, which is 3e-8 of the difference."""
    left, bound = (1 + 3e-8) * 3e-9, 3e-9
    assert Reading(hypotheses={}, left=used(left, bound), right=1.0).violated
    assert used(left, bound, 1.8) == 0
    assert used(1e-5, bound, 1.8) == np.inf
    assert used(0.3, 0.2, 1.8) == 0.3 / 0.2


@pytest.mark.parametrize(("size", "room"), [(0.0, 1e-9), (0.5, 1e-9), (1.0, 1e-9), (2.0, 2e-9)])
def test_what_a_bound_of_zero_forgives_grows_with_the_numbers(size, room):
    assert used(0.99 * room, 0.0, size) == 0
    assert used(1.01 * room, 0.0, size) == np.inf


@pytest.mark.parametrize(("excess", "violated"), [(1e-10, False), (1e-8, True)])
def test_rounding_is_no_violation_and_no_more_is_forgiven(excess, violated):
    assert Reading(hypotheses={}, left=1 + excess, right=1.0).violated is violated


def test_a_hypothesis_holds_where_its_margin_is_positive():
    for margin, met in ((1e-12, True), (0.0, False), (-1e-12, False)):
        assert Reading(hypotheses={"large": 1.0, "least": margin}, left=0, right=1).met is met


def test_the_worst_side_counts_as_slack_and_any_that_beats_the_trivial_bound_as_informative():
    reading = Reading(hypotheses={}, left=[0.0, 1.0], right=[3.0, 1.5], trivial=2.0)
    assert reading.slack == 0.5
    assert reading.informative
    assert not Reading(hypotheses={}, left=0.0, right=[2.0, 3.0], trivial=2.0).informative


def test_worlds_that_meet_no_hypothesis_are_driven_towards_it():
    def read(world):
        return Reading(hypotheses={"far": world[0] - 6}, left=1, right=0)

    rng = np.random.default_rng(0)
    assert not any(read(rng.normal(size=2)).met for _ in range(300))
    search = falsify(Predicate(worlds=numbers, read=read))
    assert (search.met, search.violated) == (0, True)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_rounding_is_forgiven_relative_to_both_sides(size):
    for part, violated in ((0.5, False), (2.0, True)):
        excess = part * 1e-9 * (1 + 2 * size)
        assert Reading(hypotheses={}, left=size + excess, right=size).violated is violated
        assert Reading(hypotheses={}, left=-size, right=-size - excess).violated is violated


def test_a_bound_that_never_beats_the_trivial_one_is_counted_as_such():
    search = falsify(Predicate(worlds=numbers, read=always(0.5, 2.6, trivial=1)))
    assert (search.met, search.informative) == (300, 0)


def test_same_seed_same_result():
    predicate = Predicate(worlds=numbers, read=lambda w: Reading(hypotheses={}, left=w[0] * w[1], right=1))
    first, second = falsify(predicate, worlds=30), falsify(predicate, worlds=30)
    assert as_plain(first) == as_plain(second)


def refuted(witness, read):
    own = claim(read, other={"witness": lambda: witness})
    return verdict(own, gather(own))


def test_a_refutation_needs_the_witness_and_the_predicate():
    against = Evidence(kind="witness", summary="", direction="against", holds=True)
    assert refuted(against, always(1, 0)) is Verdict.REFUTED
    assert refuted(against, always(0, 1)) is Verdict.UNDECIDED


def test_worlds_become_plain_json():
    @dataclass(frozen=True)
    class World:
        features: np.ndarray
        eps: Fraction

    plain = as_plain({"world": World(np.eye(2), Fraction(1, 3)), "n": np.int64(3)})
    assert json.loads(json.dumps(plain)) == {"world": {"features": [[1, 0], [0, 1]], "eps": "1/3"}, "n": 3}

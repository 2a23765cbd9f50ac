"""Certificates by points: against populations whose truth is known, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from tests.theory.proofs import discharged, slack_of_proved
from theory.factors import nearest_mean_error
from theory.falsification import falsify
from theory.population import clopper_pearson
from theory.population.order import accepted
from theory.setting import FiniteWorld
from theory.theorem1.certificates.points import (
    MET,
    MOST_POINTS,
    Points,
    certify_points,
    choose_points,
    points_error,
    points_events,
)
from theory.theorem1.proofs import point_population

(CLAIM,) = point_population.CLAIMS


def simplex(J):
    rows = np.eye(J) - 1 / J
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def drawn(shares, n, seed, views=2, torn=0.1):
    """n samples of each class with views at vertices: shares (K, J), a share `torn` of the views anywhere."""
    rng, (K, J) = np.random.default_rng(seed), shares.shape
    labels = rng.permutation(np.repeat(np.arange(K), n))
    home = np.array([rng.choice(J, p=shares[k]) for k in labels])
    places = np.where(rng.random((len(labels), views)) < torn, rng.integers(0, J, (len(labels), views)), home[:, None])
    return simplex(J)[places], labels


SHARES = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.4, 0.4, 0.1], [0.1, 0.1, 0.1, 0.7]])
"""Class 1 has two vertices of its own."""


def test_the_claim_is_proved_and_attained():
    assert slack_of_proved(CLAIM) < 1e-6


FALSE_FORMULAS = {
    "all won": lambda won, masses: points_error(np.ones_like(won), masses),
    "those after one that is not won count": lambda won, masses: (
        1 - float(masses[np.flatnonzero(won)[-1]] if won.any() else 0)
    ),
    "one point more": lambda won, masses: 1 - float(masses[min(accepted(won), len(won) - 1)]),
}


@pytest.mark.parametrize("name", FALSE_FORMULAS)
def test_a_false_formula_is_found_out(name, monkeypatch):
    monkeypatch.setattr(point_population, "points_error", FALSE_FORMULAS[name])
    assert falsify(CLAIM.predicate).violated


def test_the_proof_has_steps_that_hold():
    assert discharged(CLAIM)


def test_the_error_of_a_population_is_that_of_the_finite_world_with_its_shares():
    rng = np.random.default_rng(2)
    for _ in range(20):
        K, J = 3, 4
        counts = rng.integers(0, 4, (K, J, J)) + 3 * np.eye(J, dtype=int)[rng.permutation(J)[:K]][:, :, None]
        counts[:, 0, 0] += 1
        features = [simplex(J)[[i, j]] for _, i, j in np.argwhere(counts) for _ in range(counts[_, i, j])]
        labels = [k for k, i, j in np.argwhere(counts) for _ in range(counts[k, i, j])]
        world = FiniteWorld(np.array(features), np.array(features), np.array(labels))
        of = point_population.Placed(simplex(J), counts / counts.sum(), np.zeros(J, dtype=int), np.zeros(J))
        assert of.error == pytest.approx(nearest_mean_error(world, any_view=True))


def test_a_class_may_own_several_points_and_all_are_won_with_enough_samples():
    chosen = choose_points(*drawn(SHARES, 300, 0), 1500, 0.95)
    assert sorted(chosen.owners.tolist()) == [0, 1, 1, 2]
    features, labels = drawn(SHARES, 500, 1)
    made = certify_points(features, labels, chosen, 0.95)
    assert (made.won, len(made.claimed)) == (4, 4)
    assert all(c.met for c in made.classes)
    at = (features[:, :, None] == chosen.values).all(axis=3)
    each = made.split.levels["owners"]
    for j, point in enumerate(made.claimed):
        own = (at & (chosen.owners == labels[:, None, None]))[:, :, : j + 1]
        right = own.any(axis=2).all(axis=1)
        assert point.mass.lower == clopper_pearson(int(right.sum()), len(labels), each, "lower").lower
    assert made.error == 1 - made.claimed[-1].mass.lower
    world = FiniteWorld(features, features, labels)
    assert nearest_mean_error(world, any_view=True) <= made.error < nearest_mean_error(world, any_view=True) + 0.05
    assert [c.label for c in made.classes if len(c.points) == 2] == [1]


def test_points_are_tried_from_the_surest_on():
    chosen = choose_points(*drawn(SHARES, 300, 0), 1500, 0.95)
    margins = [point.margin for point in certify_points(*drawn(SHARES, 500, 1), chosen, 0.95).claimed]
    assert margins[:2] == sorted(margins[:2], reverse=True)
    assert min(margins[:2]) > max(
        margins[2:]
    )  # classes 0 and 2 have .7 of their views at their points, class 1 .4 at each


def test_few_samples_certify_nothing_and_say_what_blocks():
    features, labels = drawn(SHARES, 4, 0)
    chosen = Points(simplex(4), np.array([0, 1, 1, 2]))
    made = certify_points(features, labels, chosen, 0.95)
    assert (made.error, made.won) == (1, 0)
    assert not any(c.met for c in made.classes)
    assert all(point.rival != point.owner and not point.won for point in made.claimed)
    assert (choose_points(features, labels, 12, 0.95).owners == -1).all()


def test_the_first_point_that_is_not_won_ends_the_row():
    features, labels = drawn(SHARES, 500, 1)
    wrong = Points(simplex(4)[[0, 1, 2, 3]], np.array([0, 1, 2, 2]))  # vertex 2 is not class 2's
    made = certify_points(features, labels, wrong, 0.95)
    assert made.won == 2
    assert [point.won for point in made.claimed] == [True, True, False, True]
    assert [c.met for c in made.classes] == [True, True, False]
    assert made.claimed[2].rival == 1
    assert made.error == 1 - made.claimed[1].mass.lower


def test_without_points_nothing_is_claimed():
    features, labels = drawn(SHARES, 20, 1)
    made = certify_points(features, labels, Points(simplex(4), np.full(4, -1)), 0.95)
    assert (made.error, made.won, made.claimed) == (1, 0, ())
    assert not any(c.met for c in made.classes)
    assert list(made.split.levels) == ["owners"]
    assert {c.taker for c in made.classes} == {0, 1, 2}


def test_a_view_elsewhere_than_at_a_point_counts_as_wrong():
    features, labels = drawn(SHARES, 500, 1)
    chosen = Points(simplex(4), np.array([0, 1, 1, 2]))
    moved = features.copy()
    moved[:, 1] = -moved[:, 1]
    inside = certify_points(moved, labels, chosen, 0.95)
    assert max(point.mass.lower for point in inside.claimed) == 0
    assert certify_points(features, labels, chosen, 0.95).error < 0.5


def test_the_certified_error_holds_as_often_as_claimed():
    """Two classes that nearly tie at one of three vertices, at level .5: whatever is certified, the truth is known."""
    shares = np.array([[0.5, 0.45, 0.05], [0.05, 0.45, 0.5]])
    chosen, false = Points(simplex(3), np.array([0, 0, 1])), 0
    for seed in range(200):
        features, labels = drawn(shares, 60, seed, torn=0.0)
        made = certify_points(features, labels, chosen, 0.5)
        false += made.error < 0.5  # a tie at vertex 1 is an error: 1 - (.5 + .5)/2
    assert 0 < false / 200 <= 0.5 / 4  # the owners' share of the level: they and three masses share it


def test_the_events_are_the_owners_and_a_mass_for_each_point():
    assert points_events(3) == ["owners", "first 1", "first 2", "first 3"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": simplex(4)[:, :3]}, r"points=\(4, 3\), \(4,\): wrong shapes; give \(J, 4\) and \(J,\)"),
        ({"values": 2 * simplex(4)}, "points: norms run from 2 to 2; give points of norm 1"),
        ({"owners": np.array([0, 1, 2, 3])}, r"no classes; give integers 0\.\.2, or -1 for none"),
        ({"owners": np.array([0, 1, 2, -2])}, "no classes"),
        ({"owners": np.array([0.0, 1, 2, 2])}, "no classes"),
        ({"owners": np.array([0, -1, 2, 2])}, "a point without an owner before one with; put those of none last"),
        ({"owners": np.array([0])}, "wrong shapes"),
    ],
)
def test_points_that_are_none_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        certify_points(*drawn(SHARES, 20, 1), replace(Points(simplex(4), np.array([0, 1, 1, 2])), **change), 0.95)


def test_features_of_many_values_and_no_samples_to_come_are_refused():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(MOST_POINTS, 2, 3))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    with pytest.raises(ValueError, match="points=512: more than 256 values; give features that are vertices"):
        choose_points(features, np.arange(MOST_POINTS) % 3, 10, 0.95)
    with pytest.raises(ValueError, match="held_out=0: too few"):
        choose_points(*drawn(SHARES, 20, 1), 0, 0.95)


def test_the_margin_is_that_of_a_plain_loop():
    features, labels = drawn(SHARES, 100, 3)
    made = certify_points(features, labels, Points(simplex(4), np.array([0, 1, 1, 2])), 0.95)
    a = 1 - made.split.levels["owners"]
    means = [features[labels == k].mean(axis=1) for k in range(3)]
    for j, point in enumerate(made.claimed):
        margins = {}
        for k in set(range(3)) - {point.owner}:
            v, wealth = simplex(4)[j], 1.0
            for i in range(50):
                away = [(v - means[of][2 * i]) @ (v - means[of][2 * i + 1]) for of in (k, point.owner)]
                wealth *= 1 + min(0.2, np.sqrt(-2 * np.log(a) / 50)) * (away[0] - away[1])
            margins[k] = np.log(wealth) + np.log(a)
        assert point.margin == pytest.approx(min(margins.values()))
        assert point.rival == min(margins, key=margins.get)
        assert point.won == (point.margin > MET)

"""Statement and predicate are held together: the worlds of theory/formal, read by the predicates, against Coq's numbers.

Coq's side is what its lemmas and theorems state of the world; ours is the program that the search of a claim runs.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.theory.formal.test_worlds import misprint, stated, step
from theory.arcl.domains import Domains
from theory.divergence.families import FeatureWorld
from theory.formal import theorems as formal
from theory.ledger import Verdict, claims
from theory.neighbours.saunshi import Collapsed
from theory.setting import FiniteWorld
from theory.theorem1.proofs.choice import Choice
from theory.worlds import in_floats

CLAIMS = {claim.id: claim for claim in claims()}
GUARD = 1e-9
"""By how much more than 0 a condition of Theorem 1 must hold in a predicate."""


def read(id, world):
    return CLAIMS[id].predicate.read(world)


def on_the_line(rows, labels):
    features = np.array(rows, dtype=float)[:, :, None]
    return FiniteWorld(features, features, np.array(labels))


def whole_classes(world, aligned):
    """Every class is its own main part; L = 1, since views are features."""
    return Choice(world, (1,) * world.features.shape[1], 1.0, np.ones(len(world.labels), dtype=bool), np.array(aligned))


def threshold(rho):
    return 1 - rho - np.sqrt(2 * rho)


@pytest.fixture(scope="module")
def misprinted():
    """Theorem1Misprint.v, and the numbers that Coq states of it."""
    world = in_floats(misprint())
    own = ("misaligned_seven", "misprint_threshold", "misprint_shortfall", "misprint_error")
    numbers = {name: float(stated("Theorem1Misprint.v", name)) for name in ("mean0", "mean1", "share_class", *own)}
    return whole_classes(world, [np.ptp(rows) == 0 for rows in world.features]), numbers


def test_the_misprinted_theorem_1(misprinted):
    choice, coq = misprinted
    reading = read("thm-1-misprint", choice)
    room = coq["misprint_threshold"] - coq["misprint_shortfall"] / 2 - coq["mean0"] * coq["mean1"]
    assert reading.hypotheses["condition"] == pytest.approx(room - GUARD, abs=1e-12)
    assert reading.right == pytest.approx(coq["misaligned_seven"])
    assert reading.left >= coq["misprint_error"]
    assert reading.violated


@pytest.mark.parametrize(
    ("id", "share", "shortfall"), [("thm-1", 1.0, 0.5), ("thm-1-shared-views", 1.0, 0.5), ("thm-1-printed", 1.0, 0.0)]
)
def test_theorem_1_itself_asks_for_what_that_world_lacks(misprinted, id, share, shortfall):
    """theorem_1 and theorem_1_printed hold in Coq, and the conclusion fails here: so the condition must, by these numbers."""
    choice, coq = misprinted
    reading = read(id, choice)
    rho = 2 * (1 - share) + coq["misaligned_seven"] / coq["share_class"]
    room = threshold(rho) - shortfall * coq["misprint_shortfall"] - coq["mean0"] * coq["mean1"]
    assert room < 0
    assert reading.hypotheses["condition"] == pytest.approx(room - GUARD, abs=1e-12)
    assert not reading.met
    assert reading.left > reading.right


@pytest.mark.parametrize("id", ["thm-1", "thm-1-printed", "thm-1-corrected", "thm-1-sharp", "thm-1-chord"])
def test_the_hypotheses_of_theorem_1_can_be_met(id):
    """theorem_1_is_not_vacuous: samples at 1 and -1, with mu_0.mu_1 = -1 below the threshold 1 and the bound 0."""
    reading = read(id, whole_classes(on_the_line([[1, 1], [-1, -1]], [0, 1]), [True, True]))
    assert reading.met
    assert reading.left == reading.right == 0


def test_the_step_of_lemma_3_2():
    world = in_floats(step())
    choice = whole_classes(world, [np.ptp(rows) == 0 for rows in world.features])
    reading = read("lemma-3.2-step", choice)
    assert reading.left == pytest.approx(1 - float(stated("Lemma32Step.v", "step_ratio")))
    assert reading.right == pytest.approx(float(stated("Lemma32Step.v", "step_mean")))
    assert reading.violated


def test_theorem_1_with_the_aligned_share():
    """torn_mean: -1/2 and 1/2; torn_aligned: no sample; the least share is 1/2, rho_max 0."""
    world = on_the_line([[1, -1, -1, -1], [-1, 1, 1, 1]], [0, 1])
    reading = read("thm-1-misprint-aligned", whole_classes(world, [False, False]))
    room = threshold(0) - (1 - 1 / 4) / 2 + 1 / 4
    assert reading.hypotheses["condition"] == pytest.approx(room - GUARD, abs=1e-12)
    assert (reading.left, reading.right) == (1, 0)
    assert reading.violated


def test_theorem_4_without_tau():
    """cube_mean0 and cube_mean1 are the first axis, cube_correlation is the identity: 1 above 0."""
    corners = np.array(
        [(1, a, b) for a, b in ((1, 1), (-1, -1), (1, -1), (-1, 1))] + list(product([-1], [1, -1], [1, -1]))
    )
    features = np.repeat(corners[:, None].astype(float), 2, axis=1)
    labels = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    world = FeatureWorld(features, labels, 0.0)
    reading = read("thm-4-tau-0", world)
    assert reading.right == pytest.approx(0, abs=1e-12)
    assert sorted(reading.left.round(12)) == [0, 0, 0, 0, 1, 1]
    assert reading.violated
    assert not read("thm-4", world).violated


def test_theorem_2_of_arcl():
    """arcl_2_squared_fails: 1/5 above 9/80, and pair_alignment; with the diameter the bound is 9/20."""
    features, targets, slopes = np.array([[[1.0], [1.25]]]), np.array([1.0]), np.array([1.0])
    world = Domains(features, targets, slopes, slopes)
    assert max(read("arcl-2-squared", world).left) == pytest.approx((1 / 5) / (9 / 80))
    assert read("arcl-2-squared", world).violated
    corrected = read("arcl-2-corrected", world)
    assert any(part == pytest.approx((1 / 5) / (9 / 20)) for part in corrected.left)
    assert not corrected.violated


def test_the_augmented_distance():
    reading = read("augmented-metric", np.array([[[0.0], [0.0]], [[0.0], [1.0]], [[1.0], [1.0]]]))
    assert (reading.left, reading.right) == (1, 0)


def test_the_ball_about_a_main_part():
    """The corners of an equilateral triangle with sides sqrt(2), as in main_part_is_no_ball."""
    reading = read("main-part-ball", np.eye(3))
    assert reading.left == pytest.approx(np.sqrt(2 / 3))
    assert reading.right == pytest.approx(np.sqrt(2) / 2)
    assert reading.violated


@pytest.mark.parametrize("factor", [0.0, 1.0, 1e6])
def test_the_linear_form(factor):
    """linear_form_bounds_nothing: L' = -1 for every lambda, and mu_0.mu_1 = 1."""
    world = on_the_line([[1, 1], [1, 1], [-1, -1], [-1, -1]], [0, 1, 2, 2])
    reading = read("linear-form-bound", (world, factor))
    assert reading.right == pytest.approx(0)
    assert np.max(reading.left) == 1
    assert reading.violated
    least = read("linear-form", (world, 0.5))
    assert least.slack == 0
    assert not least.violated


def test_alignment_and_uniformity_under_the_identity():
    """uniform_identity_sees_no_classes: every head errs on exactly half."""
    features = np.array([1.0, 1.0, -1.0, -1.0])[:, None, None].repeat(2, axis=1)
    world = FiniteWorld(np.arange(4.0)[:, None, None].repeat(2, axis=1), features, np.arange(4) % 2)
    assert read("uniform-identity", world).left == 1 / 2


@pytest.mark.parametrize("K", [2, 3])
def test_codes_dealt_out(K):
    """disjoint_views_losses_see_no_classes: the losses agree, Err is 0, then 1, and 1 - 1/K for any head."""
    reading = read("saunshi", Collapsed(np.eye(K), 2))
    *losses, error, floor, again = reading.left
    assert losses == pytest.approx([0] * len(losses), abs=1e-12)
    assert (error, floor, again) == (0, 1 - 1 / K, 1 - 1 / K)
    assert list(reading.right[-2:]) == pytest.approx([1 - 1 / K, 1])
    assert reading.met
    assert not reading.violated


def test_every_claim_that_coq_refutes_is_read_here():
    refuted = {claim.id for claim in CLAIMS.values() if claim.expected is Verdict.REFUTED and formal.of_claim(claim.id)}
    text = Path(__file__).read_text(encoding="utf-8")
    assert len(refuted) >= 9
    assert [id for id in sorted(refuted) if f'read("{id}", ' not in text] == []

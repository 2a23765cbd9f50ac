"""The proofs of Theorem 1's claims: their witnesses stand, fade where they should, and a false formula is not proved."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.theory.theorem1.test_world import lost_tenth
from tests.theory.worlds import worlds
from theory import ledger
from theory.concentration import augmented_distances, main_part
from theory.factors import misclassified, view_diameters
from theory.setting import FiniteWorld
from theory.theorem1 import certify, threshold
from theory.theorem1.proofs import aligned_share, chord, lemma_3_2, misprint, nesting, thresholds


@settings(max_examples=150, deadline=None)
@given(worlds, st.floats(0, 2), st.floats(0, 2))
def test_lemma_3_1_on_finite_worlds(world, eps, delta):
    """Err <= (1 - sigma) + R_eps whenever the main parts inside S_eps are classified correctly."""
    aligned = view_diameters(world.features) <= eps
    wrong = misclassified(world)
    parts = [world.members(k)[main_part(gaps(world, k), delta).indices] for k in range(world.classes)]
    sigma = min(len(part) / len(world.members(k)) for k, part in enumerate(parts))
    inside = np.concatenate(parts)
    if not wrong[inside[aligned[inside]]].any():
        event("the hypothesis of the lemma holds")
        assert wrong.mean() <= (1 - sigma) + (1 - aligned.mean()) + 1e-12


def gaps(world, k):
    members = world.members(k)
    return augmented_distances(world.features[members]) if len(members) > 1 else np.zeros((1, 1))


def test_lemma_3_1_is_attained_and_its_hypothesis_needed():
    world = lost_tenth()
    sigma = main_part(gaps(world, 0), 0.0).lower / 10
    assert misclassified(world).mean() == pytest.approx(1 - sigma) == pytest.approx(0.1)
    swapped = FiniteWorld(world.views, world.features, np.roll(np.repeat([0, 1], 10), 5))
    assert misclassified(swapped).mean() > 1 - main_part(gaps(swapped, 0), 2.0).lower / 10


def test_lemma_3_2_witness_is_pinned():
    evidence = lemma_3_2._broken_step()
    assert evidence.holds
    assert evidence.direction == "against"
    assert "11/20 < 7/10" in evidence.summary


@pytest.mark.parametrize(("bad", "views"), [(0, 4), (3, 2)])
def test_lemma_3_2_step_survives_where_the_witness_is_weakened(bad, views, monkeypatch):
    """No misaligned sample, or two views (the shared one weighs half): the printed step holds, no witness."""
    original = lemma_3_2.lemma_3_2_world
    monkeypatch.setattr(lemma_3_2, "lemma_3_2_world", lambda: original(bad=bad, views=views))
    assert lemma_3_2._broken_step().holds is False


MUTANTS = {
    "chord_square": lambda alpha, s: (1 - alpha) ** 2 + alpha**2 * s**2,
    "rho_sharp": lambda alpha, s: 2 * (1 - alpha) + alpha * s**2 / 4,
    "rho_corrected": lambda alpha, s: (1 - alpha) + alpha * s,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutated_rho_is_no_longer_proved(name, monkeypatch):
    form = name.removeprefix("rho_").removesuffix("_square")
    monkeypatch.setattr(chord if form == "chord" else thresholds, name, MUTANTS[name])
    claim = next(c for c in ledger.claims() if c.id == f"thm-1-{form}")
    assert ledger.verdict(claim, ledger.gather(claim)) is ledger.Verdict.UNDECIDED


@pytest.mark.parametrize("form", ["corrected", "sharp"])
def test_the_inner_product_used_is_neither_too_large_for_the_chord_nor_too_small_for_the_split(form):
    assert thresholds.unit_chord(form).holds
    assert thresholds.split(form).holds


def test_a_mutated_threshold_is_no_longer_proved(monkeypatch):
    monkeypatch.setattr(thresholds, "threshold", lambda rho, root=None: threshold(rho, root) + rho / 10)
    assert thresholds.plane().holds is False


def test_nesting_holds_in_the_search_and_worlds_separate():
    claim = next(c for c in nesting.CLAIMS if c.id == "thm-1-nesting")
    evidence = ledger.gather(claim)
    assert ledger.verdict(claim, evidence) is ledger.Verdict.PROVED
    assert {e.step for e in evidence if " without " in e.step} == {f"{a} without {b}" for a, b in nesting.SEPARATING}


def test_misprint_witness_is_pinned_and_fades(monkeypatch):
    evidence = misprint._misprint()
    assert evidence.holds
    assert evidence.direction == "against"
    assert "Err = 1/10 > 2/25" in evidence.summary
    world = misprint.misprint_world()
    monkeypatch.setattr(
        misprint, "misprint_world", lambda: FiniteWorld(world.views[:, :4], world.features[:, :4], world.labels)
    )
    assert misprint._misprint().holds is False  # with four views the shared one weighs enough to keep class 0 right


def test_the_misprint_witness_is_read_with_all_classes_whole_and_four_samples_torn():
    reading = misprint.CLAIMS[0].predicate.read(misprint._witness())
    rho = (4 / 50) / (4 / 5)  # R over rho_0 = R/p_0; the shortest mean is 11/25 long, and products of two means are 0
    assert reading.hypotheses == {"condition": pytest.approx(1 - rho - np.sqrt(2 * rho) - (1 - (11 / 25) ** 2) / 2)}
    assert (reading.left, reading.right) == (0.1, pytest.approx(2 / 25))


def test_the_witness_against_the_aligned_share_is_pinned():
    """R_eps = 0 as misprinted, rho_max = 0; the means are -1/2 and 1/2, so mu_0.mu_1 = -1/4 < 1 - 3/8."""
    evidence = aligned_share._misprint()
    assert evidence.holds
    assert evidence.summary.endswith(
        "P[S_0] = 0, sigma = 1, rho_max = 0, mu_0.mu_1 = -1/4 meet the condition, yet Err = 1"
    )
    reading = aligned_share.CLAIMS[0].predicate.read(aligned_share._witness())
    assert reading.hypotheses == {"condition": pytest.approx(1 - 3 / 8 + 1 / 4)}
    assert (reading.left, reading.right) == (1, 0)


def test_with_p_in_place_of_rho_the_misprint_witness_is_harmless():
    """The theorem as meant: with min_l p_l the same world does not meet the condition."""
    world = misprint.misprint_world()
    floats = FiniteWorld(world.views.astype(float), world.features.astype(float), world.labels)
    assert not certify(floats, "printed", scope="world").met

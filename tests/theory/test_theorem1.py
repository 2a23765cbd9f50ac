import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.theory.worlds import clustered, planar, worlds
from theory import ledger
from theory.concentration import augmented_distances, main_part
from theory.factors import divergence, misclassified, nearest_mean_error, view_diameters
from theory.setting import FiniteWorld
from theory.theorem1 import caps, certify, compare, derived, forms, frontier, lemmas
from theory.theorem1.certificate import FORMS, LEVERS, ROUNDING, margin
from theory.theorem1.search import chord_slack, draw, least_product, slacks


def lost_tenth(lost: int = 1) -> FiniteWorld:
    """Two antipodal classes of ten, `lost` samples of each sitting with the other class: the bound is attained."""
    side = np.repeat([1.0, -1.0], 10)
    side[:lost] = -1.0
    side[10 : 10 + lost] = 1.0
    features = np.repeat(side[:, None, None], 2, axis=1)
    return FiniteWorld(features, features, np.repeat([0, 1], 10))


@settings(max_examples=120, deadline=None)
@given(worlds)
def test_certified_error_is_never_below_the_true_one(world):
    worst = nearest_mean_error(world, any_view=True)
    for certificate in compare(world):
        assert certificate.true_error <= worst <= certificate.error + 1e-12
        assert certificate.met == all(v.margin > ROUNDING for v in certificate.classes)


def test_conditions_hold_in_enough_worlds():
    met = dict.fromkeys(FORMS, 0)
    for seed in range(150):
        spread = [0.0, 0.01, 0.03, 0.1, 0.2][seed % 5]
        world = (
            clustered(seed, 2 + seed % 2, 10, 2, swapped=seed % 2, torn=0, spread=spread) if seed % 3 else planar(seed)
        )
        grid = frontier(world, "local")
        worst = nearest_mean_error(world, any_view=True)
        for form in FORMS:
            certificate = certify(world, form, "local", grid)
            met[form] += certificate.met
            assert worst <= certificate.error + 1e-12
    assert met["printed"] >= 50
    assert met["corrected"] >= 60
    assert met["sharp"] >= 90
    assert met["chord"] >= 90


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_bound_holds_on_both_sides_of_the_boundary(form, seed):
    """Noise is tuned by bisection until 1% more of it turns a certificate into a refusal."""

    def at(spread):
        return clustered(seed, 2 + seed % 2, 10, 2, swapped=seed % 2, torn=0, spread=spread)

    quiet, loud = 1e-3, 1.0
    assert certify(at(quiet), form).met
    assert not certify(at(loud), form).met
    while loud / quiet > 1.01:
        middle = (loud * quiet) ** 0.5
        quiet, loud = (middle, loud) if certify(at(middle), form).met else (quiet, middle)
    for spread in (quiet, loud):
        certificate = certify(at(spread), form)
        assert nearest_mean_error(at(spread), any_view=True) <= certificate.error + 1e-12
        assert certificate.met == (spread == quiet)
    assert certificate.binding.share > certificate.binding.share_needed - 0.2


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


@pytest.mark.parametrize("lever", LEVERS)
@pytest.mark.parametrize("form", FORMS)
def test_bound_is_attained(form, lever):
    certificate = certify(lost_tenth(), form, lever)
    assert certificate.met
    assert certificate.error == pytest.approx(0.1, abs=1e-12)
    assert certificate.true_error == pytest.approx(0.1, abs=1e-12)


@pytest.mark.parametrize("form", FORMS[:4])
def test_nothing_is_certified_when_too_much_is_lost(form):
    certificate = certify(lost_tenth(lost=4), form)
    assert not certificate.met
    assert certificate.error == 1.0
    assert certificate.binding.margin < 0
    assert certificate.binding.share < certificate.binding.share_needed


@settings(max_examples=60, deadline=None)
@given(worlds)
def test_sharp_beats_corrected_and_local_beats_lipschitz(world):
    found = {(c.form, c.lever): c.error for c in compare(world)}
    for lever in LEVERS:
        assert found["sharp", lever] <= found["corrected", lever] + 1e-12
    for form in FORMS:
        assert found[form, "local"] <= found[form, "lipschitz"] + 1e-9


def test_costs_sum_to_the_threshold():
    world = clustered(0, 3, 10, 3, 1, 1, 0.05)
    gram = divergence(world)
    for certificate in compare(world):
        for v in certificate.classes:
            assert v.threshold == pytest.approx(1 - sum(v.costs.values()), abs=1e-12)
            assert v.margin == pytest.approx(v.threshold - v.product, abs=1e-12)
            assert v.product == gram[v.label, v.rival]
            if certificate.form == "sharp":
                assert v.threshold == pytest.approx(forms.threshold(forms.rho_sharp(v.alpha, v.s)), abs=1e-12)
            if certificate.form == "chord":
                apart = gram[v.label, v.label] + gram[v.rival, v.rival] - 2 * v.product
                assert v.margin == pytest.approx(apart / 2 - 2 * forms.chord(v.alpha, v.s) ** 2, abs=1e-12)


def test_lemma_3_2_witness_is_pinned():
    evidence = lemmas._broken_step()
    assert evidence.holds
    assert evidence.direction == "against"
    assert "11/20 < 7/10" in evidence.summary


@pytest.mark.parametrize(("bad", "views"), [(0, 4), (3, 2)])
def test_lemma_3_2_step_survives_where_the_witness_is_weakened(bad, views, monkeypatch):
    """No misaligned sample, or two views (the shared one weighs half): the printed step holds, no witness."""
    original = lemmas.lemma_3_2_world
    monkeypatch.setattr(lemmas, "lemma_3_2_world", lambda: original(bad=bad, views=views))
    assert lemmas._broken_step().holds is False


MUTANTS = {
    "chord_square": lambda alpha, s: (1 - alpha) ** 2 + alpha**2 * s**2,
    "rho_sharp": lambda alpha, s: 2 * (1 - alpha) + alpha * s**2 / 4,
    "rho_corrected": lambda alpha, s: (1 - alpha) + alpha * s,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutated_rho_is_no_longer_proved(name, monkeypatch):
    monkeypatch.setattr(derived, name, MUTANTS[name])
    claim = next(c for c in derived.CLAIMS if c.id == "thm-1-" + name.removeprefix("rho_").removesuffix("_square"))
    assert ledger.verdict(claim, ledger.gather(claim)) is ledger.Verdict.UNDECIDED


def test_a_mutated_threshold_is_no_longer_proved(monkeypatch):
    monkeypatch.setattr(derived, "threshold", lambda rho, root=None: forms.threshold(rho, root) + rho / 10)
    assert derived._plane().holds is False


@pytest.mark.parametrize(
    ("form", "rho"),
    [
        ("sharp", lambda c: 2 * (1 - c.alpha) + c.alpha * c.s**2 / 2.05),
        ("corrected", lambda c: 2 * (1 - c.alpha) + c.alpha * c.s / 4),
        ("printed", lambda c: (1 - c.sigma) + c.q / 4 + c.sigma * c.s / 4),
    ],
)
def test_search_falsifies_a_weakened_rho(form, rho):
    found = draw(200_000, seed=1)
    assert slacks(found)[form].min() > -1e-12
    assert (found.product - forms.threshold(rho(found))).min() < -1e-3


def test_sharp_condition_is_attained_by_a_configuration():
    found = draw(200_000, seed=2)
    interesting = (found.s > 0.3) & (found.s < 0.9)
    assert slacks(found)["sharp"][interesting].min() < 1e-3


def test_chord_is_attained_and_a_smaller_one_is_falsified():
    found = draw(200_000, seed=2)
    slack = chord_slack(found)
    spread = (found.s > 0.3) & (found.alpha < 0.9)
    assert -1e-7 < slack.min()
    assert slack[spread].min() < 0.01
    assert (forms.chord(found.alpha, 0.9 * found.s) - found.distance).min() < -1e-3


def test_exact_certifies_what_the_others_cannot():
    world = lost_tenth(lost=4)
    assert certify(world, "exact").error == pytest.approx(nearest_mean_error(world)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        (0.0, (0.137, 0.524, 0.582, 0.683, 0.701)),
        (-0.09, (0.179, 0.598, 0.618, 0.733, 0.754)),
        (-0.81, (0.559, 1.058, 0.857, 1.320, 1.361)),
    ],
)
def test_largest_certified_spread_per_form(product, expected):
    """The design's table: means of norm .9, sigma .95, R/p .02."""
    s = np.linspace(0, 2, 20_001)
    found = [s[margin(form, 0.93, s, 0.81, 0.81, product) > 0].max() for form in FORMS[1:]]
    assert found == pytest.approx(expected, abs=1.5e-3)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_compatible_points_lie_in_the_exact_cap_and_that_in_the_cap(seed):
    rng = np.random.default_rng(seed)
    alpha, s = rng.uniform(0.2, 1), rng.uniform(0, 2)
    turn = np.arccos(1 - s**2 / 2) * rng.choice([rng.random(), 1.0])
    bend = rng.uniform(-np.pi, np.pi)
    p = alpha * np.array([np.cos(turn), np.sin(turn)]) + (1 - alpha) * np.array([np.cos(bend), np.sin(bend)])
    w = np.hypot(*p)
    exact, cap = caps.exact_angle(alpha, s, w), caps.cap_angle(alpha, s, w)
    assert abs(np.arctan2(p[1], p[0])) <= exact + 1e-7
    assert exact <= cap + 1e-7


def test_sharp_and_chord_are_incomparable():
    """Means of norm .9 at inner product 0: chord reaches a larger s; at -.81 sharp does (table of the design notes)."""

    def largest_s(met):
        return max(s for s in np.linspace(0, 2, 20_001) if met(s))

    alpha, reached = 0.95 - 0.02, {}
    for product in (0.0, -0.81):
        apart = np.sqrt(2 * 0.81 - 2 * product)
        reached[product] = (
            largest_s(lambda s, t=product: forms.threshold(forms.rho_sharp(alpha, s)) > t),
            largest_s(lambda s, a=apart: 2 * forms.chord(alpha, s) < a),
        )
    assert reached[0.0] == pytest.approx((0.524, 0.582), abs=1e-3)
    assert reached[-0.81] == pytest.approx((1.058, 0.857), abs=1e-3)


def test_least_product_matches_a_dense_grid():
    rng = np.random.default_rng(0)
    p = rng.uniform(-1, 1, (200, 2))
    p = p[np.hypot(*p.T) < 1]
    radius, angle = np.meshgrid(np.sqrt(np.linspace(0, 1, 200)), np.linspace(-np.pi, np.pi, 721))
    q = np.stack([(radius * np.cos(angle)).ravel(), (radius * np.sin(angle)).ravel()])
    for p1, p2 in p:
        inside = np.hypot(1 - q[0], q[1]) <= np.hypot(1 - p1, p2) + 1e-12
        if inside.sum() < 50:
            continue
        gridded = (p1 * q[0] + p2 * q[1])[inside].min()
        exact = float(least_product(np.array(p1), np.array(p2)))
        assert exact - 1e-9 <= gridded <= exact + 0.05


def test_needed_share_and_spread_limit_are_the_boundary():
    for spread in (0.1, 0.3):
        certificate = certify(clustered(5, 3, 10, 3, 2, 0, spread), "sharp")
        assert not certificate.met
        for v in certificate.classes:
            assert forms.threshold(forms.rho_sharp(1.0, v.s_limit)) == pytest.approx(v.product, abs=1e-6)
            if v.s < v.s_limit:
                at_need = forms.threshold(forms.rho_sharp(v.share_needed, v.s))
                assert at_need == pytest.approx(v.product, abs=1e-6)


def test_printed_needs_one_eps_for_all_classes():
    certificate = certify(clustered(3, 3, 8, 3, 0, 1, 0.02), "printed")
    assert len({(v.eps, v.reach) for v in certificate.classes}) == 1

"""Theorems over sweeps of worlds: never exceeded, met and near often enough to mean something, and wrong ones are caught."""

import math
from dataclasses import replace

import numpy as np
import pytest

from simulate import sweep, theorems3and4, vertices
from simulate.circle import model as circle
from simulate.circle import world
from simulate.circle.world import Circle, equally_spaced
from simulate.sweep import Tally
from simulate.theorem1 import FormValues, evaluate
from simulate.theorems3and4 import correlation_bounds, info_nce_bounds
from simulate.vertices import Vertices
from tests.simulate.test_vertices import exact_world
from theory.theorem1 import FORMS, certify, forms, threshold
from theory.theorem1.certificates.grid import LEVERS
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms.cap import cap_angle
from theory.theorem1.forms.caps import cap_margin
from theory.theorem1.forms.exact import exact_angle

CIRCLES, DISCRETE = circle.worlds()[::7], vertices.worlds()[::3]


@pytest.fixture(scope="module")
def factors():
    return [factors for world in CIRCLES for factors in circle.factors_by_lever(world)]


def class_products(model, worlds):
    """Theorems 3 and 4 on some worlds of a model."""
    bounds = (info_nce_bounds(model.info_nce_factors(world)) for world in worlds)
    return [
        *sweep.class_products(bounds),
        *sweep.class_products(correlation_bounds(model.correlation_factors(world)) for world in worlds),
    ]


# Theorem 1


def test_theorem_1_on_circles(factors):
    for tally in sweep.theorem_1(factors):
        assert tally.holds
        assert tally.excess <= 1e-14
        assert tally.points > 20_000
        assert tally.met > 500
        assert tally.near > 150
        assert 1 - 1e-9 < tally.ratio < 1.01


def test_theorem_1_at_vertices():
    for tally in sweep.theorem_1(map(vertices.factors, DISCRETE)):
        assert tally.holds
        assert tally.met > 60
        assert tally.near > 20
        assert 1 - 1e-9 < tally.ratio < 1.01


def test_conditions_are_tried_near_their_boundary(factors):
    """Points whose margin is positive but less than .02, and negative but above -.02, for every form."""
    for form in FORMS:
        margins = np.concatenate([evaluate(form, one).margins.min(axis=1) for one in factors])
        assert ((margins > ROUNDING) & (margins < 0.02)).sum() > 20
        assert ((margins < -ROUNDING) & (margins > -0.02)).sum() > 20


def test_forms_are_nested(factors):
    """corrected => sharp => cap => exact, chord => cap, printed => exact, at every point (thm-1-nesting)."""
    met = {form: np.concatenate([evaluate(form, one).met for one in factors]) for form in FORMS}
    for weak, strong in (
        ("corrected", "sharp"),
        ("sharp", "cap"),
        ("cap", "exact"),
        ("chord", "cap"),
        ("printed", "exact"),
    ):
        assert not (met[weak] & ~met[strong]).any()
        assert (met[strong] & ~met[weak]).any()


WRONG_MARGINS = {
    "printed": lambda x: threshold(0 * x.s) - x.shortfall - x.lk,
    "corrected": lambda x: threshold(1 - x.share) - x.lk,
    "sharp": lambda x: threshold(2 * (1 - x.share) + x.share * x.s**2 / 8) - x.lk,
    "chord": lambda x: (x.ll + x.kk) / 2 - x.lk - 2 * (1 - x.share) ** 2,
    "cap": lambda x: cap_margin(cap_angle(x.share, x.s, np.sqrt(x.ll)) / 2, x.ll, x.kk, x.lk),
    "exact": lambda x: cap_margin(exact_angle(x.share, x.s, np.sqrt(x.ll)) / 2, x.ll, x.kk, x.lk),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_false_form_is_caught(form, factors, monkeypatch):
    """Natural worlds are far from the worst case: only gross mistakes show here, `tests/theory` has adversarial worlds."""
    monkeypatch.setitem(FORMS, form, replace(FORMS[form], margin=WRONG_MARGINS[form]))
    tally = next(t for t in sweep.theorem_1(factors) if t.claim == f"thm-1-{form}")
    assert not tally.holds
    assert tally.excess > 0.01


def test_a_false_form_is_caught_at_vertices():
    """Forms that forget what is misaligned: alpha := sigma."""

    def forgetful(model):
        factors = vertices.factors(model)
        return replace(factors, alpha=factors.sigma)

    tallies = sweep.theorem_1(map(forgetful, [m for m in DISCRETE if m.torn > 0]))
    assert not any(t.holds for t in tallies if t.claim != "thm-1-printed")


def test_the_same_certificates_as_theory_gives():
    """On a finite world that holds a vertex model exactly, `theory.theorem1.certify` finds the bounds of the sweep."""
    for swapped, torn in ((0.0, 0.1), (0.1, 0.1), (0.2, 0.2)):
        model = Vertices((0.5, 0.5), 2, swapped=swapped, torn=torn, moved=0.5)
        finite = exact_world(model, (1, 1), grain=(10, 10, 2))
        for form in FORMS:
            (bound,) = evaluate(form, vertices.factors(model)).bound
            assert certify(finite, form, "local").error == pytest.approx(bound, abs=1e-9)


def test_margins_by_hand():
    """Three classes of unequal distances, one (eps, delta): the printed margin from its terms, the others rival by rival."""
    model = Circle((0.0, 1.7, -2.4), (0.5, 0.3, 0.2), (0.02, 0.05, 0.03), (0.01,), (1.0,), 0.02)
    factors = circle.factors(model, np.array([0.2]))
    gram = world.divergence(model)
    rho = 2 * (1 - factors.sigma.min()) + factors.R[0] / 0.2 + factors.sigma.min() * factors.s[0]
    largest = max(gram[0, 1], gram[0, 2], gram[1, 2])
    printed = 1 - rho - math.sqrt(2 * rho) - (1 - gram.diagonal().min()) / 2 - largest
    np.testing.assert_allclose(evaluate("printed", factors).margins, printed, atol=1e-12)
    for form in (name for name in FORMS if name != "printed"):
        margins = evaluate(form, factors).margins[0]
        for l in range(3):
            each = [
                float(forms.margin(form, factors.alpha[0, l], factors.s[0], gram[l, l], gram[k, k], gram[l, k]))
                for k in range(3)
                if k != l
            ]
            assert margins[l] == pytest.approx(min(each), abs=1e-6)
            assert max(each) > min(each) + 0.01


def test_met_means_every_class():
    margins = np.array([[0.1, 0.2], [0.1, -0.2], [ROUNDING, 0.2]])
    values = FormValues("sharp", margins, np.zeros(3), 0.0)
    assert values.met.tolist() == [True, False, False]


def test_local_lever_is_never_worse():
    delta = np.linspace(0, 3, 40)
    for model in CIRCLES[::20]:
        lipschitz, local = (circle.factors(model, delta, lever) for lever in LEVERS)
        assert (local.s <= lipschitz.s + 1e-15).all()
        for form in FORMS:
            assert (evaluate(form, local).bound <= evaluate(form, lipschitz).bound + 1e-12).all()


def test_spread_by_hand():
    model = replace(equally_spaced(2, 0.1), radius=3.0)
    delta, eps = np.array([0.2, 4.0]), np.array([0.3, 0.3])
    np.testing.assert_allclose(circle.spread(model, delta, eps, "lipschitz"), [0.2 + 0.2, 2.0])
    np.testing.assert_allclose(circle.spread(model, delta, eps, "local"), [2 * math.sin(0.1) + 0.2, 2.0])


def test_spread_is_attained():
    """Within a main part inside S_eps, views are nearly s apart, and never more."""
    model, delta = equally_spaced(2, 0.5, (0.2,)), 0.6
    eps = float(world.view_diameters(model)[0])
    phi = np.linspace(-delta / 2 - 0.2, delta / 2 + 0.2, 200)  # the main part
    views = phi[:, None] + np.linspace(-0.2, 0.2, 9)
    points = np.exp(1j * views)
    widest = np.abs(np.exp(1j * phi)[:, None, None] - points[None]).max()
    s = circle.spread(model, np.array([delta]), np.array([eps]), "local")[0]
    assert 0.8 * s < widest <= s  # x itself is in the middle of its views, eps counts it at their rim


# Theorems 3 and 4


def test_divergence_bounds_hold_and_are_attained():
    for model, worlds, near in ((circle, CIRCLES, 20), (vertices, DISCRETE, 5)):
        for tally in class_products(model, worlds):
            assert tally.holds
            assert tally.points > 500
            assert tally.near >= (0 if tally.claim in ("thm-3", "thm-4") else near)
            if tally.claim == "thm-3":
                assert tally.met == 0  # never says anything: thm-3-vacuous
                assert tally.excess < -2.58 + 1
            elif tally.claim == "thm-4":
                assert tally.met > 0
                assert tally.ratio >= math.sqrt(8 / 3)  # never near: thm-4-constant
            else:
                assert tally.met > 20
                assert tally.ratio < 1.5


def test_bounds_at_points():
    """Two classes that are points: the sharp bounds are equalities, printed Theorem 4 is twice the product."""
    model = Circle((0.0, 1.0), (0.5, 0.5), (1e-6, 1e-6), (0.0,), (1.0,))
    bounds = {one.claim: one for one in info_nce_bounds(circle.info_nce_factors(model))}
    assert bounds["thm-3-sharp"].bound[0] == pytest.approx(math.cos(1), abs=1e-9)
    bounds = {one.claim: one for one in correlation_bounds(circle.correlation_factors(model))}
    assert bounds["thm-4-sharp"].bound[0] == pytest.approx(2 * math.cos(1), abs=1e-5)
    assert bounds["thm-4"].bound[0] == pytest.approx(4 * math.cos(1), abs=1e-9)


@pytest.mark.parametrize(
    ("claim", "target", "mutant"),
    [
        ("thm-3-sharp", "sharp_bounds", lambda f: lambda L, p, a, n: f(L - 0.01, p, a, n)),
        ("thm-3-sharp", "sharp_bounds", lambda f: lambda L, p, a, n: f(L, p, a + 0.01, n)),
        ("thm-3-balanced", "balanced_bounds", lambda f: lambda L, p, a, n, m: f(L, p, a, n, 1.1 * m + 0.01)),
        ("thm-3-balanced", "balanced_bounds", lambda f: lambda *x: f(*x) - 0.01),
        ("thm-4-sharp", "sharp_square", lambda f: lambda L, _t, _tr, *x: f(L, 0.0, 0.0, *x)),
        ("thm-4-sharp", "sharp_square", lambda f: lambda *x: 0.98 * f(*x)),
        ("thm-4", "printed_square", lambda f: lambda *x: f(*x) / 3),
        ("thm-4", "printed_square", lambda f: lambda L, t, *x: f(L, 0 * t, *x) / 2),
        ("thm-3", "printed_bound", lambda f: lambda L, t, share, e: f(L, t, share**0, e)),
    ],
)
def test_a_false_bound_is_caught(claim, target, mutant, monkeypatch):
    monkeypatch.setattr(theorems3and4, target, mutant(getattr(theorems3and4, target)))
    sweeps = ((circle, circle.worlds()[::11]), (vertices, vertices.worlds()[::11]))
    tallies = [t for model, worlds in sweeps for t in class_products(model, worlds) if t.claim == claim]
    assert not all(tally.holds for tally in tallies)


# the robust loss


def test_augmentation_robust_is_never_below_alignment():
    losses = [*map(circle.alignments, CIRCLES), *map(vertices.alignments, DISCRETE)]
    assert sweep.robust_excess(losses) <= 0
    assert sweep.robust_excess([circle.alignments(equally_spaced(2, 0.1))]) == 0


def test_tally_that_is_exceeded_does_not_hold():
    tally = Tally("x", 1, 1, 1, 1.0, 0.0)
    assert tally.holds
    assert not replace(tally, excess=1e-9).holds

"""The circle: closed forms against brute force, optimality of the main parts, planted mistakes, the command line."""

import json
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from simulate.circle import losses, sampling, world
from simulate.circle.__main__ import as_json, as_table, certificates, main
from simulate.circle.world import Circle, equally_spaced
from simulate.comparison import Rule, compare
from simulate.estimators import proportion, stream
from tests.simulate.refusals import refused
from theory import factors
from theory.concentration import augmented_distances, main_part
from theory.setting import FiniteWorld

SURE = 1 - 1e-9
UNEVEN = Circle((0.0, 2.0, -2.2), (0.5, 0.3, 0.2), (0.5, 0.7, 0.6), (0.1, 0.9), (0.6, 0.4), swapped=0.1)
WIDE = Circle((0.3, 2.5), (0.7, 0.3), (1.2, 1.8), (0.4, math.pi), (0.5, 0.5), swapped=0.3, radius=2.0)


def shares(draw, n):
    parts = np.array([draw(st.integers(1, 9)) for _ in range(n)])
    return tuple((parts / parts.sum()).tolist())


@st.composite
def circles(draw):
    K, J = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    angles = st.floats(-math.pi, math.pi, allow_subnormal=False)
    return Circle(
        tuple(draw(st.lists(angles, min_size=K, max_size=K))),
        shares(draw, K),
        tuple(draw(st.lists(st.floats(0.01, 3), min_size=K, max_size=K))),
        tuple(draw(st.lists(st.floats(0, math.pi), min_size=J, max_size=J))),
        shares(draw, J),
        draw(st.sampled_from([0.0, 0.05, 0.3])),
        draw(st.sampled_from([1.0, 2.5])),
    )


# closed forms against quadrature and brute force


def density(model, label, phi):
    """Density of phi in a class, its clusters mixed."""
    parts = [norm.pdf(phi, c, s) for c, s in zip(model.centres, model.spreads, strict=True)]
    return float(world.origins(model)[label] @ np.array(parts))


@pytest.mark.parametrize("model", [UNEVEN, WIDE], ids=["uneven", "wide"])
def test_means_by_quadrature(model):
    for label in range(model.classes):
        for coordinate, function in enumerate((math.cos, math.sin)):
            inner = sum(
                w * quad(math.cos, -a, a)[0] / (2 * a) for a, w in zip(model.strengths, model.weights, strict=True)
            )
            weighted = partial(lambda f, k, phi: f(phi) * density(model, k, phi), function, label)
            outer = quad(weighted, -40, 40, limit=800, points=model.centres)[0]
            truth = model.radius * inner * outer
            assert world.class_means(model)[label, coordinate] == pytest.approx(truth, abs=1e-7 * model.radius)


@pytest.mark.parametrize("a", [0.0, 0.3, 2.0, math.pi])
def test_view_factor_by_quadrature(a):
    model = equally_spaced(2, 0.1, (a,))
    truth = quad(math.cos, -a, a)[0] / (2 * a) if a > 0 else 1.0
    assert world.view_factors(model)[0] == pytest.approx(truth, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(circles(), st.booleans())
def test_error_by_brute_force(model, any_view):
    """The misclassified mass on a fine grid of quantiles: a Riemann sum that knows nothing of arcs."""
    means = world.class_means(model)
    gaps = np.linalg.norm(means[:, None] - means[None, :], axis=2)[np.triu_indices(model.classes, 1)]
    if gaps.min() < 1e-6 * model.radius:
        return  # a tie, tested below
    z = norm.ppf((np.arange(2000) + 0.5) / 2000)
    errors = np.zeros(model.classes)
    offsets = np.linspace(-1, 1, 33) if any_view else np.zeros(1)
    for label in range(model.classes):
        for c in range(model.classes):
            for a, weight in zip(model.strengths, model.weights, strict=True) if any_view else [(0.0, 1.0)]:
                angles = model.centres[c] + model.spreads[c] * z[:, None] + a * offsets
                wrong = (sampling.nearest_mean(model, angles.ravel()) != label).reshape(angles.shape).any(axis=1)
                errors[label] += world.origins(model)[label, c] * weight * wrong.mean()
    # The grid sees arcs wider than its step only; each of at most 8 edges costs one of 2000 points per turn.
    np.testing.assert_allclose(world.class_errors(model, any_view=any_view), errors, atol=0.03 if any_view else 0.012)
    assert world.error(model) <= world.error(model, any_view=True) + 1e-12


def test_error_of_two_opposite_classes_is_a_wrapped_tail():
    for s in (0.1, 0.5, 1.5):
        model = equally_spaced(2, s)
        tail = sum(norm.cdf((math.pi / 2 + (2 * w + 1) * math.pi) / s) - norm.cdf((math.pi / 2 + 2 * w * math.pi) / s)
                   for w in range(20))  # fmt: skip
        assert world.error(model) == pytest.approx(2 * tail, rel=1e-9)


def test_small_errors_keep_their_digits():
    """P[|N| > (pi/2)/s] at s = .05, about 1e-216, and the far classes add nothing."""
    assert world.error(equally_spaced(2, 0.05)) == pytest.approx(2 * norm.sf(math.pi / 2 / 0.05), rel=1e-9)


def test_a_tie_counts_as_wrong():
    """Half of each class at the other: the two means coincide."""
    assert world.error(equally_spaced(2, 0.1, swapped=0.5)) == 1.0


@settings(max_examples=60, deadline=None)
@given(circles())
def test_arcs_and_shares_are_probabilities(model):
    edges, winner = world.decision_edges(world.class_means(model), model.radius)
    assert edges[-1] - edges[0] == pytest.approx(2 * math.pi)
    assert (np.diff(edges) >= 0).all()
    assert len(winner) == len(edges) - 1
    total = world.arc_mass(model.centres[0], model.spreads[0], edges[:-1], edges[1:]).sum()
    assert total == pytest.approx(1, abs=1e-12)
    grid = np.linspace(0, 7, 29)
    sigma = world.main_part_shares(model, grid)
    assert (np.diff(sigma, axis=0) >= -1e-15).all()
    assert (sigma <= 1 + 1e-12).all()
    for eps in (0.0, 0.5, 3.0):
        alpha = world.main_part_shares(model, grid, eps)
        assert (alpha <= sigma + 1e-15).all()
        assert (alpha >= sigma - world.misaligned_share(model, eps) - 1e-12).all()
    assert world.alignment(model) <= world.robust_alignment(model) + 1e-12


def test_lipschitz_constant_is_the_radius():
    angles = stream(0, "slope").uniform(-5, 5, (2, 10_000))
    angles[1, :100] = angles[0, :100] + 1e-4
    points = [np.stack([np.cos(a), np.sin(a)]) for a in angles]
    slopes = np.linalg.norm(points[0] - points[1], axis=0) / np.abs(angles[0] - angles[1])
    assert slopes.max() <= 1 + 1e-9
    assert slopes.max() > 1 - 1e-8


# main parts


def test_main_parts_have_the_diameter_that_they_claim():
    model, delta = UNEVEN, 0.6
    samples = sampling.sample(model, 2000, stream(0, "main"), label=0)
    inside = np.abs(samples.phi - model.centres[0]) <= delta / 2 + samples.strength
    phi, a = samples.phi[inside], samples.strength[inside]
    gaps = np.maximum(0, np.abs(phi[:, None] - phi) - a[:, None] - a)
    assert 0.9 * delta < gaps.max() <= delta + 1e-12


def fullest_window(phi, length):
    """Most samples in an interval of this length: the largest set of that diameter on the line."""
    phi = np.sort(phi)
    return int((np.searchsorted(phi, phi + length, side="right") - np.arange(len(phi))).max())


@pytest.mark.parametrize("delta", [0.1, 0.3, 1.0])
def test_no_interval_holds_more(delta):
    """The fullest window of 10^6 samples. The empirical mass of every interval is within twice the deviation of
    Dvoretzky, Kiefer, Wolfowitz and Massart of the true one, .0065 at level 1 - 1e-9."""
    model, n = equally_spaced(2, 0.4, (0.05,)), 1_000_000
    share = fullest_window(sampling.sample(model, n, stream(0, "window"), label=0).phi, delta + 0.1) / n
    sigma = float(world.main_part_shares(model, np.array([delta]))[0, 0])
    assert abs(share - sigma) < 2 * math.sqrt(math.log(2e9) / (2 * n)) < 0.0066


@pytest.mark.parametrize("delta", [0.0, 0.3, 1.0])
def test_no_main_part_of_mixed_strengths_is_larger(delta):
    """Largest cliques of {d_A <= delta} over samples of two strengths. None beats the fullest windows of the strengths
    together, which is how sigma is bounded; on average they reach sigma, within .052 at level 1 - 1e-9 (a sample changes
    the share by 1/n, McDiarmid, 10 runs of 400)."""
    model = Circle((0.0, math.pi), (0.5, 0.5), (0.4, 0.4), (0.05, 0.3), (0.5, 0.5))
    n, runs, sizes = 400, 10, []
    for seed in range(runs):
        samples = sampling.sample(model, n, stream(seed, "clique"), label=0)
        apart = np.abs(samples.phi[:, None] - samples.phi) - (samples.strength[:, None] + samples.strength)
        part = main_part(np.maximum(apart, 0.0), delta)
        assert part.lower == part.upper
        windows = sum(fullest_window(samples.phi[samples.strength == a], delta + 2 * a) for a in model.strengths)
        assert part.lower <= windows
        sizes.append(part.lower / n)
    sigma = float(world.main_part_shares(model, np.array([delta]))[0, 0])
    weaker = float(world.main_part_shares(equally_spaced(2, 0.4, (0.05,)), np.array([delta]))[0, 0])
    assert np.mean(sizes) > sigma - math.sqrt(math.log(1e9) / (2 * n * runs))
    assert np.mean(sizes) > weaker  # what the smaller strength alone would promise


def test_a_main_part_elsewhere_is_smaller():
    delta, a, s = 0.5, 0.1, 0.4
    half = delta / 2 + a
    best = float(world.main_part_shares(equally_spaced(2, s, (a,)), np.array([delta]))[0, 0])
    assert best == pytest.approx(math.erf((delta + 2 * a) / (2 * math.sqrt(2) * s)), rel=1e-12)
    for shift in np.linspace(-1, 1, 21):
        mass = norm.cdf((shift + half) / s) - norm.cdf((shift - half) / s)
        assert mass <= best + 1e-15
        assert (mass < best) == (abs(shift) > 1e-9)


def test_finite_worlds_drawn_from_the_circle_approach_it():
    """The factors of `theory` on 1500 samples with 24 views, against the closed forms: 6 standard errors."""
    model, n, m = UNEVEN, 1500, 24
    generator = stream(0, "finite")
    samples = sampling.sample(model, n, generator)
    t = generator.uniform(-1, 1, (n, m))
    t[:, 0] = 0
    angles = samples.phi[:, None] + samples.strength[:, None] * t
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    finite = FiniteWorld(angles[:, :, None], features, samples.label)
    spread = 6 / math.sqrt(n)
    assert factors.nearest_mean_error(finite) == pytest.approx(world.error(model), abs=0.5 * spread)
    np.testing.assert_allclose(factors.class_means(finite), world.class_means(model), atol=2 * spread)
    # The same view drawn twice is no pair of the model: (m - 1)/m, and view 0 is x itself.
    assert factors.alignment(finite) == pytest.approx(world.alignment(model), abs=0.06)
    apart = np.maximum(0, np.abs(samples.phi[:, None] - samples.phi) - samples.strength[:, None] - samples.strength)
    sampled = augmented_distances(finite.views[:40])
    assert (sampled >= apart[:40, :40] - 1e-12).all()


# planted mistakes


def one(name, model, delta=0.6, eps=0.5):
    """The suite of those quantities of one model whose names start with `name`, at a rule that detects errors of 4%."""
    quantities = [q for q in sampling.quantities("m", model, delta=delta, eps=eps) if q.name.startswith(f"m: {name}")]
    return compare(quantities, Rule(planted=0.04), 0)


MUTANTS = [
    ("mu", "cluster_means", lambda f: lambda m: f(m) * np.exp(-(np.array(m.spreads)[:, None] ** 2) / 2)),
    ("mu", "cluster_means", lambda f: lambda m: -f(m)),
    ("mu", "view_factors", lambda f: lambda m: f(m) ** 2),
    ("mu", "view_factors", lambda _: lambda m: np.sinc(np.array(m.strengths))),
    ("mu", "origins", lambda _: lambda m: np.eye(m.classes)),
    ("mu", "origins", lambda _: lambda m: (1 - m.swapped) * np.eye(m.classes) + m.swapped / m.classes),
    ("L_align", "alignment", lambda f: lambda m: f(m) / 2),
    ("L_align", "view_factors", lambda f: lambda m: np.sqrt(f(m))),
    ("L_AR", "robust_alignment", lambda f: lambda m: f(m) / 4),
    ("L_AR", "view_diameters", lambda _: lambda m: 2 * m.radius * np.sin(np.array(m.strengths) / 2)),
    ("L_AR", "view_diameters", lambda _: lambda m: 2 * m.radius * np.array(m.strengths)),
    ("R_eps", "misaligned_share", lambda f: lambda m, e: 1 - f(m, e)),
    ("R_eps", "misaligned_share", lambda f: lambda m, e: f(m, 4 * e)),
    ("sigma", "main_part_shares", lambda f: lambda m, d, e=math.inf: f(m, 2 * d, e)),
    ("sigma", "interval_mass", lambda f: lambda a, b: f(a, b) / 2),
    ("sigma", "origins", lambda _: lambda m: np.eye(m.classes)),
    ("alpha", "main_part_shares", lambda f: lambda m, d, *_: f(m, d)),
    ("Err", "arc_mass", lambda f: lambda c, s, a, b: f(c, 1.1 * s, a, b)),
    ("Err", "wrong_arcs", lambda f: lambda e, w, l, _: f(e, w, l, 0.0)),
    ("Err", "wrong_arcs", lambda f: lambda e, w, l, r: f(e, w, l, r + 0.1)),
    ("Err", "origins", lambda _: lambda m: np.eye(m.classes)),
]


@pytest.mark.parametrize(("name", "target", "mutant"), MUTANTS)
def test_planted_wrong_closed_form_is_found(name, target, mutant, monkeypatch):
    assert one(name, UNEVEN).disagreeing == ()
    monkeypatch.setattr(world, target, mutant(getattr(world, target)))
    pairs = sampling.quantities("m", UNEVEN, delta=0.6, eps=0.5)
    monkeypatch.undo()  # the samplers follow the model, whatever the closed forms say
    suite = compare([q for q in pairs if q.name.startswith(f"m: {name}")], Rule(planted=0.04), 0)
    assert suite.disagreeing


LOSS_MUTANTS = [
    ("InfoNCE", 1.0, "view_moment", lambda f: lambda m, n: f(m, n) ** 0),
    ("InfoNCE", 1.0, "angular_moment", lambda f: lambda m, n: np.sqrt(np.abs(f(m, n)))),
    ("InfoNCE", 1.0, "series", lambda f: lambda: 1.02 * f()),
    ("L_InfoNCE", 1.0, "info_nce", lambda f: lambda m: f(m) + 0.03),
    ("C_", math.sqrt(2), "agreement", lambda f: lambda m: f(m) ** 2),
    ("C_", math.sqrt(2), "angular_moment", lambda f: lambda m, n: f(m, n / 2)),
    ("cross-correlation", math.sqrt(2), "view_correlation", lambda f: lambda m: f(m) * 1.3),
    ("cross-correlation", math.sqrt(2), "diagonal_distance", None),
]


@pytest.mark.parametrize(("name", "radius", "target", "mutant"), LOSS_MUTANTS)
def test_planted_wrong_loss_is_found(name, radius, target, mutant, monkeypatch):
    model = Circle((0.0, 1.2), (0.6, 0.4), (0.4, 0.8), (0.2, 1.5), (0.7, 0.3), 0.1, radius)
    assert one(name, model).disagreeing == ()
    if mutant is None:
        monkeypatch.setattr(sampling, target, lambda C: ((1 - np.diagonal(C)) ** 2).sum() + 0.1)
    else:
        monkeypatch.setattr(losses, target, mutant(getattr(losses, target)))
    pairs = sampling.quantities("m", model, delta=0.6, eps=0.5)
    monkeypatch.undo()
    suite = compare([q for q in pairs if q.name.startswith(f"m: {name}")], Rule(planted=0.04), 0)
    assert suite.disagreeing


def test_every_quantity_of_a_wide_world_of_another_radius():
    """Spreads beyond a turn, views all round, radius 2: nothing is tied to the unit circle or to small angles."""
    suite = compare(sampling.quantities("m", WIDE, delta=1.0, eps=2.0), Rule(planted=0.1), 0)
    assert suite.disagreeing == ()
    assert len(suite.comparisons) == 15


def test_equally_spaced():
    model = equally_spaced(5, 0.1, (0.2,), (1.0,), 0.1, 3.0)
    assert np.diff(np.sort(model.centres)) == pytest.approx(2 * math.pi / 5)
    assert model.centres[0] == 0
    assert model.priors == (0.2,) * 5
    assert (model.spreads, model.swapped, model.radius) == ((0.1,) * 5, 0.1, 3.0)


def test_divergence_is_in_units_of_the_radius():
    small, large = equally_spaced(3, 0.3, (0.4,)), equally_spaced(3, 0.3, (0.4,), radius=7.0)
    np.testing.assert_allclose(world.divergence(small), world.divergence(large), atol=1e-15)
    size = math.exp(-0.09) * (math.sin(0.4) / 0.4) ** 2
    np.testing.assert_allclose(world.divergence(large), size * (1.5 * np.eye(3) - 0.5), atol=1e-12)


def test_samplers_follow_the_model():
    samples = sampling.sample(UNEVEN, 100_000, stream(0, "sample"))
    for k, p in enumerate(UNEVEN.priors):
        assert proportion(int((samples.label == k).sum()), 100_000, SURE).contains(p)
    assert set(samples.strength) == set(UNEVEN.strengths)
    angle = sampling.view(samples, stream(0, "view"))
    assert (np.abs(angle - samples.phi) <= samples.strength).all()


# the world refuses nonsense


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"centres": (0.0,)}, "1 beside 3 priors"),
        ({"centres": (0.0, 1.0, 4.0)}, "centres"),
        ({"centres": (0.0, 1.0, math.nan)}, "centres"),
        ({"priors": (0.5, 0.5, 0.5)}, "priors"),
        ({"priors": (1.0, 0.5, -0.5)}, "priors"),
        ({"spreads": (0.1, 0.1, 0.0)}, "spreads"),
        ({"strengths": (0.1, 4.0)}, "strengths"),
        ({"strengths": ()}, r"strengths=\(\)"),
        ({"weights": (0.5, 0.6)}, "weights"),
        ({"swapped": 1.0}, "swapped"),
        ({"radius": 0.0}, "radius"),
    ],
)
def test_bad_worlds(change, words):
    with pytest.raises(ValueError, match=words):
        Circle(**{**UNEVEN.__dict__, **change})


# the command line


def test_table(capsys):
    assert main(["--classes", "2", "--swapped", "0.3", "--weights", "0.6", "0.4", "--strengths", "0.5", "1.5"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.isascii()
    assert max(map(len, captured.out.splitlines())) <= 124
    assert "exact" in captured.out
    assert "closed forms inside their interval" in captured.out.splitlines()[-2]


def test_json(capsys):
    words = "--centres 0 3 --spreads 0.1 0.2 --priors 0.4 0.6 --strengths 0.5 1.5 --weights 0.5 0.5 --swapped 0.2"
    assert main([*words.split(), "--false-alarm", "1e-3", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["model"]["spreads"] == [0.1, 0.2]
    assert len(results["certificates"]) == 12
    assert results["error"] <= results["error_any_view"]
    assert results["suite"]["disagreeing"] == []


def test_a_world_that_is_certified():
    model = Circle((0.0, math.pi), (0.5, 0.5), (0.02, 0.02), (0.01, 0.5), (0.98, 0.02), 0.02)
    results = as_json(model, certificates(model))
    certified = [c["error"] for c in results["certificates"]]
    assert max(certified) < 1
    assert min(certified) >= results["error_any_view"]
    table = "\n".join(as_table(model, results))
    assert table.count(" - ") == 0
    assert f"{results['error']:.6f}" in table


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--classes 1", "classes=1:"),
        ("--spreads 0", "spreads=(0.0, 0.0, 0.0):"),
        ("--priors 0.5 0.5", "2 priors"),
        ("--strengths 5", "strengths=(5.0,):"),
        ("--swapped 2", "swapped=2.0:"),
        ("--false-alarm 0", "false_alarm=0.0:"),
        ("--seed -1", "seed=-1:"),
        ("--bogus", "unrecognized"),
    ],
)
def test_bad_arguments(argv, words, capsys):
    refused(main, argv, words, capsys)

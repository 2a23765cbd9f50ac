"""Gaussian concentration: the closed form against known distributions, its optimality, planted mistakes, the command line."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from scipy.stats import chi2, norm

from simulate import gaussian
from simulate.comparison import Rule, compare
from simulate.estimators import stream
from simulate.gaussian import Gaussian, ball_mass, covered, main, main_part_shares, quantities, sigma
from tests.simulate.refusals import refused
from theory.concentration import main_part

MIXED = Gaussian(3, (0.2, 0.8), (0.3, 0.5), (0.1, 0.6), (0.4, 0.6))


@pytest.mark.parametrize("q", [1, 2, 3, 10, 1000])
def test_ball_mass_is_chi_squared(q):
    for radius in (0.0, 0.1, 1.0, math.sqrt(q), 50.0):
        assert ball_mass(radius, q) == pytest.approx(chi2.cdf(radius**2, q), rel=1e-12, abs=1e-300)


def test_ball_mass_in_low_dimensions():
    radii = np.linspace(0, 5, 11)
    np.testing.assert_allclose(ball_mass(radii, 1), 2 * norm.cdf(radii) - 1, atol=1e-15)
    np.testing.assert_allclose(ball_mass(radii, 2), 1 - np.exp(-(radii**2) / 2), atol=1e-15)


def test_shares_by_hand():
    (row,) = main_part_shares(MIXED, np.array([1.0]))
    for k, s in enumerate(MIXED.spreads):
        parts = [chi2.cdf(((1.0 + 2 * a) / (2 * s)) ** 2, 3) for a in MIXED.strengths]
        assert row[k] == pytest.approx(0.4 * parts[0] + 0.6 * parts[1], rel=1e-12)
    assert sigma(MIXED, np.array([1.0]))[0] == row.min()
    assert covered(MIXED, np.array([1.0]))[0] == pytest.approx(0.2 * row[0] + 0.8 * row[1])
    assert sigma(MIXED, np.array([1.0]))[0] < covered(MIXED, np.array([1.0]))[0]


@given(st.floats(0, 3), st.floats(0.01, 1), st.integers(1, 20))
def test_more_views_concentrate_more(delta, extra, q):
    """A subset of A' implies sigma_A <= sigma_A': stronger views, and wider delta; strict where the share is not rounded."""
    weak, strong = (Gaussian(q, (1.0,), (0.5,), (0.2 + more,)) for more in (0.0, extra))
    low, high = (float(sigma(m, np.array([delta]))[0]) for m in (weak, strong))
    assert low < high or low > 1 - 1e-9
    assert low <= float(sigma(weak, np.array([delta + extra]))[0])


# no set of diameter D has more mass than the centred ball


def mass_in_the_plane(inside, steps=600, reach=5.0):
    """Mass of a set under N(0, I_2), by the midpoint rule; its boundary costs at most the mass of the cells that it cuts."""
    x = (np.arange(steps) + 0.5) / steps * 2 * reach - reach
    weight = norm.pdf(x) * (2 * reach / steps)
    return float(np.einsum("i,j,ij->", weight, weight, inside(x[:, None], x[None, :]).astype(float)))


@pytest.mark.parametrize("D", [0.5, 1.5, 4.0])
def test_planar_shapes_of_the_same_diameter_hold_less(D):
    ball = float(ball_mass(D / 2, 2))
    corners = D / math.sqrt(3) * np.array([(math.cos(t), math.sin(t)) for t in 2 * math.pi * np.arange(3) / 3])

    def reuleaux(x, y):
        return np.logical_and.reduce([(x - a) ** 2 + (y - b) ** 2 <= D**2 for a, b in corners])

    def shifted(x, y):
        return (x - 0.3) ** 2 + y**2 <= D**2 / 4

    def square(x, y):
        return np.maximum(np.abs(x), np.abs(y)) <= D / math.sqrt(8)

    def half_disc(x, y):
        return ((x + D / 6) ** 2 + y**2 <= D**2 / 4) & (x >= -D / 6)

    assert mass_in_the_plane(lambda x, y: x**2 + y**2 <= D**2 / 4) == pytest.approx(ball, abs=0.005)
    for shape, least in ((reuleaux, 0.85), (shifted, 0.9), (square, 0.6), (half_disc, 0.4)):
        mass = mass_in_the_plane(shape)
        assert mass < ball + 0.005
        assert mass > least * ball  # the rivals are serious
    assert mass_in_the_plane(shifted) < ball
    assert mass_in_the_plane(square) < 0.9 * ball or D > 3


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 4.0))
def test_random_convex_sets_hold_less(seed, D):
    """Hulls of 12 points on a wobbly circle, of diameter D exactly, near the centre."""
    rng = np.random.default_rng(seed)
    turn = np.sort(rng.uniform(0, 2 * math.pi, 12))
    points = rng.uniform(0.8, 1, 12)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points *= D / np.linalg.norm(points[:, None] - points, axis=2).max()
    faces = ConvexHull(points + rng.normal(scale=0.1, size=2)).equations

    def hull(x, y):
        return np.logical_and.reduce([a * x + b * y + c <= 0 for a, b, c in faces])

    assert mass_in_the_plane(hull, 300) <= float(ball_mass(D / 2, 2))


@pytest.mark.parametrize(("q", "delta"), [(1, 0.3), (2, 0.6), (3, 0.5)])
def test_cliques_of_samples_reach_the_closed_form(q, delta):
    """Largest cliques of {d_A <= delta}: at least sigma on average (McDiarmid, .052 at level 1 - 1e-9), exceeding it only by
    what 400 samples gain from the choice of the set."""
    model, n, runs, sizes = Gaussian(q, (1.0,), (0.4,), (0.1,)), 400, 10, []
    for seed in range(runs):
        z = 0.4 * stream(seed, "clique", q).standard_normal((n, q))
        gaps = np.linalg.norm(z[:, None] - z, axis=2)
        part = main_part(np.maximum(gaps - 0.2, 0.0), delta)
        sizes.append(part.lower / n)
    truth = float(sigma(model, np.array([delta]))[0])
    assert truth - math.sqrt(math.log(1e9) / (2 * n * runs)) < np.mean(sizes) < truth + 0.06


# planted mistakes

MUTANTS = {
    "no factor 2": lambda d, a, s, q: chi2.cdf(((d + 2 * a) / s) ** 2, q),
    "not squared": lambda d, a, s, q: chi2.cdf((d + 2 * a) / (2 * s), q),
    "views once": lambda d, a, s, q: chi2.cdf(((d + a) / (2 * s)) ** 2, q),
    "no views": lambda d, a, s, q: chi2.cdf(((d + 0 * a) / (2 * s)) ** 2, q),
    "one dimension less": lambda d, a, s, q: chi2.cdf(((d + 2 * a) / (2 * s)) ** 2, q - 1),
    "variance for deviation": lambda d, a, s, q: chi2.cdf(((d + 2 * a) / (2 * s**2)) ** 2, q),
    "normal for chi": lambda d, a, s, _: 2 * norm.cdf((d + 2 * a) / (2 * s)) - 1,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_planted_wrong_formula_is_found(name, monkeypatch):
    def wrong(model, delta):
        at = np.asarray(delta)[:, None, None]
        s, a = np.array(model.spreads)[:, None], np.array(model.strengths)
        return MUTANTS[name](at, a, s, model.dimension) @ np.array(model.weights)

    rule = Rule(planted=0.05)
    assert compare(quantities("m", MIXED, delta=0.7), rule, 0).disagreeing == ()
    monkeypatch.setattr(gaussian, "main_part_shares", wrong)
    assert len(compare(quantities("m", MIXED, delta=0.7), rule, 0).disagreeing) == 3


def test_weights_and_priors_count(monkeypatch):
    rule, pairs = Rule(planted=0.03), quantities("m", MIXED, delta=0.7)
    assert compare(pairs, rule, 0).disagreeing == ()
    monkeypatch.setattr(gaussian, "covered", lambda m, d: main_part_shares(m, d).mean(axis=1))
    assert compare(quantities("m", MIXED, delta=0.7), rule, 0).disagreeing == ("m: covered",)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ({"dimension": 0}, "dimension=0:"),
        ({"priors": (0.5,)}, r"priors=\(0\.5,\):"),
        ({"priors": (0.5, 0.6)}, "priors"),
        ({"spreads": (0.1, 0.0)}, "spreads"),
        ({"spreads": (0.1, math.nan)}, "spreads"),
        ({"strengths": (-0.1, 0.2)}, "strengths"),
        ({"strengths": (0.1,)}, r"strengths=\(0\.1,\):"),
        ({"weights": (0.5, 0.4)}, "weights"),
    ],
)
def test_bad_worlds(words, match):
    with pytest.raises(ValueError, match=match):
        Gaussian(**{**MIXED.__dict__, **words})


# the command line


def test_table_and_json(capsys):
    words = ["--delta", "0", "1", "--spreads", "0.3", "--false-alarm", "0.01"]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.isascii()
    assert max(map(len, captured.out.splitlines())) <= 110
    assert main([*words, "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["delta"] == [0.0, 1.0]
    assert results["sigma"] == pytest.approx(
        main_part_shares(Gaussian(3, (1.0,), (0.3,), (0.1, 0.6), (0.5, 0.5)), np.array([0.0, 1.0]))[:, 0].tolist()
    )
    assert len(results["suite"]["comparisons"]) == 4


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--dimension 0", "dimension=0:"),
        ("--spreads -1", "spreads=(-1.0,):"),
        ("--delta -1", "delta=[-1.0]:"),
        ("--priors 0.5", "priors=(0.5,):"),
        ("--weights 0.5", "not (0.5,)"),
        ("--false-alarm 2", "false_alarm=2.0:"),
        ("--seed -1", "seed=-1:"),
    ],
)
def test_bad_arguments(argv, words, capsys):
    refused(main, argv, words, capsys)


def test_disagreement_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(gaussian, "ball_mass", lambda radius, _: np.minimum(1.0, np.asarray(radius) / 4))
    assert main(["--delta", "0.5"]) == 1
    assert "OUTSIDE" in capsys.readouterr().out

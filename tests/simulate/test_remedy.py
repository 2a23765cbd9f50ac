"""The robust loss and its minimisers: closed forms against quadrature, optimisers and simulated training."""

import json
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from simulate import remedy
from simulate.comparison import Rule, compare
from simulate.estimators import stream
from simulate.remedy import (
    LOSSES,
    alignment,
    clipped_variance,
    fitted,
    main,
    minimiser,
    quantities,
    remedies,
    robust_alignment,
    robust_displacement,
    worst_risk,
)
from tests.simulate.refusals import refused
from theory.arcl import clipped_robust_loss, example_alignment, example_risk


@pytest.mark.parametrize("B", [0.01, 0.5, 1.0, 3.0, 40.0])
def test_clipped_variance_by_quadrature(B):
    cut = min(B, 40.0)
    truth = quad(lambda t: t**2 * norm.pdf(t), -cut, cut)[0] + 2 * B**2 * norm.sf(B)
    assert clipped_variance(B) == pytest.approx(truth, rel=1e-7)
    assert clipped_variance(B) <= min(1, B**2)


@pytest.mark.parametrize("eps", [0.01, 1.0])
def test_example_1_is_a_case(eps):
    w = math.sqrt(eps) / 2
    assert robust_alignment(w, 3.0) == pytest.approx(clipped_robust_loss(eps, 3.0))
    assert alignment(w, 50.0) == pytest.approx(example_alignment(eps))
    assert worst_risk(w, 2 / math.sqrt(eps)) == pytest.approx(0.25)
    assert worst_risk(w, 7.0) == pytest.approx(example_risk(7.0, eps))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("b", [0.3, 2.0])
@pytest.mark.parametrize("lam", [0.05, 0.5, 4.0])
@pytest.mark.parametrize("B", [0.2, 1.0, 6.0])
def test_minimisers_minimise(loss, b, lam, B):
    penalty = {"align": alignment, "robust": robust_alignment, "square-free": robust_displacement}[loss]

    def objective(w):
        return (w - b) ** 2 + lam * penalty(w, B)

    weight = minimiser(loss, b, lam, B)
    best = minimize_scalar(objective, bounds=(-0.1, b + 0.1), method="bounded", options={"xatol": 1e-10})
    assert objective(weight) <= best.fun + 1e-12
    assert weight == pytest.approx(best.x, abs=1e-4)


def test_what_the_remedy_claims():
    b, lam = 1.3, 0.4
    reaches = np.geomspace(0.01, 1e4, 200)
    minimisers = remedies(b, lam, reaches.tolist())
    align, robust, free = (np.array([one.risks[i] for one in minimisers]) for i in range(3))
    assert align[-1] > 0.4999
    assert (np.diff(align) > -1e-12).all()  # wider views only make it worse
    assert robust.max() <= math.atan(b / (4 * math.sqrt(lam))) / math.pi + 1e-12
    assert robust.max() > 0.99 * math.atan(b / (4 * math.sqrt(lam))) / math.pi  # attained at B = 1/(2 sqrt(lambda))
    assert robust[-1] < 1e-3
    gone = reaches >= b * math.sqrt(math.pi / 2) / lam
    assert (free[gone] == 0).all()
    assert (free[~gone] > 0).all()
    assert gone.any()
    assert not gone.all()


def test_alignment_need_not_drop_x2_but_robustness_does():
    """At any reach the alignment minimiser keeps at least b/(1 + 2 lambda); the robust ones go to 0 and to exactly 0."""
    for B in (0.1, 1.0, 10.0, 1e5):
        (one,) = remedies(1.0, 0.5, [B])
        assert one.weights[0] >= 0.5
    assert one.weights[1] < 1e-9
    assert one.weights[2] == 0.0


@pytest.mark.parametrize("B", [0.5, 2.0])
def test_training_finds_the_minimisers(B):
    """20 000 samples with 2, 8 and 48 views: the alignment minimiser is met within 2%; more views approach the robust one
    from above, because a maximum over views that were sampled is at most the sup."""
    b, lam, n = 1.0, 0.5, 20_000
    far = []
    for m in (2, 8, 48):
        align, robust = fitted(b, lam, B, n, m, stream(0, "fitted", m))
        # m views pair with themselves: the mean over pairs is (m - 1)/m of twice the variance
        expected = b / (1 + 2 * lam * clipped_variance(B) * (m - 1) / m)
        assert align == pytest.approx(expected, rel=0.02)
        far.append(robust)
    assert far == sorted(far, reverse=True)
    assert far[-1] == pytest.approx(minimiser("robust", b, lam, B), rel=0.08)
    assert far[-1] >= minimiser("robust", b, lam, B) * (1 - 1e-12)


MUTANTS = [
    ("clipped_variance", lambda B: 1 - 2 * norm.sf(B) + 2 * B**2 * norm.sf(B)),
    ("clipped_variance", lambda _: 1.0),
    ("robust_alignment", lambda w, B: B**2 * w**2),
    ("robust_alignment", lambda w, B: 4 * B * w**2),
]


@pytest.mark.parametrize(("target", "mutant"), MUTANTS)
def test_planted_wrong_formula_is_found(target, mutant, monkeypatch):
    rule = Rule(planted=0.05)
    assert compare(quantities("m", 0.7, 2.0), rule, 0).disagreeing == ()
    monkeypatch.setattr(remedy, target, mutant)
    assert compare(quantities("m", 0.7, 2.0), rule, 0).disagreeing


@pytest.mark.parametrize(
    ("b", "lam", "reach", "match"), [(0, 1, 1, "b=0:"), (1, -1, 1, "lambda=-1:"), (1, 1, math.nan, "B=nan:")]
)
def test_errors(b, lam, reach, match):
    with pytest.raises(ValueError, match=match):
        remedies(b, lam, [reach])


def test_command_line(capsys):
    words = ["--B", "0.5", "4", "--false-alarm", "0.001"]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.isascii()
    assert max(map(len, captured.out.splitlines())) <= 110
    assert main([*words, "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert [row["reach"] for row in results["remedies"]] == [0.5, 4.0]
    assert len(results["suite"]["comparisons"]) == 4


def test_disagreement_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(remedy, "robust_alignment", lambda w, B: 4.2 * B**2 * w**2)
    assert main(["--B", "0.5"]) == 1
    assert "OUTSIDE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "words"), [("--B 0", "B=0.0:"), ("--lam -1", "lambda=-1.0:"), ("--b x", "'x' is not")]
)
def test_bad_arguments(argv, words, capsys):
    refused(main, argv, words, capsys)

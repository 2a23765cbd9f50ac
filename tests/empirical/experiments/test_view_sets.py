"""sigma(delta) of view sets beside measured errors: the numbers against plain loops, the order, and the command."""

import json
import math

import networkx as nx
import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from empirical.data.sets import load
from empirical.experiments import view_sets as concentration
from empirical.experiments.study import balanced
from empirical.experiments.view_sets import (
    ASSERTED,
    SETS,
    Concentration,
    Curve,
    MeasuredError,
    concentrations,
    main,
    measured_errors,
    plain_quantiles,
    step_verdict,
    tau,
)
from empirical.views.augmentations import Augmentation
from empirical.views.protocol import finite_views
from theory.digests import read_evidence, recorded, write_evidence
from theory.messages import Notice


def of(letters, low, high=None):
    low = np.atleast_1d(np.array(low, dtype=float))
    high = low if high is None else np.atleast_1d(high)
    return Concentration(letters, low, high, low[None], high is low, Curve(*np.zeros((5, 1))))


def test_the_view_sets_and_steps_are_the_lectures():
    assert SETS == ("a", "ab", "abc", "abcd", "abcde", "ac", "ad", "ae", "bc", "bd", "be", "cd", "ce", "de")
    assert ASSERTED[:3] == (("ad", "ac"), ("ac", "ae"), ("ac", "ab"))
    assert ASSERTED[3:] == (("ab", "a"), ("abc", "ab"), ("abcd", "abc"), ("abcde", "abcd"))


def test_shares_are_those_of_plain_loops(monkeypatch):
    """Every class of a small world: distances by scipy, cliques by networkx."""
    monkeypatch.setattr(concentration, "SETS", ("ad", "be"))
    data = load("fashion", seed=1)
    quantiles = (0.2, 0.5)
    deltas, found = concentrations(data, 7, 3, 1, quantiles, 10**6, progress=False)
    chosen = balanced(data.test_labels, 7)
    images, labels = data.test_images[chosen], data.test_labels[chosen].numpy()
    plain = [pdist(images.flatten(1).numpy()[labels == k].astype(float)) for k in range(10)]
    np.testing.assert_allclose(deltas, np.quantile(np.concatenate(plain), quantiles), rtol=1e-12)
    for c in found:
        assert c.exact
        views = finite_views(images, Augmentation.from_letters(c.letters), 3, 1).flatten(2).numpy().astype(float)
        for at, delta in enumerate(deltas):
            inside = 0
            for k in range(10):
                flat = views[labels == k].reshape(21, -1)
                near = cdist(flat, flat).reshape(7, 3, 7, 3).min(axis=(1, 3)) <= delta
                largest = nx.max_weight_clique(nx.from_numpy_array(near & ~np.eye(7, dtype=bool)), weight=None)[1]
                assert c.classes[k, at] == largest / 7
                inside += largest
            assert c.low[at] == c.high[at] == pytest.approx(1 - inside / 70)
        within = [
            cdist(v.reshape(21, -1), v.reshape(21, -1)).reshape(7, 3, 7, 3).min(axis=(1, 3))
            for v in by_class(views, labels)
        ]
        for at in (5, 20, 40):
            graphs = [nx.from_numpy_array((d <= c.curve.deltas[at]) & ~np.eye(7, dtype=bool)) for d in within]
            least = min(nx.max_weight_clique(g, weight=None)[1] for g in graphs) / 7
            assert c.curve.low[at] == c.curve.high[at] == pytest.approx(least)
        assert (c.curve.cover_low <= c.curve.low).all()
        assert (c.curve.high <= c.curve.cover_high).all()
        assert (c.curve.cover_high - c.curve.cover_low).max() > 0.2


def by_class(views, labels):
    return [views[labels == k] for k in range(10)]


def test_a_small_budget_gives_intervals_around_the_exact_shares(monkeypatch):
    monkeypatch.setattr(concentration, "SETS", ("ac",))
    data = load("fashion")
    _, (exact,) = concentrations(data, 40, 3, 0, (0.25, 0.5, 0.75), 10**6, progress=False)
    _, (short,) = concentrations(data, 40, 3, 0, (0.25, 0.5, 0.75), 1, progress=False)
    assert exact.exact
    assert not short.exact
    assert (short.low <= exact.low).all()
    assert (exact.high <= short.high).all()
    assert (short.low < short.high).any()


def test_deltas_know_no_views():
    x = np.random.default_rng(0).normal(size=(2, 12, 5))
    expected = np.quantile(np.concatenate([pdist(x[0]), pdist(x[1])]), [0.1, 0.9])
    np.testing.assert_allclose(plain_quantiles(list(x), [0.1, 0.9]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (of("ad", 0.1), of("ac", 0.2), "holds"),
        (of("ad", 0.2), of("ac", 0.1), "reversed"),
        (of("ad", 0.2), of("ac", 0.2), "equal"),
        (of("ad", 0.1, 0.2), of("ac", 0.2), "open"),
        (of("ad", 0.1, 0.19), of("ac", 0.2, 0.3), "holds"),
        (of("ad", 0.25, 0.3), of("ac", 0.1, 0.2), "reversed"),
    ],
)
def test_steps_hold_only_where_the_intervals_say_so(low, high, verdict):
    assert step_verdict(low, high, 0) == verdict


def test_rank_correlation_by_hand():
    found = {name: of(name, value) for name, value in {"x": 0.1, "y": 0.2, "z": 0.3}.items()}
    errors = {name: MeasuredError(value, 0.0, 3, kept=False) for name, value in {"x": 0.5, "y": 0.7, "z": 0.6}.items()}
    assert tau(found, errors, ("x", "y", "z"), 0) == pytest.approx(1 / 3)  # two of three pairs agree, one does not
    assert tau(found, errors, ("x", "y"), 0) == 1
    assert math.isnan(tau(found, errors, ("x", "w"), 0))
    assert math.isnan(tau({"x": of("x", 0.1), "y": of("y", 0.1)}, errors, ("x", "y"), 0))


def keep(folder, name, values, scale="embedded", group="SimCLR"):
    """A result as `python -m empirical experiment` writes it; values: row -> accuracies of the nearest mean, one per seed."""
    runs = [
        {"group": group, "row": row, "seed": seed, "values": {"nearest mean": value}}
        for row, of_row in values.items()
        for seed, value in enumerate(of_row)
    ]
    write_evidence(folder / f"experiment-{name}.json", {"scale": scale, "runs": runs})


@pytest.fixture
def none_kept(monkeypatch):
    """A repository without kept results."""
    monkeypatch.setattr(concentration.kept, "files", lambda _: {})


def test_kept_results_stand_in_for_the_experiments_of_their_scale_that_are_not_there(tmp_path):
    keep(tmp_path, "pairs", {"ad": [0.5, 0.75]})
    errors = measured_errors(tmp_path, "fashion", "SimCLR")
    assert (errors["ad"].mean, errors["ad"].kept) == (0.375, False)
    assert "ac" not in errors  # the kept result of pairs has it, but another one is there
    content = json.loads(concentration.kept.files("richness")["embedded"].read_text())
    accuracies = [
        run["values"]["nearest mean"] for run in content["runs"] if (run["group"], run["row"]) == ("SimCLR", "abcde")
    ]
    assert len(accuracies) > 1
    assert errors["abcde"].mean == pytest.approx(1 - np.mean(accuracies))
    assert errors["abcde"].kept
    (tmp_path / "experiment-pairs.json").unlink()
    assert set(measured_errors(tmp_path, "fashion", "SimCLR")) == set(SETS)
    assert measured_errors(tmp_path, "digits", "SimCLR") == {}


@pytest.mark.usefixtures("none_kept")
def test_errors_come_from_the_experiments_of_this_data(tmp_path):
    assert measured_errors(tmp_path, "fashion", "SimCLR") == {}
    keep(tmp_path, "pairs", {"ad": [0.5, 0.75], "ac": [0.5]})
    found = measured_errors(tmp_path, "fashion", "SimCLR")
    assert (found["ad"].mean, found["ad"].seeds) == (0.375, 2)
    assert found["ad"].spread == pytest.approx(0.25 / math.sqrt(2))
    assert math.isnan(found["ac"].spread)
    assert measured_errors(tmp_path, "digits", "SimCLR") == {}
    assert measured_errors(tmp_path, "fashion", "MoCo") == {}
    keep(tmp_path, "richness", {"a": [0.2]}, scale="paper")
    assert set(measured_errors(tmp_path, "fashion", "SimCLR")) == {"ad", "ac"}


@pytest.mark.parametrize(
    "content", [[], 3, {"scale": "none", "runs": []}, {"scale": "embedded", "runs": [{}]}, {"runs": 1}]
)
def test_a_file_that_is_no_result_is_named(tmp_path, content):
    write_evidence(tmp_path / "experiment-pairs.json", content)
    match = r"evidence=.*/experiment-pairs\.json: no result of .*; run contrastive-theory experiment pairs again"
    with pytest.raises(ValueError, match=match):
        measured_errors(tmp_path, "fashion", "SimCLR")


@pytest.mark.parametrize(("content", "message"), [("{}", "changed after it was written"), ("{", "changed after")])
def test_a_result_that_was_changed_is_refused(tmp_path, content, message):
    keep(tmp_path, "pairs", {"ad": [0.5]})
    (tmp_path / "experiment-pairs.json").write_text(content)
    with pytest.raises(
        ValueError, match=rf"experiment-pairs\.json: {message}.*run contrastive-theory experiment pairs"
    ):
        measured_errors(tmp_path, "fashion", "SimCLR")


def test_a_result_without_a_hash_is_taken_and_told(tmp_path):
    keep(tmp_path, "pairs", {"ad": [0.5]})
    (tmp_path / "experiment-pairs.json.sha256").unlink()
    with pytest.warns(Notice, match=r"experiment-pairs\.json is taken as it is, without a hash beside it"):
        assert measured_errors(tmp_path, "fashion", "SimCLR")["ad"].mean == 0.5


WORDS = ["--samples-per-class", "12", "--n-views", "3", "--quantiles", "0.25", "0.5", "--quiet"]


@pytest.mark.usefixtures("none_kept")
def test_the_command_prints_a_table_and_writes_the_same(tmp_path, capsys):
    keep(tmp_path, "pairs", {row: [0.1 * place, 0.1 * place + 0.02] for place, row in enumerate(SETS) if len(row) == 2})
    assert main([*WORDS, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    content = json.loads((tmp_path / "concentration.json").read_text())
    assert [s["letters"] for s in content["sets"]] == list(SETS)
    assert max(len(line) for line in printed.splitlines()) <= 160
    for one in content["sets"]:
        (line,) = (line for line in printed.splitlines() if line.split()[:1] == [one["letters"]] and "<" not in line)
        assert line.split()[1:3] == [f"{value:.3f}" for value in one["outside_high"]]
        assert one["outside_high"] == one["outside_low"]
        assert (one["error"] is None) == (len(one["letters"]) != 2)
    assert content["says"] in printed
    assert content["setting"]["samples_per_class"] == 12
    assert content["kendall"]["the ladder"] == [None, None]
    assert all(-1 <= value <= 1 for value in content["kendall"]["the ten pairs"])
    assert "No error of SimCLR on fashion was found for a, abc, abcd, abcde" in printed
    assert not list(tmp_path.glob("*.partial"))
    assert read_evidence(tmp_path / "concentration.json", "") == content
    assert recorded(tmp_path / "concentration.json") is not None
    stored = json.loads(concentration.kept.names()["concentration-fashion"].read_text())
    assert content["made"]["cpu_minutes"] > 0
    assert [part.keys() for part in (stored, stored["made"], stored["setting"], *stored["sets"])] == [
        part.keys() for part in (content, content["made"], content["setting"], *content["sets"])
    ]
    assert main([*content["made"]["command"][1:], "--quiet", "--out", str(tmp_path)]) == 0
    again = json.loads((tmp_path / "concentration.json").read_text())
    assert again | {"made": {"cpu_minutes": None}} == content | {"made": {"cpu_minutes": None}}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--quantiles", "0"], "--quantiles=0: no quantile"),
        (["--quantiles", "nan"], "--quantiles=nan: no quantile"),
        (["--quantiles", "half"], "'half' is not a number"),
        (["--n-views", "1"], "--n-views=1: too small; give an integer in 2..10000"),
        (["--samples-per-class", "1"], "--samples-per-class=1: too few; use 2 or more"),
        (["--samples-per-class", "500"], "samples_per_class=500: the smallest class has 200"),
        (["--nodes", "0"], "--nodes=0: too few; use 1 or more"),
        (["--data", "cats"], "--data=cats: unknown"),
        (["--seed", "-1"], "seed=-1: too small"),
    ],
)
def test_bad_words_end_in_one_line(words, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--quiet", "--out", str(tmp_path)])
    printed = capsys.readouterr()
    assert stopped.value.code == 2
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""

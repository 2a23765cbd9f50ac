import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from empirical.__main__ import main as empirical_main
from empirical.evaluation.classifiers import knn_accuracy
from empirical.evaluation.features import extract
from empirical.experiments import __main__ as cli
from empirical.experiments import running, tables
from empirical.experiments.design import EXPERIMENTS, LADDER, SCALES, Cell, Experiment, Step, only
from empirical.provenance import source_digest
from empirical.training.loop import Diverged
from empirical.training.methods import initial_encoder
from empirical.training.methods.simclr import SimCLR

TINY = replace(SCALES["embedded"], dataset="digits", settings={"batch_size": 32, "epochs": 1})


def run(group, row, seed, **values):
    return {"group": group, "row": row, "seed": seed, "values": values, "history": [], "cpu_seconds": 90.0}


def grid(*order):
    return Experiment("toy", "Toy", lambda *_: (), (), ("kNN",), tuple(Step("kNN", *pair) for pair in order))


def test_every_grid_asserts_of_rows_it_has_and_metrics_it_shows():
    for experiment in EXPERIMENTS.values():
        cells = experiment.cells(SCALES["embedded"], 0)
        rows = {cell.row for cell in cells}
        assert len({(cell.group, cell.row) for cell in cells}) == len(cells)
        assert all({step.lower, step.higher} <= rows and step.metric in experiment.metrics for step in experiment.order)
        ends = {f"{step.metric} {end}" for step in experiment.trends for end in (step.lower, step.higher)}
        assert ends <= set(experiment.metrics)
        assert set(experiment.measures) <= set(running.MEASURES)
        assert len({(cell.config.key(), cell.encoder) for cell in cells}) == len(cells)


def test_the_lectures_settings_are_those_of_the_paper_scale():
    for cell in EXPERIMENTS["richness"].cells(SCALES["paper"], 1):
        config = cell.config
        assert (config.encoder, config.batch_size, config.epochs, config.seed) == ("resnet18", 512, 800, 1)


def test_a_scale_reads_its_data_as_a_folder_where_no_archive_is_given():
    scale = SCALES["cifar-cpu"]
    assert scale.read_from(["cifar10", "folder"]) is scale
    assert scale.read_from([]) is scale
    assert scale.read_from(["folder"]) == replace(scale, dataset="folder")
    assert SCALES["embedded"].read_from(["folder"]) is SCALES["embedded"]
    assert scale.read_from(["npz", "fashion"]) == replace(scale, dataset="npz")


def test_the_scale_of_a_cpu_begins_coarse():
    for cell in EXPERIMENTS["richness"].cells(SCALES["cifar-cpu"], 0):
        assert (cell.config.encoder, cell.config.dataset) == ("whitened", "cifar10")
        assert 0 < round(cell.config.coarse * cell.config.epochs) < cell.config.epochs


def test_richness_is_four_methods_by_five_sets_of_views():
    cells = EXPERIMENTS["richness"].cells(SCALES["embedded"], 0)
    assert [c.row for c in cells] == list(LADDER) * 4
    assert {c.config.letters for c in cells if c.group == "MoCo"} == set(LADDER)


def test_groups_may_be_chosen():
    scale, richness = SCALES["embedded"], EXPERIMENTS["richness"]
    assert only(richness, scale, []) is richness
    cells = only(richness, scale, ["MoCo", "SimSiam"]).cells(scale, 1)
    assert cells == tuple(c for c in richness.cells(scale, 1) if c.group in ("MoCo", "SimSiam"))
    assert len(cells) == 2 * len(LADDER)


def test_paired_interval_is_students():
    values = [0.1, 0.3, 0.2, 0.25]
    mean, low, high = tables.paired_interval(values)
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (mean, low, high) == pytest.approx((np.mean(values), *expected), rel=1e-12)
    assert tables.paired_interval([0.2]) == (0.2, -math.inf, math.inf)


@pytest.mark.parametrize(
    ("highs", "verdict"), [((0.5, 0.6, 0.7), "holds"), ((0.1, 0.2, 0.3), "reversed"), ((0.5, 0.2, 0.6), "open")]
)
def test_verdict_follows_from_the_interval_paired_by_seed(highs, verdict):
    """Seeds differ by .1; pairing takes that out."""
    found = [run("g", "low", s, kNN=0.3 + 0.1 * s) for s in range(3)]
    found += [run("g", "high", s, kNN=value) for s, value in enumerate(highs)]
    (compared,) = tables.paired_differences(grid(("low", "high")), found[::-1])
    assert compared.verdict == verdict
    assert compared.difference == pytest.approx(np.mean(highs) - 0.4)
    assert f"1 asserted steps {int(verdict == 'holds')} hold" in tables.verdict_sentence([compared])
    assert ("the opposite holds: g: kNN at low < high" in tables.verdict_sentence([compared])) == (
        verdict == "reversed"
    )


def test_a_step_that_the_data_do_not_show_is_named_with_its_mean():
    found = [run("g", "low", s, kNN=0.5) for s in range(3)]
    found += [run("g", "high", s, kNN=value) for s, value in enumerate((0.5, 0.2, 0.6))]
    compared = tables.paired_differences(grid(("low", "high")), found)
    assert compared[0].verdict == "open"
    says = tables.verdict_sentence(compared).splitlines()
    assert says[1:] == ["  not seen: g: kNN at low < high (mean difference -0.0667)."]
    assert tables.verdict_sentence([]) == "No order is asserted here."


def test_one_seed_leaves_every_step_open_and_prints():
    found = [run("g", "low", 0, kNN=0.1), run("g", "high", 0, kNN=0.9)]
    experiment = grid(("low", "high"))
    assert tables.paired_differences(experiment, found)[0].verdict == "open"
    content = json.loads(json.dumps(tables.as_json(experiment, "embedded", found), allow_nan=False))
    assert content["comparisons"][0]["low"] is None
    assert content["summaries"][0]["spreads"]["kNN"] is None
    assert "1 are open" in tables.text(experiment, "embedded", found)


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_every_metric_is_printed_within_160_columns(experiment):
    values = dict.fromkeys(experiment.metrics, -0.123456)
    experiment = replace(experiment, ranked=None)  # equal values have no order
    found = [run(c.group, c.row, s, **values) for s in range(3) for c in experiment.cells(SCALES["embedded"], s)]
    lines = tables.text(experiment, "embedded", found).splitlines()
    assert max(map(len, lines)) <= 160
    header = " ".join(line for line in lines if line.startswith("group"))
    assert all(f"  {metric}" in header for metric in experiment.metrics)
    assert sum(line.count("-0.1235 +- 0.000") for line in lines) == len(experiment.metrics) * len(found) / 3


def test_trends_compare_two_numbers_of_a_run():
    experiment = replace(EXPERIMENTS["factors"], trends=(Step("alignment", "last", "first"),))
    found = [run("abcd", "MoCo", s, **{"alignment first": 0.1 * s, "alignment last": 0.5 + 0.1 * s}) for s in range(3)]
    (compared,) = tables.paired_differences(experiment, found)
    assert (compared.group, compared.verdict) == ("MoCo", "reversed")
    assert compared.difference == pytest.approx(-0.5)
    assert "the opposite holds: MoCo: alignment at last < first" in tables.verdict_sentence([compared])


def test_order_of_two_metrics_is_compared_over_rows():
    experiment = replace(grid(), metrics=("kNN", "1 - sigma"), ranked=("kNN", "1 - sigma"))
    found = [
        run("g", row, s, **{"kNN": x + 0.1 * s, "1 - sigma": y})
        for row, x, y in (("a", 0.1, 5.0), ("b", 0.2, 7.0), ("c", 0.3, 6.0))
        for s in range(2)
    ]
    assert tables.rank_correlation(experiment, tables.summaries(experiment, found)) == pytest.approx(0.5)
    assert "kNN with 1 - sigma over the 3 rows' means: +0.50." in tables.text(experiment, "embedded", found)
    assert tables.as_json(experiment, "embedded", found)["rank_correlation"] == pytest.approx(0.5)


def test_summary_is_mean_and_spread_over_seeds():
    found = [run("g", "r", s, kNN=value) for s, value in enumerate((0.1, 0.3))]
    (summary,) = tables.summaries(grid(), found)
    assert summary.seeds == 2
    assert summary.means["kNN"] == pytest.approx(0.2)
    assert summary.spreads["kNN"] == pytest.approx(np.std([0.1, 0.3], ddof=1))


@pytest.mark.parametrize(
    ("name", "rows"), [("richness.csv", 40), ("strength.csv", 32), ("domains.csv", 72), ("transfer.csv", 100)]
)
def test_reference_tables_are_whole(name, rows):
    source, table = tables.reference(name)
    assert source.startswith("Huang, lecture of December 2023")
    assert len(table) == rows
    assert all(20 < float(row["accuracy"]) < 100 for row in table)


def test_reference_averages_are_those_of_their_rows():
    """The lecture prints an average per row of its transfer table: a slip in typing the table would show."""
    _, table = tables.reference("transfer.csv")
    for key in {(row["protocol"], row["method"]) for row in table}:
        values = {r["target"]: float(r["accuracy"]) for r in table if (r["protocol"], r["method"]) == key}
        assert np.mean([v for t, v in values.items() if t != "Avg"]) == pytest.approx(values["Avg"], abs=0.005)


@pytest.mark.parametrize("name", ["richness.csv", "strength.csv"])
def test_the_lectures_own_order_holds_in_its_tables(name):
    experiment = EXPERIMENTS[name.removesuffix(".csv")]
    _, table = tables.reference(name)
    column = {"richness.csv": "views", "strength.csv": "strength"}[name]
    values = {(r["dataset"], r["method"], r[column]): float(r["accuracy"]) for r in table}
    for dataset, method, _ in values:
        for step in experiment.order:
            assert values[dataset, method, step.lower] < values[dataset, method, step.higher]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Every measure on one run, one epoch of digits."""
    root = tmp_path_factory.mktemp("experiments")
    cell = Cell("SimCLR", "a", replace(TINY.config(SimCLR(), "a", 0), train_size=100))
    measures = tuple(running.MEASURES)
    return root, cell, measures, running.run_cell(cell, measures, TINY, {}, root / "runs", root / "out", "cpu")


def test_every_shown_metric_is_measured(tiny):
    values = tiny[3]["values"]
    assert {m for e in EXPERIMENTS.values() for m in e.metrics} == set(values)
    assert all(math.isfinite(value) for value in values.values())
    for name in ("kNN", "1 - sigma", "linear", "fine-tuned", "Gray", "R_eps last"):
        assert 0 <= values[name] <= 1
    assert values["kNN"] > 0.5
    assert 0 < values["displacement"] <= 2
    assert values["relative displacement"] > values["displacement"] / 2  # unit features lie at most 2 apart


def test_a_finished_run_is_not_repeated(tiny, monkeypatch):
    root, cell, measures, first = tiny
    monkeypatch.setattr(running, "train", lambda *_, **__: pytest.fail("trained again"))
    assert running.run_cell(cell, measures, TINY, {}, root / "runs", root / "out", "cpu") == first
    assert len(list((root / "out").iterdir())) == 1


def test_a_kept_result_that_was_edited_is_refused(tmp_path):
    cell = Cell("g", "pixels", TINY.config(SimCLR(), "a", 0), encoder="pixels")
    words = (cell, ["accuracy"], TINY, {}, tmp_path / "runs", tmp_path / "out", "cpu")
    running.run_cell(*words)
    (kept,) = (tmp_path / "out").glob("*.json")
    kept.write_text(kept.read_text().replace("0.", "1.", 1))
    with pytest.raises(ValueError, match=rf"{kept.name}: changed after it was written; delete it to measure the run"):
        running.run_cell(*words)


def test_a_run_that_diverges_names_its_group_since_the_scale_fixes_the_rest(tmp_path, monkeypatch):
    def diverge(*_, **__):
        raise Diverged("loss=nan: not finite in epoch 1; lower lr=1.0")

    monkeypatch.setattr(running, "train", diverge)
    cell = Cell("MoCo", "abcd", TINY.config(SimCLR(), "a", 3))
    with pytest.raises(
        ValueError, match=r"^group='MoCo': abcd with seed 3 diverges; choose other groups, and report this$"
    ):
        running.run_cell(cell, ["accuracy"], TINY, {}, tmp_path / "runs", tmp_path / "out", "cpu")


def test_what_was_not_trained_is_measured_without_training(tiny, monkeypatch, tmp_path):
    _, cell, _, first = tiny
    monkeypatch.setattr(running, "train", lambda *_, **__: pytest.fail("trained"))
    values = {}
    for encoder in ("initial", "pixels"):
        other = replace(cell, encoder=encoder)
        values[encoder] = running.run_cell(other, ("accuracy",), TINY, {}, tmp_path, tmp_path, "cpu")["values"]
    data = running.load_for(cell.config, {})
    train, test = (images.flatten(1) for images in (data.train_images, data.test_images))
    assert values["pixels"]["kNN"] == knn_accuracy(train, data.train_labels, test, data.test_labels)
    untrained = initial_encoder(cell.config.method, "small", 0).backbone
    train, test = (extract(untrained, x, torch.device("cpu")) for x in (data.train_images, data.test_images))
    assert values["initial"]["kNN"] == knn_accuracy(train, data.train_labels, test, data.test_labels)
    assert len({values["initial"]["kNN"], values["pixels"]["kNN"], first["values"]["kNN"]}) == 3


def test_other_measures_or_configurations_are_other_results(tiny):
    root, cell, measures, _ = tiny
    cpu = running.pick_device("cpu")
    base = running.result_file(root, cell, measures, cpu, [])
    assert running.result_file(root, cell, measures[:1], cpu, []) != base
    assert running.result_file(root, replace(cell, config=replace(cell.config, seed=1)), measures, cpu, []) != base


def test_an_edit_to_a_measure_gives_another_file(tiny, tmp_path, monkeypatch):
    """Of the measure itself, of the classifier it fits, or of the theory it rests on; in a copy of the tree."""
    top = Path(running.__file__).parents[2]
    for package in ("theory", "empirical"):
        ignored = shutil.ignore_patterns("__pycache__", "*.npz")
        shutil.copytree(top / package, tmp_path / package, ignore=ignored)

    def digest():
        code = "from empirical.provenance import source_digest; print(source_digest('empirical.experiments.running'))"
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
        return done.stdout.strip()

    root, cell, measures, _ = tiny
    cpu = running.pick_device("cpu")
    digests = [source_digest("empirical.experiments.running")]
    files = [running.result_file(root, cell, measures, cpu, [])]
    assert digest() == digests[0]
    for edited in (
        "empirical/experiments/running.py",
        "empirical/evaluation/probe.py",
        "theory/concentration/mainpart.py",
    ):
        with (tmp_path / edited).open("a") as file:
            file.write("\nEDITED = True\n")
        digests.append(digest())
        monkeypatch.setattr(running, "source_digest", lambda *_: digests[-1])
        files.append(running.result_file(root, cell, measures, cpu, []))
    assert len(set(digests)) == len(set(files)) == 4


def test_concentration_does_not_depend_on_the_encoder_and_falls_with_richer_views(tiny):
    _, cell, _, first = tiny
    data = running.load_for(cell.config, {})
    none = replace(cell, config=replace(cell.config, letters=""))

    def outside(which):
        return running.concentration(running.Trained(which, data, None, running.pick_device("cpu"), TINY, {}))[
            "1 - sigma"
        ]

    assert outside(cell) == first["values"]["1 - sigma"]
    assert outside(cell) <= outside(none)
    assert outside(none) > 0.3


def test_the_number_of_jobs_changes_nothing(tmp_path):
    experiment = Experiment(
        "toy",
        "Toy",
        lambda scale, seed: tuple(
            Cell("SimCLR", letters, replace(scale.config(SimCLR(), letters, seed), train_size=100))
            for letters in ("a", "e")
        ),
        ("accuracy",),
        ("kNN",),
        (Step("kNN", "e", "a"),),
    )
    found = [
        running.run_all(
            experiment, TINY, [0], jobs=jobs, paths={}, runs=tmp_path / f"runs{jobs}", out=tmp_path / f"out{jobs}",
            device="cpu", progress=False,
        )
        for jobs in (1, 2)
    ]  # fmt: skip
    one, two = ([{name: v for name, v in r.items() if name != "cpu_seconds"} for r in runs] for runs in found)
    assert one == two
    assert "Toy (toy, scale embedded" in tables.text(experiment, "embedded", found[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ("nonsense", "richness")),
        (["richness", "--scale", "huge"], ("huge", "embedded")),
        (["richness", "--seeds", "0"], ("--seeds=0", "1 or more")),
        (["richness", "--jobs", "-1"], ("--jobs=-1",)),
        (["richness", "--path", "cifar10"], ("cifar10", "DATA=PATH")),
        (["richness", "--scale", "paper"], ("cifar10", "never downloaded")),
        (["richness", "--device", "tpu"], ("tpu",)),
        (["richness", "--group", "BYOL"], ("BYOL", "SimCLR, Barlow Twins, MoCo, SimSiam")),
    ],
)
def test_bad_arguments_end_with_one_line(arguments, words, capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        empirical_main(["experiment", *arguments, "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(word in error for word in words)


def test_command_writes_what_it_prints(tmp_path, capsys, monkeypatch):
    experiment = replace(grid(("low", "high")), name="richness", reference="richness.csv")
    found = [run("g", row, s, kNN=value + 0.01 * s) for row, value in (("low", 0.1), ("high", 0.4)) for s in range(2)]
    monkeypatch.setattr(running, "run_all", lambda *_, **__: found)
    monkeypatch.setitem(cli.EXPERIMENTS, "richness", experiment)
    assert cli.main(["richness", "--seeds", "2", "--out", str(tmp_path), "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "holds" in printed
    assert "89.76" in printed  # the lecture's SimCLR on abcde
    written = json.loads((tmp_path / "experiment-richness.json").read_text())
    assert written["comparisons"][0]["verdict"] == "holds"
    assert written["says"] in printed
    assert written["made"]["cpu_minutes"] == pytest.approx(4 * 1.5)
    assert written["made"]["settings"] == {"epochs": 10}
    assert written["made"]["dataset"] == "fashion"

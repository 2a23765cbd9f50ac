import json

import pytest
import torch

from empirical import __main__ as cli
from empirical.experiments.study import balanced
from theory.theorem1 import FORMS

TINY = [
    "--data",
    "digits",
    "--epochs",
    "2",
    "--train-size",
    "300",
    "--samples-per-class",
    "4",
    "--n-views",
    "2",
    "--quiet",
]


def refused(arguments, capsys):
    """The one line on stderr of a refused command."""
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("contrastive-theory train: ")
    assert error.count("\n") == 1
    return error


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    arguments = [*TINY, "--runs", str(root / "runs"), "--out", str(root / "evidence"), "--device", "cpu"]
    assert cli.main(arguments) == 0
    return root, arguments


def test_a_study_writes_everything_the_report_reads(folders):
    root, _ = folders
    content = json.loads((root / "evidence" / "empirical-digits.json").read_text())
    assert content["dataset"] == "digits"
    assert [r["epoch"] for r in content["history"]] == [0, 1, 2]
    assert all({"alignment", "largest_product"} <= set(r) for r in content["history"])
    assert len(content["measurements"]) == 6
    assert {e["claim"] for e in content["evidence"]} == {
        "thm-1",
        *(f"thm-1-{name}" for name in (*FORMS, "per-class", "local")),
    }
    assert all(e["holds"] for e in content["evidence"])
    for measured in content["measurements"]:
        assert all(c["error"] >= measured["error_any_view"] - 1e-12 for c in measured["certificates"])


def test_a_finished_run_is_not_repeated_and_reports_the_same(folders, capsys):
    root, arguments = folders
    target = root / "evidence" / "empirical-digits.json"
    before, checkpoint = json.loads(target.read_text()), next((root / "runs").rglob("checkpoint.json"))
    stamp = checkpoint.stat().st_mtime_ns
    assert cli.main(arguments) == 0
    assert checkpoint.stat().st_mtime_ns == stamp
    assert json.loads(target.read_text()) == before
    shown = capsys.readouterr().out
    assert "accuracy on test images" in shown
    assert "last one reported" in shown


def test_a_curve_is_printed_and_leaves_the_weights_alone(folders, capsys, tmp_path):
    root, arguments = folders
    assert cli.main([*arguments, "--curve", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)]) == 0
    plain, content = (
        json.loads((folder / "empirical-digits.json").read_text()) for folder in (root / "evidence", tmp_path)
    )
    assert plain["curve"] == []
    assert [point["epoch"] for point in content["curve"]] == [1, 2]
    assert content["weights_sha256"] == plain["weights_sha256"]
    assert content["curve"][-1]["knn"] == content["evaluation"]["after"][0]["knn"]
    points = ", ".join(f"{point['knn']:.3f} ({point['cpu_minutes']:.1f})" for point in content["curve"])
    assert f"kNN(20) of the backbone, after CPU minutes of training: {points}\n" in capsys.readouterr().out


def test_a_truncated_checkpoint_is_named(folders, capsys, tmp_path):
    root, arguments = folders
    copy = tmp_path / "runs"
    source = next((root / "runs").rglob("checkpoint.json"))
    (copy / source.parent.name).mkdir(parents=True)
    (copy / source.parent.name / "checkpoint.json").write_bytes(source.read_bytes()[:100])
    arguments = [*arguments]
    arguments[arguments.index("--runs") + 1] = str(copy)
    error = refused(arguments, capsys)
    assert "checkpoint.json" in error
    assert "delete it" in error


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("--data cifar", ("cifar", "fashion")),
        ("--n-views 1", ("--n-views=1", "an integer in 2..10000")),
        ("--samples-per-class 0", ("0", "choose 1 to")),
        ("--samples-per-class 9999", ("9999", "choose 1 to")),
        ("--views xyz", ("xyz",)),
        ("--views aa", ("aa",)),
        ("--strength nan", ("nan",)),
        ("--epochs 0", ("epochs=0",)),
        ("--seed -1", ("seed", "-1")),
        ("--device tpu", ("tpu", "auto, cpu or cuda")),
        ("--train-size 99999", ("99999",)),
        ("--train-size 7", ("7",)),
        ("--clusters 1", ("clusters=1",)),
        ("--epochs many", ("'many' is not an integer",)),
        ("--speed 3", ("--speed",)),
    ],
)
def test_bad_arguments_get_one_line_and_status_2(words, parts, capsys, tmp_path):
    small = ["--data", "digits", "--epochs", "1", "--samples-per-class", "2", "--n-views", "2", "--quiet"]
    arguments = [*small, *words.split(), "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "evidence")]
    error = refused(arguments, capsys)
    assert all(part in error for part in parts)
    assert not (tmp_path / "evidence").exists()
    assert not (tmp_path / "runs").exists(), "a bad argument must be refused before training starts"


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks what happens without a GPU")
def test_asking_for_cuda_without_one_is_a_clear_error(capsys, tmp_path):
    arguments = [*TINY, "--device", "cuda", "--runs", str(tmp_path), "--out", str(tmp_path)]
    assert "torch finds no CUDA device" in refused(arguments, capsys)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_study_runs_on_cuda(tmp_path):
    assert cli.main([*TINY, "--device", "cuda", "--runs", str(tmp_path / "r"), "--out", str(tmp_path / "e")]) == 0
    assert json.loads((tmp_path / "e" / "empirical-digits.json").read_text())["device"] == "cuda"


def test_balanced_takes_the_first_of_each_class():
    labels = torch.tensor([0, 1, 0, 1, 1, 0])
    assert balanced(labels, 2).tolist() == [0, 2, 1, 3]

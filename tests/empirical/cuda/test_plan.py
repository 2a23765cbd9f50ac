"""One call: what fails costs itself and what needs it, and every other result is in the file."""

import json

import pytest

from empirical.cuda.__main__ import main
from empirical.cuda.plan import RESULT, SECONDS, Request, Stage, run_plan


def test_a_failing_stage_and_a_slow_one_lose_no_other(tmp_path):
    request = Request(None, str(tmp_path / "work"), str(tmp_path), "cpu", True)
    said = []
    plan = (
        (Stage("images", 500.0), Stage("no_such_stage", 500.0)),
        (Stage("training", 0.1, ("images",)),),
        (Stage("loops", None, ("no_such_stage",)),),
    )
    results = run_plan(request, plan, SECONDS, said.append)
    assert json.loads((tmp_path / RESULT).read_text()) == json.loads(json.dumps(results))
    stages = results["stages"]
    assert {name: stage["status"] for name, stage in stages.items()} == {
        "images": "done",
        "no_such_stage": "failed",
        "training": "timed out",
        "loops": "not begun",
    }
    assert stages["images"]["training"] == 100
    assert "ModuleNotFoundError" in stages["no_such_stage"]["error"]
    assert any("no_such_stage" in line for line in stages["no_such_stage"]["traceback"])
    assert stages["loops"]["reason"] == "needs no_such_stage"
    assert len(said) == 4
    assert results["machine"]["versions"]["torch"]


def test_what_has_no_time_left_is_not_begun(tmp_path):
    request = Request(None, str(tmp_path / "work"), str(tmp_path), "cpu", True)
    results = run_plan(
        request, ((Stage("images", None),), (Stage("loops", SECONDS, ("images",)),)), 10.0, lambda _: None
    )
    assert results["stages"]["images"] == {"status": "not begun", "reason": "no time is left"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", ("never downloaded", "make cuda CIFAR=PATH", "--rehearse")),
        ("--path nowhere.tar.gz", ("--path 'nowhere.tar.gz': no such file",)),
        ("--rehearse --minutes 0", ("--minutes=0.0: no time",)),
    ],
)
def test_bad_input_is_one_line_before_any_stage(words, told, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(part in error for part in told)
    assert list(tmp_path.iterdir()) == []

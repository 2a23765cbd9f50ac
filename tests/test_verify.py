"""`verify` runs the stages whose inputs or results are not as they were, and skips the others."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from contrastive_theory import __main__ as console
from contrastive_theory import stages, verify
from contrastive_theory.stages import STAGES, Stage
from empirical import provenance
from empirical.experiments import kept

ROOT = Path(__file__).resolve().parent.parent
FORMULA = '"""Prose."""\n\n\ndef half(x):\n    return x / 2\n'
COUNT = """
import json, os, pathlib, signal
from edited.formula import half

def main(words):
    pathlib.Path("build/evidence").mkdir(parents=True, exist_ok=True)
    pathlib.Path("build/evidence/count.json").write_text(json.dumps([half(10), words]))
    if pathlib.Path("kill").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return int(pathlib.Path("fail").exists())
"""
PAGE = """
import pathlib

def main(words):
    template = pathlib.Path(__file__).with_name("page.html").read_text()
    pathlib.Path("build/report").mkdir(parents=True, exist_ok=True)
    pathlib.Path("build/report/index.html").write_text(template + pathlib.Path("build/evidence/count.json").read_text())
    return 0
"""
CODE, READS = (f"changed since its last run: {name}" for name in ("code", "reads"))
PLANTED = (
    Stage("count", "count --seed 1", ("edited.count",), ("build/evidence/count.json",)),
    Stage("page", "page", ("edited.page",), ("build/report/*.html",), reads=("build/evidence/*.json",)),
)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A working folder with two commands of a package that can be edited."""
    package = tmp_path / "edited"
    package.mkdir()
    files = {"__init__.py": "", "formula.py": FORMULA, "count.py": COUNT, "page.py": PAGE, "page.html": "<p>"}
    for name, text in files.items():
        (package / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(provenance, "PACKAGES", ("edited",))
    monkeypatch.setattr(verify, "STAGES", PLANTED)
    for name in ("count", "page"):
        monkeypatch.setitem(console.COMMANDS, name, (f"edited.{name}:main", ""))
    yield tmp_path
    forget()


def forget():
    """As in a new process."""
    for cached in (provenance._tree, provenance._direct, provenance._code):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "edited"]:
        del sys.modules[name]


@pytest.fixture
def ran(planted, capsys):
    """ran(*words): the stages that `verify` ran, with what it said of each."""

    assert Path.cwd() == planted

    def run(*words, status=0):
        forget()
        assert verify.main(words) == status
        lines = [line.removeprefix("contrastive-theory ") for line in capsys.readouterr().err.splitlines()]
        skipped = [line for line in lines if line.startswith("verify: skipped ")]
        assert lines[len(lines) - len(skipped) :] == skipped
        done = {line.split()[0]: line.partition("  # ")[2] for line in lines if line not in skipped}
        left = [
            name for line in skipped for name in line.removeprefix("verify: skipped ").partition(":")[0].split(", ")
        ]
        assert status or sorted([*done, *left]) == ["count", "page"]
        return done

    return run


def edit(planted, name, old, new):
    text = (planted / "edited" / name).read_text()
    assert old in text
    (planted / "edited" / name).write_text(text.replace(old, new))


def test_what_has_not_changed_is_skipped(ran, planted):
    assert list(ran()) == ["count", "page"]
    written = (planted / "build/report/index.html").stat().st_mtime_ns
    assert ran() == {}
    assert (planted / "build/report/index.html").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("name", "old", "new", "run"),
    [
        ("formula.py", "x / 2", "x / 4", {"count": CODE, "page": READS}),
        ("formula.py", "x / 2", "0.5 * x", {"count": CODE}),  # to the same evidence
        ("formula.py", "Prose", "Other prose", {}),
        ("page.py", "template +", "template + ' ' +", {"page": CODE}),
        ("page.html", "<p>", "<b>", {"count": CODE, "page": CODE}),
    ],
)  # fmt: skip
def test_an_edit_of_code_runs_what_imports_it(name, old, new, run, ran, planted):
    ran()
    edit(planted, name, old, new)
    assert ran() == run
    assert ran() == {}


@pytest.mark.parametrize("damage", ["edited", "lost", "made with other options"])
def test_evidence_that_is_not_what_the_stage_left_is_made_again(damage, ran, planted):
    ran()
    evidence = planted / "build/evidence/count.json"
    before = evidence.read_bytes()
    if damage == "edited":
        evidence.write_bytes(before.replace(b"5", b"6"))
    elif damage == "lost":
        evidence.unlink()
    else:
        console.main(["count", "--seed", "2"])
        assert evidence.read_bytes() != before
    assert ran() == {"count": "not as it left them: build/evidence/count.json"}
    assert evidence.read_bytes() == before


def test_another_option_or_package_runs_the_stage(ran, monkeypatch):
    ran()
    monkeypatch.setattr(verify, "STAGES", (replace(PLANTED[0], command="count --seed 3"), PLANTED[1]))
    assert ran() == {"count": "changed since its last run: command", "page": READS}
    monkeypatch.setattr(stages, "_versions", lambda: {"numpy": "0"})
    assert list(ran().values()) == ["changed since its last run: packages"] * 2


def test_a_stage_that_failed_or_was_killed_runs_again(ran, planted):
    """Also where it had already written what the code as it is now makes."""
    ran()
    edit(planted, "formula.py", "x / 2", "x / 4")
    (planted / "fail").touch()
    assert list(ran(status=1)) == ["count"]
    (planted / "fail").rename(planted / "kill")
    code = (
        "from empirical import provenance; provenance.PACKAGES = ('edited',)\n"
        "from contrastive_theory import __main__ as console, verify\nfrom tests.test_verify import PLANTED\n"
        "verify.STAGES = PLANTED; console.COMMANDS['count'] = ('edited.count:main', '')\nverify.main([])"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{planted}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=planted, env=environment, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert json.loads((planted / "build/evidence/count.json").read_text())[0] == 2.5
    (planted / "kill").unlink()
    assert list(ran()) == ["count", "page"]
    assert ran() == {}


@pytest.mark.parametrize("content", ["", "[]", '{"inputs": {}, "results": {}}'])
def test_a_record_that_cannot_be_read_counts_for_nothing(content, ran, planted):
    ran()
    (planted / "build/verify/page.json").write_text(content)
    assert ran() == {"page": "it has no record of a run that ended well"}


def test_what_is_asked_for_is_made_afresh(ran):
    ran()
    assert ran("--recompute", "count") == {"count": "asked for"}


def test_a_training_that_is_asked_for_starts_from_nothing(planted, monkeypatch):
    """In a folder of checkpoints of its own, which is there until it has ended well."""
    seen = []

    def train(words):
        seen.append(words)
        folder = Path(words[-1])
        resumed = folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        return 0 if resumed else 1

    monkeypatch.setattr(console, "function", lambda _: train)
    monkeypatch.setattr(verify, "STAGES", (Stage("train-digits", "train --data digits", ("edited",), ()),))
    assert verify.main(["--recompute", "train-digits"]) == 1
    assert verify.main(["--recompute", "train-digits"]) == 0
    assert seen == 2 * [["--data", "digits", "--runs", "build/recompute/train-digits/runs"]]
    assert not (planted / "build/recompute/train-digits").exists()


@pytest.mark.usefixtures("planted")
def test_a_kept_result_is_made_by_the_command_that_made_it(monkeypatch, capsys):
    monkeypatch.setattr(verify, "STAGES", ())
    ran = []
    monkeypatch.setattr(console, "function", lambda place: lambda words: ran.append((place, *words)) or 0)
    words = ["--recompute", "factors-cifar-cpu", "--path", "cifar10=data"]
    assert verify.main(words) == 0
    assert ran[0][:6] == ("empirical.experiments.__main__:main", "factors", "--scale", "cifar-cpu", "--group", "abcd")
    assert ran[0][6:] == (
        *("--seeds", "2", "--jobs", "2", "--path", "cifar10=data", "--runs"),
        "build/recompute/factors-cifar-cpu/runs",
    )
    with pytest.raises(SystemExit) as stop:
        verify.main(["--recompute", "factors-cifar"])
    assert stop.value.code == 2
    assert "--recompute=factors-cifar: unknown; did you mean factors-cifar-cpu?" in capsys.readouterr().err


def test_every_kept_result_names_its_command_with_options_that_it_has(capsys):
    helps = {}
    for name, path in kept.names().items():
        command, *words = kept.command(path)
        assert path.stem == name
        assert name.startswith((f"{command}-", f"{words[0]}-"))
        if command not in helps:
            with pytest.raises(SystemExit) as stop:
                console.main([command, "--help"])
            assert stop.value.code == 0
            helps[command] = capsys.readouterr().out
        assert all(f"{word} " in helps[command] for word in words if word.startswith("--"))
    assert len(helps) == 5


def test_the_place_of_data_reaches_each_command_in_its_own_form():
    names = kept.names()
    words = kept.command(names["class-frontiers-folder-2ac53b5f"], ["folder=a=b", "cifar10=c"])
    assert words[:5] == ["class-frontiers", "--data", "folder", "--n", "500"]
    assert words[-4:] == ["f 0.5", "f 0.75", "--path", "a=b"]
    assert kept.command(names["factors-cifar-cpu"], ["folder=a"])[-2:] == ["--path", "folder=a"]
    assert "--path" not in kept.command(names["concentration-fashion"], ["folder=a"])


def test_the_inputs_of_a_stage_are_its_code_data_and_packages():
    """Of each a witness far from the command itself."""
    by_name = {stage.name: stage for stage in STAGES}
    assert len(by_name) == len(STAGES)
    modules = {name: {m for n in stage.code for m in stages._modules_below(n)} for name, stage in by_name.items()}
    assert {"theory.arcl.domains", "theory.theorem1.proofs.printed"} <= modules["claims"]
    assert {"figures.phase", "figures.explorer", "empirical.results"} <= modules["report"]
    assert "empirical.views.warps" in provenance.imported_modules(*modules["audit"])
    assert "empirical.training.methods.moco" in provenance.imported_modules(*modules["train-digits"])
    beside = {
        name: {path.name for path in stages._files_beside(provenance.imported_modules(*modules[name]))}
        for name in ("claims", "train-fashion", "report")
    }
    assert {"Theorem1.v", "checked.json"} <= beside["claims"]
    assert "fashion_mnist_subset.npz" in beside["train-fashion"]
    assert {"index.html", "forms.js", "base.html", "style.css", "factors-cifar-cpu.json"} <= beside["report"]
    assert (
        stages._versions() | {"torch": metadata.version("torch"), "mpmath": metadata.version("mpmath")}
        == stages._versions()
    )
    assert not {"pytest", "ruff", "sphinx"} & stages._versions().keys()

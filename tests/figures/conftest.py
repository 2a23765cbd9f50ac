"""Evidence from every stage, small, for all tests of the report."""

import json
import shutil

import pytest

from empirical import __main__ as empirical
from empirical.audit import __main__ as audit
from figures import __main__ as figures

DIGITS = "--data digits --epochs 1 --train-size 300 --samples-per-class 4 --n-views 2 --quiet --device cpu"
AUDIT = "--encoder sklearn.random_projection:GaussianRandomProjection --head clusters --n-views 2 --quiet --device cpu"


@pytest.fixture(scope="session")
def evidence(once, theory_run, simulate_run):
    """A folder to read only: all workers have the same one."""

    def make(folder):
        out = folder / "out"
        for run in (theory_run, simulate_run):
            assert json.loads((run / "run.json").read_text())["status"] == 0
            shutil.copytree(run / "build" / "evidence", out, dirs_exist_ok=True)
        assert empirical.main([*DIGITS.split(), "--runs", str(folder / "runs"), "--out", str(out)]) == 0
        arguments = '{"n_components": 8, "random_state": 0}'
        folders = ["--out", str(folder / "audit"), "--evidence", str(out)]
        assert audit.main([*AUDIT.split(), "--arguments", arguments, *folders]) == 0

    return once("evidence", make) / "out"


@pytest.fixture(scope="session")
def written(once, evidence):
    """The report of this evidence with its figures, to read only."""

    def make(folder):
        assert figures.main(["--evidence", str(evidence), "--out", str(folder / "out")]) == 0

    return once("report", make) / "out"

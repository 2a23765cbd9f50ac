"""In CI a skipped test fails, unless it needs CUDA or torchvision."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = """
import pytest

def test_solver():
    pytest.importorskip("a_solver_that_nobody_has")

@pytest.mark.skipif(True, reason="no CUDA device")
def test_device():
    pass

@pytest.mark.xfail(strict=True)
def test_known():
    assert False
"""


@pytest.mark.parametrize(
    ("words", "ci", "status", "says"),
    [
        ([], "", 0, "2 skipped, 1 xfailed"),
        (["--no-skips"], "", 1, "1 failed, 1 skipped, 1 xfailed"),
        ([], "true", 1, "1 failed, 1 skipped, 1 xfailed"),
    ],
)
def test_only_what_needs_a_gpu_may_skip_in_ci(words, ci, status, says, tmp_path):
    (tmp_path / "test_sample.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    start = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "-n", "0", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CI": ci}
    done = subprocess.run(start, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert says in done.stdout

"""The tests that are marked `cuda`, by pytest, in the files that hold such tests."""

import re
import subprocess
import sys
import time
from pathlib import Path

from empirical.cuda.plan import Request
from empirical.cuda.stage import Notes

MARK = "pytest.mark.cuda"
TESTS = Path("tests")
OUTCOME = re.compile(r"^(\S+::\S+.*?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)", re.MULTILINE)
SHARE = 0.9
"""Of the stage's time, for pytest."""


def run(request: Request, notes: Notes) -> None:
    """Run them; each outcome, and pytest's own words for those that failed. Raises ValueError where there are none."""
    files = sorted(str(path) for path in TESTS.rglob("test_*.py") if MARK in path.read_text(encoding="utf-8"))
    if not files:
        raise ValueError(f"{TESTS.absolute()}: no test is marked cuda; run this in the repository's folder")
    pytest = [sys.executable, "-m", "pytest", "-v", "--color=no", "--tb=short", "-m", "cuda", "-p", "no:cacheprovider"]
    # A warning of other versions than the pinned ones is no failure of the device.
    words = [*pytest, "-p", "empirical.cuda.stand_ins", "-W", "default", "--continue-on-collection-errors", *files]
    log = Path(request.work) / "stages" / "pytest.log"
    with log.open("wb") as output:
        try:
            seconds = SHARE * (request.deadline - time.time())
            status: int | None = subprocess.run(
                words, stdout=output, stderr=subprocess.STDOUT, timeout=seconds, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            status = None
    text = log.read_text(encoding="utf-8", errors="replace")
    outcomes = dict(OUTCOME.findall(text))
    counts = {
        word: sum(1 for outcome in outcomes.values() if outcome == word) for word in sorted(set(outcomes.values()))
    }
    notes.add(files=len(files), pytest=status, counts=counts, outcomes=outcomes, last=text.splitlines()[-1:])
    if status != 0:
        notes.add(output=text.splitlines()[-200:])
        raise RuntimeError(
            f"pytest ended with {status}: {counts}" if status is not None else f"pytest ran out of time: {counts}"
        )

"""The report, killed or out of disk space at any moment: the next one writes the bits of a calm one."""

import json

import pytest

from tests.test_disturbed import full_at_random, killed_at_random, needs_fork
from theory.digests import write_evidence

pytestmark = [pytest.mark.slow, needs_fork]


@pytest.mark.parametrize("disturbed_at_random", [killed_at_random, full_at_random])
def test_the_report(disturbed_at_random, evidence, tmp_path):
    """Of one claim, since each takes a while to set, and of every other stage whole."""
    for path in evidence.glob("*.json"):
        content = json.loads(path.read_bytes())
        write_evidence(tmp_path / "evidence" / path.name, content[:1] if path.name == "theory.json" else content)
    disturbed_at_random("report", tmp_path, 20)

"""The report, killed or out of disk space at any moment: the next one writes the bits of a calm one."""

import shutil

import pytest

from tests.test_disturbed import full_at_random, killed_at_random, needs_fork

pytestmark = [pytest.mark.slow, needs_fork]


@pytest.mark.parametrize("disturbed_at_random", [killed_at_random, full_at_random])
def test_the_report(disturbed_at_random, evidence, tmp_path):
    shutil.copytree(evidence, tmp_path / "evidence")
    disturbed_at_random("report", tmp_path)

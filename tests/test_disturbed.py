"""Commands that are killed, or run out of disk space, at any moment: the next run ends with the bits of a calm one."""

import os
import shutil
import subprocess

import pytest

from tests.disturbance import COMMANDS, ends, moments

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
pytestmark = needs_fork
KILLS, DISKS = 50, 20


def test_a_command_that_was_killed_or_out_of_space_ends_with_the_bits_of_a_calm_one(tmp_path):
    commands = ("audit", "concentration", "experiment")
    told = ends(commands, tmp_path, kills=moments(1), writes=moments(1), full=moments(1))
    assert [told[command]["full"] for command in commands] == [[2]] * 3


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "report"])
def test_fifty_kills(command, tmp_path):
    killed_at_random(command, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "report"])
def test_twenty_full_disks(command, tmp_path):
    full_at_random(command, tmp_path)


def killed_at_random(command, root):
    """Fifty kills spread over the run's time, which meet it before its first write and between two, and twenty at writes."""
    told = ends([command], root, kills=moments(KILLS), writes=moments(DISKS))[command]
    assert len(told["kills"]) == KILLS
    assert min(told["kills"]) == 0 < max(told["kills"])


def full_at_random(command, root):
    """Twenty writes that meet a full disk, and, where one may mount, twenty disks that are too small from the start."""
    told = ends([command], root, full=moments(DISKS))[command]
    assert told["full"] == [2] * DISKS
    if not may_mount():
        pytest.skip("needs the right to mount a file system")
    disks = ends([command], root / "mounted", "unshare", "-m", disks=moments(DISKS))[command]["disks"]
    assert set(disks) <= {0, 2}
    assert disks.count(2) >= DISKS // 2


def may_mount():
    words = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return (
        shutil.which("unshare") is not None and subprocess.run(words, capture_output=True, check=False).returncode == 0
    )

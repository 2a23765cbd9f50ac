"""Commands that are killed, or run out of disk space, at any moment: the next run ends with the bits of a calm one."""

import os
import shutil
import subprocess

import pytest

from tests.disturbance import COMMANDS, ends, moments

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
pytestmark = needs_fork


def test_a_command_that_was_killed_or_out_of_space_ends_with_the_bits_of_a_calm_one(tmp_path):
    commands = ("audit", "experiment")  # the others: below
    told = ends(commands, tmp_path, kills=moments(1), writes=moments(1), full=moments(1))
    assert [told[command]["full"] for command in commands] == [[2]] * 2


COMMANDS_ALONE = [name for name in COMMANDS if name != "report"]  # the report has evidence to be made: tests/figures


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS_ALONE)
def test_fifty_kills(command, tmp_path):
    killed_at_random(command, tmp_path, 50)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS_ALONE)
def test_twenty_full_disks(command, tmp_path):
    full_at_random(command, tmp_path, 20)


def killed_at_random(command, root, number):
    """So many kills, spread over the run's time, and ten at writes, as some commands take little of their time to write."""
    told = ends([command], root, kills=moments(number), writes=moments(10))[command]
    stages = told["kills"] + told["writes"]
    assert len(stages) == number + 10
    assert min(stages) == 0 < max(stages)


def full_at_random(command, root, number):
    """So many writes that meet a full disk and, where one may mount, ten disks that are too small from the start."""
    mount = may_mount()
    prefix, disks = (("unshare", "-m"), moments(10)) if mount else ((), [])
    told = ends([command], root, *prefix, full=moments(number), disks=disks)[command]
    assert told["full"] == [2] * number
    if not mount:
        pytest.skip("needs the right to mount a file system")
    assert set(told["disks"]) <= {0, 2}
    assert told["disks"].count(2) >= 5


def may_mount():
    words = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return (
        shutil.which("unshare") is not None and subprocess.run(words, capture_output=True, check=False).returncode == 0
    )

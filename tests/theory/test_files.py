"""Files that are whole or not there, under two writers, a full disk and a kill; locks that end with their process."""

import errno
import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.fresh import fresh_packages
from theory import files
from theory.files import lock_in_turn, lock_or_refuse, write_bytes, write_json, write_text

ROOT = Path(__file__).resolve().parents[2]


def start(code: str, *words: object, stdout: int | None = None) -> "subprocess.Popen[str]":
    """A Python process that runs `code`."""
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdout=stdout, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


def test_what_is_written_is_read_in_folders_that_did_not_exist(tmp_path):
    path = tmp_path / "a" / "b.json"
    write_json(path, {"count": np.int64(3), "level": np.float32(0.5), "met": np.bool_(True), "name": "é"})
    assert json.loads(path.read_text()) == {"count": 3, "level": 0.5, "met": True, "name": "é"}
    write_text(path, "é\udcff\n")
    assert path.read_bytes() == "é\\udcff\n".encode()
    assert list(path.parent.iterdir()) == [path]
    reference = tmp_path / "plain"
    reference.write_text("")
    assert path.stat().st_mode == reference.stat().st_mode


@pytest.mark.parametrize("content", [float("nan"), float("inf"), {"x": object()}])
def test_what_json_does_not_have_leaves_the_old_file(content, tmp_path):
    path = tmp_path / "x.json"
    write_json(path, 1)
    with pytest.raises((ValueError, TypeError)):
        write_json(path, content)
    assert path.read_text() == "1\n"


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_refuses_is_named_with_the_file_and_leaves_the_old_one(call, number, tmp_path, monkeypatch):
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(OSError, match=r"x\.txt") as caught:
            write_text(path, "new")
    assert caught.value.errno == number
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
from pathlib import Path
from theory.files import write_json
for step in range(150):
    write_json(Path(sys.argv[1]), [int(sys.argv[2])] * 2000)
"""


def test_two_processes_that_write_one_file_leave_a_whole_one_at_every_moment(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, [0] * 2000)
    writers = [start(WRITER, path, number) for number in (1, 2)]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        content = json.loads(path.read_text())
        assert len(content) == 2000
        seen |= set(content)
        assert len(set(content)) == 1
    assert [writer.wait() for writer in writers] == [0, 0]
    assert seen & {1, 2}
    assert list(tmp_path.iterdir()) == [path]


HOLDER = """
import sys, time
from pathlib import Path
from theory.files import lock_or_refuse
with lock_or_refuse(Path(sys.argv[1]), "held"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_keeps_another_process_away_and_does_not_survive_a_kill(tmp_path):
    path = tmp_path / "run.lock"
    with start(HOLDER, path, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="somebody trains"), lock_or_refuse(path, "somebody trains"):
            pytest.fail("two hold the lock")
        os.kill(holder.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    with lock_or_refuse(path, "it survived"):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_let_go_by_an_error_and_is_not_taken_twice_in_one_process(tmp_path):
    path = tmp_path / "run.lock"
    with pytest.raises(ValueError, match="held"), lock_or_refuse(path, "free"), lock_or_refuse(path, "held"):
        pytest.fail("two hold the lock")
    with lock_or_refuse(path, "held"):
        pass


COUNTER = """
import sys
from pathlib import Path
from theory.files import lock_in_turn
count = Path(sys.argv[1])
for _ in range(100):
    with lock_in_turn(count.with_suffix(".lock")):
        count.write_text(str(int(count.read_text()) + 1))
"""


def test_processes_that_take_turns_lose_no_step(tmp_path):
    count = tmp_path / "count.txt"
    count.write_text("0")
    workers = [start(COUNTER, count) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert count.read_text() == "300"
    assert list(tmp_path.iterdir()) == [count]


def test_a_lock_in_a_folder_that_cannot_be_used_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"run\.lock"), lock_in_turn(tmp_path / "missing" / "run.lock"):
        pytest.fail("locked nothing")


def test_windows_locks_by_its_own_module(tmp_path, monkeypatch):
    """With a stand-in for msvcrt: the file is locked, and a lock that is held is seen by the error of that module."""

    class Msvcrt:
        LK_NBLCK = 2
        held = False

        def locking(self, descriptor, mode, count):
            assert os.fstat(descriptor)
            assert (mode, count) == (2, 1)
            if self.held:
                raise PermissionError(errno.EACCES, "Permission denied")

    stand_in = Msvcrt()
    monkeypatch.setattr(files.importlib, "import_module", lambda name: {"msvcrt": stand_in}[name])
    monkeypatch.setattr(files.os, "name", "nt")
    path = os.fspath(tmp_path / "run.lock")
    descriptor = files._try_lock(path)
    assert descriptor is not None
    stand_in.held = True
    assert files._try_lock(path) is None
    files._release(path, descriptor)


def test_no_module_of_one_system_only_is_imported_at_the_top(monkeypatch):
    for name in ("fcntl", "msvcrt", "resource"):
        monkeypatch.setitem(sys.modules, name, None)
    with fresh_packages():
        importlib.import_module("empirical.training.loop")


def test_write_bytes_replaces_a_longer_file(tmp_path):
    path = tmp_path / "x"
    write_bytes(path, b"long content")
    write_bytes(path, b"s")
    assert path.read_bytes() == b"s"

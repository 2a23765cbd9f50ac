"""Evidence and the hash beside it."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from theory import digests
from theory.digests import read_evidence, recorded, write_evidence

ROOT = Path(__file__).resolve().parents[2]


def agree(path):
    return recorded(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_hash_is_that_of_the_file_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "theory.json"
    for content in ([1], {"a": "caf\udce9"}):
        write_evidence(path, content)
        assert agree(path)
    assert sorted(p.name for p in path.parent.iterdir()) == ["theory.json", "theory.json.sha256"]
    assert (path.parent / "theory.json.sha256").read_text() == f"{recorded(path)}  theory.json\n"


def test_without_a_hash_there_is_none(tmp_path):
    assert recorded(tmp_path / "theory.json") is None


def test_a_hash_that_was_not_written_in_time_does_not_match(tmp_path, monkeypatch):
    path = tmp_path / "theory.json"
    write_evidence(path, 1)
    monkeypatch.setattr(digests, "write_text", lambda *_: None)  # the process was killed before it
    write_evidence(path, 2)
    assert not agree(path)


def test_a_pipe_or_a_folder_in_place_of_evidence_is_refused_without_waiting(tmp_path):
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("folder.json", "pipe.json"):
        with pytest.raises(ValueError, match=f"{name}: no regular file; run it again"):
            read_evidence(tmp_path / name, "run it again")


def test_two_writers_leave_a_file_and_its_own_hash(tmp_path):
    path = tmp_path / "theory.json"
    code = (
        "import sys; from pathlib import Path; from theory.digests import write_evidence\n"
        "for i in range(40): write_evidence(Path(sys.argv[1]), [sys.argv[2]] * i)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), who], env=environment) for who in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert agree(path)

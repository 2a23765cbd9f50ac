"""`contrastive-theory`: its commands, their options, and the one status and line with which whatever goes wrong ends."""

import errno
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import joblib
import pytest
import z3

import contrastive_theory
from contrastive_theory import __main__ as console
from contrastive_theory import stages, verify
from theory import files, ledger
from theory.command import OneLineParser, exit_status, output_folder

ROOT = Path(__file__).resolve().parent.parent
START = [sys.executable, "-m", "contrastive_theory"]
RUNNABLE = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for package in ("empirical", "figures", "simulate", "theory")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "\n    launch(" in path.read_text(encoding="utf-8")
]
"""Modules that `python -m` runs as commands."""
QUICK = ["claims", "--claim", "lemma-3.1"]
MONTE_CARLO = ["gaussian", "--delta", "0.5", "--spreads", "0.3", "--false-alarm", "0.01"]


class OutOfMemoryError(RuntimeError):
    """As torch names what it raises."""


def environment(**changes):
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def ended(main):
    """The status with which `exit_status` ends a main function that does this."""
    return exit_status(lambda _: main())


def raiser(error):
    def main():
        raise error

    return main


# commands


def test_without_a_command_all_are_listed(capsys):
    assert console.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = [line.split()[0] for line in lines if line.startswith("  ")]
    assert shown == list(console.COMMANDS)
    assert len({line.index(console.COMMANDS[line.split()[0]][1]) for line in lines if line.startswith("  ")}) == 1


@pytest.mark.parametrize("command", console.COMMANDS)
def test_every_command_shows_its_options_and_speaks_the_one_vocabulary(command, capsys):
    with pytest.raises(SystemExit) as stop:
        console.main([command, "--help"])
    usage, _, shown = capsys.readouterr().out.partition("\n\n")
    assert stop.value.code == 0
    assert usage.startswith(f"usage: contrastive-theory {command} ")
    assert not re.search(r"--(letters|count|workers|progress)\b", usage + shown)
    for option, value in (("views", "KIND"), ("n-views", "N"), ("seed", "N"), ("jobs", "N"), ("out", "OUT")):
        assert set(re.findall(rf"\[--{option} (.*?)\]", usage)) <= {value}


def test_the_version_comes_without_loading_anything():
    code = (
        "import sys\nfrom contrastive_theory.__main__ import main\ntry: main(['--version'])\nexcept SystemExit as e: "
    )
    code += "sys.exit(e.code or ('numpy' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert re.fullmatch(r"contrastive-theory \S+\n", done.stdout)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("veryfy", "command=veryfy: unknown; did you mean verify? choose one of verify, claims, "),
        ("zzz", "command=zzz: unknown; choose one of verify, claims, "),
        ("--verison", "unrecognized arguments: --verison; did you mean --version?"),
        ("claims --claim lemma-32", "--claim=lemma-32: unknown; did you mean lemma-3.2 or "),
        ("claims --jsn", "unrecognized arguments: --jsn; did you mean --json?"),
        ("train --data fashon", "--data=fashon: unknown; did you mean fashion?"),
        ("train --method simclar", "--method=simclar: unknown; did you mean simclr or "),
        ("experiment richnes", "experiment=richnes: unknown; did you mean richness?"),
        ("experiment richness --scale papers", "--scale=papers: unknown; did you mean paper?"),
        ("cluster --data digit", "--data=digit: unknown; did you mean digits?"),
        ("concentration --data fashon", "--data=fashon: unknown; did you mean fashion?"),
        ("check none.json", "none.json"),
        ("gaussian --jobs 0", "--jobs=0: too few; use 1 or more"),
        ("gaussian --jobs two", "argument --jobs: 'two' is not an integer"),
        ("verify --fast", "unrecognized arguments: --fast"),
    ],
)
def test_bad_words_end_in_one_line_that_offers_the_nearest(words, message, capsys):
    with pytest.raises(SystemExit) as stop:
        console.main(words.split())
    captured = capsys.readouterr()
    assert stop.value.code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("contrastive-theory")
    assert message in captured.err


def test_verify_runs_the_stages_in_order_and_stops_at_the_first_that_fails(monkeypatch, capsys, tmp_path):
    ran = []

    def stage(place):
        def command(words):
            ran.append((place, *words))
            return 1 if place.startswith("empirical.training") else 0

        return command

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "function", stage)
    monkeypatch.setattr(stages, "source_digest", lambda *_: "")
    assert verify.main([]) == 1
    assert [words[0].partition(":")[0] for words in ran] == [
        "theory.__main__",
        "simulate.__main__",
        "empirical.__main__",
        "empirical.__main__",
        "empirical.training.clustering",
    ]
    assert ran[2][1:] == ("--data", "fashion")
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "contrastive-theory cluster --data digits  # it has no record of a run that ended well"


def test_what_the_package_names_is_there():
    for name in contrastive_theory.__all__:
        assert getattr(contrastive_theory, name) is not None
    assert contrastive_theory.claims is ledger.claims
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = contrastive_theory.nothing


# the ends


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted; give the same command again"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), 2, "a/b: No space left on device; free some space"),
        (OSError(errno.EROFS, "Read-only file system", "a"), 2, "a: Read-only file system; give a folder that can be"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), 2, "a: Permission denied; give a path that you may"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a"), 2, "a: No such file or directory; check"),
        (MemoryError(), 2, "the memory is used up"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            2,
            "the memory is used up",
        ),
        (OutOfMemoryError("CUDA out of memory"), 2, "the memory is used up"),
        (BrokenProcessPool("terminated"), 2, "a worker process was ended from outside"),
    ],
)
def test_what_is_not_the_fault_of_the_program_ends_in_one_line(error, status, message, capsys):
    assert ended(raiser(error)) == status
    printed = capsys.readouterr().err
    assert printed.count("\n") == (1 if message else 0)
    assert message in printed


@pytest.mark.parametrize(
    "error",
    [RuntimeError("odd"), ValueError("odd"), ZeroDivisionError("odd"), BaseException("odd"), ImportError("odd")],
)
def test_an_error_of_the_program_is_never_taken_for_a_contradiction(error, capsys):
    assert ended(raiser(error)) == 70
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert f"{type(error).__name__}: odd" in printed
    assert printed.splitlines()[-1].endswith("/issues")


@pytest.mark.parametrize("code", [None, 0, 1, 2, 3, -1, "odd"])
def test_code_that_ends_the_program_cannot_set_its_status(code, capsys):
    assert ended(raiser(SystemExit(code))) == 70
    assert f"ended the program, with status {code!r}" in capsys.readouterr().err


def test_a_parser_sets_the_status():
    parser = OneLineParser("test")
    for words, status in ((["--help"], 0), (["--version"], 0), (["--odd"], 2)):
        assert ended(lambda words=words: parser.parse_words(words)) == status


@pytest.mark.parametrize("module", RUNNABLE)
def test_an_error_of_its_imports_is_no_contradiction(module, tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('no numpy here')")
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    words = [sys.executable, "-m", module]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(PYTHONPATH=path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert "ImportError: no numpy here" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("/issues")


def test_a_worker_that_was_killed_is_no_error_of_the_program(capsys):
    def main():
        kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
        return joblib.Parallel(n_jobs=2)(joblib.delayed(exec)(kill) for _ in range(2))

    assert ended(main) == 2
    printed = capsys.readouterr().err
    assert "a worker process was ended from outside" in printed
    assert "Traceback" not in printed


def test_where_pipes_cannot_be_polled_a_broken_one_counts_as_closed(monkeypatch):
    monkeypatch.delattr(select, "poll")
    assert ended(raiser(BrokenPipeError(errno.EPIPE, "Broken pipe"))) == 141


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_status_of_a_command_is_kept(status):
    assert ended(lambda: status) == status


def test_a_full_disk_is_said_of_the_file_that_did_not_fit(tmp_path, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    assert ended(lambda: files.write_json(tmp_path / "theory.json", [])) == 2
    assert f"{tmp_path / 'theory.json'}: No space left on device; free some space" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_to_a_full_disk():
    with open("/dev/full", "w") as full:
        done = subprocess.run([*START, *QUICK], env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"the output: No space left on device; free some space" in done.stderr


@pytest.mark.parametrize("words", ["claims --claim mono", "--help", "train --help"])
def test_a_closed_pipe_ends_quietly(words, tmp_path):
    pipe = f"set -o pipefail; {' '.join(START)} {words} | head -1"
    done = subprocess.run(
        ["bash", "-c", pipe], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 141)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_a_reader_that_never_reads_ends_it_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*START, *QUICK], env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""


def test_ctrl_c_says_how_to_go_on(tmp_path):
    code = (
        "from theory import __main__ as command\n"
        "gather = command.gather\n"
        "command.gather = lambda *words: print('checking', flush=True) or gather(*words)\n"
        "from contrastive_theory.__main__ import entry; import sys; sys.exit(entry())"
    )
    words = [sys.executable, "-c", code, "claims", "--out", str(tmp_path / "evidence")]
    with subprocess.Popen(
        words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "checking\n"
        time.sleep(1)  # it checks claims by then, and has written nothing yet
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate()
    assert process.returncode == 130
    assert printed.count("\n") == 1
    assert "give the same command again" in printed
    assert not (tmp_path / "evidence").exists()


def test_ctrl_c_while_an_object_is_deleted_is_not_lost():
    class Deleted:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def main():
        Deleted()
        time.sleep(1)
        return 0

    assert ended(main) == 130


def test_z3_leaves_ctrl_c_to_python(monkeypatch):
    """It would end a check with "unknown", or take the signal in silence where it has its answer already."""
    settings, setter = [], z3.Solver.set
    monkeypatch.setattr(z3.Solver, "set", lambda solver, *pair: settings.append(pair) or setter(solver, *pair))
    (claim,) = (claim for claim in ledger.claims() if claim.id == "lemma-3.1")
    assert ledger.verdict(claim, ledger.gather(claim)) is ledger.Verdict.PROVED
    assert ("ctrl_c", False) in settings


def test_a_console_that_lacks_a_character_shows_its_code():
    code = (
        "from theory.command import exit_status; import sys; sys.exit(exit_status(lambda _: print('ε \\udcff') or 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(PYTHONIOENCODING="ascii"), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"\\u03b5 \\udcff\n"


@pytest.mark.parametrize(("quiet", "shown"), [([], True), (["--quiet"], False)])
def test_a_bar_is_drawn_on_a_terminal_only(quiet, shown):
    reading, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    done = subprocess.run(
        [*START, *MONTE_CARLO, *quiet], env=environment(), stdout=subprocess.PIPE, stderr=terminal, check=False
    )
    os.close(terminal)
    assert done.returncode == 0
    try:
        drawn = os.read(reading, 1 << 16)
    except OSError:  # nothing was written, and the other end is closed
        drawn = b""
    os.close(reading)
    assert (b"quantity" in drawn) == shown


def test_no_bar_is_drawn_into_a_file():
    done = subprocess.run([*START, *MONTE_CARLO], env=environment(), capture_output=True, check=True)
    assert done.stderr == b""


# folders


@pytest.mark.parametrize("words", ["claims", "simulate", "train --data digits", "cluster", "experiment richness"])
def test_a_folder_that_cannot_be_written_is_said_before_the_work(words, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        console.main([*words.split(), "--out", str(tmp_path / "file" / "deep")])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"contrastive-theory .*: --out='.*/file/deep': cannot be written \(.*\n", captured.err)


def test_trying_a_folder_leaves_nothing_behind(tmp_path):
    assert output_folder("--out", tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not list(tmp_path.iterdir())
    for name in ("a\0b", "x" * 400, "\udcff"):
        with pytest.raises(ValueError, match=r"^--out='.*': cannot be written \(.+\); give another folder$"):
            output_folder("--out", tmp_path / name)


def test_numbers_below_zero_are_values_and_no_options():
    parser = OneLineParser("test")
    parser.share("seed")
    assert parser.parse_words(["--seed", "-3"]).seed == -3

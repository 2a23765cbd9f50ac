"""Nothing depends on what surrounds a run: locale, time zone, home, caches, python -OO, files in the working folder."""

import ast
import json
import os
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contrastive_theory.__main__ import main
from tests.fresh import PACKAGES
from theory.command import exit_status

ROOT = Path(__file__).resolve().parent.parent
NOT_EVERYWHERE = {
    "curses",
    "fcntl",
    "grp",
    "msvcrt",
    "posix",
    "pty",
    "pwd",
    "resource",
    "syslog",
    "termios",
    "tty",
    "winreg",
}
HOSTILE = {
    "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict", "TZ": "Asia/Tokyo",
    "HOME": os.devnull, "XDG_CACHE_HOME": os.devnull, "MPLCONFIGDIR": os.devnull, "NUMBA_CACHE_DIR": os.devnull,
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "7",
}  # fmt: skip
ENTRY = "import sys; from contrastive_theory.__main__ import entry; sys.exit(entry())"


def run(words, folder, options=(), **changes):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    command = [sys.executable, "-P", *options, "-c", ENTRY, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


def audit(folder, words):
    encoder = ["--encoder", "sklearn.decomposition:PCA", "--arguments", '{"n_components": 4}']
    return ["audit", *encoder, "--n-views", "2", "--quiet", "--device", "cpu", "--out", str(folder / "out"), *words]


def hostile_folder(folder):
    """A working folder whose files have the names of modules of Python's and ours, and settings for matplotlib."""
    folder.mkdir()
    for name in ("random", "queue", "platform", "select", "figures", "simulate", "theory", "empirical"):
        (folder / f"{name}.py").write_text(f"raise ImportError('not the module {name}')\n")
    (folder / "matplotlibrc").write_text("font.size: 30\ntext.usetex: True\n")
    return folder


@pytest.mark.slow
def test_a_certificate_is_the_same_whatever_surrounds_the_audit(tmp_path):
    content = []
    for name, options, changes in (("plain", [], {}), ("hostile", ["-OO"], HOSTILE)):
        folder = hostile_folder(tmp_path / name) if changes else tmp_path / name
        folder.mkdir(exist_ok=True)
        done = run(audit(folder, ["--data", "digits", "--views", "mild-warp"]), folder, options, **changes)
        assert done.returncode == 0, done.stderr
        content.append((folder / "out" / "certificate.json").read_bytes())
    assert content[0] == content[1]


def test_workers_take_no_module_from_the_working_folder(tmp_path, capsys):
    words = ["gaussian", "--delta", "0.5", "--spreads", "0.3", "--false-alarm", "0.01", "--quiet", "--json"]
    assert main(words) == 0
    done = run([*words, "--jobs", "2"], hostile_folder(tmp_path / "hostile"), **HOSTILE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(capsys.readouterr().out)


def test_without_docstrings_and_assertions_every_command_still_shows_its_help(tmp_path):
    code = (
        "from contrastive_theory.__main__ import COMMANDS, main\n"
        "for command in COMMANDS:\n"
        "    try: main([command, '--help'])\n"
        "    except SystemExit as stop: assert not stop.code; print('status', stop.code)\n"
    )
    words = [sys.executable, "-OO", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.count("status 0") == done.stdout.count("usage: ") > 10
    assert "None" not in done.stdout


@pytest.mark.parametrize(
    ("encoding", "names"), [("utf-8", (b"caf\xe9", b"bar")), ("cp1252", ("猫".encode(), "σκύλος".encode()))]
)
def test_class_folders_of_any_name_are_audited_under_any_encoding_of_the_terminal(
    encoding, names, tmp_path, monkeypatch
):
    rng = np.random.default_rng(0)
    for k, name in enumerate(names):
        folder = tmp_path / "images" / os.fsdecode(name)
        folder.mkdir(parents=True)
        for i in range(40):
            pixels = np.clip(rng.normal(70 + 90 * k, 30, (16, 16, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{i:02}.png")
    words = audit(tmp_path, ["--data", "folder", "--path", str(tmp_path / "images"), "--views", "mild-warp"])
    terminal = TextIOWrapper(BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert exit_status(main, words) == 0
    assert (tmp_path / "out" / "certificate.json").is_file()
    assert (tmp_path / "out" / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert terminal.buffer.getvalue().decode(encoding)


def test_no_module_imports_what_one_system_only_has():
    """Imports inside functions are free to: they follow a look at the system."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_bytes()).body:
                if isinstance(node, ast.Import):
                    names = {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names = {node.module}
                else:
                    continue
                assert not names & NOT_EVERYWHERE, path


def test_every_file_is_read_and_written_in_a_stated_encoding():
    """Text in the encoding of the locale would differ from machine to machine."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    given = {word.arg for word in node.keywords}
                    if node.func.attr in ("read_text", "write_text"):
                        assert "encoding" in given, f"{path}:{node.lineno}"

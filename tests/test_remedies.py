"""Options that a message names: they exist in the command that prints it, also where the message comes from a library."""

import ast
import contextlib
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contrastive_theory import __main__ as console

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("contrastive_theory", "empirical", "figures", "simulate", "theory")
SPEAKERS = {"warn", "error", "exit", "print", "_say", "_notice", "append"}
"""Functions that a message is given to; lines of notes are appended."""
OPTION = re.compile(r"(?:(\w[\w-]*) )?(?<![\w(-])(--[a-z][a-z-]*)")
LAUNCHED = re.compile(r'launch\("([\w.]+)"\)')
"""Modules that `python -m` runs; most are commands as well."""
MODULES = {
    path: ast.parse(path.read_bytes()) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))
}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The literal parts of every raised or printed text, with their lines; notes are collected in tuples and lists."""
    for node in ast.walk(tree):
        spoken = isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in SPEAKERS
        if isinstance(node, ast.Raise | ast.AugAssign) or spoken:
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """The options of every command, by its name and by the module of its function."""
    known: dict[str, set[str]] = {}
    for command, (place, _) in console.COMMANDS.items():
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            console.main([command, "--help"])
        known[command] = set(re.findall(r"--[a-z][a-z-]*", printed.getvalue().partition("\n\n")[0]))
        assert "--version" in known[command]
        for name in {place.partition(":")[0], place.partition(".__main__:")[0]} - {""}:
            known.setdefault(name, set()).update(known[command])
    for module in sorted(set(LAUNCHED.findall("".join(path.read_text() for path in MODULES))) - set(known)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            importlib.import_module(module).main(["--help"])
        known[module] = set(re.findall(r"--[a-z][a-z-]*", printed.getvalue().partition("\n\n")[0]))
        assert "--version" in known[module]
    return known


def importers(module: str) -> set[str]:
    return {
        name_of(path)
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.module == module)
        or (isinstance(node, ast.Import) and module in {alias.name for alias in node.names})
    }


def test_an_option_in_a_message_is_one_of_the_command_that_prints_it(options):
    """Of the command it is named with; else of the module's own one, or of every one where only commands import it."""
    named = 0
    for path, tree in MODULES.items():
        for line, text in messages(tree):
            for word, option in OPTION.findall(text):
                module = name_of(path)
                commands = {word} if word in options else {module} if module in options else importers(module)
                known = [options.get(command, set()) for command in commands]
                assert commands, f"{path}:{line}"
                assert all(option in one or option == "--help" for one in known), f"{path}:{line}: {option} in {text!r}"
                named += 1
    assert named > 10

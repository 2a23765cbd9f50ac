"""Which state of this code a result comes from."""

import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from theory.command import NAME

SHORT = 12
"""Hexadecimal digits of a commit that are shown."""


@cache
def commit() -> str | None:
    """The commit of the tree that this code lies in, with "+" where files differ from it; None outside such a tree."""
    tree = Path(__file__).resolve().parents[1]
    try:
        if (tree / ".git").exists():
            return _git(tree, "rev-parse", "HEAD") + ("+" if _git(tree, "status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        pass
    return None


def revision() -> str:
    """The commit in short, or the version that is installed where there is no repository."""
    whole = commit()
    if whole is not None:
        return whole.removesuffix("+")[:SHORT] + "+" * whole.endswith("+")
    try:
        return f"version {metadata.version(NAME)}"
    except metadata.PackageNotFoundError:
        return "not installed"


def _git(tree: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=tree, capture_output=True, text=True, check=True).stdout.strip()

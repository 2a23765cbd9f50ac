"""Evidence with its hash in a file beside it, so that a reader notices what was changed after a command wrote it.

The hash of `theory.json` stands in `theory.json.sha256`, in the form that `sha256sum --check` reads.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from theory.files import lock_in_turn, write_json, write_text


def write_evidence(path: Path, content: Any) -> None:
    """Write `content` as JSON, then its hash; a process killed in between leaves a hash that does not match.

    Raises ValueError and OSError as `theory.files.write_json` does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock_in_turn(path.with_name(f"{path.name}.lock")):
        write_json(path, content)
        write_text(_beside(path), f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")


def read_evidence(path: Path, remedy: str) -> Any:
    """The content of a file of evidence, as it was written; one without a hash beside it is taken as it is.

    Raises ValueError, with the remedy, for what is no regular file, was changed or is not JSON.
    """
    if path.exists() and not path.is_file():
        raise ValueError(f"evidence={path}: no regular file; {remedy}")
    content, written = path.read_bytes(), recorded(path)
    if written not in (None, hashlib.sha256(content).hexdigest()):
        raise ValueError(f"evidence={path}: changed after it was written (its SHA-256 differs); {remedy}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"evidence={path}: not JSON ({error}); {remedy}") from None


def recorded(path: Path) -> str | None:
    """The hash that stands beside the file; None where there is none, as beside a file that was copied without it."""
    try:
        return _beside(path).read_text(encoding="utf-8", errors="replace").partition(" ")[0]
    except FileNotFoundError:
        return None


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")

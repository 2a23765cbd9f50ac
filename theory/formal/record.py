"""What Coq checked: the theorems, a digest of the sources and the versions, as `make` in this folder records them.

`python record.py OUT` is run by the Makefile once Coq has accepted every file without an axiom; it needs no package.
`BUILT` is such a record of this checkout, `KEPT` the one that is committed; either counts only for the sources that it names
by their digest.
"""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
KEPT = FOLDER / "checked.json"
BUILT = FOLDER.parent.parent / "build" / "formal" / "checked.json"
THEOREM = re.compile(r"^Theorem (\w+)(.*?)\.\nProof", re.MULTILINE | re.DOTALL)


def sources() -> dict[str, str]:
    """The Coq files of this folder by name; empty where the package was installed without them."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.v"))}


def digest(files: dict[str, str]) -> str:
    """SHA-256 over names and contents of the files."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def theorems(files: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Name of each theorem -> (file, statement as Coq reads it)."""
    return {
        match[1]: (name, f"Theorem {match[1]}{match[2]}.")
        for name, text in files.items()
        for match in THEOREM.finditer(text)
    }


def checked(path: Path) -> dict[str, Any] | None:
    """The record at `path` if it is of the sources as they stand, else None."""
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record if record["sources"] == digest(sources()) else None


def _printed(*words: str) -> str:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main(out: str) -> None:
    """Write the record of the sources, which Coq has just accepted, to the file `out`."""
    files = sources()
    record = {
        "sources": digest(files),
        "coq": _printed("coqc", "--print-version").split(" ")[0],
        "mathcomp": _printed("dpkg-query", "-W", "-f=${Version}", "libcoq-mathcomp-algebra"),
        "theorems": sorted(theorems(files)),
    }
    Path(out).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

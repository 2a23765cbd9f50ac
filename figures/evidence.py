"""The evidence that the report shows: the JSON files in build/evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theory.digests import read_evidence, recorded
from theory.ledger import Evidence, verdict_of


@dataclass(frozen=True, kw_only=True)
class EvidenceFiles:
    """The files of evidence that one command writes.

    pattern     file name; a * stands for the key of each file: a data set, an audit, an experiment
    command     makes them
    required    whether the report needs at least one
    descending  whether the keys are shown in descending alphabetical order
    """

    pattern: str
    command: str
    required: bool = True
    descending: bool = False

    def key(self, path: Path) -> str:
        """The part of the file's name that the * stands for; empty without a *."""
        before, star, after = self.pattern.partition("*")
        return path.name.removeprefix(before).removesuffix(after) if star else ""


THEORY = EvidenceFiles(pattern="theory.json", command="python -m theory")
SIMULATION = EvidenceFiles(pattern="simulate.json", command="python -m simulate")

Documents = dict[EvidenceFiles, dict[str, Any]]
"""The parsed files: for each kind, its documents by their keys."""


def read(folder: Path, inputs: Iterable[EvidenceFiles]) -> Documents:
    """The files of `inputs` in `folder`; each claim of theory.json gets the evidence of all files and the verdict they imply.

    Raises ValueError, with the command to run, where a required file is missing, or a file is not the one that was written.
    """
    documents = {files: _load_all(folder, files) for files in dict.fromkeys([THEORY, *inputs])}
    later = [
        evidence
        for files, by_key in documents.items()
        if files != THEORY
        for document in by_key.values()
        for evidence in document.get("evidence", [])
    ]
    claims = [_with_evidence(claim, later) for claim in documents[THEORY][""]]
    return {**documents, THEORY: {"": claims}}


def unrecorded(folder: Path, inputs: Iterable[EvidenceFiles]) -> list[str]:
    """The names of the files of `inputs` without a hash beside them, which are taken as they are."""
    paths = {path for files in {THEORY, *inputs} for path in folder.glob(files.pattern)}
    return sorted(path.name for path in paths if recorded(path) is None)


def _load_all(folder: Path, files: EvidenceFiles) -> dict[str, Any]:
    paths = sorted(folder.glob(files.pattern), reverse=files.descending)
    if files.required and not paths:
        raise ValueError(f"evidence={folder / files.pattern}: missing; run {files.command} first")
    return {files.key(path): read_evidence(path, f"run {files.command} again") for path in paths}


def _with_evidence(claim: dict[str, Any], later: list[dict[str, Any]]) -> dict[str, Any]:
    evidence = claim["evidence"] + [e for e in later if e["claim"] == claim["id"]]
    derived = verdict_of(claim["steps"], [Evidence(**e) for e in evidence])
    return {**claim, "evidence": evidence, "verdict": derived.value}

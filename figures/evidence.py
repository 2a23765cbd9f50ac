"""The evidence that the figures and the report show: the JSON files in build/evidence, else results that are kept."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirical.experiments import kept
from empirical.revision import SHORT
from theory.digests import read_evidence, recorded
from theory.ledger import Evidence, verdict_of


@dataclass(frozen=True, kw_only=True)
class EvidenceFiles:
    """The files of evidence that one command writes.

    pattern     file name; a * stands for the key of each file: a data set, an audit
    command     makes them
    minutes     that the command takes on two cores, estimated; a kept result tells the CPU minutes that it took
    required    whether the report needs at least one
    descending  whether the keys are shown in descending alphabetical order
    kept        name of the results in empirical/results, one for each scale, that stand in where a file lacks; the keys are
                then the scales
    scale       of the result that the command makes
    """

    pattern: str
    command: str
    minutes: float = 1
    required: bool = True
    descending: bool = False
    kept: str | None = None
    scale: str = "embedded"

    def key(self, path: Path) -> str:
        """The part of the file's name that the * stands for; empty without a *."""
        before, star, after = self.pattern.partition("*")
        return path.name.removeprefix(before).removesuffix(after) if star else ""

    @property
    def remedy(self) -> str:
        """What to do where they are missing."""
        return f"run `{self.command}` ({self.cost})"

    @property
    def cost(self) -> str:
        """The minutes of the command: those that its kept result took, else the estimate."""
        made = None if self.kept is None else kept.made(self.kept, self.scale)
        return f"about {self.minutes:g} minutes" if made is None else f"{made['cpu_minutes']:.0f} CPU minutes"


THEORY = EvidenceFiles(pattern="theory.json", command="python -m theory", minutes=2)
SIMULATION = EvidenceFiles(pattern="simulate.json", command="python -m simulate", minutes=0.5)

Documents = dict[EvidenceFiles, dict[str, Any]]
"""The parsed files: for each kind, its documents by their keys."""


@dataclass(frozen=True)
class Source:
    """One file behind a figure: its name, its SHA-256, and whether it is a kept result."""

    name: str
    sha256: str
    kept: bool


def read(folder: Path, inputs: Iterable[EvidenceFiles]) -> Documents:
    """The files of `inputs` in `folder`; each claim of theory.json gets the evidence of all files and the verdict they imply.

    Raises ValueError, with the command to run, where a required file is missing, or a file is not the one that was written.
    """
    documents = read_as_written(folder, [THEORY, *inputs])
    for files, by_key in documents.items():
        if files.required and not by_key:
            raise ValueError(f"evidence={folder / files.pattern}: missing; run {files.command} first")
    later = [
        evidence
        for files, by_key in documents.items()
        if files != THEORY
        for document in by_key.values()
        for evidence in document.get("evidence", [])
    ]
    claims = [_with_evidence(claim, later) for claim in documents[THEORY][""]]
    return {**documents, THEORY: {"": claims}}


def read_as_written(folder: Path, inputs: Iterable[EvidenceFiles]) -> Documents:
    """The files of `inputs` that there are in `folder`, or kept.

    Raises ValueError, with the command to run, where a file is not the one that was written.
    """
    return {files: _load_all(folder, files) for files in dict.fromkeys(inputs)}


def how_made(document: dict[str, Any]) -> str:
    """Whether a result that may be kept was computed on this machine, or else how it was made."""
    if not document["kept"]:
        return "computed here"
    made = document["made"]
    cost = f"{made['cpu_minutes']:.0f} CPU minutes"
    return f"a kept result ({made['date']}, {made['machine']['cpu']}, commit {made['commit'][:SHORT]}, {cost})"


def sources(folder: Path, files: EvidenceFiles, key: str) -> list[Source]:
    """The files behind the document with this key; behind all of them where the key is of no single one."""
    computed = {files.key(path): path for path in folder.glob(files.pattern)}
    if files.kept is not None:
        computed = {_scale(read_evidence(path, files.remedy)): path for path in computed.values()}
    standing_in = {scale: path for scale, path in _kept(files).items() if scale not in computed}
    return [
        Source(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), path in standing_in.values())
        for one, path in sorted({**standing_in, **computed}.items())
        if key in ("", one)
    ]


def unrecorded(folder: Path, inputs: Iterable[EvidenceFiles]) -> list[str]:
    """The names of the files of `inputs` without a hash beside them, which are taken as they are."""
    paths = {path for files in {THEORY, *inputs} for path in folder.glob(files.pattern)}
    return sorted(path.name for path in paths if recorded(path) is None)


def _load_all(folder: Path, files: EvidenceFiles) -> dict[str, Any]:
    paths = sorted(folder.glob(files.pattern), reverse=files.descending)
    documents = {files.key(path): read_evidence(path, f"run {files.command} again") for path in paths}
    if files.kept is None:
        return documents
    computed = {_scale(document): {**document, "kept": False} for document in documents.values()}
    standing_in = {scale: {**json.loads(path.read_bytes()), "kept": True} for scale, path in _kept(files).items()}
    return standing_in | computed


def _scale(document: dict[str, Any]) -> str:
    """What a result was computed on: the scale of an experiment, the data of `concentration`."""
    return str(document["scale"] if "scale" in document else document["setting"]["data"])


def _kept(files: EvidenceFiles) -> dict[str, Path]:
    """The kept results that stand in for these files, by scale."""
    return {} if files.kept is None else kept.files(files.kept)


def _with_evidence(claim: dict[str, Any], later: list[dict[str, Any]]) -> dict[str, Any]:
    evidence = claim["evidence"] + [e for e in later if e["claim"] == claim["id"]]
    derived = verdict_of(claim["steps"], [Evidence(**e) for e in evidence])
    return {**claim, "evidence": evidence, "verdict": derived.value}

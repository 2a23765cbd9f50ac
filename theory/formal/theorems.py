"""The theorems that Coq checks, read off the sources: of which claim each one is, and whether it was checked.

A comment "Claim ID: REMARK" or "Claims ID, ID: REMARK" above a theorem ties it to claims of the ledger; the remark says what
the theorem covers beyond the claim or leaves out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from theory.formal import record

CLAIM = re.compile(r"\(\* Claims? ([\w.-]+(?:, [\w.-]+)*)(?:: ((?:(?!\*\)).)*))? \*\)\n+Theorem (\w+)", re.DOTALL)


@dataclass(frozen=True)
class Theorem:
    """A theorem of Coq.

    file       name of the source in theory/formal
    statement  as Coq reads it
    claims     ids of the claims that it is about
    remark     what it covers beyond the claim, or leaves out
    """

    name: str
    file: str
    statement: str
    claims: tuple[str, ...]
    remark: str


@cache
def theorems() -> tuple[Theorem, ...]:
    """Every theorem of the folder, by file."""
    files = record.sources()
    ties = {
        name: (tuple(claims.split(", ")), " ".join(remark.split()))
        for text in files.values()
        for claims, remark, name in CLAIM.findall(text)
    }
    return tuple(
        Theorem(name, file, statement, *ties.get(name, ((), "")))
        for name, (file, statement) in record.theorems(files).items()
    )


def of_claim(claim: str) -> list[Theorem]:
    """The theorems about a claim of the ledger."""
    return [theorem for theorem in theorems() if claim in theorem.claims]


def covers(theorem: str, claim: str) -> bool:
    """Whether this theorem is about the claim and Coq checked it, here or elsewhere, for the sources as they stand."""
    return checked() is not None and any(own.name == theorem for own in of_claim(claim))


@cache
def checked() -> tuple[bool, Mapping[str, Any]] | None:
    """Whether Coq checked the sources as they stand in this checkout, or elsewhere, with the record; None: neither."""
    for path in (record.BUILT, record.KEPT):
        if (proofs := record.checked(path)) is not None:
            return path == record.BUILT, proofs
    return None


INTRODUCTION = """# Formal statements

What Coq reads beside what people read, for every claim with a formal proof. `python -m theory --docs .` writes this page from
the sources of theory/formal and from the claims; [theory/formal](../theory/formal/README.md) has the definitions and
says how to check the proofs.
"""


def as_markdown(statements: Iterable[tuple[str, str, str]]) -> str:
    """The page of all formal statements; `statements` are (id, title, LaTeX) of the claims."""
    parts = [INTRODUCTION]
    for claim, title, latex in statements:
        own = of_claim(claim)
        if own:
            parts.append(f"## {claim}\n\n{title}:\n\n$$\n{latex}\n$$\n")
        for theorem in own:
            remark = f" ({theorem.remark})" if theorem.remark else ""
            parts.append(f"`{theorem.file}`{remark}:\n\n```coq\n{theorem.statement}\n```\n")
    return "\n".join(parts)

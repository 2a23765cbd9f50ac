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
from theory.formal.contexts import context, definitions

CLAIM = re.compile(r"\(\* Claims? ([\w.-]+(?:, [\w.-]+)*)(?:: ((?:(?!\*\)).)*))? \*\)\n+Theorem (\w+)", re.DOTALL)


@dataclass(frozen=True)
class Theorem:
    """A theorem of Coq.

    file       name of the source in theory/formal
    statement  as Coq reads it
    whole      the statement under what stands above it in the sources and it rests on; see `contexts`
    claims     ids of the claims that it is about
    remark     what it covers beyond the claim, or leaves out
    """

    name: str
    file: str
    statement: str
    whole: str
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
        Theorem(
            name,
            file,
            statement,
            "\n\n".join(filter(None, (context(name, file, files), statement))),
            *ties.get(name, ((), "")),
        )
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
the sources of theory/formal and from the claims; [theory/formal](../theory/formal/README.md) says how to check the proofs.

Above each theorem stands what it rests on: variables, definitions, and the hypotheses of its section, of which it has
those that its proof uses. What all theorems share comes first.

## Shared definitions

A finite world has n samples with m views each. 'I_n is the set {0, .., n-1}, 'rV[R]_d are the vectors of dimension d over R,
{set 'I_n} the sets of samples, #|A| is the number of elements of A, k%:R the natural number k in R, x ^+ 2 a square, x^-1 an
inverse (0 has 0), a *: u a multiple of a vector. R is any real closed field, for instance the real numbers.

"""


def as_markdown(statements: Iterable[tuple[str, str, str]]) -> str:
    """The page of all formal statements; `statements` are (id, title, LaTeX) of the claims."""
    parts = [f"{INTRODUCTION}```coq\n{definitions(record.sources())}\n```\n"]
    for claim, title, latex in statements:
        own = of_claim(claim)
        if own:
            parts.append(f"## {claim}\n\n{title}:\n\n$$\n{latex}\n$$\n")
        for theorem in own:
            remark = f" ({theorem.remark})" if theorem.remark else ""
            parts.append(f"`{theorem.file}`{remark}:\n\n```coq\n{theorem.whole}\n```\n")
    return "\n".join(parts)

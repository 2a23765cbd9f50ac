"""Which claims belong to which numbered statement of the papers, and where they are stated: docs/statements.md."""

import re
from collections.abc import Iterable

from theory.ledger import Claim

NUMBERED = re.compile(r"(theorem|lemma|example|algorithm) (\d+(?:\.\d+)?)", re.IGNORECASE)

INTRODUCTION = """# Where each statement is checked

`python -m theory --docs .` writes this table from the claims themselves, and a test holds it. Theorems 1 to 4 and the
lemmas are those of Huang et al., ICLR 2023 (arXiv 2111.00743), which the lecture quotes in part; what carries "ArCL" is of
Zhao et al., ICLR 2023 (arXiv 2303.01092), as the lecture states it, since that text was not read. Where a claim is ours,
its source says from which statement it is derived.
"""


def numbered(claim: Claim) -> str | None:
    """The numbered statement that the claim is about, the first that its source names: "Theorem 1", "ArCL, Theorem 2"."""
    match = NUMBERED.search(claim.source)
    if match is None:
        return None
    name = f"{match[1].capitalize()} {match[2]}"
    return f"ArCL, {name}" if ".arcl." in claim.module else name


def path_word(name: str) -> str:
    """The word that the path of a file with claims on this statement contains: theorem1, lemma_3_1, example1."""
    kind, number = name.removeprefix("ArCL, ").lower().split()
    return f"{kind}_{number.replace('.', '_')}" if "." in number else kind + number


def as_markdown(claims: Iterable[Claim]) -> str:
    """The table of all claims: by numbered statement, then those on statements without a number."""
    claims = sorted(claims, key=lambda claim: (numbered(claim) or "~", claim.module, claim.id))
    lines = ["| statement | claim | what it says | verdict | file |", "|---|---|---|---|---|"]
    for claim in claims:
        cells = [numbered(claim) or f"({claim.source})", f"`{claim.id}`", claim.title, claim.expected.value]
        lines.append("| " + " | ".join([*cells, f"`{claim.module.replace('.', '/')}.py`"]) + " |")
    return INTRODUCTION + "\n" + "\n".join(lines) + "\n"

"""What the papers print, and which claims of the ledger say of it: the one place that names claims by their ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Claim = Mapping[str, Any]
Condition = Literal["", "world", "class", "main parts", "alignment", "InfoNCE", "cross-correlation", "construction"]
"""What tells whether an encoder met the hypotheses: certificates of the printed form, of a whole world or of a class, or of
any form; the alignment or the loss that a bound is made of; "construction" where the statement is about one encoder of its
own; "" where nothing that is measured tells."""

TOPICS = {
    "theorem1": "Theorem 1",
    "theorem2": "Theorem 2",
    "concentration": "Concentration",
    "divergence": "Divergence",
    "arcl": "ArCL",
    "population": "Populations",
    "continuous": "Every view of a warp",
    "neighbours": "Neighbouring theories",
}
"""Package of theory/: the heading of those of its claims that belong to no statement below."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A numbered statement and the ids of the claims about it.

    claim      what the statement itself is in the ledger
    printed    further claims on what is printed beside it: its proof, its remarks, its misprints
    repaired   what is true where the statement is false, says nothing, or asks for too much
    sharpened  what certifies more from the same hypotheses
    instead    of the repaired and the sharpened, and of those of other statements, what to take in its place
    condition  what tells whether an encoder met its hypotheses
    """

    name: str
    claim: str
    printed: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    sharpened: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    condition: Condition = ""

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """The ids of its claims by what they are to it."""
        return {"printed": (self.claim, *self.printed), "repaired": self.repaired, "sharpened": self.sharpened}


STATEMENTS = (
    Statement(
        name="Theorem 1",
        claim="thm-1",
        printed=("thm-1-ideal", "thm-1-misprint", "thm-1-misprint-aligned"),
        repaired=("thm-1-printed", "thm-1-local", "thm-1-per-class", "thm-1-shared-views"),
        sharpened=(
            "thm-1-corrected",
            "thm-1-sharp",
            "thm-1-chord",
            "thm-1-cap",
            "thm-1-exact",
            "thm-1-nesting",
            "thm-1-anchor",
            "thm-1-anchor-bounds",
        ),
        instead=("thm-1-printed", "thm-1-exact"),
        condition="world",
    ),
    Statement(
        name="Theorem 2",
        claim="thm-2",
        printed=("thm-2-order",),
        repaired=("thm-2-disc", "thm-2-disc-sharp", "thm-2-disc-sphere"),
        sharpened=("thm-2-sharp", "thm-2-optimal"),
        instead=("thm-2-optimal", "thm-2-disc-sphere"),
        condition="alignment",
    ),
    Statement(
        name="Theorem 3",
        claim="thm-3",
        printed=("thm-3-vacuous", "thm-3-chain", "nce-split"),
        repaired=("thm-3-sharp",),
        sharpened=("thm-3-balanced",),
        instead=("thm-3-sharp", "thm-3-balanced"),
        condition="InfoNCE",
    ),
    Statement(
        name="Theorem 4",
        claim="thm-4",
        printed=("thm-4-tau-0", "thm-4-floor", "thm-4-chain", "bt-split", "linear-form", "linear-form-bound"),
        repaired=("thm-4-constant", "thm-4-centred"),
        sharpened=("thm-4-sharp",),
        instead=("thm-4-constant", "thm-4-centred"),
        condition="cross-correlation",
    ),
    Statement(name="Lemma 3.1", claim="lemma-3.1", condition="main parts"),
    Statement(
        name="Lemma 3.2",
        claim="lemma-3.2",
        printed=("lemma-3.2-step",),
        instead=("thm-1-printed",),
        condition="class",
    ),
    Statement(name="Lemma 4.1", claim="lemma-4.1"),
    Statement(name="Example 1 (ArCL)", claim="example-1", condition="construction"),
    Statement(
        name="Theorem 2 of ArCL",
        claim="arcl-2-squared",
        printed=("arcl-2-zero-one",),
        repaired=("arcl-2-corrected", "arcl-2-range", "arcl-2-gap", "arcl-2-head"),
        instead=("arcl-2-corrected", "arcl-2-range"),
    ),
)


@dataclass(frozen=True)
class Group:
    """Claims under one heading: for each role their entries in the ledger."""

    name: str
    roles: Mapping[str, Sequence[Claim]]


def grouped(claims: Sequence[Claim]) -> list[Group]:
    """Every claim once: under the statement that it is first named with, else under the topic of its module."""
    by_id = {claim["id"]: claim for claim in claims}
    groups = []
    for statement in STATEMENTS:
        roles = {role: [by_id.pop(id) for id in ids if id in by_id] for role, ids in statement.roles.items()}
        groups.append(Group(statement.name, {role: own for role, own in roles.items() if own}))
    topics = dict.fromkeys([*TOPICS.values(), *(topic(claim) for claim in by_id.values())])
    groups += [
        Group(f"{name}: further claims" if name in {s.name for s in STATEMENTS} else name, {"": own})
        for name in topics
        if (own := [claim for claim in by_id.values() if topic(claim) == name])
    ]
    return [group for group in groups if group.roles]


def topic(claim: Claim) -> str:
    """The heading of a claim's package."""
    module = str(claim["module"])
    package = module.split(".")[1] if "." in module else module
    return TOPICS.get(package, package.capitalize())

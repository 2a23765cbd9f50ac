"""The ledger: every claim with its verdict; statement, proof and evidence behind a fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from figures.mathematics import prose, statement
from figures.statements import Claim, Group, grouped
from theory.ledger import OBSERVATION_KINDS
from theory.ledger_table import searched

COMPUTED = 160
"""Characters of what was computed that are shown."""
OBSERVED = {"simulation", "measurement"}
HEADINGS = {"proof": "steps of the proof", "witness": "witness", "other": "search, simulation, measurement, Coq"}


@dataclass(frozen=True)
class CheckView:
    """One check as it is shown; tested: whether a world that it looked at met the hypotheses."""

    step: str
    kind: str
    outcome: str
    tested: bool
    summary: Markup
    computed: str


@dataclass(frozen=True)
class ClaimView:
    """One claim as it is shown; silent: see the function of that name."""

    id: str
    title: Markup
    verdict: str
    silent: str
    topic: str
    summary: Sequence[str]
    statement: Markup
    source: str
    file: str
    proof: Markup
    trusted: Sequence[Markup]
    prose_alone: Sequence[Markup]
    checks: Sequence[tuple[str, Sequence[CheckView]]]
    formal: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class GroupView:
    """The claims under one heading, by their role."""

    name: str
    anchor: str
    roles: Mapping[str, Sequence[ClaimView]]


def groups(claims: Sequence[Claim]) -> list[GroupView]:
    """Every claim of theory.json once, by the statement that it is about."""
    return [_group(group) for group in grouped(claims)]


def _group(group: Group) -> GroupView:
    roles = {role: [view(claim, group.name) for claim in own] for role, own in group.roles.items()}
    return GroupView(group.name, anchor(group.name), roles)


def anchor(name: str) -> str:
    """An id for a heading."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def view(claim: Claim, topic: str) -> ClaimView:
    """A claim of theory.json as it is shown under this topic."""
    module = claim.get("module")
    return ClaimView(
        id=claim["id"],
        title=prose(claim["title"]),
        verdict=claim["verdict"],
        silent=silent(claim),
        topic=topic,
        summary=_summary(claim),
        statement=statement(claim["statement"]),
        source=claim["source"],
        file=f"{module.replace('.', '/')}.py" if module else "",
        proof=prose(claim["reduction"]),
        trusted=[prose(fact) for fact in claim["trusted"]],
        prose_alone=[prose(step) for step in claim.get("unchecked", [])],
        checks=_checks(claim),
        formal=claim.get("formal", []),
    )


def silent(claim: Claim) -> str:
    """Why the search of its statement says nothing: "vacuous", "not tested", or "" where it says something."""
    return next((word for word in ("vacuous", "not tested") if searched(claim["evidence"]).endswith(word)), "")


def _summary(claim: Claim) -> list[str]:
    """By what a claim is proved, in words, and what it rests on."""
    kinds = [e["kind"] for e in claim["evidence"] if e["kind"] in OBSERVED and tested(e)]
    facts, steps = len(claim["trusted"]), len(claim.get("unchecked", []))
    return [
        *dict.fromkeys(e["kind"] for e in claim["evidence"] if e["kind"] == "witness"),
        *claim.get("how", []),
        *dict.fromkeys(kinds),
        *([f"{facts} trusted"] if facts else []),
        *([f"{steps} in prose"] if steps else []),
    ]


def tested(evidence: Mapping[str, Any]) -> bool:
    """Whether the hypotheses were met in what was looked at; evidence of other kinds has none to meet."""
    return evidence["kind"] not in OBSERVATION_KINDS or not evidence["worlds"] or evidence["met"] > 0


def _checks(claim: Claim) -> list[tuple[str, list[CheckView]]]:
    parts: dict[str, list[CheckView]] = {name: [] for name in HEADINGS}
    for e in claim["evidence"]:
        part = "proof" if e["step"] in claim["steps"] else "witness" if e["kind"] == "witness" else "other"
        parts[part].append(_check(e))
    return [(HEADINGS[name], checks) for name, checks in parts.items() if checks]


def _check(e: Mapping[str, Any]) -> CheckView:
    outcome = {True: "", False: "fails", None: "open"}[e["holds"]]
    computed = e["computed"] if len(e["computed"]) <= COMPUTED else e["computed"][:COMPUTED] + "..."
    return CheckView(e["step"], e["kind"], outcome if tested(e) else "", tested(e), prose(e["summary"]), computed)

"""The table of what is printed: its verdict, what is true instead, and whether a real encoder met it; and three numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from empirical.rounding import shown
from figures.claims import ClaimView, view
from figures.hypotheses import met
from figures.records import Study, best_certificate
from figures.statements import STATEMENTS, Claim
from theory.ledger import STATEMENT, Verdict


@dataclass(frozen=True)
class Row:
    """One printed statement.

    refuted  what is printed with it and is false
    instead  what is true instead, or certifies more
    says     what its verdict leaves out
    met      whether a real encoder met its hypotheses, in words
    """

    name: str
    claim: ClaimView
    refuted: Sequence[ClaimView]
    instead: Sequence[ClaimView]
    says: str
    met: str


def rows(claims: Sequence[Claim], studies: Iterable[Study], audits: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The statements whose claims are in the ledger, in the order of the papers."""
    by_id, studies, audits = {claim["id"]: claim for claim in claims}, list(studies), list(audits)

    def named(ids: Iterable[str]) -> list[ClaimView]:
        return [view(by_id[id], "") for id in ids if id in by_id]

    return [
        Row(
            statement.name,
            view(by_id[statement.claim], ""),
            [claim for claim in named(statement.printed) if claim.verdict == Verdict.REFUTED],
            named(statement.instead),
            says(by_id[statement.claim]),
            met(statement, studies, audits),
        )
        for statement in STATEMENTS
        if statement.claim in by_id
    ]


def says(claim: Claim) -> str:
    """What a verdict leaves out: that a bound which was never violated never said anything either."""
    search = next((e for e in claim["evidence"] if e["step"] == STATEMENT), None)
    if search is None or not search["met"]:
        return "not tested on worlds"
    if claim["verdict"] == Verdict.PROVED and not search["informative"]:
        return f"on none of {search['met']} worlds does it beat the trivial bound"
    return ""


@dataclass(frozen=True)
class Number:
    """A number of the first screen, and what it counts."""

    value: str
    meaning: str


def numbers(claims: Sequence[Claim], studies: Iterable[Study], audits: Iterable[Mapping[str, Any]]) -> list[Number]:
    """Three numbers: the verdicts, the worlds on which statements were tried, and the best certificate of a real encoder."""
    counts = {verdict: sum(claim["verdict"] == verdict for claim in claims) for verdict in Verdict}
    stated = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    searches = [e for claim in claims for e in claim["evidence"] if e["step"] == STATEMENT]
    return [
        Number(f"{len(claims)} claims", f"{stated}; every verdict is derived from the evidence below"),
        Number(
            f"{sum(e['met'] for e in searches):,} worlds",
            f"met the hypotheses of a statement in {len(searches)} searches for a counter-example; "
            f"{sum(e['holds'] is False for e in searches)} statements were violated",
        ),
        best(studies, audits),
    ]


def best(studies: Iterable[Study], audits: Iterable[Mapping[str, Any]]) -> Number:
    """The least certified error of a trained encoder, beside its measured error."""
    certified = [
        (
            c["error"],
            audit["true_error_any_view"],
            form,
            c["met"],
            audit["classes"],
            f"{audit['encoder']} on {audit['data']}",
        )
        for audit in audits
        for form, c in audit["exact"].items()
    ]
    for study in studies:
        for m in study["measurements"]:
            c = best_certificate(m)
            held = sum(v["met"] for v in c["classes"])
            name = f"{study['config']['method']['name']} on {study['dataset']}, {m['layer']}"
            certified.append((c["error"], m["error_any_view"], c["form"], held, m["classes"], name))
    error, measured, form, held, classes, name = min(certified, default=(1.0, 1.0, "", 0, 0, ""))
    if error >= 1:
        return Number("no certificate", "Theorem 1, in no form, certifies an encoder that was measured")
    return Number(
        f"{shown(error, 'upper')} certified",
        f"against a measured error of {shown(measured, 'exact')} in any view: {name}, {form} form, "
        f"{held} of {classes} classes met",
    )

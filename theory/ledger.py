"""The ledger: claims stated once, evidence gathered for or against them, verdicts derived from the evidence.

Nobody types a verdict in. `verdict` reads it off the evidence:

- refuted      a witness against the claim stands, re-checked in exact arithmetic at this run;
- proved       every step of the written proof is discharged by SymPy, Z3, cvc5 or Arb;
- supported    no counter-example was found by the searches, simulations or measurements that ran;
- undecided    none of these, or the evidence contradicts itself.

`expected` records what we believe; a run whose verdict differs from it, or in which a check fails, ends with status 1.
"""

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

import theory

Kind = Literal["symbolic", "smt", "enclosure", "witness", "search", "simulation", "measurement"]
PROOF_KINDS = frozenset({"symbolic", "smt", "enclosure"})
OBSERVATION_KINDS = frozenset({"search", "simulation", "measurement"})


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    PROVED = "proved"
    REFUTED = "refuted"
    SUPPORTED = "supported"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One check of one claim.

    claim      id of the claim it bears on
    kind       how it was obtained; only symbolic, smt and enclosure prove, only a witness refutes
    step       the step of the proof that it discharges, or a name of its own; `gather` fills it from the claim
    summary    one line for people
    direction  "for" or "against" the claim, if it holds
    holds      True: the check came out; False: it failed; None: the tool gave up
    claimed, computed   what was claimed and what was computed, as text
    interval   (low, high) around the computed number, where there is one
    slack      by how much the statement holds (positive) or fails, in the statement's own units
    seconds    wall time of the check
    solvers    of an implication: the names of the solvers that confirmed it
    """

    claim: str = ""
    kind: Kind
    step: str = ""
    summary: str
    direction: Literal["for", "against"] = "for"
    holds: bool | None
    claimed: str = ""
    computed: str = ""
    interval: tuple[float, float] | None = None
    slack: float | None = None
    seconds: float = 0.0
    solvers: tuple[str, ...] = ()


Check = Callable[[], Evidence]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement, where it comes from, and the checks that bear on it, each under its name.

    source     paper, theorem, page or equation; "derived" where it is ours
    statement  in LaTeX
    expected   the verdict we believe in; the run contradicts it or not
    steps      the steps of the written proof: every check must hold for the verdict "proved"
    other      searches, witnesses and further checks that no step of the proof needs
    reduction  how the general statement comes down to what the tools proved
    trusted    facts used without a machine proof
    module     the module that states the claim; `claims` fills it

    Raises ValueError where a name stands both in `steps` and in `other`.
    """

    id: str
    title: str
    source: str
    statement: str
    expected: Verdict
    steps: Mapping[str, Check] = field(default_factory=dict)
    other: Mapping[str, Check] = field(default_factory=dict)
    reduction: str = ""
    trusted: tuple[str, ...] = ()
    module: str = ""

    def __post_init__(self) -> None:
        if shared := sorted(self.steps.keys() & self.other.keys()):
            raise ValueError(f"other={shared}: also steps of the claim {self.id}; name each check once")


def verdict(claim: Claim, evidence: Iterable[Evidence]) -> Verdict:
    """The verdict on `claim` that follows from `evidence` (evidence on other claims is ignored)."""
    return verdict_of(list(claim.steps), [e for e in evidence if e.claim == claim.id])


def verdict_of(steps: Sequence[str], own: Sequence[Evidence]) -> Verdict:
    """The verdict on a claim with these proof steps that follows from its own evidence."""
    refuted = any(e.kind == "witness" and e.direction == "against" and e.holds for e in own)
    discharged = {e.step for e in own if e.kind in PROOF_KINDS and e.direction == "for" and e.holds}
    proved = bool(steps) and discharged.issuperset(steps)
    observed = [e.holds for e in own if e.kind in OBSERVATION_KINDS and e.direction == "for"]
    if any(e.holds is False for e in own) or (refuted and proved):
        return Verdict.UNDECIDED
    if refuted:
        return Verdict.REFUTED
    if proved:
        return Verdict.PROVED
    return Verdict.SUPPORTED if observed and all(observed) else Verdict.UNDECIDED


def gather(claim: Claim) -> list[Evidence]:
    """Run every check of `claim`: the steps of its proof first, each group in its order."""
    gathered = []
    for step, check in {**claim.steps, **claim.other}.items():
        start = time.perf_counter()
        evidence = check()
        seconds = round(time.perf_counter() - start, 4)
        gathered.append(replace(evidence, claim=claim.id, step=step, seconds=seconds))
    return gathered


def claims() -> list[Claim]:
    """Every claim of the package: the `CLAIMS` of all modules below `theory`, ordered by id.

    Raises ValueError where two claims have one id.
    """
    names = [module.name for module in pkgutil.walk_packages(theory.__path__, "theory.")]
    every = [
        replace(claim, module=name)
        for name in names
        if not name.endswith("__main__")
        for claim in getattr(importlib.import_module(name), "CLAIMS", ())
    ]
    modules = dict[str, str]()
    for claim in every:
        if claim.id in modules:
            raise ValueError(f"id={claim.id}: stands in {modules[claim.id]} and {claim.module}; give one another id")
        modules[claim.id] = claim.module
    return sorted(every, key=lambda claim: claim.id)


def as_json(claim: Claim, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """The claim with its evidence and verdict, as plain JSON types."""
    own = [e for e in evidence if e.claim == claim.id]
    return {
        "id": claim.id,
        "title": claim.title,
        "module": claim.module,
        "source": claim.source,
        "statement": claim.statement,
        "verdict": verdict(claim, own).value,
        "expected": claim.expected.value,
        "steps": list(claim.steps),
        "reduction": claim.reduction,
        "trusted": list(claim.trusted),
        "evidence": [asdict(e) for e in own],
    }

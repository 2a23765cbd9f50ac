"""The ledger: claims stated once, evidence gathered for or against them, verdicts derived from the evidence.

Nobody types a verdict in. `verdict` reads it off the evidence:

- refuted      a witness against the claim stands, re-checked in exact arithmetic at this run, and its predicate is violated;
- proved       every step of the written proof is discharged by SymPy, Z3, cvc5 or Arb, and its predicate survived a search in
               which the hypotheses were met by `ENOUGH` worlds or more;
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
from functools import partial
from typing import Any, Literal

import theory
from theory.falsification import WORLDS, Predicate, as_plain, falsify
from theory.formal import theorems as formal

Kind = Literal["symbolic", "smt", "enclosure", "witness", "search", "simulation", "measurement", "formal", "record"]
PROOF_KINDS = frozenset({"symbolic", "smt", "enclosure"})
OBSERVATION_KINDS = frozenset({"search", "simulation", "measurement"})
STATEMENT = "statement"
"""Name of the check that searches for a world on which the claim's predicate is violated."""
UNREAD = "from memory, not read"
"""How a source is marked whose text the authors of this package know but did not have."""
FORMAL = "formal"
"""Name of the check that looks for theorems of Coq about the claim."""
ENOUGH = 100
"""Drawn worlds that must meet the hypotheses for a search to count."""


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
    kind       how it was obtained; only symbolic, smt and enclosure prove, only a witness refutes; formal: Coq checked a
               theorem in this checkout, beside the steps; record: it did so elsewhere, which bears on no verdict
    step       the step of the proof that it discharges, or a name of its own; `gather` fills it from the claim
    summary    one line for people
    direction  "for" or "against" the claim, if it holds
    holds      True: the check came out; False: it failed; None: the tool gave up
    claimed, computed   what was claimed and what was computed, as text
    interval   (low, high) around the computed number, where there is one
    slack      by how much the statement holds (positive) or fails, in the statement's own units
    worlds     worlds that a search of the statement drew, or that were measured; met: of these, the ones that meet its
               hypotheses (for some class); informative: of these, the ones on which its bound is below the trivial one
    world      the world that came nearest to a counter-example, in JSON's types
    solvers    solvers that found the negation of an implication unsatisfiable
    seconds    wall time of the check
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
    worlds: int = 0
    met: int = 0
    informative: int = 0
    world: Any = None
    solvers: tuple[str, ...] = ()
    seconds: float = 0.0


Check = Callable[[], Evidence]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement, where it comes from, and the checks that bear on it, each under its name.

    source     paper, theorem, page or equation; "derived" where it is ours
    statement  in LaTeX
    predicate  the same statement as a program over finite worlds
    expected   the verdict we believe in; the run contradicts it or not
    steps      the steps of the written proof: every check must hold for the verdict "proved"
    other      searches, witnesses and further checks that no step of the proof needs
    reduction  how the general statement comes down to what the tools proved
    trusted    facts used without a machine proof
    unchecked  steps of the reduction that no check of `steps` covers, each with the theorem of Coq that covers it, or ""
    module     the module that states the claim; `claims` fills it

    Raises ValueError where a name stands both in `steps` and in `other`, or is `STATEMENT` or `FORMAL`.
    """

    id: str
    title: str
    source: str
    statement: str
    predicate: Predicate | None = None
    expected: Verdict
    steps: Mapping[str, Check] = field(default_factory=dict)
    other: Mapping[str, Check] = field(default_factory=dict)
    reduction: str = ""
    trusted: tuple[str, ...] = ()
    unchecked: Mapping[str, str] = field(default_factory=dict)
    module: str = ""

    def __post_init__(self) -> None:
        taken = {STATEMENT, FORMAL}
        if shared := sorted((self.steps.keys() | taken) & self.other.keys() | taken & self.steps.keys()):
            raise ValueError(f"other={shared}: names of other checks of the claim {self.id}; name each check once")


def verdict(claim: Claim, evidence: Iterable[Evidence]) -> Verdict:
    """The verdict on `claim` that follows from `evidence` (evidence on other claims is ignored)."""
    return verdict_of(list(claim.steps), [e for e in evidence if e.claim == claim.id])


def verdict_of(steps: Sequence[str], own: Sequence[Evidence]) -> Verdict:
    """The verdict on a claim with these proof steps that follows from its own evidence."""
    statement = [e for e in own if e.step == STATEMENT]
    checks = [e for e in own if e.step != STATEMENT]
    violated = any(e.holds is False for e in statement)
    survived = not violated and any(e.holds and e.met >= ENOUGH for e in statement)
    refuted = any(e.kind == "witness" and e.direction == "against" and e.holds for e in checks)
    discharged = {e.step for e in checks if e.kind in PROOF_KINDS and e.direction == "for" and e.holds}
    proved = bool(steps) and discharged.issuperset(steps)
    observed = [e.holds for e in own if e.kind in OBSERVATION_KINDS and e.direction == "for"]
    if any(e.holds is False for e in checks) or refuted != violated or (refuted and proved):
        return Verdict.UNDECIDED
    if refuted:
        return Verdict.REFUTED
    if proved:
        return Verdict.PROVED if survived else Verdict.UNDECIDED
    return Verdict.SUPPORTED if observed and all(observed) else Verdict.UNDECIDED


def searched(predicate: Predicate, worlds: int = WORLDS) -> Evidence:
    """Evidence for a statement from a search that tries to violate its predicate."""
    search = falsify(predicate, worlds=worlds)
    telling = (
        f", on {search.informative} of them the bound beats the trivial one" if search.informative < search.met else ""
    )
    outcome = "VIOLATED" if search.violated else "not violated" if search.met else "not tested"
    return Evidence(
        kind="search",
        summary=f"{search.met} of {search.drawn} worlds drawn meet the hypotheses{telling}; {outcome}, "
        f"also by {search.climbed} steps of a climb towards a counter-example",
        holds=False if search.violated else True if search.met else None,
        computed="" if search.slack is None else f"least right - left = {search.slack:.3g}",
        slack=search.slack,
        worlds=search.drawn,
        met=search.met,
        informative=search.informative,
        world=as_plain(search.world),
    )


def machine_checked(claim: str) -> Evidence:
    """Evidence from the theorems of Coq about a claim that has some."""
    names = ", ".join(theorem.name for theorem in formal.of_claim(claim))
    proofs = formal.checked()
    if proofs is None:
        return Evidence(kind="record", summary=f"{names}: the sources have changed since Coq checked them", holds=None)
    here, record = proofs
    tools = f"Coq {record['coq']}, mathcomp {record['mathcomp']}"
    return Evidence(
        kind="formal" if here else "record",
        summary=f"{names}: "
        + ("checked here, without axioms" if here else "checked elsewhere (`make proofs` checks them)"),
        holds=True if here else None,
        computed=f"{tools}; SHA-256 of the sources {record['sources'][:16]}...",
    )


def gather(claim: Claim, worlds: int = WORLDS) -> list[Evidence]:
    """Run every check of `claim`: the steps of its proof, the search of its statement in `worlds` worlds, the others."""
    checks: dict[str, Check] = {**claim.steps}
    if claim.predicate is not None:
        checks[STATEMENT] = partial(searched, claim.predicate, worlds)
    if formal.of_claim(claim.id):
        checks[FORMAL] = partial(machine_checked, claim.id)
    gathered = []
    for step, check in {**checks, **claim.other}.items():
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


def how(steps: Sequence[str], own: Sequence[Evidence]) -> list[str]:
    """By what a claim is proved, strongest first.

    "formal" stands for theorems of Coq, checked here or elsewhere for the sources as they stand; a Z3 query counts for the
    solvers that confirmed it.
    """
    kinds = {e.kind for e in own if e.step in steps}
    solvers = min((len(e.solvers) for e in own if e.step in steps and e.kind == "smt"), default=0)
    names = {"smt": "two solvers" if solvers > 1 else "one solver", "symbolic": "symbolic", "enclosure": "enclosure"}
    checked = any(e.step == FORMAL and e.computed for e in own)
    return ["formal"] * checked + [name for kind, name in names.items() if kind in kinds]


def as_json(claim: Claim, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """The claim with its evidence and verdict, as plain JSON types."""
    own = [e for e in evidence if e.claim == claim.id]
    covered = {step: theorem for step, theorem in claim.unchecked.items() if formal.covers(theorem, claim.id)}
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
        "unchecked": [step for step in claim.unchecked if step not in covered],
        "covered": covered,
        "how": how(list(claim.steps), own),
        "formal": [asdict(theorem) for theorem in formal.of_claim(claim.id)],
        "evidence": [asdict(e) for e in own],
    }

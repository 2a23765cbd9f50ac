import json
import re
from dataclasses import replace

import pytest

from theory import __main__ as cli
from theory import ledger, ledger_table
from theory.falsification import Predicate, Reading
from theory.ledger import ENOUGH, STATEMENT, Claim, Evidence, Verdict, verdict


def passing():
    return Evidence(kind="smt", summary="", holds=True)


def one_number(rng):
    return rng.normal(size=1), lambda point: point


STEPS = {"one": passing, "two": passing}
PREDICATE = Predicate(worlds=one_number, read=lambda x: Reading(hypotheses={}, left=-(x[0] ** 2), right=0))
CLAIM = Claim(id="x", title="t", source="s", statement="x", expected=Verdict.PROVED, steps=STEPS)


def evidence(kind, step="one", holds=True, direction="for", claim="x"):
    return Evidence(claim=claim, kind=kind, step=step, summary="", holds=holds, direction=direction)


ONE, TWO = evidence("smt"), evidence("symbolic", "two")
WITNESS = evidence("witness", "w", direction="against")
SURVIVED = replace(evidence("search", STATEMENT), worlds=300, met=ENOUGH)
SELDOM = replace(SURVIVED, met=ENOUGH - 1)
VIOLATED = replace(SURVIVED, holds=False)
UNTESTED = replace(SURVIVED, holds=None, met=0)


@pytest.mark.parametrize(
    ("gathered", "expected"),
    [
        ([ONE, TWO, SURVIVED], Verdict.PROVED),
        ([ONE, TWO], Verdict.UNDECIDED),
        ([ONE, TWO, SELDOM], Verdict.UNDECIDED),
        ([ONE, TWO, UNTESTED], Verdict.UNDECIDED),
        ([ONE, TWO, VIOLATED], Verdict.UNDECIDED),
        ([ONE, TWO, SURVIVED, VIOLATED], Verdict.UNDECIDED),
        ([ONE, SURVIVED], Verdict.SUPPORTED),
        ([ONE], Verdict.UNDECIDED),
        ([ONE, evidence("search", "two")], Verdict.SUPPORTED),
        ([ONE, evidence("smt", "two", holds=None)], Verdict.UNDECIDED),
        ([ONE, evidence("smt", "two", holds=False)], Verdict.UNDECIDED),
        ([ONE, TWO, SURVIVED, evidence("search", "s", holds=False)], Verdict.UNDECIDED),
        ([WITNESS, VIOLATED], Verdict.REFUTED),
        ([WITNESS], Verdict.UNDECIDED),
        ([WITNESS, SURVIVED], Verdict.UNDECIDED),
        ([VIOLATED], Verdict.UNDECIDED),
        ([evidence("search", "s", direction="against")], Verdict.UNDECIDED),
        ([WITNESS, VIOLATED, ONE, TWO], Verdict.UNDECIDED),
        ([evidence("witness", "w", holds=False, direction="against")], Verdict.UNDECIDED),
        ([evidence("simulation", "s")], Verdict.SUPPORTED),
        ([replace(ONE, claim="y"), replace(TWO, claim="y")], Verdict.UNDECIDED),
        ([], Verdict.UNDECIDED),
    ],
)
def test_verdict_follows_from_evidence(gathered, expected):
    assert verdict(CLAIM, gathered) is expected


BOTH, OTHER = replace(ONE, solvers=("Z3", "cvc5")), replace(ONE, step="other", solvers=("Z3",))
FORMAL = replace(evidence("formal", ledger.FORMAL), computed="Coq")


@pytest.mark.parametrize(
    ("own", "how"),
    [
        ([], []),
        ([replace(ONE, solvers=("Z3",))], ["one solver"]),
        ([BOTH], ["two solvers"]),
        ([BOTH, replace(TWO, kind="smt", solvers=("Z3",))], ["one solver"]),  # the weakest step counts
        ([BOTH, OTHER, TWO], ["two solvers", "symbolic"]),  # a check that no step names does not
        ([BOTH, TWO, FORMAL], ["formal", "two solvers", "symbolic"]),
        ([replace(FORMAL, kind="record")], ["formal"]),
        ([replace(FORMAL, computed="")], []),  # the sources have changed
        ([evidence("enclosure"), WITNESS], ["enclosure"]),
    ],
)
def test_by_what_a_claim_is_proved(own, how):
    assert ledger.how(["one", "two"], own) == how


def test_a_claim_without_steps_is_never_proved():
    assert verdict(replace(CLAIM, steps={}), [ONE, TWO]) is Verdict.UNDECIDED


def test_checks_run_steps_first_and_take_their_names_from_the_claim():
    claim = replace(CLAIM, predicate=PREDICATE, other={"three": passing})
    gathered = ledger.gather(claim)
    assert [(e.claim, e.step) for e in gathered] == [("x", "one"), ("x", "two"), ("x", STATEMENT), ("x", "three")]
    assert verdict(claim, gathered) is Verdict.PROVED


@pytest.mark.parametrize(
    ("checks", "name"),
    [
        ({"other": {"two": passing}}, "two"),
        ({"other": {STATEMENT: passing}}, STATEMENT),
        ({"steps": {"formal": passing}}, "formal"),
    ],
)
def test_a_check_has_one_name(checks, name):
    message = f"other=['{name}']: names of other checks of the claim x; name each check once"
    with pytest.raises(ValueError, match=re.escape(message)):
        replace(CLAIM, **checks)


def test_every_claim_states_its_predicate():
    assert [claim.id for claim in ledger.claims() if claim.predicate is None] == []


@pytest.fixture(scope="module")
def printed(theory_run):
    return json.loads((theory_run / "build" / "evidence" / "theory.json").read_text())


def test_every_verdict_is_the_expected_one(printed):
    assert {e["id"]: e["verdict"] for e in printed} == {e["id"]: e["expected"] for e in printed}
    ids = "example-1 l-ar lemma-3.1 lemma-3.2-step thm-1-printed thm-1-corrected thm-1-sharp thm-1-chord"
    assert {e["id"] for e in printed} >= set(ids.split())


def test_json_has_what_readers_rely_on(printed):
    for entry in printed:
        assert {"id", "title", "source", "verdict", "expected", "evidence"} <= set(entry)
        assert all({"kind", "summary", "seconds"} <= set(e) for e in entry["evidence"])
        assert entry["evidence"]


def test_every_proof_step_has_exactly_one_check(printed):
    for entry in printed:
        steps = [e["step"] for e in entry["evidence"]]
        assert len(steps) == len(set(steps))
        assert set(entry["steps"]) <= set(steps)


def test_two_solvers_confirm_every_implication(printed):
    implications = {
        (entry["id"], e["step"]): e["solvers"] for entry in printed for e in entry["evidence"] if e["kind"] == "smt"
    }
    assert len(implications) > 200
    assert [name for name, solvers in implications.items() if solvers != ["Z3", "cvc5"]] == []


def test_table_is_aligned(printed):
    header = ledger_table.row(*ledger_table.HEADER)
    for entry in printed:
        line = ledger_table.table_row(entry)
        assert len(line) <= 171
        cells = {"verdict": entry["verdict"], "trusted": str(len(entry["trusted"]) or "-")}
        for name, cell in {**cells, "prose": str(len(entry["unchecked"]) or "-")}.items():
            assert line[header.index(name) :].split()[0] == cell
            assert line[header.index(name) - 2 : header.index(name)] == "  "
        (statement,) = (e for e in entry["evidence"] if e["step"] == STATEMENT)
        assert f"  {statement['met']}/300 " in line


def test_whole_claim_is_shown(capsys, tmp_path):
    assert cli.main(["--claim", "lemma-3.2-step", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "verdict     refuted" in shown
    assert "11/20 < 7/10" in shown
    assert "worst world: {" in shown
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_the_evidence_is_on_the_disk_before_it_is_printed(words, tmp_path, monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(cli, "_selected", lambda _: ledger.claims()[:1])
    monkeypatch.setattr(cli, "print", closed, raising=False)
    with pytest.raises(BrokenPipeError):
        cli.main([*words, "--out", str(tmp_path)])
    assert (tmp_path / "theory.json").exists()


def test_two_claims_with_one_id_are_refused(monkeypatch):
    from theory.arcl import algorithm1

    monkeypatch.setattr(algorithm1, "CLAIMS", [replace(CLAIM, id="mono")])
    with pytest.raises(
        ValueError, match=r"id=mono: stands in theory.arcl.algorithm1 and theory.concentration.monotony"
    ):
        ledger.claims()


def test_unknown_claim_names_the_choices(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--claim", "thm-99"])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "thm-99" in error
    assert "example-1" in error


def test_contradicted_expectation_ends_with_status_1(capsys, tmp_path, monkeypatch):
    wrong = [replace(c, expected=Verdict.REFUTED) for c in ledger.claims() if c.id == "lemma-3.1"]
    monkeypatch.setattr(cli, "claims", lambda: wrong)
    assert cli.main(["--json", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)[0]["verdict"] == "proved"
    assert "contradicts the expectation for lemma-3.1" in captured.err

"""The theorems of Coq are tied to claims, their record is of the sources as they stand, and it bears on no verdict."""

import json
import re
from dataclasses import replace

import pytest

from theory.formal import record
from theory.formal import theorems as formal
from theory.ledger import FORMAL, Evidence, Verdict, as_json, claims, gather, how, machine_checked, verdict

SUPPORTING = {"cauchy_schwarz", "triangle", "theorem_1_unfloored_fails"}


def test_every_theorem_is_about_claims_of_the_ledger():
    ids = {claim.id for claim in claims()}
    assert len(formal.theorems()) >= 106
    assert {theorem.name for theorem in formal.theorems() if not theorem.claims} == SUPPORTING
    assert {claim for theorem in formal.theorems() for claim in theorem.claims} <= ids


def test_every_comment_about_claims_was_read():
    comments = sum(len(re.findall(r"\(\* Claims? [a-z]", text)) for text in record.sources().values())
    assert comments == sum(bool(theorem.claims) for theorem in formal.theorems())


def test_the_kept_record_is_of_the_sources_as_they_stand():
    kept = record.checked(record.KEPT)
    assert kept is not None, "run `make -C theory/formal record`"
    assert kept["theorems"] == sorted(theorem.name for theorem in formal.theorems())
    assert re.fullmatch(r"8\.\d+\.\d+", kept["coq"])


def test_a_changed_source_makes_the_record_void(tmp_path, monkeypatch):
    for name, text in record.sources().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    assert record.checked(record.KEPT) is not None
    (tmp_path / "Setting.v").write_text("", encoding="utf-8")
    assert record.checked(record.KEPT) is None


@pytest.fixture
def proofs(request, monkeypatch):
    """`checked` as if the proofs had been built here (True), elsewhere (False), or for other sources (None)."""
    kept = json.loads(record.KEPT.read_text())
    answer = None if request.param is None else (request.param, kept)
    monkeypatch.setattr(formal, "checked", lambda: answer)
    return request.param


@pytest.mark.parametrize("id", ["thm-1-ideal", "population-bets", "population-mean", "population-mean-sharp"])
@pytest.mark.parametrize("proofs", [True, False, None], indirect=True)
def test_a_step_in_words_counts_unless_coq_covers_it(proofs, id):
    claim = next(claim for claim in claims() if claim.id == id)
    entry = as_json(claim, [])
    assert (entry["unchecked"], entry["covered"]) == (
        (list(claim.unchecked), {}) if proofs is None else ([], dict(claim.unchecked))
    )


def test_what_coq_proves_of_a_population_is_not_trusted_too():
    trusted = {claim.id: claim.trusted for claim in claims()}
    assert [id for id in ("population-bets", "population-mean", "population-mean-sharp") if trusted[id]] == []


def test_a_theorem_covers_no_step_of_a_claim_that_it_is_not_about():
    assert formal.covers("theorem_1_ideal_in_words", "thm-1-ideal")
    assert not formal.covers("theorem_1_ideal_in_words", "thm-1")
    assert not formal.covers("", "thm-1-ideal")


def test_every_theorem_that_is_said_to_cover_a_step_is_about_its_claim():
    named = {(theorem, claim.id) for claim in claims() for theorem in claim.unchecked.values() if theorem}
    assert len(named) >= 22
    assert named <= {(theorem.name, claim) for theorem in formal.theorems() for claim in theorem.claims}


@pytest.mark.parametrize("proofs", [True, False, None], indirect=True)
def test_only_a_proof_built_here_holds_and_none_makes_a_verdict(proofs):
    claim = next(claim for claim in claims() if claim.id == "thm-1")
    evidence = replace(machine_checked(claim.id), claim=claim.id, step=FORMAL)
    assert evidence.kind == ("formal" if proofs else "record")
    assert evidence.holds is (True if proofs else None)
    assert how(list(claim.steps), [evidence]) == ([] if proofs is None else ["formal"])
    assert verdict(claim, [evidence]) is Verdict.UNDECIDED
    others = [Evidence(claim=claim.id, kind="smt", step=step, summary="", holds=True) for step in claim.steps]
    assert verdict(claim, others) is verdict(claim, [*others, evidence])


def test_statements_stand_in_the_json_and_on_the_page():
    claim = next(claim for claim in claims() if claim.id == "lemma-3.1")
    entry = as_json(claim, gather(claim))
    assert [theorem["name"] for theorem in entry["formal"]] == ["lemma_3_1"]
    page = formal.as_markdown([(claim.id, claim.title, claim.statement)])
    assert claim.statement in page
    assert "Theorem lemma_3_1" in page

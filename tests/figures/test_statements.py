"""The one table that names claims by their ids names claims of the ledger, each at one place."""

from figures.statements import STATEMENTS, TOPICS, grouped
from theory.ledger import as_json, claims

ENTRIES = [as_json(claim, []) for claim in claims()]
IDS = {entry["id"] for entry in ENTRIES}


def test_every_name_is_that_of_a_claim():
    named = [id for s in STATEMENTS for ids in (*s.roles.values(), s.instead) for id in ids]
    assert set(named) <= IDS


def test_every_claim_stands_in_one_group():
    shown = [claim["id"] for group in grouped(ENTRIES) for own in group.roles.values() for claim in own]
    assert sorted(shown) == sorted(IDS)


def test_no_claim_has_two_roles():
    named = [id for s in STATEMENTS for ids in s.roles.values() for id in ids]
    assert len(named) == len(set(named))


def test_a_claim_of_a_new_package_gets_a_group_of_its_own():
    new = {**ENTRIES[0], "id": "new", "module": "theory.graphs.cuts"}
    assert [group.name for group in grouped([new])] == ["Graphs"]
    assert grouped([]) == []
    assert {entry["module"].split(".")[1] for entry in ENTRIES} <= TOPICS.keys()

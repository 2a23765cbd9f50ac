"""What a proof rests on besides its checks is said wherever its verdict stands: on the page, and in the verdict's words."""

import json
import re
from pathlib import Path

import pytest

from theory.ledger import claims
from theory.ledger_table import BLOCKS, prose_alone, with_ledger, worded

ROOT = Path(__file__).resolve().parents[2]
PAGE = "before <!-- ledger -->old<!-- /ledger --> between <!-- prose -->old<!-- /prose --> after"


def entry(trusted=(), unchecked=(), verdict="proved"):
    return {"id": "x", "verdict": verdict, "trusted": list(trusted), "unchecked": list(unchecked)}


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (entry(), "proved"),
        (entry(trusted=["a"]), "proved, 1 trusted fact"),
        (entry(trusted=["a", "b"], unchecked=["c"]), "proved, 2 trusted facts, 1 step in prose alone"),
        (entry(unchecked=["c", "d"]), "proved, 2 steps in prose alone"),
        (entry(trusted=["a"], verdict="refuted"), "refuted"),
    ],
)
def test_the_verdict_says_what_it_rests_on(own, words):
    assert worded(own) == words


def test_every_step_in_prose_is_listed_under_its_claim():
    assert prose_alone([entry(unchecked=["one", "two"]), entry()]) == "- `x`: one\n- `x`: two"


@pytest.mark.parametrize("name", BLOCKS)
def test_a_page_without_a_marker_is_refused(name):
    for marker in (f"<!-- {name} -->", f"<!-- /{name} -->"):
        with pytest.raises(ValueError, match=re.escape(f"holds no place for the {name}; put <!-- {name} --> and")):
            with_ledger(PAGE.replace(marker, ""), [])


def test_both_blocks_are_written_and_the_rest_is_kept():
    page = with_ledger(PAGE, [])
    assert page.startswith("before <!-- ledger -->\n```\nclaim ")
    assert page.endswith("<!-- /ledger --> between <!-- prose -->\nNothing.\n<!-- /prose --> after")
    assert with_ledger(page, []) == page


def test_the_page_that_the_readme_links_lists_what_rests_on_prose(theory_run):
    printed = json.loads((theory_run / "build" / "evidence" / "theory.json").read_text())
    listed = re.search("<!-- prose -->\n(.*)\n<!-- /prose -->", (ROOT / "docs" / "ledger.md").read_text(), re.DOTALL)[1]
    assert listed == prose_alone(printed)
    assert {own["id"] for own in printed if own["unchecked"]} == {
        "arcl-algorithm-1",
        "population-vertices",
        "thm-1-vertex-exact",
    }
    assert "(docs/ledger.md)" in (ROOT / "README.md").read_text()


def test_a_check_that_is_named_in_a_proof_exists():
    """A reduction names a check in backquotes, its own or that of a claim it rests on, or a function of this package."""
    every = claims()
    known = {"clopper_pearson", "split_level"} | {name for claim in every for name in (*claim.steps, *claim.other)}
    named = {(claim.id, name) for claim in every for name in re.findall(r"`([^`]+)`", claim.reduction)}
    assert len(named) > 200
    assert sorted((id, name) for id, name in named if name not in known) == []

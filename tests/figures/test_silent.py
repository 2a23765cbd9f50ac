"""A claim whose bound never says anything, or whose hypotheses were never met, carries a badge that says so."""

from dataclasses import replace

import pytest

from empirical.pages import environment
from figures.claims import view
from theory.ledger import STATEMENT, Evidence, as_json, claims

SEARCH = Evidence(claim="thm-3", kind="search", step=STATEMENT, summary="", holds=True, slack=1.0, worlds=300, met=300)
CLAIM = next(claim for claim in claims() if claim.id == "thm-3")


@pytest.mark.parametrize(
    ("met", "informative", "slack", "badge"),
    [(300, 0, 1.0, "vacuous"), (300, 1, 1.0, ""), (0, 0, None, "not tested")],
)
def test_what_says_nothing_is_badged(met, informative, slack, badge):
    claim = as_json(CLAIM, [replace(SEARCH, met=met, informative=informative, slack=slack)])
    own = view(claim, "")
    assert own.silent == badge
    html = (
        environment("figures")
        .from_string('{% import "figures/claims.html" as claims %}{{ claims.claim(c) }}')
        .render(c=own)
    )
    heading = html.split("</summary>")[0]
    assert heading.count('<span class="badge untested">') == bool(badge)
    assert f">{badge}<" in heading or not badge


def test_steps_in_prose_are_counted_in_the_heading():
    claim = as_json(replace(CLAIM, unchecked={"one": "", "two": ""}), [SEARCH])
    assert "2 in prose" in view(claim, "").summary

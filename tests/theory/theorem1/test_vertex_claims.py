"""The claims about features that are vertices: proved and not vacuous, and a false formula is found out."""

import numpy as np
import pytest

from tests.theory.proofs import discharged
from theory import ledger
from theory.factors import nearest_mean_error
from theory.falsification import falsify
from theory.theorem1.certificates import vertex
from theory.theorem1.certificates.vertex import vertex_margins
from theory.theorem1.proofs import vertex as statement
from theory.theorem1.proofs import vertex_exact, vertex_population

CLAIMS = {claim.id: claim for module in (statement, vertex_exact, vertex_population) for claim in module.CLAIMS}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_proved_and_its_hypotheses_are_met(claim):
    evidence = ledger.gather(CLAIMS[claim])
    assert ledger.verdict(CLAIMS[claim], evidence) is CLAIMS[claim].expected
    search = next(e for e in evidence if e.step == ledger.STATEMENT)
    assert search.informative >= 100


FALSE_FORMULAS = {
    "alpha_l + alpha_k >= 1": ("thm-1-vertex", statement, "vertex_margin", lambda own, rival: own + rival - 1 + 1e-6),
    "alpha_l + alpha_k > .9": ("thm-1-vertex", statement, "vertex_margin", lambda own, rival: own + rival - 0.9),
    "2 alpha_l > 1": (
        "thm-1-vertex",
        statement,
        "vertex_margin",
        lambda own, rival: 2 * own + 0 * np.minimum(rival, 1) - 1,
    ),
    "shared anchors": (
        "thm-1-vertex",
        statement,
        "rival_shares",
        lambda alpha, _: np.where(np.eye(len(alpha), dtype=bool), np.inf, alpha),
    ),
    "any anchor": ("thm-1-vertex", statement, "vertex_margin", lambda own, rival: own + rival),
    "farthest without the cross term": (
        "thm-1-vertex-exact",
        vertex_exact,
        "farthest_squares",
        lambda counts, unproved: (
            vertex.farthest_squares(counts, unproved) - 2 * unproved[:, None] * np.sort(counts, axis=1)[:, :1]
        ),
    ),
    "nearest above": ("thm-1-vertex-exact", vertex_exact, "nearest_squares", lambda n: vertex.nearest_squares(n) + 1),
    "counts taken for the shares": (
        "population-vertices",
        vertex_population,
        "ends",
        lambda n, *_: [np.arange(n + 1) / n],
    ),
    "half the condition": (
        "population-vertices",
        vertex_population,
        "vertex_margins",
        lambda alpha, anchors: vertex_margins(alpha, anchors) + 0.5,
    ),
    "no union bound": ("population-vertices", vertex_population, "vertex_events", lambda _: ["pooled"]),
}


@pytest.mark.parametrize("name", FALSE_FORMULAS)
def test_a_false_formula_is_found_out(name, monkeypatch):
    claim, module, attribute, false = FALSE_FORMULAS[name]
    monkeypatch.setattr(module, attribute, false)
    assert falsify(CLAIMS[claim].predicate).violated


@pytest.mark.parametrize(
    ("claim", "module", "false"),
    [
        ("thm-1-vertex", statement, lambda own, rival: own + 2 * rival - 1),
        ("population-vertices", vertex_population, lambda own, rival: 3 * rival - 2 * own),
    ],
)
def test_a_false_condition_is_not_proved(claim, module, false, monkeypatch):
    assert discharged(CLAIMS[claim])
    monkeypatch.setattr(module, "vertex_margin", false)
    assert not discharged(CLAIMS[claim])


def test_at_one_the_means_of_the_witness_coincide():
    of = statement.tied()
    assert nearest_mean_error(of.world) == 1
    reading = CLAIMS["thm-1-vertex"].predicate.read(of)
    assert not reading.met
    assert reading.right == 0.5

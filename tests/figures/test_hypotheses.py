"""Whether a real encoder met the hypotheses: the answer and its number follow the evidence, and nothing else."""

import pytest

from figures.hypotheses import met
from figures.statements import STATEMENTS

ALWAYS = "always; says something"
BY_NAME = {statement.name: statement for statement in STATEMENTS}


def certificate(form, margins, error=1.0):
    classes = [{"met": margin > 0, "margin": margin} for margin in margins]
    whole = min(margins) > 0
    return {"form": form, "lever": "local", "scope": "world", "met": whole, "error": error, "classes": classes}


def study(margins=(-0.4, -0.1), exact=(-0.2, 0.1), error=1.0, alignment=0.5, losses=None):
    measurement = {
        "views_per_sample": 2,
        "alignment": alignment,
        "certificates": [certificate("printed", margins), certificate("exact", exact, error)],
    }
    return {"measurements": [measurement if losses is None else {**measurement, "losses": losses}]}


def loss(name, bound, product, informative):
    return {"loss": name, "value": 1.0, "bound": bound, "product": product, "informative": informative}


@pytest.mark.parametrize(
    ("name", "studies", "answer"),
    [
        (
            "Theorem 1",
            [study(margins=(-0.409, -0.1))],
            "no: for every class in 0 of 1 worlds (μ_k·μ_l too large by 0.40 r² or more)",
        ),
        ("Theorem 1", [study(), study(margins=(0.1, 0.2))], "yes: for every class in 1 of 2 worlds"),
        (
            "Lemma 3.2",
            [study()],
            "no: for some class in 0 of 1 worlds (μ_k·μ_l too large by 0.10 r² or more)",
        ),
        ("Lemma 3.2", [study(margins=(-0.1, 0.2))], "yes: for some class in 1 of 1 worlds"),
        ("Lemma 3.1", [study()], "no: shown in 0 of 1 worlds"),
        (
            "Lemma 3.1",
            [study(), study(exact=(0.1, 0.2), error=0.25)],
            "yes: shown in 1 of 2 worlds, at best with 1 − σ + R_ε = 0.250",
        ),
        (
            "Theorem 2",
            [study()],
            f"{ALWAYS} in 0 of 1 worlds (needs L_align < 0.016; least: 0.5)",
        ),
        (
            "Theorem 2",
            [study(), study(alignment=0.01)],
            f"{ALWAYS} in 1 of 2 worlds (needs L_align < 0.016; least: 0.01)",
        ),
        (
            "Theorem 3",
            [study(losses=[loss("InfoNCE", 30.001, 0.5, 0), loss("cross-correlation", 2.0, 0.5, 0)])],
            f"{ALWAYS} in 0 of 1 worlds (at best μ_k·μ_l ≤ 30.01 r²; measured: 0.50)",
        ),
        (
            "Theorem 4",
            [study(losses=[loss("InfoNCE", 30.0, 0.5, 0), loss("cross-correlation", 0.2, 0.1, 3)])],
            f"{ALWAYS} in 1 of 1 worlds (at best μ_k·μ_l ≤ 0.20 r²; measured: 0.10)",
        ),
    ],
)
def test_the_number_that_decides_is_the_one_measured(name, studies, answer):
    assert met(BY_NAME[name], studies, []) == answer


def test_an_audit_counts_as_a_world_without_a_margin():
    audit = {"as_printed": {"met": 3, "error": 0.4}, "classes": 3}
    assert met(BY_NAME["Theorem 1"], [study()], [audit]).startswith("yes: for every class in 1 of 2 worlds")
    assert met(BY_NAME["Theorem 1"], [], [{**audit, "classes": 4}]) == ("no: for every class in 0 of 1 worlds")


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_without_evidence_nothing_is_said(statement):
    wanted = "about an encoder of its own" if statement.condition == "construction" else "not tested"
    assert met(statement, [], []) == wanted
    if statement.condition in ("InfoNCE", "cross-correlation"):
        assert met(statement, [study()], []) == wanted  # older evidence does not have the losses

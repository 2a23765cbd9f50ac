"""Whether a real encoder met the hypotheses: the answer and its number follow the evidence, and nothing else."""

import pytest

from figures.hypotheses import met
from figures.statements import STATEMENTS

WORLDS = "worlds of trained encoders"
SPACE = ", s in feature space"
ALWAYS = "always, but says something"
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
            [study()],
            f"no: for every class in 0 of 1 {WORLDS}{SPACE}; the nearest product μ_k·μ_l is 0.40 r² too large",
        ),
        ("Theorem 1", [study(), study(margins=(0.1, 0.2))], f"yes: for every class in 1 of 2 {WORLDS}{SPACE}"),
        (
            "Lemma 3.2",
            [study()],
            f"no: for some class in 0 of 1 {WORLDS}{SPACE}; the nearest product μ_k·μ_l is 0.10 r² too large",
        ),
        ("Lemma 3.2", [study(margins=(-0.1, 0.2))], f"yes: for some class in 1 of 1 {WORLDS}{SPACE}"),
        ("Lemma 3.1", [study()], f"no: some form shows it in 0 of 1 {WORLDS}"),
        (
            "Lemma 3.1",
            [study(), study(exact=(0.1, 0.2), error=0.25)],
            f"yes: some form shows it in 1 of 2 {WORLDS}, at best with 1 − σ + R_ε = 0.250",
        ),
        (
            "Theorem 2",
            [study()],
            f"{ALWAYS} in 0 of 1 {WORLDS}: η √L_align < 1 asks for L_align < 0.016, and 0.5 is measured at best",
        ),
        (
            "Theorem 2",
            [study(), study(alignment=0.01)],
            f"{ALWAYS} in 1 of 2 {WORLDS}: η √L_align < 1 asks for L_align < 0.016, and 0.01 is measured at best",
        ),
        (
            "Theorem 3",
            [study(losses=[loss("InfoNCE", 30.0, 0.5, 0), loss("cross-correlation", 2.0, 0.5, 0)])],
            f"{ALWAYS} in 0 of 1 {WORLDS}: at best μ_k·μ_l ≤ 30.00 r², where 0.50 is measured",
        ),
        (
            "Theorem 4",
            [study(losses=[loss("InfoNCE", 30.0, 0.5, 0), loss("cross-correlation", 0.2, 0.1, 3)])],
            f"{ALWAYS} in 1 of 1 {WORLDS}: at best μ_k·μ_l ≤ 0.20 r², where 0.10 is measured",
        ),
    ],
)
def test_the_number_that_decides_is_the_one_measured(name, studies, answer):
    assert met(BY_NAME[name], studies, []) == answer


def test_an_audit_counts_as_a_world_without_a_margin():
    audit = {"as_printed": {"met": 3, "error": 0.4}, "classes": 3}
    assert met(BY_NAME["Theorem 1"], [study()], [audit]).startswith("yes: for every class in 1 of 2 worlds")
    assert met(BY_NAME["Theorem 1"], [], [{**audit, "classes": 4}]) == (
        f"no: for every class in 0 of 1 {WORLDS}{SPACE}"
    )


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.name)
def test_without_evidence_nothing_is_said(statement):
    wanted = "about an encoder of its own" if statement.condition == "construction" else "not tested"
    assert met(statement, [], []) == wanted
    if statement.condition in ("InfoNCE", "cross-correlation"):
        assert met(statement, [study()], []) == wanted  # older evidence does not have the losses

"""`python -m simulate`: what it writes, what it says when something is wrong, and that it is quick enough."""

import json
import math
from dataclasses import replace

import pytest

from simulate import __main__ as everything
from simulate import counterexample, evidence, example1, remedy
from simulate.circle import world
from simulate.models import models
from simulate.sweep import Tally
from theory.ledger import claims
from theory.theorem1.forms import printed

FORMS = ["printed", "corrected", "sharp", "chord", "cap", "exact"]
BEARS_ON = {
    "example-1", "l-ar", "thm-3", "thm-3-sharp", "thm-3-balanced", "thm-4", "thm-4-sharp",
    *(f"thm-1-{form}" for form in FORMS),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(simulate_run):
    """One full run: its status, its time, its file."""
    run = json.loads((simulate_run / "run.json").read_text())
    return (
        run["status"],
        run["seconds"],
        json.loads((simulate_run / "build" / "evidence" / "simulate.json").read_text()),
    )


@pytest.fixture
def small(monkeypatch):
    """The same stages on few quantities and worlds."""

    def fewer(sweep):
        return sweep and replace(sweep, worlds=lambda: sweep.worlds()[::61])

    def smaller(model):
        sweeps = {part: fewer(getattr(model, part)) for part in ("theorem_1", "theorem_3", "theorem_4", "alignments")}
        return replace(model, quantities=lambda: model.quantities()[:1], supports={}, planes=lambda: (), **sweeps)

    monkeypatch.setattr(everything, "models", lambda: [smaller(model) for model in models()])
    monkeypatch.setattr(everything, "curve_shifts", lambda eps: (0.0, example1.critical_c(eps)))


def test_all_evidence_holds(whole):
    status, _, content = whole
    assert status == 0
    assert all(item["holds"] is True for item in content["evidence"])
    assert {item["claim"] for item in content["evidence"]} == BEARS_ON
    assert {(item["kind"], item["direction"]) for item in content["evidence"]} == {("simulation", "for")}
    assert [item["claim"] for item in content["evidence"][:3]] == ["example-1"] * 3
    steps = [(item["claim"], item["step"]) for item in content["evidence"]]
    assert len(steps) == len(set(steps))


def test_evidence_bears_on_claims_of_the_ledger():
    assert {claim.id for claim in claims()} >= BEARS_ON


def test_it_is_quick(whole):
    assert whole[1] < 60


def test_curve_for_the_figure(whole):
    curve = whole[2]["counterexample"]
    slopes = [row["slope"] for row in curve["rows"]]
    assert slopes == sorted(slopes)
    assert slopes[0] == 0
    assert slopes[-1] == pytest.approx(10)
    assert len(slopes) == 26
    assert any(row["closed_form"] == pytest.approx(0.25, abs=1e-15) for row in curve["rows"])
    assert curve["stands"] is True


def test_suite_agrees_and_has_its_power(whole):
    """All closed forms inside, at a false-alarm rate of 1e-6; of the errors of 1% planted at a power of at least .99 each,
    nearly all are found (a miss of 9 would have probability 1e-6)."""
    suite = whole[2]["suite"]
    assert suite["false_alarm"] == 1e-6
    assert suite["planted"] == 0.01
    assert suite["disagreeing"] == []
    assert suite["least_power"] >= 0.99
    assert len(suite["comparisons"]) >= 60
    assert suite["missed"] <= 8
    names = " ".join(c["name"] for c in suite["comparisons"])
    for word in (
        "Err",
        "sigma_0",
        "alpha_1",
        "mu_0",
        "R_eps",
        "L_align",
        "L_AR",
        "InfoNCE",
        "cross-correlation",
        "C_01",
        "covered",
    ):
        assert word in names


def test_sweeps_are_dense_met_and_near(whole):
    sweeps = whole[2]["sweeps"]
    for form in range(6):
        tally = sweeps["circles"][form]
        assert tally["points"] > 100_000
        assert tally["met"] > 4000
        assert tally["near"] > 1000
    for name, tallies in sweeps.items():
        for tally in tallies:
            assert tally["excess"] <= 1e-11
            if tally["claim"] not in ("thm-3", "thm-4"):
                assert tally["near"] > 0, (name, tally)


def test_other_keys_for_figures(whole):
    content = whole[2]
    assert set(content) == {"evidence", "counterexample", "suite", "sweeps", "remedy", "phase", "products", "plane"}
    assert [plane["name"] for plane in content["phase"]] == ["share-spread", "spread-strength"]
    assert content["remedy"]["rows"][-1]["weights"][2] == 0.0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_the_evidence_is_on_the_disk_before_it_is_printed(words, tmp_path, monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(everything, "print", closed, raising=False)
    with pytest.raises(BrokenPipeError):
        everything.main([*words, "--out", str(tmp_path)])
    assert (tmp_path / "simulate.json").exists()


def test_failures_are_counted(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        counterexample, "example_risk", lambda c, eps: math.atan(1.01 * abs(c) * math.sqrt(eps) / 2) / math.pi
    )
    assert small is None
    assert everything.main(["--out", str(tmp_path)]) == 1
    items = json.loads((tmp_path / "simulate.json").read_text())["evidence"]
    assert [item["holds"] for item in items[:3]] == [True, False, True]
    assert all(item["holds"] for item in items[3:])
    assert f"{len(items) - 1} of {len(items)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "target", "mutant", "claims"),
    [
        (printed, "rho_printed", lambda *x: 0 * x[3], {"thm-1-printed"}),
        (world, "robust_alignment", lambda m: world.alignment(m) / 2, {"l-ar"}),
        (remedy, "minimiser", lambda _loss, b, *_: b, {"l-ar"}),
    ],
)
def test_a_false_statement_is_no_evidence(small, tmp_path, monkeypatch, module, target, mutant, claims):
    assert small is None
    monkeypatch.setattr(module, target, mutant)
    status = everything.main(["--out", str(tmp_path)])
    items = json.loads((tmp_path / "simulate.json").read_text())["evidence"]
    assert {item["claim"] for item in items if not item["holds"]} == claims
    assert status == 1


def test_a_sweep_in_which_the_condition_is_never_met_is_no_evidence():
    never = evidence._swept("x", 1, Tally("thm-1-sharp", 10, 0, 0, math.inf, -math.inf), 0.0)
    assert never.holds is False
    vacuous = evidence._swept("x", 1, Tally("thm-3", 10, 0, 0, 9.0, -5.0), 0.0)
    assert vacuous.holds is True
    assert "thm-3-vacuous" in vacuous.summary


@pytest.mark.parametrize("argv", [["--seed", "-1"], ["--seed", "x"], ["--bogus"]])
def test_bad_arguments(argv, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        everything.main([*argv, "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_says_that_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        everything.main(["--out", str(tmp_path / "file" / "folder")])
    assert stop.value.code == 2
    assert "cannot be written" in capsys.readouterr().err

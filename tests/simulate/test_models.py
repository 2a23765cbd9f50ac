"""An analytic model is one file: added to the package, it is in the sweeps, the suite, the evidence and the pictures."""

import importlib
import json
import sys
from dataclasses import replace

import pytest

import simulate
from simulate import __main__ as everything
from simulate.models import AnalyticModel, Sweep, models
from theory.ledger import claims

CORNERS = '''
"""Two classes that are points at right angles, which every form of Theorem 1 certifies without an error."""

import math

import numpy as np

from simulate import phase
from simulate.comparison import Quantity, share
from simulate.models import AnalyticModel, Sweep
from simulate.theorem1 import Factors
from simulate.theorems3and4 import CorrelationFactors, InfoNCEFactors

HALVES, MEANS = np.array([0.5, 0.5]), np.eye(2)


def factors(scale):
    zero, one = np.zeros(1), np.ones((1, 2))
    return [Factors(zero, zero, zero, zero, one, one, MEANS, HALVES, np.zeros(2), 0.0)]


def info_nce_factors(scale):
    regulariser = math.log(2 * math.e) / 2 + math.log(1 + math.e) / 2
    return InfoNCEFactors(HALVES, MEANS, np.ones(2), regulariser)


def correlation_factors(scale):
    return CorrelationFactors(HALVES, math.sqrt(2) * MEANS, np.eye(2), np.zeros((2, 2)))


def picture():
    return phase.plane("corners", "", "", "", np.ones(2), np.ones(2), lambda x, y: factors(x)[0])


MODEL = AnalyticModel(
    order=9,
    quantities=lambda: [Quantity("corners: p_0", 0.5, lambda n, generator: generator.random(n) < 0.5, share)],
    supports={"thm-3": ("corners",)},
    theorem_1=Sweep("corners", lambda: [1, 2, 3], factors),
    theorem_3=Sweep("pairs of corners", lambda: [1, 2, 3], info_nce_factors),
    theorem_4=Sweep("pairs of corners", lambda: [1, 2, 3], correlation_factors),
    alignments=Sweep("corners", lambda: [1, 2, 3], lambda scale: (0.0, 0.0)),
    planes=lambda: [picture()],
)
'''


@pytest.fixture
def corners(tmp_path, monkeypatch):
    """The package with one more file in it."""
    (tmp_path / "corners.py").write_text(CORNERS)
    monkeypatch.setattr(simulate, "__path__", [*simulate.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield
    sys.modules.pop("simulate.corners", None)
    vars(simulate).pop("corners", None)


def small(model):
    """The model with few worlds, one quantity and no pictures; a new model's as they are."""
    if model.order == 9:
        return model
    sweeps = {name: part and replace(part, worlds=lambda part=part: part.worlds()[::301])
              for name, part in vars(model).items() if isinstance(part, Sweep)}  # fmt: skip
    first = model.quantities()[:1]
    return replace(model, quantities=lambda: first, supports={}, planes=lambda: (), **sweeps)


def run(folder, monkeypatch):
    monkeypatch.setattr(everything, "models", lambda: [small(model) for model in models()])
    monkeypatch.setattr(everything, "curve_shifts", lambda _: (0.0,))
    assert everything.main(["--out", str(folder)]) == 0
    return json.loads((folder / "simulate.json").read_text())


def test_one_file_adds_a_model(corners, tmp_path, monkeypatch, capsys):
    assert corners is None
    content = run(tmp_path / "out", monkeypatch)
    assert [c["name"] for c in content["suite"]["comparisons"]][-1] == "corners: p_0"
    assert [t["claim"] for t in content["sweeps"]["corners"]][-1] == "thm-1-exact"
    assert all(t["points"] == t["met"] == 3 for t in content["sweeps"]["corners"])
    assert {t["claim"] for t in content["sweeps"]["pairs of corners"]} >= {"thm-3-balanced", "thm-4-sharp"}
    assert [plane["name"] for plane in content["phase"]] == ["corners"]
    evidence = {(item["claim"], item["step"]): item for item in content["evidence"]}
    assert "3 triples" in evidence["thm-1-exact", "sweep of corners"]["summary"]
    assert "3 pairs of classes of 3 worlds" in evidence["thm-4-sharp", "sweep of pairs of corners"]["summary"]
    assert "1 of 1 closed forms" in evidence["thm-3", "closed forms against Monte Carlo"]["summary"]
    assert ("l-ar", "sweep of circles, vertices and corners") in evidence
    assert all(item["holds"] for item in content["evidence"])
    assert "corners" in capsys.readouterr().out


def test_a_new_model_that_breaks_a_theorem_is_evidence_against_it(corners, tmp_path, monkeypatch):
    assert corners is None
    module = importlib.import_module("simulate.corners")
    right = module.factors(1)[0]
    wrong = replace(
        module.MODEL, theorem_1=Sweep("corners", lambda: [1], lambda _: [replace(right, wrong=right.sigma[0])])
    )
    monkeypatch.setattr(module, "MODEL", wrong)
    monkeypatch.setattr(everything, "models", lambda: [small(model) for model in models()])
    monkeypatch.setattr(everything, "curve_shifts", lambda _: (0.0,))
    assert everything.main(["--out", str(tmp_path)]) == 1


def test_models_of_the_package_in_their_order():
    titles = [model.quantities()[0].name.partition(":")[0] for model in models()]
    assert titles == ["circle", "vertices", "line", "views to 0.5", "example 1 at slope 0.3"]
    assert all(isinstance(model, AnalyticModel) for model in models())


def test_what_a_model_supports_is_in_the_ledger_and_in_its_suite():
    known = {claim.id for claim in claims()}
    for model in models():
        names = [quantity.name for quantity in model.quantities()]
        for claim, beginnings in model.supports.items():
            assert claim in known
            assert all(any(name.startswith(beginning) for name in names) for beginning in beginnings)

"""A form of Theorem 1 is one file: added to the package, it is certified, compared, audited, checked and reported."""

import sys
from importlib.machinery import PathFinder

import pytest

from tests.fresh import fresh_packages
from theory import ledger
from theory.theorem1 import FORMS, POPULATION_FORMS

TIMID = '''
"""A weaker form than the corrected one: it charges what is missing of the class twice."""

from theory.theorem1.forms.form import threshold_forms

FORM, POPULATION_FORM = threshold_forms(
    order=15, claim="thm-1-corrected", terms=lambda alpha, s: {"4 (1 - alpha)": 4 * (1 - alpha), "alpha s": alpha * s}
)
'''

USE = """
import numpy as np
import torch

from empirical.audit.schema import BY_ALPHA
from empirical.audit.core import audit
from empirical.audit.page import page
from empirical.audit.report import report
from empirical.provenance import imported_modules
from theory.setting import FiniteWorld
from theory.theorem1 import FORMS, POPULATION_FORMS, certify, compare

assert list(FORMS) == ["printed", "timid", "corrected", "sharp", "chord", "cap", "exact"], list(FORMS)
assert list(POPULATION_FORMS) == ["printed", "timid", "corrected", "sharp", "chord", "anchored"], list(POPULATION_FORMS)
assert "theory.theorem1.forms.timid" in imported_modules("theory.theorem1.certificates.world")

features = np.repeat(np.repeat([1.0, -1.0], 10)[:, None, None], 2, axis=1)
features[0] = -1.0
world = FiniteWorld(features, features, np.repeat([0, 1], 10))
timid, corrected = (certify(world, form, scope="world") for form in ("timid", "corrected"))
assert timid.classes[0].margin < corrected.classes[0].margin
assert timid.classes[0].blocker == "4 (1 - alpha)"
assert sum(c.form == "timid" for c in compare(world)) == 4

labels = torch.arange(40) % 2
noise = torch.rand(40, 1, 2, 2, generator=torch.Generator().manual_seed(0))
images = torch.where(labels[:, None, None, None] == 0, 0.1, 0.9) * torch.tensor([[1.0, 0.5], [0.5, 1.0]]) + noise / 100
data = torch.utils.data.TensorDataset(images, labels)
found = audit(torch.nn.Flatten().eval(), data, lambda x: x + 0.001, head="centred", m=2, progress=False)
print(report(found))
assert "timid" in page(found)
assert "timid" in BY_ALPHA
"""


def test_a_new_form_is_one_file(tmp_path, monkeypatch, capsys):
    """Where the package has one more folder, with one file in it."""

    class Extended(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            spec = super().find_spec(name, path, target)
            if name == "theory.theorem1.forms":
                spec.submodule_search_locations.append(str(tmp_path))
            return spec

    (tmp_path / "timid.py").write_text(TIMID.lstrip())
    monkeypatch.setattr(sys, "meta_path", [Extended, *sys.meta_path])
    with fresh_packages():
        exec(USE, {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("timid ")] == ["timid"]


@pytest.mark.parametrize("form", [*FORMS.values(), *POPULATION_FORMS.values()], ids=lambda form: form.claim)
def test_every_form_rests_on_a_claim_that_is_expected_to_be_proved(form):
    """The ledger's own test holds the verdict to what is expected."""
    claim = next(claim for claim in ledger.claims() if claim.id == form.claim)
    assert claim.expected is ledger.Verdict.PROVED


def test_forms_come_from_weak_to_strong():
    assert list(FORMS) == ["printed", "corrected", "sharp", "chord", "cap", "exact"]
    assert list(POPULATION_FORMS) == ["printed", "corrected", "sharp", "chord", "anchored"]

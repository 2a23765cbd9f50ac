"""A neighbouring theory is one file: added to the package, an audit asks it and prints what it says."""

import subprocess
import sys

import numpy as np
import pytest

from theory import ledger
from theory.neighbours import NEIGHBOURS
from theory.setting import FiniteWorld

PESSIMIST = '''
"""Whatever the encoder, all is lost."""

from theory.neighbours.neighbour import Finding, Neighbour


def findings(world):
    return (Finding(claim="arora", quantity="share lost", bound=1.0, measured=world.classes / 2, trivial=1.0),)


NEIGHBOUR = Neighbour(order=15, title="Nobody 1999", findings=findings)
'''

USE = """
import sys
from importlib.machinery import PathFinder


class Extended(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target)
        if name == "theory.neighbours":
            spec.submodule_search_locations.append(sys.argv[1])
        return spec


sys.meta_path.insert(0, Extended)
import torch

from empirical.audit.core import audit
from empirical.audit.page import page
from empirical.audit.report import as_json, report
from theory.neighbours import NEIGHBOURS

assert list(NEIGHBOURS)[:3] == ["haochen", "pessimist", "arora"], list(NEIGHBOURS)
labels = torch.arange(40) % 2
images = torch.rand(40, 1, 2, 2, generator=torch.Generator().manual_seed(0))
data = torch.utils.data.TensorDataset(images, labels)
result = audit(torch.nn.Flatten().eval(), data, lambda x: x + 0.001, m=2, progress=False)
print(report(result))
assert "Nobody 1999" in page(result)
assert "share lost" in [finding["quantity"] for finding in as_json(result, "page")["neighbours"]]
"""


def test_a_new_neighbour_is_one_file(tmp_path):
    """In a process whose package has one more folder, with one file in it."""
    (tmp_path / "pessimist.py").write_text(PESSIMIST.lstrip())
    run = subprocess.run([sys.executable, "-c", USE, tmp_path], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("Nobody 1999")]
    assert line.endswith("share lost: <= 1.000, measured 1.000; silent, no better than the trivial bound 1")


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_every_finding_rests_on_a_claim_that_is_expected_to_be_proved(name):
    """The ledger's own test holds the verdict to what is expected."""
    features = np.eye(4)[:, None].repeat(2, axis=1)
    proved = {claim.id for claim in ledger.claims() if claim.expected is ledger.Verdict.PROVED}
    findings = NEIGHBOURS[name].findings(FiniteWorld(features, features, np.array([0, 0, 1, 1])))
    assert findings
    assert {finding.claim for finding in findings} <= proved

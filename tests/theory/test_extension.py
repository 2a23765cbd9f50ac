"""A claim is one file: a module put into a copy of the tree appears everywhere without another edit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

MODULE = '''"""A claim of the test."""

from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz


def _numbers(rng):
    return rng.normal(size=1), lambda x: x


def _seen() -> Evidence:
    return Evidence(kind="search", summary="looked", holds=True, slack=0.5)


CLAIMS = (
    Claim(
        id="added",
        title="A claim in a file of its own",
        source="nobody, Theorem 9",
        statement="x=x",
        predicate=Predicate(worlds=_numbers, read=lambda x: Reading(hypotheses={}, left=x[0], right=x[0])),
        expected=Verdict.PROVED,
        steps={"Cauchy-Schwarz": cauchy_schwarz},
        other={"seen": _seen},
    ),
)
'''

SHOW = """
import json
from tests import mutation
from theory.ledger import as_json, claims, gather
from theory.ledger_table import table_row
from theory.statements import as_markdown

claim = next(claim for claim in claims() if claim.id == "added")
entry = as_json(claim, gather(claim))
print(json.dumps([entry, table_row(entry), as_markdown(claims()), mutation.modules()]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    for name in ("theory", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    (tree / "theory" / "arcl" / "added_here.py").write_text(MODULE, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tree)}

    def run(*words):
        result = subprocess.run(
            [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, check=True, timeout=300
        )
        return result.stdout

    return run


def test_an_added_claim_is_in_the_ledger_the_json_the_statements_and_the_mutation_check(run):
    entry, line, statements, modules = json.loads(run("-c", SHOW))
    assert (entry["verdict"], entry["module"], entry["steps"]) == (
        "proved",
        "theory.arcl.added_here",
        ["Cauchy-Schwarz"],
    )
    assert [e["step"] for e in entry["evidence"]] == ["Cauchy-Schwarz", "statement", "seen"]
    solvers = "two solvers" if len(entry["evidence"][0]["solvers"]) > 1 else "one solver"
    assert " ".join(line.split()[:-1]) == f"added A claim in a file of its own proved {solvers} - - 300/300 0"
    assert "| `added` | A claim in a file of its own | proved | `theory/arcl/added_here.py` |" in statements
    assert "arcl/added_here.py" in modules


def test_an_added_claim_is_shown_whole(run):
    shown = run("-m", "theory", "--claim", "added")
    assert "module      theory.arcl.added_here" in shown
    assert "verdict     proved (expected: proved)" in shown
    assert json.loads(run("-m", "theory", "--claim", "added", "--json"))[0]["module"] == "theory.arcl.added_here"

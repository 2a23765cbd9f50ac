"""The examples run, and the notebooks print what they are kept with."""

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(script, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    words = [sys.executable, str(script)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert script.read_text().startswith('"""')  # the gallery takes title and text from it


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_what_it_is_kept_with(path):
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 4
    names = {}
    for cell in cells:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec("".join(cell["source"]), names)
        assert printed.getvalue() == "".join(line for output in cell["outputs"] for line in output["text"])


def test_every_function_named_beside_a_symbol_exists():
    """docs/symbols.md: the first of the names in a cell is whole, the others lie in the same module."""
    rows = [line for line in (ROOT / "docs" / "symbols.md").read_text().splitlines() if line.startswith("| $")]
    assert len(rows) > 12
    for row in rows:
        names = row.split("|")[3].split("`")[1::2]
        package = importlib.import_module(names[0].rpartition(".")[0])
        for name in names:
            assert hasattr(package, name.rpartition(".")[2]), (row, name)

"""The name of a result follows from the code that computes it: all of it, and nothing else."""

import subprocess
import sys

import pytest

from empirical import provenance
from empirical.provenance import PACKAGES, imported_modules, source_digest

LISTING = """
import importlib, sys
importlib.import_module({name!r})
print(*(m for m in sys.modules if m.partition(".")[0] in {packages!r}))
"""
WHEN_NEEDED = {"theory.concentration.device"}
"""Imported inside a function, for tensors of an accelerator only: counted, though an import alone does not load it."""


@pytest.mark.parametrize("name", ["empirical.experiments.running", "empirical.audit.core", "theory.factors"])
def test_the_modules_are_those_that_an_import_loads(name):
    """Found in a fresh interpreter."""
    script = LISTING.format(name=name, packages=PACKAGES)
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert set(imported_modules(name)) - WHEN_NEEDED == set(loaded) - WHEN_NEEDED


def test_the_theory_counts_in_a_result_of_an_experiment():
    reached = imported_modules("empirical.experiments.running")
    assert {"theory.concentration.cliques", "theory.arcl.augmentation_robust", "theory.factors"} <= set(reached)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package on the path whose modules can be edited: digest() imports nothing of it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(provenance, "PACKAGES", ("edited",))
    (tmp_path / "edited").mkdir()
    (tmp_path / "edited" / "__init__.py").write_text("")
    (tmp_path / "edited" / "formula.py").write_text('"""Prose."""\n\ndef half(x):\n    """More."""\n    return x / 2\n')
    (tmp_path / "edited" / "top.py").write_text("from edited import formula\n\nx = formula.half(1)\n")

    def digest():
        for cached in (provenance._tree, provenance._direct, provenance._code):
            cached.cache_clear()
        return source_digest("edited.top")

    yield tmp_path / "edited", digest
    for cached in (provenance._tree, provenance._direct, provenance._code):
        cached.cache_clear()


def test_an_edit_anywhere_below_is_another_digest(package):
    folder, digest = package
    before = digest()
    (folder / "formula.py").write_text("def half(x):\n    return x / 3\n")
    assert digest() != before


def test_prose_and_layout_are_no_edit(package):
    folder, digest = package
    before = digest()
    (folder / "formula.py").write_text('"""Better prose."""\n\n\ndef half(x):  # half\n    return (x / 2)\n')
    assert digest() == before


def test_a_module_of_its_own_counts_when_it_is_named():
    assert source_digest("empirical.training.loop") != source_digest("empirical.training.loop", "torch")

"""The built wheel, installed into a clean environment, holds every subpackage and the embedded data."""

import importlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.fresh import PACKAGES, fresh_packages

ROOT = Path(__file__).resolve().parent.parent
CHECK = """
import importlib, json, pkgutil, sys
names = [m.name for p in ("contrastive_theory", "theory", "simulate", "empirical", "figures")
         for m in pkgutil.walk_packages(importlib.import_module(p).__path__, p + ".")]
modules = [importlib.import_module(n) for n in names if not n.endswith(("__main__", "make_subset"))]
from empirical.data.sets import load
data = load("fashion")
assert all(m.__file__.startswith(sys.prefix) for m in modules), "not imported from the wheel"
from importlib.metadata import files
print(json.dumps({"modules": names, "train": len(data.train_images), "test": len(data.test_images),
                  "files": [str(f) for f in files("contrastive-theory")]}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment with the wheel only; its dependencies are those of the environment that runs the tests."""
    root = tmp_path_factory.mktemp("wheel")
    source = root / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    quiet = ["-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [sys.executable, *quiet, "wheel", "--no-deps", "--no-build-isolation", "-w", str(root), str(source)], check=True
    )
    subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
    python = root / "venv" / "bin" / "python"
    wheel = next(root.glob("contrastive_theory-*.whl"))
    subprocess.run([python, *quiet, "install", "--no-deps", str(wheel)], check=True)
    # A .pth file that names a folder does not read the .pth files in it: the editable install stays out.
    site = next((root / "venv" / "lib").glob("python*")) / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def test_wheel_holds_every_module_and_the_data(installed, tmp_path):
    import json

    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [installed, "-c", CHECK], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    in_tree = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    } - set(PACKAGES)
    assert set(found["modules"]) == in_tree
    assert (found["train"], found["test"]) == (5000, 2000)
    assert any(name.endswith("NOTICE") for name in found["files"])
    assert any(name.endswith("LICENSE") for name in found["files"])
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(found["files"])


@pytest.mark.parametrize(
    ("words", "status", "shown"),
    [
        ("--version", 0, "contrastive-theory 0."),
        ("claims --claim lemma-3.1", 0, "verdict     proved"),
        (
            "gaussian --delta 0.5 --jobs 2",
            0,
            "closed forms inside their interval",
        ),  # its workers are processes of their own
        ("report", 2, "evidence=build/evidence/theory.json: missing"),
        (
            "audit --data digits --encoder model:encoder --head clusters --n-views 2",
            0,
            "check it again: contrastive-theory check",
        ),
    ],
)
def test_the_command_works_where_other_modules_have_the_names_of_ours(installed, tmp_path, words, status, shown):
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("raise ImportError('another package of this name')\n")
    (tmp_path / "figures.py").write_text("raise ImportError('another module of this name')\n")
    (tmp_path / "model.py").write_text("from torch.nn import Flatten\n\nencoder = Flatten\n")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [installed.parent / "contrastive-theory", *words.split()],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert shown in done.stdout + done.stderr


@pytest.mark.parametrize(
    "name", ["arcl", "concentration", "divergence", "neighbours", "population", "theorem1", "theorem2"]
)
def test_every_topic_imports_on_its_own(name):
    """Where no other import has broken a circle."""
    with fresh_packages():
        importlib.import_module(f"theory.{name}")

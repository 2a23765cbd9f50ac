"""The built wheel, installed into a clean environment, holds every subpackage and the embedded data."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHECK = """
import importlib, json, pkgutil, sys
names = [m.name for p in ("theory", "simulate", "empirical", "figures")
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
        for package in ("theory", "simulate", "empirical", "figures")
        for path in (ROOT / package).rglob("*.py")
    } - {"theory", "simulate", "empirical", "figures"}
    assert set(found["modules"]) == in_tree
    assert (found["train"], found["test"]) == (5000, 2000)
    assert any(name.endswith("NOTICE") for name in found["files"])
    assert any(name.endswith("LICENSE") for name in found["files"])
    assert "theory/py.typed" in found["files"]


@pytest.mark.parametrize("name", ["arcl", "concentration", "divergence", "population", "theorem1", "theorem2"])
def test_every_topic_imports_on_its_own(name):
    """In a fresh interpreter, where no other import has broken a circle."""
    subprocess.run([sys.executable, "-c", f"import theory.{name}"], check=True, cwd=ROOT)

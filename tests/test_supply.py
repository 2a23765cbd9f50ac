"""What is installed is pinned, with the hashes of its files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HASHED = {
    "requirements.lock": 20,
    "requirements-checks.lock": 20,
    "requirements-docs.lock": 20,
    "requirements-browser.lock": 2,
}
"""Lock files, and the fewest packages that each may pin."""


def pins(name):
    """Package: (version, hashes) of a lock file."""
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    words = [line.split() for line in text.splitlines()]
    return {first.partition("==")[0]: (first.partition("==")[2], hashes) for first, *hashes in words}


@pytest.mark.parametrize("name", HASHED)
def test_every_package_is_pinned_with_hashes(name):
    locked = pins(name)
    assert len(locked) > HASHED[name]
    for package, (pinned, hashes) in locked.items():
        assert re.fullmatch(r"[\w.]+", pinned), package
        assert hashes, package
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), package


def test_only_torch_is_installed_without_hashes():
    assert list(pins("requirements-torch.lock").values()) == [("2.13.0", [])]
    installs = re.findall(r"^\t\$\(PIP\) (.*-r .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line for line in installs if "--require-hashes" not in line] == ["-r requirements-torch.lock"]
    assert {name for line in installs for name in re.findall(r"-r (\S+)", line)} == {*HASHED, "requirements-torch.lock"}

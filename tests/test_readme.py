"""What the README shows is what the commands print and what the code does."""

import json
import re
import tomllib
from pathlib import Path

from theory.ledger import claims
from theory.ledger_table import with_ledger
from theory.statements import as_markdown

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEDGER = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
MADE = ("claims/", "gallery/")
"""Folders of the documentation that docs/conf.py fills."""

PICTURES = "https://raw.githubusercontent.com/contrastive-theory/contrastive-theory/main/"


def without_seconds(line):
    return re.sub(r"\s+[\d.]+$", "", line)


def test_ledger_is_the_one_written_by_the_command(theory_run):
    written = with_ledger(LEDGER, json.loads((theory_run / "build" / "evidence" / "theory.json").read_text()))
    assert [without_seconds(line) for line in LEDGER.splitlines()] == [
        without_seconds(line) for line in written.splitlines()
    ]


def test_table_of_statements_is_the_one_written_by_the_command():
    assert (ROOT / "docs" / "statements.md").read_text(encoding="utf-8") == as_markdown(claims())


def test_code_for_your_own_data_runs(capsys):
    exec(compile(re.search(r"```python\n(.*?)```", README, re.S).group(1), "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:6]] == ["printed", "corrected", "sharp", "chord", "cap", "exact"]
    assert lines[6].startswith("{'printed': ")
    assert lines[6].endswith(" 0.95")
    assert min(float(line.split()[1]) for line in lines[:6]) < 1


def test_every_dependency_has_its_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = guide.split("## What each dependency is for")[1]
    for requirement in wanted:
        assert re.split(r"[<>=]", requirement)[0] in table


def test_every_picture_exists():
    (address,) = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert (ROOT / address.removeprefix(PICTURES)).is_file()


def test_every_file_linked_exists():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if target.startswith("https://") or target.startswith(MADE):
                continue  # what `make docs` makes, its own run checks: a link without a page is a warning, hence an error
            assert (page.parent / target).exists(), (page.name, target)


def test_it_is_short():
    assert len(README.split()) <= 700

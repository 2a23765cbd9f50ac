"""A figure is one new file: the report finds it, with the evidence that it reads and what it says of itself."""

import json
import shutil
import sys
from dataclasses import asdict

import pytest

import figures
from figures import __main__ as cli
from figures import registry, style
from theory.digests import write_evidence
from theory.ledger import Evidence

OF_EACH_DATA_SET = '''
"""A figure in the section of the trained encoder, once for each data set."""

from figures.figure import Figure
from figures.style import canvas
from figures.study import SECTION


def draw(study):
    drawing, (axes,) = canvas(1, 0.6)
    axes.plot([record["error"] for record in study["history"]])
    return drawing


def caption(study):
    return f"Error over {len(study['history'])} epochs."


PART = Figure(
    name="error",
    title="Error over training",
    section=SECTION,
    order=35,
    draw=draw,
    caption=caption,
    data=lambda study: study["history"],
    alt="error over training",
)
'''

OF_NEW_EVIDENCE = '''
"""A figure of evidence that no other file reads, in a section of its own."""

from figures.evidence import EvidenceFiles
from figures.figure import Figure, Section
from figures.style import canvas


def draw(noise):
    drawing, (axes,) = canvas(1, 0.6)
    axes.plot(noise["values"])
    return drawing


SECTION = Section(
    order=25,
    inputs=EvidenceFiles(pattern="noise.json", command="python -m noise"),
    opening=lambda _: "<h2>Noise</h2>",
    points=lambda documents: [f"Noise of {len(documents[0]['values'])} values."],
)
PART = Figure(
    name="noise",
    title="Noise",
    section=SECTION,
    order=10,
    draw=draw,
    caption=lambda _: "White noise.",
    data=lambda noise: [{"value": value} for value in noise["values"]],
    alt="noise",
)
'''


@pytest.fixture
def add(monkeypatch, tmp_path):
    """Adds a module to the package `figures`, for the time of a test."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(folder)])
    names = []

    def write(name, text):
        names.append(name)
        (folder / f"{name}.py").write_text(text)

    yield write
    for name in names:
        sys.modules.pop(f"figures.{name}", None)
        vars(figures).pop(name, None)


def test_a_figure_is_one_new_file(add, evidence, tmp_path, monkeypatch):
    monkeypatch.setattr(style, "FORMATS", ("svg",))  # the others are drawn in test_report
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder)
    check = Evidence(claim="thm-3", kind="measurement", step="noise", summary="a noisy check", holds=True)
    claims = [c for c in json.loads((folder / "theory.json").read_text()) if c["id"].startswith("thm-3")]
    write_evidence(folder / "theory.json", claims)
    write_evidence(folder / "noise.json", {"values": [1, 3, 2], "evidence": [asdict(check)]})
    add("error", OF_EACH_DATA_SET)
    add("noise", OF_NEW_EVIDENCE)
    assert cli.main(["--evidence", str(folder), "--out", str(tmp_path / "report")]) == 0
    written = {path.stem for path in (tmp_path / "report" / "figures").glob("*.svg")}
    assert {"noise", "digits-error"} < written
    html = (tmp_path / "report" / "index.html").read_text()
    assert "<li>Noise of 3 values.</li>" in html
    assert "a noisy check" in html
    in_order(html, ["Alignment does not bound the risk", "<h2>Noise</h2>", "White noise.", "Where Theorem 1 certifies"])
    page = (tmp_path / "report" / "encoder-digits.html").read_text()
    in_order(page, ["epoch 0 is the untrained encoder", "Error over 2 epochs.", "The factors of Theorem 1, measured"])


def in_order(html, texts):
    positions = [html.rindex(text) for text in texts]
    assert positions == sorted(positions)


def test_missing_evidence_of_a_new_figure_is_named_with_its_command(add, evidence, capsys):
    add("noise", OF_NEW_EVIDENCE)
    with pytest.raises(SystemExit) as stop:
        cli.main(["--evidence", str(evidence)])
    assert stop.value.code == 2
    assert "noise.json: missing; run python -m noise first" in capsys.readouterr().err


def test_two_figures_of_one_name_are_refused(add):
    add("second", OF_EACH_DATA_SET.replace('name="error"', 'name="slack"'))
    with pytest.raises(ValueError, match="name=slack: 2 figures have it; "):
        registry.parts()

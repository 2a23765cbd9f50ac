import json
import re
import shutil
from html import unescape

import pytest

from empirical import __main__ as empirical
from empirical.audit import __main__ as audit
from figures import __main__ as cli
from figures import report
from simulate import __main__ as simulate
from theory import __main__ as theory
from theory.ledger import claims


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    out = root / "evidence"
    assert theory.main(["--out", str(out)]) == 0
    assert simulate.main(["--out", str(out)]) == 0
    words = "--data digits --epochs 1 --train-size 300 --samples-per-class 4 --n-views 2 --quiet --device cpu"
    assert empirical.main([*words.split(), "--runs", str(root / "runs"), "--out", str(out)]) == 0
    words = (
        "--encoder sklearn.random_projection:GaussianRandomProjection --head clusters --n-views 2 --quiet --device cpu"
    )
    options = [
        "--arguments",
        '{"n_components": 8, "random_state": 0}',
        "--out",
        str(root / "audit"),
        "--evidence",
        str(out),
    ]
    assert audit.main([*words.split(), *options]) == 0
    return out


@pytest.fixture(scope="module")
def html(evidence):
    assert cli.main(["--evidence", str(evidence), "--out", str(evidence / "report")]) == 0
    return (evidence / "report" / "index.html").read_text()


def test_page_is_self_contained(html):
    assert html.startswith("<!doctype html>")
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert "<script" not in html
    assert html.count("<figure>") == 6


def test_every_claim_and_its_verdict_is_there(html, evidence):
    for entry in json.loads((evidence / "theory.json").read_text()):
        line = re.search(rf"<summary><code>{re.escape(entry['id'])}</code>.*?</summary>", html).group()
        assert f'class="badge {entry["verdict"]}"' in line
    assert "simulation" in re.search(r"<summary><code>example-1</code>.*?</summary>", html).group()
    assert "measurement" in re.search(r"<summary><code>thm-1-printed</code>.*?</summary>", html).group()


def test_measured_numbers_are_the_ones_shown(html, evidence):
    study = json.loads((evidence / "empirical-digits.json").read_text())
    for measured in study["measurements"]:
        assert f'<td class="n">{measured["error"]:.3f}</td>' in html
    assert f"{study['evaluation']['after'][0]['knn']:.3f} trained" in html


def test_audits_are_shown_with_their_own_numbers(html, evidence):
    found = json.loads((evidence / "audit-audit.json").read_text())
    assert "GaussianRandomProjection on digits" in html
    for form, cell in found["exact"].items():
        row = re.search(rf"<tr><td>{form}</td><td class=\"n\">([^<]*)</td>", html.split("Encoders audited")[1]).group(1)
        assert row == f"{cell['error']:.4f} ({cell['met']}/10)"
    assert all(sentence in unescape(html) for sentence in found["says"])


def test_verdicts_follow_all_evidence(evidence, tmp_path):
    """A simulation that fails takes the verdict away from a claim that theory alone had proved."""
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder)
    content = json.loads((folder / "simulate.json").read_text())
    content["evidence"][0]["holds"] = False
    (folder / "simulate.json").write_text(json.dumps(content))
    verdicts = {claim["id"]: claim["verdict"] for claim in report.read(folder).claims}
    assert verdicts["example-1"] == "undecided"
    assert verdicts["lemma-3.1"] == "proved"


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.id)
def test_every_statement_can_be_set(claim):
    assert report.formula(claim.statement).startswith("<img")


@pytest.mark.parametrize("name", ["theory.json", "simulate.json", "empirical-digits.json"])
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_bad_evidence_is_named_with_the_command_that_makes_it(evidence, tmp_path, name, damage, capsys):
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder)
    text = (folder / name).read_text()
    (folder / name).unlink()
    if damage == "truncated":
        (folder / name).write_text(text[:100])
    with pytest.raises(SystemExit) as stop:
        cli.main(["--evidence", str(folder), "--out", str(tmp_path / "report")])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"python -m {name.split('.')[0].split('-')[0]}" in error
    assert not (tmp_path / "report").exists()


def test_same_evidence_same_page(html, evidence):
    inputs = report.read(evidence)
    assert report.page(inputs, report.drawings(inputs)) == html


def test_figures_lie_beside_the_page(html, evidence):
    assert html
    names = {path.stem for path in (evidence / "report" / "figures").glob("*.svg")}
    assert names == {"risk", "phase", *(f"digits-{kind}" for kind in ("embedding", "training", "slack", "reach"))}

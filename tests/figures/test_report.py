import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from xml.dom.minidom import parseString

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text

from empirical.revision import revision
from empirical.rounding import shown
from figures import __main__ as cli
from figures import claims as claims_part
from figures import counterexample, drawing, embedding, printed, registry, report, slack, style
from figures import evidence as evidence_files
from figures.audits import AUDITS
from figures.evidence import THEORY
from figures.mathematics import statement as statement_markup
from figures.statements import STATEMENTS
from figures.study import STUDIES
from theory.digests import write_evidence

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def html(written):
    return (written / "index.html").read_text()


def read(folder):
    return evidence_files.read(folder, registry.inputs(registry.parts()))


def files_beside(written):
    """The files of every figure, as the report wrote them: by the figure's name, by suffix in the order of the page."""
    order, by_name = (".svg", ".pdf", ".png", ".html", ".md", ".csv", ".tex"), {}
    for path in sorted((written / "figures").iterdir(), key=lambda path: order.index(path.suffix)):
        by_name.setdefault(path.stem, {})[path.suffix[1:]] = path.read_bytes()
    return by_name


def pages(folder):
    return {path.name: path.read_text() for path in folder.glob("*.html")}


def test_pages_are_self_contained(written):
    """Nothing is loaded but data in the page itself, and every link leads to a place or a file that is there."""
    assert pages(written).keys() == {"index.html", "explorer.html", "encoder-digits.html", "audit-audit.html"}
    for text in pages(written).values():
        assert text.startswith("<!doctype html>")
        assert not re.findall(r"&lt;/?(?:h\d|p|b|em|ul|li|code|table|td)\b", text)  # markup that was escaped is shown
        assert not re.findall(r'src="(?!data:)', text)
        assert "<link" not in text
        assert "@import" not in text
        ids = set(re.findall(r' id="([^"]+)"', text))
        for target in re.findall(r'href="([^"]+)"', re.sub("<script.*?</script>", "", text, flags=re.DOTALL)):
            if target.startswith("#"):
                assert target[1:] in ids, target
            elif not target.startswith("https://arxiv.org/abs/"):
                assert (written / target).is_file(), target


def test_every_claim_and_its_verdict_is_there_once(html, evidence):
    for entry in read(evidence)[THEORY][""]:
        (fold,) = re.findall(rf'<details class="claim" id="{re.escape(entry["id"])}".*?</details>', html, re.S)
        assert f'data-verdict="{entry["verdict"]}"' in fold
        assert f'class="badge {entry["verdict"]}"' in fold
        assert fold.count("<li>") == len(entry["evidence"])
        assert f'href="#{entry["id"]}"' in fold
    assert "simulation" in summary(html, "example-1")
    assert "measurement" in summary(html, "thm-1-per-class")


def summary(html, claim):
    return re.search(rf'id="{re.escape(claim)}".*?<summary>(.*?)</summary>', html, re.S)[1]


def test_the_printed_statements_have_the_verdicts_of_the_ledger(html, evidence):
    claims = {claim["id"]: claim for claim in read(evidence)[THEORY][""]}
    first = html.split("</section>")[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', first, re.S)
    assert [name for name, _ in rows] == [statement.name for statement in STATEMENTS]
    for statement, (_, cells) in zip(STATEMENTS, rows, strict=True):
        as_printed, verdict, instead, met = re.findall(r"<td.*?>(.*?)</td>", cells, re.S)
        assert str(statement_markup(claims[statement.claim]["statement"])) in as_printed
        linked = dict(re.findall(r'href="#([^"]+)">(?:(?!</p>).)*?class="badge (\w+)"', verdict + instead, re.S))
        assert {claims[name]["verdict"] for name in linked} >= {claims[statement.claim]["verdict"]}
        assert linked == {name: claims[name]["verdict"] for name in linked}
        assert set(statement.instead) <= set(linked)
        assert {name for name in statement.printed if claims[name]["verdict"] == "refuted"} <= set(linked)
        assert re.match(r"(yes|no): (for|shown) |always; says |not tested|about an encoder of its own", met)


def test_a_verdict_that_changes_changes_the_first_screen(evidence, written):
    documents = read(evidence)
    claims = [{**c, "verdict": "undecided"} if c["id"] == "lemma-4.1" else c for c in documents[THEORY][""]]
    text = report.pages({**documents, THEORY: {"": claims}}, files_beside(written))["index.html"].split("</section>")[0]
    assert text.count("badge undecided") == 1
    assert "1 undecided" in text


def test_three_numbers_are_those_of_the_evidence(evidence):
    documents = read(evidence)
    claims, studies, audits = documents[THEORY][""], documents[STUDIES].values(), documents[AUDITS].values()
    first, second, third = printed.numbers(claims, studies, audits)
    assert first.value == f"{len(claims)} claims"
    assert (
        second.value == f"{sum(e['met'] for c in claims for e in c['evidence'] if e['step'] == 'statement'):,} worlds"
    )
    errors = [c["error"] for study in studies for m in study["measurements"] for c in m["certificates"]]
    errors += [c["error"] for audit in audits for c in audit["exact"].values()]
    assert third.value == (f"{shown(min(errors), 'upper')} certified" if min(errors) < 1 else "no certificate")


def test_what_no_world_met_is_labelled_not_tested(evidence):
    claim = next(c for c in read(evidence)[THEORY][""] if c["id"] == "thm-1-local")
    tried = [{**e, "met": 0} if e["kind"] == "measurement" else e for e in claim["evidence"]]
    shown_checks = [
        check for _, checks in claims_part.view({**claim, "evidence": tried}, "").checks for check in checks
    ]
    assert {check.kind for check in shown_checks if not check.tested} == {"measurement"}
    assert "measurement" not in claims_part.view({**claim, "evidence": tried}, "").summary


def test_measured_numbers_are_the_ones_shown(written, evidence):
    html = (written / "encoder-digits.html").read_text()
    study = json.loads((evidence / "empirical-digits.json").read_text())
    for measured in study["measurements"]:
        assert f'<td class="n">{measured["error"]:.3f}</td>' in html
    assert f"{study['evaluation']['after'][0]['knn']:.3f} trained" in html


def test_audits_are_shown_with_their_own_numbers(written, evidence):
    html = (written / "audit-audit.html").read_text()
    audited = json.loads((evidence / "audit-audit.json").read_text())
    assert "GaussianRandomProjection on digits" in html
    for form, cell in audited["exact"].items():
        row = re.search(rf'<tr><th scope="row">{form}</th><td class="n">([^<]*)</td>', html).group(1)
        assert row == (f"{shown(cell['error'], 'upper')} ({cell['met']}/10)" if cell["met"] else "certifies nothing")
    assert all(sentence in unescape(html) for sentence in audited["says"])


def test_verdicts_follow_all_evidence(evidence, tmp_path):
    """A simulation that fails takes the verdict away from a claim that theory alone had proved."""
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder)
    content = json.loads((folder / "simulate.json").read_text())
    content["evidence"][0]["holds"] = False
    write_evidence(folder / "simulate.json", content)
    verdicts = {claim["id"]: claim["verdict"] for claim in read(folder)[THEORY][""]}
    assert verdicts["example-1"] == "undecided"
    assert verdicts["lemma-3.1"] == "proved"


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
    assert f"evidence={folder / name.replace('digits', '*' if damage == 'missing' else 'digits')}: " in error
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("name", ["theory.json", "simulate.json", "empirical-digits.json"])
def test_evidence_that_was_changed_is_refused(evidence, tmp_path, name, capsys):
    """A change that leaves it JSON, and of the right form, is seen by its hash."""
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b"0", b"1", 1))
    with pytest.raises(SystemExit) as stop:
        cli.main(["--evidence", str(folder), "--out", str(tmp_path / "report")])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"evidence={folder / name}: changed after it was written (its SHA-256 differs); run python -m " in error
    assert not (tmp_path / "report").exists()


def test_evidence_without_a_hash_is_taken_and_named(evidence, tmp_path, capsys):
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder, ignore=shutil.ignore_patterns("simulate.json.sha256"))
    words = ["--only", "sigma-delta", "--format", "svg", "--evidence", str(folder), "--out", str(tmp_path / "figures")]
    assert cli.draw_main(words) == 0
    assert (tmp_path / "figures" / "sigma-delta.svg").is_file()
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "taken as they are, without a hash beside them: simulate.json"


def test_same_evidence_same_page(html, written, evidence):
    """Its figures drawn anew, as far as they stand in it; `test_look` draws one twice in every format.

    Another process may have written the page, before somebody committed.
    """
    documents, files = read(evidence), files_beside(written)
    then = re.search(r"contrastive-theory figures[^(]*\(([^)]+)\)", files["phase"]["svg"].decode())[1]
    for one in drawing.drawings(registry.parts(), documents, evidence):
        fresh = drawing.files(one, style.SCREEN, ("svg",))
        for suffix, content in fresh.items():
            assert content == files[one.name][suffix].replace(then.encode(), revision().encode()), (one.name, suffix)
    assert report.pages(documents, files)["index.html"] == html.replace(then, revision())


def test_figures_lie_beside_the_page(written):
    """Each in every format, with its numbers and its LaTeX."""
    names = {path.name for path in (written / "figures").iterdir()}
    of_simulation = {"counterexample", "phase", "sigma-delta", "mechanism", "theorems-3-4"}
    of_encoders = {"certificates", *(f"digits-{kind}" for kind in ("embedding", "training", "slack", "reach"))}
    assert names >= {f"{n}.{s}" for n in of_simulation | of_encoders for s in ("svg", "pdf", "png", "csv", "tex")}


def test_figures_of_the_page_have_its_width_and_readable_text(written):
    for path in sorted((written / "figures").glob("*.svg")):
        svg = path.read_text()
        assert parseString(svg).documentElement.getAttribute("width") == f"{72 * style.SCREEN.width:g}pt", path.name
        plain, formulas = (
            [float(size) for size in re.findall(rf"<{tag}[^>]*font(?:-size)?: (?:\w+ )*([\d.]+)px", svg)]
            for tag in ("text", "tspan")
        )
        assert min(plain or [max(formulas)]) >= 7, path.name  # an index in a formula is smaller than its letter


def test_a_claim_says_which_file_states_it(evidence):
    claim = {**read(evidence)[THEORY][""][0], "module": "theory.theorem1.proofs.printed"}
    assert claims_part.view(claim, "").file == "theory/theorem1/proofs/printed.py"


def test_the_look_is_ours_and_leaves_the_user_s_alone(evidence):
    """Whatever the user has set in matplotlib, the figures are the same, and afterwards it is still set."""
    simulation = json.loads((evidence / "simulate.json").read_text())
    drawn = style.render(counterexample.draw, simulation)
    with matplotlib.rc_context(
        {"font.size": 30, "lines.linewidth": 9, "svg.hashsalt": "other", "axes.facecolor": "red"}
    ):
        assert style.render(counterexample.draw, simulation) == drawn
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.grid"] is False


def test_importing_the_figures_changes_no_setting_of_matplotlib():
    code = (
        "import matplotlib; before = dict(matplotlib.rcParams)\n"
        "from figures import registry, report; registry.parts()\n"
        "assert dict(matplotlib.rcParams) == before and matplotlib.get_backend() == 'svg'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "MPLBACKEND": "svg"})


def test_a_form_or_cost_without_a_colour_of_its_own_gets_one():
    assert style.colour(style.FORM_COLOURS, "exact") == style.BLACK
    assert style.colour(style.FORM_COLOURS, "a new form") in style.CLASS_COLOURS


# names of the user's


NAMES = ["Ba$$in", "$1_bill", "$5_bill", "_other", r"a\$b$c", "x--y", "<&>", "", "two\nlines\x1b[31m", "caf\udce9"]
SHOWN = {r"two\nlines\x1b[31m", r"caf\udce9", *NAMES[:-2]}


@pytest.fixture
def study(evidence):
    return json.loads((evidence / "empirical-digits.json").read_text())


def texts(svg):
    """The texts drawn; the file must be XML."""
    return {"".join(part.data for part in walk(node)) for node in parseString(svg).getElementsByTagName("text")}


def walk(node):
    """The pieces of text in an element."""
    for child in node.childNodes:
        yield from [child] if child.nodeType == child.TEXT_NODE else walk(child)


def test_class_names_are_shown_as_typed_and_each_stands_in_the_legend(study):
    study["class_names"] = NAMES
    assert texts(style.render(embedding.draw, study)) >= SHOWN - {""}
    drawn = texts(style.render(slack.draw, study))
    assert any(text.endswith(f"{a} / {b}") for text in drawn for a in SHOWN for b in SHOWN)


def test_letters_that_the_font_lacks_are_left_to_the_viewer(study):
    study["class_names"] = ["猫", "σκύλος", "$x$", *study["class_names"][3:]]
    assert {"猫", "σκύλος", "$x$"} <= texts(style.render(embedding.draw, study))


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=12))
def test_any_name_can_be_drawn(name):
    def draw(name):
        drawing, (axes,) = style.canvas(1, 0.5)
        axes.set_title(style.plain(name))
        return drawing

    parseString(style.render(draw, name))
    assert not is_math_text(style.plain(name))


@pytest.mark.parametrize("written", ["font.size: 30\ntext.usetex: True\nsvg.fonttype: none\ntimezone: Asia/Tokyo\n"])
def test_the_user_s_settings_change_no_figure(written, evidence, tmp_path):
    (tmp_path / "matplotlibrc").write_text(written)
    code = (
        "import json, sys; from figures import embedding, style\n"
        "sys.stdout.write(style.render(embedding.draw, json.load(open(sys.argv[1]))))"
    )
    file = evidence / "empirical-digits.json"
    words = [sys.executable, "-c", code, str(file)]
    changes = {"PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": str(tmp_path / "none")}
    done = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, **changes}, capture_output=True, text=True, check=True
    )
    assert done.stdout == style.render(embedding.draw, json.loads(file.read_text()))


@pytest.mark.parametrize("words", [["-m", "figures"], ["-m", "contrastive_theory", "report"]])
def test_settings_that_matplotlib_refuses_are_said_without_a_traceback(words, evidence, tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"\xff\xfe\n")
    command = [sys.executable, *words, "--evidence", str(evidence), "--out", str(tmp_path / "report")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    *_, last = done.stderr.splitlines()  # before it matplotlib itself names the file
    assert re.fullmatch(
        r"contrastive-theory.*: matplotlib: refuses your settings \(.*\); mend your matplotlibrc.*", last
    )
    assert "Traceback" not in done.stderr

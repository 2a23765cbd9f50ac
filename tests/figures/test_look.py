"""What a paper asks of a figure: exact width, readable text that stays text, colours that everyone can tell apart."""

import io
import json
import re
import shutil
import subprocess
from itertools import combinations
from xml.dom.minidom import parseString

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from empirical.experiments import design, kept, tables
from empirical.experiments.view_sets import ASSERTED, SETS
from empirical.revision import revision
from figures import __main__ as cli
from figures import drawing, experiments, grids, registry, style
from figures import evidence as evidence_files
from figures.evidence import read_as_written
from figures.figure import Drawn, Figure

# Machado, Oliveira and Fernandes, IEEE TVCG 2009, severity 1; applied to linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
APART = 10.0
"""CIEDE2000; about ten times what a trained eye just sees side by side."""


def lab(colour, vision):
    """CIELAB (D65) of a colour as that eye sees it."""
    srgb = np.array(to_rgb(colour))
    linear = np.clip(vision @ np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    xyz = np.array(to_xyz) @ linear / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(one, other):
    """Sharma, Wu and Dalal, 2005."""
    (L1, a1, b1), (L2, a2, b2) = one, other
    C = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    G = (1 - np.sqrt(C**7 / (C**7 + 25.0**7))) / 2
    a1, a2 = (1 + G) * a1, (1 + G) * a2
    C1, C2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = C1 * C2 == 0
    dh = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    L, C, h = (L1 + L2) / 2, (C1 + C2) / 2, h1 + h2 if grey else h1 + dh / 2
    cosines = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    T = 1 + sum(factor * np.cos(np.radians(times * h + shift)) for factor, times, shift in cosines)
    dL = (L2 - L1) / (1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2))
    dC, dH = (C2 - C1) / (1 + 0.045 * C), 2 * np.sqrt(C1 * C2) * np.sin(np.radians(dh / 2)) / (1 + 0.015 * C * T)
    turn = -np.sin(np.radians(60 * np.exp(-(((h % 360 - 275) / 25) ** 2)))) * 2 * np.sqrt(C**7 / (C**7 + 25.0**7))
    return float(np.sqrt(dL**2 + dC**2 + dH**2 + turn * dC * dH))


def least_distance(colours):
    """Between any two of these colours, in any eye."""
    return min(
        ciede2000(lab(one, vision), lab(other, vision))
        for vision in VISION.values()
        for one, other in combinations(dict.fromkeys(colours), 2)
    )


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_distances_are_those_of_the_published_examples(one, other, distance):
    assert ciede2000(one, other) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize(
    "colours",
    [
        [style.BLACK, style.ORANGE, style.SKY, style.GREEN, style.YELLOW, style.BLUE, style.RED, style.PINK],
        style.CLASS_COLOURS,
        list(style.FORM_COLOURS.values()),
        [colour for colour, _, _ in style.METHODS.values()],
    ],
)
def test_palettes_can_be_told_apart_by_the_colour_blind(colours):
    assert least_distance(colours) >= APART


def test_a_palette_that_they_cannot_tell_apart_is_seen():
    assert least_distance(matplotlib.color_sequences["tab10"]) < 2
    assert least_distance(["#ff0000", "#808000"]) < APART


@pytest.fixture(scope="module")
def whole(evidence, tmp_path_factory):
    """The evidence of every stage with a result of every experiment, made of planted numbers."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(evidence, folder, dirs_exist_ok=True)
    generator = np.random.default_rng(0)
    for experiment in design.EXPERIMENTS.values():
        runs = [run_of(experiment, cell, seed, generator) for seed in range(2) for cell in cells(experiment, seed)]
        content = tables.as_json(experiment, "embedded", runs)
        (folder / f"experiment-{experiment.name}.json").write_text(json.dumps(content))
    (folder / "concentration.json").write_text(json.dumps(concentration(generator)))
    (folder / "embedding.json").write_text(json.dumps(embedding(generator)))
    return folder


def cells(experiment, seed):
    return experiment.cells(design.SCALES["embedded"], seed)


def run_of(experiment, cell, seed, generator):
    def numbers(names):
        return {name: float(generator.uniform(0.1, 0.9)) for name in names}

    ends = [f"{step.metric} {end}" for step in experiment.trends for end in (step.lower, step.higher)]
    history = [{"epoch": e, **numbers(["alignment", "largest_product", "mean_product"])} for e in range(4)]
    values = numbers({*experiment.metrics, *ends, "kNN"})
    return {"group": cell.group, "row": cell.row, "seed": seed, "values": values, "history": history}


def concentration(generator):
    deltas = np.linspace(0, 5, 8)
    low = np.sort(generator.uniform(0, 1, (len(SETS), 8)))
    sides = {"low": low, "high": low + 0.02, "cover_low": 0.5 * low, "cover_high": 0.5 * low + 0.5}
    return {
        "setting": {"data": "fashion", "samples_per_class": 9, "views": 2, "method": "SimCLR", "quantiles": [0.1, 0.5]},
        "deltas": [1.0, 2.0],
        "sets": [
            {
                "letters": letters,
                "outside_low": [0.2 + 0.01 * i, 0.1 + 0.01 * i],
                "outside_high": [0.2 + 0.012 * i, 0.1 + 0.01 * i],
                "error": float(generator.uniform(0.2, 0.7)),
                "error_spread": 0.02,
                "curve": {"deltas": deltas.tolist(), **{k: v[i].tolist() for k, v in sides.items()}},
            }
            for i, letters in enumerate(SETS)
        ],
        "asserted": [{"lower": a, "higher": b, "verdicts": ["holds", "open"]} for a, b in ASSERTED],
    }


def embedding(generator):
    maps = [
        {"views": name, "kNN": 0.5, "points": generator.normal(size=(20, 2)).tolist()}
        for name in ("no augmentation", "colour only", "all augmentations")
    ]
    names = [f"class {k}" for k in range(10)]
    words = {"scale": "embedded", "dataset": "fashion", "method": "SimCLR", "seed": 0, "epochs": 1}
    return {**words, "class_names": names, "labels": [i % 10 for i in range(20)], "maps": maps}


@pytest.fixture(scope="module")
def drawings(whole):
    parts = registry.parts()
    return drawing.drawings(parts, read_as_written(whole, registry.inputs(parts)), whole)


def figures_of(drawings):
    return [one for one in drawings if isinstance(one.part, Figure)]


def test_every_figure_of_the_lecture_is_there(drawings):
    names = {one.part.name for one in drawings}
    lecture = {
        "view-embedding",
        "alignment",
        "divergence",
        "richness",
        "strength",
        "concentration",
        "domains",
        "transfer",
    }
    assert names >= lecture | {"counterexample", "sigma-delta", "mechanism", "transfer-table", "richness-table"}
    ours = {"phase", "reach", "slack", "frontiers", "theorems-3-4", "certificates"}
    assert names >= ours


def test_after_the_stages_of_verify_none_is_missing(evidence):
    """What takes longer is kept."""
    parts = [part for part in registry.parts() if isinstance(part, Drawn)]
    documents = read_as_written(evidence, registry.inputs(parts))
    assert [part.name for part in parts if not part.subjects(documents)] == []


@pytest.mark.parametrize("width", [5.5, 3.25])
def test_widths_are_exact_and_text_is_readable(width, drawings):
    """In print; those of the page are seen in test_report."""
    look = style.Look("paper", width)
    for one in figures_of(drawings):
        seen = []

        def draw(document, part=one.part, seen=seen):
            seen.append(part.draw(document))
            return seen[0]

        content = style.save(draw, one.document, look, ("svg", "png") if width == 5.5 else ("svg",))
        assert parseString(content["svg"]).documentElement.getAttribute("width") == f"{72 * width:g}pt", one.name
        if "png" in content:
            assert Image.open(io.BytesIO(content["png"])).width == round(style.DOTS * width)
        small = [text.get_text() for text in seen[0].findobj(Text) if text.get_text() and text.get_fontsize() < 7]
        assert not small, (one.name, small)
        assert not unlike_in_colour_alone(seen[0]), one.name


def unlike_in_colour_alone(figure):
    """Lines with a name that differ in nothing but their colour."""
    pairs = []
    for axes in figure.axes:
        named = [line for line in axes.findobj(Line2D) if not line.get_label().startswith("_")]
        for one, other in combinations(named, 2):
            kinds = [(line.get_linestyle(), line.get_marker(), line._dash_pattern) for line in (one, other)]
            if kinds[0] == kinds[1] and one.get_color() != other.get_color():
                pairs.append((one.get_label(), other.get_label()))
    return pairs


def test_lines_that_differ_in_colour_alone_are_seen():
    figure = matplotlib.figure.Figure()
    axes = figure.subplots()
    axes.plot([0, 1], label="one")
    axes.plot([1, 0], label="other")
    assert unlike_in_colour_alone(figure) == [("one", "other")]


def test_text_stays_text_and_files_say_where_they_are_from(drawings):
    one = next(one for one in drawings if one.name == "phase")
    content = drawing.files(one, style.Look("paper", 5.5), style.FORMATS)
    assert set(content) == {"svg", "pdf", "png", "csv", "tex"}
    svg = content["svg"].decode()
    assert ">true error</text>" in svg
    assert b"/FontType3" not in content["pdf"]
    assert b"/Type3" not in content["pdf"]
    assert f"contrastive-theory figures --only phase ({revision()})" in svg
    sha = one.sources[0].sha256
    assert sha in svg
    assert sha in Image.open(io.BytesIO(content["png"])).text["Description"]
    assert sha in content["tex"].decode()
    assert "\\includegraphics{phase}" in content["tex"].decode()
    box = re.search(rb"/MediaBox \[ *0 +0 +([\d.]+)", content["pdf"]).group(1)
    assert float(box) == pytest.approx(396)
    assert drawing.files(one, style.Look("paper", 5.5), style.FORMATS) == content


def test_numbers_of_a_figure_lie_beside_it(drawings):
    for one in drawings:
        rows = drawing.files(one, style.SCREEN, ())["csv"].decode().splitlines()
        assert len(rows) > 2, one.name
        assert len({len(row) > 0 for row in rows}) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize("width", [5.5, 3.25])
def test_the_folder_is_a_document_and_nothing_in_it_is_too_wide(width, drawings, tmp_path):
    look = style.Look("paper", width)
    for one in drawings:
        for suffix, content in drawing.files(one, look, ("pdf",)).items():
            (tmp_path / f"{one.name}.{suffix}").write_bytes(content)
    for name, text in drawing.gathered([one.name for one in drawings], look).items():
        (tmp_path / name).write_text(text)
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "paper.log").read_text(encoding="latin-1")
    assert re.findall(r"Overfull \\hbox.*", log) == []
    assert width < 5.5 or "Float too large" not in log  # in a narrow column some are taller than a page
    if shutil.which("pdffonts"):
        fonts = subprocess.run(
            ["pdffonts", "paper.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout
        assert "Type 3" not in fonts
        assert all(line.split()[-5] == "yes" for line in fonts.splitlines()[2:])


@pytest.mark.parametrize("words", [["list"], ["--only", "richness"]])
def test_missing_evidence_is_named_with_its_command_and_minutes(words, evidence, monkeypatch, capsys):
    monkeypatch.setattr(kept, "files", lambda _: {})
    if words == ["list"]:
        assert cli.draw_main([*words, "--evidence", str(evidence)]) == 0
        line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("richness "))
    else:
        with pytest.raises(SystemExit) as stop:
            cli.draw_main([*words, "--evidence", str(evidence)])
        assert stop.value.code == 2
        line = capsys.readouterr().err
        assert line.count("\n") == 1
    assert "run `contrastive-theory experiment richness --jobs 2` (about 9 minutes)" in line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--width", "1"], "'1' is no width; give iclr, neurips, icml or inches between 2 and 20"),
        (["--width", "nan"], "'nan' is no width"),
        (["--format", "svg,gif"], "--format=gif: unknown"),
        (["--style", "dark"], "--style=dark: unknown"),
        (["--only", "risks"], "--only=risks: unknown"),
        (["draw"], "'draw': unknown; give `list`"),
    ],
)
def test_bad_options_are_named(words, message, evidence, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.draw_main([*words, "--evidence", str(evidence)])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_the_minutes_are_those_of_the_kept_result_of_the_scale_that_the_command_makes(tmp_path, monkeypatch):
    results = {scale: tmp_path / f"richness-{scale}.json" for scale in ("embedded", "paper")}
    for scale, minutes in (("embedded", 17.6), ("paper", 900)):
        results[scale].write_text(json.dumps({"made": {"cpu_minutes": minutes}}))
    monkeypatch.setattr(kept, "files", lambda _: results)
    assert experiments.RICHNESS.remedy == "run `contrastive-theory experiment richness --jobs 2` (18 CPU minutes)"
    del results["embedded"]
    assert experiments.RICHNESS.cost == "about 9 minutes"


def test_a_kept_result_stands_in_and_a_computed_one_goes_before(whole, tmp_path, monkeypatch):
    """Of the same scale; results of other scales are shown beside it."""
    files = experiments.RICHNESS
    computed = json.loads((whole / "experiment-richness.json").read_text())
    kept = {scale: tmp_path / f"richness-{scale}.json" for scale in ("embedded", "paper")}
    made = {"date": "2026-01-01", "cpu_minutes": 7, "machine": {"cpu": "x86_64"}, "commit": "0123456789abcdef"}
    for scale, path in kept.items():
        path.write_text(json.dumps({**computed, "scale": scale, "made": made}))
    monkeypatch.setattr(evidence_files, "_kept", lambda _: kept)
    for folder, marks in (
        (tmp_path / "none", {"embedded": True, "paper": True}),
        (whole, {"embedded": False, "paper": True}),
    ):
        documents = read_as_written(folder, [files])[files]
        assert {scale: document["kept"] for scale, document in documents.items()} == marks
        assert [s.kept for s in evidence_files.sources(folder, files, "embedded")] == [marks["embedded"]]
    assert experiments.origin(documents["embedded"]) == "Scale embedded, 2 seeds, computed here."
    assert experiments.origin(documents["paper"]) == (
        "Scale paper, 2 seeds, a kept result (2026-01-01, x86_64, commit 0123456789ab, 7 CPU minutes)."
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\u03c3(\u03b4) \u2264 50% & #1_2", r"$\sigma$($\delta$) $\leq$ 50\% \& \#1\_2"),
        ("L_align, \u03bc_k\u00b7\u03bc_\u2113", r"$L_{\mathrm{align}}$, $\mu_{k}$$\cdot$$\mu_{\ell}$"),
        ("cross_val_score \x1b", r"cross\_val\_score ?"),
    ],
)
def test_plain_text_becomes_latex(text, written):
    assert grids.latex(text) == written


def test_a_table_in_every_form():
    grid = grids.Grid(["row", "a|b"], [["x & y", "<1"], ["[z", "2"]], 1, [1])
    assert grids.as_markdown(grid, "Caption.").splitlines()[2:] == [
        r"| row | a\|b |",
        "| --- | ---: |",
        "| x & y | <1 |",
        "| [z | 2 |",
    ]
    assert '<th scope="row">x &amp; y</th><td class="n">&lt;1</td>' in grids.as_html(grid, "Caption.")
    latex = grids.as_latex(grid, "Caption.", "t", 5.5)
    assert latex.splitlines()[7:10] == [r"x \& y & \textless{}1 \\", r"\midrule", r"{[z} & 2 \\"]


def test_a_table_that_is_too_wide_breaks_its_heads_and_texts_and_stands_in_blocks():
    numbers = [f"a long name of number {n}" for n in range(12)]
    grid = grids.Grid(["subject", *numbers], [["some text that is longer than its place", *["0.123 ± 0.456"] * 12]], 1)
    lines = grids.as_latex(grid, "Caption.", "t", 3.25).splitlines()
    heads = [lines[i + 1] for i, line in enumerate(lines) if line == r"\toprule"]
    assert len(heads) > 4
    assert all(head.startswith("subject & ") for head in heads)
    shown = [re.sub(r" \\\\ ", " ", cell) for head in heads for cell in re.findall(r"@\{\}r@\{\}\}(.*?)\\end", head)]
    assert shown == numbers
    assert lines.count(next(line for line in lines if line.startswith(r"\begin{tabular}[t]{@{}l@{}}some text"))) == len(
        heads
    )

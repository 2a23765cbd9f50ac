import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import TensorDataset

from empirical.audit.core import audit
from empirical.audit.factors import MATRIX
from empirical.audit.page import page, write_page
from empirical.audit.pairs import SHOWN
from empirical.audit.report import exact_errors, least, quotes
from empirical.audit.table import ROWS, latex
from empirical.rounding import NOTHING, shown
from tests.empirical.audit.reader import Reader

HOSTILE = ("<script>alert(1)</script>", "a_b & 50%", "[{\\x}] \ud800 ~^#$\"'")
DIRECTIONS = ("exact", "lower", "upper", "upper", "lower", "lower")


def drawn(K, per, channels, noise, seed, side=8):
    """Images about one random prototype for each class."""
    generator = torch.Generator().manual_seed(0)
    prototypes = torch.rand(K, channels, side, side, generator=generator)
    labels = torch.arange(K).repeat_interleave(per)
    generator.manual_seed(seed)
    noise = noise * torch.randn(K * per, channels, side, side, generator=generator)
    return TensorDataset((prototypes[labels] + noise).clamp(0, 1), labels)


def shaken(image):
    """A view for the tests with a callable; not in [0, 1]."""
    return image + 0.05 * torch.randn_like(image) - 0.2


def speckled(image):
    return (image + 0.02 * torch.randn_like(image)).clamp(0, 1)


def made(K=3, per=30, channels=3, noise=0.5, views="mild-warp", names=None, **options):
    names = names or [f"kind {k}" for k in range(K)]
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(channels * 64, 16)).eval()
    data = (drawn(K, per, channels, noise, 1), drawn(K, per, channels, noise, 2))
    return audit(encoder, data, views, head="centred", m=3, class_names=names, device="cpu", progress=False, **options)


@pytest.fixture(scope="module")
def hostile():
    return made(names=HOSTILE)


@pytest.fixture(scope="module")
def parted():
    """Two classes, well apart: everything is met."""
    return made(K=2, per=100, noise=0.05, views=speckled, same=True, test_domains=False)


@pytest.fixture(scope="module")
def many():
    return made(K=40, per=4, channels=1, noise=0.3, views=shaken)


def check(cell, value, direction, digits=3):
    """The number in a cell is that of the audit, rounded to the safe side."""
    read = float(cell.split()[0].replace("\u2212", "-"))
    unit = 10.0**-digits
    low, high = {"upper": (-1e-8, unit), "lower": (-unit, 1e-8)}.get(direction, (-0.5001 * unit, 0.5001 * unit))
    assert low <= read - value <= high, (cell, value, direction)


def certifies(cell, error):
    """The certified error of a cell, or that nothing is certified."""
    if error < 1:
        check(cell, error, "upper")
    else:
        assert cell == NOTHING


@pytest.mark.parametrize("name", ["hostile", "parted", "many"])
def test_every_number_of_the_tables_is_that_of_the_audit(name, request):
    a = request.getfixturevalue(name)
    read, exact, found = Reader(page(a)), a.exact, a.population
    names = [row[0] for row in read.table("Exact mode, ")[0]]
    assert len(names) == exact.classes

    rows, _ = read.table("Certified error and classes met")
    assert {row[0] for row in rows} == {c.form for c in exact.certificates} | set(found.errors)
    for row in rows:
        for c in exact.certificates:
            if c.form == row[0]:
                certifies(row[1], c.error)
                assert row[2] == f"{sum(v.met for v in c.classes)} of {exact.classes}"
        if row[0] in found.errors:
            certifies(row[3], found.errors[row[0]])
            assert row[4] == f"{sum(c.met(row[0]) for c in found.classes)} of {exact.classes}"

    losses = 0.0
    for row, v in zip(read.table("Exact mode, ")[0], exact.best.classes, strict=True):
        values = (exact.shares[v.label], v.share, v.share_needed, v.s, v.s_limit, v.margin)
        for cell, value, direction in zip(row[1:], values, DIRECTIONS, strict=False):
            check(cell, value, direction)
        assert row[7] == names[v.rival]
        assert (row[8] == "none") == (not any(c.classes[v.label].met for c in exact.certificates))
        certifies(row[9], v.error if v.met else 1.0)
        if v.met:
            assert row[11:] in ([], [""])
        else:
            lacking = v.share_needed - v.share if v.s < v.s_limit else v.s - v.s_limit
            check(re.match("(?:alpha too small|s too large) by (.*)", row[11])[1], lacking, "upper")
            assert row[11].startswith("alpha" if v.s < v.s_limit else "s")
        losses += exact.shares[v.label] * float(row[10])
    assert losses == pytest.approx(exact.error_any_view, abs=6e-4)

    form = found.form
    assert found.errors[form] == found.error
    assert form == "anchored"
    for row, c in zip(read.table("Population at 95%")[0], found.classes, strict=True):
        assert (row[1], row[7]) == (str(c.samples), names[c.rival])
        values = [(2, c.alpha.low, "lower"), (3, c.mass.low, "lower"), (4, c.radius, "exact")]
        values += [(5, c.located_radius, "upper"), (6, c.own, "upper"), (8, c.rival_distance, "lower")]
        values += [(9, c.margins["anchored"], "lower")]
        certifies(row[11], 1 - c.alpha.low if c.met(form) else 1.0)
        for place, value, direction in values:
            check(row[place], value, direction)

    for row, v, w in zip(read.table("Concentration at")[0], exact.best.classes, a.diagnosis.witnesses, strict=True):
        for cell, value in zip(row[1:7], (v.eps, v.reach, v.s, v.sigma, v.alpha, v.R), strict=True):
            check(cell, value, "estimate" if value in (v.eps, v.reach, v.R) else "upper" if value == v.s else "lower")
        assert int(row[7]) == len(w.members)
    for row, at in zip(read.table("Samples outside")[0], a.diagnosis.misalignment, strict=True):
        check(row[0], at.eps, "exact")
        check(row[1], at.misaligned, "exact")
        check(row[2], at.bound, "upper")
    for row, (bound, pairs, slack) in zip(read.table("Upper bounds on")[0], a.diagnosis.divergence, strict=True):
        assert (row[0], row[1]) == (bound, str(pairs))
        check(row[2], slack, "exact")
    if a.domain_shift is not None:
        for row, risk, accuracy in zip(
            read.table("Risk and accuracy")[0], a.domain_shift.risks, a.domain_shift.accuracies, strict=True
        ):
            check(row[1], risk, "exact")
            check(row[2], accuracy, "exact")


@pytest.mark.parametrize("name", ["hostile", "parted", "many"])
def test_every_column_of_numbers_states_its_direction(name, request):
    for caption, rows in Reader(page(request.getfixturevalue(name))).tables.items():
        for k, title in enumerate(rows[0]):
            numbers = all(re.match("[\u2212\u2013\\d]|certifies nothing", row[k]) for row in rows[1:])
            marked = title.endswith(("exact", "upper", "lower", "estimate"))
            assert marked == numbers or caption.startswith("Inputs") or k == 0, (caption, title)


def test_bars_fall_from_form_to_form_to_the_measured_error(hostile):
    errors = (0.9, 0.7, 0.8, 0.5, 0.5, 0.3)
    forms = tuple(replace(c, error=e) for c, e in zip(hostile.exact.certificates, errors, strict=True))
    exact = replace(hostile.exact, certificates=forms, error=0.1, error_any_view=0.2)
    anchored = (0.25, hostile.anchored[1] * 0)
    svg = page(replace(hostile, exact=exact, anchored=anchored)).partition("<svg")[2].partition("</svg>")[0]
    rects = re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="20" fill="var\(--(\w+)\)"', svg)
    left, full = float(rects[0][0]), 236.0
    gains = (0.1, 0.2, 0.0, 0.3, 0.0, 0.2, 0.05)
    for bar, gain, error, gained in zip(rects[::2], rects[1::2], (*errors, 0.25), gains, strict=True):
        assert float(bar[1]) == pytest.approx(full * error, abs=0.06)
        assert float(gain[0]) == pytest.approx(left + full * error, abs=0.06)
        assert float(gain[1]) == pytest.approx(full * gained, abs=0.06)
        assert (bar[2], gain[2]) == ("line", "gain")  # no class is met in this world
    lines = re.findall(r'<line x1="([\d.]+)" x2="([\d.]+)" y1="28" y2="244" stroke="var\(--true\)"', svg)
    assert [float(x) for x, _ in lines] == pytest.approx([left + full * 0.2, left + full * 0.1], abs=0.06)


def test_products_are_a_matrix_or_the_largest_pairs(hostile, many):
    rows, head = Reader(page(hostile)).table("Products mu_k.mu_l")
    assert [row[0] for row in rows] == [title.removesuffix("exact") for title in head[1:]]
    for row, values in zip(rows, hostile.exact.products, strict=True):
        for cell, value in zip(row[1:], values, strict=True):
            check(cell, value, "exact", digits=2)
    rows, _ = Reader(page(many)).table("The 40 largest products")
    above = np.sort(many.exact.products[np.triu_indices(40, 1)])[::-1]
    assert len(rows) == 2 * MATRIX
    for row, value in zip(rows, above, strict=False):
        check(row[1], value, "exact")


def test_the_answer_can_be_quoted(hostile, parted):
    said = Reader(page(parted)).text
    error = shown(parted.exact.best.error, "upper")
    assert "On the 200 certifying images with 3 views each, the exact form of Theorem 1 certifies" in said
    assert f"errs on a share of at most {error} upper, in any view. Its condition holds for 2 of 2 classes." in said
    assert "With probability at least 95%, the error on the population" in said
    assert f"is at most {shown(parted.population.error, 'upper')} upper" in said
    assert "independent draws" in said
    assert "the same 3 transformations: A(x) is these, and nothing else" in said
    assert "blocks" not in said
    assert f"Pooled are kind 0, kind 1: mass {shown(parted.population.pooled.low, 'lower')} lower together." in said
    assert parted.exact.best.error < 0.2
    assert parted.population.error < 0.5

    assert "The test domains were not measured: they were not asked for." in said

    said = Reader(page(hostile)).text
    assert "Of any other view nothing is claimed." in said
    assert "no form of Theorem 1 is met for any class: nothing is certified" in said
    assert "At level 95% nothing is certified of the population" in said
    worst = min(hostile.exact.best.classes, key=lambda v: v.margin)
    form = hostile.exact.best.form
    assert f"Exact mode, {form} form, {printed(worst.label)} against {printed(worst.rival)}: " in said


def printed(label):
    return HOSTILE[label].replace("\ud800", "\ufffd")


def test_what_was_audited_is_named(hostile):
    facts = dict(Reader(page(hostile)).table("Inputs and cost")[0])
    assert facts["Encoder"] == "Sequential"
    assert facts["Checkpoint"] == "none"
    assert facts["Weights, SHA-256"] == hostile.subject.weights_sha256
    assert facts["Data, SHA-256"] == hostile.data.fingerprint()
    assert facts["Layer"] == "output"
    assert "part of the encoder" in facts["Head"]
    assert facts["Data"].startswith("TensorDataset: 3 classes, 90 fitting and 90 certifying images of 3 × 8 × 8")
    assert "rotation 5.0" in facts["Views"]
    assert facts["Time, memory"].startswith(f"{hostile.seconds:.1f} s, ")
    other = replace(hostile.subject, layer="0", checkpoint="<b>.safetensors")
    facts = dict(Reader(page(replace(hostile, subject=other))).table("Inputs and cost")[0])
    assert (facts["Layer"], facts["Checkpoint"]) == ("0", "<b>.safetensors")


def test_a_class_that_no_spread_would_do_for_is_named(hostile):
    verdict = replace(hostile.exact.best.classes[1], met=False, s_limit=0.0)
    assert verdict.s > 0
    cert = replace(hostile.exact.best, classes=(hostile.exact.best.classes[0], verdict, hostile.exact.best.classes[2]))
    exact = replace(hostile.exact, certificates=(*hostile.exact.certificates[:-1], cert))
    row = Reader(page(replace(hostile, exact=exact))).table("Exact mode, ")[0][1]
    said = re.fullmatch("even s = 0 would not do, mu_k.mu_l = (.*) exact; largest cost .*", row[11])
    check(said[1], verdict.product, "exact")


def test_a_false_certificate_is_cried_out(hostile):
    assert "do not rely on this audit" not in page(hostile)
    wrong = replace(hostile, exact=replace(hostile.exact, error_any_view=1.5))
    assert wrong.false
    assert "do not rely on this audit" in page(wrong)


@pytest.mark.parametrize("name", ["hostile", "parted", "many"])
def test_the_page_stands_alone_and_escapes(name, request):
    a = request.getfixturevalue(name)
    content = page(a)
    assert content == page(a)
    content.encode("utf-8")
    for forbidden in ("http:", "https:", "//", "<script", "<link", "url(", "@import", "onload", "<iframe"):
        assert forbidden not in re.sub(r'base64,[^"]*', "", content), forbidden
    read = Reader(content)
    names = "|".join(re.escape(row[0]) for row in read.table("Exact mode, ")[0])
    for image in read.images:
        assert image.keys() == {"src", "alt"}
        assert image["src"].startswith("data:image/png;base64,")
        assert re.fullmatch(rf"image \d+ of class ({names}), view \d", image["alt"])
    assert len(read.figures) == 2
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in read.figures)
    assert str(a.population.split) in read.text


@pytest.mark.parametrize("name", ["hostile", "many"])
def test_the_hardest_pairs_are_shown(name, request):
    a = request.getfixturevalue(name)
    read = Reader(page(a))
    hard = a.diagnosis.worst_pairs
    kinds = [sum(h.kind == kind for h in hard) for kind in ("alignment", "concentration")]
    assert kinds[0] > 0
    assert len(read.images) == 2 * sum(min(count, SHOWN) for count in kinds)
    first = max((h for h in hard if h.kind == "alignment"), key=lambda h: h.distance)
    at = [image for image in read.images if image["alt"].startswith(f"image {first.first[0]} of class ")][:2]
    seen = a.views.drawn(len(a.data.images)).block(a.data.images[first.first[0]][None], first.first[0])[0]
    for image, view in zip(at, seen[[first.first[1], first.second[1]]], strict=True):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2]))))
        assert picture.shape[:2] == (112, 112)
        low, high = min(float(view.min()), 0.0), max(float(view.max()), 1.0)
        pixels = ((view.double() - low) / (high - low) * 255).round().byte().numpy()
        small = picture[7::14, 7::14]
        np.testing.assert_array_equal(small if small.ndim == 2 else small.transpose(2, 0, 1), pixels.squeeze())
    assert f"apart by {shown(first.distance, 'exact')} exact" in read.text


def test_images_of_four_channels_are_not_shown_and_large_ones_shrink(hostile):
    four = page(made(channels=4, per=6, views=shaken))
    assert "Images of 4 channels cannot be shown." in four
    assert "they need images of three channels" in four
    assert not Reader(four).images
    fit, images = (half.repeat(1, 1, 40, 40) for half in (hostile.data.fit_images, hostile.data.images))
    large = replace(hostile, data=replace(hostile.data, fit_images=fit, images=images))
    picture = Image.open(io.BytesIO(base64.b64decode(Reader(page(large)).images[0]["src"].partition(",")[2])))
    assert picture.size == (224, 224)


def test_a_page_is_written_whole_or_not_at_all(hostile, tmp_path, monkeypatch):
    path = tmp_path / "new" / "page.html"
    write_page(hostile, path)
    assert path.read_text(encoding="utf-8") == page(hostile)
    path.write_text("old", encoding="utf-8")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_page(hostile, path)
    assert [(p.name, p.read_text(encoding="utf-8")) for p in path.parent.iterdir()] == [("page.html", "old")]


def test_many_classes_take_several_latex_tables(many):
    text = latex(many)
    assert text.count("\\begin{table}") == text.count("\\end{table}") == text.count("\\bottomrule") == 2
    assert text.count("\\label{tab:audit}") == text.count("independent draws") == 1
    assert re.findall(r"kind (\d+) &", text) == [str(k) for k in range(40)]
    assert text.index("kind 39 &") < text.index("    all & 1 &")
    assert len(many.exact.best.classes) > ROWS


def test_the_latex_table_holds_the_numbers_and_escapes(hostile, parted):
    text = latex(hostile)
    assert [line.split(" & ")[0].strip() for line in text.splitlines() if line.count(" & ") == 7][1:4] == [
        r"\textless{}script\textgreater{}alert(1)\textless{}/script\textgreater{}",
        r"a\_b \& 50\%",
        r"{[}\{\textbackslash{}x\}] ? \textasciitilde{}\textasciicircum{}\#\$" + "\"'",
    ]
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    apart = replace(parted, exact=replace(parted.exact, error=0.002, error_any_view=0.013))
    text = latex(apart)
    rows = [re.split(r" & | \\\\", line.strip()) for line in text.splitlines() if line.count(" & ") == 7][1:]
    for row, v, c in zip(rows, parted.exact.best.classes, parted.population.classes, strict=False):
        check(row[1], parted.exact.shares[v.label], "exact")
        check(row[2], v.share, "lower")
        check(row[3].replace("$-$", "-"), v.margin, "lower")
        check(row[4], v.error, "upper")
        check(row[6], c.alpha.low, "lower")
        check(row[7], 1 - c.alpha.low, "upper")
    assert rows[2][0] == "all"
    check(rows[2][4], parted.exact.best.error, "upper")
    check(rows[2][5], 0.013, "exact")
    check(rows[2][7], parted.population.error, "upper")
    for said in ("independent draws", "level 0.95", "200 certifying images", "3 views each", "Nothing is claimed"):
        assert said in text


@pytest.mark.parametrize(
    ("value", "direction", "expected"),
    [
        (0.1231, "upper", "0.124"),
        (0.1239, "lower", "0.123"),
        (0.1236, "exact", "0.124"),
        (-0.1231, "lower", "-0.124"),
        (-0.0001, "upper", "0.000"),
        (-0.0001, "exact", "0.000"),
        (0.134 + 1e-16, "upper", "0.134"),
        (0.9999, "upper", "1.000"),
        (0.9999, "lower", "0.999"),
    ],
)
def test_numbers_are_rounded_to_the_safe_side(value, direction, expected):
    assert shown(value, direction) == expected


def test_the_first_sentence_takes_the_form_that_certifies_least(hostile, parted):
    for a in (hostile, parted):
        form, error, met = least(a)
        errors = exact_errors(a)
        assert error <= min(other for other, _ in errors.values()) + 1e-9
        assert met == errors[form][1]
    anchored = replace(hostile, anchored=(0.4281, np.array([0.1, -0.1, -0.1])))
    assert least(anchored) == ("anchored", 0.4281, 1)
    said = Reader(page(anchored)).text.replace(" upper", "")
    assert (
        "the anchored form of Theorem 1 certifies that the nearest class mean errs on a share of at most 0.429," in said
    )
    assert "Its condition holds for 1 of 3 classes." in said
    assert (
        "the anchored form of Theorem 1 is met for 1 of 3 classes and certifies Err(G_f) <= 0.429;"
        in quotes(anchored)[0]
    )

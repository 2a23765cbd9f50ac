"""An audit of every view of a box: what it says, the certificate it writes, and a checker that is not fooled."""

import json
import re

import numpy as np
import pytest
import torch

from empirical.audit import every_view
from empirical.audit.__main__ import check_main, main
from empirical.audit.certificate import certificate
from empirical.audit.check_every_view import PROOFS
from empirical.audit.continuous import refuting_views
from empirical.audit.page import page
from empirical.audit.report import as_json, quotes, report
from empirical.continuous.network import scores
from empirical.views.crops import Crop
from empirical.views.flips import Flipped
from empirical.views.warps import Warp, maps_at, warp_images
from tests.empirical.audit.every_view import VIEWS, certified, halves, made


@pytest.fixture(scope="module")
def found():
    return certified()


def test_what_is_said_is_what_was_proved(found):
    continuous = found.continuous
    counts = {status: int(continuous.having(status).sum()) for status in ("proved", "refuted", "open")}
    text = " ".join(report(found).split())
    for words in (
        f"{counts['proved']} of 160 images are proved to keep their cluster, {counts['refuted']} have a view that leaves it, "
        f"{counts['open']} are open within 100 cells each",
        f"certifies Err(G_f) <= {every_view.shown(continuous.exact.error, 'upper')} for every view of the box",
        f"Err(G_f) <= {every_view.shown(continuous.population.error, 'upper')} for every view of the box with probability",
        "rotation up to 10 degrees, scale up to 5% across and down, shift up to 0.06 of the side",
        "bounds by balls and by points and for every view of the box hold at level 0.95 each, not jointly.",
        "Nothing is claimed of views outside the box.",
    ):
        assert words in text
    assert "is missing" not in text
    content = as_json(found, "page")
    assert {status: content["continuous"][status] for status in counts} == counts
    assert content["says"] == list(quotes(found))
    measured = {item["claim"]: item for item in content["evidence"]}["thm-1-vertex-exact"]
    assert measured["holds"]
    assert measured["slack"] == continuous.exact.error - found.exact.error_any_view
    assert json.loads(json.dumps(content["continuous"])) == content["continuous"]


def test_the_errors_are_those_of_the_counts(found):
    continuous, labels = found.continuous, found.labels
    clusters = np.array([verdict.cluster for verdict in continuous.verdicts])
    assert continuous.anchors.tolist() == [0, 1]
    sure = (continuous.having("proved") & (clusters == labels)).sum()
    assert continuous.exact.error == pytest.approx(1 - sure / 160, abs=1e-15)
    assert continuous.exact.error >= found.exact.error_any_view  # of the views that were drawn


def test_without_it_nothing_of_it_is_said():
    audit = made(None)
    assert audit.continuous is None
    assert "continuous" not in certificate(audit, "f")
    assert "continuous" not in as_json(audit, "page")
    assert "is missing" in quotes(audit)[4]
    assert len(quotes(audit)) == 5
    assert "very view of the box" not in page(audit)
    assert "every view" not in report(audit)


def test_the_page_shows_each_image_beside_the_view_that_refutes_it(found):
    continuous = found.continuous
    rows = np.flatnonzero(continuous.having("refuted"))
    html = page(found)
    section = html[html.index("Views that leave the cluster") :].partition("<h2")[0]
    assert section.count("<figure>") == min(len(rows), every_view.PICTURES)
    assert section.count("<img") == 2 * section.count("<figure>")
    views = refuting_views(continuous, found.data.images, rows)
    seen = scores(continuous.network, views.numpy()).argmax(axis=1)
    for i, cluster in zip(rows, seen, strict=True):
        assert cluster != continuous.verdicts[i].cluster
        assert f"image {i}: cluster {continuous.verdicts[i].cluster}, in this view {cluster};" in section


def test_a_view_in_words_is_the_map_that_makes_it():
    warp = Warp(rotation=30.0, shear=0.2, scale=0.5, shift=0.1)
    view = (0.5, 1.0, -1.0, -0.5, 0.3, -0.7)
    numbers = [float(x) for x in re.findall(r"[+-]\d+\.\d+", warp.view_in_words(view))]
    degrees, across, down, shear, right, below = numbers
    angle = np.radians(degrees)
    scale = 1 + across / 100, 1 + down / 100
    made_of = [
        [np.cos(angle) * scale[0], shear - np.sin(angle) * scale[1], 2 * right],
        [np.sin(angle) * scale[0], np.cos(angle) * scale[1], 2 * below],
    ]
    assert maps_at(warp, torch.tensor([view], dtype=torch.float64))[0].numpy() == pytest.approx(
        np.array(made_of), abs=1e-3
    )
    assert Warp(5.0, 0.0, 0.0, 0.0).view_in_words(view) == "rotation +2.5 degrees"


def test_a_crop_in_words_is_what_its_map_leaves_out():
    crop, view = Crop(across=0.4, down=0.2), (0.5, -0.2, -0.6, 1.0)
    shares = [float(x) / 100 for x in re.findall(r"(\d+\.\d+)%", crop.view_in_words(view))]
    maps = crop.maps(torch.tensor([view], dtype=torch.float64))[0].numpy()
    corners = (maps @ np.array([[-1, -1, 1], [1, 1, 1]]).T + 1) / 2
    left, right, top, bottom = shares
    assert corners.ravel() == pytest.approx([left, 1 - right, top, 1 - bottom], abs=1e-3)
    assert Crop(0.1, 0.0).view_in_words((1, 0, 0, 0)) == "5.0% cut off at the left; 5.0% cut off at the right"
    assert Flipped(Crop(0.1, 0.0)).view_in_words((1, 0, 0, 0, 0.5)).endswith("at the right; mirrored")
    assert (
        Flipped(Crop(0.1, 0.0)).box_in_words() == "up to 10% of the width cut off, of the image and of its mirror image"
    )
    assert Crop(0.1, 0.0).box_in_words() == "up to 10% of the width cut off"


def test_no_proof_is_contradicted_by_a_thousand_views(found):
    continuous, rng = found.continuous, np.random.default_rng(0)
    for i in np.flatnonzero(continuous.having("proved"))[::30]:
        points = rng.uniform(-1, 1, (1000, 5))
        points[500:] = np.sign(points[500:])
        maps = maps_at(continuous.box.source, continuous.box.points(torch.from_numpy(points)))
        views = warp_images(found.data.images[[i]].double().expand(1000, -1, -1, -1), maps)
        assert (scores(continuous.network, views.numpy()).argmax(axis=1) == continuous.verdicts[i].cluster).all()


def test_the_largest_boxes_of_a_few_images_are_told():
    audit = made(100, boxes=2)
    borne = audit.continuous.borne
    assert [one.parts for one in borne] == [("scale",), ("shift",), ("rotation", "scale"), ("rotation", "shift")]
    assert all(0 <= scale <= 1 and scale * 32 % 1 == 0 for one in borne for scale in one.scales)
    assert max(max(one.scales) for one in borne) > 0.5
    assert "scale only" in report(audit)
    assert "rotation and shift only" in page(audit)
    assert as_json(audit, "page")["continuous"]["borne"][1] == {"parts": ["shift"], "scales": list(borne[1].scales)}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"head": "unit"}, "continuous=100: the head 'unit'.*give the head 'vertices'"),
        ({"views": "mild"}, "continuous=100: no box of views in 'mild'"),
        ({"views": lambda image: image}, "continuous=100: no box of views in .*give 'mild-warp'"),
        ({"views": "mild-warp:rotation=0,scale=0,shift=0"}, "continuous=100: all ranges"),
        ({"views": "crop:across=0,down=0"}, "continuous=100: all ranges"),
        ({"continuous": 0}, "continuous=0: too small"),
        ({"jobs": 0}, "jobs=0: too small"),
    ],
)
def test_what_cannot_be_proved_is_refused_in_a_line(options, reason):
    with pytest.raises(ValueError, match=reason) as error:
        made(**options)
    assert "\n" not in str(error.value)


"""The entries that `mutated` changes: here each is the one of every view."""


COMMAND = [
    "--encoder",
    "tests.empirical.audit.every_view:brightness",
    "--head",
    "vertices",
    "--views",
    VIEWS,
    "--n-views",
    "3",
]
COMMAND += ["--data", "tests.empirical.audit.every_view:pair", "--device", "cpu", "--quiet"]


def test_the_command_proves_writes_and_checks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*COMMAND, "--continuous", "20", "--out", "out", "--jobs", "1"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "for every view of the box" in printed
    assert f"table.tex, certificate.json, features.safetensors, {PROOFS}" in printed
    assert "the proofs of 16 images were replayed; the check replays all" in printed
    assert check_main(["out/certificate.json", "--quiet"]) == 0
    assert "holds every view, population: error <=" in " ".join(capsys.readouterr().out.split())
    assert main(["--check", "out/certificate.json", "--quiet"]) == 0
    (tmp_path / "out" / PROOFS).unlink()
    capsys.readouterr()
    with pytest.raises(SystemExit):
        check_main(["out/certificate.json"])
    assert "proofs.safetensors cannot be read" in capsys.readouterr().err


def test_a_second_call_takes_the_verdicts_that_the_first_has_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [*COMMAND, "--continuous", "20", "--runs", "runs", "--out"]
    assert main([*words, "once"]) == 0
    assert "kept from an earlier call" not in capsys.readouterr().out
    monkeypatch.setattr("empirical.continuous.kept.verify_one", lambda *_: pytest.fail("searched again"))
    assert main([*words, "twice"]) == 0
    assert " s, 60 verdicts kept from an earlier call; " in capsys.readouterr().out
    for name in ("certificate.json", PROOFS, "features.safetensors"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "twice" / name).read_bytes()


def test_the_command_refuses_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words, reason in (
        (["--continuous", "0"], "continuous=0: too small"),
        (["--continuous", "9", "--head", "unit"], "give the head 'vertices'"),
        (["--boxes", "2"], "give --continuous CELLS too"),
        (["--continuous", "9", "--layer", "1"], "leave the layer out"),
    ):
        with pytest.raises(SystemExit):
            main([*COMMAND, *words])
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1


def test_halves_have_both_classes():
    assert halves().labels.bincount().tolist() == [80, 80]

"""`python -m empirical.audit`: what it prints and writes, what --check says, and one line for every bad input."""

import errno
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch.utils.data import TensorDataset

from empirical.audit import check, core, diagnosis, reading
from empirical.audit.__main__ import check_main, main
from empirical.data.sets import load
from theory.messages import Notice

PCA = ["--encoder", "sklearn.decomposition:PCA", "--arguments", '{"n_components": 8}', "--head", "clusters"]
SMALL = ["--n-views", "2", "--quiet", "--device", "cpu"]


def blobs():
    """Two classes of images that are all but constant: dark and bright."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(80) % 2
    images = 0.2 + 0.6 * labels[:, None, None, None] + 0.1 * torch.rand(80, 3, 4, 4, generator=generator)
    return TensorDataset(images, labels)


def broken():
    """A factory that fails in its own way."""
    raise OSError("the disk is gone")


BLOBS = ["--data", "tests.empirical.audit.test_command:blobs"]
LONG = "x" * 400
ON_DISK = ("cifar10", "folder", "npz")


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_audit_then_check(there, capsys):
    words = [*PCA, "--data", "tests.empirical.audit.test_command:blobs", *SMALL]
    assert main(words) == 0
    printed = capsys.readouterr().out
    folder = there / "build" / "audit" / "TensorDataset-PCA"
    assert sorted(p.name for p in folder.iterdir()) == [
        "certificate.json",
        "features.safetensors",
        "index.html",
        "table.tex",
    ]
    content = json.loads((folder / "certificate.json").read_text())
    assert float(content["exact"]["error"]) == 0
    assert "met for 2 of 2 classes" in printed.replace("\n", " ")
    evidence = json.loads((there / "build" / "evidence" / "audit-TensorDataset-PCA.json").read_text())
    assert evidence["exact"]["exact"] == {"error": 0.0, "met": 2}
    assert evidence["page"].endswith("index.html")

    assert main(["--check", str(folder / "certificate.json")]) == 0
    assert capsys.readouterr().out.count("holds  ") == 4
    assert main(["--check", str(folder / "certificate.json"), "--path", str(folder / "features.safetensors")]) == 0
    by_itself = "each bound for the population holds at its level by itself, not jointly with the others\n"
    assert capsys.readouterr().out.endswith(by_itself)
    assert check_main([str(folder / "certificate.json"), "--path", str(folder / "features.safetensors")]) == 0
    content["exact"]["classes"][0]["alpha"] = "1.5"
    (folder / "certificate.json").write_text(json.dumps(content))
    capsys.readouterr()
    assert main(["--check", str(folder / "certificate.json")]) == 1
    assert "FAILS  the digest" in capsys.readouterr().out


def test_a_part_of_the_images_is_certified_on(there):
    words = [*PCA, "--data", "digits", "--views", "mild-warp", *SMALL, "--test-size", "20", "--out", "few"]
    assert main(words) == 0
    content, few = json.loads((there / "few" / "certificate.json").read_text()), load("digits", test_size=20)
    assert content["data"]["certifying_images"] == 20
    assert content["data"]["fitting_images"] == 1200
    with safe_open(there / "few" / "features.safetensors", framework="numpy") as features:
        assert features.get_tensor("labels").tolist() == few.test_labels.tolist()


def test_all_is_on_the_disk_before_anything_is_printed(there, monkeypatch):
    def full(_):
        assert (there / "build" / "evidence" / "audit-TensorDataset-PCA.json.sha256").is_file()
        assert len(list((there / "build" / "audit" / "TensorDataset-PCA").iterdir())) == 4
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("empirical.audit.__main__.report", full)
    with pytest.raises(OSError, match="No space left"):
        main([*PCA, *BLOBS, *SMALL])


def test_json_is_what_is_written(there, capsys):
    assert main([*PCA, *BLOBS, *SMALL, "--json"]) == 0
    written = (there / "build" / "evidence" / "audit-TensorDataset-PCA.json").read_text()
    assert json.loads(capsys.readouterr().out) == json.loads(written)


def test_what_would_be_more_than_is_checked_is_said_before_the_work(there, capsys, monkeypatch):
    monkeypatch.setattr(check, "MOST_WORK", 80 // 2 * 2 * 2 * 2 - 1)  # images, views squared, features
    monkeypatch.setattr(core, "choose_anchors", None)  # the work would begin with it
    with pytest.raises(SystemExit) as stop:
        main([*PCA, *BLOBS, *SMALL])
    assert stop.value.code == 2
    printed = capsys.readouterr().err
    assert "n m^2 d=320: more than the 319 that are checked; certify fewer images, views or classes" in printed
    assert not (there / "build").exists()


def test_a_certificate_that_is_too_long_to_be_checked_is_written_and_nothing_is_lost(there, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    with pytest.warns(
        Notice, match=r"written, and not checked: certificate .*certificate\.json: \d+ bytes are more than"
    ):
        assert main([*PCA, *BLOBS, *SMALL]) == 0
    folder = there / "build" / "audit" / "TensorDataset-PCA"
    assert len(list(folder.iterdir())) == 4
    assert (there / "build" / "evidence" / "audit-TensorDataset-PCA.json").is_file()
    monkeypatch.undo()
    assert check.check(folder / "certificate.json") == []


def test_where_cliques_are_more_than_is_checked_balls_are_taken(monkeypatch):
    features = np.zeros((12, 2, 3))
    features[..., 0] = 1
    labels = np.arange(12) % 2
    assert diagnosis.examine(features, labels)[1].search == "cliques"
    monkeypatch.setattr(diagnosis, "MOST_WORK", 2 * 6**2 * 2**2 * 3 - 1)
    assert diagnosis.examine(features, labels)[1].search == "balls"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no encoder given"),
        (["--encoder", "nowhere:factory"], "nowhere"),
        (["--encoder", "nowhere.ts"], "nowhere.ts"),
        ([*PCA, "--arguments", "{"], "is no JSON"),
        ([*PCA, "--arguments", "[1]"], "is no object"),
        ([*PCA, "--arguments", "[" * 100_000], "is no JSON (maximum recursion depth"),
        (["--encoder", "sys:exit"], "SystemExit"),
        ([*PCA, "--data", "sys:exit"], "--data 'sys:exit' cannot be made (SystemExit: )"),
        ([*PCA, *BLOBS, "--side", "0"], "--side 0 is not for 'tests.empirical.audit.test_command:blobs': leave it out"),
        ([*PCA, *BLOBS, "--side", "-5"], "--side -5 is not for"),
        ([*PCA, *BLOBS, "--path", "/x"], "--path /x is not for"),
        ([*PCA, *BLOBS, "--test-size", "9"], "--test-size 9 is not for"),
        ([*PCA, "--data", "digits", "--test-size", "25"], "test_size=25: not a multiple of 10 classes; use 20"),
        ([*PCA, *BLOBS, "--split", "-1"], "seed=-1: too small"),
        *[([*PCA, "--data", name, "--path", LONG], "cannot be read (File name too long)") for name in ON_DISK],
        ([*PCA, "--out", "a\0b"], "--out='a\\x00b': cannot be written"),
        ([*PCA, "--out", LONG], "cannot be written (File name too long)"),
        ([*PCA, "--out", "\udcff"], "--out='\\udcff': cannot be written"),
        ([*PCA, "--evidence", "a\0b"], "--evidence='a\\x00b': cannot be written"),
        ([*PCA, "--arguments", '{"parts": 3}'], "parts"),
        ([*PCA, "--checkpoint", "none.safetensors"], "none.safetensors"),
        ([*PCA, "--data", "tests.empirical.audit.test_command:broken"], "the disk is gone"),
        ([*PCA, "--data", "tests.empirical.audit.test_command:absent"], "absent"),
        ([*PCA, "--data", "cifar10"], "never downloaded"),
        ([*PCA, "--data", "mnist"], "mnist"),
        ([*PCA, "--views", "xyz"], "xyz"),
        ([*PCA, "--views", "warp:rotation=400"], "rotation=400"),
        ([*PCA, "--n-views", "1"], "views=1"),
        ([*PCA, "--level", "1"], "level=1.0: no probability"),
        ([*PCA, "--level", "nan"], "level=nan"),
        ([*PCA, "--head", "magic"], "magic"),
        ([*PCA, "--seed", "-1"], "-1"),
        ([*PCA, "--device", "tpu"], "tpu"),
        ([*PCA, "--layer", "fc"], "fc"),
        (["--check", "none.json"], "none.json"),
        ([*PCA, "--views", "mild-wrap"], "--views=mild-wrap: unknown; did you mean mild-warp or mild-crop or mild?"),
        ([*PCA, "--head", "verticals"], "did you mean vertices?"),
    ],
)
@pytest.mark.usefixtures("there")
def test_bad_input_is_one_line(words, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*words, "--quiet"])
    captured = capsys.readouterr()
    assert stop.value.code == 2
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.usefixtures("there")
def test_a_certificate_that_fails_its_own_check_is_said_and_not_thrown(monkeypatch, capsys):
    monkeypatch.setattr("empirical.audit.certificate.check", lambda *_: ["wrong"])
    assert main([*PCA, "--data", "tests.empirical.audit.test_command:blobs", *SMALL]) == 1
    assert "does not pass its own check" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(there, capsys):
    (there / "file").write_text("")
    words = [*PCA, "--data", "tests.empirical.audit.test_command:blobs", *SMALL, "--out", str(there / "file" / "x")]
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "cannot be written" in capsys.readouterr().err

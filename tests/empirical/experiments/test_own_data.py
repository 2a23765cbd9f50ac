"""A user's own images in the commands that train: fitted by themselves, results apart, and every remedy an option."""

import json
import re
from dataclasses import fields

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from empirical import __main__ as cli
from empirical.data.imagefiles import folder_sizes
from empirical.data.reading import COMMON_SIDE, LARGEST_SIDE, read
from empirical.experiments import view_sets
from empirical.training import clustering
from empirical.training.loop import run_dir
from empirical.training.methods import METHODS
from theory.files import lock_or_refuse


def photos(folder, each=15, low=18, high=30, seed=0):
    """A folder of two classes, images of random sizes from low to high."""
    rng = np.random.default_rng(seed)
    for k, name in enumerate(("cat", "dog")):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            pixels = rng.normal(90 + 80 * k, 40, (*rng.integers(low, high, 2, endpoint=True), 3)).clip(0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i:03}.png")
    return folder


def words_for(root, folder, *more):
    ends = ["--runs", str(root / "runs"), "--out", str(root / "out"), "--quiet", "--device", "cpu"]
    return ["--data", "folder", "--path", str(folder), *ends, *more]


def test_a_folder_of_photos_of_unequal_sizes_trains_and_says_what_was_chosen(tmp_path, capsys):
    folder = photos(tmp_path / "photos")
    assert cli.main(words_for(tmp_path, folder, "--epochs", "1", "--n-views", "2")) == 0
    shown = capsys.readouterr()
    assert re.search(r"images of \d+ sizes scaled to 1[89]x1[89] pixels; --side sets another", shown.out)
    assert "batches of 8 images, since there are 24 to train on; --batch-size sets another" in shown.out
    assert shown.err == ""
    [result] = (tmp_path / "out").glob("*.json")
    assert re.fullmatch(r"empirical-folder-[0-9a-f]{8}\.json", result.name)
    config = json.loads(result.read_text())["config"]
    assert (config["batch_size"], config["epochs"]) == (8, 1)
    assert config["side"] in (18, 19)


def test_two_folders_with_the_same_settings_leave_two_results_and_two_runs(tmp_path, capsys):
    for seed in range(2):
        folder = photos(tmp_path / f"photos{seed}", each=6, low=16, high=16, seed=seed)
        words = words_for(tmp_path, folder, "--epochs", "1", "--n-views", "2", "--batch-size", "4", "--lr", "0.001")
        assert cli.main(words) == 0
        assert "scaled" not in capsys.readouterr().out
    assert len(list((tmp_path / "out").glob("*.json"))) == 2
    assert len(list((tmp_path / "runs").iterdir())) == 2
    for path in (tmp_path / "out").glob("*.json"):
        config = json.loads(path.read_text())["config"]
        assert (config["side"], config["batch_size"], config["lr"]) == (None, 4, 0.001)


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ((16, 16), None),
        ((LARGEST_SIDE, LARGEST_SIDE), None),
        ((LARGEST_SIDE + 1, LARGEST_SIDE + 1), COMMON_SIDE),
        ((40, 70), COMMON_SIDE),
        ((9, 12), 9),
    ],
)
def test_a_side_is_chosen_where_one_is_needed(sizes, side, tmp_path):
    for k, size in enumerate(sizes):
        (tmp_path / str(k)).mkdir()
        for i in range(2):
            Image.new("L", (size, size), 100 * k + i).save(tmp_path / str(k) / f"{i}.png")
    reading = read("folder", tmp_path, 0)
    assert reading.side == side
    assert len(reading.notes) == (side is not None)
    assert reading.data.train_images.shape[2:] == ((side or sizes[0]),) * 2
    assert read("folder", tmp_path, 0, side=5).data.train_images.shape[2:] == (5, 5)


def test_sizes_are_those_that_are_shown_and_broken_files_are_left_to_the_reader(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        Image.new("RGB", (20, 10)).save(folder / "turned.jpg", exif=tags)
        Image.new("RGB", (10, 20)).save(folder / "upright.png")
        (folder / "broken.png").write_bytes(b"no image")
        (folder / ".hidden.png").write_bytes(b"")
        (folder / "folder.png").mkdir()
    Image.new("L", (3, 4)).save(tmp_path / "of-no-class.png")
    assert folder_sizes(tmp_path) == {(10, 20)}


@pytest.fixture
def asked(monkeypatch):
    """The configurations of the runs that the command asks for, none of which is made."""
    asked = []

    def stop(config, *_, **__):
        asked.append(config)
        raise ValueError("stop")

    monkeypatch.setattr(cli, "run", stop)
    return asked


@pytest.mark.parametrize(
    ("words", "method"),
    [
        ("--temperature 0.5", {"temperature": 0.5}),
        ("--method moco --queue-size 32 --momentum 0.9 --widths 16 8", {"queue_size": 32, "widths": [16, 8]}),
        ("--method barlow-twins --weight 0.1", {"weight": 0.1}),
        ("--method simsiam --predictor-rate 2 --bottleneck 16", {"predictor_rate": 2, "bottleneck": 16}),
    ],
)
def test_parameters_of_methods_are_options(words, method, asked, tmp_path):
    with pytest.raises(SystemExit):
        cli.main([*words.split(), "--data", "digits", "--runs", str(tmp_path), "--out", str(tmp_path)])
    described = asked[0].description()["method"]
    assert {name: described[name] for name in method} == method


def test_the_encoder_and_the_coarse_epochs_are_options(asked, tmp_path, capsys):
    words = ["--data", "digits", "--coarse", "0.5", "--runs", str(tmp_path), "--out", str(tmp_path), "--encoder"]
    with pytest.raises(SystemExit):
        cli.main([*words, "whitened"])
    assert (asked[0].encoder, asked[0].coarse) == ("whitened", 0.5)
    for name in ("whitend", "certifiable"):
        with pytest.raises(SystemExit):
            cli.main([*words, name])
    assert "--encoder=whitend: unknown; did you mean whitened?" in capsys.readouterr().err
    assert len(asked) == 1


REFUSED = [
    ("--temperature 0", "temperature=0.0: not positive", "temperature"),
    ("--lr 0", "lr=0.0: not positive", "lr"),
    ("--lr 1e30", "lower lr=1e\\+30", "lr"),
    ("--batch-size 5000", "lower batch_size to", "batch-size"),
    ("--side 0", "side=0", "side"),
    ("--method moco --queue-size 8", "raise queue_size, or lower batch_size", "queue-size"),
    ("--method moco --queue-size 0", "queue_size=0", "queue-size"),
    ("--method simclr-arcl --positives pair", "use 'worst'", "positives"),
    ("--method barlow-twins --temperature 1", "--temperature=1.0: no parameter of barlow-twins; choose of", "weight"),
    ("--method simsiam --predictor-rate -1", "predictor_rate=-1.0", "predictor-rate"),
    ("--clusters 5000", "clusters=5000", "clusters"),
    ("--samples-per-class 5000", "choose 1 to", "samples-per-class"),
    ("--train-size 7", "train_size=7", "train-size"),
]


@pytest.mark.parametrize(("words", "message", "option"), REFUSED)
def test_what_a_refusal_names_is_an_option_of_the_command(words, message, option, tmp_path, capsys):
    small = ["--data", "digits", "--epochs", "1", "--samples-per-class", "2", "--n-views", "2", "--train-size", "100"]
    ends = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out"), "--quiet", "--device", "cpu"]
    with pytest.raises(SystemExit) as stop:
        cli.main([*small, *words.split(), *ends])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("\n") == 1
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert f"--{option} " in capsys.readouterr().out


def test_every_parameter_of_every_method_has_an_option_or_a_name_that_is_taken(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    for method in METHODS.values():
        for field in fields(method):
            assert not field.init or f"--{field.name.replace('_', '-')} " in shown


def test_a_second_process_on_one_run_is_told_so_in_one_line(tmp_path, capsys):
    folder = photos(tmp_path / "photos", each=6, low=16, high=16)
    words = words_for(tmp_path, folder, "--epochs", "1", "--n-views", "2")
    assert cli.main(words) == 0
    capsys.readouterr()
    [run] = (tmp_path / "runs").iterdir()
    with lock_or_refuse(run / "training.lock", "held"), pytest.raises(SystemExit) as stop:
        cli.main(words)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "another process is training this run; wait for it, or give another folder of runs" in error
    assert error.count("\n") == 1
    assert cli.main(words) == 0


def npz(path, n=30, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {}
    for half, count in (("train", n), ("test", 12)):
        labels = np.arange(count) % 3
        bright = 60 * labels[:, None, None] + rng.integers(0, 40, (count, 12, 12))
        arrays |= {f"{half}_images": bright.astype(np.uint8), f"{half}_labels": labels}
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("words", [["--views", "warp"], ["--contrast-epochs", "1"]])
@pytest.mark.parametrize("kind", ["folder", "npz"])
def test_clusters_of_a_users_own_data(kind, words, tmp_path, capsys):
    path = photos(tmp_path / "photos") if kind == "folder" else npz(tmp_path / "own.npz")
    small = ["--epochs", "1", "--n-views", "2", "--neighbours", "8", "--quiet", "--device", "cpu"]
    ends = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert clustering.main(["--data", kind, "--path", str(path), *words, *small, *ends]) == 0
    out = capsys.readouterr().out
    assert ("images of" in out) == (kind == "folder")
    record, weights = sorted((tmp_path / "out").iterdir())
    assert re.fullmatch(rf"{kind}-[0-9a-f]{{8}}\.json", record.name)
    assert weights.name == f"{record.stem}.safetensors"
    config = json.loads(record.read_text())["config"]
    assert config["clusters"] == (2 if kind == "folder" else 3)
    assert (config["warp"] is None) == (words[0] != "--views")
    torch.manual_seed(0)
    model = clustering.network(config["clusters"])
    model.load_state_dict(load_file(weights))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--clusters", "1"], "clusters=1: too small"),
        (["--clusters", "500"], "clusters=500: more than the 30 images"),
        (["--neighbours", "40"], "samples=30: too few for 40 neighbours; use 41 or more, or lower neighbours"),
        (["--n-views", "0"], "--n-views=0: too small"),
        (["--lr", "1e30", "--neighbours", "8", "--epochs", "3"], r"lower lr=1e\+30"),
        (["--views", "xyz"], "letters='xyz'"),
        (["--views", "warp", "--contrast-epochs", "2"], "SimCLR trains on letters"),
    ],
)
def test_clusters_are_refused_in_one_line(words, message, tmp_path, capsys):
    ends = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out"), "--quiet", "--device", "cpu"]
    own = ["--data", "npz", "--path", str(npz(tmp_path / "own.npz")), "--n-views", "2", "--epochs", "1"]
    with pytest.raises(SystemExit) as stop:
        clustering.main([*own, "--contrast-epochs", "0", *words, *ends])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("\n") == 1


def test_concentration_of_two_folders_are_two_results(tmp_path, capsys):
    for seed in range(2):
        folder = photos(tmp_path / f"photos{seed}", each=8, seed=seed)
        own = ["--data", "folder", "--path", str(folder), "--n-views", "2", "--quiet", "--out", str(tmp_path / "out")]
        assert view_sets.main(own) == 0
        assert "--side sets another" in capsys.readouterr().out
    assert len(list((tmp_path / "out").glob("concentration-folder-*.json"))) == 2


def test_the_folder_of_a_run_depends_on_the_images(tmp_path):
    config = cli.TrainingConfig(dataset="npz")
    cpu = torch.device("cpu")
    both = [read("npz", npz(tmp_path / f"{seed}.npz", seed=seed), 0) for seed in range(2)]
    first, second = (run_dir(tmp_path, config, one.data, cpu) for one in both)
    assert first != second
    assert both[0].name != both[1].name

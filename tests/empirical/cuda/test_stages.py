"""Every stage on the CPU: the code that runs on a GPU, on few images."""

import importlib
import json
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from empirical.audit.check import problems
from empirical.audit.reading import read_certificate
from empirical.cuda import distances, images, marked, training, weights
from empirical.cuda.discretising import purity
from empirical.cuda.plan import Request
from empirical.cuda.stage import Notes
from empirical.cuda.stand_ins import StandIn, install
from empirical.data.sets import fingerprint, load
from empirical.evaluation.features import weights_hash
from empirical.training.clustering import network
from empirical.training.loop import TrainingConfig
from empirical.training.methods import METHODS, initial_encoder
from empirical.training.networks import build_encoder
from theory.concentration import augmented_distances


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """stages[name]: what each stage noted, run one after the other in this process; and the folder of results."""
    work = tmp_path_factory.mktemp("work")
    (work / "out").mkdir()
    results = {"out": work / "out"}
    for name in ("images", "distances", "training", "discretising", "loops"):
        notes = Notes(work / f"{name}.json")
        request = Request(None, str(work), str(work / "out"), "cpu", True, time.time() + 3600)
        importlib.import_module(f"empirical.cuda.{name}").run(request, notes)
        results[name] = json.loads(notes.path.read_text())
    return results


def test_the_images_are_those_that_were_read(stages):
    assert stages["images"]["sha256"] == fingerprint(load("fashion", 0, 100, 50))


def test_distances_on_the_cpu_have_the_cpus_bits(stages):
    (row,) = stages["distances"]["comparisons"]
    assert row["equal_bits"] == 1
    assert row["absolute_error"] == 0 < row["cdist_absolute_error"] < 1e-3
    assert min(row["seconds"], row["cdist_seconds"]) > 0


def test_blocks_of_the_usual_way_give_the_distances(monkeypatch):
    views = torch.rand(7, 3, 5, dtype=torch.float64)
    monkeypatch.setattr(distances, "MOST_ENTRIES", 7 * 3 * 3 * 2)
    usual = distances.nearest_views(views).numpy()
    off = ~np.eye(7, dtype=bool)
    np.testing.assert_allclose(usual[off], augmented_distances(views.numpy())[off], rtol=1e-7)


def test_the_curve_begins_before_training_and_the_kept_network_is_the_one_that_was_evaluated(stages):
    noted = stages["training"]
    assert [point["epoch"] for point in noted["curve"]] == [0, 1, 2]
    seconds = [point["seconds"] for point in noted["curve"]]
    assert seconds == sorted(seconds)
    assert len(noted["loss"]) == len(noted["images_per_second"]) == noted["config"]["epochs"] == 2
    encoder = build_encoder(0, "small", tuple(noted["config"]["method"]["widths"]))
    encoder.load_state_dict(weights.load(stages["out"], "encoder"))
    hashes = {evaluation["weights_hash"] for evaluation in noted["evaluations"]}
    assert hashes == {weights_hash(encoder.backbone)}
    assert {evaluation["protocol"]["name"] for evaluation in noted["evaluations"]} == {"knn", "nearest mean"}


def test_the_audits_are_of_the_kept_network_and_the_certificate_stands(stages):
    noted, out = stages["discretising"], stages["out"]
    audited = network(10)
    audited.load_state_dict(weights.load(out, "discretising"))
    assert {audit["weights_sha256"] for audit in noted["audits"]} == {weights_hash(audited)}
    assert [audit["level"] for audit in noted["audits"]] == [0.95, 0.95]
    assert problems(read_certificate(out / "certificate.json"), out / "certificate.json", None) == []
    assert 0.1 <= noted["purity"] <= 1


def test_a_loop_is_measured_or_said_to_lack_its_package(stages):
    noted = stages["loops"]
    assert noted["images_per_second"]["batched"] > 0
    for name in ("torchvision", "kornia"):
        assert (name in noted["images_per_second"]) != (noted.get(name) == "not installed")


def test_a_network_of_the_lecture_fits_into_files_of_16_mib_and_comes_back(tmp_path):
    encoder = initial_encoder(METHODS["simclr"], "resnet18", 0)
    weights.round_to_halves(encoder)
    (tmp_path / "encoder-9.safetensors").write_bytes(b"of a former call")
    names = weights.save(encoder, tmp_path, "encoder")
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert len(names) == 2
    assert all((tmp_path / name).stat().st_size < 2**24 for name in names)
    again = initial_encoder(METHODS["simclr"], "resnet18", 1)
    again.load_state_dict(weights.load(tmp_path, "encoder"))
    assert weights_hash(again) == weights_hash(encoder)


def test_weights_beyond_float16_and_missing_ones_are_refused(tmp_path):
    layer = torch.nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight[0, 0] = 1e6
    with pytest.raises(ValueError, match=r"weight: a weight of 1e\+06 is beyond float16"):
        weights.round_to_halves(layer)
    with pytest.raises(ValueError, match="holds no encoder-1"):
        weights.load(tmp_path, "encoder")


def photos(folder: Path) -> Path:
    """train/ and test/ of two classes, three images each."""
    generator = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            (folder / part / name).mkdir(parents=True)
            for i in range(3):
                pixels = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{i}.png")
    return folder


def test_an_archive_of_folders_is_read_as_the_folder_is(tmp_path):
    folder = photos(tmp_path / "photos")
    with tarfile.open(tmp_path / "photos.tar.xz", "w:xz") as archive:
        for part in ("train", "test"):
            archive.add(folder / part, part)
    plain = images.cifar(folder, tmp_path / "work")
    packed = images.cifar(tmp_path / "photos.tar.xz", tmp_path / "work")
    assert fingerprint(plain) == fingerprint(packed) == fingerprint(load("folder", path=folder))
    images.store(plain, tmp_path)
    assert (tmp_path / images.COPY).stat().st_size < 2 * plain.train_images.numel() + 10_000  # bytes, not floats
    assert fingerprint(images.stored(Request(None, str(tmp_path), "", "cpu", True))) == fingerprint(plain)


def test_missing_and_other_files_name_the_remedy(tmp_path):
    with pytest.raises(ValueError, match=r"no such file or folder; fetch cifar-10-python\.tar\.gz from https"):
        images.cifar(tmp_path / "nowhere", tmp_path)
    (tmp_path / "other").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"cifar-10-python\.tar\.gz"):
        images.cifar(tmp_path / "other", tmp_path)


def test_epochs_are_those_that_fit():
    assert training.epochs_that_fit(100, 3.0, 120) == 33
    assert training.epochs_that_fit(1000, 3.0, 120) == 120
    with pytest.raises(ValueError, match=r"give more time \(--minutes\)"):
        training.epochs_that_fit(2, 3.0, 120)


def test_purity_is_the_share_of_majorities():
    assert purity(np.array([0, 0, 0, 1, 1]), np.array([2, 2, 0, 1, 1])) == 0.8


def test_the_marked_tests_are_run_and_a_failing_one_fails_the_stage(tmp_path, monkeypatch):
    (tmp_path / "stages").mkdir()
    (tmp_path / "test_one.py").write_text(
        "import pytest\n"
        "@pytest.mark.cuda\n@pytest.mark.parametrize('x', ['a b'])\ndef test_good(x): pass\n"
        "@pytest.mark.cuda\ndef test_bad(): assert 1 == 2\n"
        "def test_other(): assert False\n"
    )
    (tmp_path / "test_two.py").write_text("import not_installed_anywhere\n")  # not marked, so it does not matter
    monkeypatch.setattr(marked, "TESTS", tmp_path)
    notes = Notes(tmp_path / "marked.json")
    with pytest.raises(RuntimeError, match="pytest ended with 1"):
        marked.run(Request(None, str(tmp_path), "", "cpu", True, time.time() + 600), notes)
    assert notes.values["counts"] == {"FAILED": 1, "PASSED": 1}
    assert any("assert 1 == 2" in line for line in notes.values["output"])


def test_a_stand_in_can_be_named_and_not_used():
    assert install(("json", "no_such_prover")) == ("no_such_prover",)
    module = importlib.import_module("no_such_prover")
    assert isinstance(module.Real | int, StandIn)
    assert isinstance(int | module.Real, StandIn)
    for use in (module.Real, lambda: module.Real.sort):
        with pytest.raises(ModuleNotFoundError, match="no_such_prover is not installed"):
            use()
    with pytest.raises(ModuleNotFoundError):
        module.Real("x")
    assert not hasattr(module, "__path__")


def test_the_scale_of_the_training_is_compiled_where_there_is_a_gpu():
    sizes = importlib.import_module("empirical.cuda.sizes")
    assert isinstance(sizes.FULL.training, TrainingConfig)
    assert sizes.FULL.training.compiled
    assert sizes.FULL.training.encoder == sizes.FULL.clustering.backbone == "resnet18"

"""Certificates, features and checkpoints from an adversary: refused in one line, and no false claim is accepted."""

import io
import json
import os
import zipfile
from decimal import Decimal

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from empirical.audit import audit
from empirical.audit.__main__ import check_main, main
from empirical.audit.certificate import certificate, decimal, write
from empirical.audit.check import MOST_CLASSES, MOST_VIEWS, array_digest, check, digest, mean_radius
from empirical.audit.distances import pairwise_within, views_within
from empirical.audit.report import as_json
from empirical.audit.schema import EXACT, EXACT_ANCHORED, FORMAT, POPULATION
from empirical.views import protocol
from empirical.views.protocol import Views
from tests.empirical.audit.refusals import refused
from theory.factors import view_diameters
from theory.files import write_json
from theory.population import clopper_pearson, split_level
from theory.theorem1 import Anchors, certify_population
from theory.theorem1.certificates.population import events
from theory.theorem1.forms import margin


class Constant(nn.Module):
    """A collapsed encoder."""

    def __init__(self, seed):
        super().__init__()
        self.vector = nn.Parameter(torch.randn(5, generator=torch.Generator().manual_seed(seed)))

    def forward(self, x):
        return self.vector.expand(len(x), 5)


@pytest.mark.parametrize("seed", [1, 7, 17])
def test_a_constant_encoder_measures_1_and_passes_its_own_check(seed, tmp_path):
    generator = torch.Generator().manual_seed(seed)
    n = int(torch.randint(30, 200, (1,), generator=generator))
    labels = torch.cat([torch.arange(3).repeat(4), torch.randint(0, 3, (n - 12,), generator=generator)])
    data = torch.utils.data.TensorDataset(torch.rand(n, 1, 4, 4, generator=generator), labels)
    found = audit(Constant(seed).eval(), data, lambda image: image.flip(-1), m=2, progress=False)
    assert found.exact.error == found.exact.error_any_view == found.population.sample_error == 1
    assert found.exact.best.error == found.population.error == found.anchored[0] == 1
    assert check(write(found, tmp_path)[0]) == []


def collapsed():
    """A factory of a collapsed encoder."""
    return Constant(3)


def test_the_command_ends_with_0_for_a_constant_encoder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--encoder", f"{__name__}:collapsed", "--data", "tests.empirical.audit.test_command:blobs"]
    assert main([*words, "--n-views", "2", "--quiet", "--device", "cpu"]) == 0


SCALARS = {
    "seed": {"seed": np.int64(1)},
    "m": {"m": np.int8(3)},
    "level": {"level": np.float32(0.9)},
    "clusters": {"head": "clusters", "clusters": np.uint16(3)},
}


@pytest.mark.parametrize("name", SCALARS)
def test_numpy_scalars_can_be_written(name, tmp_path):
    x = torch.rand(60, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    data = torch.utils.data.TensorDataset(x, torch.arange(60) % 3)
    options = {"m": 2} | SCALARS[name]
    plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in options.items()}
    found, expected = (
        audit(nn.Flatten().eval(), data, lambda image: image.flip(-1), progress=False, **each)
        for each in (options, plain)
    )
    assert certificate(found, "f") == certificate(expected, "f")
    assert check(write(found, tmp_path)[0]) == []
    write_json(tmp_path / "evidence.json", as_json(found, "page"))
    views = Views(lambda image: image.flip(-1), "flips", m=np.int64(2), seed=np.int64(4))
    assert json.loads(json.dumps(views.description()))["seed"] == 4


def test_a_certificate_says_on_what_its_bits_depend(written):
    versions = json.loads(written[0].read_text())["versions"]
    assert versions["threads"] == torch.get_num_threads()
    assert all({"threads", "kernels"} <= pool.keys() for pool in versions["blas"].values())
    assert any("blas" in name or "mkl" in name or "openmp" in name for name in versions["blas"])
    assert versions["cpu"].strip(" ,")


@pytest.fixture
def written(found, tmp_path):
    return write(found, tmp_path)


def rewritten(path, change):
    content = json.loads(path.read_text())
    change(content)
    content["digest"] = digest(content)
    path.write_text(json.dumps(content))


def forged(folder):
    """A claim of error .03 for a world whose class means are equal, by an anchor of norm 1e18."""
    pair = np.array([[1.0, 0], [-1.0, 0]])
    labels, K, level = np.r_[np.zeros(980, int), np.ones(20, int)], 2, 0.95
    features = np.repeat(np.r_[np.tile(pair, (490, 1)), np.tile(pair, (10, 1))][:, None], 2, axis=1)
    split, counts, n = split_level(level, events(K)), np.bincount(labels), len(labels)

    def lower(s, of, event):
        return clopper_pearson(int(s), int(of), split.levels[event], "lower").low

    alpha = [lower(c, c, f"alpha {k}") for k, c in enumerate(counts)]
    mass = [lower(c, n, f"mass {k}") for k, c in enumerate(counts)]
    spread = [mean_radius(0.0, int(c), (1 - level) / 11) for c in counts]
    anchors = np.array([[1.0, 0], [1e18, 1e17]])
    radius = [2.0, 2.0]
    content = {
        "format": FORMAT,
        "what": "",
        "encoder": {},
        "views": {},
        "seed": 0,
        "device": "cpu",
        "versions": {},
        "data": {
            "name": "x",
            "sha256": "0",
            "class_names": ["a", "b"],
            "fitting_images": n,
            "certifying_images": n,
            "shared_with_fitting": "0",
        },
        "features": {
            "file": "features.safetensors",
            "features_sha256": array_digest(features),
            "labels_sha256": array_digest(labels),
            "shape": list(features.shape),
        },
        "exact": {
            "claim": EXACT,
            "form": "exact",
            "error": "1",
            "direction": "upper",
            "measured_error_any_view": "1",
            "classes": [
                {
                    "label": k,
                    "met": False,
                    "members": [],
                    "anchor": None,
                    "eps": "0",
                    "reach": "2",
                    "alpha": "0",
                    "R": "0",
                }
                | {"margin": decimal(margin("exact", 0.0, 2.0, 0.0, 0.0, 0.0, 1e-11))}
                for k in range(K)
            ],
        },
        "anchored": {"claim": EXACT_ANCHORED, "error": "1", "direction": "upper", "margins": ["0"] * K},
        "population": {
            "claim": POPULATION,
            "form": "anchored",
            "level": decimal(level),
            "error": decimal(1 - mass[0]),
            "direction": "upper",
            "events": 11,
            "union_bound": str(split),
            "anchors": [[decimal(x) for x in row] for row in anchors],
            "hoped": [],
            "pooled_mass": "0",
            "classes": [
                {
                    "label": k,
                    "met": k == 0,
                    "radius": decimal(radius[k]),
                    "alpha": decimal(alpha[k]),
                    "mass": decimal(mass[k]),
                }
                | {"mean_radius": decimal(spread[k]), "margin": "1"}
                for k in range(K)
            ],
        },
    }
    content["digest"] = digest(content)
    safetensors.numpy.save_file({"features": features, "labels": labels}, folder / "features.safetensors")
    (folder / "certificate.json").write_text(json.dumps(content))
    return folder / "certificate.json", (features, labels, Anchors(anchors, np.array(radius), np.zeros(2, bool)))


def test_an_anchor_beyond_the_unit_ball_is_named(tmp_path):
    path, (features, labels, anchors) = forged(tmp_path)
    assert any("anchors[1][0] is '1000000000000000000'" in line for line in check(path))
    refused(
        "anchors.points.1.=1.0049875.*: its norm",
        certify_population,
        features,
        labels,
        view_diameters(features),
        anchors,
        0.9,
    )
    for anchor in ([1.0, 1e-5], [0.8, 0.8]):
        rewritten(path, lambda c, a=anchor: c["population"]["anchors"].__setitem__(1, [decimal(x) for x in a]))
        assert any("class 1: the anchor has norm 1.0" in line or "norm 1.1" in line for line in check(path))


def lowered(claim, key):
    claim[key] = f"{Decimal(claim[key]) - Decimal('1e-12'):f}"


STRANGE = {
    "huge reach": lambda c: c["exact"]["classes"][0].update(reach="1" + "0" * 300),
    "huge eps": lambda c: c["exact"]["classes"][0].update(eps="1" + "0" * 308),
    "infinite": lambda c: c["exact"].update(error="9" * 309),
    "many digits": lambda c: c["exact"].update(error="0." + "9" * 10**6),
    "an exponent": lambda c: c["exact"].update(error="1e-999999999"),
    "huge members": lambda c: c["exact"]["classes"][0].update(members=[10**30]),
    "all members": lambda c: c["exact"]["classes"][0].update(members=list(range(10**5))),
    "huge labels": lambda c: c["exact"]["classes"][0].update(label=2**64),
    "arabic digits": lambda c: c["exact"].update(error="٠.٥"),
    "spaces": lambda c: c["exact"].update(error=" 1"),
    "underscores": lambda c: c["exact"].update(error="1_0"),
    "huge events": lambda c: c["population"].update(events=10**400),
    "a hoped class of many digits": lambda c: c["population"].update(hoped=[10**50]),
    "a huge radius": lambda c: c["population"]["classes"][0].update(radius="1" + "0" * 200),
    "level next to 1": lambda c: c["population"].update(level=decimal(np.nextafter(1, 0))),
    "level next to 0": lambda c: c["population"].update(level=decimal(5e-324)),
    "a huge anchor": lambda c: c["population"]["anchors"][0].__setitem__(0, "9" * 308),
    "an error above 1": lambda c: c["exact"].update(error="2"),
    "many anchors": lambda c: c["population"].update(anchors=[[]] * 10**5),
    "the error one step lower": lambda c: lowered(c["population"], "error"),
    "mass one step up": lambda c: c["population"]["classes"][0].update(
        mass=decimal(float(c["population"]["classes"][0]["mass"]) * (1 + 1e-9))
    ),
    "measured one step down": lambda c: lowered(c["exact"], "measured_error_any_view"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_numbers_are_problems_of_bounded_length(written, name):
    rewritten(written[0], STRANGE[name])
    problems = check(written[0])
    assert 0 < len(problems) <= 101
    assert max(map(len, problems)) < 400


def npz(path, features, labels, compress=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, value in (("features.npy", features), ("labels.npy", labels)):
            if not isinstance(value, bytes):
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, value, allow_pickle=True)
                value = buffer.getvalue()
            archive.writestr(name, value)
    return path


def header(shape, dtype="<f8"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


LABELS = np.arange(4)
NPZ = {
    "objects": (lambda: np.array([[[None]]]), "of type object, no numbers"),
    "words": (lambda: np.array([[["a" * 1000]]]), "no numbers"),
    "a lying header": (lambda: header((10**5, 10, 100)), "the header promises"),
    "a huge header": (lambda: header((10**9, 10, 100)), "more than 2147483648 numbers or 3 axes"),
    "many axes": (lambda: np.zeros((1,) * 20), "or 3 axes"),
    "no header": (lambda: b"\x93NUMPY\x01", "cannot be read"),
    "another version": (lambda: b"\x93NUMPY\x09\x00" + bytes(200), "npy format"),
    "a header that is code": (
        lambda: b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').abort()".ljust(32),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", NPZ)
def test_odd_arrays_are_refused_before_they_are_made(written, tmp_path, name):
    make, message = NPZ[name]
    refused(message, check, written[0], npz(tmp_path / "odd.npz", make(), LABELS))


def test_a_bomb_is_refused(written, tmp_path):
    path = npz(tmp_path / "bomb.npz", np.zeros((10**5, 5, 8)), LABELS, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**5
    refused("packed more than 100 times; write it with numpy.savez", check, written[0], path)


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e5m2", "complex64", "bool"])
def test_odd_types_of_safetensors_are_refused(written, tmp_path, kind):
    values = torch.ones(4, 2, 2).to(getattr(torch, kind))
    safetensors.torch.save_file({"features": values, "labels": torch.arange(4)}, tmp_path / "odd.safetensors")
    refused("not of one that NumPy has", check, written[0], tmp_path / "odd.safetensors")


@pytest.mark.parametrize("kind", [np.uint64, np.int8, np.float64])
def test_labels_of_other_types_are_no_error(written, kind):
    """Integers of every type are labels; floats are a problem."""
    path, file = written
    arrays = safetensors.numpy.load_file(file)
    arrays["labels"] = arrays["labels"].astype(kind)
    safetensors.numpy.save_file(arrays, file)
    rewritten(path, lambda c: c["features"].update(labels_sha256=array_digest(arrays["labels"])))
    assert (check(path) == []) == (kind is not np.float64)


def test_what_is_no_regular_file_is_refused(written, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero", tmp_path):
        with pytest.raises(SystemExit) as stop:
            check_main([str(path)])
        assert stop.value.code == 2
        refused("is no regular file", check, type(tmp_path)(path))
        refused("is no regular file", check, written[0], type(tmp_path)(path))
    with (tmp_path / "sparse.json").open("wb") as file:
        file.truncate(2**40)
    refused("are more than the", check, tmp_path / "sparse.json")
    refused("cannot be looked for", check, type(tmp_path)("a\0b"))


def sphere(*shape, seed=0):
    features = np.random.default_rng(seed).normal(size=shape)
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def resized(path, file, features, labels):
    safetensors.numpy.save_file({"features": features, "labels": labels}, file)
    K = int(labels.max()) + 1

    def change(c):
        c["features"].update(
            shape=list(features.shape), features_sha256=array_digest(features), labels_sha256=array_digest(labels)
        )
        c["data"].update(certifying_images=len(labels), class_names=[str(k) for k in range(K)])

    rewritten(path, change)


def test_thousands_of_views_are_checked_and_more_are_refused(written):
    resized(*written, sphere(6, 3000, 2), np.arange(6) % 2)
    assert check(written[0])
    resized(*written, sphere(2, MOST_VIEWS + 1, 2), np.arange(2))
    refused(f"m={MOST_VIEWS + 1}: more than the {MOST_VIEWS}", check, written[0])


def test_too_many_classes_and_distances_are_refused(written):
    resized(*written, sphere(MOST_CLASSES + 1, 2, 2), np.arange(MOST_CLASSES + 1))
    refused(f"K={MOST_CLASSES + 1}: more than", check, written[0])


@pytest.mark.parametrize(("m", "d"), [(3, 4), (300, 20), (1500, 2)])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 0.0])
def test_views_and_samples_within_a_distance_agree_with_direct_evaluation(m, d, scale):
    features = sphere(1, 1, d) + scale * sphere(3, m, d, seed=1)
    features /= np.linalg.norm(features, axis=-1, keepdims=True)
    wide = [max(np.linalg.norm(views - view, axis=1).max() for view in views) for views in features]
    for eps in (max(wide), min(wide)):
        assert views_within(features, eps * (1 + 1e-12)).tolist() == [w <= eps for w in wide]
    gaps = [
        min(np.linalg.norm(features[j] - view, axis=1).min() for view in features[i])
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    assert pairwise_within(features, max(gaps) * (1 + 1e-12))
    assert max(gaps) == 0 or not pairwise_within(features, max(gaps) * (1 - 1e-9))


def test_as_many_views_are_drawn_as_are_checked():
    assert protocol.MOST_VIEWS == MOST_VIEWS

"""Any checkpoint: it is loaded, or refused with one message that names the file and the remedy, and no code of it runs."""

import argparse
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from empirical.audit.encoders import subject
from tests.empirical.audit.refusals import Net, given, refused

HERE = __name__


def weights(seed=5, width=4):
    torch.manual_seed(seed)
    return Net(width).state_dict()


def load_with(path, spec=f"{HERE}:Net"):
    return given(spec, {}, path)


def saved(tmp_path, name, content):
    path = tmp_path / name
    if name.lower().endswith(".safetensors"):
        safetensors.torch.save_file(content, path)
    else:
        torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("w.safetensors", lambda w: w),
        ("W.SAFETENSORS", lambda w: w),
        ("w.pt", lambda w: w),
        ("w.pth", lambda w: {"state_dict": w, "epoch": 3}),
        ("w.ckpt", lambda w: {"model": w}),
        ("w.bin", lambda w: {"model_state_dict": w, "loss": 0.5}),
        ("w.pt", lambda w: {"state_dict": {"model": w}}),
        ("w.safetensors", lambda w: {f"module.{k}": v for k, v in w.items()}),
        ("w.pt", lambda w: {"state_dict": {f"module.{k}": v for k, v in w.items()}}),
        ("w.pt", lambda w: {f"_orig_mod.{k}": v for k, v in w.items()}),
    ],
)
def test_checkpoints_of_all_kinds_are_loaded(tmp_path, name, wrap):
    expected = Net()
    expected.load_state_dict(weights())
    encoder = load_with(saved(tmp_path, name, wrap(weights())))
    assert encoder.weights_sha256 == subject(expected.eval(), "").weights_sha256 != given(f"{HERE}:Net").weights_sha256
    assert encoder.checkpoint == name


def prefixed(prefix, weights, more=()):
    return {f"{prefix}{k}": v for k, v in weights.items()} | {k: torch.zeros(2) for k in more}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"state_dict": prefixed("module.encoder_q.", w, ["module.queue"]), "epoch": 200, "arch": "net"},
        lambda w: {"model": prefixed("_orig_mod.module.", w)},
        lambda w: {"state_dict": prefixed("backbone.", w, ["projector.0.weight"]), "pytorch-lightning_version": "2.1"},
        lambda w: {
            "teacher": prefixed("backbone.", w),
            "student": {},
            "optimizer": {"state": {0: {"step": torch.ones(1)}}},
        },
        lambda w: {"net": w, "the same": w},
        lambda w: prefixed("a.b.c.", w, ["a.b.d.conv.weight", "a.b.conv.weight"]),
        lambda w: {k: v.half() if v.is_floating_point() else v for k, v in w.items()},
        lambda w: {k: v.half() for k, v in w.items()},
        lambda w: {k: v.bfloat16() if v.is_floating_point() else v for k, v in w.items()},
        lambda w: w | {"again.weight": w["again.weight"].T.contiguous().T},
    ],
)
def test_the_one_prefix_that_fits_is_taken_off(tmp_path, wrap):
    encoder = load_with(saved(tmp_path, "w.pth", wrap(weights())))
    for key, value in weights().items():
        torch.testing.assert_close(encoder.module.state_dict()[key], value, atol=1e-2, rtol=1e-2)


def test_weights_that_share_their_storage_are_loaded(tmp_path):
    shared = torch.arange(20.0)
    state = weights() | {"conv.bias": shared[:4], "norm.bias": shared[2:6], "norm.weight": shared[::5]}
    restored = load_with(saved(tmp_path, "w.pth", state)).module.state_dict()
    assert all(torch.equal(restored[key], value) for key, value in state.items())


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (
            lambda w: {"state_dict": prefixed("module.encoder_q.", w, ["module.queue", "module.encoder_q.fc.weight"])},
            r"with the prefix 'state_dict.module.encoder_q.' taken off its keys: none missing, 1 unexpected \(fc.weight\)",
        ),
        (
            lambda w: {"teacher": prefixed("backbone.", w), "student": prefixed("backbone.", w)},
            "'student.backbone.', 'teacher.backbone.' each fit as a prefix of its keys; save",
        ),
        (lambda w: prefixed("encoder_q.", w) | prefixed("encoder_k.", w), "'encoder_k.', 'encoder_q.' each fit"),
        (lambda w: {"state_dict": w, "args": argparse.Namespace(lr=1)}, r"\(it holds argparse.Namespace, and loading"),
        (lambda w: {"state_dict": w, "best": np.float64(0.9)}, r"\(it holds numpy\._?core\.multiarray\.scalar, and"),
        (lambda w: w | {"again.weight": torch.ones(4, 4, dtype=torch.int8)}, "again.weight is torch.int8"),
        (lambda w: w | {"again.weight": torch.ones(4, 4, dtype=torch.complex64)}, "again.weight is torch.complex64"),
        (
            lambda w: w | {"again.weight": torch.ones(4, 4).to_sparse()},
            "again.weight is torch.float32, torch.sparse_coo",
        ),
        (lambda w: w | {"again.weight": torch.empty(4, 4, device="meta")}, "again.weight is torch.float32"),
        (lambda w: w | {"again.weight": torch.ones(1).expand(10**6, 10**6)}, "size mismatch for again.weight"),
        (lambda w: w | {"\x1b[31mred\nline": torch.ones(1)}, r"1 unexpected \(red\\nline\)"),
    ],
)
def test_a_checkpoint_that_fits_in_no_one_way_is_refused(tmp_path, wrap, message):
    refused(message, load_with, saved(tmp_path, "w.pth", wrap(weights())))


def test_a_packed_archive_is_refused(tmp_path):
    path = saved(tmp_path, "w.pt", {"a": torch.zeros(10**6)})
    with zipfile.ZipFile(path) as plain, zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    refused(r"packed archive of 4\d* bytes", load_with, tmp_path / "packed.pt")


def test_nested_dictionaries_do_not_multiply(tmp_path):
    nest = {"x": torch.ones(1)}
    for _ in range(30):
        nest = {str(i): nest for i in range(30)}
    refused("does not fit|no state dict", load_with, saved(tmp_path, "w.pt", nest))


def renamed(old, new):
    return lambda w: {k.replace(old, new): v for k, v in w.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda w: {k: v for k, v in w.items() if "norm" not in k},
            r"5 missing \(norm.weight, .*, \.\.\.\), none unexpected",
        ),
        (lambda w: w | {"head.weight": torch.ones(2)}, r"none missing, 1 unexpected \(head.weight\)"),
        (renamed("conv", "module.conv"), r"2 missing .* 2 unexpected \(module.conv"),
        (renamed("conv", "stem"), r"2 missing .* 2 unexpected .*rename the keys"),
        (lambda _: weights(width=7), r"size mismatch for conv.weight.*check the factory's arguments"),
        (lambda _: {}, "no state dict|cannot be read|missing"),
    ],
)
@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_checkpoints_that_do_not_fit_are_refused(tmp_path, change, message, name):
    refused(message, load_with, saved(tmp_path, name, change(weights())))


def test_a_checkpoint_of_another_kind_is_not_recommended_to_be_unpickled(tmp_path):
    path = saved(tmp_path, "w.safetensors", weights()).rename(tmp_path / "w.pt")
    refused(r"checkpoint .*w\.pt cannot be read \(torch.save did not write it\)", load_with, path)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated_checkpoints_are_refused(tmp_path, name, share):
    path = saved(tmp_path, name, weights())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(f"checkpoint .*{name} cannot be read", load_with, path)
    refused("is no TorchScript file, or is truncated|has suffix", given, str(path), trust=True)


@pytest.mark.parametrize("content", [b"not a checkpoint at all", b"\x80\x02.", bytes(64), b"PK\x03\x04" + bytes(64)])
@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_files_of_other_kinds_are_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    refused("cannot be read", load_with, path)


def test_missing_files_and_folders_are_refused(tmp_path):
    (tmp_path / "folder.pt").mkdir()
    for name in ("absent.pt", "absent.safetensors", "folder.pt"):
        refused("is no file: check the path", load_with, tmp_path / name)
        refused("is no file and no package.module:factory", given, str(tmp_path / name))


@pytest.mark.parametrize(
    "content",
    [
        [torch.ones(2)],
        torch.ones(2),
        3,
        {"weight": [1, 2]},
        {"a": torch.ones(1), "b": 2},
        {1: torch.ones(2)},
        {"model": {None: torch.ones(2)}},
    ],
)
def test_checkpoints_without_a_state_dict_are_refused(tmp_path, content):
    refused("holds no state dict: save", load_with, saved(tmp_path, "w.pt", content))


class Evil:
    """Its unpickling creates a file."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"state_dict": weights(), "args": x}])
def test_a_malicious_pickle_does_not_run(tmp_path, write, wrap):
    marker, path = tmp_path / "marker", tmp_path / "evil.pt"
    write(wrap(Evil(marker)), path)
    refused("holds more than tensors, which is refused", load_with, path)
    refused("is no TorchScript file", given, str(path), trust=True)
    other = tmp_path / "evil.pt2"
    other.write_bytes(path.read_bytes())
    refused("may run any code while it is loaded: .*audit --trust", given, str(other))
    other = tmp_path / "evil.safetensors"
    other.write_bytes(path.read_bytes())
    refused("cannot be read", load_with, other)
    assert not marker.exists()
    try:  # the proof that the file is what it is said to be
        torch.load(path, weights_only=False)
    except Exception:
        pickle.loads(path.read_bytes())
    assert marker.exists()


def test_a_pickled_module_is_refused(tmp_path):
    path = saved(tmp_path, "whole.pt", Net())
    refused("holds more than tensors", load_with, path)
    refused("give a factory, package.module:name, as the encoder and a file of weights", given, str(path))
    refused("give its factory as the encoder and this file as the checkpoint", given, str(path), trust=True)


def test_files_take_no_arguments_and_transformers_no_checkpoint(tmp_path):
    path = saved(tmp_path, "w.pt", weights())
    refused("is a file with its own weights", given, str(path), {"width": 3})
    refused("is a file with its own weights", given, str(path), {}, path)
    refused("does not go with a scikit-learn transformer", load_with, path, "sklearn.decomposition:PCA")


@pytest.mark.parametrize("make", [lambda: nn.LazyLinear(3), lambda: nn.Linear(3, 3, device="meta")])
def test_weights_without_values_are_refused(make):
    refused("weights of the encoder cannot be read .* lazy", subject, make().eval(), "x")

"""Any encoder: it works, or is refused with one message that names the value and the remedy."""

import argparse
import pickle
import random
import signal
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from empirical.audit.encoders import Transformer, load_encoder, subject
from empirical.evaluation.features import check_repeats, encode
from empirical.thirdparty import first_line
from empirical.views.parsing import parse_views
from tests.empirical.audit.refusals import Does, images, refused

CPU = torch.device("cpu")
HERE = __name__


class Net(nn.Module):
    """A small network with everything that has a mode, and an in-place ReLU after its first layer."""

    def __init__(self, width=4, channels=3):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.again = nn.Linear(width, width)
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        x = self.drop(self.act(self.norm(self.conv(x)))).mean(dim=(2, 3))
        return self.again(self.again(x))


def pair(width=4):
    return Net(width), width


def broken_factory():
    raise RuntimeError("no weights at hand\nsecond line")


def number_factory():
    return 7


class Trains(Net):
    """Its own mode switch returns nothing, as many do, or fails."""

    def __init__(self, fails=False):
        super().__init__()
        self.fails = fails

    def train(self, mode=True):
        if self.fails:
            raise RuntimeError("no such mode")
        super().train(mode)


class Speechless(Exception):
    """It cannot say what is wrong."""

    def __str__(self):
        raise OSError


def speechless_factory():
    raise Speechless


def given(spec, arguments=None, checkpoint=None, layer=None, trust=False, fit=None):
    return load_encoder(spec, arguments or {}, checkpoint, layer, images(40) if fit is None else fit, trust=trust)


def test_a_factory_may_return_a_module_a_pair_or_a_transformer():
    for spec in (f"{HERE}:Net", f"{HERE}:pair"):
        found = given(spec, {"width": 6})
        assert isinstance(found.module, Net)
        assert not any(part.training for part in found.module.modules())
        assert encode(found.module, images(), CPU).shape == (12, 6)
    found = given("sklearn.decomposition:PCA", {"n_components": 5})
    assert encode(found.module, images(), CPU).shape == (12, 5)


def test_weights_that_a_factory_draws_are_the_same_every_time():
    before = torch.get_rng_state(), random.getstate()
    first = given(f"{HERE}:Net")
    torch.rand(3)
    assert given(f"{HERE}:Net").weights_sha256 == first.weights_sha256
    torch.set_rng_state(before[0])
    given(f"{HERE}:Net")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


@pytest.mark.parametrize(
    ("spec", "arguments", "message"),
    [
        ("no_such_package:f", {}, r"cannot be imported \(ModuleNotFoundError: .*give package.module:name"),
        (f"{HERE}:nothing", {}, r"cannot be imported \(AttributeError"),
        (":f", {}, "cannot be imported"),
        (f"{HERE}:", {}, "cannot be imported"),
        (".relative:f", {}, "cannot be imported"),
        (f"{HERE}:Net", {"depth": 3}, r"cannot be made from \{'depth': 3\} .* signature is Net\(width=4, channels=3\)"),
        (f"{HERE}:Net", {"width": "wide"}, "cannot be made from"),
        (f"{HERE}:broken_factory", {}, r"RuntimeError: no weights at hand\)"),
        (f"{HERE}:speechless_factory", {}, r"cannot be made from .*\(Speechless: \): its signature"),
        (
            f"{HERE}:Trains",
            {"fails": True},
            r"cannot be put into evaluation mode \(RuntimeError: no such mode\): repair",
        ),
        ("sys:exit", {}, r"cannot be made from \{\} \(SystemExit: \)"),
        (f"{HERE}:number_factory", {}, "made a int: a torch.nn.Module or a scikit-learn transformer is needed"),
        (f"{HERE}:CPU", {}, "made a device"),
        (f"{HERE}:CPU", {"a": 1}, "is a device, no factory: leave out"),
        ("sklearn.decomposition:PCA", {"n_components": 1000}, "cannot be fitted on 40 images of 192 values"),
        ("sklearn.manifold:TSNE", {}, "made a TSNE"),
        ("nothing.pt", {}, "is no file and no package.module:factory"),
        ("x" * 5000, {}, "is no file and no package.module:factory"),
        ("a\0b", {}, "is no file and no package.module:factory"),
        ("", {}, "is no file and no package.module:factory"),
    ],
)
def test_what_makes_no_encoder_is_refused(spec, arguments, message):
    refused(message, given, spec, arguments)


def test_a_module_that_fails_while_it_is_imported_is_refused(tmp_path, monkeypatch):
    for name, text in (
        ("syntax_broken_abc", "def f(:\n"),
        ("raises_broken_abc", "raise KeyError('x')\n"),
        ("exits_broken_abc", "raise SystemExit(0)\n"),
    ):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        refused("cannot be imported", given, f"{name}:f")
        refused("cannot be imported", parse_views, f"{name}:f", 4, 0, False)


def test_a_mode_switch_may_return_nothing():
    assert not given(f"{HERE}:Trains").module.training


def test_an_error_without_words_has_a_first_line():
    assert first_line(Speechless()) == "Speechless: "


def test_two_fits_are_told_apart_and_equal_ones_are_not():
    hashes = [Transformer(make_pipeline(StandardScaler(), PCA(k)), images(40)).digest() for k in (3, 4, 3)]
    assert hashes[0] == hashes[2] != hashes[1]
    randomised = [Transformer(PCA(3, svd_solver="randomized"), images(40, seed=s)) for s in (0, 0, 1)]
    assert randomised[0].digest() == randomised[1].digest() != randomised[2].digest()
    found = [encode(module, images(5), CPU) for module in randomised[:2]]
    assert torch.equal(*found)


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
    found = load_with(saved(tmp_path, name, wrap(weights())))
    assert found.weights_sha256 == subject(expected.eval(), "").weights_sha256 != given(f"{HERE}:Net").weights_sha256
    assert found.checkpoint == name


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
    found = load_with(saved(tmp_path, "w.pth", wrap(weights())))
    for key, value in weights().items():
        torch.testing.assert_close(found.module.state_dict()[key], value, atol=1e-2, rtol=1e-2)


def test_weights_that_share_their_storage_are_loaded(tmp_path):
    shared = torch.arange(20.0)
    state = weights() | {"conv.bias": shared[:4], "norm.bias": shared[2:6], "norm.weight": shared[::5]}
    found = load_with(saved(tmp_path, "w.pth", state)).module.state_dict()
    assert all(torch.equal(found[key], value) for key, value in state.items())


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


class Rude(BaseException):
    """No Exception."""


def rude_factory(what):
    if what == "signal":
        signal.raise_signal(signal.SIGINT)
    raise {"KeyboardInterrupt": KeyboardInterrupt, "Rude": Rude}[what]("go\x1b[31m away\x07")


@pytest.mark.parametrize("what", ["KeyboardInterrupt", "Rude"])
def test_whatever_a_factory_raises_is_refused_and_ctrl_c_is_not(what):
    refused(rf"cannot be made .*\({what}: go away\\x07\)", given, f"{HERE}:rude_factory", {"what": what})
    refused(
        rf"fails on images .*\({what}: go away",
        encode,
        Does(lambda _: rude_factory(what)),
        images(),
        torch.device("cpu"),
    )
    with pytest.raises(KeyboardInterrupt):
        given(f"{HERE}:rude_factory", {"what": "signal"})


class Writes(nn.Module):
    """Its script maps a file into memory and writes to it."""

    def __init__(self, target: str):
        super().__init__()
        self.target = target

    def forward(self, x):
        mapped = torch.from_file(self.target, shared=True, size=4, dtype=torch.uint8)
        mapped.fill_(120)
        return x.flatten(1) + 0 * mapped[0]


def test_a_script_that_writes_files_does_not_run_without_trust(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine, and longer")
    path = scripted(Writes(str(victim)).eval(), tmp_path / "evil.ts")
    refused("may write any file when it runs: .*audit --trust", given, path)
    assert victim.read_bytes() == b"mine, and longer"
    encode(given(path, trust=True).module, images(), CPU)  # the proof that the file is what it is said to be
    assert victim.read_bytes() == b"xxxx, and longer"


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


def scripted(module, path, how="script", freeze=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made = torch.jit.script(module) if how == "script" else torch.jit.trace(module, images(4))
        torch.jit.save(torch.jit.freeze(made) if freeze else made, path)
    return str(path)


@pytest.mark.parametrize("how", ["script", "trace"])
@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("suffix", [".pt", ".ts", ".torchscript", ".pth"])
def test_torchscript_files_are_encoders(tmp_path, how, freeze, suffix):
    module = Net().eval()
    found = given(scripted(module, tmp_path / f"net{suffix}", how, freeze), trust=True)
    check_repeats(found.module, images(30), CPU)
    torch.testing.assert_close(encode(found.module, images(), CPU), encode(module, images(), CPU), atol=1e-6, rtol=1e-5)
    other = given(scripted(Net().eval(), tmp_path / f"other{suffix}", how, freeze), trust=True)
    assert other.weights_sha256 != found.weights_sha256


def test_a_script_saved_in_training_mode_is_put_into_evaluation_mode(tmp_path):
    found = given(scripted(Net().train(), tmp_path / "net.pt"), trust=True)
    check_repeats(found.module, images(30), CPU)
    found.module.train()
    refused(r"is in training mode.*call encoder.eval\(\) first", subject, found.module, "object")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("suffix", [".pt", ".pt2"])
def test_truncated_programs_are_refused(tmp_path, share, suffix):
    path = tmp_path / f"net{suffix}"
    scripted(Net().eval(), path) if suffix == ".pt" else exported(Net().eval(), path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused("is no (TorchScript file|exported program), or is truncated", given, str(path), trust=True)


def exported(module, path, batch=5, dynamic=False):
    shapes = ({0: torch.export.Dim("n")},) if dynamic else None
    torch.export.save(torch.export.export(module, (images(batch),), dynamic_shapes=shapes), path)
    return str(path)


@pytest.mark.parametrize("batch", [1, 5, 100])
@pytest.mark.parametrize("dynamic", [False, True])
def test_exported_programs_need_trust_and_take_any_number_of_images(tmp_path, batch, dynamic):
    if dynamic and batch == 1:
        batch = 2  # an example of one image makes the batch size a constant
    module = Net().eval()
    path = exported(module, tmp_path / "net.pt2", batch, dynamic)
    refused(
        "is an exported program, which may run any code while it is loaded: .*audit --trust",
        given,
        path,
    )
    found = given(path, trust=True)
    check_repeats(found.module, images(30), CPU)
    for n in (1, 5, 12):
        torch.testing.assert_close(
            encode(found.module, images(n), CPU), encode(module, images(n), CPU), atol=1e-6, rtol=1e-5
        )


def test_a_program_exported_in_training_mode_is_found_out(tmp_path):
    found = given(exported(Net().train(), tmp_path / "net.pt2", 5), trust=True)
    refused("between two passes", check_repeats, found.module, images(30), CPU)


def test_layers_of_programs_and_other_suffixes_are_refused(tmp_path):
    path = scripted(Net().eval(), tmp_path / "net.pt")
    refused("layer 'conv' cannot be taken from a compiled program", given, path, layer="conv", trust=True)
    path = exported(Net().eval(), tmp_path / "net.pt2")
    refused("layer 'conv' cannot be taken from a compiled program", given, path, layer="conv", trust=True)
    (tmp_path / "net.onnx").write_bytes(b"x")
    refused(r"has suffix '.onnx': TorchScript \(.ts", given, str(tmp_path / "net.onnx"))


def test_a_layer_is_what_it_returns_last_before_anything_overwrites_it():
    net = Net().eval()
    x = images()
    with torch.no_grad():
        normed = net.norm(net.conv(x))
        pooled = net.act(normed.clone()).mean(dim=(2, 3))
        twice = net.again(net.again(pooled))
    assert normed.min() < 0  # which the in-place ReLU after it would hide
    for layer, expected in (("norm", normed.flatten(1)), ("again", twice)):
        found = subject(net, "net", layer)
        assert found.layer == layer
        torch.testing.assert_close(encode(found.module, x, CPU), expected.double())
    nested = nn.Sequential(net, nn.Flatten()).eval()
    torch.testing.assert_close(encode(subject(nested, "", "0.norm").module, x, CPU), normed.flatten(1).double())


def test_layers_that_do_not_serve_are_refused():
    net = Net().eval()
    refused("layer 'nothing' is not in the encoder: its children are conv, norm, act", subject, net, "net", "nothing")
    refused("returned a NoneType.*one that is not run", encode, subject(net, "", "unused").module, images(), CPU)
    attention = nn.MultiheadAttention(4, 1, batch_first=True)

    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = attention

        def forward(self, x):
            x = x.flatten(2).transpose(1, 2)[..., :1].expand(-1, -1, 4)
            return self.part(x, x, x)[0].mean(1)

    refused("returned a tuple", encode, subject(Attends().eval(), "", "part").module, images(), CPU)


@pytest.mark.parametrize("name", ["norm", "drop"])
@pytest.mark.parametrize("layer", [None, "conv"])
def test_parts_left_in_training_mode_are_refused(name, layer):
    net = Net().eval()
    getattr(net, name).train()
    refused(rf"{name} \(.*\) is in training mode.*call encoder.eval\(\) first", subject, net, "net", layer)
    net.eval()
    net.act.train()
    net.drop.p = 0.0
    assert subject(net, "net").module is net  # what does not depend on the mode may be in any


def test_what_is_no_module_is_refused():
    refused("the encoder is a PCA: pass a torch.nn.Module, or a scikit-learn", subject, PCA(3), "pca")
    refused("the encoder is a function", subject, images, "f")


def dropout(x):
    return nn.functional.dropout(x.flatten(1), 0.5, training=True)


def batch_normed(x):
    return nn.functional.batch_norm(x, None, None, training=True).flatten(1)


@pytest.mark.parametrize(
    "function",
    [
        dropout,
        batch_normed,
        lambda x: x.flatten(1) - x.flatten(1).mean(dim=0),
        lambda x: x.flatten(1) + torch.arange(len(x))[:, None],
        lambda x: x.flatten(1) + random.random(),
    ],
)
def test_random_and_batch_dependent_encoders_are_found_out(function):
    refused(
        r"features move by .* between two passes.*call encoder.eval\(\)", check_repeats, Does(function), images(), CPU
    )


@pytest.mark.parametrize("function", [lambda x: x.flatten(1) @ x.flatten(1).T, lambda x: x.flatten(1)[:, : len(x)]])
def test_a_width_that_changes_with_the_batch_is_refused(function):
    refused(
        "returns 4 to 12 features, a width that changes with the batch", check_repeats, Does(function), images(), CPU
    )


def test_an_encoder_that_changes_its_weights_is_refused():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, x):
            self.seen += len(x)
            return x.flatten(1)

    refused("changes its own weights or buffers.*freeze them", check_repeats, Counts(), images(), CPU)


def test_an_encoder_that_works_in_place_leaves_the_images_alone():
    def doubled(x):
        return x.mul_(2).flatten(1)

    x = images()
    before = x.clone()
    check_repeats(Does(doubled), x, CPU)
    torch.testing.assert_close(encode(Does(doubled), x, CPU), 2 * before.flatten(1).double())
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.mean(dim=(1, 2, 3)), r"returned shape \(12,\) for 12 images, not \(n, d\)"),
        (lambda x: x, r"returned shape \(12, 3, 8, 8\).*Flatten"),
        (lambda x: x.flatten(1)[:5], r"returned shape \(5, 192\) for 12 images"),
        (lambda x: x.flatten(1)[:, :0], r"returned shape \(12, 0\)"),
        (lambda x: (x.flatten(1), x), "returned a tuple, not a tensor"),
        (lambda x: {"features": x}, "returned a dict, not a tensor"),
        (lambda _: None, "returned a NoneType, not a tensor"),
        (lambda x: x.flatten(1).numpy(), "returned a ndarray, not a tensor"),
        (lambda x: torch.complex(x, x).flatten(1), "returned a tensor of torch.complex64: make it dense and real"),
        (lambda x: x.flatten(1).to_sparse(), "returned a tensor of torch.sparse_coo: make it dense"),
        (
            lambda x: x.flatten(1).to("meta"),
            r"tensor of torch.float32 on meta that cannot be read \(NotImplementedError",
        ),
        (lambda x: x.flatten(1).byte().view(torch.bits8), "tensor of torch.bits8 on cpu that cannot be read"),
        (lambda _: sys.exit(0), r"fails on images of shape .*\(SystemExit: 0\)"),
        (
            lambda x: torch.nested.nested_tensor(list(x.flatten(1)), layout=torch.jagged),
            "returned a tensor of torch.jagged",
        ),
        (
            lambda x: x.flatten(1) / 0,
            r"not finite \(torch.float32\), first for image 0 of the batch: check its weights",
        ),
        (lambda x: (x.flatten(1) * 1e5).half(), r"not finite \(torch.float16\).*run encoder.float\(\)"),
        (lambda x: x.undefined, r"fails on images of shape \(12, 3, 8, 8\) \(AttributeError"),
        (lambda _: 1 / 0, "fails on images of shape .*ZeroDivisionError"),
        (lambda x: nn.Linear(7, 2)(x.flatten(1)), r"fails on images .*mat1 and mat2.*size and channels"),
        (nn.Conv2d(1, 2, 3), "fails on images .*check that size and channels"),
        (nn.Conv2d(3, 2, 30), "fails on images .*a side scales images"),
    ],
)
def test_outputs_that_are_no_features_are_refused(function, message):
    refused(message, encode, Does(function), images(), CPU)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (10 * x.flatten(1)).long(),
        lambda x: x.flatten(1) > 0.5,
        lambda x: x.flatten(1).double(),
        lambda x: x.flatten(1).bfloat16(),
        lambda x: x.flatten(1).requires_grad_(),
        lambda x: nn.Parameter(x.flatten(1)),
        lambda x: x.flatten(1).t().contiguous().t(),
    ],
)
def test_features_of_every_real_type_are_taken(function):
    found = encode(Does(function), images(), CPU)
    assert found.dtype == torch.float64
    assert not found.requires_grad
    torch.testing.assert_close(found, function(images()).detach().double(), atol=0, rtol=0)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_encoders_of_other_precisions_run_in_their_own(kind):
    net = Net(channels=3).eval()
    expected = encode(net, images(40), CPU)
    net.to(kind)
    check_repeats(net, images(40), CPU)
    tolerance = 0.05 if kind != torch.float64 else 1e-5
    torch.testing.assert_close(encode(net, images(40), CPU), expected, atol=tolerance, rtol=tolerance)


def test_dropout_is_found_out_in_half_precision_too():
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), Does(lambda x: nn.functional.dropout(x, 0.1, True))).bfloat16()
    refused("between two passes", check_repeats, net, images(40), CPU)

"""Any encoder: it works, or is refused with one message that names the value and the remedy."""

import random
import signal
import sys

import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from empirical.audit.encoders import Transformer, subject
from empirical.evaluation.features import check_repeats, encode
from empirical.thirdparty import first_line
from empirical.views.parsing import parse_views
from tests.empirical.audit.refusals import CPU, Does, Net, given, images, refused

HERE = __name__


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

"""TorchScript files and exported programs: they are encoders, and run only where they are trusted."""

import warnings

import pytest
import torch
from torch import nn

from empirical.audit.encoders import subject
from empirical.evaluation.features import check_repeats, encode
from tests.empirical.audit.refusals import CPU, Net, given, images, refused


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
    encoder = given(scripted(module, tmp_path / f"net{suffix}", how, freeze), trust=True)
    check_repeats(encoder.module, images(30), CPU)
    torch.testing.assert_close(
        encode(encoder.module, images(), CPU), encode(module, images(), CPU), atol=1e-6, rtol=1e-5
    )
    other = given(scripted(Net().eval(), tmp_path / f"other{suffix}", how, freeze), trust=True)
    assert other.weights_sha256 != encoder.weights_sha256


def test_a_script_saved_in_training_mode_is_put_into_evaluation_mode(tmp_path):
    encoder = given(scripted(Net().train(), tmp_path / "net.pt"), trust=True)
    check_repeats(encoder.module, images(30), CPU)
    encoder.module.train()
    refused(r"is in training mode.*call encoder.eval\(\) first", subject, encoder.module, "object")


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
    encoder = given(path, trust=True)
    check_repeats(encoder.module, images(30), CPU)
    for n in (1, 5, 12):
        torch.testing.assert_close(
            encode(encoder.module, images(n), CPU), encode(module, images(n), CPU), atol=1e-6, rtol=1e-5
        )


def test_a_program_exported_in_training_mode_is_found_out(tmp_path):
    encoder = given(exported(Net().train(), tmp_path / "net.pt2", 5), trust=True)
    refused("between two passes", check_repeats, encoder.module, images(30), CPU)


def test_layers_of_programs_and_other_suffixes_are_refused(tmp_path):
    path = scripted(Net().eval(), tmp_path / "net.pt")
    refused("layer 'conv' cannot be taken from a compiled program", given, path, layer="conv", trust=True)
    path = exported(Net().eval(), tmp_path / "net.pt2")
    refused("layer 'conv' cannot be taken from a compiled program", given, path, layer="conv", trust=True)
    (tmp_path / "net.onnx").write_bytes(b"x")
    refused(r"has suffix '.onnx': TorchScript \(.ts", given, str(tmp_path / "net.onnx"))

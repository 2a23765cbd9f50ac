"""Half-written, foreign and changed checkpoints; a crash at every single call of the writing protocol."""

import json
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch

from empirical.training import checkpoint

OLD = ({"w": torch.arange(6.0).view(2, 3)}, {"epoch": 1, "history": [{"loss": 0.1}]})
NEW = ({"w": torch.ones(2, 3), "n": torch.tensor(7)}, {"epoch": 2, "history": [{"loss": 0.1}, {"loss": 1 / 3}]})


def same(found, expected) -> bool:
    tensors, state = found
    return state == expected[1] and {k: v.tolist() for k, v in tensors.items()} == {
        k: v.tolist() for k, v in expected[0].items()
    }


def test_what_is_saved_is_loaded_bit_by_bit(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path) is None
    tensors = {
        "x": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
        "transposed": torch.randn(3, 4, generator=torch.Generator().manual_seed(1)).T,
        "count": torch.tensor(3),
    }
    state = {"rate": 0.1 + 0.2, "epoch": 4, "names": ["a"]}
    checkpoint.save(tmp_path, tensors, state)
    loaded, found = checkpoint.load(tmp_path)
    assert found == state
    assert set(loaded) == set(tensors)
    for name, value in tensors.items():
        assert torch.equal(loaded[name], value)
        assert loaded[name].dtype == value.dtype


def test_saving_again_leaves_two_files(tmp_path: Path) -> None:
    for one in (OLD, NEW, NEW):
        checkpoint.save(tmp_path, *one)
        assert same(checkpoint.load(tmp_path), one)
        assert len(list(tmp_path.iterdir())) == 2
    header = json.loads((tmp_path / "checkpoint.json").read_text())
    assert set(safetensors.torch.load_file(tmp_path / header["tensors"])) == {"w", "n"}


CALLS = ("open", "fsync", "replace", "unlink")


def count_calls(monkeypatch: pytest.MonkeyPatch, crash_at: int | None) -> list[str]:
    """Count the calls that touch the disk; crash before number `crash_at`."""
    seen: list[str] = []

    def watched(name, function):
        def call(*arguments, **keywords):
            if len(seen) == crash_at:
                raise KeyboardInterrupt
            seen.append(name)
            return function(*arguments, **keywords)

        return call

    monkeypatch.setattr(os, "fsync", watched("fsync", os.fsync))
    monkeypatch.setattr(os, "replace", watched("replace", os.replace))
    monkeypatch.setattr(Path, "open", watched("open", Path.open))
    monkeypatch.setattr(Path, "unlink", watched("unlink", Path.unlink))
    return seen


def test_a_crash_before_any_call_leaves_the_old_or_the_new_one(tmp_path: Path) -> None:
    outcomes = []
    for crash_at in range(30):
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        checkpoint.save(folder, *OLD)
        with pytest.MonkeyPatch.context() as patch:
            seen = count_calls(patch, crash_at)
            try:
                checkpoint.save(folder, *NEW)
            except KeyboardInterrupt:
                finished = False
            else:
                finished = True
        found = checkpoint.load(folder)
        assert same(found, OLD) or same(found, NEW)
        outcomes.append(same(found, NEW))
        checkpoint.tidy(folder)
        assert len(list(folder.iterdir())) == 2
        assert same(checkpoint.load(folder), NEW if outcomes[-1] else OLD)
        # What a crash leaves behind is no obstacle.
        checkpoint.save(folder, *NEW)
        assert same(checkpoint.load(folder), NEW)
        assert len(list(folder.iterdir())) == 2
        if finished:
            break
    assert finished
    assert seen == ["open", "fsync", "replace", "fsync"] * 2 + ["unlink"]
    # The rename of checkpoint.json, call 6, is the moment: before it the old one, after it the new one.
    assert outcomes == [False] * 7 + [True] * 3


@pytest.mark.parametrize("kept", [0, 1, 40, 0.5, -1])
@pytest.mark.parametrize("which", ["json", "safetensors"])
def test_truncated_files_are_refused(tmp_path: Path, kept: float, which: str) -> None:
    checkpoint.save(tmp_path, *NEW)
    path = next(tmp_path.glob(f"*.{which}"))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    with pytest.raises(ValueError, match=r"checkpoint\.json: .*; delete it"):
        checkpoint.load(tmp_path)


def test_changed_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, *NEW)
    tensors = next(tmp_path.glob("*.safetensors"))
    whole = bytearray(tensors.read_bytes())
    whole[-1] ^= 1
    tensors.write_bytes(whole)
    with pytest.raises(ValueError, match="truncated or was changed; delete it"):
        checkpoint.load(tmp_path)
    tensors.unlink()
    with pytest.raises(ValueError, match="cannot be read; delete it"):
        checkpoint.load(tmp_path)
    state = tmp_path / "checkpoint.json"
    for foreign in ("[]", "{}", '{"epoch": 3}', '{"format": 2, "tensors": "x", "sha256": "", "state": {}}'):
        state.write_text(foreign)
        with pytest.raises(ValueError, match=r"checkpoint\.json: not written by this program; move its folder"):
            checkpoint.load(tmp_path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """A tensor file with the right hash that is a pickle of torch.save: refused as no safetensors file."""
    checkpoint.save(tmp_path, *NEW)
    header = json.loads((tmp_path / "checkpoint.json").read_text())
    target = tmp_path / header["tensors"]
    torch.save({"w": torch.ones(2)}, target)
    header["sha256"] = checkpoint.hashlib.sha256(target.read_bytes()).hexdigest()
    (tmp_path / "checkpoint.json").write_text(json.dumps(header))
    with pytest.raises(ValueError, match="no safetensors file; delete it"):
        checkpoint.load(tmp_path)
    source = Path(checkpoint.__file__).read_text()
    assert "torch.load(" not in source.replace("safetensors.torch.load(", "")
    assert "import pickle" not in source


def test_a_value_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, *OLD)
    with pytest.raises(ValueError, match="JSON"):
        checkpoint.save(tmp_path, NEW[0], {"loss": float("nan")})
    assert same(checkpoint.load(tmp_path), OLD)

"""The cost of proofs: verdicts are those of the search in each box, and only the network that was trained is measured."""

import json

import pytest
import torch

from empirical.audit.halves import halves
from empirical.continuous.geometry import Box
from empirical.continuous.network import plain
from empirical.continuous.search import verify
from empirical.continuous.sub_boxes import part_of
from empirical.data.sets import load
from empirical.evaluation.features import weights_hash
from empirical.experiments.proof_cost import PARTS, SHARES, main
from empirical.training.checkpoint import serialised
from empirical.training.clustering import network
from empirical.views.warps import MILD_WARP


@pytest.fixture(scope="module")
def module():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return network(10, "certifiable").eval()


@pytest.fixture
def encoder(module, tmp_path):
    path = tmp_path / "digits.safetensors"
    path.write_bytes(serialised(module.state_dict()))
    content = {"config": {"clusters": 10, "backbone": "certifiable"}, "weights_sha256": weights_hash(module)}
    path.with_suffix(".json").write_text(json.dumps(content))
    return path


def test_every_box_has_the_verdicts_of_the_search(module, encoder, tmp_path, capsys):
    assert main(["--encoder", str(encoder), "--n", "2", "--cells", "40", "--out", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "proof-cost.json").read_text())
    assert content["setting"] == {
        "data": "digits",
        "seed": 0,
        "images": 2,
        "cells": 40,
        "weights_sha256": weights_hash(module),
        "warp": MILD_WARP.describe(),
    }
    assert content["made"]["command"] == ["proof-cost", "--n", "2", "--cells", "40"]
    boxes = content["boxes"]
    assert [(box["parts"], box["share"]) for box in boxes] == [(list(p), share) for p in PARTS for share in SHARES]
    assert [box["parameters"] for box in boxes[::4]] == [2, 3, 5]
    images = halves(load("digits", seed=0)).images[:2]
    verified = plain(module, tuple(images.shape[1:]))
    for box in (boxes[0], boxes[6], boxes[11]):
        verdicts = verify(verified, images, Box(part_of(MILD_WARP, box["parts"], box["share"])), 40)
        assert box["statuses"] == [verdict.status for verdict in verdicts]
        assert box["cells"] == [verdict.cells for verdict in verdicts]
    assert len({status for box in boxes for status in box["statuses"]}) > 1
    assert content["made"]["cpu_minutes"] * 60 == pytest.approx(sum(sum(box["cpu_seconds"]) for box in boxes))
    assert all(seconds > 0 for box in boxes for seconds in box["cpu_seconds"])
    assert capsys.readouterr().out.count(" of 2 proved, ") == 12


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.with_suffix(".json").unlink(), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:-8]), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:-8] + b"\0" * 8), "not the weights that the JSON"),
    ],
)
def test_another_file_is_refused_with_the_remedy(spoil, reason, encoder, tmp_path, capsys):
    spoil(encoder)
    with pytest.raises(SystemExit):
        main(["--encoder", str(encoder), "--out", str(tmp_path)])
    error = capsys.readouterr().err
    assert reason in error
    assert "run `contrastive-theory cluster --certifiable --out build/encoders/certifiable`" in error
    assert error.count("\n") == 1

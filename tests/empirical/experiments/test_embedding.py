"""The maps of the embedding: of the same images, by encoders that differ in their views, with their accuracies."""

import json

import numpy as np
import pytest

from empirical.evaluation.classifiers import KNN, evaluate
from empirical.experiments import embedding, kept
from empirical.experiments.design import SCALES
from empirical.experiments.running import load_for
from empirical.experiments.study import balanced
from empirical.training.loop import TrainingResult, pick_device
from empirical.training.methods import initial_encoder

SHOWN = 4


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the command writes, the configurations that it trains, and the encoder that stands in for all of them."""
    folder, configs, encoders = tmp_path_factory.mktemp("embedding"), [], []

    def untrained(config, _data, _device, runs, **_):
        configs.append(config)
        encoders[:] = encoders or [initial_encoder(config.method, config.encoder, config.seed)]
        return TrainingResult(encoders[0], (), runs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "train", untrained)
        patch.setattr(embedding, "SHOWN", SHOWN)
        assert embedding.main(["--seed", "3", "--runs", str(folder / "runs"), "--out", str(folder), "--quiet"]) == 0
    return json.loads((folder / "embedding.json").read_text()), configs, encoders[0]


def test_the_same_images_are_mapped_by_encoders_that_differ_in_their_views_alone(written):
    content, configs, encoder = written
    scale = SCALES["embedded"]
    assert configs == [scale.config(scale.methods["SimCLR"], letters, 3) for letters in ("", "cd", "abcde")]
    assert [one["letters"] for one in content["maps"]] == ["", "cd", "abcde"]
    data = load_for(configs[0], {})
    assert content["made"]["command"] == ["embedding", "--scale", "embedded", "--seed", "3"]
    assert content["labels"] == data.test_labels[balanced(data.test_labels, SHOWN)].tolist()
    assert {np.shape(one["points"]) for one in content["maps"]} == {(len(content["labels"]), 2)}
    (knn,) = evaluate(encoder.backbone, data, pick_device("cpu"), [KNN()])
    assert [one["kNN"] for one in content["maps"]] == [knn.accuracy] * 3


def test_the_kept_result_is_of_the_form_written_today(written):
    content, stored = written[0], json.loads(kept.files("embedding")["embedded"].read_text())
    assert stored.keys() == content.keys()
    assert stored["made"].keys() == content["made"].keys()
    assert [one.keys() for one in stored["maps"]] == [one.keys() for one in content["maps"]]
    assert stored["made"]["commit"] is not None
    assert stored["made"]["cpu_minutes"] > 0.5  # three trainings, none of them taken from another run
    assert len({one["kNN"] for one in stored["maps"]}) > 1

"""The curve of accuracy by CPU time: of whitened copies, without a trace in the training, and past an interruption."""

from copy import deepcopy
from functools import partial
from itertools import pairwise

import pytest
import torch

from empirical.data.sets import load
from empirical.evaluation.features import weights_hash
from empirical.experiments import curve
from empirical.experiments.curve import curve_probe, halvings
from empirical.experiments.study import accuracy, factors_probe, knn_curve
from empirical.training import loop
from empirical.training.loop import TrainingConfig, train
from empirical.training.whitening import settle

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = torch.device("cpu")
CONFIG = TrainingConfig(dataset="digits", letters="ab", epochs=3, batch_size=32, train_size=100, encoder="whitened")


@pytest.fixture(scope="module")
def digits():
    return load("digits", seed=0, train_size=100, test_size=100)


def trained(digits, folder, probing):
    probe = probing(digits, CONFIG.augmentation(), CPU)
    return train(CONFIG, digits, CPU, folder, progress=False, probe=probe)


@pytest.fixture(scope="module")
def measured(digits, tmp_path_factory):
    """A run with its curve, and kNN(20) of its backbone after the first epoch, as it was and whitened by hand."""
    root, after_one = tmp_path_factory.mktemp("curve"), []

    def seen(data, augmentation, device):
        factors = factors_probe(data, augmentation, device)

        def probe(encoder, epoch):
            if epoch == 1:
                copy = deepcopy(encoder)
                settle(copy, data.train_images)
                after_one.extend(accuracy("backbone", one.backbone, data, CPU).knn for one in (encoder, copy))
            return factors(encoder, epoch)

        return probe

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curve, "factors_probe", seen)
        return trained(digits, root, partial(curve_probe, CONFIG.epochs)), after_one


def test_halvings_end_with_the_last_epoch():
    assert halvings(24) == (1, 3, 6, 12, 24)
    assert halvings(1) == (1,)
    assert all(2 * first <= second <= 2 * first + 1 for first, second in pairwise(halvings(45)))


def test_the_training_is_the_one_without_a_curve(digits, measured, tmp_path):
    with_curve, _ = measured
    plain = trained(digits, tmp_path, factors_probe)
    assert weights_hash(plain.encoder) == weights_hash(with_curve.encoder)
    for one, other in zip(plain.history, with_curve.history, strict=True):
        assert {name: other[name] for name in one if name != "images_per_second"} == {
            name: one[name] for name in one if name != "images_per_second"
        }
    assert knn_curve(plain.history) == []


def test_the_last_point_is_the_final_accuracy_and_an_earlier_one_that_of_a_whitened_copy(digits, measured):
    result, (as_it_was, whitened) = measured
    points = knn_curve(result.history)
    assert [point["epoch"] for point in points] == [1, 3]
    assert points[-1]["knn"] == accuracy("backbone", result.encoder.backbone, digits, CPU).knn
    assert points[0]["knn"] == whitened != as_it_was


def test_cpu_minutes_are_those_of_the_epochs_until_then(measured):
    history = measured[0].history
    spent = [record["cpu_seconds"] for record in history[1:]]
    assert "cpu_seconds" not in history[0]
    assert min(spent) > 0
    assert [point["cpu_minutes"] * 60 for point in knn_curve(history)] == pytest.approx([spent[0], sum(spent)])


def test_what_the_probe_spends_itself_is_not_counted(digits, monkeypatch):
    clock = iter([10, 15, 115, 118, 128, 130])  # at first; a call before training; two after epochs, begin and end
    monkeypatch.setattr(curve, "process_time", lambda: next(clock))
    monkeypatch.setattr(curve, "factors_probe", lambda *_: lambda *_: {})
    monkeypatch.setattr(curve, "accuracy", lambda *_: pytest.fail("no point is due after epoch 2 of 3"))
    probe = curve_probe(3, digits, CONFIG.augmentation(), CPU)
    encoder = loop.initial_learner(CONFIG.method, "small", 0).encoder
    assert [probe(encoder, epoch) for epoch in (0, 2, 2)] == [{}, {"cpu_seconds": 100}, {"cpu_seconds": 10}]


def test_a_resumed_run_keeps_its_points(digits, measured, tmp_path, monkeypatch):
    whole, epoch_of = measured[0], loop._train_epoch

    def interrupted(*arguments):
        if arguments[5] == 3:
            raise KeyboardInterrupt
        return epoch_of(*arguments)

    probing = partial(curve_probe, CONFIG.epochs)
    monkeypatch.setattr(loop, "_train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(digits, tmp_path, probing)
    folder = loop.run_dir(tmp_path, CONFIG, digits, CPU, probing(digits, CONFIG.augmentation(), CPU))
    before = (folder / "metrics.jsonl").read_text()
    monkeypatch.setattr(loop, "_train_epoch", epoch_of)
    resumed = trained(digits, tmp_path, probing)
    assert resumed.folder == folder
    assert (folder / "metrics.jsonl").read_text().startswith(before)
    assert weights_hash(resumed.encoder) == weights_hash(whole.encoder)
    assert [p["knn"] for p in knn_curve(resumed.history)] == [p["knn"] for p in knn_curve(whole.history)]


def test_a_run_without_points_does_not_answer_for_one_with_them(digits, tmp_path):
    plain, with_points = (
        loop.run_dir(tmp_path, CONFIG, digits, CPU, probing(digits, CONFIG.augmentation(), CPU))
        for probing in (factors_probe, partial(curve_probe, CONFIG.epochs))
    )
    assert plain != with_points

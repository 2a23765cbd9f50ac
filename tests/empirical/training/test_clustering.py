"""Clusters of the augmentation graph, the network that learns them, and the command."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from empirical.continuous.training import CellTraining
from empirical.data.sets import Dataset, load
from empirical.evaluation.features import weights_hash
from empirical.training import clustering
from empirical.training.clustering import FASHION_CONTRAST, Clustering, cluster, network, teach
from empirical.training.cuts import LOCAL_NEIGHBOUR, cut, graph, sparse_cut, sparse_graph
from empirical.views.warps import Warp
from theory.concentration import augmented_distances

CPU = torch.device("cpu")
SMALL = Clustering(clusters=3, views=3, neighbours=8, samples=90, warp=Warp(), epochs=2, batch_size=30)


def places(sizes=(30, 40, 50), apart=1.5, seed=0):
    """Planted clusters in the plane: labels and points."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * np.array([[0, 0], [1, 0], [0, 1]])
    planted = centres[labels] + 0.2 * rng.normal(size=(len(labels), 2))
    order = rng.permutation(len(labels))
    return labels[order], planted[order]


def points(**of):
    """Their labels and distances."""
    labels, planted = places(**of)
    return labels, np.linalg.norm(planted[:, None] - planted[None], axis=2)


def same_partition(a, b):
    return len(set(zip(a.tolist(), b.tolist(), strict=True))) == len(set(a.tolist())) == len(set(b.tolist()))


@pytest.mark.parametrize("neighbours", [1, 5, 20])
def test_the_graph_is_that_of_a_plain_loop(neighbours):
    _, distances = points()
    found, n = graph(distances, neighbours), len(distances)
    np.testing.assert_array_equal(found, found.T)
    nearest = [sorted((j for j in range(n) if j != i), key=lambda j: distances[i, j]) for i in range(n)]
    for i in range(n):
        for j in range(n):
            joined = i != j and (j in nearest[i][:neighbours] or i in nearest[j][:neighbours])
            s = [distances[k, nearest[k][LOCAL_NEIGHBOUR - 1]] for k in (i, j)]
            expected = np.exp(-(distances[i, j] ** 2) / (s[0] * s[1])) if joined else 0
            assert found[i, j] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("neighbours", [1, 5, 20])
def test_the_sparse_graph_is_the_dense_one(neighbours):
    _, planted = places()
    expected = graph(np.linalg.norm(planted[:, None] - planted[None], axis=2), neighbours)
    np.testing.assert_allclose(sparse_graph(planted, neighbours).toarray(), expected, rtol=1e-9, atol=1e-15)


def test_equal_points_make_a_graph_too():
    weights = sparse_graph(np.repeat(np.eye(2), 10, axis=0), 8).toarray()
    assert np.isfinite(weights).all()
    assert (weights[:10, 10:] == 0).all()
    assert same_partition(sparse_cut(np.repeat(np.eye(2), 10, axis=0), 2, 8, 0), np.repeat([0, 1], 10))


def test_equal_samples_are_joined_with_weight_one():
    distances = np.where(np.arange(20)[:, None] // 10 == np.arange(20) // 10, 0.0, 1.0)
    found = graph(distances, 9)
    np.testing.assert_array_equal(found, (distances == 0) & ~np.eye(20, dtype=bool))


@pytest.mark.parametrize("n", [LOCAL_NEIGHBOUR, 12])
def test_too_few_samples_for_the_neighbours_are_refused(n):
    with pytest.raises(ValueError, match=f"samples={n}: too few for {max(12, LOCAL_NEIGHBOUR)} neighbours"):
        graph(np.ones((n, n)) - np.eye(n), 12)


@pytest.mark.parametrize("apart", [1.2, 50.0])
def test_planted_clusters_are_cut_apart_also_where_the_graph_is_in_pieces(apart):
    labels, distances = points(apart=apart)
    pieces = (np.linalg.eigvalsh(np.diag(graph(distances, 20).sum(axis=1)) - graph(distances, 20)) < 1e-9).sum()
    assert pieces == (3 if apart == 50 else 1)
    found = cut(distances, 3, 20, seed=0)
    assert same_partition(found, labels)
    np.testing.assert_array_equal(found, cut(distances, 3, 20, seed=0))


@pytest.mark.parametrize("apart", [1.2, 50.0])
def test_planted_points_are_cut_apart_by_the_sparse_graph_too(apart):
    labels, planted = places(apart=apart)
    clusters = sparse_cut(planted, 3, 20, seed=0)
    assert same_partition(clusters, labels)
    np.testing.assert_array_equal(clusters, sparse_cut(planted, 3, 20, seed=0))


def test_too_few_points_for_the_neighbours_are_refused():
    with pytest.raises(ValueError, match="samples=12: too few for 12 neighbours; use 13 or more, or lower neighbours"):
        sparse_graph(np.zeros((12, 2)), 12)


def planted(n=90, seed=0):
    """A data set of three plain images with noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    templates = torch.zeros(3, 3, 16, 16)
    templates[0, :, 4:12, 7:9] = templates[1, :, 7:9, 4:12] = 1
    templates[2, :, 4:12, 4:12] = 1
    images = (templates[labels] + 0.1 * torch.randn(n, 3, 16, 16, generator=generator)).clamp(0, 1)
    return Dataset("digits", images, labels, images[:30], labels[:30], ("a", "b", "c"))


def test_the_three_steps_find_and_learn_planted_classes_without_labels(tmp_path):
    data = planted()
    found = cluster(SMALL, data, CPU, tmp_path, progress=False)
    views = SMALL.finite(data.train_images, 3, 0).flatten(2).numpy()
    np.testing.assert_array_equal(found.clusters, cut(augmented_distances(views), 3, 8, 0))
    assert same_partition(found.clusters, data.train_labels.numpy())
    assert len(found.losses) == 2
    assert found.losses[1] < found.losses[0]
    assert not found.network.training
    blind = replace(data, train_labels=torch.zeros_like(data.train_labels))
    assert weights_hash(cluster(SMALL, blind, CPU, tmp_path, progress=False).network) == weights_hash(found.network)


def test_with_the_image_as_its_only_view_the_graph_is_sparse(tmp_path):
    data, config = planted(), replace(SMALL, views=1)
    clusters = cluster(config, data, CPU, tmp_path, progress=False).clusters
    np.testing.assert_array_equal(clusters, sparse_cut(data.train_images.flatten(1).numpy(), 3, 8, 0))
    assert same_partition(clusters, data.train_labels.numpy())


def test_the_network_learns_the_clusters_it_is_given_and_repeats():
    data = planted()
    labels = data.train_labels.numpy()
    config = replace(SMALL, epochs=12)
    before = torch.get_rng_state()
    found = teach(config, data.train_images, labels, None, CPU)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.no_grad():
        assert (found.network(data.train_images).argmax(dim=1) == data.train_labels).double().mean() > 0.9
    again = teach(config, data.train_images, labels, None, CPU)
    assert (weights_hash(again.network), again.losses) == (weights_hash(found.network), found.losses)
    other = teach(replace(config, seed=1), data.train_images, labels, None, CPU)
    assert weights_hash(other.network) != weights_hash(found.network)


def test_the_network_starts_from_a_backbone():
    torch.manual_seed(3)
    start = network(3)[0]
    config = replace(SMALL, epochs=1, lr=1e-12, weight_decay=0.0)
    found = teach(config, planted().train_images, planted().train_labels.numpy(), start, CPU)
    for mine, given in zip(found.network[0].parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(mine, given, atol=1e-9, rtol=0)


def test_a_loss_that_is_lost_is_refused():
    with pytest.raises(ValueError, match=r"loss=(nan|inf): not finite in epoch \d+; lower lr=1e\+30"):
        teach(replace(SMALL, lr=1e30), planted().train_images, planted().train_labels.numpy(), None, CPU)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clusters": 1}, "clusters=1: too small; use 2 or more"),
        ({"views": 0}, "views=0: too small; use 1 or more"),
        ({"neighbours": 0}, "neighbours=0: too small; use 1 or more"),
        ({"samples": 1}, "samples=1: too small; use 2 or more"),
        ({"epochs": 0}, "epochs=0: too small; use 1 or more"),
        ({"batch_size": 1}, "batch_size=1: too small; use 2 or more"),
        ({"seed": -1}, "seed=-1: too small; use 0 or more"),
        ({"letters": "a"}, "give one of them"),
        ({"warp": None}, "give one of them"),
        ({"contrast": FASHION_CONTRAST}, "contrast='abcd': SimCLR trains on letters; give letters, no warp"),
        (
            {"contrast": FASHION_CONTRAST, "warp": None, "letters": "a", "cells": CellTraining()},
            "no cell is bounded through SimCLR's backbone; --certifiable takes --views warp",
        ),
        (
            {"contrast": FASHION_CONTRAST, "warp": None, "letters": "a", "backbone": "medium"},
            "backbone='medium': does not start from SimCLR's 'small'; give the same",
        ),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)


def test_the_command_writes_an_encoder_that_can_be_audited(tmp_path, monkeypatch, capsys):
    tiny = Clustering(clusters=4, views=2, neighbours=8, samples=60, warp=Warp(), epochs=1)
    monkeypatch.setitem(clustering.PRESETS, "digits", tiny)
    target = tmp_path / "deep" / "digits.safetensors"
    assert (
        clustering.main(
            ["--out", str(target.parent), "--runs", str(tmp_path), "--seed", "3", "--quiet", "--device", "cpu"]
        )
        == 0
    )
    assert "60 images in 4 clusters" in capsys.readouterr().out
    record = json.loads(target.with_suffix(".json").read_text())
    assert record["config"]["seed"] == 3
    model = network(4)
    model.load_state_dict(safetensors.torch.load_file(target))
    assert weights_hash(model) == record["weights_sha256"]
    expected = cluster(replace(tiny, seed=3), load("digits", seed=3), CPU, tmp_path, progress=False)
    assert weights_hash(expected.network) == record["weights_sha256"]


def test_a_certifiable_network_learns_on_cells_behind_the_clusters(tmp_path, monkeypatch, capsys):
    quick = {"backbone": "certifiable", "epochs": 2, "cells": CellTraining(epochs=3, batch_size=30, rivals=2)}
    monkeypatch.setattr(clustering, "CERTIFIABLE", quick)
    monkeypatch.setitem(clustering.PRESETS, "digits", replace(SMALL, clusters=4))
    words = ["--certifiable", "--out", str(tmp_path), "--runs", str(tmp_path), "--quiet", "--device", "cpu"]
    assert clustering.main(words) == 0
    capsys.readouterr()
    record = json.loads((tmp_path / "digits.json").read_text())
    assert len(record["losses"]) == 5
    assert record["config"]["cells"]["epochs"] == 3
    assert record["config"]["cells"]["warp"] == record["config"]["cells"]["warp"] | {"rotation": 5.0, "shear": 0.0}
    model = network(4, "certifiable")
    model.load_state_dict(safetensors.torch.load_file(tmp_path / "digits.safetensors"))
    assert weights_hash(model) == record["weights_sha256"]
    plain = cluster(replace(SMALL, clusters=4, backbone="certifiable"), load("digits"), CPU, tmp_path, progress=False)
    assert list(plain.losses) == record["losses"][:2]
    assert weights_hash(plain.network) != record["weights_sha256"]


def test_images_of_another_size_than_the_certifiable_network_s_are_refused(tmp_path):
    data = planted()
    wide = replace(data, train_images=data.train_images.repeat(1, 1, 1, 2))
    with pytest.raises(
        ValueError, match=r"side=32: the certifiable network is made for .* 16 pixels a side; use --side 16"
    ):
        cluster(replace(SMALL, backbone="certifiable", cells=CellTraining()), wide, CPU, tmp_path, progress=False)


SETTINGS = {
    "digits": ["--data", "digits"],
    "fashion": ["--data", "fashion"],
    "no SimCLR": ["--data", "fashion", "--contrast-epochs", "0"],
    "faster": ["--data", "fashion", "--contrast-epochs", "3", "--lr", "0.01"],
    "letters": ["--data", "digits", "--views", "ab"],
    "warp": ["--data", "fashion", "--views", "warp"],
    "other data": ["--data", "npz"],
    "other data, CIFAR's": ["--data", "npz", "--preset", "cifar10", "--views", "ad"],
}
EXPECTED = {
    "digits": Clustering(warp=Warp()),
    "fashion": clustering.PRESETS["fashion"],
    "no SimCLR": replace(clustering.PRESETS["fashion"], contrast=None),
    "faster": replace(clustering.PRESETS["fashion"], contrast=replace(FASHION_CONTRAST, epochs=3, lr=0.01), lr=0.01),
    "letters": Clustering(letters="ab", contrast=replace(FASHION_CONTRAST, letters="ab")),
    "warp": replace(clustering.PRESETS["fashion"], warp=Warp(), letters="", contrast=None),
    "other data": replace(clustering.PRESETS["fashion"], clusters=3),
    "other data, CIFAR's": replace(
        clustering.PRESETS["cifar10"],
        letters="ad",
        contrast=replace(clustering.PRESETS["cifar10"].contrast, letters="ad"),
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_options_change_the_preset(name):
    options = clustering.parser_of_options().parse_words(SETTINGS[name])
    assert clustering.settings(options, planted()) == EXPECTED[name]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data", "fashion", "--certifiable"], "--certifiable takes --views warp"),
        (["--data", "imagenet"], "--data=imagenet: unknown; choose one of fashion, digits, cifar10"),
        (["--preset", "mnist"], "--preset=mnist: unknown; choose one of digits, fashion, cifar10"),
        (["--seed", "-1"], "seed=-1: too small; give an integer in 0..4294967295"),
        (["--seed", "x"], "'x' is not an integer"),
        (["--device", "tpu"], "device='tpu': unknown"),
    ],
)
def test_the_command_answers_bad_input_in_one_line(words, message, capsys):
    with pytest.raises(SystemExit) as stop:
        clustering.main(words)
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.count("\n") == 1
    assert not out

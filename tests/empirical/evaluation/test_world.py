import json

import numpy as np
import pytest
import torch
from torch import nn

from empirical.evaluation import heads
from empirical.evaluation.world import as_json, blocking, measure, world_of
from empirical.views.augmentations import Augmentation
from empirical.views.protocol import finite_views
from theory import factors
from theory.theorem1 import choose

CPU = torch.device("cpu")
NAMES = ("left", "right")


class Side(nn.Module):
    """Feature (1, 0) or (-1, 0) by whether the left half of the image is brighter."""

    def forward(self, images):
        half = images.shape[3] // 2
        left = images[..., :half].mean(dim=(1, 2, 3)) > images[..., half:].mean(dim=(1, 2, 3))
        return torch.stack([2.0 * left - 1, torch.zeros(len(images))], dim=1)


class Noisy(nn.Module):
    def forward(self, images):
        return images.flatten(1)[:, :4] + torch.rand(len(images), 4)


def two_sided(n=12, wrong=0):
    """Images lit on the left (class 0) or on the right (class 1); the first `wrong` of each class on the other side."""
    images = 0.2 * torch.rand(2 * n, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(2).repeat_interleave(n)
    for i, label in enumerate(labels.tolist()):
        right = bool(label) != (i % n < wrong)
        images[i, :, :, 4:] += 0.7 if right else 0.0
        images[i, :, :, :4] += 0.0 if right else 0.7
    return images, labels


def world(wrong=0, m=3):
    images, labels = two_sided(wrong=wrong)
    views = finite_views(images, Augmentation(crop_scale=(0.9, 1.0)), m, seed=0)
    return world_of(Side(), heads.unit(), views, labels, CPU)


def test_a_perfect_encoder_is_certified_without_error():
    measured = measure(world(), "side", "mild")
    assert measured.error == measured.error_any_view == measured.alignment == 0
    assert all(c.met and c.error == 0 for c in measured.certificates if c.lever == "local")
    assert measured.products[0, 1] == pytest.approx(-1)
    assert measured.lipschitz > 0


def test_certified_error_equals_the_share_on_the_wrong_side():
    measured = measure(world(wrong=1), "side", "mild")
    assert measured.error == pytest.approx(1 / 12)
    assert measured.nearest.error == pytest.approx(1 / 12)
    assert "met for all classes; Err <= 0.083" in blocking(measured.nearest, NAMES)


def test_a_refusal_names_the_pair_and_the_amount():
    measured = measure(world(wrong=5), "side", "mild")
    assert measured.nearest.met  # by the cap form; the chord form refuses
    chord = choose(measured.certificates, "chord")
    assert not chord.met
    sentence = blocking(chord, NAMES)
    assert "nearest rival" in sentence
    assert "left" in sentence
    assert "right" in sentence
    assert "within s = 0.00 and has 0.58" in sentence


def test_json_is_complete_and_plain():
    content = json.loads(json.dumps(as_json(measure(world(wrong=1), "side", "mild"), NAMES), allow_nan=False))
    assert content["layer"] == "side"
    assert {c["form"] for c in content["certificates"]} == {"printed", "corrected", "sharp", "chord", "cap", "exact"}
    assert {f["lever"] for f in content["frontiers"]} == {"lipschitz", "local"}
    assert all(f["sigma"] == sorted(f["sigma"]) for f in content["frontiers"])
    assert content["says"].startswith("printed: met")


def test_views_enter_flattened_and_in_order(monkeypatch):
    monkeypatch.setattr("empirical.evaluation.features.BLOCK", 9)  # two images with four views at a time
    images, labels = two_sided(n=3)
    views = finite_views(images, Augmentation(crop_scale=(0.5, 1.0)), 4, seed=1)
    built = world_of(Side(), heads.unit(), views, labels, CPU)
    np.testing.assert_allclose(built.views[2, 3], views[2, 3].flatten().double())
    np.testing.assert_allclose(built.features[4, 1], Side()(views[4, 1][None])[0])


def test_a_random_encoder_is_refused():
    images, labels = two_sided(n=3)
    views = finite_views(images, Augmentation(crop_scale=(0.5, 1.0)), 2, seed=1)
    with pytest.raises(ValueError, match=r"between two passes.*random"):
        world_of(Noisy(), heads.unit(), views, labels, CPU)


def test_centred_head_moves_the_training_mean_to_the_origin():
    train = torch.randn(50, 5, generator=torch.Generator().manual_seed(0)) + 10
    out = heads.centred(train)(train)
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 1)
    expected = train.double() - train.double().mean(0)
    np.testing.assert_allclose(out, (expected / expected.norm(dim=1, keepdim=True)).numpy())


def test_discretised_head_sends_clusters_to_simplex_vertices():
    generator = torch.Generator().manual_seed(0)
    centres = 5 * torch.eye(3, 6)
    train = centres.repeat_interleave(20, 0) + 0.1 * torch.randn(60, 6, generator=generator)
    head = heads.discretised(train, 3, seed=0)
    out = head(train)
    vertices = np.unique(out.round(9), axis=0)
    assert len(vertices) == 3
    np.testing.assert_allclose(vertices @ vertices.T, np.where(np.eye(3), 1, -0.5), atol=1e-8)
    assert all(len(np.unique(out[20 * k : 20 * (k + 1)].round(9), axis=0)) == 1 for k in range(3))
    np.testing.assert_array_equal(head(centres), out[::20])


@pytest.mark.parametrize("clusters", [1, 61])
def test_bad_cluster_counts_are_named(clusters):
    with pytest.raises(ValueError, match=f"clusters={clusters}: outside 2..60"):
        heads.discretised(torch.randn(60, 6), clusters, seed=0)


def test_measured_factors_are_those_of_the_theory():
    built = world(wrong=2)
    measured = measure(built, "side", "mild")
    assert measured.robust_alignment == pytest.approx(factors.robust_alignment(built))
    assert measured.shares.tolist() == [0.5, 0.5]
    assert measured.samples == 24

from dataclasses import replace

import pytest
import torch
from torch import nn

from empirical.data.sets import Dataset, load
from empirical.evaluation.classifiers import KNN, NearestMean, evaluate
from empirical.evaluation.domains import DOMAINS, ORIGINAL, on_domains, parameters, shifted
from empirical.evaluation.features import weights_hash
from empirical.views.augmentations import LUMA, apply, identity_parameters

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def fashion() -> Dataset:
    return load("fashion", train_size=200, test_size=100)


def test_the_five_domains_of_the_lecture() -> None:
    assert list(DOMAINS) == ["Gray", "Crop", "Flip", "Jitter", "Gray+Jitter"]


def test_gray_and_flip_are_what_they_say(fashion: Dataset) -> None:
    x = fashion.test_images
    gray = torch.einsum("nchw,c->nhw", x, torch.tensor(LUMA))[:, None].expand_as(x)
    torch.testing.assert_close(shifted(fashion, "Gray").test_images, gray, atol=1e-5, rtol=0)
    torch.testing.assert_close(shifted(fashion, "Flip").test_images, x.flip(3), atol=1e-5, rtol=0)
    assert (x - gray).abs().max() > 0.3
    assert (x - x.flip(3)).abs().max() > 0.3


def test_each_domain_changes_its_own_parameters_for_every_image() -> None:
    n = 50
    plain = identity_parameters(n)
    changed = {
        name: {
            field
            for field in ("box", "flip", "blur_sigma", "brightness", "contrast", "saturation", "hue", "gray")
            if not torch.equal(getattr(parameters(name, n, 0, 1), field), getattr(plain, field))
        }
        for name in DOMAINS
    }
    colour = {"brightness", "contrast", "saturation", "hue"}
    assert changed == {
        "Gray": {"gray"},
        "Crop": {"box"},
        "Flip": {"flip"},
        "Jitter": colour,
        "Gray+Jitter": colour | {"gray"},
    }
    jitter, both = parameters("Jitter", n, 0, 1), parameters("Gray+Jitter", n, 0, 1)
    assert torch.equal(both.hue, jitter.hue)
    assert bool(both.gray.all())
    assert bool((jitter.hue != 0).all())
    area = parameters("Crop", n, 0, 1).box[:, 2:].prod(dim=1)
    assert 0.3 <= area.min() < 0.5
    assert 0.8 < area.max() <= 1


@pytest.mark.parametrize("name", list(DOMAINS))
def test_a_domain_is_deterministic_and_replays_row_by_row(fashion: Dataset, name: str) -> None:
    seen = shifted(fashion, name, seed=3)
    assert seen.name == f"fashion/{name}"
    assert torch.equal(seen.test_images, shifted(fashion, name, seed=3).test_images)
    assert torch.equal(seen.train_labels, fashion.train_labels)
    part = apply(fashion.test_images[40:45], parameters(name, 100, 3, 1)[40:45])
    torch.testing.assert_close(seen.test_images[40:45], part, atol=1e-6, rtol=0)
    fewer = shifted(replace(fashion, test_images=fashion.test_images[:10]), name, seed=3)
    torch.testing.assert_close(fewer.test_images, seen.test_images[:10], atol=1e-6, rtol=0)
    random = name not in ("Gray", "Flip")
    assert torch.equal(seen.test_images, shifted(fashion, name, seed=4).test_images) is not random
    same_row = replace(fashion, train_images=fashion.test_images)
    halves = shifted(same_row, name, seed=3)
    assert torch.equal(halves.train_images, halves.test_images) is not random


def test_the_number_of_images_per_chunk_changes_nothing(fashion: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shifted(fashion, "Gray+Jitter")
    monkeypatch.setattr("empirical.evaluation.domains._CHUNK", 7)
    torch.testing.assert_close(shifted(fashion, "Gray+Jitter").train_images, whole.train_images, atol=1e-6, rtol=0)


class Colour(nn.Module):
    """The mean colour of an image and a constant: it sees colour and nothing else."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mean = images.mean(dim=(2, 3))
        return torch.cat([mean, torch.full_like(mean[:, :1], 0.2)], dim=1)


def colour_classes(n: int) -> torch.Tensor:
    """Images whose class is their colour: red 0, green 1."""
    images = torch.full((n, 3, 8, 8), 0.1)
    for i in range(n):
        images[i, i % 2] = 0.5 + 0.001 * i
    return images


def test_own_and_carried_classifiers_differ_where_they_must() -> None:
    labels = torch.arange(40) % 2
    data = Dataset("colour", colour_classes(40), labels, colour_classes(40), labels, ("red", "green"))
    found = {e.domain: e for e in on_domains(Colour(), data, CPU, NearestMean(), layer="mean colour", seed=5)}
    assert list(found) == [ORIGINAL, *DOMAINS]
    original = found[ORIGINAL]
    assert original.own.accuracy == 1
    assert original.own == original.carried
    assert original.own.accuracy == evaluate(Colour(), data, CPU, [NearestMean()])[0].accuracy
    # In grey, red (luma .22) and green (.33) still differ, for a classifier that was fitted to grey only.
    gray = found["Gray"]
    assert gray.own.accuracy == 1
    assert gray.carried.accuracy == 0.5
    assert gray.gap == 0.5
    assert (gray.own.fitted_on, gray.own.tested_on) == ("colour/Gray", "colour/Gray")
    assert (gray.carried.fitted_on, gray.carried.tested_on) == ("colour", "colour/Gray")
    assert (gray.own.layer, gray.own.seed, gray.own.epoch_rule) == ("mean colour", 5, "last")
    assert gray.own.protocol == NearestMean()
    assert gray.own.weights_hash == weights_hash(Colour())
    for name in ("Crop", "Flip"):
        assert found[name].own.accuracy == found[name].carried.accuracy == 1


def test_an_encoder_that_learns_on_the_way_is_refused(fashion: Dataset) -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(()))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.seen += len(images)
            return images.flatten(1) + 1

    with pytest.raises(ValueError, match="changes its own weights or buffers"):
        on_domains(Counting(), fashion, CPU, KNN(k=5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Blur", 5, 0, 0), r"domain='Blur'.*Gray, Crop"),
        (("Gray", 5, -1, 0), "negative seed"),
        (("Gray", 0, 0, 0), "n=0"),
    ],
)
def test_errors_name_value_and_remedy(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parameters(*arguments)


@pytest.mark.parametrize("name", list(DOMAINS))
def test_views_of_a_domain_are_made_on_the_device(name: str) -> None:
    images = torch.empty(6, 3, 16, 16, device="meta")
    seen = apply(images, parameters(name, 6, 0, 0))
    assert seen.device.type == "meta"
    assert seen.shape == images.shape


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", list(DOMAINS))
def test_cuda_makes_the_views_that_the_cpu_makes(fashion: Dataset, name: str) -> None:
    there = shifted(fashion, name, device=torch.device("cuda")).test_images
    torch.testing.assert_close(there, shifted(fashion, name).test_images, atol=1e-3, rtol=0)

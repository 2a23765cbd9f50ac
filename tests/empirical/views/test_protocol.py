"""Any kind of view: the same set of views for a study and for an audit, replayed from a seed."""

from dataclasses import asdict, dataclass

import pytest
import torch
from torch import nn

from empirical.audit import audit, parse_views
from empirical.data.sets import Dataset
from empirical.training.methods import initial_encoder
from empirical.training.methods.simclr import SimCLR
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from empirical.views.callables import CallableView
from empirical.views.parsing import as_views
from empirical.views.protocol import Views, ViewSource, as_source, finite_views
from empirical.views.warps import Warp, matrices, warp_images


@dataclass(frozen=True)
class Fading:
    """A kind of view that the program does not know: each image darkened by a factor of its own."""

    least: float = 0.5

    def draw(self, n: int, *keys: int) -> torch.Tensor:
        return self.least + (1 - self.least) * torch.rand(n, generator=seeded_generator(*keys))

    def apply(self, images: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
        return images * parameters[:, None, None, None].to(images)

    def describe(self) -> dict[str, float]:
        return asdict(self)


FADING = Fading(least=0.9)


def noisy(image: torch.Tensor) -> torch.Tensor:
    return (image + 0.1 * torch.rand(image.shape)).clamp(0, 1)


SOURCES = [Augmentation.from_letters("abcd"), Warp(), Fading(), noisy]


def images(n: int, side: int = 8) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=seeded_generator(5))


def planted(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Bright and dark images in turn."""
    labels = torch.arange(n) % 2
    noise = torch.rand(n, 3, 8, 8, generator=seeded_generator(seed))
    return 0.2 + 0.5 * labels[:, None, None, None] + 0.1 * noise, labels


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: getattr(source, "__name__", type(source).__name__))
def test_views_replay_start_with_the_image_and_are_nested(source) -> None:
    x = images(12)
    views = finite_views(x, source, 4, seed=6)
    assert views.shape == (12, 4, 3, 8, 8)
    assert torch.equal(views[:, 0], x)
    assert torch.equal(finite_views(x, source, 4, seed=6), views)
    torch.testing.assert_close(finite_views(x[:5], source, 3, seed=6), views[:5, :3], atol=1e-6, rtol=0)
    assert (finite_views(x, source, 4, seed=7)[:, 1:] - views[:, 1:]).abs().amax(dim=(1, 2, 3, 4)).min() > 1e-4
    whole = Views(source, "views", 3, seed=6).drawn(12)
    torch.testing.assert_close(whole.block(x[4:9], 4), whole.block(x, 0)[4:9], atol=1e-6, rtol=0)
    assert not torch.equal(whole.block(x, 0), views[:, :3])


def test_the_views_are_those_that_the_functions_of_each_kind_make() -> None:
    x, augmentation, warp = images(7), Augmentation.from_letters("abcde"), Warp()
    for j, view in enumerate(finite_views(x, augmentation, 3, seed=2).unbind(dim=1)[1:], start=1):
        assert torch.equal(view, apply(x, sample_parameters(augmentation, 7, seeded_generator(2, j))))
    for j, view in enumerate(finite_views(x, warp, 3, seed=2).unbind(dim=1)[1:], start=1):
        assert torch.equal(view, warp_images(x, matrices(warp, 7, seeded_generator(2, j))))


def test_a_kind_of_ones_own_makes_the_views_of_a_study_and_of_an_audit() -> None:
    x = planted(6, 0)[0]
    views = finite_views(x, FADING, 5, seed=1)
    factors = (views / x[:, None]).flatten(2)
    torch.testing.assert_close(factors, factors[:, :, :1].expand_as(factors))
    assert ((factors[:, 1:] >= 0.9) & (factors[:, 1:] < 1)).all()

    encoder = initial_encoder(SimCLR(), "small", 0).eval()
    data = Dataset("planted", *planted(40, 1), *planted(40, 2), ("dark", "bright"))
    result = audit(encoder, data, f"{__name__}:FADING", m=3, test_domains=False, progress=False)
    assert result.features.shape[:2] == (40, 3)
    assert result.views.source is FADING
    assert result.views.description()["parameters"] == {"least": 0.9}
    assert 0 < abs(result.features[:, 1] - result.features[:, 0]).max() < 1


def test_a_callable_is_wrapped_and_anything_else_is_refused() -> None:
    assert isinstance(as_source(noisy), CallableView)
    assert isinstance(Views(noisy, "noisy").source, CallableView)
    assert all(isinstance(source, ViewSource) for source in SOURCES[:3])
    assert as_source(FADING) is FADING
    assert as_views(FADING, 3, 0, False).name == "Fading"
    assert as_views(nn.Identity(), 3, 0, False).name == "Identity"
    assert as_views(as_views("ab", 3, 0, False), 9, 9, True) == parse_views("ab", 3, 0, False)
    for nothing in (3, None, torch.zeros(2)):
        with pytest.raises(ValueError, match=r"views: a \w+ makes no view; give letters"):
            as_views(nothing, 3, 0, False)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: getattr(source, "__name__", type(source).__name__))
def test_bad_counts_and_seeds_are_refused(source) -> None:
    with pytest.raises(ValueError, match="m=0: too small"):
        finite_views(images(2), source, 0, 0)
    with pytest.raises(ValueError, match="m=100000000: too large"):
        finite_views(images(2), source, 10**8, 0)
    with pytest.raises(ValueError, match="seed=4294967296: too large"):
        finite_views(images(2), source, 2, 2**32)
    with pytest.raises(ValueError, match="seed=-1: too small"):
        finite_views(images(2), source, 2, -1)


def test_descriptions_name_every_parameter() -> None:
    assert Warp(shear=0.3).describe()["shear"] == 0.3
    assert Augmentation.from_letters("a").describe()["crop_scale"] == (0.3, 1.0)
    assert "noisy" in as_source(noisy).describe()

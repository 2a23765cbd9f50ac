import colorsys
import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from empirical.views.augmentations import (
    LUMA,
    Augmentation,
    apply,
    identity_parameters,
    sample_parameters,
    seeded_generator,
)
from empirical.views.protocol import finite_views

ALL = Augmentation.from_letters("abcdef")


def images(n: int, side: int = 16, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=seeded_generator(99, seed))


@pytest.mark.parametrize("shape", [(16, 16), (32, 32), (7, 11)])
def test_identity_parameters_reproduce_the_image(shape: tuple[int, int]) -> None:
    x = torch.rand(5, 3, *shape, generator=seeded_generator(1))
    torch.testing.assert_close(apply(x, identity_parameters(5)), x, atol=1e-6, rtol=0)
    nothing = sample_parameters(Augmentation(), 5, seeded_generator(2))
    torch.testing.assert_close(apply(x, nothing), x, atol=1e-6, rtol=0)


def test_replay_row_by_row_equals_the_batch() -> None:
    x = images(40)
    parameters = sample_parameters(ALL, 40, seeded_generator(3))
    batch = apply(x, parameters)
    rows = torch.cat([apply(x[i : i + 1], parameters[i]) for i in range(40)])
    torch.testing.assert_close(rows, batch, atol=1e-6, rtol=0)
    chosen = torch.tensor([7, 3, 31])
    torch.testing.assert_close(apply(x[chosen], parameters[chosen]), batch[chosen], atol=1e-6, rtol=0)
    torch.testing.assert_close(apply(x[5:9], parameters[5:9]), batch[5:9], atol=1e-6, rtol=0)
    with pytest.raises(IndexError):
        parameters[40]


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 100])
def test_drawing_fewer_rows_gives_a_prefix(n: int) -> None:
    few, many = (sample_parameters(ALL, k, seeded_generator(4)) for k in (n, 300))
    for field in dataclasses.fields(few):
        assert torch.equal(getattr(few, field.name), getattr(many, field.name)[:n])


def test_letters_share_their_draws() -> None:
    a = sample_parameters(Augmentation.from_letters("a"), 20, seeded_generator(5))
    abcd = sample_parameters(Augmentation.from_letters("abcd"), 20, seeded_generator(5))
    assert torch.equal(a.box, abcd.box)
    assert torch.equal(a.hue, torch.zeros(20))
    assert not torch.equal(abcd.hue, torch.zeros(20))


def test_letters_share_their_draws_with_masked_views_and_leave_the_generator_alike() -> None:
    plain, masked = seeded_generator(5), seeded_generator(5)
    for _ in range(2):
        abcd = sample_parameters(Augmentation.from_letters("abcd"), 20, plain)
        abcdf = sample_parameters(Augmentation.from_letters("abcdf"), 20, masked)
        for field in dataclasses.fields(abcd):
            same = torch.equal(getattr(abcd, field.name), getattr(abcdf, field.name))
            assert same == (field.name != "mask")
    alone = sample_parameters(Augmentation.from_letters("f"), 20, seeded_generator(5)).mask
    assert torch.equal(alone, sample_parameters(Augmentation.from_letters("abcdf"), 20, seeded_generator(5)).mask)
    assert not torch.equal(alone, abcdf.mask), "the second draw of a generator has masks of its own"


@pytest.mark.parametrize(("share", "patches"), [(0.0, 0), (0.25, 4), (0.5, 8), (0.6, 10), (0.9, 14)])
def test_masks_hide_the_stated_share_of_patches_everywhere_alike(share: float, patches: int) -> None:
    n = 4000
    augmentation = Augmentation.from_letters("f", mask_share=share)
    mask = sample_parameters(augmentation, n, seeded_generator(15)).mask
    assert mask.shape == (n, 4, 4)
    assert torch.equal(mask.sum(dim=(1, 2)), torch.full((n,), patches))
    # Five standard errors of a proportion.
    rate = patches / 16
    assert (mask.float().mean(dim=0) - rate).abs().max() <= 5 * math.sqrt(rate * (1 - rate) / n)
    if 0 < patches < 16:
        assert len(torch.unique(mask.view(n, 16), dim=0)) > 100


@pytest.mark.parametrize("shape", [(16, 16), (32, 32), (7, 11)])
def test_masked_patches_are_black_and_the_rest_is_untouched(shape: tuple[int, int]) -> None:
    x = 0.1 + 0.9 * torch.rand(3, 3, *shape, generator=seeded_generator(16))
    mask = torch.zeros(3, 4, 4, dtype=torch.bool)
    mask[0, 0, 3] = mask[1, 2, :] = True
    view = apply(x, dataclasses.replace(identity_parameters(3), mask=mask))
    for i in range(3):
        for row in range(shape[0]):
            for column in range(shape[1]):
                hidden = mask[i, row * 4 // shape[0], column * 4 // shape[1]]
                expected = torch.zeros(3) if hidden else x[i, :, row, column]
                torch.testing.assert_close(view[i, :, row, column], expected, atol=1e-6, rtol=0)


def test_masking_comes_last() -> None:
    """Neither colour nor crop touches the black: a view's masked pixels are 0, the others those of the unmasked view."""
    x = images(30)
    with_mask = sample_parameters(ALL, 30, seeded_generator(17))
    without = dataclasses.replace(with_mask, mask=torch.zeros_like(with_mask.mask))
    hidden = with_mask.mask.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2)[:, None].expand_as(x)
    assert torch.equal(apply(x, with_mask), apply(x, without).masked_fill(hidden, 0))


def test_finite_views_start_with_the_image_and_are_nested() -> None:
    x = images(30)
    views = finite_views(x, ALL, m=5, seed=6)
    assert views.shape == (30, 5, 3, 16, 16)
    assert torch.equal(views[:, 0], x)
    assert torch.equal(finite_views(x, ALL, m=3, seed=6), views[:, :3])
    torch.testing.assert_close(finite_views(x[:11], ALL, m=5, seed=6), views[:11], atol=1e-6, rtol=0)
    assert not torch.allclose(finite_views(x, ALL, m=5, seed=7)[:, 1:], views[:, 1:])
    distinct = torch.unique(views[0].reshape(5, -1), dim=0)
    assert len(distinct) == 5


def test_crop_equals_a_slice_resampled() -> None:
    x = images(1)
    box = torch.tensor([[0.25, 0.5, 0.5, 0.25]])
    view = apply(x, dataclasses.replace(identity_parameters(1), box=box))
    # The interior, where resampling the slice and resampling the image see the same neighbours.
    expected = functional.interpolate(x[:, :, 8:12, 4:12], size=(16, 16), mode="bilinear", align_corners=False)
    torch.testing.assert_close(view[..., 2:-2, 1:-1], expected[..., 2:-2, 1:-1], atol=1e-5, rtol=0)


def test_crops_fit_and_keep_scale_and_aspect() -> None:
    box = sample_parameters(Augmentation.from_letters("a"), 20000, seeded_generator(8)).box
    left, top, width, height = box.unbind(dim=1)
    assert box.min() >= 0
    assert (left + width).max() <= 1 + 1e-6
    assert (top + height).max() <= 1 + 1e-6
    area, aspect = width * height, width / height
    assert area.min() >= 0.3 - 1e-5
    assert aspect.min() >= 3 / 4 - 1e-5
    assert aspect.max() <= 4 / 3 + 1e-5
    # Uniform on [.3, 1]: mean .65, standard error .2021 / sqrt(20000) = .0014.
    assert abs(area.mean().item() - 0.65) < 0.007
    assert abs(aspect.log().mean().item()) < 0.01


def test_flip_is_the_exact_mirror() -> None:
    x = images(4)
    flipped = apply(x, dataclasses.replace(identity_parameters(4), flip=torch.tensor([True, False, True, False])))
    torch.testing.assert_close(flipped[::2], x[::2].flip(-1), atol=1e-6, rtol=0)
    torch.testing.assert_close(flipped[1::2], x[1::2], atol=1e-6, rtol=0)


def test_gray_is_gray_and_keeps_luma() -> None:
    x = images(6)
    view = apply(x, dataclasses.replace(identity_parameters(6), gray=torch.ones(6, dtype=torch.bool)))
    torch.testing.assert_close(view[:, 0], view[:, 1], atol=1e-6, rtol=0)
    torch.testing.assert_close(view[:, 0], view[:, 2], atol=1e-6, rtol=0)
    luma = torch.einsum("nchw,c->nhw", x, torch.tensor(LUMA))
    torch.testing.assert_close(view[:, 0], luma, atol=1e-6, rtol=0)


def test_gray_survives_colour_distortion() -> None:
    parameters = sample_parameters(dataclasses.replace(ALL, gray_probability=1.0), 50, seeded_generator(9))
    view = apply(images(50), parameters)
    torch.testing.assert_close(view[:, 0], view[:, 2], atol=1e-6, rtol=0)


@pytest.mark.parametrize("sigma", [0.0, 0.1, 0.7, 2.0, 50.0])
def test_blur_keeps_constants_and_matches_a_naive_kernel(sigma: float) -> None:
    parameters = dataclasses.replace(identity_parameters(2), blur_sigma=torch.full((2,), sigma))
    constant = torch.tensor([0.2, 0.5, 0.9])[None, :, None, None].expand(2, 3, 16, 16)
    torch.testing.assert_close(apply(constant, parameters), constant, atol=1e-6, rtol=0)

    x = images(2)
    weights = [math.exp(-((t / sigma) ** 2) / 2) if sigma else float(t == 0) for t in range(-2, 3)]
    expected = torch.zeros(2, 3)
    for i, a in enumerate(weights):
        for j, b in enumerate(weights):
            expected += a * b / sum(weights) ** 2 * x[:, :, 6 + i, 4 + j]
    torch.testing.assert_close(apply(x, parameters)[:, :, 8, 6], expected, atol=1e-6, rtol=0)


def test_blur_is_per_sample() -> None:
    x = images(3)
    parameters = dataclasses.replace(identity_parameters(3), blur_sigma=torch.tensor([0.0, 1.0, 0.0]))
    view = apply(x, parameters)
    torch.testing.assert_close(view[::2], x[::2], atol=1e-6, rtol=0)
    assert (view[1] - x[1]).abs().max() > 0.1


def test_brightness_contrast_saturation_match_their_definitions() -> None:
    x = 0.3 + 0.2 * images(1)
    luma = torch.einsum("nchw,c->nhw", x, torch.tensor(LUMA))[:, None]
    one = identity_parameters(1)
    for name, expected in (
        ("brightness", 1.4 * x),
        ("contrast", 1.4 * x - 0.4 * luma.mean()),
        ("saturation", 1.4 * x - 0.4 * luma),
    ):
        view = apply(x, dataclasses.replace(one, **{name: torch.tensor([1.4])}))
        torch.testing.assert_close(view, expected, atol=1e-6, rtol=0)


def test_combined_colour_is_the_composition_of_its_steps() -> None:
    x = 0.4 + 0.2 * images(3)
    steps = {
        "brightness": [0.9, 1.2, 1.0],
        "contrast": [1.3, 0.5, 0.8],
        "saturation": [0.4, 1.5, 1.2],
        "hue": [0.1, -0.2, 0.05],
    }
    values = {name: torch.tensor(row) for name, row in steps.items()}
    one = identity_parameters(3)
    expected = x
    for name, value in values.items():
        expected = apply(expected, dataclasses.replace(one, **{name: value}))
    torch.testing.assert_close(apply(x, dataclasses.replace(one, **values)), expected, atol=1e-6, rtol=0)
    assert 0 < expected.min() < expected.max() < 1


def test_hue_keeps_luma_and_turns_the_right_way() -> None:
    x = 0.5 + 0.1 * (images(1) - 0.5)
    turned = apply(x, dataclasses.replace(identity_parameters(1), hue=torch.tensor([0.3])))
    weights = torch.tensor(LUMA)
    torch.testing.assert_close(
        torch.einsum("nchw,c->nhw", turned, weights), torch.einsum("nchw,c->nhw", x, weights), atol=1e-6, rtol=0
    )
    back = apply(turned, dataclasses.replace(identity_parameters(1), hue=torch.tensor([-0.3])))
    torch.testing.assert_close(back, x, atol=1e-6, rtol=0)
    # A third of a turn moves red towards one of the other primaries: the hue in HSV moves by about 1/3.
    red = torch.tensor([0.6, 0.45, 0.45])[None, :, None, None].expand(1, 3, 4, 4)
    third = apply(red, dataclasses.replace(identity_parameters(1), hue=torch.tensor([1 / 3])))[0, :, 0, 0]
    hue = colorsys.rgb_to_hsv(*third.tolist())[0]
    assert min(abs(hue - 1 / 3), abs(hue - 2 / 3)) < 0.08


def test_frequencies_and_ranges_are_those_of_the_letters() -> None:
    n = 20000
    p = sample_parameters(ALL, n, seeded_generator(10))
    # Five standard errors of a proportion: 5 * sqrt(.25 / 20000) = .018.
    assert abs(p.flip.float().mean().item() - 0.5) < 0.018
    assert abs(p.gray.float().mean().item() - 0.2) < 0.018
    assert abs((p.hue != 0).float().mean().item() - 0.8) < 0.018
    for factor in (p.brightness, p.contrast, p.saturation):
        assert 0.2 - 1e-6 <= factor.min() < 0.25
        assert 1.75 < factor.max() <= 1.8 + 1e-6
    assert 0.195 < p.hue.abs().max() <= 0.2 + 1e-6
    assert 0.1 <= p.blur_sigma.min() < p.blur_sigma.max() <= 2
    half = sample_parameters(Augmentation.from_letters("d", strength=0.5), n, seeded_generator(10))
    torch.testing.assert_close(half.hue, p.hue / 2)
    columns = torch.stack([p.flip.float(), p.gray.float(), p.brightness, p.contrast, p.saturation, p.hue, p.blur_sigma])
    correlation = torch.corrcoef(columns) - torch.eye(7)
    assert correlation.abs().max() < 0.04


def test_views_stay_in_range_and_carry_gradients() -> None:
    x = images(64).requires_grad_()
    view = apply(x, sample_parameters(ALL, 64, seeded_generator(11)))
    assert view.min() >= 0
    assert view.max() <= 1
    view.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0

    few = (0.3 + 0.3 * images(2, side=5)).double().requires_grad_()
    mild = sample_parameters(Augmentation.from_letters("abde", strength=0.2), 2, seeded_generator(12))
    assert torch.autograd.gradcheck(lambda t: apply(t, mild), (few,))


def test_runs_on_the_meta_device() -> None:
    view = apply(images(4).to("meta"), sample_parameters(ALL, 4, seeded_generator(13)))
    assert view.device.type == "meta"
    assert view.shape == (4, 3, 16, 16)


def test_a_coarse_view_is_the_mean_over_squares_of_pixels() -> None:
    """Where the crop keeps all: bilinear sampling between two pixels is their mean, and brightness keeps means."""
    x, one = images(4), identity_parameters(4)
    torch.testing.assert_close(apply(x, one, 2), functional.avg_pool2d(x, 2), atol=1e-6, rtol=0)
    darker = dataclasses.replace(one, brightness=torch.tensor([0.9, 0.8, 0.7, 1.0]))
    torch.testing.assert_close(apply(x, darker, 2), functional.avg_pool2d(apply(x, darker), 2), atol=1e-6, rtol=0)
    assert apply(x, sample_parameters(ALL, 4, seeded_generator(3)), 2).shape == (4, 3, 8, 8)


def test_a_coarse_view_is_blurred_by_as_much_of_the_image() -> None:
    """A wave of eight pixels keeps the same share of its height; unscaled it would keep .3 (a kernel of half a pixel's sigma,
    sampled at whole pixels, is narrower than its Gaussian)."""
    wave = (0.5 + 0.4 * torch.cos(2 * torch.pi * (torch.arange(64) + 0.5) / 8)).expand(1, 3, 64, 64).contiguous()
    blurred = dataclasses.replace(identity_parameters(1), blur_sigma=torch.tensor([1.0]))

    def kept(coarseness: int) -> float:
        return float(apply(wave, blurred, coarseness).std() / apply(wave, identity_parameters(1), coarseness).std())

    assert kept(1) < 0.8
    assert kept(2) == pytest.approx(kept(1), abs=0.05)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_views_of_the_cpu() -> None:
    x, parameters = images(64), sample_parameters(ALL, 64, seeded_generator(14))
    on_cuda = apply(x.cuda(), parameters)
    assert on_cuda.device.type == "cuda"
    # cuDNN may round the blur's products to TF32, 10 bits.
    torch.testing.assert_close(on_cuda.cpu(), apply(x, parameters), atol=5e-3, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"crop_scale": (0.0, 1.0)}, "crop_scale"),
        ({"crop_scale": (0.8, 0.3)}, "crop_scale"),
        ({"blur_sigma": (0.0, 1.0)}, "blur_sigma"),
        ({"gray_probability": 1.5}, "gray_probability=1.5"),
        ({"flip_probability": -0.1}, "flip_probability=-0.1"),
        ({"colour_strength": 2.0}, r"colour_strength=2.0.*\[0, 1.25\]"),
        ({"colour_strength": math.nan}, "colour_strength=nan"),
        ({"mask_share": 1.0}, r"mask_share=1.0: .* share in \[0, 1\)"),
        ({"mask_share": math.nan}, "mask_share=nan"),
        ({"mask_share": 0.99}, "mask_share=0.99: masks all 16 patches"),
        ({"mask_grid": 0}, "mask_grid=0"),
    ],
)
def test_augmentation_refuses_values_out_of_range(arguments: dict, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Augmentation(**arguments)


def test_other_errors_name_the_value() -> None:
    with pytest.raises(ValueError, match="letters='abx'"):
        Augmentation.from_letters("abx")
    with pytest.raises(ValueError, match="letters='aa'"):
        Augmentation.from_letters("aa")
    with pytest.raises(ValueError, match="n=0"):
        sample_parameters(ALL, 0, seeded_generator(0))
    with pytest.raises(ValueError, match="m=0"):
        finite_views(images(2), ALL, 0, 0)
    with pytest.raises(ValueError, match="negative seed"):
        seeded_generator(0, -1)
    with pytest.raises(ValueError, match=r"\(3, 3, 16, 16\).*n=2"):
        apply(images(3), identity_parameters(2))
    with pytest.raises(ValueError, match=r"\(2, 1, 16, 16\)"):
        apply(images(2)[:, :1], identity_parameters(2))


def test_streams_differ_by_key() -> None:
    draws = {tuple(torch.rand(4, generator=seeded_generator(a, b)).tolist()) for a in range(10) for b in range(10)}
    assert len(draws) == 100
    assert np.isfinite(list(draws)).all()

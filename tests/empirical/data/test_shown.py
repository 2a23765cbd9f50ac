"""What the encoder sees is what a viewer shows, or a notice says how it differs."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from empirical.data.imagefiles import _TURNS, _decode, as_shown
from empirical.data.sets import load
from theory.messages import Notice

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def saved(path: Path, image: Image.Image, **options) -> np.ndarray:
    """The file as it is read, channels last."""
    image.save(path, **options)
    return _decode(path, None).transpose(1, 2, 0)


def see_through(alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([PIXELS, np.broadcast_to(alpha, PIXELS.shape[:2]).astype(np.uint8)]))


def test_transparent_pixels_are_laid_over_white_and_told(tmp_path: Path) -> None:
    alpha = np.random.default_rng(1).integers(0, 256, (6, 8), dtype=np.uint8)
    alpha[0], alpha[1] = 0, 255
    expected = (PIXELS * (alpha[..., None] / 255) + 255 * (1 - alpha[..., None] / 255)).round()
    for suffix, options in ((".png", {}), (".tif", {}), (".webp", {"lossless": True, "exact": True})):
        with pytest.warns(Notice, match="transparent somewhere, and are laid over white"):
            shown = saved(tmp_path / f"x{suffix}", see_through(alpha), **options)
        assert np.abs(shown - expected).max() <= 1
        assert (shown[0] == 255).all()
        assert (shown[1] == PIXELS[1]).all()


def test_transparency_of_grey_images_and_palettes_is_seen(tmp_path: Path) -> None:
    grey = np.zeros((6, 8), np.uint8)
    grey[2:4] = 100
    for name, image, options in (
        ("la.png", Image.merge("LA", [Image.fromarray(grey), Image.fromarray((grey > 0).astype(np.uint8) * 255)]), {}),
        ("l.png", Image.fromarray(grey), {"transparency": 0}),
        ("p.png", Image.fromarray(grey).convert("P"), {"transparency": 0}),
        ("bytes.png", Image.fromarray(grey).convert("P"), {"transparency": b"\0"}),
        ("p.gif", Image.fromarray(grey).convert("P"), {"transparency": 0}),
    ):
        with pytest.warns(Notice, match="laid over white"):
            shown = saved(tmp_path / name, image, **options)
        assert np.unique(shown[:2]).tolist() == [255], name
        assert np.unique(shown[2:4]).tolist() == [100], name


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_opaque_images_are_read_as_before_without_a_word(mode: str, tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS).convert(mode)
    assert (saved(tmp_path / "x.png", image) == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_orientation_tag_is_applied(turn: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    upright = Image.fromarray(PIXELS)
    inverse = {6: 8, 8: 6}.get(turn, turn)
    stored = upright if turn == 1 else upright.transpose(_TURNS[inverse])
    for name in ("x.png", "x.tif"):
        assert (saved(tmp_path / name, stored, exif=exif) == PIXELS).all()
    assert saved(tmp_path / "x.jpg", stored, exif=exif).shape == PIXELS.shape


def test_an_orientation_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.warns(Notice, match="orientation tag that cannot be read"):
        shown = saved(tmp_path / "x.png", Image.fromarray(PIXELS), exif=b"Exif\0\0XX*\0 no tags")
    assert (shown == PIXELS).all()


def test_cmyk_and_other_spaces_become_rgb(tmp_path: Path) -> None:
    flat = Image.new("RGB", (8, 6), (200, 30, 90))
    for mode in ("CMYK", "YCbCr"):
        assert np.abs(saved(tmp_path / "x.jpg", flat.convert(mode), quality=100) - np.array([200, 30, 90])).max() <= 4
    with pytest.warns(Notice, match="colour profile that is not named sRGB, which is not applied"):
        saved(tmp_path / "x.jpg", flat.convert("CMYK"), icc_profile=b"no profile")
    saved(tmp_path / "x.jpg", flat, icc_profile="... sRGB IEC61966-2.1".encode("utf-16"))


def test_of_several_frames_the_first_is_read_and_told(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    for suffix in (".gif", ".png", ".webp", ".tif"):
        with pytest.warns(Notice, match="several frames, of which the first is read"):
            shown = saved(tmp_path / f"x{suffix}", frames[0], save_all=True, append_images=frames[1:])
        assert shown[0, 0].argmax() == 0


@pytest.mark.parametrize("mode", ["I;16", "I", "F", "LAB"])
def test_deeper_modes_are_refused(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (8, 6)).save(tmp_path / "x.tif")
    with pytest.raises(ValueError, match=rf"x\.tif: cannot be read as an image \(mode {mode} has more than 8 bits"):
        _decode(tmp_path / "x.tif", None)


def test_images_of_a_data_set_keep_their_grey_mode() -> None:
    assert as_shown(Image.new("L", (8, 6))).mode == "L"
    assert as_shown(Image.new("P", (8, 6))).mode == "RGB"


def test_black_icons_on_a_transparent_ground_stay_apart(tmp_path: Path) -> None:
    for name in ("circle", "square"):
        (tmp_path / name).mkdir()
        for i in range(5):
            alpha = np.zeros((6, 8))
            alpha[i, 2:6] = 255
            alpha[i, 3:5] = 255 * (name == "square")
            pixels = np.dstack([np.zeros((6, 8, 3)), alpha]).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    with pytest.warns(Notice) as caught:
        data = load("folder", path=tmp_path)
    assert [str(w.message).partition(": ")[2] for w in caught] == [
        "10 of 10 images are transparent somewhere, and are laid over white; first: circle/" + caught_first(caught)
    ]
    assert len({image.numpy().tobytes() for image in torch.cat([data.train_images, data.test_images])}) == 10


def caught_first(caught: list[warnings.WarningMessage]) -> str:
    return str(caught[0].message).rpartition("/")[2]

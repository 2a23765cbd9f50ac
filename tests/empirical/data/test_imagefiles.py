from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from empirical.data.imagefiles import fit
from empirical.data.sets import fingerprint, load
from theory.messages import Notice


def save(path: Path, pixels: np.ndarray, mode: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path)


def picture(seed: int, height: int = 6, width: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten images of each of three classes, no train/ and test/."""
    for k, name in enumerate(("cat", "ant", "bee")):
        for i in range(10):
            save(tmp_path / "data" / name / f"{i}.png", picture(10 * k + i))
    return tmp_path / "data"


def test_a_folder_is_split_by_the_seed(folder: Path) -> None:
    data = load("folder", path=folder)
    assert data.class_names == ("ant", "bee", "cat")
    assert torch.bincount(data.train_labels).tolist() == [8, 8, 8]
    assert torch.bincount(data.test_labels).tolist() == [2, 2, 2]
    every = torch.cat([data.train_images, data.test_images])
    labels = torch.cat([data.train_labels, data.test_labels])
    stored = {picture(10 * k + i).tobytes(): label for k, label in enumerate((2, 0, 1)) for i in range(10)}
    found = (every * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    assert [stored.pop(image.tobytes()) for image in found] == labels.tolist()
    assert fingerprint(load("folder", path=folder)) == fingerprint(data)
    other = load("folder", seed=1, path=str(folder))
    assert not torch.equal(other.test_images.sort(dim=0).values, data.test_images.sort(dim=0).values)
    some = load("folder", path=folder, classes=["cat", "ant"], train_size=4, test_size=2)
    assert some.train_labels.sort().values.tolist() == [0, 0, 1, 1]


def test_train_and_test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    for k, name in enumerate(("a", "b")):
        for half, start in (("train", 0), ("test", 50)):
            for i in range(3):
                save(tmp_path / half / name / f"{i}.bmp", picture(start + 10 * k + i))
    data = load("folder", path=tmp_path)
    found = {
        image.tobytes() for image in (data.test_images * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    }
    assert found == {picture(50 + 10 * k + i).tobytes() for k in range(2) for i in range(3)}
    save(tmp_path / "train" / "c" / "0.bmp", picture(99))
    with pytest.raises(ValueError, match="class 'c' is in only one of train/ and test/; give both"):
        load("folder", path=tmp_path)


def test_modes_become_rgb_and_other_files_are_passed_over(folder: Path) -> None:
    gray = picture(1)[:, :, 0]
    save(folder / "ant" / "0.png", gray)
    save(folder / "ant" / "1.png", picture(2), "P")
    save(folder / "ant" / "2.png", picture(2), "RGBA")
    save(folder / "ant" / "3.JPG", picture(2))
    (folder / "ant" / "notes.txt").write_text("none")
    (folder / "ant" / ".hidden.png").write_text("none")
    (folder / ".cache").mkdir()
    with pytest.warns(Notice, match=r"data: read 31, passed over 2, first: ant/\.hidden\.png; only \.bmp, "):
        data = load("folder", path=folder)
    assert len(data.class_names) == 3
    assert len(data.train_labels) + len(data.test_labels) == 31
    ants = torch.cat([data.train_images[data.train_labels == 0], data.test_images[data.test_labels == 0]])
    expected = torch.from_numpy(gray).expand(3, 6, 6) / 255
    assert (ants - expected).abs().amax(dim=(1, 2, 3)).min() < 1e-6


def test_unequal_sizes_need_a_side(folder: Path) -> None:
    save(folder / "bee" / "4.png", picture(3, 8, 12))
    with pytest.raises(ValueError, match=r"4\.png: \(8, 12\) pixels, but .*0\.png has \(6, 6\); .* side="):
        load("folder", path=folder)
    data = load("folder", path=folder, side=4)
    assert data.train_images.shape == (24, 3, 4, 4)


def test_bad_folders_name_the_file_and_the_remedy(folder: Path, tmp_path: Path) -> None:
    def refused(message: str, path: Path = folder) -> None:
        with pytest.raises(ValueError, match=message):
            load("folder", path=path)

    refused("no folder; pass a folder with one subfolder per class", tmp_path / "nowhere")
    (folder / "dog").mkdir()
    refused("class 'dog' is empty; add images")
    save(folder / "dog" / "0.png", picture(0))
    refused("class 'dog' has one image; add another")
    whole = (folder / "dog" / "0.png").read_bytes()
    for broken in (whole[:60], b"", b"no image", whole[:-40]):
        (folder / "dog" / "1.png").write_bytes(broken)
        refused(r"1\.png: cannot be read as an image .*; replace or remove it")
    save(folder / "dog" / "1.png", np.full((6, 6), 40_000, dtype=np.uint16))
    refused(r"1\.png: cannot be read as an image \(mode I;16 has more than 8 bits")
    (folder / "train").mkdir()
    refused("holds only one of train/ and test/; add the other")
    single = tmp_path / "single"
    save(single / "one" / "0.png", picture(0))
    refused("has 1 subfolders; give one per class, and two classes or more", single)
    refused("has 0 subfolders", single / "one")


def arrays(**changes: object) -> dict[str, np.ndarray]:
    """Twelve training and six test images of three classes, 4x5 pixels, channels last."""
    generator = np.random.default_rng(0)
    content = {
        "train_images": generator.integers(0, 256, (12, 4, 5, 3), dtype=np.uint8),
        "train_labels": np.arange(12) % 3,
        "test_images": generator.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8),
        "test_labels": np.arange(6) % 3,
    }
    return {k: v for k, v in (content | changes).items() if v is not None}


def write(path: Path, content: dict[str, np.ndarray]) -> Path:
    np.savez_compressed(path, **content)
    return path


def test_npz_in_every_layout_gives_the_same_data(tmp_path: Path) -> None:
    content = arrays()
    data = load("npz", path=write(tmp_path / "a.npz", content))
    assert data.train_images.shape == (12, 3, 4, 5)
    assert data.class_names == ("0", "1", "2")
    stored = {image.transpose(2, 0, 1).tobytes(): i % 3 for i, image in enumerate(content["train_images"])}
    found = (data.train_images * 255).round().byte().numpy()
    assert [stored[image.tobytes()] for image in found] == data.train_labels.tolist()
    first = {k: v.transpose(0, 3, 1, 2) if k.endswith("images") else v.astype(np.int32) for k, v in content.items()}
    floats = {k: (v / np.float32(255)) if k.endswith("images") else v.astype(np.uint8) for k, v in content.items()}
    assert fingerprint(load("npz", path=write(tmp_path / "b.npz", first))) == fingerprint(data)
    assert fingerprint(load("npz", path=write(tmp_path / "c.npz", floats))) == fingerprint(data)
    named = load("npz", path=write(tmp_path / "d.npz", content | {"class_names": np.array(["x", "y", "z"])}))
    assert named.class_names == ("x", "y", "z")
    gray = {k: v[..., :1] if k.endswith("images") else v for k, v in content.items()}
    flat = {k: v[..., 0] if k.endswith("images") else v for k, v in content.items()}
    found = [load("npz", path=write(tmp_path / "e.npz", version)) for version in (gray, flat)]
    assert fingerprint(found[0]) == fingerprint(found[1])
    assert torch.equal(found[0].train_images[:, 0], found[0].train_images[:, 2])


NAN = np.full((6, 4, 5, 3), 0.5)
NAN[2, 1, 1, 1] = np.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_images": None}, "lacks the array test_images; give train_images"),
        ({"train_labels": np.arange(11) % 3}, "train_images: 12 images for 11 labels"),
        ({"train_labels": np.arange(12.0)}, "train_labels: float64 .*; give integers"),
        ({"train_labels": np.zeros((12, 1), int)}, r"train_labels: int64 of shape \(12, 1\); give integers \(n,\)"),
        ({"train_labels": np.zeros(12, int)}, "class names .* are not two different ones or more"),
        ({"train_labels": np.arange(12) % 3 - 1}, r"train_labels hold -1; number the K classes 0\.\.K-1"),
        ({"train_labels": np.arange(12) % 2 - 1, "test_labels": np.arange(6) % 2 - 1}, "train_labels hold -1; number"),
        ({"train_labels": np.arange(12) % 3 * 2}, r"class '1' \(label 1\) is empty, it has no train image"),
        ({"test_labels": np.arange(6)}, r"test_labels hold 3; label 3 classes by 0\.\.2"),
        ({"test_labels": np.zeros(6, int)}, r"class '1' \(label 1\) is empty, it has no test image"),
        ({"class_names": np.array(["a", "a", "b"])}, "not two different ones or more"),
        ({"class_names": np.array(["a", "b"])}, r"train_labels hold 2; label 2 classes by 0\.\.1"),
        ({"test_images": NAN}, r"test_images: values that are not finite \(first: row 2\)"),
        ({"test_images": NAN * 0 + np.inf}, "not finite"),
        (
            {"train_images": np.full((12, 4, 5, 3), 1.5)},
            r"train_images: values in \[1.5, 1.5\]; scale floats to \[0, 1\]",
        ),
        ({"train_images": np.full((12, 4, 5, 3), -0.1)}, r"values in \[-0.1, -0.1\]"),
        ({"train_images": np.zeros((12, 4, 5, 3), np.int64)}, "train_images: type int64; pass uint8"),
        ({"train_images": np.zeros((12, 4, 5, 4), np.uint8)}, r"train_images: shape \(12, 4, 5, 4\); give"),
        ({"train_images": np.zeros((12, 3, 5, 3), np.uint8)}, "one place for the c = 1 or 3 channels"),
        ({"train_images": np.zeros((12, 60), np.uint8)}, r"train_images: shape \(12, 60\); give"),
        ({"train_images": np.zeros((0, 4, 5, 3), np.uint8)}, "with n >= 1"),
        ({"test_images": np.zeros((6, 5, 5, 3), np.uint8)}, r"\(4, 5\) pixels, test_images \(5, 5\); use one size"),
        ({"test_images": np.zeros((6, 4, 5, 3))}, "train_images: uint8, test_images float32; use one type"),
        ({"train_images": np.array([None] * 12)}, "cannot be read as .npz of plain arrays"),
    ],
)
def test_a_bad_npz_names_the_array_and_the_remedy(changes: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        load("npz", path=write(tmp_path / "x.npz", arrays(**changes)))


def test_a_file_that_is_no_npz_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(ValueError, match=r"x\.npz': no file; pass an \.npz file that holds train_images"):
        load("npz", path=path)
    whole = write(path, arrays()).read_bytes()
    plain = tmp_path / "y.npy"
    np.save(plain, np.zeros(3))
    middle = len(whole) // 4
    garbled = whole[:middle] + bytes(200) + whole[middle + 200 :]
    for broken in (whole[: len(whole) // 2], garbled, b"", b"text", plain.read_bytes()):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"x\.npz: cannot be read as \.npz of plain arrays"):
            load("npz", path=path)


def test_fit_covers_and_cuts_the_middle() -> None:
    images = torch.zeros(1, 3, 4, 8)
    images[:, :, :, 2:6] = 1
    assert torch.equal(fit(images, 4, 4), torch.ones(1, 3, 4, 4))
    x = torch.rand(5, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fit(x, 6, 6).mean(dim=(2, 3)), x.mean(dim=(2, 3)), atol=0.05, rtol=0)
    assert fit(x, 12, 12) is x
    expected = functional.interpolate(x, size=(30, 30), mode="bilinear", align_corners=False)
    torch.testing.assert_close(fit(x, 30, 30), expected)
    bytes_ = (x * 255).byte()
    small = fit(bytes_, 5, 7)
    assert small.dtype == torch.uint8
    assert (small.float() / 255 - fit(bytes_.float() / 255, 5, 7)).abs().max() <= 0.5 / 255 + 1e-6
    with pytest.raises(ValueError, match="side=0"):
        fit(x, 0, 4)

"""Folders as people keep them: what is read, what is told, and what is refused since it could be read in two ways."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from empirical.data.imagefiles import read_folder
from empirical.data.sets import load
from theory.command import exit_status
from theory.messages import Notice, printable


def fill(folder: Path, *places: str, n: int = 4) -> Path:
    """n images in each place; no two are equal."""
    for place in places:
        (folder / place).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            pixels = np.random.default_rng([i, *place.encode()]).integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / place / f"{i}.png")
    return folder


def read(folder: Path) -> dict[str, int]:
    """The number of images by class."""
    (_, train), (_, test), names = read_folder(folder, 0)
    counts = np.bincount(np.concatenate([train, test]), minlength=len(names))
    return dict(zip(names, counts.tolist(), strict=True))


@pytest.mark.parametrize(
    ("places", "counts"),
    [
        (("ant", "ant/session1", "bee", "bee/session1"), {"ant": 8, "bee": 8}),
        (("ant/session1", "ant/session2", "bee/session1", "bee/session2"), {"ant": 8, "bee": 8}),
        (("ant/2024-01-31", "ant/2024-02-01", "bee/2024-02-01"), {"ant": 8, "bee": 4}),
        (("ant/images", "bee/images"), {"ant": 4, "bee": 4}),
        (("n01/images", "n02/images"), {"n01": 4, "n02": 4}),
        (("animal/cat", "animal/dog", "vehicle/car", "vehicle/bus/red"), {"animal": 8, "vehicle": 8}),
        (("0", "1/a/b/c"), {"0": 4, "1": 4}),
        (("train/a", "train/b/deep", "test/a", "test/b"), {"a": 8, "b": 8}),
        (("Train/a", "Train/b", "Test/a", "Test/b"), {"a": 8, "b": 8}),
        (("Training/a", "Training/b", "Testing/a", "Testing/b"), {"a": 8, "b": 8}),
        (("Train", "Car"), {"Car": 4, "Train": 4}),
        (("training", "running"), {"running": 4, "training": 4}),
    ],
)
def test_every_image_below_a_class_is_read(places: tuple[str, ...], counts: dict[str, int], tmp_path: Path) -> None:
    assert read(fill(tmp_path, *places)) == counts


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (("session1/ant", "session1/bee", "session2/ant", "session2/bee"), "either may be the classes; put one folder per"),
        (("day1/ant", "day1/bee", "day2/bee"), "'day1', 'day2', ... hold folders 'ant', 'bee', ..., and either"),
        (("day1/ant", "day1/bee", "day2/cow"), "either may be the classes"),
        (("morning/ant", "morning/bee", "evening/ant", "evening/bee"), "either may be the classes"),
        (("train/day1/a", "train/day1/b", "train/day2/a", "test/day1/a", "test/day2/b"), "train: .*either may be"),
        (("Train/a", "Train/b"), "has 1 subfolders|holds only one of train/ and test/"),
        (("Training/a", "Training/b", "Validation/a", "Validation/b"), "holds only one of train/ and test/; add the other"),
        (("train/a", "train/b", "val/a", "val/b"), "holds only one of train/ and test/; add the other"),
        (("a/train", "a/test", "b/train", "b/test"), "class 'a' holds a split of its own; put folders train/ and test/"),
    ],
)  # fmt: skip
def test_sessions_and_splits_do_not_become_classes(places: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read(fill(tmp_path, *places))


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("a/notes.txt", "read 8, passed over 1, first: a/notes.txt;"),
        ("a/photo.heic", "passed over 1, first: a/photo.heic;"),
        ("labels.csv", "passed over 1, first: labels.csv;"),
        ("b/deep/.thumbnails/0.png", "passed over 1, first: b/deep/.thumbnails/0.png;"),
        (".git/index", "passed over 1, first: .git/index;"),
    ],
)
def test_what_is_passed_over_is_counted(file: str, told: str, tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(b"?")
    with pytest.warns(Notice, match=told):
        assert read(tmp_path) == {"a": 4, "b": 4}


def test_a_third_split_is_counted(tmp_path: Path) -> None:
    fill(tmp_path, "train/a", "train/b", "test/a", "test/b", "val/a", "val/b")
    with pytest.warns(Notice, match="read 16, passed over 8, first: val/a/0.png"):
        read(tmp_path)


def test_links_and_pipes_are_followed_once_and_never_opened(tmp_path: Path) -> None:
    fill(tmp_path / "store", "a", "b")
    data = tmp_path / "data"
    data.mkdir()
    for name in "ab":
        (data / name).symlink_to(tmp_path / "store" / name)
    assert read(data) == {"a": 4, "b": 4}
    (tmp_path / "store" / "a" / "round").symlink_to(data)
    os.mkfifo(data / "a" / "pipe.png")
    (data / "b" / "zero.png").symlink_to("/dev/zero")
    (data / "b" / "gone.png").symlink_to(tmp_path / "nowhere")
    with pytest.warns(Notice, match="read 8, passed over 4, first: a/pipe.png"):
        assert read(data) == {"a": 4, "b": 4}


def test_a_class_that_is_a_link_is_not_counted_as_passed_over(tmp_path: Path) -> None:
    """Its images are read, though the folder it leads to was listed before it."""
    (fill(tmp_path, "ant", "bee") / "cow").symlink_to(tmp_path / "bee")
    assert read(tmp_path) == {"ant": 4, "bee": 4, "cow": 4}  # a Notice would be an error here


def test_names_that_cannot_be_shown_are_kept_and_escaped(tmp_path: Path) -> None:
    names = [os.fsdecode(b"caf\xe9"), "red\x1b[31m", "two\nlines", "猫"]
    for k, name in enumerate(names):
        fill(tmp_path / name, ".", n=k + 2)
    (tmp_path / names[0] / "a\rb.txt").write_bytes(b"")
    with pytest.warns(Notice, match=r"first: caf\\udce9/a\\rb\.txt"):
        data = load("folder", path=tmp_path)
    assert set(data.class_names) == set(names)
    broken = tmp_path / names[1] / "\x07.png"
    broken.write_bytes(b"")
    with pytest.warns(Notice), pytest.raises(ValueError, match=r"red\\x1b\[31m/\\x07\.png: cannot be read") as error:
        load("folder", path=tmp_path)
    assert str(error.value).isprintable()
    assert printable("plain 猫 é") == "plain 猫 é"


def test_a_command_prints_a_notice_as_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path, "a", "b")
    (tmp_path / "two\nlines").write_bytes(b"")

    def main(_: object) -> int:
        load("folder", path=tmp_path)
        return 0

    assert exit_status(main, []) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(
        f"contrastive-theory: note: path={tmp_path}: read 8, passed over 1, first: two\\nlines; "
    )
    assert len(lines) == 1

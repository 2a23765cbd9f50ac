"""Streams of random numbers and draws on several processes: the same bits whatever the workers."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from joblib import parallel_config

from simulate.estimators import (
    BLOCK,
    choose,
    draw,
    proportion,
    stream,
)

# streams


def test_stream_depends_on_seed_and_path_only():
    def draw(i):
        return stream(7, "row", i).random(5)

    alone = [draw(i) for i in range(20)]
    with ThreadPoolExecutor(4) as pool:
        shared = list(pool.map(draw, reversed(range(20))))[::-1]
    np.testing.assert_array_equal(alone, shared)


def test_streams_of_different_names_differ():
    paths = [
        (),
        (0,),
        (1,),
        ("1",),
        ("1", ""),
        ("", "1"),
        ("a", "b"),
        ("ab",),
        ("a\ntext 1 b",),
        (0, 0),
        (-1,),
        (2**70,),
    ]
    draws = {tuple(stream(seed, *path).random(2).tolist()) for seed in (0, 1, 2**200) for path in paths}
    assert len(draws) == 3 * len(paths)


def test_streams_are_uncorrelated():
    draws = np.array([stream(0, i).standard_normal(10_000) for i in range(20)])
    off = np.corrcoef(draws)[np.triu_indices(20, 1)]
    # 190 correlations of standard deviation 1/100: |r| > .065 has probability 190 * 8e-11.
    assert np.abs(off).max() < 0.065


def test_stream_is_pinned():
    """The raw words, which rest on the digest and on Philox alone, not on how NumPy turns them into normals."""
    for seed in (0, np.int64(0)):
        raw = stream(seed, "pinned", 1).bit_generator.random_raw(2)
        assert raw.tolist() == [12806805170662103491, 15628000999289583126]


@pytest.mark.parametrize(
    ("seed", "path", "words"),
    [
        (-1, (), "seed=-1:"),
        (1.5, (), "seed=1.5:"),
        (True, (), "seed=True:"),
        ("0", (), "seed='0':"),
        (0, (0.5,), "path=0.5:"),
        (0, (None,), "path=None:"),
    ],
)
def test_stream_errors(seed, path, words):
    with pytest.raises(ValueError, match=words):
        stream(seed, *path)


# draws in blocks


def normals(n, generator):
    return generator.standard_normal(n)


@pytest.mark.parametrize(("workers", "backend"), [(1, "loky"), (2, "loky"), (8, "threading")])
def test_draws_have_the_same_bits_for_any_number_of_workers(workers, backend):
    n = 3 * BLOCK + 5
    alone = np.concatenate(
        [normals(size, stream(3, "work", "block", i)) for i, size in enumerate([BLOCK, BLOCK, BLOCK, 5])]
    )
    with parallel_config(backend=backend):
        np.testing.assert_array_equal(draw(normals, n, 3, "work", workers=workers), alone)


def test_draws_depend_on_seed_and_name():
    one = draw(normals, 100, 0, "a")
    assert not np.array_equal(one, draw(normals, 100, 1, "a"))
    assert not np.array_equal(one, draw(normals, 100, 0, "b"))
    assert draw(normals, 1, 0, "a").shape == (1,)


def test_progress_is_shown_when_asked_for(capsys):
    draw(normals, 2 * BLOCK, 0, "quiet")
    assert capsys.readouterr().err == ""
    draw(normals, 2 * BLOCK, 0, "shown", progress=True)
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sampler", "n", "words"), [(normals, 0, "n=0:"), (lambda n, g: g.random(n + 1), 5, "5 draws")]
)
def test_draw_errors(sampler, n, words):
    with pytest.raises(ValueError, match=words):
        draw(sampler, n, 0, "errors")


def test_choose_follows_the_weights():
    drawn = choose((0.2, 0.5, 0.3), 100_000, stream(0, "choose"))
    for i, weight in enumerate((0.2, 0.5, 0.3)):
        assert proportion(int((drawn == i).sum()), 100_000, 1 - 1e-9).contains(weight)
    assert set(choose((1.0,), 10, stream(0))) == {0}

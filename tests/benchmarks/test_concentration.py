"""Augmented distances and sigma(delta): measured ratios in one run, CPU seconds of one process. `make bench`.

Views are what a torch user has: float32. Fashion images, and textures of natural spectrum (1/f^2) with correlated colours,
are augmented with a to e at the stated size; white noise is the worst case, where no few coordinates tell views apart.
With the environment variable CIFAR_IMAGES naming a folder of one class's 32x32 images, those are measured too, with the
frontier of 5000 under "ad", else textures in their place, and the line says which; LONG_SIZES=1 adds 5000 images to all that
is measured of a class. BLAS pools are left as a library user has them: the call limits its own.
"""

import os
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
import torch
from PIL import Image
from scipy.spatial.distance import cdist
from torch.nn import functional

from empirical.data.sets import load
from empirical.views.augmentations import Augmentation
from empirical.views.protocol import finite_views
from tests.benchmarks.timing import busy
from theory.concentration import augmented_distances, frontier, main_part, planning, vertex_cover_estimate

pytestmark = pytest.mark.bench


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the best that torch.cdist does in CPU seconds
    yield
    torch.set_num_threads(before)


def cpu_seconds(work, repeats=3):
    """Least CPU time over a few runs, and the result; the first run also compiles and is not counted."""
    best = np.inf
    if repeats > 1:
        work()
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def kernels():
    pools = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]
    names = ", ".join(f"{p['internal_api']} {p['version']} {p.get('architecture', '')}" for p in pools)
    return f"NumPy: {names}; torch: {torch.backends.cpu.get_cpu_capability()}"


def textures(n, side):
    rng = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    frequency[0, 0] = 1 / side
    planes = np.fft.ifft2(np.fft.fft2(rng.normal(size=(n, 3, side, side))) / frequency).real
    colours = np.linalg.cholesky(np.array([[1, 0.9, 0.8], [0.9, 1, 0.9], [0.8, 0.9, 1]]))
    images = np.einsum("ab,nbhw->nahw", colours, planes)
    return torch.from_numpy((0.25 * images / images.std() + 0.5).clip(0, 1)).float()


def class_images(n):
    """Images (n, 3, 32, 32) of one CIFAR class where they are there, else textures."""
    folder = os.environ.get("CIFAR_IMAGES")
    if folder is None:
        return textures(n, 32)
    files = sorted(p for p in Path(folder).iterdir() if p.suffix in {".jpg", ".png"})[:n]
    assert len(files) == n, f"CIFAR_IMAGES={folder}: {len(files)} images, fewer than {n}"
    pixels = np.stack([np.asarray(Image.open(p).convert("RGB")) for p in files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


@cache
def views_of(kind, D, n=500, m=16):
    if kind == "noise":
        rng = np.random.default_rng(0)
        return (rng.normal(size=(n, 1, D)) + 0.5 * rng.normal(size=(n, m, D))).astype(np.float32)
    if kind.startswith("CIFAR "):
        augmentation = Augmentation.from_letters(kind.removeprefix("CIFAR "))
        return finite_views(class_images(n), augmentation, m, 0).reshape(n, m, D).numpy()
    side = {3072: 32, 784: 28, 192: 8}[D]
    if kind == "textures":
        images = textures(n, side)
    else:
        images = functional.interpolate(load("fashion").train_images[:n], size=(side, side), mode="bilinear")
    views = finite_views(images, Augmentation.from_letters("abcde"), m, 0)
    views = views.mean(dim=2) if D == 784 else views
    return views.reshape(n, m, D).numpy()


def source(kind):
    """What views of this kind are made from."""
    folder = os.environ.get("CIFAR_IMAGES")
    return f"{kind} of {folder or 'textures, for want of CIFAR_IMAGES'}" if kind.startswith("CIFAR ") else kind


def by_torch(views):
    n, m, D = views.shape
    flat = torch.from_numpy(views).reshape(-1, D)
    return torch.cdist(flat, flat).view(n, m, n, m).amin(dim=(1, 3))


@pytest.mark.parametrize(
    ("kind", "D"),
    [
        ("CIFAR ad", 3072),
        ("CIFAR abcd", 3072),
        ("CIFAR ab", 3072),
        ("images", 3072),
        ("textures", 3072),
        ("noise", 3072),
        ("images", 784),
        ("images", 192),
        ("textures", 192),
        ("noise", 784),
        ("noise", 192),
    ],
)
def test_distances_against_torch_and_scipy(kind, D):
    views = views_of(kind, D)
    n, m, _ = views.shape
    ours, found = cpu_seconds(lambda: augmented_distances(views))
    theirs, rough = cpu_seconds(lambda: by_torch(views), repeats=2)
    rows = 16
    flat = views.reshape(-1, D)
    slow, some = cpu_seconds(lambda: cdist(flat[: rows * m], flat).reshape(rows, m, n, m).min(axis=(1, 3)), repeats=1)
    a, b = np.random.default_rng(0).random((2, 2048, 2048), dtype=np.float32)
    with threadpoolctl.threadpool_limits(1):
        product, _ = cpu_seconds(lambda: a @ b)
    bounds = planning.make_plan(views, None).bounds
    width = D if bounds is None else bounds.width
    rate = (n * m) ** 2 * D / ours / (2 * 2048**3 / product)
    print(
        f"\n{source(kind)} D={D} n={n} m={m}: {ours:.3f} CPU s (coordinates kept: {width}); "
        f"torch.cdist + amin {theirs:.2f} s: {theirs / ours:.1f}x; scipy cdist {slow * n / rows:.0f} s (from {rows} rows): "
        f"{slow * n / rows / ours:.0f}x; {rate:.2f} times the SGEMM rate of {2 * 2048**3 / product / 1e9:.0f} GFLOP/s, were "
        f"all pairs of views multiplied once; torch errs by {abs(rough.numpy() - found).max():.1e}. {kernels()}"
    )
    np.testing.assert_allclose(found[:rows], some, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", ["CIFAR ad", "CIFAR ab"])
def test_distances_beside_a_busy_process(kind):
    """As a library user calls it, at the threads that the environment gives, beside a process that uses all cores."""
    views = views_of(kind, 3072)
    with busy():
        ours, distances = cpu_seconds(lambda: augmented_distances(views))
        theirs, _ = cpu_seconds(lambda: by_torch(views), repeats=2)
    print(
        f"\n{source(kind)}, beside a busy process: {ours:.3f} CPU s; torch.cdist + amin {theirs:.2f} s: {theirs / ours:.1f}x"
    )
    np.testing.assert_array_equal(distances, augmented_distances(views))


def test_cost_against_samples_and_views():
    def exponent(xs, seconds):
        return np.polyfit(np.log(xs), np.log(seconds), 1)[0]

    ns, ms = (125, 250, 500, 1000), (4, 8, 16, 32)
    by_n = [cpu_seconds(lambda n=n: augmented_distances(views_of("images", 192, n=n)), 2)[0] for n in ns]
    by_m = [cpu_seconds(lambda m=m: augmented_distances(views_of("images", 192, m=m)), 2)[0] for m in ms]
    print(
        f"\nD=192: n = {ns}: {np.round(by_n, 3)} s, n^{exponent(ns, by_n):.2f}; "
        f"m = {ms} at n=500: {np.round(by_m, 3)} s, m^{exponent(ms, by_m):.2f}"
    )


@cache
def image_distances(n):
    images = load("fashion").train_images[:n]
    views = finite_views(images, Augmentation.from_letters("abcd"), 8, 0).reshape(n, 8, -1)
    return augmented_distances(views.numpy())


def gaussian(n, q):
    x = np.random.default_rng(0).normal(size=(n, q))
    return np.linalg.norm(x[:, None] - x, axis=2)


def class_distances(letters, n):
    """One class, 16 views: as `source(f"CIFAR {letters}")` says."""
    return augmented_distances(views_of.__wrapped__(f"CIFAR {letters}", 3072, n=n))


LARGE = (1000, 2000, 5000) if os.environ.get("LONG_SIZES") else (1000, 2000)
CLASSES = {(letters, n) for letters in ("ad", "ab") for n in LARGE}
if os.environ.get("CIFAR_IMAGES"):
    CLASSES.add(("ad", 5000))


@pytest.mark.parametrize("letters", ["ad", "ab", "abcd"])
@pytest.mark.parametrize("n", LARGE)
def test_whole_classes(n, letters):
    """CPU seconds of the distances alone, once; 16 views."""
    views = views_of.__wrapped__(f"CIFAR {letters}", 3072, n=n)
    spent, _ = cpu_seconds(lambda: augmented_distances(views), repeats=1)
    print(f"\n{source(f'CIFAR {letters}')}, n={n} m=16: {spent:.1f} CPU s", end="")


def uniform(n):
    upper = np.triu(np.random.default_rng(0).random((n, n)), 1)
    return upper + upper.T


def view_distances(n):
    """Views that are noise alone, the kind of data whose main parts are hardest to find."""
    return augmented_distances(np.random.default_rng(0).normal(size=(n, 8, 16)))


@pytest.mark.parametrize(
    ("name", "distances", "budget"),
    [
        ("images, n=500", lambda: image_distances(500), {}),
        ("Gaussian in the plane, n=500", lambda: gaussian(500, 2), {}),
        ("Gaussian in 10 dimensions, n=500", lambda: gaussian(500, 10), {}),
        ("views of noise, n=500", lambda: view_distances(500), {}),
        ("images, n=1000", lambda: image_distances(1000), {"seconds": 60}),
        ("Gaussian in the plane, n=1000", lambda: gaussian(1000, 2), {"seconds": 60}),
        ("Gaussian in 10 dimensions, n=1000", lambda: gaussian(1000, 10), {"seconds": 60}),
        ("images, n=2000", lambda: image_distances(2000), {"seconds": 120}),
        *(
            (f"one class, {letters}, n={n}", lambda letters=letters, n=n: class_distances(letters, n), {"seconds": 300})
            for letters, n in sorted(CLASSES)
        ),
        ("uniform random, n=500", lambda: uniform(500), {"seconds": 20}),
    ],
)
def test_whole_frontier(name, distances, budget):
    matrix = distances()
    frontier(matrix[:30, :30])  # compiled before the clock starts
    spent, found = cpu_seconds(lambda: frontier(matrix, nodes=10**8, **budget), repeats=1)
    print(
        f"\n{name}, {budget or 'no limit'}: {len(found.thresholds)} thresholds in {spent:.1f} CPU s, {found.nodes} nodes: "
        f"{(found.lower == found.upper).mean():.1%} exact, mean width {found.width:.4%} of n, "
        f"largest {(found.upper - found.lower).max()} samples"
    )
    part = found.main_part(found.thresholds[len(found.thresholds) // 2])
    assert matrix[np.ix_(part.indices, part.indices)].max() <= found.thresholds[len(found.thresholds) // 2]


@pytest.mark.parametrize("nodes", [10_000, 100_000, 1_000_000])
def test_random_graph_at_its_budget(nodes):
    """G(500, .9) is out of reach of any search: an interval at the budget."""
    distances = uniform(500)
    spent, part = cpu_seconds(lambda: main_part(distances, 0.9, nodes=nodes), repeats=1)
    print(f"\nG(500, .9), {nodes} nodes: {part.lower}..{part.upper} in {spent:.1f} CPU s", end="")
    assert (distances[np.ix_(part.indices, part.indices)] <= 0.9).all()
    assert part.lower < part.upper


def test_the_papers_estimate_beside_the_exact_one():
    for name, distances in (("images", image_distances(500)), ("uniform random", uniform(500))):
        for density in (0.3, 0.5, 0.7, 0.9, 0.97):
            delta = float(np.quantile(distances[np.triu_indices(500, 1)], density))
            exact, estimate = main_part(distances, delta), vertex_cover_estimate(distances, delta)
            print(
                f"\n{name}, n=500, density {density}: main part {exact.lower}..{exact.upper}, "
                f"2-approximation {estimate.lower}..{estimate.upper}",
                end="",
            )

"""What a call takes and where it runs: memory, devices, worker processes and threads; the bits are the same everywhere."""

import tracemalloc

import joblib
import numpy as np
import pytest
import threadpoolctl
import torch

from tests.theory.concentration.test_distances import adversarial, forced
from theory.concentration import augmented_distances, distances, planning
from theory.concentration.device import on_device
from theory.concentration.pools import one_blas_thread


def traced_peak(views, others=None):
    """MB of the arrays made."""
    tracemalloc.start()
    augmented_distances(views, others)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


@pytest.mark.parametrize("shape", [(3, 1024, 64), (4, 1024, 256), (2500, 16, 300), (5, 60, 4096)])
def test_memory_is_bounded_for_many_views_many_coordinates_and_many_samples(shape):
    views = np.random.default_rng(0).random(shape, dtype=np.float32)
    assert planning.make_plan(views[:150], None).bounds is not None
    augmented_distances(views[:2, :2])
    others = None if len(views) < 100 else views[:300, :1]
    assert traced_peak(views, others) < 64 + 8 * len(views) * (300 if others is not None else len(views)) / 2**20


def test_very_many_views_of_a_sample_take_the_products_of_two_samples():
    views = np.random.default_rng(0).random((2, 4096, 16), dtype=np.float32)
    assert traced_peak(views) < 4 * 4096**2 / 2**20 + 16


@pytest.mark.parametrize("path", [0, 13, None])
def test_temporary_arrays_stay_below_64_mb(path, monkeypatch):
    views = np.random.default_rng(0).random((250, 16, 3072), dtype=np.float32)  # 49 MB
    forced(monkeypatch, path)
    size = 250 if path != 0 else 12
    augmented_distances(views[:2])
    tracemalloc.start()
    augmented_distances(views[:size])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


def test_tensors_on_the_cpu_are_the_numpy_path():
    views = adversarial("low rank", 4)
    tensor = torch.from_numpy(views).requires_grad_()
    measured = augmented_distances(tensor)
    assert measured.dtype == torch.float64
    np.testing.assert_array_equal(measured.numpy(), augmented_distances(views))
    half = torch.from_numpy(views).to(torch.bfloat16)
    np.testing.assert_array_equal(
        augmented_distances(half, half[:3]).numpy(),
        augmented_distances(half.float().numpy(), half[:3].float().numpy()),
    )


def check_device(device, kind, precision):
    views = adversarial(kind, 5, n=40, m=6, D=300)
    tensor = torch.from_numpy(views)
    if kind == "low rank":
        tensor = tensor.repeat(6, 1, 1)  # large enough to be planned, with shared views
        tensor[40:] += 1e-9
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        measured = on_device(tensor.to(device), None).cpu().numpy()
        block = on_device(tensor[:5].to(device), tensor[5:, :2].to(device)).cpu().numpy()
    finally:
        torch.set_float32_matmul_precision(before)
    expected = augmented_distances(tensor.numpy())
    np.testing.assert_allclose(measured, expected, rtol=1e-12, atol=0)
    np.testing.assert_allclose(block, augmented_distances(tensor[:5].numpy(), tensor[5:, :2].numpy()), rtol=1e-12)


@pytest.mark.parametrize("precision", ["highest", "medium"])
@pytest.mark.parametrize("kind", ["noise", "low rank", "near-duplicates at norm 1e3", "huge offset", "subnormal"])
def test_the_device_path_agrees(kind, precision):
    check_device("cpu", kind, precision)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["highest", "medium"])
@pytest.mark.parametrize("kind", ["noise", "low rank", "near-duplicates at norm 1e3", "huge offset", "subnormal"])
def test_the_device_path_agrees_on_cuda(kind, precision):
    check_device("cuda", kind, precision)


@pytest.fixture(scope="module")
def many():
    """Enough views for several strips."""
    return adversarial("low rank", 6, n=300, m=8, D=200)


def test_blocks_are_the_same_under_loky(many):
    alone = augmented_distances(many)
    with joblib.parallel_config(backend="loky", n_jobs=2):
        np.testing.assert_array_equal(augmented_distances(many), alone)
        np.testing.assert_array_equal(
            augmented_distances(many, many[:50, :1]), augmented_distances(many, many[:50, :1])
        )
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)


def test_blocks_are_the_same_on_a_dask_cluster_of_two_workers(many):
    distributed = pytest.importorskip("distributed")
    alone = augmented_distances(many)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        np.testing.assert_array_equal(augmented_distances(many), alone)
        assert len(client.scheduler_info()["workers"]) == 2


def test_the_call_multiplies_with_one_blas_thread_and_gives_the_pool_back(monkeypatch):
    def threads():
        return [p["num_threads"] for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"]

    inside = []
    original = distances._strip
    monkeypatch.setattr(distances, "_strip", lambda *arguments: inside.append(threads()) or original(*arguments))
    views = np.random.default_rng(0).normal(size=(100, 8, 600)).astype(np.float32)
    assert planning.make_plan(views, None).bounds is not None
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_blas_thread:  # as another thread's call that is still running
            augmented_distances(views)
            assert set(threads()) == {1}
        assert threads() == before
        augmented_distances(views)
        assert threads() == before
    assert inside
    assert all(set(found) == {1} for found in inside)

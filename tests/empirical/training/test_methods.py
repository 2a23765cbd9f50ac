import copy
from dataclasses import asdict, replace

import pytest
import torch
from torch.nn import functional

from empirical.training import objectives
from empirical.training.methods import METHODS, encode, initial_encoder, initial_learner
from empirical.training.methods.barlow_twins import BarlowTwins
from empirical.training.methods.moco import MoCo
from empirical.training.methods.simclr import SimCLR
from empirical.training.methods.simsiam import SimSiam

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {name: replace(method, widths=(16, 8)) for name, method in METHODS.items()} | {
    "moco": MoCo(widths=(16, 8), queue_size=20),
}


def some_views(m: int, n: int = 8, seed: int = 0) -> torch.Tensor:
    return torch.rand(m, n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def snapshot(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("name", METHODS)
def test_one_step_trains_every_parameter_and_lowers_the_loss(name: str) -> None:
    method = SMALL[name]
    learner = initial_learner(method, "small", 0)
    views = some_views(method.views)
    trained = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.01)
    losses = []
    for _ in range(6):
        loss = learner(views)
        assert loss.shape == ()
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in trained)
        # A bias before the unit sphere or a correlation may have a gradient of 0; weight matrices have not.
        assert all(p.grad.abs().sum() > 0 for p in trained if p.ndim > 1)
        optimizer.step()
        if method.name != "moco":  # its queue moves: see below
            learner.after_step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", METHODS)
def test_one_step_runs_on_the_meta_device(name: str) -> None:
    method = SMALL[name]
    learner = initial_learner(method, "small", 0).to("meta")
    optimizer = torch.optim.AdamW([p for p in learner.parameters() if p.requires_grad])
    loss = learner(some_views(method.views).to("meta"))
    loss.backward()
    optimizer.step()
    learner.after_step()
    assert loss.device.type == "meta"
    assert all(value.device.type == "meta" for value in learner.state_dict().values())


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", METHODS)
def test_cuda_gives_the_losses_of_the_cpu(name: str) -> None:
    method = SMALL[name]
    learner, views = initial_learner(method, "small", 0), some_views(method.views, n=64)
    expected = learner(views).item()
    found = initial_learner(method, "small", 0).cuda()(views.cuda())
    assert found.dtype == torch.float32
    # Networks run in bfloat16, 8 bits.
    assert found.item() == pytest.approx(expected, rel=0.05, abs=0.02)


def test_initial_learners_depend_on_their_arguments_only() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = initial_learner(MoCo(), "small", 3)
    assert torch.equal(torch.rand(3), expected)
    second, other = initial_learner(MoCo(), "small", 3), initial_learner(MoCo(), "small", 4)
    assert all(torch.equal(a, b) for a, b in zip(snapshot(first).values(), snapshot(second).values(), strict=True))
    assert not torch.equal(first.queue, other.queue)
    alone = initial_encoder(MoCo(), "small", 3)
    assert all(torch.equal(value, first.encoder.state_dict()[name]) for name, value in alone.state_dict().items())


@pytest.mark.parametrize("name", METHODS)
def test_every_trained_parameter_has_one_rate(name: str) -> None:
    learner = initial_learner(SMALL[name], "small", 0)
    rates = [(p, factor) for factor, parameters in learner.groups() for p in parameters if p.requires_grad]
    assert sorted(id(p) for p, _ in rates) == sorted(id(p) for p in learner.parameters() if p.requires_grad)
    slow = {id(p) for p in learner.encoder.parameters()}
    assert all(factor == (1 if id(p) in slow else 5) for p, factor in rates)
    assert any(factor == 5 for _, factor in rates) == (name == "simsiam")


def test_encode_gives_each_view_its_place() -> None:
    learner = initial_learner(SimCLR(), "small", 0).eval()
    views = some_views(3, 4)
    z = encode(learner.encoder, views)
    assert z.shape == (4, 3, 64)
    torch.testing.assert_close(z[2, 1], learner.encoder(views[1, 2:3])[0], atol=1e-5, rtol=1e-4)
    assert encode(learner.encoder.double(), views.double()).dtype == torch.float64


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (SimCLR(temperature=0.3), lambda z: objectives.nt_xent(z[:, 0], z[:, 1], 0.3)),
        (SimCLR(temperature=0.3, positives="worst", views=3), lambda z: objectives.arcl(z, 0.3)),
        (SimCLR(temperature=0.3, positives="mean", views=3), lambda z: objectives.aal(z, 0.3)),
        (BarlowTwins(weight=0.1), lambda z: objectives.barlow_twins(z[:, 0], z[:, 1], 0.1)),
    ],
)
def test_losses_are_the_objectives_of_the_head_features(method, expected) -> None:
    learner, views = initial_learner(method, "small", 0), some_views(method.views)
    z = encode(copy.deepcopy(learner.encoder), views)
    torch.testing.assert_close(learner(views), expected(z))


def test_t_simclr_standardises_over_the_batch() -> None:
    method = SimCLR(degrees=3.0, temperature=2.0)
    learner, views = initial_learner(method, "small", 0), some_views(2)
    z = encode(copy.deepcopy(learner.encoder), views).flatten(0, 1)
    standard = ((z - z.mean(0)) / z.std(0, correction=0)).unflatten(0, (8, 2))
    expected = objectives.t_info_nce(standard[:, 0], standard[:, 1], 2.0, 3.0)
    torch.testing.assert_close(learner(views), expected, rtol=1e-4, atol=0)


# MoCo -----------------------------------------------------------------------------------------------------------------


def moco_step(learner, views: torch.Tensor, lr: float = 0.1) -> None:
    optimizer = torch.optim.SGD([p for p in learner.parameters() if p.requires_grad], lr=lr)
    learner(views).backward()
    optimizer.step()
    learner.after_step()


def test_moco_moves_its_momentum_encoder_by_the_average_and_by_nothing_else() -> None:
    learner = initial_learner(MoCo(widths=(16, 8), queue_size=20, momentum=0.9), "small", 0)
    assert all(not p.requires_grad for p in learner.momentum_encoder.parameters())
    for a, b in zip(learner.encoder.parameters(), learner.momentum_encoder.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.data_ptr() != b.data_ptr()
    before = [p.clone() for p in learner.momentum_encoder.parameters()]
    moco_step(learner, some_views(2))
    for old, slow, fast in zip(
        before, learner.momentum_encoder.parameters(), learner.encoder.parameters(), strict=True
    ):
        torch.testing.assert_close(slow, 0.9 * old + 0.1 * fast)
        assert slow.grad is None
    assert any(
        not torch.equal(a, b)
        for a, b in zip(learner.encoder.parameters(), learner.momentum_encoder.parameters(), strict=True)
    )


def test_moco_compares_view_1_with_the_momentum_encoders_view_2() -> None:
    learner = initial_learner(MoCo(widths=(16, 8), queue_size=20, temperature=0.3), "small", 0)
    moco_step(learner, some_views(2))
    views, twin = some_views(2, seed=1), copy.deepcopy(learner)
    q, k = twin.encoder(views[0]), twin.momentum_encoder(views[1])
    torch.testing.assert_close(learner(views), objectives.info_nce(q, k, learner.queue, 0.3))


def test_moco_queue_is_a_ring_of_the_latest_unit_keys() -> None:
    learner = initial_learner(MoCo(widths=(16, 8), queue_size=20), "small", 0)
    first = learner.queue.clone()
    torch.testing.assert_close(first.norm(dim=1), torch.ones(20))
    keys = []
    for step in range(3):
        views = some_views(2, seed=step)
        expected = copy.deepcopy(learner.momentum_encoder)(views[1]).detach()
        keys.append(functional.normalize(expected, dim=1))
        moco_step(learner, views)
        if step == 0:
            assert torch.equal(learner.queue[8:], first[8:])
    assert int(learner.oldest) == 24 % 20
    ring = torch.cat([keys[2][4:], keys[0][4:], keys[1], keys[2][:4]])
    torch.testing.assert_close(learner.queue, ring, atol=1e-6, rtol=1e-5)
    assert {"queue", "oldest", "momentum_encoder.project.0.weight"} <= set(learner.state_dict())


def test_moco_says_what_is_wrong() -> None:
    learner = initial_learner(MoCo(widths=(16, 8), queue_size=6), "small", 0)
    with pytest.raises(
        ValueError, match="queue_size=6: smaller than the batch of 8; raise queue_size, or lower batch_size"
    ):
        learner(some_views(2))
    with pytest.raises(ValueError, match="without a loss before it"):
        learner.after_step()


# SimSiam --------------------------------------------------------------------------------------------------------------


def test_simsiam_predicts_and_stops_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    learner, views = initial_learner(SimSiam(widths=(16, 8)), "small", 0), some_views(2)
    twin = copy.deepcopy(learner)
    z = encode(twin.encoder, views)
    p = twin.predictor(z.flatten(0, 1)).unflatten(0, (8, 2))
    torch.testing.assert_close(learner(views), objectives.simsiam(p[:, 0], p[:, 1], z[:, 0], z[:, 1]))

    # With the predictor's way cut, no gradient reaches the encoder: the projections pass none.
    monkeypatch.setattr(learner.predictor, "forward", lambda z: z.detach().requires_grad_())
    learner(views).backward()
    assert all(p.grad is None for p in learner.encoder.parameters())
    assert "predictor.0.weight" in learner.state_dict()


# Parameters -----------------------------------------------------------------------------------------------------------


def test_methods_are_told_apart_by_their_fields() -> None:
    assert list(METHODS) == [
        *("simclr", "simclr-arcl", "simclr-aal", "t-simclr"),
        *("moco", "moco-arcl", "moco-aal"),
        *("barlow-twins", "simsiam"),
    ]
    plain = [str(asdict(method)) for method in METHODS.values()]
    assert len(set(plain)) == len(METHODS)
    assert {method.name for method in METHODS.values()} == {"simclr", "moco", "barlow-twins", "simsiam"}
    assert all(method.views >= 2 for method in METHODS.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SimCLR(temperature=0), "temperature=0"),
        (lambda: SimCLR(temperature=float("nan")), "temperature=nan"),
        (lambda: SimCLR(positives="best"), "positives='best'.*pair, worst, mean"),
        (lambda: SimCLR(views=4), "views=4.*'worst'"),
        (lambda: SimCLR(views=1, positives="worst"), "views=1: no pair"),
        (lambda: SimCLR(degrees=0), "degrees=0"),
        (lambda: SimCLR(degrees=5, positives="worst", views=4), "degrees=5.*positives='pair'"),
        (lambda: MoCo(temperature=-1), "temperature=-1"),
        (lambda: MoCo(queue_size=0), "queue_size=0"),
        (lambda: MoCo(momentum=1), r"momentum=1: outside \[0, 1\)"),
        (lambda: MoCo(views=3), "views=3"),
        (lambda: BarlowTwins(weight=-0.1), "weight=-0.1"),
        (lambda: SimSiam(predictor_rate=0), "predictor_rate=0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

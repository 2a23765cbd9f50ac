import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from empirical.training.optimisation import MOMENTUM, optimizer_of, schedule, set_rate


@pytest.mark.parametrize("steps", [1, 3, 10, 190, 1001])
@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_one_cycle_is_that_of_torch(name: str, steps: int) -> None:
    theirs = optimizer_of(name, [(1, [nn.Parameter(torch.zeros(2))])], 0.3, 0.0)
    ours = optimizer_of(name, [(1, [nn.Parameter(torch.zeros(2))])], 0.3, 0.0)
    scheduler = OneCycleLR(theirs, max_lr=0.3, total_steps=steps) if steps > 1 else None
    if scheduler is None:
        assert schedule("one-cycle", 0, 1) == pytest.approx((4e-6, 0.95))
        return
    for step in range(steps):
        set_rate(ours, 0.3, *schedule("one-cycle", step, steps))
        a, b = theirs.param_groups[0], ours.param_groups[0]
        assert b["lr"] == pytest.approx(a["lr"], rel=1e-12, abs=1e-18)
        if name == "adamw":
            assert b["betas"] == pytest.approx(a["betas"], rel=1e-12)
        else:
            assert b["momentum"] == pytest.approx(a["momentum"], rel=1e-12)
        theirs.step()
        if step < steps - 1:
            scheduler.step()


def test_cosine_rises_linearly_and_falls_to_0() -> None:
    rates = [schedule("cosine", step, 200)[0] for step in range(200)]
    assert rates[:10] == pytest.approx([0.1 * (i + 1) for i in range(10)])
    assert rates[10] == 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[105] == pytest.approx(0.5)
    assert 0 < rates[-1] < 1e-4
    assert {schedule("cosine", step, 200)[1] for step in range(200)} == {MOMENTUM}
    assert schedule("cosine", 0, 1) == (1, MOMENTUM)


def test_only_parameters_with_a_gradient_are_trained() -> None:
    free, fixed = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(3), requires_grad=False)
    for name, kind in (("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)):
        optimizer = optimizer_of(name, [(1, [free, fixed])], 0.1, 0.01)
        assert isinstance(optimizer, kind)
        assert optimizer.param_groups[0]["params"] == [free]
        assert optimizer.param_groups[0]["weight_decay"] == 0.01


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_each_group_moves_at_its_multiple_of_the_rate(name: str) -> None:
    slow, fast = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
    optimizer = optimizer_of(name, [(1, [slow]), (5, [fast])], 0.1, 0.0)
    for share in (1.0, 0.5):
        set_rate(optimizer, 0.1, share, 0.0)
        before = slow.clone(), fast.clone()
        slow.grad, fast.grad = torch.ones(2), torch.ones(2)
        optimizer.step()
        moved = (before[0] - slow).detach()
        torch.testing.assert_close(moved, torch.full((2,), 0.1 * share), rtol=1e-5, atol=0)
        torch.testing.assert_close((before[1] - fast).detach(), 5 * moved, rtol=1e-5, atol=0)

import copy

import pytest
import torch

from empirical.training.compilation import compiled
from empirical.training.methods import METHODS, encode, initial_learner
from theory.messages import Notice


@pytest.mark.parametrize("name", ["simclr", "moco"])
def test_compiling_leaves_the_learner_as_it_was_and_computes_the_same(name):
    learner = initial_learner(METHODS[name], "small", 0)
    twin = copy.deepcopy(learner)
    views = torch.rand(2, 32, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    faster = compiled(learner, views, backend="eager")
    assert faster is not learner
    assert all(torch.equal(value, twin.state_dict()[key]) for key, value in learner.state_dict().items())
    assert all(p.grad is None for p in learner.parameters())
    loss, plain = faster(views), twin.train()(views)
    loss.backward()
    plain.backward()
    torch.testing.assert_close(loss, plain)
    for p, q in zip(learner.parameters(), twin.parameters(), strict=True):
        if q.grad is not None:
            torch.testing.assert_close(p.grad, q.grad)


def test_the_backbone_is_one_graph_in_the_mixed_precision_of_a_gpu(monkeypatch):
    seen = []

    def backend(graph, _):
        seen.append(sum(node.op == "call_function" and "conv2d" in str(node.target) for node in graph.graph.nodes))
        return graph.forward

    monkeypatch.setattr("empirical.training.methods.autocast", lambda _: torch.autocast("cpu", dtype=torch.bfloat16))
    learner = initial_learner(METHODS["simclr"], "small", 0)
    compiled(learner, torch.rand(2, 32, 3, 16, 16), backend=backend)
    assert max(seen) == 4
    assert encode(learner.encoder, torch.rand(2, 4, 3, 16, 16)).dtype == torch.float32


def test_where_torch_cannot_compile_the_learner_itself_goes_on_and_one_line_says_so():
    def broken(*_):
        raise RuntimeError("no compiler\nsecond line")

    learner = initial_learner(METHODS["simclr"], "small", 0)
    before = {key: value.clone() for key, value in learner.state_dict().items()}
    with pytest.warns(Notice, match=r"torch.compile fails here \(.*\): training goes on without it") as caught:
        assert compiled(learner, torch.rand(2, 8, 3, 16, 16), backend=broken) is learner
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    assert all(torch.equal(value, before[key]) for key, value in learner.state_dict().items())

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from empirical.evaluation import probe
from empirical.evaluation.classifiers import accuracy
from empirical.evaluation.probe import LinearProbe, fit, objective


def blobs(n: int, classes: int, width: int, seed: int, spread: float = 1.5) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping classes on features of very different sizes."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, width, generator=torch.Generator().manual_seed(99))
    labels = torch.arange(n) % classes
    features = centres[labels] + spread * torch.randn(n, width, generator=generator)
    return features * torch.logspace(-2, 2, width) + 5, labels


@pytest.mark.parametrize("l2", [1e-1, 1e-2, 1e-3])
def test_the_optimum_is_that_of_scikit_learn(l2: float) -> None:
    (train, labels), (test, _) = blobs(300, 4, 12, 0), blobs(200, 4, 12, 1)
    found = fit(LinearProbe(l2=l2, tolerance=1e-9), train, labels * 10 + 3)
    z = ((train.double() - found.mean) / found.scale).numpy()
    theirs = LogisticRegression(C=1 / (300 * l2), tol=1e-8, max_iter=10_000).fit(z, labels.numpy())
    # The common shift of the biases is free.
    shift = theirs.intercept_ - theirs.intercept_.mean()
    np.testing.assert_allclose(found.weights.numpy(), theirs.coef_, atol=1e-5)
    np.testing.assert_allclose((found.bias - found.bias.mean()).numpy(), shift, atol=1e-5)
    outside = ((test.double() - found.mean) / found.scale).numpy()
    assert found.predict(test).tolist() == (theirs.predict(outside) * 10 + 3).tolist()
    torch.testing.assert_close(found.scale, train.double().std(dim=0, correction=0))
    their_loss = objective(
        torch.from_numpy(theirs.coef_),
        torch.from_numpy(theirs.intercept_),
        torch.from_numpy(z),
        labels,
        torch.tensor(l2, dtype=torch.float64),
    )
    assert found.loss == pytest.approx(their_loss.item(), abs=1e-12)
    assert found.gradient <= 1e-9
    assert found.iterations < 200
    # Each class has as many votes as members where the bias is free, which is what its derivative says.
    shares = torch.softmax(torch.from_numpy(z) @ found.weights.T + found.bias, dim=1).mean(dim=0)
    torch.testing.assert_close(shares, torch.full((4,), 0.25, dtype=torch.float64), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "mutant",
    [
        lambda w, b, z, y, penalty: objective(w, b, z, y, 2 * penalty),
        lambda w, b, z, y, penalty: objective(w, b, z, y, penalty * 0),
        lambda w, b, z, y, penalty: objective(w, b, z, y, penalty) + 0.01 * b.square().sum(),
        lambda w, b, z, y, penalty: objective(w, b, z, y, penalty.mean()),
        lambda w, b, z, y, penalty: objective(w, b * 0, z, y, penalty),
    ],
)
def test_another_objective_has_another_optimum(mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    train, labels = blobs(300, 4, 12, 0)
    train, labels = train[labels != 1][:200], labels[labels != 1][:200]
    train, labels = train[30:], torch.where(labels == 0, 2, labels)[30:] + 1
    right = fit(LinearProbe(l2=1e-2), train, labels)
    monkeypatch.setattr(probe, "objective", mutant)
    wrong = fit(LinearProbe(l2=1e-2, tolerance=1e-5), train, labels)
    difference = max((right.weights - wrong.weights).abs().max(), (right.bias - wrong.bias).abs().max())
    assert difference > 1e-3


def test_scale_shift_and_constant_features_do_not_matter() -> None:
    (train, labels), (test, test_labels) = blobs(199, 3, 6, 2), blobs(150, 3, 6, 3)
    train, test = train.double(), test.double()
    plain = fit(LinearProbe(), train, labels)
    moved = fit(LinearProbe(), 1000 * train - 7, labels)
    torch.testing.assert_close(plain.weights, moved.weights, atol=1e-4, rtol=0)

    def with_constant(x: torch.Tensor, value: float) -> torch.Tensor:
        return torch.cat([x, torch.full((len(x), 1), value, dtype=x.dtype)], dim=1)

    # The mean of 199 times 0.1 is rounded, so that the constant seems to vary by about 1e-17.
    padded = fit(LinearProbe(), with_constant(train, 0.1), labels)
    assert padded.weights[:, -1].abs().max() == 0
    torch.testing.assert_close(padded.weights[:, :-1], plain.weights, atol=1e-6, rtol=0)
    assert torch.equal(padded.predict(with_constant(test, 9e9)), plain.predict(test))
    assert accuracy(plain.predict, test, test_labels) > 0.5


def test_collinear_features_and_more_features_than_samples_are_no_obstacle() -> None:
    train, labels = blobs(40, 3, 60, 4)
    twice = torch.cat([train, train], dim=1)
    found = fit(LinearProbe(tolerance=1e-9), twice, labels)
    torch.testing.assert_close(found.weights[:, :60], found.weights[:, 60:], atol=1e-6, rtol=0)
    assert accuracy(found.predict, twice, labels) == 1


def test_the_fit_is_deterministic() -> None:
    train, labels = blobs(100, 3, 5, 5)
    first, second = fit(LinearProbe(), train, labels), fit(LinearProbe(), train, labels)
    assert torch.equal(first.weights, second.weights)
    with torch.no_grad():
        assert torch.equal(fit(LinearProbe(), train, labels).weights, first.weights)


def test_too_few_iterations_are_an_error_not_a_number() -> None:
    train, labels = blobs(100, 3, 5, 6)
    with pytest.raises(ValueError, match=r"has not converged: largest gradient .* after 3 iterations; raise max_iter"):
        fit(LinearProbe(max_iterations=3), train, labels)


def test_bad_features_and_settings_are_refused() -> None:
    train, labels = blobs(30, 3, 5, 7)
    broken = train.clone()
    broken[3, 2] = torch.nan
    with pytest.raises(ValueError, match="train_features are not finite"):
        fit(LinearProbe(), broken, labels)
    with pytest.raises(ValueError, match=r"single class \[2\]"):
        fit(LinearProbe(), train, torch.full((30,), 2))
    with pytest.raises(ValueError, match="train_labels"):
        fit(LinearProbe(), train, labels[:-1])
    for setting in ("l2", "tolerance", "max_iterations"):
        with pytest.raises(ValueError, match=f"{setting}=0: not positive"):
            LinearProbe(**{setting: 0})


def test_the_objective_runs_where_its_arguments_are() -> None:
    w, b, z = (torch.zeros(shape, device="meta", requires_grad=True) for shape in ((3, 5), (3,), (20, 5)))
    y = torch.zeros(20, dtype=torch.int64, device="meta")
    loss = objective(w, b, z, y, torch.ones(5, device="meta"))
    loss.backward()
    assert loss.device.type == "meta"
    assert loss.shape == ()
    assert w.grad.shape == (3, 5)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_finds_the_same_optimum() -> None:
    train, labels = blobs(300, 4, 12, 0)
    there = fit(LinearProbe(), train.cuda(), labels.cuda())
    torch.testing.assert_close(there.weights.cpu(), fit(LinearProbe(), train, labels).weights, atol=1e-4, rtol=0)

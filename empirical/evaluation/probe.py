"""The linear probe: multinomial logistic regression on frozen features, solved to its optimum."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from empirical.evaluation.classifiers import Predict, check_training

_MAGNIFIED = 1e8
"""The loss is multiplied by this for torch's L-BFGS, which learns nothing from a step whose change of the gradient, times
the step, is below 1e-10: near the optimum it would go on with what it knew before, and stall."""


@dataclass(frozen=True)
class LinearFit:
    """A fitted probe: class classes[argmax_k w_k . z + b_k] with z = (f - mean) / scale.

    weights, bias    (K, d), (K,) float64
    mean, scale      (d,) float64
    classes          (K,) labels
    loss, gradient   the objective at the end, and the largest entry of its gradient in the coordinates of `fit`
    iterations       of L-BFGS
    """

    weights: Tensor
    bias: Tensor
    mean: Tensor
    scale: Tensor
    classes: Tensor
    loss: float
    gradient: float
    iterations: int

    def predict(self, features: Tensor) -> Tensor:
        """Labels (n,) of features (n, d)."""
        z = (features.double() - self.mean) / self.scale
        return self.classes[(z @ self.weights.T + self.bias).argmax(dim=1)]


@dataclass(frozen=True)
class LinearProbe:
    """Settings of the probe: it minimises, by L-BFGS in float64 over all samples at once,

        1/n sum_i -log softmax(W z_i + b)_{y_i} + l2/2 |W|^2,

    where z is standardised by mean and standard deviation (that of the population) of the TRAINING features; a feature
    that is constant there counts for nothing. The bias is not penalised. The objective is convex and has one minimiser
    up to a common shift of the biases, so nothing is random. In scikit-learn's terms C = 1 / (n l2).

    tolerance: the largest entry of the gradient at which it has converged, in the coordinates of `fit`, in which the
    Hessian is at most the identity; 1e-8 is within reach of float64.
    Raises ValueError for l2, tolerance or max_iterations that are not positive.
    """

    l2: float = 1e-3
    tolerance: float = 1e-6
    max_iterations: int = 2000
    name: str = field(default="linear probe", init=False)
    normalisation: str = field(default="standardised on the training features", init=False)

    def __post_init__(self) -> None:
        for setting in ("l2", "tolerance", "max_iterations"):
            if not getattr(self, setting) > 0:
                raise ValueError(f"{setting}={getattr(self, setting)}: not positive; see the default of LinearProbe")

    def fit(self, features: Tensor, labels: Tensor) -> Predict:
        """The probe fitted to features (n, d), as a map to labels."""
        return fit(self, features, labels).predict


def objective(weights: Tensor, bias: Tensor, z: Tensor, targets: Tensor, penalty: Tensor) -> Tensor:
    """The mean cross-entropy of z W^T + b plus 1/2 sum_kj penalty_j W_kj^2.

    weights (K, d), bias (K,), z (n, d), targets (n,), penalty (d,) or a scalar -> scalar.
    """
    return functional.cross_entropy(z @ weights.T + bias, targets) + (penalty * weights.square()).sum() / 2


def fit(probe: LinearProbe, features: Tensor, labels: Tensor) -> LinearFit:
    """The minimiser on training features (n, d) with labels (n,), found and kept on the features' device.

    Coordinates: softmax has a Hessian of at most 1/2, so that of the loss in each w_k is at most C/2 + l2 with
    C = Z^T Z / n = U diag(lambda) U^T (Boehning 1992, "Multinomial logistic regression algorithm"). L-BFGS therefore works
    on V with W = V S U^T, S = diag(lambda/2 + l2)^(-1/2): the minimiser is the same, the steps are about half as many.

    Raises ValueError for features that are not finite, and where L-BFGS has not converged.
    """
    classes, targets = check_training(features, labels)
    x = features.double()
    if not torch.isfinite(x).all():
        raise ValueError("train_features are not finite: check the encoder and its input")
    mean, scale = x.mean(dim=0), x.std(dim=0, correction=0)
    # A constant feature has a deviation of rounding errors, which must not be blown up to size one.
    scale = torch.where(scale > 1e-9 * x.abs().amax(dim=0), scale, torch.inf)
    z = (x - mean) / scale
    eigenvalues, axes = torch.linalg.eigh(z.T @ z / len(z))
    curvature = eigenvalues.clamp_min(0) / 2 + probe.l2
    back = axes * curvature.rsqrt()
    white, penalty = z @ back, probe.l2 / curvature
    scaled = torch.zeros(len(classes), x.shape[1], dtype=x.dtype, device=x.device, requires_grad=True)
    bias = torch.zeros(len(classes), dtype=x.dtype, device=x.device, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [scaled, bias],
        max_iter=probe.max_iterations,
        max_eval=2 * probe.max_iterations,
        tolerance_grad=_MAGNIFIED * probe.tolerance,
        tolerance_change=0,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _MAGNIFIED * objective(scaled, bias, white, targets, penalty)
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(closure)
        loss = closure().item() / _MAGNIFIED
    gradients = [part.grad.abs().max().item() for part in (scaled, bias) if part.grad is not None]
    gradient = max(gradients) / _MAGNIFIED
    iterations = int(optimizer.state[scaled]["n_iter"])
    if not gradient <= probe.tolerance:
        raise ValueError(
            f"the linear probe has not converged: largest gradient {gradient:.2g} > tolerance={probe.tolerance:g} after "
            f"{iterations} iterations; raise max_iterations={probe.max_iterations} or l2={probe.l2:g}"
        )
    weights = scaled.detach() @ back.T
    return LinearFit(weights, bias.detach(), mean, scale, classes, loss, gradient, iterations)

"""Optimisers and learning-rate schedules. A schedule is a function of the step, so that resuming needs no state of it."""

import math
from collections.abc import Iterable

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("one-cycle", "cosine")
MOMENTUM = 0.9
WARM_UP = 0.05
"""Share of the steps in which the cosine schedule rises from 0."""

Groups = Iterable[tuple[float, Iterable[nn.Parameter]]]
"""(factor, parameters): parameters whose learning rate is factor times that of the schedule."""


def optimizer_of(name: str, groups: Groups, lr: float, weight_decay: float) -> Optimizer:
    """AdamW ("adamw") or stochastic gradient descent with momentum 0.9 ("sgd"); parameters without gradient are left out."""
    trained = [
        {"params": [p for p in parameters if p.requires_grad], "factor": factor, "lr": factor * lr}
        for factor, parameters in groups
    ]
    if name == "adamw":
        return AdamW(trained, lr=lr, weight_decay=weight_decay)
    return SGD(trained, lr=lr, momentum=MOMENTUM, weight_decay=weight_decay)


def schedule(name: str, step: int, steps: int) -> tuple[float, float]:
    """(learning rate as a share of its peak, momentum) for step 0 .. steps - 1.

    "one-cycle": up from 1/25 over the first 30% of the steps and down to 4e-6, both by half a cosine, momentum .95 to .85
    and back, as torch's OneCycleLR. "cosine": up linearly over the first 5%, then down to 0 by half a cosine; momentum .9.
    Source: Smith and Topin 2018, "Super-Convergence"; Loshchilov and Hutter 2017, "SGDR", without restarts.
    """
    if name == "one-cycle":
        top, end = 0.3 * steps - 1, steps - 1
        if step <= top:
            share = step / top
            return _anneal(1 / 25, 1, share), _anneal(0.95, 0.85, share)
        share = (step - top) / (end - top)
        return _anneal(1, 1 / 25 / 1e4, share), _anneal(0.85, 0.95, share)
    rising = max(1, round(WARM_UP * steps))
    if step < rising:
        return (step + 1) / rising, MOMENTUM
    return _anneal(1, 0, (step - rising) / (steps - rising)), MOMENTUM


def set_rate(optimizer: Optimizer, peak: float, share: float, momentum: float) -> None:
    """Make the next step with learning rate factor * share * peak and this momentum (AdamW: its first beta)."""
    for group in optimizer.param_groups:
        group["lr"] = group["factor"] * share * peak
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        else:
            group["momentum"] = momentum


def _anneal(start: float, end: float, share: float) -> float:
    """From start at share 0 to end at share 1, along half a cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

"""torch.compile for a training step, with a trial before it is relied on."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from empirical.thirdparty import first_line
from theory.messages import Notice


def compiled(loss_of: nn.Module, views: Tensor, backend: str | Callable[..., Any] = "inductor") -> nn.Module:
    """The module compiled, or the module itself, with a notice in one line, where torch cannot compile it.

    loss_of   a learner: views (m, n, 3, H, W) to a loss
    views     of the shape that training has; the trial runs forward and backward on them, which is what compiles
    backend   of torch.compile

    The weights and buffers are afterwards what they were, and no gradient is left.
    """
    before = {name: value.clone() for name, value in loss_of.state_dict().items()}
    faster: Any = torch.compile(loss_of, backend=backend)
    try:
        faster.train()
        faster(
            views.flatten(0, 1).contiguous(memory_format=torch.channels_last).unflatten(0, views.shape[:2])
        ).backward()
    except Exception as error:  # whatever the compilers of another machine raise
        warnings.warn(
            f"torch.compile fails here ({first_line(error)}): training goes on without it", Notice, stacklevel=2
        )
        faster = loss_of
    loss_of.load_state_dict(before)
    loss_of.zero_grad(set_to_none=True)
    result: nn.Module = faster
    return result

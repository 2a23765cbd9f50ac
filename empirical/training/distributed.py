"""Several processes that train as one: gather with gradient, batch statistics over all processes, torchrun's start-up.

Every process holds an equal share of the batch, gathers the features of all and computes the loss of the WHOLE batch. The
backward of `gather` and of `total` sums over processes, which gives the gradient of (number of processes) x loss; averaging
over processes, as `averaged` does, then gives the gradient that one process with the whole batch computes.
"""

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

M = TypeVar("M", bound=nn.Module)


def process_count() -> int:
    """Number of processes that train together; 1 outside of a process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def process_rank() -> int:
    """This process's number, from 0; process 0 writes files and shows progress."""
    return dist.get_rank() if process_count() > 1 else 0


def wait_for_all() -> None:
    """Return once every process has come here."""
    if process_count() > 1:
        dist.barrier()


@contextmanager
def processes(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun started (NCCL on CUDA, gloo on the CPU) and leave them at the end.

    Does nothing in a process that torchrun did not start.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def gather(x: Tensor) -> Tensor:
    """x (n, ...) of every process, in the order of processes: (processes x n, ...); differentiable."""
    return x if process_count() == 1 else _applied(_Gather, x)


def total(x: Tensor) -> Tensor:
    """The sum of x over processes; differentiable."""
    return x if process_count() == 1 else _applied(_Total, x)


def _applied(function: Any, x: Tensor) -> Tensor:
    """A torch.autograd.Function applied to x; torch does not say what type that has."""
    result: Tensor = function.apply(x)
    return result


def averaged(learner: nn.Module) -> nn.Module:
    """The learner, its gradients averaged over processes while they are computed; itself where there is one process.

    Buffers are not synchronised: whole-batch statistics and gathered keys make them equal in every process.
    """
    if process_count() == 1:
        return learner
    renamed = "forward_sync_buffers" in inspect.signature(DistributedDataParallel.__init__).parameters
    options: dict[str, Any] = {"forward_sync_buffers" if renamed else "broadcast_buffers": False}
    return DistributedDataParallel(learner, **options)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x = x.contiguous()
        ctx.rows = len(x)
        parts = [torch.empty_like(x) for _ in range(process_count())]
        dist.all_gather(parts, x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        whole = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(whole)
        return whole[process_rank() * ctx.rows :][: ctx.rows]


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, x: Tensor) -> Tensor:
        whole = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(whole)
        return whole

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        whole = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(whole)
        return whole


class WholeBatchNorm(_BatchNorm):
    """Batch normalisation by the statistics of all processes' rows, on any device; state and formula of nn.BatchNorm.

    torch's SyncBatchNorm does the same on CUDA, fused, and refuses the CPU.
    """

    momentum: float
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"input.shape={tuple(input.shape)}: no channels; give (n, channels, ...)")

    def forward(self, x: Tensor) -> Tensor:
        """Normalised x (n, channels, ...); by running statistics in evaluation mode."""
        if not self.training or process_count() == 1:
            return super().forward(x)
        self._check_input_dim(x)
        axes = [axis for axis in range(x.ndim) if axis != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        count = x.numel() // x.shape[1] * process_count()
        mean = total(x.sum(dim=axes)) / count
        centred = x - mean.view(shape)
        variance = total(centred.square().sum(dim=axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        return centred * scale.view(shape) + self.bias.view(shape)


def synchronised(module: M, device: torch.device) -> M:
    """The module with every batch normalisation replaced by one over all processes; parameters and names stay.

    Affine normalisation with running statistics is meant, torch's default. With one process the module is returned as it is.
    """
    if process_count() == 1:
        return module
    if device.type == "cuda":
        converted: M = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return converted
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
            norm = WholeBatchNorm(child.num_features, child.eps, child.momentum)
            norm._parameters, norm._buffers = child._parameters, child._buffers
            setattr(module, name, norm)
        else:
            synchronised(child, device)
    return module

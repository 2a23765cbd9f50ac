"""What training changes, as tensors with names, and put back: a learner and its optimiser."""

from collections.abc import Collection

from torch import Tensor, nn
from torch.optim import Optimizer


def tensors_of(learner: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """Every tensor of a run by name: the learner's, and the optimiser's by number of parameter."""
    named = {f"learner.{name}": value for name, value in learner.state_dict().items()}
    for number, values in optimizer.state_dict()["state"].items():
        named |= {f"optimizer.{number}.{name}": value for name, value in values.items()}
    return named


def untrained(optimizer: Optimizer) -> list[int]:
    """Numbers of the parameters that no loss has reached, and of which the optimiser keeps nothing."""
    state = optimizer.state_dict()
    return [number for group in state["param_groups"] for number in group["params"] if number not in state["state"]]


def put_back(
    tensors: dict[str, Tensor], without_moments: Collection[int], learner: nn.Module, optimizer: Optimizer
) -> None:
    """Put `tensors_of` a run, of which `untrained` named these parameters, into its learner and its optimiser.

    Raises ValueError or RuntimeError for tensors of another run.
    """
    weights: dict[str, Tensor] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        if part == "learner":
            weights[rest] = value
        else:
            number, _, entry = rest.partition(".")
            moments.setdefault(int(number), {})[entry] = value
    learner.load_state_dict(weights)
    groups = optimizer.state_dict()["param_groups"]
    numbers = {number for group in groups for number in group["params"]}
    if set(moments) != numbers - set(without_moments):
        raise ValueError(f"moments of {len(moments)} parameters, not of {len(numbers)}")
    optimizer.load_state_dict({"state": moments, "param_groups": groups})

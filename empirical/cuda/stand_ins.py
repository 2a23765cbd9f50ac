"""Modules in the place of provers that a machine lacks. Imported, this file installs them.

The claims of `theory` name solvers where they state their proofs, so importing a formula of theirs imports the solvers. A GPU
machine proves nothing. A stand-in can be imported and named, and raises ModuleNotFoundError where anything is done with it:
what would prove something fails, and no number changes.
"""

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NoReturn

PROVERS = ("z3", "cvc5", "flint")


class StandIn:
    """Something of a module that is missing: it may stand in a union of types, and nothing else."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __or__(self, other: Any) -> "StandIn":
        return self

    __ror__ = __or__

    def __call__(self, *_: Any, **__: Any) -> NoReturn:  # noqa: D102
        raise ModuleNotFoundError(f"{self._name}: {self._name.partition('.')[0]} is not installed")

    __getattr__ = __call__


class _Module(ModuleType):
    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")


def install(names: tuple[str, ...] = PROVERS) -> tuple[str, ...]:
    """Put a stand-in for each of these modules that cannot be found; the names of those that are missing."""
    missing = tuple(name for name in names if name not in sys.modules and find_spec(name) is None)
    for name in missing:
        sys.modules[name] = _Module(name)
    return tuple(name for name in names if isinstance(sys.modules.get(name), _Module))


MISSING = install()
"""The provers that this process does without."""

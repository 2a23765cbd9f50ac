"""Options of a command for the parameters of methods: --temperature and the like, read off the methods' own fields."""

import argparse
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, get_type_hints

from empirical.training.methods import METHODS, Method
from theory.command import integer, number

READERS: dict[Any, dict[str, Any]] = {
    int: {"type": integer},
    float: {"type": number},
    float | None: {"type": number},
    str: {},
    tuple[int, ...]: {"type": integer, "nargs": "+"},
}
"""How argparse reads a field of each type; a field of another type gets no option."""
PREFIX = "method_"


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add an option for each parameter of a method, except for names that the command uses otherwise, such as --views."""
    group = parser.add_argument_group("parameters of methods")
    owners: dict[str, list[str]] = {}
    readers: dict[str, dict[str, Any]] = {}
    for method in METHODS.values():
        for name, reader in _parameters(method):
            owners.setdefault(name, []).append(method.name)
            readers.setdefault(name, reader)
    for name, reader in readers.items():
        option = f"--{name.replace('_', '-')}"
        if option not in parser._option_string_actions:
            methods = ", ".join(dict.fromkeys(owners[name]))
            group.add_argument(option, dest=PREFIX + name, metavar="X", help=f"of {methods}", **reader)


def with_parameters(method: Method, options: argparse.Namespace) -> Method:
    """The method with the parameters that were given; ValueError for one that it does not have."""
    given = {
        name.removeprefix(PREFIX): tuple(value) if isinstance(value, list) else value
        for name, value in vars(options).items()
        if name.startswith(PREFIX) and value is not None
    }
    known = dict(_parameters(method))
    for name, value in given.items():
        if name not in known:
            raise ValueError(
                f"--{name.replace('_', '-')}={value}: no parameter of {method.name}; choose of "
                + ", ".join(f"--{other.replace('_', '-')}" for other in known if PREFIX + other in vars(options))
            )
    changed: Method = replace(method, **given)
    return changed


def _parameters(method: Method) -> Iterator[tuple[str, dict[str, Any]]]:
    hints = get_type_hints(type(method))
    for field in fields(method):
        if field.init and hints[field.name] in READERS:
            yield field.name, READERS[hints[field.name]]

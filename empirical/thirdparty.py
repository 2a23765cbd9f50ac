"""Code from outside this project: import it by name, give it reproducible random states, put what it raises into one line."""

import dis
import importlib
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

FOREIGN_ERRORS = (BaseException,)
"""What code of another author may raise. SystemExit too: a sys.exit(0) in it would end an audit as if all were well.

A handler says `first_line` of it, which passes Ctrl-C on. os._exit cannot be caught: code that calls it ends the process.
"""
TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Sequences that change a terminal's colours or cursor."""


def imported(spec: str, role: str) -> Any:
    """The object that "package.module:name" names; ValueError, which calls it its `role`, where it cannot be imported."""
    package, _, name = spec.partition(":")
    try:
        return getattr(importlib.import_module(package), name)
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"{role} {spec!r} cannot be imported ({first_line(error)}): give package.module:name, on PYTHONPATH"
        ) from error


@contextmanager
def seeded(*keys: int) -> Iterator[None]:
    """Inside, the keys give the random states of Python, NumPy and torch's CPU generator; afterwards they are restored."""
    seed = int(np.random.SeedSequence(keys).generate_state(1)[0])
    python, numpy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - other code uses it
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the accelerators too
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.set_rng_state(cpu)


def first_line(error: BaseException) -> str:
    """The kind of an error, and the first line of what it says, if it can say anything, as a terminal may show it.

    Raises the error again where it is the user's Ctrl-C, and not a KeyboardInterrupt that the code raised itself.
    """
    if isinstance(error, KeyboardInterrupt) and not _raised_by_code(error):
        raise error
    try:
        lines = str(error).splitlines()
    except FOREIGN_ERRORS as second:
        if isinstance(second, KeyboardInterrupt) and not _raised_by_code(second):
            raise
        lines = []
    return f"{type(error).__name__}: {shown((lines or [''])[0])[:200]}"


def represented(value: object) -> str:
    """The repr of an object of another author, or its type where that cannot be had."""
    try:
        return repr(value)
    except FOREIGN_ERRORS as error:
        return f"a {type(value).__name__} ({first_line(error)})"


def shown(text: str) -> str:
    """The text without sequences that steer a terminal; other characters that cannot be printed become escapes."""
    plain = TERMINAL.sub("", text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in plain)


def _raised_by_code(error: BaseException) -> bool:
    """Whether a raise statement threw the error: a signal arrives between two instructions, never at one."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    return dis.opname[trace.tb_frame.f_code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"

"""What code of other authors raises: one line, but for the user's own Ctrl-C."""

import ast
import signal
from pathlib import Path

import numpy as np
import pytest

from empirical.audit.halves import halves
from empirical.thirdparty import represented

ROOT = Path(__file__).resolve().parent.parent.parent
BROAD = {"FOREIGN_ERRORS", "BaseException"}


def test_every_handler_of_foreign_errors_passes_ctrl_c_on():
    """By `first_line`, or by raising what it caught."""
    handlers = [
        (path, node)
        for path in sorted((ROOT / "empirical").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id in BROAD
    ]
    for path, handler in handlers:
        calls = [
            node
            for node in ast.walk(handler)
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("first_line", "_raised_by_code")
                and isinstance(node.args[0], ast.Name)
                and node.args[0].id == handler.name
            )
        ]
        assert calls, f"{path}:{handler.lineno}"
    assert len(handlers) > 10


class Number:
    """An integer that does something before it says which one it is."""

    def __init__(self, act):
        self.act = act

    def __index__(self):
        self.act()
        return 0

    def __repr__(self):
        raise RuntimeError("no representation")


class Data:
    def __init__(self, label):
        self.label = label

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return np.full((3, 4, 5), i / 8, dtype="float32"), self.label


def interrupted():
    signal.raise_signal(signal.SIGINT)


def raising(error):
    def act():
        raise error

    return act


def test_ctrl_c_while_a_label_is_read_stays_ctrl_c():
    with pytest.raises(KeyboardInterrupt):
        halves(Data(Number(interrupted)))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(0), BaseException("odd"), TypeError("no number")])
def test_a_label_that_raises_anything_is_named(error):
    with pytest.raises(ValueError, match=rf"label .* of item 0 is no integer.*{type(error).__name__}"):
        halves(Data(Number(raising(error))))


def test_an_object_without_a_representation_is_named_by_its_type():
    assert represented(Number(interrupted)) == "a Number (RuntimeError: no representation)"
    assert represented(0.5) == "0.5"

"""Imports as in a fresh interpreter, without the seconds in which that loads what others wrote."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

PACKAGES = ("contrastive_theory", "theory", "simulate", "empirical", "figures")


def _imported() -> dict[str, object]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] in PACKAGES}


@contextmanager
def fresh_packages() -> Iterator[None]:
    """Within, no module of this project has been imported yet; afterwards those from before are back."""
    before = _imported()
    for name in before:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in _imported():
            del sys.modules[name]
        sys.modules.update(before)

"""Audit any encoder: what is certified of it, and what blocks the rest. `python -m empirical.audit --help`.

    encoding    encoders.py, data.py, views.py, features.py: whatever is given becomes unit features (n, m, d)
    exact       exact.py: the finite world of the images and views given, against every form of Theorem 1
    population  theory.theorem1.certificates: anchors and radii from the fitting half, counted on the other
    certificate certificate.py writes it, check.py verifies it from features alone
    report      report.py (text), page.py (HTML), table.py (LaTeX)

The module can be called: `empirical.audit(encoder, data, views)` is `empirical.audit.audit(encoder, data, views)`.
"""

import sys
from types import ModuleType
from typing import Any

from empirical.audit.core import Audit, Transfer, audit
from empirical.audit.encoders import Subject, load_encoder
from empirical.audit.halves import Halves, halves
from empirical.views.parsing import parse_views
from empirical.views.protocol import Views

__all__ = ["Audit", "Halves", "Subject", "Transfer", "Views", "audit", "halves", "load_encoder", "parse_views"]


class _Callable(ModuleType):
    """A module that is also the function it is named after."""

    def __call__(self, *arguments: Any, **options: Any) -> Audit:
        return audit(*arguments, **options)


sys.modules[__name__].__class__ = _Callable

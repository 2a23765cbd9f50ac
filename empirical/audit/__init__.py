"""Audit any encoder: what is certified of it, and what blocks the rest. `python -m empirical.audit --help`.

    encoders, halves               make a module in evaluation mode, and labelled images in two halves, of what is given
    core                           `audit`: from views and features to exact mode and population mode
    diagnosis                      main parts, worst pairs, and the rest that only an audit reports of the finite world
    certificate, schema, check     write the bounds to a file, and verify that file from the features alone
    report, page, pairs, table     the same as text, HTML and LaTeX

Features and the measurement of the finite world are shared with the studies of training: `empirical.evaluation`.
"""

from typing import TYPE_CHECKING

from theory.exports import on_demand

if TYPE_CHECKING:
    from empirical.audit.core import Audit as Audit
    from empirical.audit.core import DomainShift as DomainShift
    from empirical.audit.core import audit as audit
    from empirical.audit.encoders import Subject as Subject
    from empirical.audit.encoders import load_encoder as load_encoder
    from empirical.audit.halves import Halves as Halves
    from empirical.views.parsing import parse_views as parse_views
    from empirical.views.protocol import Views as Views

_HOMES = {
    "Audit": "empirical.audit.core",
    "DomainShift": "empirical.audit.core",
    "Halves": "empirical.audit.halves",
    "Subject": "empirical.audit.encoders",
    "Views": "empirical.views.protocol",
    "audit": "empirical.audit.core",
    "load_encoder": "empirical.audit.encoders",
    "parse_views": "empirical.views.parsing",
}
"""Imported when first asked for, so that `python -m empirical.audit` sees what goes wrong in it."""

__all__ = ["Audit", "DomainShift", "Halves", "Subject", "Views", "audit", "load_encoder", "parse_views"]

__getattr__ = on_demand(__name__, _HOMES)

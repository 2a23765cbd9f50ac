"""Audit any encoder: what is certified of it, and what blocks the rest. `python -m empirical.audit --help`.

    encoders, halves               make a module in evaluation mode, and labelled images in two halves, of what is given
    core                           `audit`: from views and features to exact mode and population mode
    diagnosis                      main parts, worst pairs, and the rest that only an audit reports of the finite world
    certificate, schema, check     write the bounds to a file, and verify that file from the features alone
    report, page, pairs, table     the same as text, HTML and LaTeX

Features and the measurement of the finite world are shared with the studies of training: `empirical.evaluation`.
"""

from empirical.audit.core import Audit, DomainShift, audit
from empirical.audit.encoders import Subject, load_encoder
from empirical.audit.halves import Halves, halves
from empirical.views.parsing import parse_views
from empirical.views.protocol import Views

__all__ = ["Audit", "DomainShift", "Halves", "Subject", "Views", "audit", "halves", "load_encoder", "parse_views"]

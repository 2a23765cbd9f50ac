"""Audit any encoder: what is certified of it, and what blocks the rest. `python -m empirical.audit --help`.

    encoders, halves      whatever is given becomes a module in evaluation mode and labelled images in two halves
    core                  `audit`: views, features, exact mode and population mode
    diagnosis             main parts, worst pairs, and what else only an audit reports of the finite world
    certificate, check    the file that states the bounds; its verification from the features alone
    report, page, table   text, HTML and LaTeX

Shared with the studies of training: features and the measurement of the finite world (`empirical.evaluation`).
"""

from empirical.audit.core import Audit, DomainShift, audit
from empirical.audit.encoders import Subject, load_encoder
from empirical.audit.halves import Halves, halves
from empirical.views.protocol import Views, parse_views

__all__ = ["Audit", "DomainShift", "Halves", "Subject", "Views", "audit", "halves", "load_encoder", "parse_views"]

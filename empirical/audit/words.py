"""Words that several sections of an audit's page share."""

from empirical.audit.core import Audit
from empirical.audit.table import text
from theory.theorem1 import FORMS


def names_of(audit: Audit) -> list[str]:
    """The names of the classes, as HTML."""
    return [text(name) for name in audit.data.class_names]


def level_of(audit: Audit) -> str:
    """The level of population mode."""
    return f"{100 * audit.population.level:.6g}%"


def share_of(audit: Audit) -> str:
    """The share that the best form of exact mode asks for: sigma or alpha."""
    return FORMS[audit.exact.best.form].share

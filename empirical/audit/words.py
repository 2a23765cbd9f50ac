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


def jointly(audit: Audit) -> str:
    """What to say of several bounds for one population; empty where there is one."""
    bounds = 1 + (audit.points is not None) + (audit.continuous is not None)
    if bounds == 1:
        return ""
    return f"These {bounds} bounds for the population hold at level {audit.population.level:g} each, not jointly."


def share_of(audit: Audit) -> str:
    """The share that the best form of exact mode asks for: sigma or alpha."""
    return FORMS[audit.exact.best.form].share

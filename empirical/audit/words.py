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
    others = {"by points": audit.points, "for every view of the box": audit.continuous}
    bounds = ["by balls", *(words for words, bound in others.items() if bound is not None)]
    if len(bounds) == 1:
        return ""
    return (
        f"For the population, bounds {' and '.join(bounds)} hold at level {audit.population.level:g} each, not jointly."
    )


def share_of(audit: Audit) -> str:
    """The share that the best form of exact mode asks for: sigma or alpha."""
    return FORMS[audit.exact.best.form].share

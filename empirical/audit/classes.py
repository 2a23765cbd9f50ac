"""The tables of an audit, class by class."""

from empirical.audit.answer import lacks
from empirical.audit.core import Audit
from empirical.audit.table import Column, certified, certified_by_class, html_table, number, population_by_class
from empirical.audit.words import level_of, names_of, share_of
from theory.setting import Array

BLOCKS: Column = ("what blocks", None)
"""The column that a table has where something blocks."""


def _met_by(met: list[str], forms: int) -> str:
    return f'<span class="yes">{"all" if len(met) == forms else ", ".join(met)}</span>' if met else "none"


def exact_classes(audit: Audit, measured: Array) -> str:
    """Exact mode by the best form; measured (K,): the share of each class of which some view is misclassified."""
    exact, names = audit.exact, names_of(audit)
    best, bounds = exact.best, certified_by_class(exact.best)
    rows = []
    for v in best.classes:
        met = [c.form for c in exact.certificates if c.classes[v.label].met]
        cells = [number(exact.shares[v.label], "exact"), number(v.share, "lower"), number(v.share_needed, "upper")]
        cells += [number(v.s, "upper"), number(v.s_limit, "lower"), number(v.margin, "lower"), names[v.rival]]
        cells += [_met_by(list(met), len(exact.certificates)), certified(bounds[v.label], v.met)]
        cells.append(number(measured[v.label], "exact"))
        if not best.met:
            cells.append("" if v.met else f'<div class="says">{lacks(v, share_of(audit))}</div>')
        rows.append([names[v.label], *cells])
    head: list[Column] = [
        ("class", None),
        ("share p", "exact"),
        (share_of(audit), "lower"),
        ("needed", "upper"),
        ("s", "upper"),
    ]
    head += [("s limit", "lower"), ("margin", "lower"), ("nearest rival", None), ("met by", None)]
    head += [("certified error", "upper"), ("measured error", "exact"), *([] if best.met else [BLOCKS])]
    return "<p>Errors are shares of the class, in any view. Lengths are in units of r.</p>" + html_table(
        f"Exact mode, {best.form} form, each class with the eps and delta that are best for it", head, rows
    )


def population_classes(audit: Audit, measured: Array) -> str:
    """Population mode, at its level; measured as above."""
    population, names, form = audit.population, names_of(audit), audit.population.form
    bounds = population_by_class(population, form)
    rows = []
    for c in population.classes:
        met = [name for name in population.errors if c.met(name)]
        cells = [
            str(c.samples),
            number(c.alpha.low, "lower"),
            number(c.mass.low, "lower"),
            number(c.radius, "exact"),
        ]
        cells += [f"{number(c.located_radius, 'upper')} ({c.located_by})", number(c.own, "upper"), names[c.rival]]
        cells += [number(c.rival_distance, "lower"), number(c.margins["anchored"], "lower")]
        cells += [_met_by(met, len(population.errors)), certified(bounds[c.label], c.met(form))]
        rows.append([names[c.label], *cells, number(measured[c.label], "estimate")])
    head: list[Column] = [("class", None), ("samples", "exact"), ("alpha", "lower"), ("mass", "lower"), ("t", "exact")]
    head += [("mean located within", "upper"), ("anchor to own mean", "upper"), ("nearest rival", None)]
    head += [("anchor to rival's mean", "lower"), ("margin", "lower"), ("met by", None)]
    head += [("certified error", "upper"), ("on the sample", "estimate")]
    caption = f"Population at {level_of(audit)}, all bounds together; margin of the anchored, error of the {form} form"
    return html_table(caption, head, rows) + (
        '<p class="soft">The anchored form is met where the anchor is farther from the rival\'s mean than from its own by '
        "more than 2 t; the margin is what is left. A mean is located by the ball about the sample mean or by that about the "
        "anchor, whichever is smaller.</p>"
    )

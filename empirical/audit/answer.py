"""The answer of an audit in sentences: what is certified, of whom, and what blocks the rest."""

from empirical.audit.core import Audit
from empirical.audit.report import least
from empirical.audit.table import marked, text
from empirical.audit.words import level_of, names_of, share_of
from theory.theorem1 import ClassCertificate

NAMED = 5
"""Classes that one list names."""


def answer(audit: Audit) -> str:
    """HTML: the statements, what is assumed, and what blocks."""
    exact, population, K, m = audit.exact, audit.population, audit.exact.classes, audit.views.m
    form, error, met = least(audit)
    fresh, met_there = population.form, sum(c.met(population.form) for c in population.classes)
    world = f"On the {exact.samples} certifying images with {m} views each,"
    first = f"{world} no form of Theorem 1 is met for any class: nothing is certified of the nearest class mean."
    if error < 1:
        first = (
            f"{world} the {form} form of Theorem 1 certifies that the nearest class mean errs on a share of "
            f"at most {marked(error, 'upper')}, in any view. Its condition holds for {met} of {K} classes."
        )
    first += (
        f" Measured, the error is {marked(exact.error_any_view, 'exact')} in any view and "
        f"{marked(exact.error, 'exact')} on the images themselves."
    )
    second = f"At level {level_of(audit)} nothing is certified of the population that these images were drawn from."
    if population.errors[fresh] < 1:
        second = (
            f"With probability at least {level_of(audit)}, the error on the population that these images were drawn from, "
            f"with its own class means, is at most {marked(population.errors[fresh], 'upper')} ({fresh} form, {met_there} of "
            f"{K} classes)."
        )
    assumed = (
        "For the population it is assumed that the certifying images are independent draws on which neither encoder, head, "
        "anchors nor radii depend. "
    )
    if audit.views.same:
        assumed += (
            f"The views of every image are made by the same {m} transformations: A(x) is these, and nothing else."
        )
    else:
        assumed += (
            f"Both statements are about {m} views per image, the image itself and {m - 1} random ones, for the population "
            "drawn anew with each image. "
        ) + (
            "Of any other view nothing is claimed."
            if audit.continuous is None
            else "What holds for every view of the box is in the next section."
        )
    stated = audit.diagnosis.as_printed
    printed = "Theorem 1 exactly as printed, one eps and delta for all classes and s measured in feature space, "
    if stated.met:
        printed += f"certifies {marked(stated.error, 'upper')}."
    else:
        printed += f"is not met: {_against(audit, stated.binding)}, {lacks(stated.binding, 'sigma')}."
    alert = "A certified error lies below the measured one: do not rely on this audit."
    blocked = "".join(f"<li>{line}</li>" for line in _blocks(audit))
    return (
        (f'<p class="alert">{alert}</p>' if audit.false else "")
        + f'<p class="answer">{first} {second}</p><p>{assumed}</p><p>{printed}</p>'
        + (f"<h3>What blocks the rest</h3><ul>{blocked}</ul>" if blocked else "")
    )


def _blocks(audit: Audit) -> list[str]:
    """Sentences, the classes that miss by most first; none where nothing blocks."""
    best, population, names, form = audit.exact.best, audit.population, names_of(audit), audit.population.form
    unmet = sorted((v for v in best.classes if not v.met), key=lambda v: v.margin)
    lines = [f"Exact mode, {best.form} form, {_against(audit, v)}: {lacks(v, share_of(audit))}." for v in unmet[:NAMED]]
    if len(unmet) > NAMED:
        lines.append(f"Exact mode, {len(unmet) - NAMED} more classes: see the table.")
    fresh = sorted((c for c in population.classes if not c.met(form)), key=lambda c: c.margins[form])
    for c in fresh[:NAMED]:
        lines.append(
            f"Population, {form} form, {names[c.label]} against {names[c.rival]}: margin {marked(c.margins[form], 'lower')}."
        )
    if len(fresh) > NAMED:
        lines.append(f"Population, {len(fresh) - NAMED} more classes: see the table.")
    return lines


def _against(audit: Audit, verdict: ClassCertificate) -> str:
    names = names_of(audit)
    return f"{names[verdict.label]} against {names[verdict.rival]}"


def lacks(verdict: ClassCertificate, share: str) -> str:
    """What keeps a class from its condition, and by how much."""
    cost = "largest cost " + text(verdict.blocker).replace("^2", "\u2060\u00b2").replace(" - ", " \u2212 ")
    if verdict.s < verdict.s_limit:
        short = marked(verdict.share_needed - verdict.share, "upper")
        return f"{share} too small by {short} at s = {marked(verdict.s, 'upper')}; {cost}"
    if verdict.s_limit > 0:
        return f"s too large by {marked(verdict.s - verdict.s_limit, 'upper')}"
    return f"even s = 0 would not do, mu_k.mu_l = {marked(verdict.product, 'exact')}; {cost}"

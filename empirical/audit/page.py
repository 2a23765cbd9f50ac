"""The report of an audit: one HTML page without scripts or outside resources, every number of it from the `Audit`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from empirical.audit import neighbours
from empirical.audit.core import Audit
from empirical.audit.diagnosis import CONTRASTS
from empirical.audit.drawing import STYLE, bars, heat
from empirical.audit.pairs import worst_pairs
from empirical.audit.report import exact_errors
from empirical.audit.table import (
    Column,
    certified_by_class,
    html_table,
    marked,
    number,
    population_by_class,
    text,
)
from empirical.evaluation.heads import HEADS
from empirical.rounding import Direction
from theory.factors import mean_shortfall
from theory.files import write_text
from theory.setting import Array
from theory.theorem1 import FORMS, ClassCertificate

MATRIX = 20
"""Up to so many classes all products mu_k.mu_l are shown, beyond that the largest ones."""
NAMED = 5
"""Classes that one list names."""

GLOSSARY = {
    "Err(G_f)": "share of samples whose feature is not nearest to the mean of their own class. In any view: as soon as one "
    "of a sample's views is not; Theorem 1 bounds that too.",
    "view, A(x)": "an image x after the augmentation; x is one of its own views.",
    "mu_k, r": "mean feature of class k over samples and views; r is the norm of all features, and the unit of lengths.",
    "S_eps, R_eps": "the samples whose views all lie within eps of each other, and the share outside (alignment).",
    "main part, sigma, alpha": "a part of a class whose samples pairwise have views within reach; sigma is its share of the "
    "class, alpha that of its samples in S_eps (concentration). In the population: the samples with all views within t of "
    "the class's anchor; mass is their share of all samples.",
    "s": "reach + 2 eps: how far a view may be from a sample of the main part. s limit: the largest s at which a main part "
    "of the whole class would do.",
    "needed": "the least share with which the condition would hold at this s; 1 where none does.",
    "margin": "by how much the condition of a form holds for the nearest rival; it is met where positive.",
    "forms": "printed: as in the paper, here class by class. corrected, sharp, chord, cap, exact: derived from the same "
    "hypotheses, each from a closer look at where a feature can lie. anchored: the main part is a ball about an anchor, a "
    "point chosen beforehand.",
    "L_align, L_AR": "mean squared distance of two random views of a sample, and of its two farthest views.",
    "divergence": "the products mu_k.mu_l of different classes: the smaller, the easier every condition.",
    "exact, upper, lower, estimate": "exact: computed on the images and views audited, nothing left open. upper, lower: the "
    "true value is not above, not below; rounded to that side. estimate: bounded by nothing.",
}


def write_page(audit: Audit, path: Path) -> None:
    """Write the page, atomically."""
    write_text(path, page(audit))


def page(audit: Audit) -> str:
    """The page as HTML text."""
    measured = audit.exact.error_by_class
    sections = {
        "Answer": _answer(audit),
        "What was audited": _audited(audit),
        "From printed to exact": _waterfall(audit),
        "Class by class": _exact_classes(audit, measured) + _population_classes(audit, measured),
        "The three factors": _concentration(audit) + _alignment(audit) + _divergence(audit),
        "Hardest pairs": worst_pairs(audit),
        "Neighbouring theories": neighbours.section(audit.neighbours),
        "Other domains": _domain_shift(audit),
        "How the level is shared": _union(audit),
        "Glossary": f"<dl>{''.join(f'<dt>{term}</dt><dd>{meaning}</dd>' for term, meaning in GLOSSARY.items())}</dl>",
    }
    links = " ".join(f'<a href="#s{i}">{name}</a>' for i, name in enumerate(sections))
    body = "".join(f'<h2 id="s{i}">{name}</h2>{content}' for i, (name, content) in enumerate(sections.items()))
    title = f"Audit of {text(audit.subject.name)} on {text(audit.data.name)}"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>"
        f'<nav aria-label="Sections">{links}</nav>{body}</main></body></html>\n'
    )


def _names(audit: Audit) -> list[str]:
    return [text(name) for name in audit.data.class_names]


def _listed(audit: Audit, labels: Sequence[int]) -> str:
    names = _names(audit)
    return ", ".join(names[k] for k in labels[:NAMED]) + (
        f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    )


def _level(audit: Audit) -> str:
    return f"{100 * audit.population.level:.6g}%"


def _answer(audit: Audit) -> str:
    exact, population, K = audit.exact, audit.population, audit.exact.classes
    form, m = population.form, audit.views.m
    met, met_there = sum(v.met for v in exact.best.classes), sum(c.met(form) for c in population.classes)
    world = f"On the {exact.samples} certifying images with {m} views each,"
    first = f"{world} no form of Theorem 1 is met for any class: nothing is certified of the nearest class mean."
    if exact.best.error < 1:
        first = (
            f"{world} the {exact.best.form} form of Theorem 1 certifies that the nearest class mean errs on a share of "
            f"at most {marked(exact.best.error, 'upper')}, in any view. Its condition holds for {met} of {K} classes."
        )
    first += (
        f" Measured, the error is {marked(exact.error_any_view, 'exact')} in any view and "
        f"{marked(exact.error, 'exact')} on the images themselves."
    )
    second = f"At level {_level(audit)} nothing is certified of the population that these images were drawn from."
    if population.errors[form] < 1:
        second = (
            f"With probability at least {_level(audit)}, the error on the population that these images were drawn from, "
            f"with its own class means, is at most {marked(population.errors[form], 'upper')} ({form} form, {met_there} of "
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
            "drawn anew with each image. Of any other view nothing is claimed."
        )
    stated = audit.diagnosis.as_printed
    printed = "Theorem 1 exactly as printed, one eps and delta for all classes and s measured in feature space, "
    if stated.met:
        printed += f"certifies {marked(stated.error, 'upper')}."
    else:
        printed += f"is not met: {_against(audit, stated.binding)}, {_lacks(stated.binding, 'sigma')}."
    alert = "A certified error lies below the measured one: do not rely on this audit."
    return (
        (f'<p class="alert">{alert}</p>' if audit.false else "")
        + f'<p class="answer">{first} {second}</p><p>{assumed}</p><p>{printed}</p><h3>What blocks the rest</h3>'
        + f"<ul>{''.join(f'<li>{line}</li>' for line in _blocks(audit, form))}</ul>"
    )


def _blocks(audit: Audit, form: str) -> list[str]:
    """Sentences, the classes that miss by most first."""
    best, population, names = audit.exact.best, audit.population, _names(audit)
    unmet = sorted((v for v in best.classes if not v.met), key=lambda v: v.margin)
    lines = [f"Exact mode, {_against(audit, v)}: {_lacks(v, _share(audit))}." for v in unmet[:NAMED]]
    if len(unmet) > NAMED:
        lines.append(f"Exact mode, {len(unmet) - NAMED} more classes: see the table.")
    if not unmet:
        lost = max(best.classes, key=lambda v: v.error * audit.exact.shares[v.label])
        lines.append(
            f"Exact mode: nothing, every class is met. Most is lost of {names[lost.label]}: "
            f"{marked(lost.error, 'upper')} of the class."
        )
    fresh = sorted((c for c in population.classes if not c.met(form)), key=lambda c: c.margins[form])
    for c in fresh[:NAMED]:
        lines.append(
            f"Population, {names[c.label]} against {names[c.rival]}: margin {marked(c.margins[form], 'lower')}."
        )
    if len(fresh) > NAMED:
        lines.append(f"Population, {len(fresh) - NAMED} more classes: see the table.")
    if not fresh:
        least = min(population.classes, key=lambda c: c.alpha.low)
        lines.append(
            f"Population: nothing, every class is met. The least part is certain of {names[least.label]}: alpha is "
            f"{marked(least.alpha.low, 'lower')}, from {least.samples} samples."
        )
    return lines


def _against(audit: Audit, verdict: ClassCertificate) -> str:
    names = _names(audit)
    return f"{names[verdict.label]} against {names[verdict.rival]}"


def _share(audit: Audit) -> str:
    return FORMS[audit.exact.best.form].share


def _lacks(verdict: ClassCertificate, share: str) -> str:
    """What keeps a class from its condition, and by how much; what costs it most where it is met."""
    cost = "largest cost " + text(verdict.blocker).replace("^2", "\u2060\u00b2").replace(" - ", " \u2212 ")
    if verdict.met:
        return cost
    if verdict.s < verdict.s_limit:
        short = marked(verdict.share_needed - verdict.share, "upper")
        return f"{share} too small by {short} at s = {marked(verdict.s, 'upper')}; {cost}"
    if verdict.s_limit > 0:
        return f"s too large by {marked(verdict.s - verdict.s_limit, 'upper')}"
    return f"even s = 0 would not do, mu_k.mu_l = {marked(verdict.product, 'exact')}; {cost}"


def _audited(audit: Audit) -> str:
    encoder, data, views = audit.subject, audit.data, audit.views
    head = HEADS[audit.head] + (f", {audit.clusters} clusters" if audit.head == "clusters" else "")
    described = views.source.describe()
    parameters = "a callable, known by its name only"
    if not isinstance(described, str):
        parameters = ", ".join(f"{name} {value}" for name, value in described.items())
    shape = " \u00d7 ".join(map(str, data.images.shape[1:]))
    facts = {
        "Encoder": text(encoder.name),
        "Checkpoint": "none" if encoder.checkpoint is None else text(encoder.checkpoint),
        "Weights, SHA-256": f"<code>{text(encoder.weights_sha256)}</code>",
        "Layer": "output" if encoder.layer is None else text(encoder.layer),
        "Head": f"{head}. It counts as part of the encoder; what is fitted of it was fitted on the fitting half.",
        "Data": f"{text(data.name)}: {len(data.class_names)} classes, {len(data.fit_images)} fitting and "
        f"{len(data.images)} certifying images of {shape}",
        "Data, SHA-256": f"<code>{text(data.fingerprint())}</code>",
        "Views": f"{text(views.name)}: {views.m} per image, the image included, "
        f"{'the same for all images' if views.same else 'drawn for each image'}, seed {views.seed}; {text(parameters)}",
        "Features": f"{audit.features.shape[2]} dimensions, unit norm",
        "Seed, device": f"{audit.seed}, {text(audit.device)}",
        "Time, memory": f"{audit.seconds:.1f} s, {audit.memory / 2**30:.2f} GiB at most",
    }
    return html_table("Inputs and cost", [("item", None), ("value", None)], list(facts.items()), "facts")


def _waterfall(audit: Audit) -> str:
    exact, population, K = audit.exact, audit.population, audit.exact.classes
    exact_forms = exact_errors(audit)
    population_forms = {
        form: (error, sum(c.met(form) for c in population.classes)) for form, error in population.errors.items()
    }
    measured: list[tuple[str, float, Direction]]
    measured = [("in any view", exact.error_any_view, "exact"), ("on the images", exact.error, "exact")]
    panels = bars("Exact mode: certified error", exact_forms, K, measured)
    panels += bars(
        f"Population at {_level(audit)}: certified error",
        population_forms,
        K,
        [("on the sample, in any view", population.sample_error, "estimate")],
    )
    rows = []
    for form in dict.fromkeys([*exact_forms, *population_forms]):
        cells = [form]
        for side in (exact_forms, population_forms):
            error, met = side.get(form, (None, 0))
            cells += ["\u2013", "\u2013"] if error is None else [number(error, "upper"), f"{met} of {K}"]
        rows.append(cells)
    head: list[Column] = [("form", None), ("exact mode", "upper"), ("classes met", "exact")]
    head += [(f"population, {_level(audit)}", "upper"), ("classes met", "exact")]
    return (
        "<p>A bar is the certified error, the pale part what was gained on the form before; 1 certifies nothing. In the "
        "population a class mean is only known to lie in a ball, so the cap and the exact form are not evaluated there.</p>"
        f'<div class="panels">{panels}</div>{html_table("Certified error and classes met, by form", head, rows)}'
    )


def _met_by(met: list[str], forms: int) -> str:
    return f'<span class="yes">{"all" if len(met) == forms else ", ".join(met)}</span>' if met else "none"


def _exact_classes(audit: Audit, measured: Array) -> str:
    exact, names = audit.exact, _names(audit)
    best, certified = exact.best, certified_by_class(exact.best)
    rows = []
    for v in best.classes:
        met = [c.form for c in exact.certificates if c.classes[v.label].met]
        cells = [number(exact.shares[v.label], "exact"), number(v.share, "lower"), number(v.share_needed, "upper")]
        cells += [number(v.s, "upper"), number(v.s_limit, "lower"), number(v.margin, "lower"), names[v.rival]]
        cells += [_met_by(list(met), len(exact.certificates)), number(certified[v.label], "upper")]
        cells += [number(measured[v.label], "exact"), f'<div class="says">{_lacks(v, _share(audit))}</div>']
        rows.append([names[v.label], *cells])
    head: list[Column] = [
        ("class", None),
        ("share p", "exact"),
        (_share(audit), "lower"),
        ("needed", "upper"),
        ("s", "upper"),
    ]
    head += [("s limit", "lower"), ("margin", "lower"), ("nearest rival", None), ("met by", None)]
    head += [("certified error", "upper"), ("measured error", "exact"), ("what blocks", None)]
    return (
        "<p>Errors are shares of the class, in any view; 1 where the condition is not met. Lengths are in units of r.</p>"
        + html_table(
            f"Exact mode, {best.form} form, each class with the eps and delta that are best for it", head, rows
        )
    )


def _population_classes(audit: Audit, measured: Array) -> str:
    population, names, form = audit.population, _names(audit), audit.population.form
    certified = population_by_class(population, form)
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
        cells += [_met_by(met, len(population.errors)), number(certified[c.label], "upper")]
        rows.append([names[c.label], *cells, number(measured[c.label], "estimate")])
    head: list[Column] = [("class", None), ("samples", "exact"), ("alpha", "lower"), ("mass", "lower"), ("t", "exact")]
    head += [("mean located within", "upper"), ("anchor to own mean", "upper"), ("nearest rival", None)]
    head += [("anchor to rival's mean", "lower"), ("margin", "lower"), ("met by", None)]
    head += [("certified error", "upper"), ("on the sample", "estimate")]
    caption = f"Population at {_level(audit)}, all bounds together; margin of the anchored, error of the {form} form"
    return html_table(caption, head, rows) + (
        '<p class="soft">The anchored form is met where the anchor is farther from the rival\'s mean than from its own by '
        "more than 2 t; the margin is what is left. A mean is located by the ball about the sample mean or by that about the "
        "anchor, whichever is smaller.</p>"
    )


def _concentration(audit: Audit) -> str:
    exact, names = audit.exact, _names(audit)
    how = "cliques of the threshold graph" if audit.diagnosis.search == "cliques" else "balls about anchors"
    rows = []
    for v, w in zip(exact.best.classes, audit.diagnosis.witnesses, strict=True):
        cells = [number(v.eps, "exact"), number(v.reach, "exact"), number(v.s, "upper"), number(v.sigma, "lower")]
        rows.append([names[v.label], *cells, number(v.alpha, "lower"), number(v.R, "exact"), str(len(w.members))])
    head: list[Column] = [("class", None), ("eps", "exact"), ("reach", "exact"), ("s", "upper"), ("sigma", "lower")]
    head += [("alpha", "lower"), ("R_eps in the class", "exact"), ("samples in the main part", "exact")]
    return (
        f"<h3>Concentration</h3><p>Main parts were searched as {how}. Each is a witness: a larger one may exist.</p>"
        + html_table("Concentration at the eps and delta chosen for each class", head, rows)
    )


def _alignment(audit: Audit) -> str:
    exact = audit.exact
    rows = [
        [number(a.eps, "exact"), number(a.misaligned, "exact"), number(a.bound, "upper")]
        for a in audit.diagnosis.misalignment
    ]
    head: list[Column] = [("eps", "exact"), ("R_eps", "exact"), ("Theorem 2, from L_align", "upper")]
    table = html_table("Samples outside S_eps, and what Theorem 2 bounds their share by", head, rows)
    return (
        f"<h3>Alignment</h3><p>L_align {marked(exact.alignment, 'exact')}, L_AR {marked(exact.robust_alignment, 'exact')}, "
        f"mean distance of the two farthest views {marked(exact.displacement, 'exact')}, over {exact.views_per_sample} views "
        f"and in units of r.</p>{table if rows else '<p>All views of every sample coincide: R_eps is 0 for every eps.</p>'}"
    )


def _divergence(audit: Audit) -> str:
    products, names, K = audit.exact.products, _names(audit), audit.exact.classes
    if K > MATRIX:
        pairs = sorted(zip(*np.triu_indices(K, 1), strict=True), key=lambda pair: -products[pair])[: 2 * MATRIX]
        head: list[Column] = [("pair of classes", None), ("mu_k.mu_l", "exact")]
        rows = [[f"{names[k]} and {names[j]}", number(products[k, j], "exact")] for k, j in pairs]
        table = html_table(f"The {len(pairs)} largest products mu_k.mu_l, of {K * (K - 1) // 2}", head, rows)
    else:
        head = [("class", None), *((name, "exact") for name in names)]
        rows = [[name, *map(heat, products[k])] for k, name in enumerate(names)]
        table = html_table(
            "Products mu_k.mu_l of the class means (exact); on the diagonal |mu_k|\u00b2", head, rows, "heat"
        )
    rows = [[form, str(pairs), number(slack, "exact")] for form, pairs, slack in audit.diagnosis.divergence]
    head = [("form", None), ("pairs below Cauchy\u2013Schwarz", "exact"), ("least bound \u2212 mu_k.mu_l", "exact")]
    bounds = html_table("Upper bounds on mu_k.mu_l from the InfoNCE loss (Theorem 3)", head, rows)
    left_out = (
        f"<p>The bounds from InfoNCE contrast all pairs of views; they are left out beyond {CONTRASTS} views.</p>"
    )
    return (
        f"<h3>Divergence</h3><p>Delta_mu = 1 \u2212 min |mu_k|\u00b2: {marked(float(mean_shortfall(products)), 'exact')}</p>"
        f"{table}{bounds if rows else left_out}"
    )


def _domain_shift(audit: Audit) -> str:
    t = audit.domain_shift
    if t is None:
        why = "they were not asked for" if audit.data.images.shape[1] == 3 else "they need images of three channels"
        return f"<p>The test domains were not measured: {why}.</p>"
    rows = [
        [name, number(risk, "exact"), number(accuracy, "exact")]
        for name, risk, accuracy in zip(t.domains, t.risks, t.accuracies, strict=True)
    ]
    head: list[Column] = [("domain", None), ("risk", "exact"), ("accuracy", "exact")]
    return (
        "<p>One linear head, fitted on the original fitting images, is held against certifying images as they are and under "
        f"five kinds of view, one draw each. Risks (mean cross-entropy) differ by {marked(t.gap, 'exact')}. The corrected "
        f"bound of ArCL allows {marked(t.bound, 'upper')}: \u221a2 times the head's norm {marked(t.head_norm, 'exact')}, "
        f"times the mean distance of an image's farthest domains {marked(t.displacement, 'exact')}. L_AR over the domains is "
        f"{marked(t.robust_alignment, 'exact')}.</p>" + html_table("Risk and accuracy on the test domains", head, rows)
    )


def _union(audit: Audit) -> str:
    population = audit.population
    pooled = "No class was pooled."
    if population.hoped:
        pooled = (
            f"Pooled are {_listed(audit, population.hoped)}: mass {marked(population.pooled.low, 'lower')} together."
        )
    return (
        "<p>Anchors, radii and the pooled classes were chosen on the fitting half. On the certifying half one event per "
        "bound is counted: for each class alpha, mass, the place of its mean, sigma and R_eps, and the mass of the pooled "
        f'classes. {pooled} By the union bound:</p><p class="scroll" tabindex="0">{text(population.split)}</p>'
    )

"""The report of an audit: one HTML page without scripts or outside resources, every number of it from the `Audit`."""

from collections.abc import Sequence
from pathlib import Path

from empirical.audit import every_view, neighbours, points
from empirical.audit.answer import NAMED, answer
from empirical.audit.classes import exact_classes, population_classes
from empirical.audit.core import Audit
from empirical.audit.drawing import bars
from empirical.audit.factors import alignment, concentration, divergence
from empirical.audit.pairs import worst_pairs
from empirical.audit.report import exact_errors
from empirical.audit.table import Column, certified, html_table, marked, number, replaced, text
from empirical.audit.words import jointly, level_of, names_of
from empirical.evaluation.heads import HEADS
from empirical.pages import render
from empirical.rounding import Direction
from theory.files import write_text

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
    continuous, every, terms = audit.continuous, {}, GLOSSARY
    if audit.points is not None:
        every = {"Points": f"{points.section(audit, audit.points[1])}<p>{jointly(audit)}</p>"}
        terms = GLOSSARY | points.GLOSSARY
    if continuous is not None:
        every = every | {"Every view of the box": every_view.section(audit, continuous)}
        terms = terms | every_view.GLOSSARY
    sections = {
        "Answer": answer(audit),
        **every,
        "What was audited": _audited(audit),
        "From printed to exact": _waterfall(audit),
        "Class by class": exact_classes(audit, measured) + population_classes(audit, measured),
        "The three factors": concentration(audit) + alignment(audit) + divergence(audit),
        "Hardest pairs": worst_pairs(audit),
        "Neighbouring theories": neighbours.section(audit.neighbours),
        "Other domains": _domain_shift(audit),
        "How the level is shared": _union(audit),
        "Glossary": f"<dl>{''.join(f'<dt>{term}</dt><dd>{meaning}</dd>' for term, meaning in terms.items())}</dl>",
    }
    title = f"Audit of {replaced(audit.subject.name)} on {replaced(audit.data.name)}"
    return render("empirical/audit.html", title=title, sections=sections)


def _listed(audit: Audit, labels: Sequence[int]) -> str:
    names = names_of(audit)
    return ", ".join(names[k] for k in labels[:NAMED]) + (
        f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    )


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
    if audit.points is not None:
        by_points = audit.points[1]
        population_forms["points"] = by_points.error, sum(c.met for c in by_points.classes)
    measured: list[tuple[str, float, Direction]]
    measured = [("in any view", exact.error_any_view, "exact"), ("on the images", exact.error, "exact")]
    panels = bars("Exact mode: certified error", exact_forms, K, measured)
    panels += bars(
        f"Population at {level_of(audit)}: certified error",
        population_forms,
        K,
        [("on the sample, in any view", population.sample_error, "estimate")],
    )
    rows = []
    for form in dict.fromkeys([*exact_forms, *population_forms]):
        cells = [form]
        for side in (exact_forms, population_forms):
            error, met = side.get(form, (None, 0))
            cells += ["\u2013", "\u2013"] if error is None else [certified(error, met), f"{met} of {K}"]
        rows.append(cells)
    head: list[Column] = [("form", None), ("exact mode", "upper"), ("classes met", "exact")]
    head += [(f"population, {level_of(audit)}", "upper"), ("classes met", "exact")]
    return (
        "<p>A bar is the certified error, the pale part what was gained on the form before. In the "
        "population a class mean is only known to lie in a ball, so the cap and the exact form are not evaluated there. "
        f"{jointly(audit)}</p>"
        f'<div class="panels">{panels}</div>{html_table("Certified error and classes met, by form", head, rows)}'
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

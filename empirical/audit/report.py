"""The result of an audit as text: the sentences a reviewer can quote, and the tables behind them."""

import textwrap
from dataclasses import asdict
from typing import Any

from empirical.audit import every_view, neighbours, points
from empirical.audit.core import Audit
from empirical.audit.words import jointly
from empirical.evaluation.heads import HEADS
from empirical.evaluation.world import blocking
from empirical.rounding import shown
from theory.ledger import Evidence
from theory.messages import printable
from theory.theorem1 import FORMS, POPULATION_FORMS
from theory.theorem1.certificates.world import ROUNDING

WIDTH = 118


def quotes(audit: Audit) -> tuple[str, ...]:
    """Statements in words: exact mode, population mode, every view of the box where it was asked for, and what none says."""
    e, p, v = audit.exact, audit.population, audit.views
    form, error, met = least(audit)
    exact = (
        f"On the finite world of {e.samples} images of {audit.data.name} with {e.views_per_sample} views each ({v.name}), "
        + (
            f"the {form} form of Theorem 1 is met for {met} of {e.classes} classes and certifies "
            f"Err(G_f) <= {shown(error, 'upper')}"
            if error < 1
            else "no form of Theorem 1 is met for any class: nothing is certified"
        )
    )
    exact += f"; measured are {shown(e.error, 'exact')}, and {shown(e.error_any_view, 'exact')} with any view counted."
    hold = [c for c in p.classes if c.met(p.form)]
    population = (
        f"For the population that these {p.samples} images are independent samples of, with these {e.classes} classes, its "
        f"own class means and {e.views_per_sample} views drawn likewise, the {p.form} form is met for {len(hold)} of them "
        f"and Err(G_f) <= {shown(p.error, 'upper')} with probability at least {p.level:g}."
        if hold
        else f"For the population no class is certified at level {p.level:g}."
    )
    scope = (
        "A(x) is this finite set of transformations, the same for all images, so the supremum over it is exact."
        if v.same
        else "Nothing is claimed of views outside the finite sets drawn: for the supremum over a continuous A(x) a bound on "
        "how fast f moves with the parameters of a view is missing."
        if audit.continuous is None
        else "Nothing is claimed of views outside the box. Of those inside, views and scores are exact functions of the "
        "image and the weights: float32, which computes the drawn views, rounds them."
    )
    unseen = (
        " Anchors, radii and head come from the other half of the data; that the encoder was not trained on the certifying "
        "images is for whoever trained it to say."
    )
    if audit.shared > 0:
        unseen += (
            f" {100 * audit.shared:.1f}% of the certifying images are among the fitting ones too: for the population they "
            "are no independent sample."
        )
    every = [] if audit.continuous is None else every_view.sentences(audit, audit.continuous)
    by_points = [] if audit.points is None else [points.sentence(audit, audit.points[1])]
    return tuple(filter(None, (exact, population, *by_points, *every, jointly(audit), scope + unseen)))


def report(audit: Audit) -> str:
    """Everything that fits a terminal."""
    e, p, names = audit.exact, audit.population, list(map(printable, audit.data.class_names))
    s = audit.subject
    lines = [
        f"encoder   {s.name}{f', layer {s.layer}' if s.layer else ''}, weights {s.weights_sha256[:12]}, {audit.device}",
        f"head      {HEADS[audit.head]}{f' ({audit.clusters})' if audit.head == 'clusters' else ''}; part of the encoder",
        f"data      {audit.data.name}: {len(audit.data.fit_images)} images to fit on, {e.samples} to certify on, "
        f"{e.classes} classes",
        f"views     {audit.views.name}: {e.views_per_sample} per image, itself included, "
        f"{'the same for all' if audit.views.same else 'drawn per image'}, seed {audit.views.seed}",
        "",
    ]
    if audit.unchanged == 1:
        lines.insert(
            -1,
            "          every view is the image itself: alignment says nothing of an augmentation",
        )
    for sentence in quotes(audit):
        lines += [*textwrap.wrap(sentence, WIDTH), ""]
    lines += _forms(audit)
    width = max(8, *(min(len(name), 18) for name in names))
    parts = f"main parts by {audit.diagnosis.search}{'' if e.complete else ' (lower bounds)'}"
    lines += [
        "",
        f"exact mode, {e.best.form} form, {parts}; population mode, {p.form} form (* not met)",
        f"{'class':<{width}}{'share':>7}{'alpha':>8}{'s':>7}{'margin':>9}  {'rival':<{width}}"
        f"{'alpha >=':>9}{'radius':>8}{'margin':>9}",
    ]
    for verdict, c in zip(e.best.classes, p.classes, strict=True):
        left, right = " " if verdict.met else "*", "" if c.met(p.form) else "*"
        lines.append(
            f"{names[c.label][:18]:<{width}}{shown(e.shares[c.label], 'exact'):>7}{shown(verdict.share, 'lower'):>8}"
            f"{shown(verdict.s, 'upper'):>7}{shown(verdict.margin, 'lower'):>8}{left}  {names[verdict.rival][:18]:<{width}}"
            f"{shown(c.alpha.low, 'lower'):>9}{shown(c.radius, 'exact'):>8}{shown(c.margins[p.form], 'lower'):>8}{right}"
        )
    lines += [
        "",
        *([] if audit.points is None else [*points.lines(audit, audit.points[1]), ""]),
        *([] if audit.continuous is None else [*every_view.lines(audit, audit.continuous), ""]),
        *([] if e.best.met else [*textwrap.wrap(f"Blocks: {blocking(e.best, names)}.", WIDTH), ""]),
        *_factors(audit),
        "",
        *neighbours.lines(audit.neighbours, WIDTH),
    ]
    return "\n".join(map(printable, lines))


def _forms(audit: Audit) -> list[str]:
    e, p = audit.exact, audit.population
    lines = [f"{'certified error':<18}{'exact mode':>12}{'classes':>9}{f'at level {p.level:g}':>16}{'classes':>9}"]
    stated = audit.diagnosis.as_printed
    lines.append(f"{'Theorem 1':<18}{_certified(stated.error):>12}{sum(v.met for v in stated.classes):>6}/{e.classes}")
    for form, (error, met) in exact_errors(audit).items():
        left, right = f"{_certified(error):>12}{met:>6}/{e.classes}", ""
        if form in p.errors:
            right = f"{_certified(p.errors[form]):>16}{sum(c.met(form) for c in p.classes):>6}/{e.classes}"
        lines.append((f"{form:<18}{left}" + (right if form in p.errors else f"{'-':>16}")).rstrip())
    if audit.points is not None:
        lines.append(points.errors_line(audit.points[1]))
    if audit.continuous is not None:
        lines.append(every_view.errors_line(audit, audit.continuous))
    lines.append(
        f"{'measured':<18}{shown(e.error_any_view, 'exact'):>12}{'':>9}{shown(p.sample_error, 'estimate'):>16}   (any view)"
    )
    return lines


def _certified(error: float) -> str:
    """A certified error, rounded up; in words where it is none."""
    return shown(error, "upper") if error < 1 else "nothing"


def _factors(audit: Audit) -> list[str]:
    e = audit.exact
    off = e.products.copy()
    off[range(e.classes), range(e.classes)] = -2.0
    k, j = divmod(int(off.argmax()), e.classes)
    names = list(map(printable, audit.data.class_names))
    lines = [
        f"alignment   L_align {shown(e.alignment, 'exact')}, L_AR {shown(e.robust_alignment, 'exact')}, "
        f"E sup ||f(x1) - f(x2)|| {shown(e.displacement, 'exact')}",
        *(
            f"            R_eps {shown(a.misaligned, 'exact')} at eps = {a.eps:g}; "
            f"from L_align at most {shown(a.bound, 'upper')}"
            for a in audit.diagnosis.misalignment
        ),
        f"divergence  largest mu_k.mu_l {shown(off[k, j], 'exact')} ({names[k]}, {names[j]}), "
        f"||mu_k|| from {shown(e.mean_norms.min(), 'exact')}",
    ]
    if audit.diagnosis.divergence:
        form, pairs, slack = max(audit.diagnosis.divergence, key=lambda bound: (bound[1], -bound[2]))
        lines.append(
            f"            InfoNCE bounds {pairs} products usefully ({form} form; bound - product >= {slack:.3f})"
        )
    t = audit.domain_shift
    if t is not None:
        cells = ", ".join(f"{name} {a:.3f}" for name, a in zip(t.domains, t.accuracies, strict=True))
        lines += [
            f"transfer    accuracy of one linear head: {cells}",
            f"            L_AR {t.robust_alignment:.3f}; risks differ by {t.gap:.3f}, at most sqrt 2 ||h|| E sup = "
            f"{t.bound:.3f} (arcl-2-corrected)",
        ]
    lines.append(f"time        {audit.seconds:.1f} s, {audit.memory / 2**30:.2f} GiB at most")
    return lines


def evidence(audit: Audit) -> list[Evidence]:
    """What exact mode says of Theorem 1: no certified error may lie below the true one, of any view."""
    true, K = audit.exact.error_any_view, audit.exact.classes
    errors = {
        FORMS[form].claim if form in FORMS else "thm-1-anchor": of_form for form, of_form in exact_errors(audit).items()
    }
    if audit.continuous is not None:  # for every law of the views of the box, so for that of the drawn ones
        world = audit.continuous.exact
        errors["thm-1-vertex-exact"] = world.error, int(world.met.sum())
    return [
        Evidence(
            claim=claim,
            kind="measurement",
            step=f"audit of {audit.subject.name} on {audit.data.name}, seed {audit.seed}",
            summary=f"certified error {error:.4f} >= true error of any view {true:.4f}; met for {met} of {K} classes",
            holds=error - true >= -1e-12,
            computed=f"certified - true = {error - true:.4f}",
            slack=error - true,
            worlds=1,
            met=int(met > 0),
        )
        for claim, (error, met) in errors.items()
    ]


def least(audit: Audit) -> tuple[str, float, int]:
    """The form that certifies the least error in exact mode, that error, and classes met; on ties the best of the six."""
    best = audit.exact.best.form
    forms = exact_errors(audit).items()
    form, (error, met) = min(forms, key=lambda item: (round(item[1][0] / ROUNDING), item[0] != best))
    return form, error, met


def exact_errors(audit: Audit) -> dict[str, tuple[float, int]]:
    """(certified error, classes met) of every form in exact mode, the anchored one last."""
    errors = {str(c.form): (c.error, sum(v.met for v in c.classes)) for c in audit.exact.certificates}
    return errors | {"anchored": (audit.anchored[0], int((audit.anchored[1] > ROUNDING).sum()))}


def as_json(audit: Audit, page: str) -> dict[str, Any]:
    """Plain JSON types, for the report of all stages; page: where the audit's own page lies."""
    e, p, stated = audit.exact, audit.population, audit.diagnosis.as_printed
    return {
        "encoder": audit.subject.name,
        "weights_sha256": audit.subject.weights_sha256,
        "head": HEADS[audit.head],
        "data": audit.data.name,
        "views": audit.views.description(),
        "says": list(quotes(audit)),
        "classes": e.classes,
        "samples": e.samples,
        "exact": {form: {"error": error, "met": met} for form, (error, met) in exact_errors(audit).items()},
        "as_printed": {"error": stated.error, "met": sum(v.met for v in stated.classes)},
        "true_error": e.error,
        "true_error_any_view": e.error_any_view,
        "level": p.level,
        "population": {f: {"error": p.errors[f], "met": sum(c.met(f) for c in p.classes)} for f in POPULATION_FORMS},
        **({} if audit.points is None else {"points": points.as_json(audit.points[1])}),
        **({} if audit.continuous is None else {"continuous": every_view.as_json(audit.continuous)}),
        "neighbours": neighbours.as_json(audit.neighbours),
        "page": page,
        "evidence": [asdict(item) for item in evidence(audit)],
    }

"""The continuous part of an audit in text, JSON and HTML: what holds for every view of the box."""

from typing import Any

import numpy as np

from empirical.audit.continuous import Borne, Continuous, refuting_views
from empirical.audit.core import Audit
from empirical.audit.drawing import data_uri
from empirical.audit.table import Column, certified, html_table, number, text
from empirical.audit.words import level_of, names_of
from empirical.continuous.network import scores
from empirical.rounding import shown

PICTURES = 24
"""Refuting views that are shown."""
GLOSSARY = {
    "box": "all views that the warp or crop makes, whatever its parameters within their ranges.",
    "proved, refuted, open": "an image is proved if its largest score is the same in every view of the box, refuted if a "
    "view is known in which it is another, open if the cells allowed did not suffice.",
}
NONE = "nothing is certified for every view of the box"


def sentences(audit: Audit, continuous: Continuous) -> list[str]:
    """What a reviewer can quote."""
    n, K = len(continuous.verdicts), audit.exact.classes
    proved, refuted, open_ = (int(continuous.having(status).sum()) for status in ("proved", "refuted", "open"))
    exact, population = continuous.exact, continuous.population
    met = int(exact.met.sum())
    kept = (
        f"For every view of the box ({continuous.box.source.box_in_words()}), {proved} of {n} images are proved to keep "
        f"their cluster, {refuted} have a view that leaves it, {open_} are open within {continuous.cells} cells each."
    )
    on_images = (
        f"On these {n} images Theorem 1 for vertices is met for {met} of {K} classes and certifies Err(G_f) <= "
        f"{shown(exact.error, 'upper')} for every view of the box, whatever law the views follow"
        if met
        else f"On these {n} images {NONE}"
    )
    held = sum(c.met for c in population.classes)
    of_population = (
        f"for the population that they are independent samples of, with its own class means, {held} of {K} classes meet it "
        f"and Err(G_f) <= {shown(population.error, 'upper')} for every view of the box with probability at least "
        f"{population.level:g}."
        if held
        else f"for the population {NONE} at level {population.level:g}."
    )
    said = [kept, f"{on_images}; {of_population}"]
    if continuous.contradicted:
        said.append(
            f"{continuous.contradicted} proved images have a drawn view that float32 puts into another cluster: do not rely "
            "on this audit."
        )
    return said


def errors_line(audit: Audit, continuous: Continuous) -> str:
    """Beside the finite views, a row of the table of forms."""
    exact, population, K = continuous.exact, continuous.population, audit.exact.classes
    held = sum(c.met for c in population.classes)
    cells = [_share(exact.error), f"{int(exact.met.sum()):>6}/{K}", _share(population.error, 16), f"{held:>6}/{K}"]
    return f"{'every view':<18}{''.join(cells)}"


def lines(audit: Audit, continuous: Continuous) -> list[str]:
    """A row for each class."""
    rows = [
        f"{'every view of the box':<24}{'images':>7}{'vertex':>8}{'proved':>8}{'refuted':>9}{'open':>6}{'alpha >=':>10}"
        f"{'margin':>9}"
    ]
    population = continuous.population
    for row, c in zip(_counts(audit, continuous), population.classes, strict=True):
        vertex = "-" if c.anchor < 0 else str(c.anchor)
        margin = f"{shown(c.margin, 'lower'):>9}{' ' if c.met else '*'}"
        rows.append(
            f"{audit.data.class_names[c.label][:22]:<24}{c.samples:>7}{vertex:>8}{row[0]:>8}{row[2]:>9}{row[3]:>6}"
            f"{shown(c.alpha.low, 'lower'):>10}{margin}".rstrip()
        )
    bounded = sum(verdict.cells for verdict in continuous.verdicts)
    earlier = f", {continuous.kept} verdicts kept from an earlier call" if continuous.kept else ""
    rows.append(
        f"{bounded} cells in {continuous.seconds:.1f} s{earlier}; proved: at the vertex of the class (* not met)"
    )
    for one in continuous.borne:
        smallest = min(one.scales)
        each = " ".join(f"{scale:.3f}" for scale in one.scales)
        rows.append(f"{_parts(one):<24}{smallest:.3f} of the ranges; by class {each}")
    if continuous.borne:
        rows.append(
            f"at which more than half of {continuous.searched} images of every class, at most, are proved: an estimate"
        )
    return rows


def _parts(one: Borne) -> str:
    return f"{' and '.join(one.parts)} only"


def _share(error: float, width: int = 12) -> str:
    return f"{shown(error, 'upper') if error < 1 else 'nothing':>{width}}"


def _counts(audit: Audit, continuous: Continuous) -> list[list[int]]:
    """For every class: proved at its vertex, proved elsewhere, refuted, open."""
    clusters = np.array([verdict.cluster for verdict in continuous.verdicts])
    proved, refuted, open_ = (continuous.having(status) for status in ("proved", "refuted", "open"))
    rows = []
    for k in range(audit.exact.classes):
        own, there = audit.labels == k, clusters == continuous.anchors[k]
        kinds = own & proved & there, own & proved & ~there, own & refuted, own & open_
        rows.append([int(kind.sum()) for kind in kinds])
    return rows


def as_json(continuous: Continuous) -> dict[str, Any]:
    """Plain JSON types."""
    exact, population = continuous.exact, continuous.population
    return {
        "cells": continuous.cells,
        "proved": int(continuous.having("proved").sum()),
        "refuted": int(continuous.having("refuted").sum()),
        "open": int(continuous.having("open").sum()),
        "cells_bounded": sum(verdict.cells for verdict in continuous.verdicts),
        "seconds": continuous.seconds,
        "exact": {"error": exact.error, "met": int(exact.met.sum())},
        "level": population.level,
        "population": {"error": population.error, "met": sum(c.met for c in population.classes)},
        "contradicted": continuous.contradicted,
        "borne": [{"parts": list(one.parts), "scales": list(one.scales)} for one in continuous.borne],
        "searched": continuous.searched,
    }


def section(audit: Audit, continuous: Continuous) -> str:
    """HTML: the sentences, the classes, the views that refute."""
    alert = f'<p class="alert">{sentences(audit, continuous)[2]}</p>' if continuous.contradicted else ""
    said = " ".join(map(text, sentences(audit, continuous)[:2]))
    exact, population = continuous.exact, continuous.population
    errors = audit.exact.best.error, audit.population.error, exact.error, population.error
    drawn, drawn_population, every, every_population = (certified(error) for error in errors)
    beside = (
        f"Certified of this network with {audit.views.m} drawn views an image: {drawn} on the images, {drawn_population} for "
        f"the population. For every view of the box: {every} and {every_population}. All are upper bounds; each of the two "
        "of the population holds at the level by itself."
    )
    assumed = (
        "An image is proved where bounds over a tree of cells of the box show that one score exceeds all others in every "
        "view. A view is the exact bilinear sampling of the image, scores are those of the exact function of the weights; "
        "rounding is allowed for. A class is met in the population where its share of images proved at its vertex and that "
        "of each rival at another vertex exceed 1 together; the vertices were chosen on the fitting half."
    )
    return (
        f'{alert}<p class="answer">{said}</p><p>{beside}</p><p>{assumed}</p>'
        + _classes(audit, continuous)
        + _borne(audit, continuous)
        + _pictures(audit, continuous)
    )


def _classes(audit: Audit, continuous: Continuous) -> str:
    names, world = names_of(audit), continuous.exact
    rows = []
    for row, c in zip(_counts(audit, continuous), continuous.population.classes, strict=True):
        sure = int(world.counts[c.label][world.owned[c.label]].sum())
        vertex = "\u2013" if c.anchor < 0 else str(c.anchor)
        cells = [str(c.samples), vertex, *map(str, row), certified(1 - sure / c.samples, int(sure > 0))]
        cells += [number(c.alpha.low, "lower"), names[c.rival], number(c.margin, "lower")]
        rows.append([names[c.label], *cells, certified(1 - c.alpha.low, int(c.met))])
    head: list[Column] = [("class", None), ("images", "exact"), ("vertex", None), ("proved there", "exact")]
    head += [
        ("proved elsewhere", "exact"),
        ("refuted", "exact"),
        ("open", "exact"),
        ("certified error, these images", "upper"),
    ]
    head += [("alpha", "lower"), ("least rival", None), ("margin", "lower")]
    head += [(f"certified error, population, {level_of(audit)}", "upper")]
    return html_table("Every view of the box, class by class: errors are shares of the class", head, rows)


def _borne(audit: Audit, continuous: Continuous) -> str:
    if not continuous.borne:
        return ""
    rows = [
        [_parts(one), number(min(one.scales), "estimate"), *(number(scale, "estimate") for scale in one.scales)]
        for one in continuous.borne
    ]
    head: list[Column] = [("parts of the views", None), ("all classes", "estimate")]
    head += [(name, "estimate") for name in names_of(audit)]
    caption = (
        "The largest share of the ranges at which more than half of the images of a class that were searched, "
        f"{continuous.searched} at most, are proved, with the other parts left out"
    )
    return html_table(caption, head, rows)


def _pictures(audit: Audit, continuous: Continuous) -> str:
    rows, names = np.flatnonzero(continuous.having("refuted")), names_of(audit)
    rank = [int((audit.labels[rows[:i]] == audit.labels[row]).sum()) for i, row in enumerate(rows)]
    chosen = rows[np.argsort(rank, kind="stable")[:PICTURES]]
    title = "<h3>Views that leave the cluster of their image</h3>"
    if not len(rows):
        return f"{title}<p>None came up.</p>"
    if audit.data.images.shape[1] not in (1, 3):
        return f"{title}<p>Images of {audit.data.images.shape[1]} channels cannot be shown.</p>"
    views = refuting_views(continuous, audit.data.images, chosen)
    clusters = scores(continuous.network, views.numpy()).argmax(axis=1)
    figures = []
    for i, view, cluster in zip(chosen, views, clusters, strict=True):
        verdict, name = continuous.verdicts[i], names[audit.labels[i]]
        assert verdict.view is not None
        images = "".join(
            f'<img src="{data_uri(picture)}" alt="{kind} {i} of class {name}">'
            for kind, picture in (("image", audit.data.images[i]), ("refuting view of image", view))
        )
        figures.append(
            f"<figure>{images}<figcaption><b>{name}</b>, image {i}: cluster {verdict.cluster}, in this view {cluster}; "
            f"{continuous.box.source.view_in_words(verdict.view)}.</figcaption></figure>"
        )
    return (
        f"{title}<p>The map of a view takes its pixels to those of the image: where it turns one way, the picture turns the "
        f'other way.</p><p class="soft">{len(chosen)} of {len(rows)} images</p><div class="pairs">{"".join(figures)}</div>'
    )

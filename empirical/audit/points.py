"""What an audit of features of a few values says of points: in sentences, rows, JSON and HTML."""

from typing import Any

from empirical.audit.core import Audit
from empirical.audit.table import Column, certified, html_table, number
from empirical.audit.words import level_of, names_of
from empirical.rounding import shown
from theory.messages import printable
from theory.theorem1 import PointsCertificate
from theory.theorem1.certificates.points import PointsClass

GLOSSARY = {
    "point": "a value of the features, where they take a few only. It is owned by the class whose mean is the nearest; a bet "
    "that this is the class named wins at a wealth of one over the share of the level.",
}


def sentence(audit: Audit, points: PointsCertificate) -> str:
    """What a reviewer can quote."""
    met = sum(c.met for c in points.classes)
    if not met:
        return f"By points, no class is certified for the population at level {points.level:g}."
    return (
        f"By points, {met} of {audit.exact.classes} classes are met for that population, each proved to own the vertices "
        f"where it was claimed to be, and Err(G_f) <= {shown(points.error, 'upper')} with probability at least "
        f"{points.level:g}."
    )


def errors_line(points: PointsCertificate) -> str:
    """A row of the table of forms."""
    met, K = sum(c.met for c in points.classes), len(points.classes)
    error = shown(points.error, "upper") if points.error < 1 else "nothing"
    return f"{'points':<18}{'-':>12}{'':>9}{error:>16}{met:>6}/{K}"


def lines(audit: Audit, points: PointsCertificate) -> list[str]:
    """A row for each class, and what blocks it."""
    names = list(map(printable, audit.data.class_names))
    width = max(8, *(min(len(name), 18) for name in names))
    rows = [f"{'points of':<{width + 2}}{'mass >=':>8}{'margin':>9}  points; what blocks"]
    for c in points.classes:
        margin = "-" if c.point is None else shown(c.margin, "lower")
        said = ", ".join(map(str, c.points)) or "-"
        rows.append(
            f"{names[c.label][:18]:<{width + 2}}{shown(c.mass.low, 'lower'):>8}{margin:>9}  {said}"
            + ("" if c.met else f"; {blocks(c, names)}")
        )
    return rows


def blocks(c: PointsClass, names: list[str]) -> str:
    """What keeps a class from being certified."""
    if c.point is not None and c.rival is not None:
        return f"point {c.point} is not proved to be farther from {names[c.rival]}"
    there = f"{shown(c.share, 'estimate', 2)} of its views are at point {c.fullest}"
    return there + (", too close to call" if c.taker == c.label else f", which {names[c.taker]} is nearer to")


def as_json(points: PointsCertificate) -> dict[str, Any]:
    """Plain JSON types."""
    return {"level": points.level, "error": points.error, "met": sum(c.met for c in points.classes)}


def section(audit: Audit, points: PointsCertificate) -> str:
    """HTML: the sentence and the classes."""
    names = names_of(audit)
    rows = []
    for c in points.classes:
        share = audit.population.samples / c.samples
        cells = [", ".join(map(str, c.points)) or "\u2013", number(c.mass.low, "lower")]
        cells += ["\u2013" if c.rival is None else names[c.rival]]
        cells += ["\u2013" if c.point is None else number(c.margin, "lower")]
        cells += [certified(1 - min(c.mass.low * share, 1.0), int(c.met)), "" if c.met else blocks(c, names)]
        rows.append([names[c.label], *cells])
    head: list[Column] = [("class", None), ("points", None), ("mass", "lower"), ("hardest rival", None)]
    head += [("margin", "lower"), ("error in the class, about", "estimate"), ("what blocks", None)]
    return (
        f'<p class="answer">{sentence(audit, points)}</p><p>Points and the classes claimed to own them come from the fitting '
        "half. The margin is the logarithm of the least wealth of a class's bets, less what it has to reach. A class is met "
        "where all of them have won.</p>" + html_table(f"Points at {level_of(audit)}, all bounds together", head, rows)
    )

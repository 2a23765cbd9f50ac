"""What an audit of features of a few values says of points: in sentences, rows, JSON and HTML."""

from typing import Any

from empirical.audit.core import Audit
from empirical.audit.table import Column, certified, html_table, number, text
from empirical.audit.words import level_of, names_of
from empirical.rounding import shown
from theory.messages import printable
from theory.theorem1 import PointsCertificate
from theory.theorem1.certificates.points import PointsClass

GLOSSARY = {
    "point": "a value of the features, where they take a few only. It is owned by the class whose mean is the nearest. "
    "Points are tried in an order, each by bets against every other class; a bet is won at a wealth of one over the share of "
    "the level that is left to failure.",
}


def sentence(audit: Audit, points: PointsCertificate) -> str:
    """What a reviewer can quote."""
    met = sum(c.met for c in points.classes)
    if not met:
        return f"By points, no class is certified for the population at level {points.level:g}."
    return (
        f"By points, {met} of {audit.exact.classes} classes are met for that population, each proved to own a vertex or "
        f"more, and Err(G_f) <= {shown(points.error, 'upper')} with probability at least {points.level:g}."
    )


def errors_line(points: PointsCertificate) -> str:
    """A row of the table of forms."""
    met, K = sum(c.met for c in points.classes), len(points.classes)
    error = shown(points.error, "upper") if points.error < 1 else "nothing"
    return f"{'points':<18}{'-':>12}{'':>9}{error:>16}{met:>6}/{K}"


def lines(audit: Audit, points: PointsCertificate) -> list[str]:
    """A row for each point that is claimed, in their order, and what blocks the classes without one."""
    names = list(map(printable, audit.data.class_names))
    width = max(8, *(min(len(name), 18) for name in names))
    rows = [f"{'points of':<{width + 2}}{'mass, sum >=':>13}{'margin':>9}  hardest rival"]
    for j, point in enumerate(points.claimed):
        mass = shown(point.mass.low, "lower") if j < points.won else "-"
        rows.append(
            f"{names[point.owner][:18]:<{width + 2}}{mass:>13}{shown(point.margin, 'lower'):>9}  {names[point.rival]}"
            + ("" if j < points.won else f"; {stop(points, j)}")
        )
    return rows + [f"{names[c.label]}: {blocks(c, names)}" for c in _without(points)]


def stop(points: PointsCertificate, j: int) -> str:
    """Why a claimed point does not count."""
    return "comes after one that is not won" if points.claimed[j].won else "not proved to be farther from it"


def blocks(c: PointsClass, names: list[str]) -> str:
    """What keeps a class from having a point claimed for it."""
    there = f"{shown(c.share, 'estimate', 2)} of its views are at one point"
    return there + (", too close to call" if c.taker == c.label else f", which {names[c.taker]} is nearer to")


def as_json(points: PointsCertificate) -> dict[str, Any]:
    """Plain JSON types."""
    return {"level": points.level, "error": points.error, "met": sum(c.met for c in points.classes)}


def section(audit: Audit, points: PointsCertificate) -> str:
    """HTML: the sentence, the points in their order, and what blocks the classes without one."""
    names = names_of(audit)
    rows = []
    for j, point in enumerate(points.claimed):
        won = j < points.won
        mass = number(point.mass.low, "lower") if won else "\u2013"
        rows.append([names[point.owner], names[point.rival], number(point.margin, "lower"), mass])
        rows[-1] += [certified(1 - point.mass.low, int(won)), "" if won else stop(points, j)]
    rows += [[names[c.label], *["\u2013"] * 4, blocks(c, names)] for c in _without(points)]
    head: list[Column] = [("class", None), ("hardest rival", None), ("margin", "lower"), ("mass so far", "lower")]
    head += [("error so far", "upper"), ("what blocks", None)]
    return (
        f'<p class="answer">{text(sentence(audit, points))}</p><p>Points, the classes claimed to own them and the order '
        "in which they are tried come from the fitting half. The margin is the logarithm of the least wealth of a point's "
        "bets, less what it has to reach; the first point that does not reach it ends the row. Mass: of the images all of "
        "whose views lie at points of their own class, of those up to this one.</p>"
        + html_table(f"Points at {level_of(audit)}, all bounds together", head, rows)
    )


def _without(points: PointsCertificate) -> list[PointsClass]:
    """The classes for which no point is claimed."""
    owners = {point.owner for point in points.claimed}
    return [c for c in points.classes if c.label not in owners]

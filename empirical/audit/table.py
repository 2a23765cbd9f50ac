"""Tables of an audit, in LaTeX and HTML, and how numbers of known direction are rounded for readers."""

import html
from collections.abc import Sequence

from empirical.audit.core import Audit
from empirical.evaluation.heads import HEADS
from empirical.rounding import NOTHING, Direction, shown
from theory.theorem1 import POPULATION_FORMS, Certificate, PopulationCertificate

Column = tuple[str, Direction | None]
"""A column's title and, where it holds numbers, their direction."""
ROWS = 36
"""Classes in one LaTeX table; what follows goes into another, since a float cannot exceed its page."""
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "\ufffd": "?", "[": "{[}", "*": "{*}",
}  # fmt: skip
"""The last two, first in a row, would be taken for an argument of the line break before them."""


def replaced(value: object) -> str:
    """Text whose unprintable characters (controls, lone surrogates of file names) are replaced."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(value))


def certified_by_class(certificate: Certificate) -> list[float]:
    """Upper bounds on the share of each class that may be misclassified in some view; scope "class". 1 where not met."""
    return [v.error if v.met else 1.0 for v in certificate.classes]


def population_by_class(certificate: PopulationCertificate, form: str) -> list[float]:
    """Upper bounds, all at the level, on the share of each class that may be misclassified. 1 where not met."""
    by_sigma = POPULATION_FORMS[form].share == "sigma"
    kept = [max(c.sigma.low - c.misaligned.high, 0.0) if by_sigma else c.alpha.low for c in certificate.classes]
    return [1 - share if c.met(form) else 1.0 for share, c in zip(kept, certificate.classes, strict=True)]


def text(value: object) -> str:
    """Anything of a user's, harmless in HTML, attributes included."""
    return html.escape(replaced(value))


def number(value: float, direction: Direction, digits: int = 3) -> str:
    """`shown` with a minus sign."""
    return shown(value, direction, digits).replace("-", "\u2212")


def certified(error: float, met: int = 1) -> str:
    """A certified error, rounded up, where a class is met; in words where nothing is certified."""
    return number(error, "upper") if met and error < 1 else NOTHING


def marked(value: float, direction: Direction) -> str:
    """A number in running HTML text, with its direction."""
    return f"{number(value, direction)}<small> {direction}</small>"


def html_table(caption: str, head: Sequence[Column], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """A table whose first cells are row headers and whose column heads state directions. Everything given is HTML."""
    marks = [' class="n"' if direction else "" for _, direction in head]
    titles = "".join(
        f'<th scope="col"{mark}>{title}{f"<small>{direction}</small>" if direction else ""}</th>'
        for mark, (title, direction) in zip(marks, head, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row"{marks[0]}>{row[0]}</th>'
        + "".join(f"<td{mark}>{cell}</td>" for mark, cell in zip(marks[1:], row[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide {kind}" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def latex_text(value: object) -> str:
    """Text with what LaTeX reads as a command made harmless."""
    return "".join(_LATEX.get(c, c) for c in replaced(value))


def latex(audit: Audit) -> str:
    r"""Table environments for \usepackage{booktabs}: a row per class, then all classes; the caption states the assumptions.

    A last row says what points certify, where features take a few values. Bounds are rounded to the safe side. pdfLaTeX knows
    accented Latin letters only; for other scripts use LuaLaTeX.
    """
    exact, population = audit.exact, audit.population
    best, form = exact.best, population.form
    certified, measured, fresh = (
        certified_by_class(best),
        audit.exact.error_by_class,
        population_by_class(population, form),
    )
    rows = []
    for k, (v, c) in enumerate(zip(best.classes, population.classes, strict=True)):
        cells = [shown(exact.shares[k], "exact"), shown(v.share, "lower"), shown(v.margin, "lower").replace("-", "$-$")]
        cells += [shown(certified[k], "upper") if v.met else "--", shown(measured[k], "exact")]
        cells += [shown(c.alpha.low, "lower"), shown(fresh[k], "upper") if c.met(form) else "--"]
        rows.append(_row([latex_text(audit.data.class_names[k]), *cells]))
    held = [sum(met) for met in ([v.met for v in best.classes], [c.met(form) for c in population.classes])]
    total = ["all", "1", "", f"{held[0]}/{exact.classes}", shown(best.error, "upper")]
    total += [
        shown(exact.error_any_view, "exact"),
        f"{held[1]}/{exact.classes}",
        shown(population.errors[form], "upper"),
    ]
    last = [r"    \midrule", _row(total)]
    if audit.points is not None:
        by_points = audit.points[1]
        met = f"{sum(c.met for c in by_points.classes)}/{exact.classes}"
        last.append(_row(["points", "1", "", "", "", "", met, shown(by_points.error, "upper")]))
    pages = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
    pages[-1] += last
    heads = [
        f"{_caption(audit, best.form, form)}}}\n  \\label{{tab:audit}}",
        *["The audit, continued.}"] * (len(pages) - 1),
    ]
    return "% needs \\usepackage{booktabs}\n" + "\n".join(
        _TABLE % {"caption": head, "rows": "\n".join(lines)} for head, lines in zip(heads, pages, strict=True)
    )


_TABLE = r"""\begin{table}
  \centering\small
  \caption{%(caption)s
  \medskip
  \begin{tabular}{lrrrrrrr}
    \toprule
    & & \multicolumn{4}{c}{exact mode} & \multicolumn{2}{c}{population} \\
    \cmidrule(lr){3-6} \cmidrule(lr){7-8}
    class & $p$ & share $\geq$ & margin & error $\leq$ & measured & $\alpha \geq$ & error $\leq$ \\
    \midrule
%(rows)s
    \bottomrule
  \end{tabular}
\end{table}
"""


def _row(cells: list[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _caption(audit: Audit, form: str, fresh: str) -> str:
    drawn = "the same for all images" if audit.views.same else "drawn for each image"
    views = f"{audit.views.m} views each ({latex_text(audit.views.name)}, {drawn})"
    name, head, data = map(latex_text, (audit.subject.name, HEADS[audit.head], audit.data.name))
    by_points = "" if audit.points is None else " (points: by themselves, not jointly)"
    return (
        f"Audit of {name} ({head}) on {data}: error of the nearest class mean. Exact mode: the {audit.exact.samples} "
        f"certifying images with {views} are the whole world; {form} form of Theorem~1, class by class; measured: some view "
        f"is misclassified. Population: {fresh} form, all bounds together at level {audit.level:.6g}{by_points}, if the "
        "certifying images are independent draws and nothing was fitted to them or chosen by them. Nothing is claimed of "
        "other views. Bounds are rounded to the safe side. Share: of the class in its main part. A dash: not met; below the "
        "line: classes met."
    )

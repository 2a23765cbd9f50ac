"""A table in every form that a reader puts somewhere: HTML, Markdown, LaTeX (booktabs) and CSV."""

import csv
import io
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "\u2013": "--", "\u2014": "---", "\u2212": "$-$", "\u00b1": r"$\pm$", "\u2264": r"$\leq$",
    "\u2265": r"$\geq$", "\u00b7": r"$\cdot$", "\u2016": r"$\Vert$", "\u2192": r"$\to$", "\u221a": r"$\surd$",
    "\u00d7": r"$\times$", "\u00b2": r"$^2$", "\u2032": "$'$", "\u221e": r"$\infty$", "\u00a0": "~",
    "\u03b1": r"$\alpha$", "\u03b4": r"$\delta$", "\u0394": r"$\Delta$", "\u03b5": r"$\varepsilon$",
    "\u03bb": r"$\lambda$", "\u03bc": r"$\mu$", "\u03c0": r"$\pi$", "\u03c1": r"$\rho$", "\u03c3": r"$\sigma$",
    "\u03c4": r"$\tau$", "\u2113": r"$\ell$",
}  # fmt: skip
SUBSCRIPT = re.compile(r"(?<![\w])([\u03b1-\u03c9A-Za-z])_([A-Za-z\u03b1-\u03c9\u2113]+)(?![\w])")
"""A letter with an index, as in L_align."""
CHARACTER, GAP, POINTS = 4.7, 12.0, 72.27
"""TeX's points: of a character in \\small; between two columns; of an inch."""


@dataclass(frozen=True)
class Grid:
    """The cells of a table, as text.

    head     (C,) titles of the columns
    rows     (R, C) cells
    numbers  index of the first column of numbers, which are set to the right
    ruled    indices of the rows that a rule precedes
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int
    ruled: Sequence[int] = ()


def as_html(grid: Grid, caption: str) -> str:
    """A table with caption, thead and scopes."""
    marks = [' class="n"' if column >= grid.numbers else "" for column in range(len(grid.head))]
    head = "".join(f'<th scope="col"{m}>{escape(c)}</th>' for m, c in zip(marks, grid.head, strict=True))
    body = ""
    for row in grid.rows:
        first, *others = row
        cells = "".join(f"<td{m}>{escape(c)}</td>" for m, c in zip(marks[1:], others, strict=True))
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    table = f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">{table}</div>'


def as_markdown(grid: Grid, caption: str) -> str:
    """A pipe table under its caption."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(c.replace("|", r"\|").replace("\n", " ") for c in cells) + " |"

    rule = ["---:" if column >= grid.numbers else "---" for column in range(len(grid.head))]
    return "\n".join([caption, "", line(grid.head), line(rule), *map(line, grid.rows), ""])


def as_latex(grid: Grid, caption: str, label: str, width: float) -> str:
    """A float with booktabs' rules, at most `width` inches wide; needs \\usepackage{booktabs}.

    Heads and texts are broken over lines; numbers that find no room beside the others stand in a further block below.
    """
    longest = int(POINTS * width / 2 / max(grid.numbers, 1) / CHARACTER)  # texts take half of the width
    rows = [[_broken(cell, longest) if c < grid.numbers else [cell] for c, cell in enumerate(row)] for row in grid.rows]
    columns = range(len(grid.head))
    lengths = [max((len(line) for row in rows for line in row[c]), default=1) for c in columns]
    head = [_broken(title, length) for title, length in zip(grid.head, lengths, strict=True)]
    room = [CHARACTER * max(length, *map(len, h)) + GAP for length, h in zip(lengths, head, strict=True)]
    inner = "\n\\par\\medskip\n".join(
        _tabular(head, rows, [*range(grid.numbers), *block], grid)
        for block in _blocks(room[grid.numbers :], POINTS * width - sum(room[: grid.numbers]), grid.numbers)
    )
    named = f"\\caption{{{latex(caption)}}}\\label{{tab:{label}}}\\smallskip"
    return "\n".join([r"\begin{table}[t]", r"\centering\small", named, inner, r"\end{table}", ""])


def _broken(text: str, most: int) -> list[str]:
    """The text in lines of at most so many characters, broken between words."""
    return textwrap.wrap(text, max(most, 1), break_long_words=False, break_on_hyphens=False) or [""]


def _blocks(room: Sequence[float], free: float, first: int) -> list[list[int]]:
    """Consecutive columns, from number `first` on, in blocks that fit; at least one column in each."""
    split: list[list[int]] = [[]]
    for column, own in enumerate(room):
        if split[-1] and sum(room[c - first] for c in split[-1]) + own > free:
            split.append([])
        split[-1].append(column + first)
    return split


def _tabular(
    head: Sequence[Sequence[str]], rows: Sequence[Sequence[Sequence[str]]], columns: Sequence[int], grid: Grid
) -> str:
    """These columns between booktabs' rules; head and rows in lines."""
    sides = ["l" if c < grid.numbers else "r" for c in columns]
    body = []
    for number, row in enumerate(rows):
        body += [r"\midrule"] * (number in grid.ruled)
        body.append(_row([_stacked(row[c], "t", side) for c, side in zip(columns, sides, strict=True)]))
    titles = _row([_stacked(head[c], "b", side) for c, side in zip(columns, sides, strict=True)])
    start = f"\\begin{{tabular}}{{{''.join(sides)}}}"
    return "\n".join([start, r"\toprule", titles, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"])


def _stacked(lines: Sequence[str], place: str, side: str) -> str:
    """The lines of one cell; a [ or * at the beginning would be taken for an argument of the line break before it."""
    written = [f"{{{latex(line)}}}" if line[:1] in ("[", "*") else latex(line) for line in lines]
    if len(written) == 1:
        return written[0]
    breaks = r" \\ ".join(written)
    return f"\\begin{{tabular}}[{place}]{{@{{}}{side}@{{}}}}{breaks}\\end{{tabular}}"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def as_csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Comma-separated values; None is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return file.getvalue()


def points_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The numbers of a figure; a row has an empty cell where it lacks a column."""
    head = list(dict.fromkeys(name for row in rows for name in row))
    return as_csv(head, [[row.get(name) for name in head] for row in rows])


def latex(text: str) -> str:
    """Plain text, also of a user's, as LaTeX; mathematical letters and indices as formulas; what LaTeX lacks as ?."""
    parts, end = [], 0
    for match in SUBSCRIPT.finditer(text):
        letter, index = match.groups()
        command = LATEX.get(letter, letter).strip("$")
        index = LATEX.get(index, index).strip("$")
        upright = f"\\mathrm{{{index}}}" if len(index) > 1 and not index.startswith("\\") else index
        parts += [_characters(text[end : match.start()]), f"${command}_{{{upright}}}$"]
        end = match.end()
    return "".join([*parts, _characters(text[end:])])


def _characters(text: str) -> str:
    return "".join(
        LATEX.get(c, c if c.isprintable() and (c.isascii() or "\u00a1" <= c <= "\u017f") else "?") for c in text
    )

"""Figures and tables as files: SVG, PDF and PNG; HTML, Markdown and LaTeX; and the numbers of each as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from empirical.revision import revision
from figures import grids
from figures.evidence import Documents, Source, sources
from figures.figure import Drawn, Figure, Table
from figures.style import Look, save

COMMAND = "contrastive-theory figures"
PAPER = r"""% A document to look at all figures and tables; in a paper of your own, \input{all} needs graphicx and booktabs.
\documentclass{article}
\usepackage{graphicx,booktabs}
\usepackage[textwidth=WIDTHin,textheight=9in]{geometry}
\extrafloats{100}
\begin{document}
\input{all}
\end{document}
"""


@dataclass(frozen=True)
class Drawing:
    """One figure or table of one document.

    name      of its files, without suffix
    sources   the files of evidence behind it
    """

    part: Figure | Table
    name: str
    document: Any
    sources: tuple[Source, ...]

    @property
    def caption(self) -> str:
        """Plain text."""
        return self.part.caption(self.document)


def drawings(parts: Sequence[Drawn], documents: Documents, folder: Path) -> list[Drawing]:
    """What these figures and tables show of the documents, which were read from the folder."""
    return [
        Drawing(
            part,
            part.file_name(key),
            document,
            tuple(source for files in part.reads for source in sources(folder, files, key)),
        )
        for part in parts
        if isinstance(part, Figure | Table)
        for key, document in part.subjects(documents).items()
    ]


def files(drawing: Drawing, look: Look, formats: Sequence[str]) -> dict[str, bytes]:
    """The files of one drawing: suffix, content. Its `.tex` is the table, or the figure's float with its caption."""
    part, caption = drawing.part, drawing.caption
    if isinstance(part, Table):
        grid = part.grid(drawing.document)
        text = {
            "html": grids.as_html(grid, caption) + "\n",
            "md": grids.as_markdown(grid, caption),
            "csv": grids.as_csv(grid.head, grid.rows),
            "tex": remark(drawing) + grids.as_latex(grid, caption, drawing.name, look.width),
        }
        return {suffix: content.encode() for suffix, content in text.items()}
    metadata = {"Title": part.title, "Creator": creator(drawing), "Description": origin(drawing)}
    drawn = save(part.draw, drawing.document, look, formats, metadata)
    points = grids.points_csv(part.data(drawing.document))
    return {**drawn, "csv": points.encode(), "tex": (remark(drawing) + float_of(drawing)).encode()}


def origin(drawing: Drawing) -> str:
    """The files behind a drawing with their hashes."""
    return "; ".join(f"{'kept ' if s.kept else ''}{s.name} sha256 {s.sha256}" for s in drawing.sources)


def creator(drawing: Drawing) -> str:
    """The command that draws it, and the commit of the code."""
    return f"{COMMAND} --only {drawing.part.name} ({revision()})"


def remark(drawing: Drawing) -> str:
    """What made a LaTeX file, as its first lines."""
    return f"% {drawing.part.title}: {creator(drawing)}\n% from {origin(drawing)}\n"


def float_of(drawing: Drawing) -> str:
    """The figure with its caption, at its own size."""
    return "\n".join(
        [
            r"\begin{figure}[t]",
            r"\centering",
            f"\\includegraphics{{{drawing.name}}}",
            f"\\caption{{{grids.latex(drawing.caption)}}}\\label{{fig:{drawing.name}}}",
            r"\end{figure}",
            "",
        ]
    )


def gathered(names: Sequence[str], look: Look) -> dict[str, str]:
    """Two LaTeX files: `all.tex`, which takes every float in order, and `paper.tex`, which shows it."""
    inputs = [f"\\input{{{name}}}" + (r"\clearpage" if number % 4 == 3 else "") for number, name in enumerate(names)]
    return {"all.tex": "\n".join([*inputs, ""]), "paper.tex": PAPER.replace("WIDTH", f"{look.width:g}")}

"""What a file of this package declares of itself: a figure, a table or a passage, and the section of the report it stands in.

The registry finds each `PART`, or all `PARTS`, by walking the package, so a new figure is one new file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from figures import grids
from figures.evidence import Documents, EvidenceFiles
from figures.grids import Grid
from figures.style import Canvas

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the report; its parts are repeated for each document, that is for each file of evidence.

    order    place in the report; sections stand in ascending order
    inputs   the evidence it shows; the section is left out where there is none
    opening  the HTML that stands before the parts, from all documents
    points   sentences for the summary at the head of the report, from all documents
    shown    whether the report has it; its figures and tables are drawn in any case
    """

    order: float
    inputs: EvidenceFiles
    opening: Callable[[Sequence[Any]], str] = lambda _: ""
    points: Callable[[Sequence[Any]], list[str]] = lambda _: []
    shown: bool = True


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What figures and tables have in common.

    name     of the files; the key of the document comes before it where a section has several
    title    a few words
    section  the section it stands in
    order    place in the section; parts stand in ascending order
    caption  makes the caption, plain text, from the document
    shows    whether a document has what is drawn, such as evidence that older versions did not write
    inputs   other evidence that `subject` reads, beside `section.inputs`
    subject  makes the one document shown from all evidence, None where some is missing; by default there is one figure for
             each document of `section.inputs`
    """

    name: str
    title: str
    section: Section
    order: float
    caption: Callable[[Any], str]
    shows: Callable[[Any], bool] = lambda _: True
    inputs: tuple[EvidenceFiles, ...] = ()
    subject: Callable[[Documents], Any | None] | None = None

    def file_name(self, key: str) -> str:
        """Name, without suffix, of the files for the document with this key."""
        return f"{key}-{self.name}" if key else self.name

    def subjects(self, documents: Documents) -> dict[str, Any]:
        """What is shown, by key; nothing where evidence is missing."""
        if self.subject is None:
            return {key: d for key, d in documents[self.section.inputs].items() if self.shows(d)}
        document = self.subject(documents)
        return {} if document is None else {"": document}

    @property
    def reads(self) -> tuple[EvidenceFiles, ...]:
        """All evidence it needs."""
        return (self.section.inputs, *self.inputs)


@dataclass(frozen=True, kw_only=True)
class Figure(Drawn):
    """A figure of the report, also written as files of its own.

    draw   makes the figure from the document
    data   the numbers drawn, one row a point, from the document
    alt    what the figure shows, for those who cannot see it
    """

    draw: Callable[[Any], Canvas]
    data: Callable[[Any], Sequence[Row]]
    alt: str


@dataclass(frozen=True, kw_only=True)
class Table(Drawn):
    """A table of the report, also written as files of its own.

    grid   its cells, from the document
    """

    grid: Callable[[Any], Grid]

    def html(self, document: Any) -> str:
        """The table with its caption."""
        return grids.as_html(self.grid(document), self.caption(document))


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Text and tables of the report alone.

    section  the section it stands in
    order    place in the section; parts stand in ascending order
    html     makes the HTML from one document of `section.inputs`
    """

    section: Section
    order: float
    html: Callable[[Any], str]


Part = Figure | Table | Passage

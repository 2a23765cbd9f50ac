"""What a file of this package declares of itself: a figure or a passage of the report, and the section it stands in.

The report finds each `PART` by walking the package (`figures.registry`), so a new figure is one new file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from figures.evidence import Documents, EvidenceFiles
from figures.style import Canvas


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the report; its parts are repeated for each document, that is for each file of evidence.

    order    place in the report; sections stand in ascending order
    inputs   the evidence it shows; the section is left out where there is none
    opening  the HTML that stands before the parts, from all documents
    points   sentences for the summary at the head of the report, from all documents
    """

    order: int
    inputs: EvidenceFiles
    opening: Callable[[Sequence[Any]], str] = lambda _: ""
    points: Callable[[Sequence[Any]], list[str]] = lambda _: []


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of the report, also written as an SVG file of its own.

    name     of the SVG file; the key of the document comes before it where a section has several
    title    a few words
    section  the section it stands in
    order    place in the section; parts stand in ascending order
    draw     makes the figure from one document of `section.inputs`
    caption  makes the caption, as HTML, from the same document
    alt      what the figure shows, for those who cannot see it
    """

    name: str
    section: Section
    order: int
    draw: Callable[[Any], Canvas]
    caption: Callable[[Any], str]
    alt: str
    title: str = ""

    def file_name(self, key: str) -> str:
        """Name, without suffix, of the SVG file for the document with this key."""
        return f"{key}-{self.name}" if key else self.name

    def subjects(self, documents: Documents) -> dict[str, Any]:
        """What is shown, by key."""
        return documents[self.section.inputs]


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Text and tables of the report.

    section  the section it stands in
    order    place in the section; parts stand in ascending order
    html     makes the HTML from one document of `section.inputs`
    """

    section: Section
    order: int
    html: Callable[[Any], str]


Part = Figure | Passage

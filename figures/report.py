"""The report: one HTML page, self-contained, made of the evidence files and of nothing else."""

from html import escape
from pathlib import Path
from typing import Any

from figures import evidence, registry
from figures.evidence import Documents
from figures.figure import Drawn, Figure, Part, Section
from figures.markup import page as html_page
from figures.markup import picture
from figures.style import render


def read(folder: Path) -> Documents:
    """The evidence in `folder` that the sections of the report need.

    Raises ValueError, with the command to run, where a required file is missing, or a file is not the one that was written.
    """
    return evidence.read(folder, registry.inputs(registry.parts()))


def drawings(documents: Documents) -> dict[str, str]:
    """Every figure of the report as SVG text, by the name of its file without suffix."""
    return {
        part.file_name(key): render(part.draw, document)
        for part in registry.parts()
        if isinstance(part, Figure)
        for key, document in part.subjects(documents).items()
    }


def page(documents: Documents, drawn: dict[str, str]) -> str:
    """The whole report, with the figures of `drawings`."""
    parts = registry.parts()
    shown = [section for section in registry.sections(parts) if documents[section.inputs]]
    content = [
        "<h1>What is proved, what is refuted, and what a trained encoder meets</h1>",
        '<p class="lead soft">Contrastive-learning theory, checked on paper and on real encoders.</p>',
        _summary(shown, documents),
    ]
    for section in shown:
        content.append(section.opening(list(documents[section.inputs].values())))
        own = [part for part in parts if part.section == section]
        for key, document in documents[section.inputs].items():
            content += [_html(part, key, document, drawn) for part in own if not _gathers(part)]
        gathering = [part for part in own if isinstance(part, Drawn) and _gathers(part)]
        content += [_html(part, key, d, drawn) for part in gathering for key, d in part.subjects(documents).items()]
    content.append(
        "<h2>Reproduce</h2><p><code>make verify</code> writes this page from the evidence in <code>build/evidence</code>; "
        "<code>python -m theory --claim ID</code> shows a claim whole.</p>"
    )
    return html_page("contrastive-theory", "".join(content))


def _html(part: Part, key: str, document: Any, drawn: dict[str, str]) -> str:
    if isinstance(part, Figure):
        return picture(drawn[part.file_name(key)], escape(part.caption(document)), part.alt)
    return part.html(document)


def _gathers(part: Part) -> bool:
    """Whether it is shown once, from the evidence of several files."""
    return isinstance(part, Drawn) and part.subject is not None


def _summary(shown: list[Section], documents: Documents) -> str:
    """What holds, in plain sentences, every number read from the evidence."""
    points = [point for section in shown for point in section.points(list(documents[section.inputs].values()))]
    return "<ul>" + "".join(f"<li>{escape(point)}</li>" for point in points) + "</ul>"

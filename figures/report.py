"""The report: HTML pages, each self-contained, made of the evidence files and of nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from empirical.pages import render
from empirical.rounding import NOTHING, shown
from figures import explorer, printed, registry
from figures.audits import AUDITS
from figures.claims import anchor, groups
from figures.evidence import THEORY, Documents
from figures.figure import Drawn, Figure, Part, Passage, Section, Table
from figures.markup import data_uri
from figures.records import Study, best_certificate
from figures.study import STUDIES
from theory.ledger import Verdict

TITLE = "What is proved, what is refuted, and what a trained encoder meets"
PAGED = {STUDIES: "encoder", AUDITS: "audit"}
"""Evidence each file of which is an encoder with a page of its own, and how the name of the page begins."""
HEADING = re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL)

Files = Mapping[str, Mapping[str, bytes]]
"""The files of every figure: by its name, its content in every format, by suffix."""


@dataclass(frozen=True)
class PartView:
    """A part as it is shown; picture: a data URI, empty for a passage or a table; title: empty for a passage."""

    name: str
    title: str
    alt: str
    caption: Markup
    picture: str
    suffixes: tuple[str, ...]
    html: Markup


@dataclass(frozen=True)
class SectionView:
    """A section of the main page; opening: what stands below its heading."""

    name: str
    anchor: str
    opening: Markup
    points: list[str]
    parts: list[PartView]


def pages(documents: Documents, files: Files) -> dict[str, str]:
    """Every page of the report by the name of its file: index.html, and one for each encoder."""
    parts = registry.parts()
    return {"index.html": _main(parts, documents, files), "explorer.html": explorer.page()} | {
        page_name(section, key): render(
            "figures/encoder.html",
            title=title(section, document),
            points=section.points([document]),
            shown=[
                _part(part, key, subject, files)
                for part in parts
                if part.section == section and not _gathers(part)
                for subject in _subject(part, key, documents)
            ],
        )
        for section in registry.sections(parts)
        if section.inputs in PAGED
        for key, document in documents[section.inputs].items()
    }


def _main(parts: list[Part], documents: Documents, files: Files) -> str:
    """The main page."""
    claims, studies, audits = documents[THEORY][""], documents[STUDIES].values(), documents[AUDITS].values()
    return render(
        "figures/index.html",
        title=TITLE,
        printed_rows=printed.rows(claims, studies, audits),
        numbers=printed.numbers(claims, studies, audits),
        encoders=encoders(documents),
        groups=groups(claims),
        verdicts=[verdict.value for verdict in Verdict],
        sections=[_section(section, parts, documents, files) for section in on_main_page(parts, documents)],
        gathered=[
            _part(part, key, document, files)
            for part in parts
            if isinstance(part, Drawn) and _gathers(part)
            for key, document in part.subjects(documents).items()
        ],
    )


def on_main_page(parts: list[Part], documents: Documents) -> list[Section]:
    """The sections that the main page shows, in its order."""
    return [s for s in registry.sections(parts) if s.shown and s.inputs not in PAGED and documents[s.inputs]]


def _section(section: Section, parts: list[Part], documents: Documents, files: Files) -> SectionView:
    own, content = [part for part in parts if part.section == section], list(documents[section.inputs].values())
    opening = section.opening(content)
    heading = HEADING.search(opening)
    name = Markup(heading[1]).striptags() if heading else own[0].title if isinstance(own[0], Figure) else ""
    return SectionView(
        name=name,
        anchor=f"section-{anchor(name)}",
        opening=Markup(HEADING.sub("", opening, count=1)),
        points=section.points(content),
        parts=[
            _part(part, key, document, files)
            for key in documents[section.inputs]
            for part in own
            if not _gathers(part)
            for document in _subject(part, key, documents)
        ],
    )


def _part(part: Part, key: str, document: Any, files: Files) -> PartView:
    if isinstance(part, Passage):
        return PartView("", "", "", Markup(), "", (), Markup(part.html(document)))
    name, content = part.file_name(key), files[part.file_name(key)]
    if isinstance(part, Table):
        return PartView(name, part.title, "", Markup(), "", tuple(content), Markup(part.html(document)))
    return PartView(
        name=name,
        title=part.title or part.alt,
        alt=part.alt,
        caption=escape(part.caption(document)),
        picture=data_uri(content["svg"].decode()),
        suffixes=tuple(content),
        html=Markup(),
    )


def _subject(part: Part, key: str, documents: Documents) -> list[Any]:
    """The document that a part shows under this key; none where evidence lacks what it needs."""
    subjects = part.subjects(documents) if isinstance(part, Drawn) else documents[part.section.inputs]
    return [subjects[key]] if key in subjects else []


def _gathers(part: Part) -> bool:
    """Whether it is shown once, from the evidence of several files."""
    return isinstance(part, Drawn) and part.subject is not None


def page_name(section: Section, key: str) -> str:
    """The file of the page of one encoder."""
    return f"{PAGED[section.inputs]}-{key}.html"


def title(section: Section, document: Any) -> str:
    """What one encoder is called."""
    if section.inputs == AUDITS:
        return f"{document['encoder']} on {document['data']}"
    return f"{document['config']['method']['name']} on {document['dataset']}"


def encoders(documents: Documents) -> list[list[str | Markup]]:
    """One row for each encoder: its page, data, worlds, and the errors and classes met of the best world."""
    rows: list[list[str | Markup]] = []
    link = Markup('<a href="{}-{}.html">{}</a>').format
    for key, audit in documents[AUDITS].items():
        form, best = min(audit["exact"].items(), key=lambda item: item[1]["error"])
        rows.append(
            [
                link("audit", key, audit["encoder"]),
                f"{audit['data']}, audited",
                "1",
                *_certified(audit["true_error_any_view"], best["error"], form, best["met"], audit["classes"]),
            ]
        )
    for key, study in documents[STUDIES].items():
        measurement = closest(study)
        best = best_certificate(measurement)
        rows.append(
            [
                link("encoder", key, study["config"]["method"]["name"]),
                f"{study['dataset']}; {measurement['layer']}, {measurement['views']}",
                str(len(study["measurements"])),
                *_certified(
                    measurement["error_any_view"],
                    best["error"],
                    best["form"],
                    sum(c["met"] for c in best["classes"]),
                    measurement["classes"],
                ),
            ]
        )
    return rows


def closest(study: Study) -> Any:
    """The measurement of which most is certified."""
    return min(study["measurements"], key=lambda m: best_certificate(m)["error"])


def _certified(measured: float, error: float, form: str, met: int, classes: int) -> list[str]:
    said = f"{shown(error, 'upper')}, {form}" if met else NOTHING
    return [shown(measured, "exact"), said, f"{met} of {classes}"]

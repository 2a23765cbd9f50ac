"""What every form of Theorem 1 certifies of a trained encoder, and what stands in the way."""

from html import escape

from empirical.rounding import shown
from figures.figure import Passage
from figures.markup import table
from figures.mathematics import prose
from figures.records import Measurement, Study, certificate_of
from figures.study import SECTION
from theory.theorem1 import FORMS

COLUMNS = (
    ("printed", "lipschitz", "world"),
    ("printed", "local", "world"),
    *((form, "local", "class") for form in FORMS),
    ("exact", "lipschitz", "class"),
)
"""Form, lever and scope of the certificates shown."""


def html(study: Study) -> str:
    """Certified error of every measurement by every form, and one sentence on each measurement."""
    head = ["encoder and views", "Err", *(f"{form}, {lever}, {scope}" for form, lever, scope in COLUMNS)]
    sentences = "".join(
        f"<li><b>{escape(m['layer'])}; {escape(m['views'])}</b>, {prose(m['says'])}</li>" for m in study["measurements"]
    )
    return (
        "<h3>Held against Theorem 1</h3>"
        f"<p>A cell is the certified error and, in brackets, how many of {study['measurements'][0]['classes']} classes "
        "meet the condition; a dash certifies nothing. Lever <em>local</em> measures the spread s in feature space; lever "
        "<em>lipschitz</em> uses Lδ, as printed. Scope <em>world</em>: one (ε, δ), all classes must meet the "
        "condition; scope <em>class</em>: each class for itself.</p>"
        + table("Certified errors by form, lever and scope", head, [_row(m) for m in study["measurements"]], 1)
        + f"<ul class='steps'>{sentences}</ul>"
    )


def _row(m: Measurement) -> list[str]:
    cells = [f"{escape(m['layer'])}; {escape(m['views'])}", shown(m["error"], "exact")]
    for form, lever, scope in COLUMNS:
        certificate = certificate_of(m, form, lever, scope)
        met = sum(c["met"] for c in certificate["classes"])
        cells.append(f"{shown(certificate['error'], 'upper')} ({met})" if met else "&ndash;")
    return cells


PART = Passage(section=SECTION, order=50, html=html)

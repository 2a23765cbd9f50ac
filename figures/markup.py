"""Pieces of HTML that are made outside the templates: tables and pictures."""

import base64
from collections.abc import Sequence

from markupsafe import Markup

from empirical.pages import environment


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int) -> str:
    """A table; columns from index `numbers` on are right-aligned; cells are HTML."""
    template = environment("figures").get_template("figures/table.html")
    cells = [[Markup(cell) for cell in row] for row in rows]
    return template.render(caption=caption, head=[Markup(cell) for cell in head], rows=cells, numbers=numbers)


def data_uri(svg: str) -> str:
    """SVG text as a data URI: an image of its own, whose ids cannot clash with those of another."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()

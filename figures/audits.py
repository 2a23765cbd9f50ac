"""The audits that were run: certified error of every form, in exact and in population mode."""

from html import escape
from typing import Any

from figures.tables import table
from theory.theorem1 import FORMS, POPULATION_FORMS


def _cell(found: dict[str, Any] | None, classes: int) -> str:
    return "&ndash;" if found is None else f"{found['error']:.4f} ({found['met']}/{classes})"


def section(audits: list[dict[str, Any]]) -> str:
    """One row per form, two columns per audit; empty where none was run."""
    if not audits:
        return ""
    parts = ["<h2>Encoders audited</h2>"]
    for found in audits:
        rows = [
            [form, *(_cell(found[mode].get(form), found["classes"]) for mode in ("exact", "population"))]
            for form in dict.fromkeys([*FORMS, *POPULATION_FORMS])
        ]
        rows.append(["measured, any view", f"{found['true_error_any_view']:.4f}", ""])
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in found["says"])
        parts.append(
            f'<h3>{escape(found["encoder"])} on {escape(found["data"])}</h3><p class="soft">Head: {escape(found["head"])}. '
            f"Weights {found['weights_sha256'][:12]}. Its own page: <code>{escape(found['page'])}</code>.</p>{said}"
            + table(["certified error (classes met)", "exact mode", f"population, level {found['level']:g}"], rows, 1)
        )
    return "".join(parts)

"""The explorer of Theorem 1: a page on which the reader moves the factors and sees which forms certify, and why not.

forms.js        the margins of `theory.theorem1.forms` once more, in JavaScript; a browser holds them to Python's in a test
controls.js     what moves: sliders, verdicts, the map of spread against product
explorer.html   the page; `page` puts style sheet and scripts into it
"""

import json
from importlib import resources

from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms import FORMS


def page() -> str:
    """The whole page, self-contained."""
    described = [{"name": name, "claim": form.claim, "share": form.share} for name, form in FORMS.items()]
    settings = {"forms": described, "rounding": ROUNDING}
    text = text_of("explorer.html")
    for name, content in (
        ("FORMS_JS", text_of("forms.js")),
        ("CONTROLS_JS", text_of("controls.js")),
        ("SETTINGS", json.dumps(settings)),
    ):
        text = text.replace(f"/*{name}*/", content)
    return text


def text_of(name: str) -> str:
    """A file of this folder."""
    return (resources.files(__name__) / name).read_text(encoding="utf-8")

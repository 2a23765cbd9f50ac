"""Sphinx: the documentation site, from the pages beside this file, the ledger, the docstrings and examples/.

`make docs` runs it, after `python -m theory` has left build/evidence/theory.json, of which the claims' pages are made.
"""

import html
import importlib
import json
import os
import pkgutil
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from theory.digests import read_evidence
from theory.messages import printable

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("contrastive_theory", "theory", "simulate", "empirical", "figures")

project = "contrastive-theory"
author = "the founders of contrastive-theory"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_gallery.gen_gallery"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["**/sg_execution_times.rst"]
suppress_warnings = ["myst.xref_missing", "config.cache"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "contrastive-theory"
html_math_renderer = "mathml"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "/",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
}


def claim_pages(_: Sphinx) -> None:
    """One page for each claim, and their list."""
    path = ROOT / "build" / "evidence" / "theory.json"
    if not path.exists():
        raise ExtensionError(f"evidence={path}: missing; run contrastive-theory claims first")
    claims = read_evidence(path, "run contrastive-theory claims again")
    folder = ROOT / "docs" / "claims"
    folder.mkdir(exist_ok=True)
    for page in folder.glob("*.md"):
        if page.stem not in {"index", *(claim["id"] for claim in claims)}:
            page.unlink()  # of a claim that has another name now
    for claim in claims:
        _write(folder / f"{claim['id']}.md", claim_page(claim))
    rows = [f"| [{c['id']}]({c['id']}.md) | {_cell(c['title'])} | {c['verdict']} |" for c in claims]
    names = "\n".join(claim["id"] for claim in claims)
    _write(
        folder / "index.md",
        "# Claims\n\nEvery statement of the ledger, with its verdict.\n\n| claim | what it says | verdict |\n|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n",
    )


def claim_page(claim: dict) -> str:
    """The page of one claim, as Markdown."""
    module = claim["module"].replace(".", "/")
    lines = [
        f"# {claim['id']}",
        f"**{_cell(claim['title'])}**: {claim['verdict']}" + (f" ({', '.join(claim['how'])})" if claim["how"] else ""),
        f"$$\n{claim['statement']}\n$$",
        f"Source: {claim['source']}. Stated and checked in `{module}.py`.",
    ]
    if claim["reduction"]:
        lines += ["## Proof", claim["reduction"]]
    for title, facts in (("Trusted facts", claim["trusted"]), ("Resting on prose", claim["unchecked"])):
        if facts:
            lines += [f"## {title}", "\n".join(f"- {fact}" for fact in facts)]
    for theorem in claim["formal"]:
        remark = f" ({theorem['remark']})" if theorem["remark"] else ""
        lines += [f"## Coq: {theorem['name']}", f"`{theorem['file']}`{remark}", f"```coq\n{theorem['whole']}\n```"]
    holds = {True: "holds", False: "fails", None: "open"}
    rows = [
        f"| {_cell(e['step'])} | {e['kind']} | {holds[e['holds']]} | {_cell(e['summary'])} |" for e in claim["evidence"]
    ]
    lines += ["## Evidence", "| step | kind | | what was found |\n|---|---|---|---|\n" + "\n".join(rows)]
    return "\n\n".join(lines) + "\n"


def notebook_pages(_: Sphinx) -> None:
    """Each notebook as a page: text, code, and what the code printed, which a test holds to what it prints."""
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        parts = []
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"])
            parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
            printed = "".join(line for output in cell.get("outputs", ()) for line in output["text"])
            parts += [f"```text\n{printed.rstrip()}\n```"] * bool(printed)
        _write(path.with_suffix(".md"), "\n\n".join(parts) + "\n")


def api_pages(_: Sphinx) -> None:
    """The reference: for each package one page with every public module."""
    folder = ROOT / "docs" / "api"
    folder.mkdir(exist_ok=True)
    for name in PACKAGES:
        package = importlib.import_module(name)
        modules = [name, *sorted(m.name for m in pkgutil.walk_packages(package.__path__, f"{name}."))]
        public = [m for m in modules if not m.rpartition(".")[2].startswith("_")]
        parts = [f"{name}\n{'=' * len(name)}"]
        # What a package names again is described where it is defined.
        parts += [f"{m}\n{'-' * len(m)}\n\n.. automodule:: {m}\n   :members:\n   :ignore-module-all:" for m in public]
        _write(folder / f"{name}.rst", "\n\n".join(parts) + "\n")
    pages = "\n".join(PACKAGES)
    _write(
        folder / "index.md", f"# Reference\n\nFrom the docstrings.\n\n```{{toctree}}\n:maxdepth: 2\n\n{pages}\n```\n"
    )


def keep_columns(_app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Docstrings here are plain text with aligned columns: every paragraph that has some is shown as it is written."""
    paragraphs = "\n".join(lines).split("\n\n")
    shown = []
    for paragraph in paragraphs:
        if re.search(r"\S {2,}\S|^ +\S", paragraph, re.MULTILINE):
            shown.append(".. code-block:: none\n\n" + "\n".join(f"   {line}" for line in paragraph.splitlines()))
        else:
            words = paragraph.split("`")  # every second one stands between backticks, which mean code here
            words[::2] = [re.sub(r"([*|_\\])", r"\\\1", word) for word in words[::2]]
            words[1::2] = [f"``{word}``\\ " for word in words[1::2]]
            shown.append("".join(words))
    lines[:] = "\n\n".join(shown).splitlines()


def _write(path: Path, text: str) -> None:
    """Write where the text is another one, so that Sphinx reads again only what has changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _cell(text: str) -> str:
    return printable(text).replace("|", r"\|").replace("<", r"\<").replace("*", r"\*")


def _inline_mathml(translator: Any, node: Any) -> None:
    translator.body.append(convert(html.unescape(node.astext())))
    raise _skipped()


def _block_mathml(translator: Any, node: Any) -> None:
    text = convert(html.unescape(node.astext()), display="block")
    translator.body.append(f'<div class="math" style="overflow-x: auto">{text}</div>')
    raise _skipped()


def _skipped() -> Exception:
    nodes = importlib.import_module("docutils.nodes")
    skipped: Exception = nodes.SkipNode()
    return skipped


def setup(app: Sphinx) -> None:
    """Formulas as MathML, which needs no network, and the generated pages."""
    os.environ.setdefault("MPLBACKEND", "agg")
    app.add_html_math_renderer("mathml", (_inline_mathml, None), (_block_mathml, None))
    app.connect("builder-inited", claim_pages)
    app.connect("builder-inited", notebook_pages)
    app.connect("builder-inited", api_pages)
    app.connect("autodoc-process-docstring", keep_columns)

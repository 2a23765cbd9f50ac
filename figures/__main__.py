"""`python -m figures`: write build/report/index.html, and each figure as SVG, from build/evidence.

Exit status 0: written; 2: evidence is missing or damaged.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("figures.__main__")


import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from figures.evidence import Documents
from theory.command import OneLineParser, output_folder
from theory.files import write_bytes, write_text


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and its figures; returns the exit status."""
    documents, folder = _documents("report", "Write the report and its figures from the evidence.", argv)
    drawn = _drawn(documents, folder)
    pages: dict[str, str] = _report().pages(documents, drawn)
    for name, text in pages.items():
        write_text(folder / name, text)
    size = sum(map(len, pages.values())) / 1e6
    print(f"report: {folder / 'index.html'} ({len(pages)} pages, {size:.1f} MB), figures in {folder / 'figures'}")
    return 0


def draw_main(argv: Sequence[str] | None = None) -> int:
    """Write the figures alone; returns the exit status."""
    documents, folder = _documents("figures", "Draw every figure from the evidence, as SVG.", argv)
    print(f"{len(_drawn(documents, folder))} figures in {folder / 'figures'}")
    return 0


def _documents(command: str, description: str, argv: Sequence[str] | None) -> tuple[Documents, Path]:
    """The evidence that the options name, and the folder to write to."""
    parser = OneLineParser(command, description=description)
    parser.share("evidence")
    parser.share("out", default=Path("build/report"))
    options = parser.parse_words(argv)
    try:
        documents = _report().read(options.evidence)
        folder = output_folder("--out", options.out)
    except ValueError as error:
        parser.error(str(error))
    if names := _report().unrecorded(options.evidence):
        print(f"taken as they are, without a hash beside them: {', '.join(names)}", file=sys.stderr)
    return documents, folder


def _drawn(documents: Documents, folder: Path) -> dict[str, dict[str, bytes]]:
    """The files of every figure, written below the folder."""
    drawn: dict[str, dict[str, bytes]] = _report().drawings(documents)
    for name, files in drawn.items():
        for suffix, content in files.items():
            write_bytes(folder / "figures" / f"{name}.{suffix}", content)
    return drawn


def _report() -> ModuleType:
    """The module `figures.report`, imported late: it loads matplotlib, which refuses some settings of the user's."""
    return importlib.import_module("figures.report")

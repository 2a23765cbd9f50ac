"""`python -m figures`: write build/report/index.html and the files of each figure and table, from build/evidence.

Exit status 0: written; 2: evidence is missing or damaged.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("figures.__main__")


import argparse
import importlib
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures.evidence import read, read_as_written, unrecorded
from theory.checks import check_choice
from theory.command import OneLineParser, output_folder
from theory.files import write_bytes, write_text


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and its figures; returns the exit status."""
    parser = OneLineParser("report", description="Write the report and its figures from the evidence.")
    parser.share("evidence")
    parser.share("out", default=Path("build/report"))
    options = parser.parse_words(argv)
    registry, drawing, style, report = _modules("report", "registry", "drawing", "style", "report")
    parts = registry.parts()
    try:
        documents = read(options.evidence, registry.inputs(parts))
        folder = output_folder("--out", options.out)
    except ValueError as error:
        parser.error(str(error))
    _say_unrecorded(options.evidence, registry.inputs(parts))
    files = {}
    for one in drawing.drawings(parts, documents, options.evidence):
        files[one.name] = drawing.files(one, style.SCREEN, style.FORMATS)
        _write(folder / "figures", one.name, files[one.name])
    pages = report.pages(documents, files)
    for name, text in pages.items():
        write_text(folder / name, text)
    size = sum(map(len, pages.values())) / 1e6
    print(f"report: {folder / 'index.html'} ({len(pages)} pages, {size:.1f} MB), figures in {folder / 'figures'}")
    return 0


def draw_main(argv: Sequence[str] | None = None) -> int:
    """List the figures and tables, or write their files; returns the exit status."""
    registry, drawing, style = _modules("figures", "registry", "drawing", "style")
    parser = OneLineParser("figures", description="Draw figures and tables, from the evidence and nothing else.")
    parser.add_argument("list", nargs="?", help="the word `list`: show what there is, and what is missing")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these figures and tables; `list` shows the names")
    parser.add_argument("--format", default=",".join(style.FORMATS), help="of svg,pdf,png (%(default)s)")
    parser.add_argument(
        "--width",
        type=inches,
        metavar="W",
        help=f"{', '.join(f'{n} ({w:g})' for n, w in style.WIDTHS.items())} or inches",
    )
    parser.add_argument("--style", default="screen", help="paper or screen (%(default)s)")
    parser.share("evidence")
    parser.share("out", default=Path("build/report/figures"))
    options = parser.parse_words(argv)
    try:
        if options.list not in (None, "list"):
            raise ValueError(f"{options.list!r}: unknown; give `list`, or nothing to draw")
        formats = [check_choice("--format", word, style.FORMATS) for word in options.format.split(",")]
        check_choice("--style", options.style, style.STYLES)
        default = style.WIDTHS["iclr"] if options.style == "paper" else style.SCREEN.width
        look = style.Look(options.style, default if options.width is None else options.width)
        parts = chosen(registry, options.only)
        documents = read_as_written(options.evidence, registry.inputs(parts))
        if options.list:
            print("\n".join(listing(parts, documents)))
            return 0
        missing = [f"{part.name}: {lacking(part, documents)}" for part in parts if not part.subjects(documents)]
        if options.only and missing:
            raise ValueError("; ".join(missing))
        folder = output_folder("--out", options.out)
    except ValueError as error:
        parser.error(str(error))
    _say_unrecorded(options.evidence, registry.inputs(parts))
    for line in missing:
        print(f"not drawn, {line}", file=sys.stderr)
    drawn = drawing.drawings(parts, documents, options.evidence)
    for one in drawn:
        _write(folder, one.name, drawing.files(one, look, formats))
    for name, text in drawing.gathered([one.name for one in drawn], look).items():
        write_text(folder / name, text)
    print(f"{len(drawn)} figures and tables in {folder}")
    return 0


def inches(word: str) -> float:
    """Read the width of a figure; the error names the word."""
    widths: dict[str, float] = _module("style").WIDTHS
    if word in widths:
        return widths[word]
    try:
        width = float(word)
    except ValueError:
        width = math.nan
    if not 2 <= width <= 20:
        raise argparse.ArgumentTypeError(f"{word!r} is no width; give {', '.join(widths)} or inches between 2 and 20")
    return width


def chosen(registry: Any, names: Sequence[str] | None) -> list[Any]:
    """The figures and tables with these names, all where none is given. ValueError for a name that none has."""
    known = {part.name: part for part in registry.parts() if hasattr(part, "reads")}
    return list(known.values()) if names is None else [known[check_choice("--only", name, known)] for name in names]


def listing(parts: Sequence[Any], documents: Any) -> list[str]:
    """One line each: name, title, and what it would be drawn from."""
    wide = max(len(part.name) for part in parts)
    title = max(len(part.title) for part in parts)
    return [f"{part.name:<{wide}}  {part.title:<{title}}  {state(part, documents)}" for part in parts]


def state(part: Any, documents: Any) -> str:
    """Whether the evidence of a figure is there: computed, kept, or missing."""
    subjects = part.subjects(documents)
    if not subjects:
        return f"missing; {lacking(part, documents)}"
    kept = [key for key, document in subjects.items() if isinstance(document, dict) and document.get("kept")]
    return "computed" if not kept else f"kept: {', '.join(kept)}" if len(kept) == len(subjects) else "computed and kept"


def lacking(part: Any, documents: Any) -> str:
    """The commands that make the evidence that is missing."""
    absent = [files for files in part.reads if not documents[files]] or part.reads
    return ", ".join(files.remedy for files in absent)


def _write(folder: Path, name: str, content: Mapping[str, bytes]) -> None:
    for suffix, one in content.items():
        write_bytes(folder / f"{name}.{suffix}", one)


def _say_unrecorded(folder: Path, inputs: Any) -> None:
    if names := unrecorded(folder, inputs):
        print(f"taken as they are, without a hash beside them: {', '.join(names)}", file=sys.stderr)


def _modules(command: str, *names: str) -> list[Any]:
    """These modules; where matplotlib refuses the user's settings the command ends, and says so in one line."""
    try:
        return [_module(name) for name in names]
    except ValueError as error:
        OneLineParser(command).error(str(error))


def _module(name: str) -> Any:
    """The module `figures.NAME`, imported late: it loads matplotlib, which refuses some settings of the user's."""
    return importlib.import_module(f"figures.{name}")

"""`python -m figures`: write build/report/index.html, and each figure as SVG, from build/evidence.

Exit status 0: written; 2: evidence is missing or damaged.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from figures.report import drawings, page, read
from theory.ledger import write_text
from theory.options import OneLineParser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser(prog="python -m figures", description="Write the report from the evidence.")
    parser.add_argument("--evidence", type=Path, default=Path("build/evidence"), help="folder to read (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/report"), help="folder to write (%(default)s)")
    options = parser.parse_words(argv)
    try:
        inputs = read(options.evidence)
    except ValueError as error:
        parser.error(str(error))
    drawn = drawings(inputs)
    text = page(inputs, drawn)
    for name, figure in drawn.items():
        write_text(options.out / "figures" / f"{name}.svg", figure)
    target = options.out / "index.html"
    write_text(target, text)
    print(f"report: {target} ({len(text) / 1e6:.1f} MB, self-contained), figures in {options.out / 'figures'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

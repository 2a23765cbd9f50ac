"""`python -m theory`: run every check, write build/evidence/theory.json, print the ledger.

Exit status 0: every verdict is the expected one; 1: evidence contradicts an expectation; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("theory.__main__")


import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from theory.checks import check_choice, check_integer
from theory.command import OneLineParser, output_folder, show_progress
from theory.digests import write_evidence
from theory.falsification import WORLDS
from theory.files import write_text
from theory.formal import theorems as formal
from theory.ledger import ENOUGH, Claim, as_json, claims, gather
from theory.ledger_table import HEADER, row, table_row, whole, with_ledger
from theory.statements import as_markdown


def _selected(wanted: str | None) -> list[Claim]:
    everything = claims()
    if wanted is None:
        return everything
    check_choice("--claim", wanted, [claim.id for claim in everything])
    return [claim for claim in everything if claim.id == wanted]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("claims", description="Prove or refute every claim of the ledger.")
    parser.add_argument("--claim", metavar="ID", help="show one claim whole: statement, source, proof, evidence")
    parser.share("json", "out", "quiet")
    parser.add_argument(
        "--worlds", type=int, default=WORLDS, metavar="N", help="worlds in which each statement is tried (%(default)s)"
    )
    parser.add_argument(
        "--docs",
        type=Path,
        metavar="FOLDER",
        help="write the ledger into FOLDER/docs/ledger.md, FOLDER/docs/statements.md and FOLDER/docs/formal.md",
    )
    options = parser.parse_words(argv)
    if options.docs is not None and options.claim is not None:
        parser.error("--docs: is for the whole ledger; leave out --claim")
    try:
        check_integer("--worlds", options.worlds, ENOUGH)
        chosen = _selected(options.claim)
        if options.claim is None:
            output_folder("--out", options.out)
    except ValueError as error:
        parser.error(str(error))
    with tqdm(chosen, unit="claim", disable=not show_progress(options)) as tasks:
        entries = [as_json(claim, gather(claim, options.worlds)) for claim in tasks]
    contradicted = [entry["id"] for entry in entries if entry["verdict"] != entry["expected"]]
    if options.claim is None:
        write_evidence(options.out / "theory.json", entries)
    if options.docs is not None:
        write_text(options.docs / "docs" / "statements.md", as_markdown(chosen))
        write_text(
            options.docs / "docs" / "formal.md", formal.as_markdown((c.id, c.title, c.statement) for c in chosen)
        )
        ledger = options.docs / "docs" / "ledger.md"
        write_text(ledger, with_ledger(ledger.read_text(encoding="utf-8"), entries))
    if options.json:
        print(json.dumps(entries, indent=1))
    elif options.claim is not None:
        print(whole(entries[0]))
    else:
        print("\n".join([row(*HEADER), *map(table_row, entries)]))
    for name in contradicted:
        print(f"theory: the evidence contradicts the expectation for {name}; see --claim {name}", file=sys.stderr)
    return 1 if contradicted else 0

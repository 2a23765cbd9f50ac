"""`python -m theory`: run every check, print the ledger, write build/evidence/theory.json.

Exit status 0: every verdict is the expected one; 1: evidence contradicts an expectation; others: see `theory.command`.
"""

import json
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from theory.command import OneLineParser, exit_status, one_of, output_folder
from theory.ledger import Claim, as_json, claims, gather, write_json

WIDTHS = (22, 48, 8, 32, 16, 5)
HEADER = ("claim", "title", "verdict", "evidence", "slack or witness", "sec")


def row(*cells: str) -> str:
    """One line of the aligned table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def table_row(entry: dict[str, Any]) -> str:
    """The ledger's line for one claim, from its JSON form."""
    evidence = entry["evidence"]
    kinds = ", ".join(dict.fromkeys(e["kind"] for e in evidence))
    slacks = [e["slack"] for e in evidence if e["slack"] is not None and e["kind"] in ("search", "witness")]
    witness = any(e["kind"] == "witness" for e in evidence)
    note = f"{'witness ' if witness else ''}{slacks[0]:+.3f}" if slacks else "-"
    seconds = sum(e["seconds"] for e in evidence)
    mark = "" if entry["verdict"] == entry["expected"] else f" (expected {entry['expected']})"
    title = textwrap.shorten(entry["title"], WIDTHS[1], placeholder="...")
    return row(entry["id"], title, entry["verdict"] + mark, kinds, note, f"{seconds:.2f}")


def whole(entry: dict[str, Any]) -> str:
    """One claim with its statement, source, proof and every piece of evidence."""

    def paragraph(label: str, text: str) -> str:
        return textwrap.fill(
            text, 112, initial_indent=f"{label:<11}", subsequent_indent=" " * 11, break_long_words=False
        )

    lines = [f"{entry['id']}: {entry['title']}", ""]
    lines += [paragraph(name, entry[name]) for name in ("statement", "source")]
    if entry["reduction"]:
        lines.append(paragraph("proof", entry["reduction"]))
    lines += [paragraph("trusted", fact) for fact in entry["trusted"]]
    lines += [f"{'verdict':<11}{entry['verdict']} (expected: {entry['expected']})", ""]
    words = {True: "holds", False: "FAILS", None: "open"}
    for e in entry["evidence"]:
        lines.append(f"  {words[e['holds']]:<6}{e['kind']:<11}{e['step']}  [{e['seconds']:.2f} s]")
        lines.append(textwrap.fill(e["summary"], 108, initial_indent=" " * 8, subsequent_indent=" " * 8))
        if e["computed"]:
            lines.append(textwrap.fill(e["computed"], 108, initial_indent=" " * 8 + "-> ", subsequent_indent=" " * 11))
    return "\n".join(lines)


def _selected(wanted: str | None) -> list[Claim]:
    everything = claims()
    if wanted is None:
        return everything
    one_of("--claim", wanted, (claim.id for claim in everything))
    return [claim for claim in everything if claim.id == wanted]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("claims", description="Prove or refute every claim of the ledger.")
    parser.add_argument("--claim", metavar="ID", help="show one claim whole: statement, source, proof, evidence")
    parser.share("json", "out")
    options = parser.parse_words(argv)
    try:
        chosen = _selected(options.claim)
        if options.claim is None:
            output_folder("--out", options.out)
    except ValueError as error:
        parser.error(str(error))
    as_table = not options.json and options.claim is None
    if as_table:
        print(row(*HEADER))
    entries = []
    for claim in chosen:
        entry = as_json(claim, gather(claim))
        entries.append(entry)
        if as_table:
            print(table_row(entry), flush=True)
    contradicted = [entry["id"] for entry in entries if entry["verdict"] != entry["expected"]]
    if options.json:
        print(json.dumps(entries, indent=1))
    elif options.claim is not None:
        print(whole(entries[0]))
    if options.claim is None:
        write_json(options.out / "theory.json", entries)
    for name in contradicted:
        print(f"theory: the evidence contradicts the expectation for {name}; see --claim {name}", file=sys.stderr)
    return 1 if contradicted else 0


if __name__ == "__main__":
    sys.exit(exit_status(main))

"""How the ledger is printed: the aligned table, one claim whole, and the block of docs/ledger.md."""

import json
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from theory.falsification import ROUNDING
from theory.ledger import STATEMENT

HEADER = ("claim", "title", "verdict", "how", "trusted", "prose", "worlds met, slack", "sec")
WIDTHS = (22, 48, 8, 40, 7, 5, 22, 5)
MARKERS = ("<!-- ledger -->", "<!-- /ledger -->")


def row(*cells: str) -> str:
    """One line of the aligned table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def table_row(entry: dict[str, Any]) -> str:
    """The ledger's line for one claim, from its JSON form."""
    evidence = entry["evidence"]
    witness = ["witness"] * any(e["kind"] == "witness" for e in evidence)
    how = ", ".join([*witness, *entry["how"]]) or "-"
    seconds = sum(e["seconds"] for e in evidence)
    mark = "" if entry["verdict"] == entry["expected"] else f" (expected {entry['expected']})"
    title = textwrap.shorten(entry["title"], WIDTHS[1], placeholder="...")
    resting = [str(len(entry[name]) or "-") for name in ("trusted", "unchecked")]
    return row(entry["id"], title, entry["verdict"] + mark, how, *resting, searched(evidence), f"{seconds:.2f}")


def searched(evidence: Sequence[dict[str, Any]]) -> str:
    """How often the search of a statement met its hypotheses, and the least slack up to rounding: "212/300 +0.013"."""
    search = next((e for e in evidence if e["step"] == STATEMENT), None)
    if search is None:
        return "-"
    if search["slack"] is None:
        return f"0/{search['worlds']} not tested"
    vacuous = " vacuous" if search["informative"] == 0 else ""
    slack = "0" if abs(search["slack"]) < ROUNDING else f"{search['slack']:+.3g}"
    return f"{search['met']}/{search['worlds']} {slack}{vacuous}"


def whole(entry: dict[str, Any]) -> str:
    """One claim with its statement, source, module, proof and every piece of evidence."""

    def paragraph(label: str, text: str) -> str:
        return textwrap.fill(
            text, 112, initial_indent=f"{label:<12}", subsequent_indent=" " * 12, break_long_words=False
        )

    lines = [f"{entry['id']}: {entry['title']}", ""]
    lines += [paragraph(name, entry[name]) for name in ("statement", "source", "module")]
    if entry["reduction"]:
        lines.append(paragraph("proof", entry["reduction"]))
    lines += [paragraph("trusted", fact) for fact in entry["trusted"]]
    lines += [paragraph("prose alone", step) for step in entry["unchecked"]]
    lines += [paragraph("by Coq", f"{step} ({theorem})") for step, theorem in entry["covered"].items()]
    facts = len(entry["trusted"])
    assuming = f", {facts} trusted fact{'s' * (facts > 1)}" if facts and entry["verdict"] == "proved" else ""
    lines += [f"{'verdict':<12}{entry['verdict']}{assuming} (expected: {entry['expected']})", ""]
    words = {True: "holds", False: "FAILS", None: "open"}
    for e in entry["evidence"]:
        lines.append(f"  {words[e['holds']]:<6}{e['kind']:<11}{e['step']}  [{e['seconds']:.2f} s]")
        lines.append(textwrap.fill(e["summary"], 108, initial_indent=" " * 8, subsequent_indent=" " * 8))
        if e["computed"]:
            lines.append(textwrap.fill(e["computed"], 108, initial_indent=" " * 8 + "-> ", subsequent_indent=" " * 11))
        if e["world"] is not None:
            world = json.dumps(_rounded(e["world"]))
            worst = textwrap.shorten(f"worst world: {world}", 640, placeholder=" ... (whole with --json)")
            lines.append(textwrap.fill(worst, 108, initial_indent=" " * 8, subsequent_indent=" " * 11))
    for theorem in entry["formal"]:
        lines += ["", f"  {theorem['file']}" + (f": {theorem['remark']}" if theorem["remark"] else "")]
        stated = [theorem["context"]] * bool(theorem["context"]) + [theorem["statement"]]
        lines += [textwrap.indent(part, " " * 8) for part in stated]
    return "\n".join(lines)


def _rounded(value: Any) -> Any:
    """A world with its numbers to six digits, to be read."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def with_ledger(text: str, entries: Sequence[dict[str, Any]]) -> str:
    """`text` (docs/ledger.md) with the whole table between its `MARKERS`.

    Raises ValueError where they are missing.
    """
    start, end = MARKERS
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"text={text[:20]!r}...: holds no place for the ledger; put {start} and {end} into it once")
    block = "\n".join([start, "```", row(*HEADER), *map(table_row, entries), "```", end])
    return re.sub(f"{re.escape(start)}.*{re.escape(end)}", lambda _: block, text, flags=re.DOTALL)

"""How the ledger is printed: the aligned table, one claim whole, and the block of docs/ledger.md."""

import json
import textwrap
from collections.abc import Sequence
from typing import Any

from theory.falsification import ROUNDING
from theory.ledger import STATEMENT, Verdict

HEADER = ("claim", "title", "verdict", "how", "trusted", "prose", "worlds met, slack", "sec")
WIDTHS = (22, 48, 8, 40, 7, 5, 22, 5)
BLOCKS = ("ledger", "prose")
"""Names of the blocks of docs/ledger.md that are written: <!-- NAME --> ... <!-- /NAME -->."""


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
    lines += [f"{'verdict':<12}{worded(entry)} (expected: {entry['expected']})", ""]
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
        lines.append(textwrap.indent(theorem["whole"], " " * 8))
    return "\n".join(lines)


def worded(entry: dict[str, Any]) -> str:
    """The verdict with what it rests on: "proved, 2 trusted facts, 1 step in prose alone"."""
    if entry["verdict"] != Verdict.PROVED:
        return str(entry["verdict"])
    facts, steps = (len(entry[name]) for name in ("trusted", "unchecked"))
    parts = [f"{facts} trusted fact{'s' * (facts > 1)}"] * bool(facts) + [
        f"{steps} step{'s' * (steps > 1)} in prose alone"
    ] * bool(steps)
    return ", ".join(["proved", *parts])


def prose_alone(entries: Sequence[dict[str, Any]]) -> str:
    """The steps of proofs that no check and no theorem of Coq covers, as a list in Markdown."""
    return "\n".join(f"- `{entry['id']}`: {step}" for entry in entries for step in entry["unchecked"])


def _rounded(value: Any) -> Any:
    """A world with its numbers to six digits, to be read."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def with_ledger(text: str, entries: Sequence[dict[str, Any]]) -> str:
    """`text` (docs/ledger.md) with the whole table, and the list of what rests on prose alone, between their markers.

    Raises ValueError where a marker is missing.
    """
    table = "\n".join(["```", row(*HEADER), *map(table_row, entries), "```"])
    for name, block in zip(BLOCKS, (table, prose_alone(entries) or "Nothing."), strict=True):
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(
                f"text={text[:20]!r}...: holds no place for the {name}; put {start} and {end} into it once"
            )
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n{block}\n{end}{rest.partition(end)[2]}"
    return text

"""The ledger: every claim with its verdict; statement, proof and evidence behind a fold."""

from collections.abc import Sequence
from html import escape
from typing import Any

from figures.evidence import THEORY
from figures.figure import Passage, Section
from figures.markup import data_uri
from figures.style import Canvas, render
from theory.ledger import Verdict
from theory.ledger_table import searched


def formula(statement: str) -> str:
    """The statement as an SVG image, set by matplotlib's mathtext.

    Raises ValueError where it is not in mathtext's subset of LaTeX.
    """
    text = render(_typeset, statement, bbox_inches="tight")
    return f'<img class="math" alt="{escape(statement)}" src="{data_uri(text)}">'


def _typeset(statement: str) -> Canvas:
    canvas = Canvas(figsize=(0.1, 0.1))
    canvas.text(0, 0, f"${statement}$", fontsize=13)
    return canvas


def html(claims: Sequence[dict[str, Any]]) -> str:
    """Every claim of theory.json, in one fold each."""
    return "".join(map(_fold, claims))


def _fold(claim: dict[str, Any]) -> str:
    facts = len(claim["trusted"])
    met = searched(claim["evidence"])
    summary = [
        *claim.get("how", []),
        *dict.fromkeys(e["kind"] for e in claim["evidence"] if e["kind"] in ("simulation", "measurement")),
        *([f"{facts} trusted"] if facts else []),
        *([f"worlds met {met}"] if met != "-" else []),
    ]
    badge = f'<span class="badge {claim["verdict"]}">{claim["verdict"]}</span>'
    proof = f"<p>{escape(claim['reduction'])}</p>" if claim["reduction"] else ""
    steps = "".join(
        f"<li><b>{escape(e['step'])}</b> ({e['kind']}): {escape(e['summary'])}"
        + (f" <code>{escape(e['computed'][:160])}</code>" if e["computed"] else "")
        + "</li>"
        for e in claim["evidence"]
    )
    return (
        f"<details><summary><code>{claim['id']}</code><span>{escape(claim['title'])}</span>{badge}"
        f"<span class='soft'>{escape(', '.join(summary))}</span></summary>"
        f"{formula(claim['statement'])}"
        f"<p class='soft'>Source: {escape(claim['source'])}{_module(claim)}</p>{proof}{_trusted(claim)}"
        f"<ul class='steps'>{steps}</ul>{_formal(claim)}</details>"
    )


def _trusted(claim: dict[str, Any]) -> str:
    """The facts that the proof uses without a machine proof."""
    return f"<p>Trusted: {escape('; '.join(claim['trusted']))}.</p>" if claim["trusted"] else ""


def _formal(claim: dict[str, Any]) -> str:
    """The statements that Coq reads."""
    parts = []
    for theorem in claim.get("formal", []):
        remark = f": {theorem['remark']}" if theorem["remark"] else ""
        parts.append(f"<p class='soft'>Coq, <code>{escape(theorem['file'])}</code>{escape(remark)}</p>")
        parts.append(f"<pre>{escape(theorem['statement'])}</pre>")
    return "".join(parts)


def _module(claim: dict[str, Any]) -> str:
    """The file that states the claim, where the evidence names its module."""
    module = claim.get("module")
    return f". Stated in <code>{escape(module.replace('.', '/'))}.py</code>" if module else ""


def _points(documents: Sequence[Sequence[dict[str, Any]]]) -> list[str]:
    (claims,) = documents
    verdicts = {claim["id"]: claim["verdict"] for claim in claims}
    by_verdict = {verdict: sum(v == verdict for v in verdicts.values()) for verdict in Verdict}
    counts = ", ".join(f"{count} {verdict}" for verdict, count in by_verdict.items() if count)
    points = [f"Of {len(claims)} claims: {counts}."]
    if verdicts.get("lemma-3.2-step") == "refuted" and verdicts.get("thm-1-printed") == "proved":
        points.append(
            "Theorem 1 stands as printed, but not by a direct proof: the step to lemma 3.2 that it needs fails on an exact "
            "finite world, and the conclusion is proved another way."
        )
    return points


OPENING = (
    "<h2>The ledger</h2>"
    "<p>A verdict is derived from the evidence: proved when every step of the proof is discharged by SymPy, Z3 or Arb and "
    "the statement, as a program, survived a search among finite worlds that meet its hypotheses; refuted only by a witness "
    "in exact arithmetic, re-checked at every run. Where Coq proved a theorem, its statement stands under the claim.</p>"
)
SECTION = Section(order=10, inputs=THEORY, opening=lambda _: OPENING, points=_points)
PART = Passage(section=SECTION, order=10, html=html)

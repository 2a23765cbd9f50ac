"""Whether a real encoder met the hypotheses of a printed statement, with the number that decides, from the evidence alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from empirical.rounding import shown
from figures.records import Measurement, Study, certificate_of
from figures.statements import Statement
from theory.theorem2.bounds import eta_large

UNTESTED = "not tested"
WIDEST = 2.0
"""The largest distance between features of norm 1: no larger eps says anything."""


def met(statement: Statement, studies: Sequence[Study], audits: Sequence[Mapping[str, Any]]) -> str:
    """Yes, no, always (any encoder does) or not tested, and the number that decides; worlds are those of trained encoders."""
    worlds = [m for study in studies for m in study["measurements"]]
    if statement.condition == "construction":
        return "about an encoder of its own"
    if statement.condition in ("world", "class"):
        return _printed_condition(worlds, audits, every=statement.condition == "world")
    if statement.condition == "main parts":
        return _main_parts(worlds)
    if statement.condition == "alignment":
        return _alignment(worlds)
    return _loss(worlds, statement.condition) if statement.condition else UNTESTED


def _printed_condition(worlds: Sequence[Measurement], audits: Sequence[Mapping[str, Any]], *, every: bool) -> str:
    """The condition on the means that Theorem 1 shares with Lemma 3.2; s is taken from feature space."""
    certificates = [certificate_of(m, "printed", "local", "world") for m in worlds]
    tried = [(sum(c["met"] for c in one["classes"]), len(one["classes"])) for one in certificates]
    tried += [(audit["as_printed"]["met"], audit["classes"]) for audit in audits if "as_printed" in audit]
    if not tried:
        return UNTESTED
    held = sum(classes == of if every else classes > 0 for classes, of in tried)
    subject = "every class" if every else "some class"
    says = f"for {subject} in {held} of {len(tried)} worlds"
    if held or not certificates:
        return f"{'yes' if held else 'no'}: {says}"
    worst = min if every else max
    margin = max(worst(c["margin"] for c in one["classes"]) for one in certificates)
    return f"no: {says} (μ_k·μ_l too large by {shown(-margin, 'lower', 2)} r² or more)"


def _main_parts(worlds: Sequence[Measurement]) -> str:
    """A certificate of any form, one eps and delta for all classes, says that G_f is correct on the main parts."""
    held = [
        min((c["error"] for c in m["certificates"] if c["scope"] == "world" and c["met"]), default=None) for m in worlds
    ]
    if not worlds:
        return UNTESTED
    least = min((error for error in held if error is not None), default=None)
    share = f"shown in {sum(error is not None for error in held)} of {len(worlds)} worlds"
    return f"no: {share}" if least is None else f"yes: {share}, at best with 1 − σ + R_ε = {shown(least, 'upper')}"


def _alignment(worlds: Sequence[Measurement]) -> str:
    """Theorem 2: eta(eps) >= 4 m^2/eps for m views, whatever n, L and M, so eta sqrt(L_align) < 1 asks for small L_align."""
    if not worlds:
        return UNTESTED
    limits = [1 / eta_large(WIDEST, m["views_per_sample"], 0.0, 0.0) ** 2 for m in worlds]
    measured = [m["alignment"] for m in worlds]
    says = sum(L < limit for L, limit in zip(measured, limits, strict=True))
    least, limit = min(zip(measured, limits, strict=True), key=lambda pair: pair[0] / pair[1])
    return f"always; says something in {says} of {len(worlds)} worlds (needs L_align < {limit:.2g}; least: {least:.2g})"


def _loss(worlds: Sequence[Measurement], loss: str) -> str:
    """Theorems 3 and 4: the pair of classes for which the right side is least, in all worlds."""
    bounds = [bound for m in worlds for bound in m.get("losses", ()) if bound["loss"] == loss]
    if not bounds:
        return UNTESTED
    least = min(bounds, key=lambda bound: bound["bound"])
    says = sum(bound["informative"] > 0 for bound in bounds)
    return (
        f"always; says something in {says} of {len(bounds)} worlds (at best "
        f"μ_k·μ_l ≤ {shown(least['bound'], 'upper', 2)} r²; measured: {shown(least['product'], 'exact', 2)})"
    )

"""The report: one HTML page, self-contained, made of the evidence files and nothing else."""

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure

from figures import audits, embedding, experiments, phase, reach, risk, slack, training_curves
from figures.style import data_uri, svg
from figures.tables import table
from theory.ledger import Evidence, Verdict, verdict_of
from theory.theorem1 import FORMS

STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --soft: #5d6670; --line: #e3e7eb; --paper: #ffffff; --wash: #f6f8fa; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--wash); }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; background: var(--paper); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; } h2 { margin: 2.8rem 0 .6rem; font-size: 1.3rem; }
h3 { margin: 1.8rem 0 .3rem; font-size: 1.05rem; } p { max-width: 48rem; } .soft, figcaption { color: var(--soft); }
.lead { font-size: 1.05rem; } ul { max-width: 48rem; padding-left: 1.2rem; } li { margin: .35rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th { text-align: left; color: var(--soft); font-weight: 600; } th, td { padding: .38rem .6rem; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.yes { background: #e6f4ee; } code { font-size: .86em; } figure { margin: 1rem 0 2rem; }
figure img { width: 100%; height: auto; } figcaption { font-size: .88rem; max-width: 52rem; }
.badge { padding: .1rem .55rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.proved { background: #d7f0e4; color: #00573f; } .refuted { background: #fbdcd0; color: #8a2f00; }
.supported { background: #d9ebf7; color: #004a78; } .undecided { background: #eceff2; color: #444; }
details { border-bottom: 1px solid var(--line); padding: .45rem 0; }
summary { cursor: pointer; display: grid; grid-template-columns: 13rem 1fr 6rem 17rem; gap: .8rem; align-items: baseline; }
summary .soft { font-size: .85rem; } summary .badge { justify-self: start; }
@media (max-width: 50rem) { summary { grid-template-columns: 1fr auto; } }
.math { max-width: 100%; margin: .5rem 0; } .steps { font-size: .88rem; } .steps b { font-weight: 600; }
"""


@dataclass(frozen=True)
class Inputs:
    """What the stages left in build/evidence, as parsed JSON; `claims` carry the evidence of all stages."""

    claims: list[dict[str, Any]]
    counterexample: dict[str, Any]
    phase: list[dict[str, Any]]
    suite: dict[str, Any]
    studies: list[dict[str, Any]]
    experiments: list[dict[str, Any]]
    audits: list[dict[str, Any]]


def read(folder: Path) -> Inputs:
    """Read theory.json, simulate.json, every empirical-*.json, experiment-*.json and audit-*.json; ValueError naming what is
    missing and how to make it. Experiments and audits may be missing."""

    def load(name: str, stage: str) -> Any:
        try:
            return json.loads((folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(f"{folder / name} is missing: run python -m {stage} first") from None
        except json.JSONDecodeError as error:
            raise ValueError(f"{folder / name} is no JSON ({error.msg}): delete it, run python -m {stage}") from None

    claims, simulated = load("theory.json", "theory"), load("simulate.json", "simulate")
    names = sorted(path.name for path in folder.glob("empirical-*.json")) or ["empirical-fashion.json"]
    studies = [load(name, "empirical") for name in reversed(names)]
    audited = [load(path.name, "empirical.audit") for path in sorted(folder.glob("audit-*.json"))]
    later = simulated["evidence"] + [e for found in [*studies, *audited] for e in found["evidence"]]
    merged = [_with_evidence(claim, [e for e in later if e["claim"] == claim["id"]]) for claim in claims]
    repeated = [load(path.name, "empirical experiment") for path in sorted(folder.glob("experiment-*.json"))]
    return Inputs(
        merged,
        simulated["counterexample"],
        simulated["phase"],
        simulated["suite"],
        studies,
        experiments=repeated,
        audits=audited,
    )


def _with_evidence(claim: dict[str, Any], more: list[dict[str, Any]]) -> dict[str, Any]:
    evidence = claim["evidence"] + more
    derived = verdict_of(claim["steps"], [Evidence(**e) for e in evidence])
    return {**claim, "evidence": evidence, "verdict": derived.value}


def formula(statement: str) -> str:
    """The statement as an SVG image, set by matplotlib's mathtext; ValueError where it is not in its subset of LaTeX."""
    drawn = Figure(figsize=(0.1, 0.1))
    drawn.text(0, 0, f"${statement}$", fontsize=13)
    return f'<img class="math" alt="{escape(statement)}" src="{data_uri(svg(drawn, bbox_inches="tight"))}">'


def badge(verdict: str) -> str:
    """The verdict as a coloured label."""
    return f'<span class="badge {verdict}">{verdict}</span>'


def drawings(inputs: Inputs) -> dict[str, str]:
    """Every figure of the report as SVG text, by name."""
    drawn = {"risk": risk.draw(inputs.counterexample), "phase": phase.draw(inputs.phase)}
    for study in inputs.studies:
        shown, name = _shown(study), study["dataset"]
        drawn[f"{name}-embedding"] = embedding.draw(study)
        drawn[f"{name}-training"] = training_curves.draw(study)
        drawn[f"{name}-slack"] = slack.draw(shown, study["class_names"])
        drawn[f"{name}-reach"] = reach.draw(shown)
    return {name: svg(figure) for name, figure in drawn.items()}


def _shown(study: dict[str, Any]) -> list[dict[str, Any]]:
    """The readings drawn: the first (training views), the first under the other views, and the last."""
    found = study["measurements"]
    return [found[0], found[len(found) // 2], found[-1]]


def picture(text: str, caption: str, alt: str) -> str:
    """A figure, SVG text, with its caption."""
    return f'<figure><img alt="{escape(alt)}" src="{data_uri(text)}"><figcaption>{caption}</figcaption></figure>'


def ledger(claims: list[dict[str, Any]]) -> str:
    """Every claim on a line; statement, proof and evidence behind a fold."""
    folds = []
    for claim in claims:
        steps = "".join(
            f"<li><b>{escape(e['step'])}</b> ({e['kind']}): {escape(e['summary'])}"
            + (f" <code>{escape(e['computed'][:160])}</code>" if e["computed"] else "")
            + "</li>"
            for e in claim["evidence"]
        )
        proof = f"<p>{escape(claim['reduction'])}</p>" if claim["reduction"] else ""
        kinds = ", ".join(dict.fromkeys(e["kind"] for e in claim["evidence"]))
        folds.append(
            f"<details><summary><code>{claim['id']}</code><span>{escape(claim['title'])}</span>{badge(claim['verdict'])}"
            f"<span class='soft'>{kinds}</span></summary>{formula(claim['statement'])}"
            f"<p class='soft'>Source: {escape(claim['source'])}</p>{proof}<ul class='steps'>{steps}</ul></details>"
        )
    return "".join(folds)


def best(measurement: dict[str, Any]) -> dict[str, Any]:
    """The certificate with the least certified error; the first, i.e. the weakest form, on ties."""
    return min(measurement["certificates"], key=lambda c: c["error"])


def summary(inputs: Inputs) -> str:
    """What holds, in plain sentences, every number read from the evidence."""
    by_verdict = {v: [c["id"] for c in inputs.claims if c["verdict"] == v] for v in Verdict}
    counts = ", ".join(f"{len(ids)} {v}" for v, ids in by_verdict.items() if ids)
    points = [f"Of {len(inputs.claims)} claims: {counts}."]
    status = {c["id"]: c["verdict"] for c in inputs.claims}
    if status.get("lemma-3.2-printed-step") == "refuted" and status.get("thm-1-printed") == "proved":
        points.append(
            "Theorem 1 stands as printed, but not by its printed proof: a step of lemma 3.2 fails on an exact finite "
            "world, and the conclusion is proved another way."
        )
    quarter = "stands" if inputs.counterexample["stands"] else "does not stand"
    points.append(
        f"Example 1 {quarter}: an encoder with L_align = eps/2 = {inputs.counterexample['align']['closed_form']:g} has "
        "risk 0 on one augmented domain and 1/4 on another."
    )
    for study in inputs.studies:
        points.append(study_sentence(study))
    for found in inputs.audits:
        points += [f"Audit of {found['encoder']}: {sentence}" for sentence in found["says"][:2]]
    return "<ul>" + "".join(f"<li>{escape(point)}</li>" for point in points) + "</ul>"


def study_sentence(study: dict[str, Any]) -> str:
    """What Theorem 1 says of one trained encoder."""
    plain, winner = study["measurements"][0], min(study["measurements"], key=lambda m: best(m)["error"])
    before, after = study["evaluation"]["before"][0], study["evaluation"]["after"][0]
    opening = (
        f"{study['config']['method']['name']} on {study['dataset']} (kNN {before['knn']:.3f} untrained, "
        f"{after['knn']:.3f} trained): its own head under its training views, true error {plain['error']:.3f}, "
    )
    own = best(plain)["error"]
    opening += f"is certified to {own:.3f}; " if own < 1 else "is certified by no form of Theorem 1; "
    certificate = best(winner)
    met = [study["class_names"][v["label"]] for v in certificate["classes"] if v["met"]]
    if not met:
        return opening + f"nor is any other of the {len(study['measurements'])} readings of this encoder."
    return opening + (
        f"the reading that is certified best ({winner['layer']}, {winner['views']}; {certificate['form']} form, lever "
        f"{certificate['lever']}, scope {certificate['scope']}) has certified error {certificate['error']:.3f} against "
        f"a true {winner['error']:.3f}, and {len(met)} of {winner['classes']} classes met."
    )


def quantities(study: dict[str, Any]) -> str:
    """The factors of Theorem 1 for every reading, at the (eps, delta) where the printed form comes closest."""
    rows = []
    for m in study["measurements"]:
        printed = certificate_of(m, "printed", "lipschitz", "world")
        at = min(printed["classes"], key=lambda v: v["margin"])
        largest = max(v for k, row in enumerate(m["products"]) for j, v in enumerate(row) if j != k)
        values = [m["alignment"], m["robust_alignment"], largest, min(m["mean_norms"]), m["lipschitz"]]
        values += [at["eps"], at["reach"] / m["lipschitz"] if m["lipschitz"] else 0.0, at["sigma"], at["R"], at["s"]]
        values += [m["error"], m["error_any_view"]]
        rows.append([f"{escape(m['layer'])}; {escape(m['views'])}", *(f"{value:.3g}" for value in values)])
    head = "encoder and views|L_align|L_AR|max mu.mu|min |mu||L|eps|delta|sigma|R_eps|s|Err|Err, any view"
    return table(head.replace("min |mu|", "min \u2016mu\u2016").split("|"), rows, 1)


def certificate_of(measurement: dict[str, Any], form: str, lever: str, scope: str) -> dict[str, Any]:
    """One certificate of a reading."""
    found = measurement["certificates"]
    return next(c for c in found if (c["form"], c["lever"], c["scope"]) == (form, lever, scope))


def certified(study: dict[str, Any]) -> str:
    """Certified error of every form under every lever, and what stands in the way."""
    shown = [("printed", "lipschitz", "world"), ("printed", "local", "world")]
    shown += [(form, "local", "class") for form in FORMS] + [("exact", "lipschitz", "class")]
    rows, sentences = [], []
    for m in study["measurements"]:
        cells = [f"{escape(m['layer'])}; {escape(m['views'])}", f"{m['error']:.3f}"]
        for c in (certificate_of(m, *which) for which in shown):
            held = sum(v["met"] for v in c["classes"])
            cells.append(f"{c['error']:.3f} ({held})" if held else "&ndash;")
        rows.append(cells)
        sentences.append(f"<li><b>{escape(m['layer'])}; {escape(m['views'])}</b>, {escape(m['says'])}</li>")
    head = ["encoder and views", "Err", *(f"{form}, {lever}, {scope}" for form, lever, scope in shown)]
    return table(head, rows, 1) + f"<ul class='steps'>{''.join(sentences)}</ul>"


def training_caption(history: list[dict[str, float]]) -> str:
    """How the two factors moved, in numbers."""
    first, last = history[0], history[-1]
    peak = max(history, key=lambda r: r["alignment"])
    return (
        "Unit head features of test images; epoch 0 is the untrained encoder. "
        f"L_align goes from {first['alignment']:.3f} over {peak['alignment']:.3f} (epoch {peak['epoch']:.0f}) to "
        f"{last['alignment']:.3f}; the largest mu_k.mu_l from {first['largest_product']:.3f} to "
        f"{last['largest_product']:.3f}."
    )


def study_section(study: dict[str, Any], drawn: dict[str, str]) -> str:
    """Evaluation, factors and certificates of one encoder, with its figures."""
    config, evaluation = study["config"], study["evaluation"]
    accuracy = table(
        ["test images, unit norm", f"kNN({evaluation['k']}) untrained", "trained", "nearest mean untrained", "trained"],
        [
            [b["layer"], *(f"{x:.3f}" for x in (b["knn"], a["knn"], b["nearest_mean"], a["nearest_mean"]))]
            for b, a in zip(evaluation["before"], evaluation["after"], strict=True)
        ],
        1,
    )
    world = study["measurements"][0]
    name = study["dataset"]
    return "".join(
        [
            f"<h2>A trained encoder: {config['method']['name']} on {escape(study['dataset'])}</h2>",
            f"<p>{study['train_images']} training and {study['test_images']} test images, views "
            f"{escape(config['letters'])}, {config['epochs']} epochs, seed {config['seed']}, {study['device']}; the last "
            f"epoch is reported, kNN temperature {evaluation['temperature']}, weights "
            f"<code>{study['weights_sha256'][:16]}</code>.</p>",
            accuracy,
            picture(
                drawn[f"{name}-embedding"],
                "t-SNE of the backbone features of test images; for the eye only.",
                "embedding",
            ),
            picture(
                drawn[f"{name}-training"],
                training_caption(study["history"]),
                "alignment and divergence over training",
            ),
            "<h3>The factors of Theorem 1, measured</h3>",
            f"<p>Exact mode: {world['samples']} test images with {world['views_per_sample']} views each are the world, and "
            "every quantity is exact on it (L: on its points). eps, delta, sigma, R_eps and s are those at which the printed "
            "form comes closest to being met.</p>",
            quantities(study),
            "<h3>Held against Theorem 1</h3>",
            f"<p>A cell is the certified error and, in brackets, how many of {world['classes']} classes meet the condition; "
            "a dash certifies nothing. Lever <em>local</em> measures the spread s in feature space; lever <em>lipschitz</em> "
            "uses L delta, as printed. Scope <em>world</em>: one (eps, delta), all classes must meet the condition; scope "
            "<em>class</em>: each class for itself.</p>",
            certified(study),
            picture(
                drawn[f"{name}-slack"],
                "What each form spends, lever local, per class, for the class that binds it (class / nearest rival). The "
                "condition is met when the bar ends left of the mark.",
                "slack of Theorem 1 term by term",
            ),
            picture(
                drawn[f"{name}-reach"],
                "Share of each class that lies within a spread s of each other (grey) against the share that each form "
                "needs at that s, for the median over classes of the nearest rival (colour). A class is certified where "
                "grey rises above colour.",
                "share of a class within a spread",
            ),
        ]
    )


def risk_caption(result: dict[str, Any]) -> str:
    """What the panels show, with the measured gain of conditioning."""
    shifted = [row for row in result["rows"] if row["c"] > 0]
    gain = median(
        (r["counted"]["high"] - r["counted"]["low"]) / (r["conditioned"]["high"] - r["conditioned"]["low"])
        for r in shifted
    )
    return (
        f"Example 1 at eps = {result['eps']:g}. Left: the risk of the best linear probe on the shifted domain. Right: "
        f"distance of each estimate from the closed form, with its {100 * result['level']:g}% interval. At equal samples the "
        f"conditioned interval is narrower than that of counting by a factor {gain:,.0f} (median over c)."
    )


def phase_caption(suite: dict[str, Any]) -> str:
    """What the panels show, and how far the closed forms are checked."""
    compared, missed = len(suite["comparisons"]), len(suite["disagreeing"])
    return (
        "Grey: the true error. Below its line a form certifies every class. Every closed form behind the picture is held "
        f"against Monte Carlo: {compared} comparisons, {missed} disagree; false alarm of the whole suite "
        f"{suite['false_alarm']:g}, a planted error of {100 * suite['planted']:g}% is seen with probability at least "
        f"{suite['least_power']:.3f}."
    )


def page(inputs: Inputs, drawn: dict[str, str]) -> str:
    """The whole report, with the figures of `drawings`."""
    sections = [
        "<h1>What is proved, what is refuted, and what a trained encoder meets</h1>",
        '<p class="lead soft">Contrastive-learning theory, checked on paper and on real encoders.</p>',
        summary(inputs),
        "<h2>The ledger</h2>",
        "<p>A verdict is derived from the evidence: proved when every step of the proof is discharged by SymPy, Z3 or Arb; "
        "refuted only by a witness in exact arithmetic, re-checked at every run.</p>",
        ledger(inputs.claims),
        "<h2>Alignment does not bound the risk</h2>",
        picture(
            drawn["risk"],
            risk_caption(inputs.counterexample),
            "risk against the shift",
        ),
        "<h2>Where Theorem 1 certifies, on worlds in closed form</h2>",
        picture(drawn["phase"], phase_caption(inputs.suite), "phases of Theorem 1"),
        *(study_section(study, drawn) for study in inputs.studies),
        audits.section(inputs.audits),
        experiments.sections(inputs.experiments),
        "<h2>Reproduce</h2><p><code>make verify</code> writes this page from the evidence in <code>build/evidence</code>; "
        "<code>python -m theory --claim ID</code> shows a claim whole.</p>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>contrastive-theory</title>'
        f"<style>{STYLE}</style></head><body><main>{''.join(sections)}</main></body></html>\n"
    )

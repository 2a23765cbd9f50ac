"""The three factors of an audit: concentration, alignment and divergence, each with its table."""

import numpy as np

from empirical.audit.core import Audit
from empirical.audit.diagnosis import CONTRASTS
from empirical.audit.drawing import heat
from empirical.audit.table import Column, html_table, marked, number
from empirical.audit.words import names_of
from theory.factors import mean_shortfall

MATRIX = 20
"""Up to so many classes all products mu_k.mu_l are shown, beyond that the largest ones."""


def concentration(audit: Audit) -> str:
    """The main part of every class."""
    exact, names = audit.exact, names_of(audit)
    how = "cliques of the threshold graph" if audit.diagnosis.search == "cliques" else "balls about anchors"
    rows = []
    for v, w in zip(exact.best.classes, audit.diagnosis.witnesses, strict=True):
        cells = [number(v.eps, "exact"), number(v.reach, "exact"), number(v.s, "upper"), number(v.sigma, "lower")]
        rows.append([names[v.label], *cells, number(v.alpha, "lower"), number(v.R, "exact"), str(len(w.members))])
    head: list[Column] = [("class", None), ("eps", "exact"), ("reach", "exact"), ("s", "upper"), ("sigma", "lower")]
    head += [("alpha", "lower"), ("R_eps in the class", "exact"), ("samples in the main part", "exact")]
    return (
        f"<h3>Concentration</h3><p>Main parts were searched as {how}. Each is a witness: a larger one may exist.</p>"
        + html_table("Concentration at the eps and delta chosen for each class", head, rows)
    )


def alignment(audit: Audit) -> str:
    """How far the views of a sample lie apart."""
    exact = audit.exact
    rows = [
        [number(a.eps, "exact"), number(a.misaligned, "exact"), number(a.bound, "upper")]
        for a in audit.diagnosis.misalignment
    ]
    head: list[Column] = [("eps", "exact"), ("R_eps", "exact"), ("Theorem 2, from L_align", "upper")]
    table = html_table("Samples outside S_eps, and what Theorem 2 bounds their share by", head, rows)
    return (
        f"<h3>Alignment</h3><p>L_align {marked(exact.alignment, 'exact')}, L_AR {marked(exact.robust_alignment, 'exact')}, "
        f"mean distance of the two farthest views {marked(exact.displacement, 'exact')}, over {exact.views_per_sample} views "
        f"and in units of r.</p>{table if rows else '<p>All views of every sample coincide: R_eps is 0 for every eps.</p>'}"
    )


def divergence(audit: Audit) -> str:
    """The products of the class means, and what InfoNCE bounds them by."""
    products, names, K = audit.exact.products, names_of(audit), audit.exact.classes
    if K > MATRIX:
        pairs = sorted(zip(*np.triu_indices(K, 1), strict=True), key=lambda pair: -products[pair])[: 2 * MATRIX]
        head: list[Column] = [("pair of classes", None), ("mu_k.mu_l", "exact")]
        rows = [[f"{names[k]} and {names[j]}", number(products[k, j], "exact")] for k, j in pairs]
        table = html_table(f"The {len(pairs)} largest products mu_k.mu_l, of {K * (K - 1) // 2}", head, rows)
    else:
        head = [("class", None), *((name, "exact") for name in names)]
        rows = [[name, *map(heat, products[k])] for k, name in enumerate(names)]
        table = html_table(
            "Products mu_k.mu_l of the class means (exact); on the diagonal |mu_k|\u00b2", head, rows, "heat"
        )
    rows = [[form, str(pairs), number(slack, "exact")] for form, pairs, slack in audit.diagnosis.divergence]
    head = [("form", None), ("pairs below Cauchy\u2013Schwarz", "exact"), ("least bound \u2212 mu_k.mu_l", "exact")]
    bounds = html_table("Upper bounds on mu_k.mu_l from the InfoNCE loss (Theorem 3)", head, rows)
    left_out = (
        f"<p>The bounds from InfoNCE contrast all pairs of views; they are left out beyond {CONTRASTS} views.</p>"
    )
    return (
        f"<h3>Divergence</h3><p>Delta_mu = 1 \u2212 min |mu_k|\u00b2: {marked(float(mean_shortfall(products)), 'exact')}</p>"
        f"{table}{bounds if rows else left_out}"
    )

"""The factors of Theorem 1 for every measurement of a trained encoder."""

from html import escape

from figures.figure import Passage
from figures.markup import table
from figures.mathematics import prose
from figures.records import Measurement, Study, certificate_of
from figures.study import SECTION

HEAD = (
    "encoder and views", *map(prose, ("L_align", "L_AR", "max mu_k.mu_l", "min |mu_k|")), "L",
    *map(prose, ("eps", "delta", "sigma", "R_eps")), "s", "Err", "Err, any view",
)  # fmt: skip


def html(study: Study) -> str:
    """The factors, at the (eps, delta) where the printed form comes closest to being met."""
    world = study["measurements"][0]
    return (
        "<h3>The factors of Theorem 1, measured</h3>"
        f"<p>Exact mode: {world['samples']} test images with {world['views_per_sample']} views each are the world, and "
        f"every quantity is exact on it (L: on its points). {prose('eps, delta, sigma, R_eps')} and s are those at which the "
        "printed form comes closest to being met.</p>"
        + table("The factors of Theorem 1 by layer and views", list(HEAD), [_row(m) for m in study["measurements"]], 1)
    )


def _row(m: Measurement) -> list[str]:
    closest = min(certificate_of(m, "printed", "lipschitz", "world")["classes"], key=lambda c: c["margin"])
    largest = max(product for k, row in enumerate(m["products"]) for l, product in enumerate(row) if l != k)
    delta = closest["reach"] / m["lipschitz"] if m["lipschitz"] else 0.0
    values = [m["alignment"], m["robust_alignment"], largest, min(m["mean_norms"]), m["lipschitz"]]
    values += [closest["eps"], delta, closest["sigma"], closest["R"], closest["s"], m["error"], m["error_any_view"]]
    return [f"{escape(m['layer'])}; {escape(m['views'])}", *(f"{value:.3g}" for value in values)]


PART = Passage(section=SECTION, order=40, html=html)

"""Theorems 3 and 4, printed against sharp: each upper bound on mu_k.mu_l beside the product itself."""

from typing import Any

import numpy as np

from figures.evidence import SIMULATION
from figures.figure import Figure, Row, Section
from figures.style import BLACK, BLUE, GREEN, PINK, Canvas, canvas

PANELS = {
    "Theorem 3 (InfoNCE)": (
        ("thm-3", "printed", PINK, "o"),
        ("thm-3-sharp", "sharp", BLUE, "x"),
        ("thm-3-balanced", "balanced", GREEN, "+"),
    ),
    "Theorem 4 (cross-correlation)": (("thm-4", "printed", PINK, "o"), ("thm-4-sharp", "sharp", BLUE, "x")),
}


def draw(simulation: dict[str, Any]) -> Canvas:
    """One panel for each theorem, all models together; a bound is tight on the diagonal and void above the dotted line."""
    figure, panels = canvas(len(PANELS), 0.9, least=2.2)
    for axes, (title, series) in zip(panels, PANELS.items(), strict=True):
        most = 1.0
        for claim, name, fill, mark in series:
            product, bound = cloud(simulation, claim)
            most = max(most, float(product.max()))
            axes.plot(product, bound, mark, color=fill, ms=2.8, mfc="none", mew=0.7, alpha=0.8, ls="none", label=name)
        axes.plot([0, most], [0, most], color=BLACK, lw=1, label="bound = product")
        axes.set(xlabel=r"$\mu_k\cdot\mu_\ell$", ylabel="upper bound", title=title)
        axes.set_yscale("symlog", linthresh=1)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    panels[0].axhline(1, color=BLACK, lw=0.8, ls=":")
    return figure


def cloud(simulation: dict[str, Any], claim: str) -> tuple[Any, Any]:
    """(products, bounds) of one claim over the worlds of all models."""
    own = [c for c in simulation["products"] if c["claim"] == claim]
    product, bound = (np.concatenate([c[name] for c in own]) for name in ("product", "bound"))
    return product, bound


def caption(simulation: dict[str, Any]) -> str:
    """How near each bound comes."""
    says = []
    for claim in ("thm-3", "thm-3-sharp", "thm-3-balanced", "thm-4", "thm-4-sharp"):
        product, bound = cloud(simulation, claim)
        says.append(f"{claim} {float((bound - product).min()):.3g}")
    worlds = ", ".join(dict.fromkeys(c["worlds"] for c in simulation["products"]))
    return (
        f"Upper bounds on μ_k·μ_ℓ from the population losses, for {worlds}. No point lies below the line; a bound above the "
        "dotted one says nothing, since features have norm 1 in Theorem 3. Theorem 3 as printed never comes below 2.58. "
        f"Least distance to the product: {', '.join(says)}."
    )


def data(simulation: dict[str, Any]) -> list[Row]:
    """One row for each pair of classes drawn."""
    return [
        {"worlds": c["worlds"], "claim": c["claim"], "product": product, "bound": bound}
        for c in simulation["products"]
        for product, bound in zip(c["product"], c["bound"], strict=True)
    ]


TITLE = "<h2>What the losses say of the class means: Theorems 3 and 4</h2>"
SECTION = Section(order=35, inputs=SIMULATION, opening=lambda _: TITLE)
PART = Figure(
    name="theorems-3-4",
    title="Theorems 3 and 4, printed against sharp",
    section=SECTION,
    order=10,
    draw=draw,
    caption=caption,
    data=data,
    shows=lambda simulation: "products" in simulation,
    alt="upper bounds on products of class means against the products",
)

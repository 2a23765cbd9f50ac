"""Upper bounds on mu_k.mu_l beside the truth, over the worlds of every model: Theorems 3 and 4, printed and sharp."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from simulate.models import AnalyticModel
from simulate.theorems3and4 import ProductBounds, correlation_bounds, info_nce_bounds

SHOWN = 150
"""Pairs of classes of one model, about."""


def clouds(models: Sequence[AnalyticModel]) -> list[dict[str, Any]]:
    """For each model and claim: world's title, claim, and for some pairs of classes the product and its upper bound."""
    return [
        cloud
        for model in models
        for swept, bounds in ((model.theorem_3, info_nce_bounds), (model.theorem_4, correlation_bounds))
        if swept is not None
        for cloud in _clouds(swept.title, map(swept.facts, swept.worlds()), bounds)
    ]


def _clouds(title: str, facts: Iterable[Any], bounds: Callable[[Any], list[ProductBounds]]) -> list[dict[str, Any]]:
    gathered: dict[str, list[ProductBounds]] = {}
    for one in facts:
        for theorem in bounds(one):
            gathered.setdefault(theorem.claim, []).append(theorem)
    clouds = []
    for claim, parts in gathered.items():
        product, bound = (np.concatenate([getattr(part, name) for part in parts]) for name in ("product", "bound"))
        order = np.argsort(product, kind="stable")
        kept = order[np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))]
        clouds.append(
            {"worlds": title, "claim": claim, "product": product[kept].tolist(), "bound": bound[kept].tolist()}
        )
    return clouds

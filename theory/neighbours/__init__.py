"""The neighbouring theories: what else is proved of contrastive learning, and what each says of the same finite world.

A module of this package is a neighbour if it declares `NEIGHBOUR`; its file name is the neighbour's name. An audit takes them
from `NEIGHBOURS` and prints what they say beside the forms of Theorem 1.

    haochen        few edges of the augmentation graph join classes => a linear probe on spectral features is right
    arora          positives from one class => the mean classifier of two classes has a small loss
    wang_isola     many negatives => InfoNCE is alignment and uniformity (no labels)
    wang_overlap   views keep their label => InfoNCE is the cross-entropy of the mean classifier, up to the spread of classes
    saunshi        view sets are disjoint => no contrastive loss alone bounds any error

Sources: the papers were not read here. Each statement is from memory, and its proof is ours.
"""

import importlib
import pkgutil

from theory.neighbours.neighbour import Finding, Neighbour
from theory.setting import FiniteWorld
from theory.theorem1.forms import declared

__all__ = ["NEIGHBOURS", "VIEWS_IN_ALL", "Finding", "Findings", "Neighbour", "neighbouring"]

VIEWS_IN_ALL = 20_000
"""Views up to which the neighbours are asked; each leaves out earlier what takes longer."""
Findings = dict[str, tuple[Finding, ...]]

NEIGHBOURS: dict[str, Neighbour] = declared(
    "NEIGHBOUR", [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
)


def neighbouring(world: FiniteWorld) -> Findings:
    """What each theory says of a finite world of unit features, by its title; empty beyond `VIEWS_IN_ALL` views."""
    if world.features.shape[0] * world.features.shape[1] > VIEWS_IN_ALL:
        return {}
    return {neighbour.title: neighbour.findings(world) for neighbour in NEIGHBOURS.values()}

"""What an analytic model is. A module of this package that has a `MODEL` is one; the suite, the sweeps, the evidence and
the phase pictures of `python -m simulate` find it there.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import simulate
from simulate.comparison import Quantity
from simulate.phase import Plane
from simulate.theorem1 import Factors
from simulate.theorems3and4 import CorrelationFactors, InfoNCEFactors

World = TypeVar("World")
Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Sweep(Generic[World, Facts]):
    """Worlds of a model, and what a theorem needs to know of each.

    title   of the worlds, in tables and evidence: "sweep of <title>"
    worlds  () -> the worlds
    facts   world -> what the theorem speaks of
    """

    title: str
    worlds: Callable[[], Sequence[World]]
    facts: Callable[[World], Facts]


@dataclass(frozen=True)
class AnalyticModel:
    """An analytic model: what is known of it in closed form, each part as far as it has one.

    order       place in tables and evidence; models of one place stand in the order of their modules' names
    quantities  () -> closed forms to be held against Monte Carlo
    supports    claim of the ledger -> beginnings of the names of those quantities on which the claim rests
    theorem_1   world -> its factors, once for every lever that it has
    theorem_3   world -> what InfoNCE's bounds on the products of class means need
    theorem_4   world -> what the bounds by cross-correlation need
    alignments  world -> (L_align, L_AR)
    planes      () -> phase pictures
    """

    order: int
    quantities: Callable[[], Sequence[Quantity]]
    supports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    theorem_1: Sweep[Any, Iterable[Factors]] | None = None
    theorem_3: Sweep[Any, InfoNCEFactors] | None = None
    theorem_4: Sweep[Any, CorrelationFactors] | None = None
    alignments: Sweep[Any, tuple[float, float]] | None = None
    planes: Callable[[], Sequence[Plane]] = lambda: ()


def models() -> list[AnalyticModel]:
    """The `MODEL` of every module of this package that has one."""
    names = sorted(module.name for module in pkgutil.walk_packages(simulate.__path__, "simulate."))
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    declared = [getattr(module, "MODEL", None) for module in modules]
    return sorted((one for one in declared if isinstance(one, AnalyticModel)), key=lambda one: one.order)

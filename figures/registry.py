"""Every part of the report: what the modules of this package declare as `PART`."""

import importlib
import pkgutil
from collections import Counter

import figures
from figures.figure import Figure, Part, Section


def parts() -> list[Part]:
    """The `PART` of every module that declares one, in the order of the report.

    Raises ValueError where two figures would write the same file.
    """
    names = [m.name for m in pkgutil.iter_modules(figures.__path__, "figures.") if not m.name.endswith(".__main__")]
    modules = [importlib.import_module(name) for name in names]
    declared: list[Part] = [module.PART for module in modules if hasattr(module, "PART")]
    counts = Counter((part.section.inputs, part.name) for part in declared if isinstance(part, Figure))
    for (_, name), count in counts.items():
        if count > 1:
            raise ValueError(f"name={name}: {count} figures have it; give each figure a name of its own")
    return sorted(declared, key=lambda part: (part.section.order, part.order))


def sections(declared: list[Part]) -> list[Section]:
    """The sections of these parts, each once, in the order of the report."""
    return list(dict.fromkeys(part.section for part in declared))

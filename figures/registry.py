"""Every part of the report: what the modules of this package declare as `PART` or `PARTS`."""

import importlib
import pkgutil
from collections import Counter

import figures
from figures.evidence import EvidenceFiles
from figures.figure import Drawn, Part, Section


def parts() -> list[Part]:
    """The `PART` or `PARTS` of every module that declares one, in the order of the report.

    Raises ValueError where two figures or tables would write the same file.
    """
    names = [m.name for m in pkgutil.iter_modules(figures.__path__, "figures.") if not m.name.endswith(".__main__")]
    modules = [importlib.import_module(name) for name in names]
    declared: list[Part] = [module.PART for module in modules if hasattr(module, "PART")]
    declared += [part for module in modules for part in getattr(module, "PARTS", ())]
    counts = Counter(part.name for part in declared if isinstance(part, Drawn))
    for name, count in counts.items():
        if count > 1:
            raise ValueError(f"name={name}: {count} figures have it; give each figure a name of its own")
    return sorted(declared, key=lambda part: (part.section.order, part.order))


def sections(declared: list[Part]) -> list[Section]:
    """The sections of these parts, each once, in the order of the report."""
    return list(dict.fromkeys(part.section for part in declared))


def inputs(declared: list[Part]) -> list[EvidenceFiles]:
    """All evidence that these parts read, each kind once."""
    own = [part.reads if isinstance(part, Drawn) else (part.section.inputs,) for part in declared]
    return list(dict.fromkeys(files for reads in own for files in reads))

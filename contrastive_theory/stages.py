"""The stages of `verify`: what each is made from and leaves behind, and whether it has to run again.

A stage that ended with status 0 leaves a record of its inputs and of its results, by their digests. It is skipped as long as
both are the same: then it would write once more what is there. What was edited, lost, or made by other code or other options
is not what the record says, and is made again. The record is written last, so that a stage that was killed runs again.
"""

import hashlib
import json
import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from empirical.provenance import imported_modules, source_digest, spec_of
from theory.command import NAME
from theory.files import write_json

RECORDS = Path("build/verify")


@dataclass(frozen=True)
class Stage:
    """A command of `verify`; files are patterns in the working folder.

    name     for `--recompute`
    command  with its options
    code     modules that decide the results, with all that they import; of a package every module below it
    reads    files that it reads
    writes   files that it leaves
    """

    name: str
    command: str
    code: tuple[str, ...]
    writes: tuple[str, ...]
    reads: tuple[str, ...] = ()


def _training(data: str) -> Stage:
    results = (f"build/evidence/empirical-{data}.json*",)
    return Stage(f"train-{data}", f"train --data {data}", ("empirical.__main__",), results)


STAGES = (
    Stage("claims", "claims", ("theory",), ("build/evidence/theory.json*",), reads=("build/formal/checked.json",)),
    Stage("simulate", "simulate", ("simulate",), ("build/evidence/simulate.json*",)),
    _training("fashion"),
    _training("digits"),
    Stage(
        "cluster",
        "cluster --data digits",
        ("empirical.training.clustering",),
        ("build/encoders/digits.*",),
    ),
    Stage(
        "audit",
        "audit --encoder empirical.training.clustering:network --checkpoint build/encoders/digits.safetensors "
        "--head vertices --data digits --views mild-warp --out build/audit/digits",
        ("empirical.audit.__main__", "empirical.training.clustering"),
        ("build/audit/digits/*", "build/evidence/audit-digits.json*"),
        reads=("build/encoders/digits.*",),
    ),
    Stage(
        "report",
        "report",
        ("figures", "empirical.pages", "empirical.results"),
        ("build/report/*.html", "build/report/figures/*"),
        reads=("build/evidence/*.json*",),
    ),
)


@dataclass(frozen=True)
class Inputs:
    """What decides the results of a stage.

    command   with its options
    code      digest of the modules, without comments and layout, and of the data and templates that lie beside them
    packages  versions of Python and of every package that this one needs
    reads     digest of each file read
    """

    command: str
    code: str
    packages: dict[str, str]
    reads: dict[str, str]


def inputs(stage: Stage) -> Inputs:
    """The inputs of a stage as they are now; of code, as it was when this process first read it."""
    modules = tuple(module for name in stage.code for module in _modules_below(name))
    code = hashlib.sha256(source_digest(*modules).encode())
    for path in sorted(set(_files_beside(imported_modules(*modules)))):
        code.update(path.name.encode() + path.read_bytes())
    return Inputs(stage.command, code.hexdigest(), _versions(), _digests(stage.reads))


def why(stage: Stage, now: Inputs) -> str | None:
    """Why the stage has to run; None where its record is of these inputs and of the results that are there."""
    try:
        record = json.loads(_record(stage).read_text(encoding="utf-8"))
        then, results = Inputs(**record["inputs"]), record["results"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return "it has no record of a run that ended well"
    changed = [name for name, value in asdict(now).items() if value != getattr(then, name)]
    if changed:
        return f"changed since its last run: {', '.join(changed)}"
    there = _digests(stage.writes)
    other = sorted(name for name in there.keys() | results.keys() if there.get(name) != results.get(name))
    return f"not as it left them: {', '.join(other)}" if other else None


def keep(stage: Stage, made_from: Inputs) -> None:
    """Record what the stage, which has just ended well, was made from and wrote."""
    write_json(_record(stage), {"inputs": asdict(made_from), "results": _digests(stage.writes)})


def _record(stage: Stage) -> Path:
    return RECORDS / f"{stage.name}.json"


def _digests(patterns: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file in the working folder that matches; files that are half written and locks do not count."""
    paths = {path for pattern in patterns for path in Path().glob(pattern) if path.is_file()}
    return {
        path.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
        if path.suffix not in (".partial", ".lock")
    }


def _modules_below(name: str) -> Iterator[str]:
    """The module itself, or a package with every module below it, however these are found when it runs."""
    spec = spec_of(name)
    yield name
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((name, *parts)).removesuffix(".__init__")


def _files_beside(modules: Iterable[str]) -> list[Path]:
    """Data, templates and proofs in the folders of these modules: what is there beside Python and is no package itself."""
    specs = [spec_of(module) for module in modules]
    folders = {Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None}
    return [path for folder in folders for path in _own_files(folder)]


def _own_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _own_files(path)
        elif path.is_file() and path.suffix != ".py":
            yield path


@cache
def _versions() -> dict[str, str]:
    """Of Python and of this package with all that it needs; of all that is installed where this one is not."""
    found, waiting = {"python": platform.python_version()}, [NAME]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # needed on other systems only
            continue
        found[name] = distribution.version
        needed = [word for word in distribution.requires or () if "extra ==" not in word]
        waiting += [re.split(r"[^\w.-]", word, maxsplit=1)[0] for word in needed]
    return found if NAME in found else found | {d.name: d.version for d in metadata.distributions()}
